//! The same page under `scrubjay serve`, in a headless Chromium.

mod stage;

use stage::{Page, agent::Agent, flow, serve::serve};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_what_the_window_shows() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let agent = Agent::start().await;

    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;
    let source = flow::add_source(&page, &agent).await;
    flow::record_live(&page, &agent, &source).await;
    flow::scrub(&page).await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");

    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile-2"), (1440, 900)).await;
    flow::open_first_run(&page).await;
    flow::scrub(&page).await;
    flow::drag(&page).await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}
