//! Replay, problems and compare, driven in a headless Chromium as a person drives them.

mod stage;

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use stage::{
    Page,
    agent::{Agent, frame},
    flow::{self, key},
    record::{self, Recording},
    serve::{serve, take_in},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};

/// Control, Enter and Down as WebDriver writes them.
const CONTROL: &str = "\u{e009}";
const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";

/// Keys pressed while Control is held.
fn control(keys: &str) -> String {
    format!("{CONTROL}{keys}{}", key::NULL)
}

// ---- replay -------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_stepped_by_hand_from_the_page() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "tool-call-parallel.agui.jsonl");
    let recorded = record::read(&store, "list", &[]).remove(0);
    let frames = recorded["frames"].as_u64().expect("the list counts frames");
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;

    let address = start_by_hand(&page).await;
    let input = asked_again(Path::new("recordings/tool-call-parallel.agui.jsonl"));
    let target = recorded["target"].as_str().expect("the list has targets");
    let mut client = Listening::post(&address, target, &input).await;

    // One press, one event: on the page, at the client, and as a head on the lanes.
    for sent in 0..3 {
        page.wait_for(&format!("[data-pane=replay-queue][data-next='{}']", sent + 1))
            .await;
        page.press(&control(ENTER)).await;
        client.has(sent + 1).await;
        page.wait_for(&format!("[data-head][data-seq='{}']", sent + 1)).await;
    }
    edit_next(&page).await;
    client.says("written by hand").await;

    page.press("g").await;
    let text = client.end().await;
    assert!(text.contains("RUN_FINISHED"), "{text}");
    assert!(
        text.contains("thread-of-now"),
        "ids of the request should stand in the answer: {text}"
    );
    let old = recorded["threadId"].as_str().expect("the list has thread ids");
    assert!(!text.contains(old), "the recorded id should be gone: {text}");
    page.wait_for(&format!("[data-client][data-stage='complete'][data-seq='{frames}']"))
        .await;
    page.wait_for("[data-request='1'][data-status-code='200']").await;
    assert!(!page.text("[data-why]").await.is_empty(), "an answer has a reason");
    page.wait_for("[data-difference='/state']").await;

    choose_faults(&page).await;
    page.click("[data-stop-replay]").await;
    page.wait_for("[data-pane=replay][data-state=empty]").await;
    let host = address.trim_start_matches("http://");
    assert!(
        TcpStream::connect(host).await.is_err(),
        "nothing should listen any more"
    );
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

/// Serves the only run by hand and gives the address that the page shows.
async fn start_by_hand(page: &Page) -> String {
    page.click(".lib-row[data-exchange] .sign").await;
    page.press("q").await;
    page.wait_for("[data-pane=replay-setup] [data-serves]").await;
    let pace = page.wait_for("[data-field=pace]").await;
    pace.select_by_value("step").await.expect("the list has this pace");
    let listen = page.wait_for("[data-field=listen]").await;
    listen.send_keys("127.0.0.1:0").await.expect("the field takes text");
    page.click("[data-start-replay]").await;
    page.wait_for("[data-banner=mock]").await;
    page.wait_for("[data-mock=on]").await;
    page.text("[data-replay-url]").await
}

/// Sends another event in the place of the next.
async fn edit_next(page: &Page) {
    page.wait_for("[data-pane=replay-queue][data-next='4']").await;
    page.press("e").await;
    let field = page.wait_for("[data-field=edit]").await;
    field.clear().await.expect("the field can be emptied");
    let event = json!({"type": "CUSTOM", "name": "written by hand", "value": 1});
    field.send_keys(&event.to_string()).await.expect("the field takes text");
    page.press(&control(ENTER)).await;
}

/// A spec that makes no sense says so; one that is put together is on.
async fn choose_faults(page: &Page) {
    page.click("[data-tab=faults]").await;
    let field = page.wait_for("[data-field=fault-spec]").await;
    field.send_keys("cut:evnt=3").await.expect("the field takes text");
    page.press(ENTER).await;
    page.wait_for("[data-notice=replay]").await;
    let said = page.text("[data-notice=replay]").await;
    assert!(said.contains("evnt"), "it should name what is wrong: {said}");
    page.click("[data-fault=cut] .fault-name").await;
    page.click("[data-add-fault=cut]").await;
    page.wait_for("[data-fault-on='cut:event=12,how=reset']").await;
    let command = page
        .eval("return document.querySelectorAll('[data-notice=replay]').length")
        .await;
    assert_eq!(command, json!(0), "the refusal should be gone");
}

