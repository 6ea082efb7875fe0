//! The same page under `scrubjay serve`, in a headless Chromium.

mod stage;

use stage::{
    PATIENCE, Page,
    agent::Agent,
    flow,
    serve::{serve, serve_at, take_in},
};

/// Control and Delete as WebDriver writes them.
const CONTROL: &str = "\u{e009}";
const DELETE: &str = "\u{e017}";

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

/// The address leads to where the page was, when it is loaded again, gone back to or opened elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_says_where_the_page_is() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "state-with-failed-patch.agui.jsonl");
    take_in(&store, "reasoning.agui.jsonl");
    let (served, url, later) = serve_at(&store, "127.0.0.1:0");
    let link = format!("{url}&exchange=1&seq=3");
    let page = Page::tab(&link, &folder.path().join("profile"), (1440, 900)).await;
    let at = |exchange: u32, seq: u32| {
        format!(
            "[data-screen=inspect] [data-pane=inspect][data-state=ready][data-exchange='{exchange}'][data-as-of='{seq}']"
        )
    };
    page.wait_for(&at(1, 3)).await;
    assert_eq!(
        page.eval("return location.search").await,
        "?exchange=1&seq=3",
        "the token is gone, the place stays"
    );
    page.press(&format!("{}{}{}", flow::key::SHIFT, flow::key::RIGHT, flow::key::NULL))
        .await;
    page.click("[data-tab=chat]").await;
    let search = "?exchange=1&seq=4&side=chat";
    page.wait_until(
        "the address has the playhead",
        &format!("location.search === '{search}'"),
    )
    .await;

    page.eval("window.isBefore = true; location.reload()").await;
    page.wait_until(
        "it stands where it stood when it is loaded again",
        &format!("!window.isBefore && document.querySelector(\"{}\")", at(1, 4)),
    )
    .await;
    page.wait_for("[data-pane=chat]").await;

    page.click("[data-screen-tab=library]").await;
    page.wait_for("[data-screen=library] .lib-row[data-exchange='2']").await;
    page.click(".lib-row[data-exchange='2'] .title").await;
    page.wait_for("[data-screen=inspect] [data-pane=inspect][data-exchange='2']")
        .await;
    page.client.back().await.expect("a browser goes back");
    page.wait_for("[data-screen=library]").await;
    page.client.back().await.expect("a browser goes back");
    page.wait_for(&at(1, 4)).await;

    // The same moment in another tab, which has a token of its own.
    let second = page.client.new_window(true).await.expect("a tab can be opened");
    let turned = page.client.switch_to_window(second.handle).await;
    turned.expect("it can be turned to");
    let fresh = later.recv_timeout(PATIENCE).expect("another address is printed");
    let link = format!("{fresh}&{}", search.trim_start_matches('?'));
    page.client.goto(&link).await.expect("the page should open");
    page.wait_for(&at(1, 4)).await;
    page.wait_for("[data-pane=chat]").await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

/// Rows stay in sight in a low window with the problems open, and nothing runs over the bar at its end.
#[tokio::test(flavor = "multi_thread")]
async fn a_low_window_keeps_its_rows() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "state-with-failed-patch.agui.jsonl");
    let (served, url) = serve(&store);
    let link = format!("{url}&exchange=1");
    let page = Page::tab(&link, &folder.path().join("profile"), (1000, 700)).await;
    page.wait_for("[data-pane=inspect][data-state=ready]").await;
    page.click("[data-tab=problems]").await;
    page.wait_for("[data-pane=problems][data-state=ready]").await;
    for (width, height) in [(1000, 700), (720, 540)] {
        let sized = page.client.set_window_size(width, height).await;
        sized.expect("a window can be sized");
        page.wait_for(".row[data-seq]").await;
        page.wait_until(
            "rows are in sight",
            "document.querySelector('[data-pane=rows]').clientHeight >= 140",
        )
        .await;
        let [x, y, width, height] = page.rect("[data-pane=status]").await;
        for part in [0.1, 0.5, 0.9] {
            let (x, y) = (x + width * part, y + height / 2.0);
            let over = format!("return Boolean(document.elementFromPoint({x}, {y}).closest('[data-pane=status]'))");
            assert_eq!(page.eval(&over).await, true, "something lies over the bar");
        }
    }
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

/// A row's buttons cover no number, a deletion moves no row, and the sheet of keys fits the window.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_or_hides_under_the_pointer() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "state-with-failed-patch.agui.jsonl");
    take_in(&store, "reasoning.agui.jsonl");
    let (served, url) = serve(&store);
    // The tab has 900 px of it at least.
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 1050)).await;
    let row = ".lib-row[data-exchange='1']";
    page.wait_for(row).await;
    let [x, y, width, height] = page.rect(row).await;
    page.move_to((x + width / 2.0, y + height / 2.0)).await;
    page.wait_until(
        "the row's buttons end before its numbers",
        &format!(
            "(() => {{ const row = document.querySelector(\"{row}\"); \
             const tools = row.querySelector('.row-tools').getBoundingClientRect(); \
             return tools.width > 0 && tools.right <= row.children[2].getBoundingClientRect().left; }})()"
        ),
    )
    .await;
    page.click(".lib-row[data-exchange='2'] .sign").await;
    page.press(DELETE).await;
    page.wait_for("[data-notice=undo]").await;
    let [_, top, _, _] = page.rect(row).await;
    assert!(top <= y, "the rows below go up, and nothing goes down: {top} {y}");
    let first = page.rect(".lib-head").await;
    page.press(&format!("{CONTROL}z{}", flow::key::NULL)).await;
    page.wait_for(".lib-row[data-exchange='2']").await;
    assert_eq!(page.rect(".lib-head").await, first, "the list stays where it is");

    page.press("?").await;
    page.wait_for("[data-sheet=keys]").await;
    let fits =
        "const sheet = document.querySelector('[data-sheet=keys]'); return sheet.scrollHeight <= sheet.clientHeight";
    assert_eq!(page.eval(fits).await, true, "the sheet of keys should fit the window");
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}
