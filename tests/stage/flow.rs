//! The main job, as a person does it: record a run live, scrub back, read the
//! state at two events, and find it all again after a restart. The same steps
//! drive the window and a browser tab.

use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    Page,
    agent::{Agent, frame},
};

/// Keys as WebDriver writes them.
pub mod key {
    #![allow(missing_docs, reason = "each name says it")]
    pub const END: &str = "\u{e010}";
    pub const HOME: &str = "\u{e011}";
    pub const LEFT: &str = "\u{e012}";
    pub const RIGHT: &str = "\u{e014}";
    pub const SHIFT: &str = "\u{e008}";
    pub const NULL: &str = "\u{e000}";
}

/// What the agent says; the state is 1 from the second frame and 2 from the sixth.
fn story() -> Vec<serde_json::Value> {
    vec![
        json!({"type": "RUN_STARTED", "threadId": "thread-1", "runId": "run-1"}),
        json!({"type": "STATE_SNAPSHOT", "snapshot": {"cart": {"total": 1, "currency": "EUR"}}}),
        json!({"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hello, "}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "wor"}),
        json!({"type": "STATE_DELTA", "delta": [{"op": "replace", "path": "/cart/total", "value": 2}]}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "ld."}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": "m1"}),
        json!({"type": "RUN_FINISHED", "threadId": "thread-1", "runId": "run-1"}),
    ]
}

/// Adds a source through the first-run card and gives its address.
pub async fn add_source(page: &Page, agent: &Agent) -> String {
    page.wait_for("[data-pane=library][data-state=ready], [data-pane=first-run]")
        .await;
    let field = page.wait_for("[data-field=first-upstream]").await;
    field
        .send_keys(&format!("http://{}", agent.address))
        .await
        .expect("the field takes text");
    page.click("[data-pane=first-run] button[type=submit]").await;
    page.wait_for("[data-source][data-source-state=live]").await;
    page.text("[data-source] .mono bdi").await
}

/// Sends the request that a frontend would send.
pub async fn ask_agent(url: &str) -> tokio::task::JoinHandle<Vec<u8>> {
    let input = json!({
        "threadId": "thread-1", "runId": "run-1", "state": {}, "tools": [], "context": [], "forwardedProps": {},
        "messages": [{"id": "u1", "role": "user", "content": "Say hello"}],
    });
    ask_with(url, &input).await
}

/// Sends a request with this input; gives the task that reads the whole answer.
pub async fn ask_with(url: &str, input: &serde_json::Value) -> tokio::task::JoinHandle<Vec<u8>> {
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let body = input.to_string();
    let request = format!(
        "POST /agui HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(&address)
            .await
            .expect("the source listens");
        stream.write_all(request.as_bytes()).await.expect("the source reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.expect("the answer ends cleanly");
        bytes
    })
}

/// Records the story: opens the run while it is under way, follows it, and
/// waits until it has ended.
pub async fn record_live(page: &Page, agent: &Agent, url: &str) {
    let speaker: UnboundedSender<Vec<u8>> = agent.answer_by_hand();
    let client = ask_agent(url).await;
    let mut events = story().into_iter();
    for event in events.by_ref().take(5) {
        speaker.send(frame(&event)).expect("the agent speaks");
    }
    open_first_run(page).await;
    page.press(key::END).await;
    page.wait_for("[data-pane=inspect][data-as-of='5']").await;
    expect_text_ends_mid_word(page, 5).await;
    page.click("[data-tab=state]").await;
    for event in events {
        speaker.send(frame(&event)).expect("the agent speaks");
    }
    drop(speaker);
    page.wait_for("[data-pane=inspect][data-as-of='9']").await;
    let bytes = client.await.expect("the client does not panic");
    assert!(
        String::from_utf8_lossy(&bytes).contains("RUN_FINISHED"),
        "the client should have got it all"
    );
}

/// Opens the newest run from the library.
pub async fn open_first_run(page: &Page) {
    page.click("[data-screen-tab=library]").await;
    // The card of the first run goes with the first event, and the rows move up.
    page.wait_until(
        "the first run is over",
        "!document.querySelector('[data-pane=first-run]')",
    )
    .await;
    page.click(".lib-row[data-exchange] .title").await;
    page.wait_for("[data-pane=inspect][data-state=ready]").await;
}

/// Scrubs by keys and by mouse, and reads the state at two events.
pub async fn scrub(page: &Page) {
    page.press(key::HOME).await;
    for at in [1, 2] {
        page.press(&format!("{}{}{}", key::SHIFT, key::RIGHT, key::NULL)).await;
        page.wait_for(&format!("[data-pane=inspect][data-as-of='{at}']")).await;
    }
    expect_state(page, 2, "1").await;
    page.press(key::END).await;
    page.wait_for("[data-pane=inspect][data-as-of='9']").await;
    expect_state(page, 9, "2").await;

    page.click("[data-pane=rows] .row[data-seq='2']").await;
    page.wait_for("[data-pane=inspect][data-as-of='2']").await;
    expect_state(page, 2, "1").await;
    page.click("[data-tab=chat]").await;
    page.wait_for("[data-pane=chat][data-as-of='2']").await;
    page.press(&format!("{0}{1}{1}{1}{2}", key::SHIFT, key::RIGHT, key::NULL))
        .await;
    expect_text_ends_mid_word(page, 5).await;
    page.click("[data-tab=state]").await;
}