/// The recorded input as another client would send it: other ids, another state.
fn asked_again(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).expect("the sample is there");
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let mut input = lines
        .filter(|line| line["kind"] == "request")
        .map(|line| line["input"].clone())
        .next()
        .expect("the sample has a request");
    input["threadId"] = json!("thread-of-now");
    input["runId"] = json!("run-of-now");
    input["state"] = json!({"theme": "dark"});
    input
}

/// A client that listens to an answer.
struct Listening {
    heard: watch::Receiver<Arc<String>>,
    reading: tokio::task::JoinHandle<()>,
}

impl Listening {
    async fn post(origin: &str, target: &str, input: &Value) -> Self {
        let host = origin.trim_start_matches("http://").to_owned();
        let body = input.to_string();
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(&host).await.expect("the replay listens");
        stream.write_all(head.as_bytes()).await.expect("the replay reads");
        stream.write_all(body.as_bytes()).await.expect("the replay reads");
        let (sender, heard) = watch::channel(Arc::default());
        let reading = tokio::spawn(async move {
            let (mut text, mut piece) = (String::new(), [0; 4096]);
            while let Ok(len @ 1..) = stream.read(&mut piece).await {
                text.push_str(&String::from_utf8_lossy(&piece[..len]));
                sender.send_replace(Arc::new(text.clone()));
            }
        });
        Self { heard, reading }
    }

    /// Waits until so many events have come, and no more.
    async fn has(&mut self, events: usize) {
        let count = |text: &Arc<String>| text.matches("data: ").count();
        let patience = Duration::from_secs(60);
        let came = tokio::time::timeout(patience, self.heard.wait_for(|text| count(text) >= events)).await;
        let text = came
            .expect("the event should come")
            .expect("the answer should not end")
            .clone();
        assert_eq!(count(&text), events, "{text}");
    }

    async fn says(&mut self, words: &str) {
        let patience = Duration::from_secs(60);
        let came = tokio::time::timeout(patience, self.heard.wait_for(|text| text.contains(words))).await;
        came.expect("the words should come").expect("the answer should not end");
    }

    async fn end(self) -> String {
        self.reading.await.expect("reading does not panic");
        self.heard.borrow().to_string()
    }
}

