//! Runs of one thread that belong together: one that is interrupted, the one that answers, a child of the first.
//! The same steps drive the window and a browser tab.

use serde_json::{Value, json};

use super::{
    Page,
    agent::{Agent, frame},
    flow::{self, key},
};

/// Alt as WebDriver writes it.
const ALT: &str = "\u{e00a}";
const ENTER: &str = "\u{e007}";
const THREAD: &str = "thread-9";

/// Records the three runs; their exchanges are 1 to 3.
pub async fn record(agent: &Agent, url: &str) {
    let user = json!({"id": "u1", "role": "user", "content": "Delete my notes"});
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "delete_notes", "arguments": "{}"}});
    let asked = json!({"id": "a1", "role": "assistant", "toolCalls": [call]});
    let resume = json!([{"interruptId": "int-1", "status": "resolved", "payload": {"approved": true}}]);
    let runs = [
        (json!({"messages": [user]}), interrupted()),
        (json!({"messages": [user, asked], "resume": resume}), resumed()),
        (json!({"messages": [user], "parentRunId": "run-1"}), branched()),
    ];
    for (number, (members, events)) in (1..).zip(runs) {
        let mut input = json!({
            "threadId": THREAD, "runId": format!("run-{number}"), "state": {}, "tools": [], "context": [],
            "forwardedProps": {},
        });
        let known = input.as_object_mut().expect("it is an object");
        known.extend(members.as_object().expect("it is an object").clone());
        agent.answer(events.iter().map(frame));
        let client = flow::ask_with(url, &input).await;
        client.await.expect("the client does not panic");
    }
}

fn started(run: &str) -> Value {
    json!({"type": "RUN_STARTED", "threadId": THREAD, "runId": run})
}

fn finished(run: &str, outcome: &Value) -> Value {
    json!({"type": "RUN_FINISHED", "threadId": THREAD, "runId": run, "outcome": outcome})
}

fn interrupted() -> Vec<Value> {
    let interrupt =
        json!({"id": "int-1", "reason": "tool_call", "message": "Delete all notes?", "toolCallId": "call_1"});
    vec![
        started("run-1"),
        json!({"type": "TOOL_CALL_START", "toolCallId": "call_1", "toolCallName": "delete_notes"}),
        json!({"type": "TOOL_CALL_ARGS", "toolCallId": "call_1", "delta": "{}"}),
        json!({"type": "TOOL_CALL_END", "toolCallId": "call_1"}),
        finished("run-1", &json!({"type": "interrupt", "interrupts": [interrupt]})),
    ]
}

