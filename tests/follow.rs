//! A live run that is followed, left and followed again keeps the whole of it in view.

mod stage;

use std::time::Duration;

use serde_json::{Value, json};
use stage::{
    Page,
    agent::{Agent, frame},
    flow::{self, key},
    serve::serve,
};
use tokio::sync::mpsc::UnboundedSender;

/// Events that come between two keys, and the time between them.
const BETWEEN: u32 = 8;
const EVERY: Duration = Duration::from_millis(60);

/// A run under way: what was sent of it so far.
struct Live {
    speaker: UnboundedSender<Vec<u8>>,
    sent: u32,
}

impl Live {
    fn say(&mut self, event: &Value) {
        self.speaker.send(frame(event)).expect("the agent speaks");
        self.sent += 1;
    }

    /// Lets the run go on for a while.
    async fn go_on(&mut self) {
        for _ in 0..BETWEEN {
            tokio::time::sleep(EVERY).await;
            self.say(&json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "word "}));
        }
    }
}

/// Where the ends of the view are beside the ends of the whole, in pixels.
async fn ends(page: &Page) -> (f64, f64) {
    let [left, _, width, _] = page.rect("[data-pane=overview]").await;
    let [from, _, span, _] = page.rect(".overview-window").await;
    (from - left, (left + width) - (from + span))
}

async fn sees_all(page: &Page, live: &Live, when: &str) {
    let at_end = format!("[data-pane=inspect][data-as-of='{}']", live.sent);
    page.wait_for(&at_end).await;
    let all = "(() => { const all = document.querySelector('[data-pane=overview]').getBoundingClientRect(); \
               const view = document.querySelector('.overview-window').getBoundingClientRect(); \
               return Math.abs(all.left - view.left) < 3 && Math.abs(all.right - view.right) < 3; })()";
    page.wait_until(&format!("all is in view {when}, {:?}", ends(page).await), all)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn space_and_then_end_show_the_whole_run_again() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let agent = Agent::start().await;
    let (served, url) = serve(&folder.path().join("store.db"));
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;
    let source = flow::add_source(&page, &agent).await;
    let mut live = Live {
        speaker: agent.answer_by_hand(),
        sent: 0,
    };
    let client = flow::ask_agent(&source).await;
    live.say(&json!({"type": "RUN_STARTED", "threadId": "thread-1", "runId": "run-1"}));
    live.say(&json!({"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}));
    flow::open_first_run(&page).await;
    page.press(key::END).await;
    live.go_on().await;
    sees_all(&page, &live, "while it is followed").await;

    let event_back = format!("{}{}{}", key::SHIFT, key::LEFT, key::NULL);
    for keys in [
        &[" "][..],
        &[" ", &event_back],
        &[" ", key::HOME],
        &[key::HOME],
        &[" ", "x", "x", "x"],
    ] {
        for key in keys {
            page.press(key).await;
        }
        live.go_on().await;
        let (left, right) = ends(&page).await;
        assert!(left.abs() < 3.0, "{keys:?}: the view begins at {left} px");
        assert!(right >= -3.0, "{keys:?}: the view ends {right} px before the end");
        page.press(key::END).await;
        live.go_on().await;
        sees_all(&page, &live, &format!("after {keys:?} and End")).await;
    }
    live.say(&json!({"type": "TEXT_MESSAGE_END", "messageId": "m1"}));
    live.say(&json!({"type": "RUN_FINISHED", "threadId": "thread-1", "runId": "run-1"}));
    sees_all(&page, &live, "when it has ended").await;
    drop(live);
    client.await.expect("the client does not panic");
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}
