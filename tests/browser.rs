//! The same page under `scrubjay serve`, in a headless Chromium.

mod stage;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use stage::{Page, Running, agent::Agent, binary, flow};

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

fn serve(store: &Path) -> (Running, String) {
    let mut command = Command::new(binary("scrubjay"));
    command
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--store"])
        .arg(store);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    let (running, mut lines) = Running::start_talking(&mut command);
    let ready = lines
        .next()
        .expect("serve says that it is ready")
        .expect("it says it in UTF-8");
    let ready: Value = serde_json::from_str(&ready).unwrap_or_else(|error| panic!("no ready line ({error}): {ready}"));
    std::thread::spawn(move || lines.for_each(drop));
    (
        running,
        ready["url"].as_str().expect("the ready line has an address").to_owned(),
    )
}