/// What the page offers to paste into a shell is answered by what it serves, here of a first run's sample.
#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_served_and_its_curl_is_answered() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (served, url) = serve(&folder.path().join("store.db"));
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;

    page.click("[data-pane=first-run] [data-serve-sample=interrupt]").await;
    page.wait_for("[data-banner=mock]").await;
    page.click("[data-pane=replay] [data-tab=use]").await;
    page.wait_for("[data-snippet=curl]").await;
    let command = page.text("[data-snippet=curl]").await;
    let output = tokio::process::Command::new("sh").args(["-c", &command]).output().await;
    let output = output.expect("a shell can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("RUN_FINISHED"), "{command}\n{said}");
    page.wait_for("[data-request='1'][data-status-code='200']").await;

    // Both runs of the sample are in the Library, which needs no first run any more.
    page.click("[data-screen-tab=library]").await;
    page.wait_for("[data-pane=library][data-total='2']").await;
    let cards = page
        .eval("return document.querySelectorAll('[data-pane=first-run]').length")
        .await;
    assert_eq!(cards, json!(0));

    // What is no recording is named by its format.
    let har = folder.path().join("session.har");
    std::fs::write(&har, r#"{"log":{"version":"1.2","creator":{},"entries":[]}}"#).expect("the file can be written");
    let input = page.wait_for("[data-open-file]").await;
    input
        .send_keys(&har.display().to_string())
        .await
        .expect("the field takes a file");
    page.wait_for("[data-notice=report]").await;
    let said = page.text("[data-notice=report]").await;
    assert!(said.contains("it is a HAR file"), "{said}");
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

// ---- problems -----------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_walked_explained_and_muted() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "state-with-failed-patch.agui.jsonl");
    take_in(&store, "reasoning.agui.jsonl");
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;

    open(&page, "patch").await;
    page.press(&control("j")).await;
    page.wait_for("[data-pane=problems][data-state=ready]").await;
    let rule = "[data-rule='patch.failed']";
    let count = page
        .wait_for(rule)
        .await
        .attr("data-count")
        .await
        .expect("it has attributes");
    assert_eq!(count.as_deref(), Some("1"));
    page.click(rule).await;
    page.wait_for("[data-pane=inspect][data-as-of='8']").await;
    page.wait_for(".finding.sel[data-seq='8']").await;
    let explained = page.text(".explained").await;
    for part in ["Why", "In a client", "To mend it", "Protocol"] {
        assert!(explained.contains(part), "`{part}` is missing: {explained}");
    }
    // The jump key agrees with the dock.
    page.press(key::HOME).await;
    page.wait_for("[data-pane=inspect][data-as-of='0']").await;
    page.press("e").await;
    page.wait_for("[data-pane=inspect][data-as-of='8']").await;

    page.click("[data-mute=here]").await;
    page.wait_for(&format!("{rule}.muted")).await;
    page.click("[data-mute=unmute]").await;
    page.wait_for(&format!("{rule}:not(.muted)")).await;

    open(&page, "9.11").await;
    page.wait_for("[data-pane=problems][data-state=empty]").await;
    page.wait_until(
        "it says how many rules were checked",
        r"/No problems; \d+ rules checked/.test(document.querySelector('[data-pane=problems]').innerText)",
    )
    .await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

/// Opens the run whose first words hold `words`.
async fn open(page: &Page, words: &str) {
    page.click("[data-screen-tab=library]").await;
    page.wait_for(".lib-row[data-exchange]").await;
    let script = format!(
        "const row = [...document.querySelectorAll('.lib-row .title')].find(title => title.innerText.includes('{words}')); row.click();"
    );
    page.eval(&script).await;
    page.wait_for("[data-pane=inspect][data-state=ready]").await;
}

// ---- compare ------------------------------------------------------------

/// A run that searches with a limit, says something, and calls `before` or `behind` that.
fn story(run: &str, max: u32, before: &str, behind: &str) -> Vec<Vec<u8>> {
    let call = |tool: &str, arguments: Value| {
        let id = format!("{run}-{tool}");
        [
            json!({"type": "TOOL_CALL_START", "toolCallId": id, "toolCallName": tool}),
            json!({"type": "TOOL_CALL_ARGS", "toolCallId": id, "delta": arguments.to_string()}),
            json!({"type": "TOOL_CALL_END", "toolCallId": id}),
        ]
    };
    let also = |tool: &str| (!tool.is_empty()).then(|| call(tool, json!({ tool: [tool] })));
    let message = format!("{run}-message");
    let mut events = vec![json!({"type": "RUN_STARTED", "threadId": "thread-1", "runId": run})];
    events.extend(call("search_flights", json!({"from": "ZRH", "max": max})));
    events.extend(also(before).into_iter().flatten());
    events.extend([
        json!({"type": "TEXT_MESSAGE_START", "messageId": message, "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": message, "delta": "Here are two flights."}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": message}),
    ]);
    events.extend(also(behind).into_iter().flatten());
    events.push(json!({"type": "RUN_FINISHED", "threadId": "thread-1", "runId": run}));
    events.iter().map(frame).collect()
}

/// Records the same question answered twice.
async fn record_two(store: &Path, a: Vec<Vec<u8>>, b: Vec<Vec<u8>>) {
    let agent = Agent::start().await;
    let recording = Recording::start(store, &format!("http://{}", agent.address), &[]);
    for story in [a, b] {
        agent.answer(story);
        flow::ask_agent(&recording.url)
            .await
            .await
            .expect("the client does not panic");
    }
    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_are_compared_and_their_first_divergence_is_visited() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    record_two(
        &store,
        story("run-a", 200, "hold_seat", ""),
        story("run-b", 250, "hold_seat", ""),
    )
    .await;
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;

    select_two(&page).await;
    page.wait_for("[data-pane=compare][data-state=ready]").await;
    page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
    let said = page.text(".divergence").await;
    assert!(
        said.contains("search_flights"),
        "the sentence should name the tool: {said}"
    );
    assert!(said.contains("200") && said.contains("250"), "and both values: {said}");
    assert_eq!(
        page.text("[data-count=changed] b").await,
        "1",
        "ids and times are no differences"
    );

    // Away from it, and back with one key.
    page.press(key::HOME).await;
    page.wait_for("[data-pair='0'].sel").await;
    page.press(ENTER).await;
    page.wait_for("[data-first=true].sel").await;
    page.wait_for("[data-pane=pair][data-state=ready]").await;
    page.click("[data-tab=tree]").await;
    page.wait_until(
        "the tree shows both values",
        "/max\\s+200\\s+250/.test(document.querySelector('[data-tree]')?.innerText ?? '')",
    )
    .await;
    page.wait_for("[data-head=a][data-seq='2']").await;
    page.wait_for("[data-head=b][data-seq='2']").await;

    page.press("\\").await;
    page.wait_until(
        "the sides are swapped",
        "/max\\s+250\\s+200/.test(document.querySelector('[data-tree]')?.innerText ?? '')",
    )
    .await;
    page.press("i").await;
    page.press("/args/max").await;
    page.press(ENTER).await;
    page.wait_for("[data-divergence=none]").await;
    page.wait_for("[data-ignoring='/args/max']").await;
    page.click("[data-ignoring='/args/max'] .remove").await;
    page.wait_for(".divergence").await;

    page.press("o").await;
    page.wait_for("[data-pane=inspect][data-state=ready][data-as-of='2']")
        .await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

/// Selects the two newest runs with the keyboard and compares them, the older first.
async fn select_two(page: &Page) {
    page.wait_for(".lib-row[data-exchange='2']").await;
    for exchange in [2, 1] {
        page.press(DOWN).await;
        page.wait_for(&format!(".lib-row.sel[data-exchange='{exchange}']"))
            .await;
    }
    page.press(" ").await;
    page.press("k").await;
    page.wait_for(".lib-row.sel[data-exchange='2']").await;
    page.press(" ").await;
    page.wait_for("[data-picks='2']").await;
    page.press(&control("\u{e008}b")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_dragged_onto_its_partner() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    record_two(
        &store,
        story("run-a", 200, "hold_seat", ""),
        story("run-b", 200, "", "book_seat"),
    )
    .await;
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;

    select_two(&page).await;
    page.wait_for("[data-kind=only-a]").await;
    // What follows an unrecovered split is folded; the partner lies there.
    page.press("u").await;
    page.wait_for(".pair-cell.b[data-name=book_seat]").await;
    let [x, y, width, height] = page.rect(".pair-cell.a[data-name=hold_seat]").await;
    let [to_x, to_y, ..] = page.rect(".pair-cell.b[data-name=book_seat]").await;
    page.move_to((x + width / 2.0, y + height / 2.0)).await;
    page.press_button().await;
    for step in 1..=4 {
        let part = f64::from(step) / 4.0;
        page.move_to((
            x + width / 2.0 + (to_x - x) * part,
            y + height / 2.0 + (to_y - y) * part,
        ))
        .await;
    }
    page.release_button().await;
    page.wait_for("[data-by-hand=true]").await;
    page.click("[data-by-hand=true]").await;
    page.press("P").await;
    page.wait_for("[data-kind=only-a]").await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

// ---- live and long ------------------------------------------------------

/// An answer that goes on until the head was seen to move this often.
const MOVES: u64 = 5;
/// Pieces after which a head that does not move is stuck.
const PIECES: u32 = 400;

/// Events come faster than the page asks: the head goes along, and ends at the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_fast_stream_is_followed_to_its_end() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let agent = Agent::start().await;
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;
    let source = flow::add_source(&page, &agent).await;
    let speaker = agent.answer_by_hand();
    let client = flow::ask_agent(&source).await;
    let say = |event: Value| speaker.send(frame(&event)).expect("the agent speaks");
    say(json!({"type": "RUN_STARTED", "threadId": "thread-1", "runId": "run-1"}));
    say(json!({"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}));
    flow::open_first_run(&page).await;
    page.wait_for("[data-live=follow]").await;
    page.eval(
        "window.moves = 0; new MutationObserver(() => window.moves++).observe( \
         document.querySelector('.playhead-label'), {subtree: true, childList: true, characterData: true});",
    )
    .await;

    let (mut events, mut pieces) = (2, 0);
    while page.eval("return window.moves").await.as_u64().unwrap_or(0) < MOVES {
        assert!(
            pieces < PIECES,
            "the head stands: {}",
            page.text(".playhead-label").await
        );
        for _ in 0..100 {
            say(json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "word "}));
        }
        (events, pieces) = (events + 100, pieces + 1);
    }
    say(json!({"type": "TEXT_MESSAGE_END", "messageId": "m1"}));
    say(json!({"type": "RUN_FINISHED", "threadId": "thread-1", "runId": "run-1"}));
    drop(speaker);
    client.await.expect("the client does not panic");
    let last = events + 2;
    page.wait_for(&format!("[data-pane=inspect][data-as-of='{last}']"))
        .await;
    page.wait_until(
        "the head stands at the last event",
        &format!("document.querySelector('.playhead-label').innerText.replace(/,/g, '').startsWith('#{last} ')"),
    )
    .await;
    assert_eq!(record::read(&store, "list", &[])[0]["frames"], json!(last));
    is_never_blank(&page, last).await;
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}

/// A list that is thrown has a row or a number at each place of the next frame, as it will be painted.
async fn is_never_blank(page: &Page, events: usize) {
    page.eval(
        "[...document.querySelectorAll('.rows [role=tab]')].find(tab => tab.innerText.trim() === 'events').click()",
    )
    .await;
    page.wait_for(&format!("[data-pane=rows][data-total='{events}'] .grid.events .row"))
        .await;
    let blank = page
        .eval(
            "return (async () => { const list = document.querySelector('.rows .list'); let blank = 0; let thrown = 0; \
             const height = document.querySelector('.rows .row').getBoundingClientRect().height; \
             const frame = () => new Promise(requestAnimationFrame); \
             for (; thrown < 10; thrown++) { \
               list.scrollTop = (thrown * 997) % (list.scrollHeight - list.clientHeight); await frame(); \
               const box = list.getBoundingClientRect(); \
               const here = [...list.querySelectorAll('.row, .list-skeleton')].map(one => one.getBoundingClientRect()); \
               for (let y = box.top + 2; y < box.bottom - 2; y += height) \
                 blank += here.some(one => one.top <= y && y < one.bottom) ? 0 : 1; \
             } return blank; })();",
        )
        .await;
    assert_eq!(blank, json!(0), "places without a row");
}

// ---- library ------------------------------------------------------------

/// Runs are counted as runs; other requests come with a key or a press, and stay for the next visit.
#[tokio::test(flavor = "multi_thread")]
async fn other_requests_are_shown_on_demand() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "copilotkit-session.agui.jsonl");
    take_in(&store, "reasoning.agui.jsonl");
    let all = record::read(&store, "list", &["--all"]);
    let runs = record::read(&store, "list", &[]);
    let rows: usize = runs
        .iter()
        .map(|run| run["runs"].as_array().map_or(0, Vec::len).max(1))
        .sum();
    let others = all.len() - runs.len();
    assert!(
        others > 1,
        "the session should hold requests that are no runs: {others}"
    );
    let (served, url) = serve(&store);
    let page = Page::tab(&url, &folder.path().join("profile"), (1440, 900)).await;

    page.wait_for(&format!("[data-pane=library][data-total='{rows}']"))
        .await;
    assert_eq!(page.text("[data-status=rows]").await, format!("{rows} runs"));
    assert!(
        page.text("[data-others]")
            .await
            .contains(&format!("{others} other requests"))
    );
    page.press("o").await;
    let with_others = rows + others;
    page.wait_for(&format!("[data-pane=library][data-total='{with_others}']"))
        .await;
    page.wait_for("[data-others][aria-pressed=true]").await;
    assert_eq!(
        page.text("[data-status=rows]").await,
        format!("{rows} runs, {others} other requests")
    );
    page.wait_for("[data-verdict='no run']").await;

    page.eval("window.isBefore = true; location.reload()").await;
    page.wait_until(
        "the page has come again, with all rows",
        &format!("!window.isBefore && document.querySelector(\"[data-pane=library][data-total='{with_others}']\")"),
    )
    .await;
    page.click("[data-others]").await;
    page.wait_for(&format!("[data-pane=library][data-total='{rows}']"))
        .await;
    page.press("?").await;
    let keys = page.text("[data-sheet=keys]").await;
    assert!(keys.contains("Show or hide requests that are no runs"), "{keys}");
    page.close().await;
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
}
