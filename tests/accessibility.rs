//! axe-core finds nothing on any screen, dark or light, wide or narrow.

mod stage;

use std::path::Path;

use serde_json::json;
use stage::{
    Page, Running,
    agent::Agent,
    axe::Audit,
    flow::{self, key},
    serve::{serve, take_in},
};

/// Control, Enter and Down as WebDriver writes them.
const CONTROL: &str = "\u{e009}";
const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";
const ESCAPE: &str = "\u{e00c}";

/// Keys pressed while Control is held.
fn control(keys: &str) -> String {
    format!("{CONTROL}{keys}{}", key::NULL)
}

/// A page over a store of these samples.
async fn page_of(folder: &Path, samples: &[&str]) -> (Running, Page) {
    let store = folder.join("store.db");
    for sample in samples {
        take_in(&store, &format!("{sample}.agui.jsonl"));
    }
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.join("profile"), (1440, 900)).await;
    (served, page)
}

async fn end(audit: Audit, page: Page, served: Running) {
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
    audit.end();
}

/// Opens the newest run whose title holds `words`.
async fn open(page: &Page, words: &str) {
    page.click("[data-screen-tab=library]").await;
    page.wait_for(".lib-row[data-exchange]").await;
    let script = "const row = [...document.querySelectorAll('.lib-row .title')].find(title => title.innerText.includes(arguments[0])); \
                  row.click();";
    let clicked = page.client.execute(script, vec![json!(words)]).await;
    clicked.expect("the library has the run");
    page.wait_for("[data-pane=inspect][data-state=ready]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_and_a_library_with_a_source() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let agent = Agent::start().await;
    let (served, page) = page_of(folder.path(), &[]).await;
    let mut audit = Audit::default();
    page.wait_for("[data-pane=first-run]").await;
    audit.view(&page, "first run").await;
    flow::add_source(&page, &agent).await;
    audit.view(&page, "first run with a source").await;
    page.click("[data-close=first-run]").await;
    page.click("[data-add-source]").await;
    page.wait_for("[data-form=source]").await;
    audit.view(&page, "library with a source and its form").await;
    end(audit, page, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_with_rows_and_what_opens_over_it() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let samples = [
        "copilotkit-session",
        "error-mid-run",
        "state-with-failed-patch",
        "cut-body",
    ];
    let (served, page) = page_of(folder.path(), &samples).await;
    let mut audit = Audit::default();
    page.wait_for(".lib-row[data-exchange]").await;
    audit.view(&page, "library").await;
    page.press(DOWN).await;
    page.wait_for(".lib-row.sel").await;
    let [x, y, width, height] = page.rect(".lib-row:nth-child(2)").await;
    page.move_to((x + width / 2.0, y + height / 2.0)).await;
    audit
        .view(&page, "library with a chosen row, and one under the pointer")
        .await;
    page.press(" ").await;
    page.wait_for("[data-picks='1']").await;
    audit.view(&page, "library with a selected row").await;
    page.press("?").await;
    page.wait_for("[data-sheet=keys]").await;
    audit.view(&page, "keys").await;
    page.press(ESCAPE).await;
    page.click("[data-settings]").await;
    page.wait_for("[data-sheet=settings]").await;
    audit.view(&page, "settings").await;
    page.press(ESCAPE).await;
    page.click("[data-screen-tab=inspect]").await;
    page.wait_for("[data-pane=inspect][data-state=empty]").await;
    audit.view(&page, "inspect without a run").await;
    page.click("[data-screen-tab=library]").await;
    page.click(".lib-row.sel [aria-label=Delete]").await;
    page.wait_for("[data-notice=undo]").await;
    audit.view(&page, "library after a deletion").await;
    page.press("/").await;
    page.press("no run is called this").await;
    page.wait_for("[data-pane=library][data-state=empty]").await;
    audit.view(&page, "library without a match").await;
    end(audit, page, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_with_each_of_its_tabs() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let samples = ["interrupt-and-resume", "state-with-failed-patch", "tool-call-parallel"];
    let (served, page) = page_of(folder.path(), &samples).await;
    let mut audit = Audit::default();
    open(&page, "patch").await;
    page.press(&control("j")).await;
    page.wait_for("[data-pane=problems][data-state=ready]").await;
    page.click("[data-rule='patch.failed']").await;
    page.wait_for("[data-pane=inspect][data-as-of='8']").await;
    page.wait_for(".explained").await;
    for tab in ["state", "chat", "input"] {
        page.click(&format!("[data-tab={tab}]")).await;
        page.wait_for(&format!("[data-pane={tab}]")).await;
        audit.view(&page, &format!("inspect, problems and {tab}")).await;
    }
    page.press(&control("j")).await;
    page.press(&control("g")).await;
    page.wait_for("[data-sheet=go-to]").await;
    audit.view(&page, "go to").await;
    page.press(ESCAPE).await;
    page.press("v").await;
    for tab in ["fields", "raw", "hex"] {
        page.click(&format!("[data-pane=detail] [data-tab={tab}]")).await;
        audit.view(&page, &format!("inspect, events and {tab}")).await;
    }
    for (words, name) in [("weather", "tools"), ("notes/old", "interrupt")] {
        open(&page, words).await;
        page.click("[data-tab=chat]").await;
        page.press(key::END).await;
        page.wait_for("[data-pane=chat][data-state=ready]").await;
        audit.view(&page, &format!("inspect, chat with {name}")).await;
    }
    end(audit, page, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compare_before_and_with_a_result() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (served, page) = page_of(folder.path(), &["shared-state", "state-with-failed-patch"]).await;
    let mut audit = Audit::default();
    page.click("[data-screen-tab=compare]").await;
    page.wait_for("[data-pane=compare][data-state=empty]").await;
    audit.view(&page, "compare without runs").await;
    page.click("[data-screen-tab=library]").await;
    page.wait_for(".lib-row[data-exchange]").await;
    // The tab that was clicked has the focus, and takes Space.
    page.eval("document.querySelector('.lib-grid').focus()").await;
    for picks in 1..=2 {
        page.press(DOWN).await;
        page.press(" ").await;
        page.wait_for(&format!("[data-picks='{picks}']")).await;
    }
    page.press(&control("\u{e008}b")).await;
    page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
    page.press(ENTER).await;
    page.wait_for("[data-pane=pair][data-state=ready]").await;
    for tab in ["words", "tree", "timing", "state-after"] {
        page.click(&format!("[data-pane=pair] [data-tab={tab}]")).await;
        audit.view(&page, &format!("compare, {tab}")).await;
    }
    for level in ["state", "text", "wire"] {
        page.click(&format!("[data-level={level}]")).await;
        page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
        audit.view(&page, &format!("compare, level {level}")).await;
    }
    end(audit, page, served).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replay_before_and_while_it_serves() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (served, page) = page_of(folder.path(), &["tool-call-parallel"]).await;
    let mut audit = Audit::default();
    page.wait_for(".lib-row[data-exchange]").await;
    page.click("[data-screen-tab=replay]").await;
    page.click(".faults-fold summary").await;
    audit.view(&page, "replay, setup").await;
    let pace = page.wait_for("[data-field=pace]").await;
    pace.select_by_value("step").await.expect("the list has this pace");
    let listen = page.wait_for("[data-field=listen]").await;
    listen.send_keys("127.0.0.1:0").await.expect("the field takes text");
    page.click("[data-start-replay]").await;
    page.wait_for("[data-banner=mock]").await;
    for tab in ["use", "misses", "faults", "recordings"] {
        page.click(&format!("[data-pane=replay] [data-tab={tab}]")).await;
        audit.view(&page, &format!("replay without a client, {tab}")).await;
    }
    let address = page.text("[data-replay-url]").await;
    let asking = flow::ask_agent(&address).await;
    asking.await.expect("the client does not panic");
    page.wait_for("[data-request]").await;
    page.click("[data-pane=replay] [data-tab=misses]").await;
    audit.view(&page, "replay with a miss").await;
    end(audit, page, served).await;
}
