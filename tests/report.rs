//! Reports: files of HTML with recordings inside, opened from disk by a browser without a network.

mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stage::{Page, axe::Audit, cli::scrubjay, flow::key};

/// Enter as WebDriver writes it.
const ENTER: &str = "\u{e007}";
/// Nothing can be reached: no name has an address, and all else goes to a proxy that is not there.
const NO_NETWORK: [&str; 2] = ["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9"];

/// Writes a report of a recording with these further arguments.
fn report(folder: &Path, recording: &Path, more: &[&str]) -> PathBuf {
    let file = folder.join("report.html");
    let mut arguments: Vec<&str> = vec!["export"];
    let (from, to) = (recording.to_string_lossy(), file.to_string_lossy());
    arguments.extend([&from, "--redact", "none", "-o", &*to]);
    arguments.extend(more);
    let done = scrubjay(arguments);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    file
}

fn sample(name: &str) -> PathBuf {
    Path::new("recordings").join(format!("{name}.agui.jsonl"))
}

/// Opens a report from disk.
async fn open(folder: &Path, report: &Path) -> Page {
    let url = format!("file://{}", report.display());
    Page::tab_with(&url, &folder.join("profile"), (1440, 900), &NO_NETWORK).await
}

/// What the page asked of any address, itself excepted.
async fn loaded(page: &Page) -> Value {
    page.eval("return performance.getEntriesByType('resource').map(entry => entry.name)")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_opens_from_disk_where_its_sender_was() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let recording = sample("state-with-failed-patch");
    let file = report(folder.path(), &recording, &["--at", "?exchange=0&seq=8&side=chat"]);
    let page = open(folder.path(), &file).await;
    page.wait_for("[data-pane=inspect][data-state=ready][data-as-of='8']")
        .await;
    page.wait_for("[data-pane=chat][data-state=ready]").await;
    page.wait_for("[data-report]").await;
    page.press(key::RIGHT).await;
    page.wait_until(
        "the playhead moves",
        "document.querySelector('[data-pane=inspect]').dataset.asOf !== '8'",
    )
    .await;
    for absent in ["[data-screen-tab=replay]", "[data-serve]", "[data-open-file]", "#story"] {
        let found = page.client.find_all(fantoccini::Locator::Css(absent)).await;
        assert!(found.expect("a selector is understood").is_empty(), "{absent} is there");
    }
    page.click("[data-screen-tab=library]").await;
    page.wait_for(".lib-row[data-exchange='0']").await;
    assert_eq!(loaded(&page).await, json!([]), "a report loads nothing");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recording_is_given_back_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let recording = sample("tool-call-parallel");
    let file = report(folder.path(), &recording, &[]);
    let page = open(folder.path(), &file).await;
    page.wait_for("[data-pane=inspect][data-state=ready]").await;
    page.eval(
        "const made = URL.createObjectURL; \
         URL.createObjectURL = (blob) => { blob.text().then(text => { window.saved = text; }); return made(blob); };",
    )
    .await;
    page.click("[data-export]").await;
    page.wait_until("the recording is saved", "window.saved").await;
    let saved = page.eval("return window.saved").await;
    let again = folder.path().join("again.agui.jsonl");
    fs::write(&again, saved.as_str().expect("it is text")).expect("a file can be written");
    let diff = scrubjay([
        "diff".as_ref(),
        recording.as_os_str(),
        again.as_os_str(),
        "--level=wire".as_ref(),
    ]);
    assert_eq!(diff.status, Some(0), "{}{}", diff.stdout, diff.stderr);
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_exchanges_are_a_library_and_two_recordings_a_comparison() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = report(folder.path(), &sample("interrupt-and-resume"), &[]);
    let page = open(folder.path(), &file).await;
    page.wait_for(".lib-row[data-exchange='1']").await;
    page.close().await;

    let other = sample("state-with-failed-patch");
    let other = ["--beside", &*other.to_string_lossy()];
    let file = report(folder.path(), &sample("shared-state"), &other);
    let page = open(folder.path(), &file).await;
    page.wait_for("[data-pane=compare-lanes][data-state=ready]").await;
    page.press(ENTER).await;
    page.wait_for("[data-pane=pair][data-state=ready]").await;
    page.close().await;
}

/// What would run, load or hide something if it were taken for markup.
const HOSTILE: &str = "</script><script>window.ran = 1</script><img src=x onerror='window.ran = 1'>\
                       </style><style>body{display:none}</style><!--<script>\u{202e}txt.exe\u{0}\u{1b}[2J";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_runs_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let events = [
        json!({"type": "RUN_STARTED", "threadId": HOSTILE, "runId": HOSTILE}),
        json!({"type": "TEXT_MESSAGE_START", "messageId": HOSTILE, "role": "assistant"}),
        json!({"type": "TEXT_MESSAGE_CONTENT", "messageId": HOSTILE, "delta": HOSTILE}),
        json!({"type": "TEXT_MESSAGE_END", "messageId": HOSTILE}),
        json!({"type": "STATE_SNAPSHOT", "snapshot": {HOSTILE: HOSTILE}}),
        json!({"type": "CUSTOM", "name": "large", "value": "x".repeat(50 << 20)}),
        json!({"type": "RUN_FINISHED", "threadId": HOSTILE, "runId": HOSTILE}),
    ];
    let mut lines = json!({"kind": "header", "schemaVersion": 1, "tool": HOSTILE, "transport": "sse"}).to_string();
    let input =
        json!({"threadId": HOSTILE, "runId": HOSTILE, "messages": [{"id": "u", "role": "user", "content": HOSTILE}]});
    let request = json!({"kind": "request", "connId": "c1", "tMs": 0, "method": "POST", "url": "http://a/</script>", "input": input});
    lines.push_str(&format!("\n{request}\n"));
    for (number, event) in (1..).zip(&events) {
        let line = json!({"kind": "event", "connId": "c1", "seq": number, "tMs": number, "event": event});
        lines.push_str(&format!("{line}\n"));
    }
    let recording = folder.path().join("hostile.agui.jsonl");
    fs::write(&recording, lines).expect("a file can be written");
    let file = report(folder.path(), &recording, &["--at", "5"]);
    let html = fs::read_to_string(&file).expect("a report is UTF-8");
    assert!(
        !html.contains("<img") && !html.contains("window.ran = 1</script>"),
        "it stands in the file as markup"
    );
    assert!(
        html.contains("&lt;script&gt;window.ran = 1"),
        "it stands in the story as text"
    );

    let page = open(folder.path(), &file).await;
    page.wait_for("[data-pane=inspect][data-state=ready][data-as-of='5']")
        .await;
    page.click("[data-tab=chat]").await;
    page.wait_for("[data-pane=chat][data-state=ready]").await;
    let said = page.text("[data-pane=chat]").await;
    assert!(said.contains("<script>window.ran = 1</script>"), "{said}");
    page.press(key::END).await;
    page.wait_for("[data-pane=inspect][data-as-of='7']").await;
    assert_eq!(page.eval("return typeof window.ran").await, "undefined");
    assert_eq!(loaded(&page).await, json!([]));
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_in_a_report() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = report(folder.path(), &sample("state-with-failed-patch"), &[]);
    let page = open(folder.path(), &file).await;
    let mut audit = Audit::default();
    page.wait_for("[data-pane=inspect][data-state=ready]").await;
    audit.view(&page, "report, inspect").await;
    page.click("[data-screen-tab=library]").await;
    page.wait_for(".lib-row[data-exchange='0']").await;
    audit.view(&page, "report, library").await;
    page.close().await;
    audit.end();
}
