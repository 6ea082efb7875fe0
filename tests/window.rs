//! The real window, under a virtual display.

mod stage;

use stage::{Display, Page, agent::Agent, flow};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_recorded_live_scrubbed_and_found_again_after_a_restart() {
    let display = Display::start();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let arguments = ["--store", store.to_str().expect("the path is UTF-8"), "--no-samples"];
    let agent = Agent::start().await;

    let page = Page::window(&display, &arguments).await;
    let url = flow::add_source(&page, &agent).await;
    flow::record_live(&page, &agent, &url).await;
    flow::scrub(&page).await;
    page.close().await;

    let page = Page::window(&display, &arguments).await;
    flow::open_first_run(&page).await;
    flow::scrub(&page).await;
    flow::drag(&page).await;
    page.close().await;
}
