//! The same page under `scrubjay serve`, in a headless Chromium.

mod stage;

use stage::{
    PATIENCE, Page,
    agent::Agent,
    flow,
    serve::{serve, serve_at, take_in},
};

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

/// Each printed address lets one tab in, until serve ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_tab_is_let_in_once_and_says_what_to_do_when_it_is_not() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "reasoning.agui.jsonl");
    let (served, url, later) = serve_at(&store, "127.0.0.1:0");
    let (origin, _) = url.split_once("/?").expect("the address has a token");
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;
    let row = ".lib-row[data-exchange]";
    page.wait_for(row).await;
    assert_eq!(
        page.eval("return location.search").await,
        "",
        "the token is gone from the address"
    );
    page.eval("window.isBefore = true; location.reload()").await;
    page.wait_until(
        "the tab is let in when it is loaded again",
        &format!("!window.isBefore && document.querySelector('{row}')"),
    )
    .await;

    let go = async |url: &str| page.client.goto(url).await.expect("the page should open");
    let second = page.client.new_window(true).await.expect("a tab can be opened");
    page.client
        .switch_to_window(second.handle)
        .await
        .expect("it can be turned to");
    go(origin).await;
    page.wait_for("[data-locked=no-token]").await;
    go(&url).await;
    page.wait_for("[data-locked=spent]").await;
    let said = page.text("[data-locked]").await;
    assert!(said.contains("scrubjay serve printed last"), "{said}");
    go(&later.recv_timeout(PATIENCE).expect("another address is printed")).await;
    page.wait_for(row).await;

    // Started again at the same port: the tab finds out by itself.
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
    let (served, url, _later) = serve_at(&store, origin.trim_start_matches("http://"));
    page.wait_for("[data-locked=ended]").await;
    go(&url).await;
    page.wait_for(row).await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}