/// The chat as of a frame holds the text of the message up to there: a strict
/// prefix of the whole, which ends inside a word.
async fn expect_text_ends_mid_word(page: &Page, at: usize) {
    let text_of = |events: &[serde_json::Value]| -> String {
        let deltas = events
            .iter()
            .filter(|event| event["type"] == "TEXT_MESSAGE_CONTENT")
            .filter_map(|event| event["delta"].as_str());
        deltas.collect()
    };
    let (whole, so_far) = (text_of(&story()), text_of(&story()[..at]));
    page.click("[data-tab=chat]").await;
    page.wait_for(&format!("[data-pane=chat][data-as-of='{at}'][data-state=ready]"))
        .await;
    page.wait_until(
        "the chat has the text of its moment",
        &format!(
            "document.querySelector('[data-message=m1] .text')?.innerText.trimEnd() === {}",
            json!(so_far)
        ),
    )
    .await;
    let shown = page.text("[data-message=m1] .text").await;
    let shown = shown.trim_end();
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let rest = whole.strip_prefix(shown).unwrap_or_default();
    assert!(
        is_letter(shown.chars().next_back()) && is_letter(rest.chars().next()),
        "{shown:?} should be a beginning of {whole:?} that ends inside a word"
    );
}

/// Drags the playhead along the ruler: the panes follow while the button is
/// held, and stay when it is let go. Then drags the window in the overview,
/// which moves the picture and not the playhead.
pub async fn drag(page: &Page) {
    // By event number every frame has a place of its own.
    while !page.text("[data-axis]").await.contains("event number") {
        page.click("[data-axis]").await;
    }
    let [early, late] = [place_of(page, 2).await, place_of(page, 6).await];
    let [_, top, ..] = page.rect(".lanes-area").await;
    let on_ruler = |x: f64| (x, top + 8.0);
    assert!(late - early > 40.0, "the lanes should be wide: {early} to {late}");

    page.move_to(on_ruler(late)).await;
    page.press_button().await;
    drag_steps(page, late, early, on_ruler).await;
    page.wait_for("[data-pane=inspect][data-as-of='2']").await;
    expect_state(page, 2, "1").await;
    drag_steps(page, early, late, on_ruler).await;
    page.wait_for("[data-pane=inspect][data-as-of='6']").await;
    expect_state(page, 6, "2").await;
    drag_steps(page, late, early, on_ruler).await;
    page.release_button().await;
    page.wait_for("[data-pane=inspect][data-as-of='2']").await;
    expect_state(page, 2, "1").await;
    page.wait_until(
        "the detail follows",
        "document.querySelector('[data-pane=detail][data-as-of=\"2\"][data-state=ready]')",
    )
    .await;

    for _ in 0..6 {
        page.press("w").await;
    }
    let window = ".overview-window";
    let [_, _, all, _] = page.rect("[data-pane=overview]").await;
    page.wait_until(
        "the window is smaller than the whole",
        &format!(
            "document.querySelector('{window}').getBoundingClientRect().width < {}",
            all * 0.6
        ),
    )
    .await;
    let [x, y, width, height] = page.rect(window).await;
    page.move_to((x + width / 2.0, y + height / 2.0)).await;
    page.press_button().await;
    for step in 1..=5 {
        page.move_to((x + width / 2.0 + 20.0 * f64::from(step), y + height / 2.0))
            .await;
    }
    page.release_button().await;
    page.wait_until(
        "the window has moved",
        &format!(
            "document.querySelector('{window}').getBoundingClientRect().x > {}",
            x + 60.0
        ),
    )
    .await;
    page.wait_for("[data-pane=inspect][data-as-of='2']").await;
    page.click("[data-axis]").await;
}

/// Where the playhead stands on the screen when it is at a frame, a pixel further right.
async fn place_of(page: &Page, seq: u32) -> f64 {
    page.press(key::HOME).await;
    for _ in 0..seq {
        page.press(&format!("{}{}{}", key::SHIFT, key::RIGHT, key::NULL)).await;
    }
    page.wait_for(&format!("[data-pane=inspect][data-as-of='{seq}']")).await;
    page.wait_until(
        "the playhead has come",
        &format!("document.querySelector('[data-playhead]').getAttribute('aria-valuetext').startsWith('event {seq} ')"),
    )
    .await;
    let [x, ..] = page.rect("[data-playhead]").await;
    x + 2.0
}

async fn drag_steps(page: &Page, from: f64, to: f64, on_ruler: impl Fn(f64) -> (f64, f64)) {
    for step in 1..=8 {
        page.move_to(on_ruler(from + (to - from) * f64::from(step) / 8.0)).await;
    }
}

/// The state pane as of a frame says what `/cart/total` is.
pub async fn expect_state(page: &Page, at: u32, total: &str) {
    page.wait_for(&format!("[data-pane=state][data-as-of='{at}'][data-state=ready]"))
        .await;
    if page.text("[data-pointer='/cart/total']").await.is_empty() {
        page.click("[data-pointer='/cart']").await;
    }
    let script = format!(
        "/total\\s+(.*→\\s*)?{total}\\b/.test(document.querySelector(\"[data-pointer='/cart/total']\")?.innerText ?? '')"
    );
    page.wait_until(&format!("the state at #{at} has total {total}"), &script)
        .await;
}