fn resumed() -> Vec<Value> {
    vec![
        started("run-2"),
        json!({"type": "TOOL_CALL_RESULT", "messageId": "m1", "toolCallId": "call_1", "content": "done"}),
        json!({"type": "TEXT_MESSAGE_START", "messageId": "m2", "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m2", "delta": "All notes are gone."}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": "m2"}),
        finished("run-2", &json!({"type": "success"})),
    ]
}

fn branched() -> Vec<Value> {
    vec![
        json!({"type": "RUN_STARTED", "threadId": THREAD, "runId": "run-3", "parentRunId": "run-1"}),
        finished("run-3", &json!({"type": "success"})),
    ]
}

/// Opens an exchange from the library.
pub async fn open(page: &Page, exchange: u32) {
    page.click("[data-screen-tab=library]").await;
    page.wait_until(
        "the first run is over",
        "!document.querySelector('[data-pane=first-run]')",
    )
    .await;
    page.click(&format!(".lib-row[data-exchange='{exchange}'] .title"))
        .await;
    page.wait_for(&format!(
        "[data-pane=inspect][data-exchange='{exchange}'][data-state=ready]"
    ))
    .await;
}

/// Waits until the playhead stands on a frame of an exchange.
pub async fn stands_at(page: &Page, exchange: u32, seq: u32) {
    let place = format!("[data-pane=inspect][data-exchange='{exchange}'][data-as-of='{seq}'][data-state=ready]");
    page.wait_for(&place).await;
}

async fn back(page: &Page) {
    through_history(page, key::LEFT, "history.back()").await;
}

async fn forward(page: &Page) {
    through_history(page, key::RIGHT, "history.forward()").await;
}

/// By Alt and an arrow where that is the page's own key; a browser takes it before the page and has it in no driver.
async fn through_history(page: &Page, arrow: &str, script: &str) {
    if page.eval("return Boolean(window.__TAURI_INTERNALS__)").await == json!(true) {
        page.press(&format!("{ALT}{arrow}{}", key::NULL)).await;
    } else {
        page.eval(script).await;
    }
}

/// From the interrupt to its answer and back, from the child to its parent and back: by mouse and by keys.
pub async fn walk(page: &Page) {
    open(page, 1).await;
    stands_at(page, 1, 5).await;
    page.click("[data-pane=detail] [data-interrupt='int-1'] [data-goes-to='2:1']")
        .await;
    stands_at(page, 2, 1).await;
    page.click("[data-tab=input]").await;
    page.click("[data-pane=input] [data-goes-to='1:5']").await;
    stands_at(page, 1, 5).await;

    page.click("[data-tab=chat]").await;
    let answer = "[data-pane=chat] [data-interrupt='int-1'] [data-goes-to='2:1']";
    page.wait_for(answer).await;
    page.eval(&format!("document.querySelector(\"{answer}\").focus()"))
        .await;
    page.press(ENTER).await;
    stands_at(page, 2, 1).await;
    page.click("[data-pane=detail] [data-run-card] [data-goes-to='1:5']")
        .await;
    stands_at(page, 1, 5).await;

    page.press("l").await;
    stands_at(page, 2, 1).await;
    page.press(&format!("{}l{}", key::SHIFT, key::NULL)).await;
    stands_at(page, 1, 5).await;

    open(page, 3).await;
    stands_at(page, 3, 2).await;
    page.click("[data-pane=detail] [data-run-card] [data-goes-to='1:1']")
        .await;
    stands_at(page, 1, 1).await;
    page.click("[data-pane=detail] [data-run-card] [data-goes-to='3:1']")
        .await;
    stands_at(page, 3, 1).await;
    page.click("[data-tab=input]").await;
    page.click("[data-pane=input] [data-goes-to='1:1']").await;
    stands_at(page, 1, 1).await;

    // Each of these exchanges is a place of its own.
    back(page).await;
    stands_at(page, 3, 1).await;
    back(page).await;
    stands_at(page, 1, 1).await;
    forward(page).await;
    stands_at(page, 3, 1).await;
}

/// The result of a call that the first run made is called by the call's tool, and takes no time.
pub async fn the_result_has_its_call(page: &Page) {
    open(page, 2).await;
    page.wait_until(
        "a row says whose result it is",
        "[...document.querySelectorAll('.r')].some(row => row.innerText.includes('delete_notes'))",
    )
    .await;
    page.eval("document.querySelector('[data-pane=lane-list]').focus()")
        .await;
    page.wait_for("[data-pane=lane-list] [data-lane-item='2']").await;
    let listed = page.text("[data-pane=lane-list]").await;
    assert!(listed.contains("result of delete_notes"), "{listed}");
    assert!(
        !listed.contains("call_1"),
        "no id stands in the place of a name: {listed}"
    );
    page.press("\u{e00c}").await;
}

/// A reload and a link lead to the same comparison, and Back to the one before.
pub async fn a_comparison_is_an_address(page: &Page) {
    page.click("[data-screen-tab=library]").await;
    for (row, picks) in [(1, 1), (2, 2)] {
        page.eval("document.querySelector('.lib-grid').focus()").await;
        page.press(if row == 1 { key::HOME } else { "\u{e015}" }).await;
        page.press(" ").await;
        page.wait_for(&format!("[data-picks='{picks}']")).await;
    }
    page.press("\u{e009}\u{e008}b\u{e000}").await;
    page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
    page.click("[data-level=text]").await;
    page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
    page.press(key::END).await;
    let is_noted = "['a=', 'b=', 'level=text', 'pair=', 'at='].every(part => location.search.includes(part))";
    page.wait_until("the address holds the comparison", is_noted).await;
    let pair = page
        .eval("return document.querySelector('[data-pane=compare]').dataset.asOf")
        .await;
    page.wait_until(
        "the address holds the pair",
        &format!(
            "location.search.includes('pair={}&')",
            pair.as_str().unwrap_or_default()
        ),
    )
    .await;
    let address = page.eval("return location.search").await;

    page.eval("window.isBefore = true; location.reload()").await;
    let same = format!(
        "!window.isBefore && document.querySelector('[data-pane=compare][data-state=ready]')?.dataset.asOf === {pair}"
    );
    page.wait_until("the same pair of the same comparison is shown", &same)
        .await;
    page.wait_for("[data-level=text][aria-pressed=true]").await;
    page.wait_until("the address is the same", &format!("location.search === {address}"))
        .await;

    page.click("[data-swap]").await;
    page.wait_until(
        "the sides are swapped",
        &format!("!location.search.startsWith({address}.split('&b=')[0])"),
    )
    .await;
    page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
    back(page).await;
    page.wait_until("the sides are as before", &format!("location.search === {address}"))
        .await;
    page.wait_until("the same pair is shown again", &same).await;
}
