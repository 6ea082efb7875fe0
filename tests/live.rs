//! AG2 behind CopilotKit, live: recorded at both hops, carried over, compared
//! with itself, and put in the place of what was recorded.
//!
//! ```text
//! page in Chromium ──▶ recorder ──▶ CopilotKit's runtime ──▶ recorder ──▶ AG2 on FastAPI ──▶ scripted model
//! ```

mod stage;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use stage::{
    Page, agents, chat,
    cli::{fine, scrubjay},
    node,
    record::{Recording, read},
    replay::Replaying,
    web::page_server,
};

const RUNTIME: &str = "tests/copilotkit/front.mjs";
/// Answered by the agent with a tool of its own.
const WEATHER: &str = "What is the weather in Vienna?";
/// Answered with a tool of the page, and an answer once its result has come.
const BACKGROUND: &str = "Make the background orange";

/// What is asked of an agent, and what then has happened.
struct Session {
    questions: &'static [&'static str],
    runs: usize,
    tools: &'static [&'static str],
}

#[tokio::test(flavor = "multi_thread")]
async fn ag2_as_autogen_without_a_content_type() {
    let recorded = Recorded::of(
        "autogen",
        Session {
            questions: &[WEATHER, BACKGROUND],
            runs: 3,
            tools: &["get_weather", "change_background"],
        },
    )
    .await;
    let first = runs(&recorded.agent)[0]["index"].to_string();
    let head = read(&recorded.agent, "show", &["--exchange", &first]).remove(0);
    assert!(
        !has_field(&head["response"], "content-type"),
        "this package names no type, or the test shows nothing: {head}"
    );
    recorded.holds_what_it_says().await;
}

/// Without the page's tool: `pendingToolCallIds`, which this package writes
/// then, is refused by the client of CopilotKit 1.75.
#[tokio::test(flavor = "multi_thread")]
async fn ag2_as_ag2() {
    let session = Session {
        questions: &[WEATHER, "hello"],
        runs: 2,
        tools: &["get_weather"],
    };
    Recorded::of("ag2", session).await.holds_what_it_says().await;
}

/// One conversation, recorded at both hops.
struct Recorded {
    folder: tempfile::TempDir,
    /// Origin of the page.
    origin: String,
    session: Session,
    /// What passed between the page and the runtime.
    page: PathBuf,
    /// What passed between the runtime and the agent.
    agent: PathBuf,
    /// What the page showed.
    shown: Vec<String>,
}

impl Recorded {
    async fn of(package: &str, session: Session) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let path = |name: &str| folder.path().join(name);
        let (page, agent) = (path("page.db"), path("agent.db"));
        let origin = page_server(&path("bundle")).await;
        let (_agent, agent_origin) = agents::start(package, &[]);
        let at_agent = Recording::start(&agent, &agent_origin, &[]);
        let (_runtime, runtime_origin) = node::serve(RUNTIME, &[&format!("{}/chat/", at_agent.url)]);
        let at_page = Recording::start(&page, &runtime_origin, &[]);
        let shown = converse(&origin, &at_page.url, &path("live"), session.questions).await;
        assert_eq!(at_page.stop(), 0, "the recorder should end cleanly");
        assert_eq!(at_agent.stop(), 0, "the recorder should end cleanly");
        Self {
            folder,
            origin,
            session,
            page,
            agent,
            shown,
        }
    }

    async fn holds_what_it_says(&self) {
        for store in [&self.page, &self.agent] {
            self.is_read(store);
            is_carried_over(store);
            is_equal(store, store);
        }
        self.is_replayed_in_place_of_the_runtime().await;
        self.is_replayed_in_place_of_the_agent().await;
        self.is_stepped_by_hand().await;
        self.is_held_in_front_of_the_runtime().await;
    }

    /// Frames, tools and text are there, as runs.
    fn is_read(&self, store: &Path) {
        let runs = runs(store);
        assert_eq!(runs.len(), self.session.runs, "{runs:?}");
        let (mut tools, mut said) = (Vec::new(), Vec::new());
        for run in &runs {
            assert_eq!(run["status"], 200, "{run}");
            assert_eq!(run["ending"], "complete", "{run}");
            assert!(run["frames"].as_u64() > Some(2), "{run}");
            let index = run["index"].to_string();
            let spans = read(store, "spans", &["--exchange", &index]);
            for span in spans.iter().filter(|span| span["kind"] == "tool") {
                assert_eq!(span["open"], false, "a call that got its result is at its end: {span}");
                tools.push(span["name"].as_str().unwrap_or("a tool without a name").to_owned());
            }
            let texts = spans.iter().filter(|span| span["kind"] == "message");
            said.extend(texts.filter_map(|span| Some(span["text"].as_str()?.trim().to_owned())));
            let at = run["frames"].to_string();
            let state = read(store, "state", &["--exchange", &index, "--at", &at]).remove(0);
            assert_eq!(state["stopped"], Value::Null, "the client should read it all: {state}");
        }
        assert_eq!(tools, self.session.tools);
        assert_eq!(said, self.shown, "the recording says what the page showed");
    }

    async fn is_replayed_in_place_of_the_runtime(&self) {
        let replay = Replaying::start(&self.page, &["--strict"]);
        let shown = converse(
            &self.origin,
            &replay.url,
            &self.folder.path().join("at-page"),
            self.session.questions,
        )
        .await;
        assert_eq!(shown, self.shown);
        assert_eq!(replay.stop(), 0, "each run was asked for: {:?}", all(&self.page));
    }

    async fn is_replayed_in_place_of_the_agent(&self) {
        let replay = Replaying::start(&self.agent, &["--strict"]);
        let (_runtime, runtime) = node::serve(RUNTIME, &[&format!("{}/chat/", replay.url)]);
        let shown = converse(
            &self.origin,
            &runtime,
            &self.folder.path().join("at-agent"),
            self.session.questions,
        )
        .await;
        assert_eq!(shown, self.shown);
        assert_eq!(replay.stop(), 0, "each run was asked for: {:?}", all(&self.agent));
    }

    /// One key, one event, in the page: each word comes with its key and not before.
    async fn is_stepped_by_hand(&self) {
        let (replay, mut keys) = Replaying::start_by_hand(&self.page, &["--pace", "step"]);
        let page = self.open(&replay.url, "step").await;
        chat::ask(&page, WEATHER).await;
        let mut seen = 0;
        let whole = &self.shown[0];
        let mut words = 0;
        loop {
            let held = replay.held(&mut seen).await;
            let event: Value =
                serde_json::from_str(held["text"].as_str().expect("a held event has its text")).unwrap_or(Value::Null);
            let before = chat::shown(&page).await.concat();
            assert!(
                before.split_whitespace().count() <= words,
                "`{before}` before the key for {event}"
            );
            keys.write_all(b"\n").expect("the replay reads its keys");
            if held["type"] == "TEXT_MESSAGE_CONTENT" {
                words += event["delta"].as_str().expect("a delta").split_whitespace().count();
                let expected: Vec<&str> = whole.split_whitespace().take(words).collect();
                if words > 1 {
                    page.wait_until(
                        &format!("it shows {words} words"),
                        &format!("document.body.innerText.includes({})", Value::from(expected.join(" "))),
                    )
                    .await;
                }
            }
            if held["type"] == "RUN_FINISHED" {
                break;
            }
        }
        assert_eq!(chat::answers(&page, 1).await, self.shown[..1]);
        page.close().await;
        assert_eq!(replay.stop(), 0);
    }

    /// A stream stops where the filter says and goes on with a key, through the runtime too.
    async fn is_held_in_front_of_the_runtime(&self) {
        let (replay, mut keys) =
            Replaying::start_by_hand(&self.agent, &["--pace", "instant", "--hold", "TOOL_CALL_RESULT"]);
        let (_runtime, runtime) = node::serve(RUNTIME, &[&format!("{}/chat/", replay.url)]);
        let page = self.open(&runtime, "hold").await;
        chat::ask(&page, WEATHER).await;
        let held = replay.held(&mut 0).await;
        assert_eq!(held["type"], "TOOL_CALL_RESULT", "{held}");
        assert_eq!(
            chat::shown(&page).await,
            Vec::<String>::new(),
            "nothing was said before the result"
        );
        keys.write_all(b"g\n").expect("the replay reads its keys");
        assert_eq!(chat::answers(&page, 1).await, self.shown[..1]);
        page.close().await;
        assert_eq!(replay.stop(), 0);
    }

    async fn open(&self, runtime: &str, profile: &str) -> Page {
        open(&self.origin, runtime, &self.folder.path().join(profile)).await
    }
}

async fn open(origin: &str, runtime: &str, profile: &Path) -> Page {
    let url = format!("{origin}/?runtime={runtime}/api/copilotkit");
    Page::tab(&url, profile, (1000, 800)).await
}

/// Asks these in a new page, and gives the answers that it shows.
async fn converse(origin: &str, runtime: &str, profile: &Path, questions: &[&str]) -> Vec<String> {
    let page = open(origin, runtime, profile).await;
    let mut shown = Vec::new();
    for question in questions {
        chat::ask(&page, question).await;
        shown = chat::answers(&page, shown.len() + 1).await;
    }
    assert!(shown[0].contains("Partly cloudy"), "{shown:?}");
    if questions.contains(&BACKGROUND) {
        let background = page.eval("return document.body.dataset.background").await;
        assert_eq!(background, "rgb(255, 126, 95)", "the page's tool should have run");
        assert!(shown[1].contains("rgb(255, 126, 95)"), "{shown:?}");
    }
    page.close().await;
    shown
}

/// The file and the store that it is imported into hold the same.
fn is_carried_over(store: &Path) {
    let file = store.with_extension("agui.jsonl");
    let again = store.with_extension("again.db");
    fine([
        "export".as_ref(),
        store,
        "-o".as_ref(),
        &file,
        "--redact".as_ref(),
        "none".as_ref(),
    ] as [&Path; 6]);
    let text = fs::read_to_string(&file).expect("the file was written");
    let events = text
        .lines()
        .filter(|line| line.starts_with(r#"{"kind":"event""#))
        .count();
    let frames: u64 = all(store)
        .iter()
        .filter_map(|exchange| exchange["frames"].as_u64())
        .sum();
    assert_eq!(events as u64, frames, "each frame is a line of the file");
    fine(["import".as_ref(), file.as_path(), "--store".as_ref(), &again]);
    let (before, after) = (all(store), all(&again));
    assert_eq!(after.len(), before.len());
    for (before, after) in before.iter().zip(&after) {
        for key in [
            "method", "target", "status", "ending", "threadId", "runs", "frames", "bytes", "chunks",
        ] {
            assert_eq!(after[key], before[key], "{key} of {before}");
        }
        let body = |store: &Path, of: &Value| {
            fine([
                "body".as_ref(),
                store.as_os_str(),
                "--exchange".as_ref(),
                of["index"].to_string().as_ref(),
            ])
        };
        assert_eq!(body(&again, after), body(store, before), "{before}");
    }
    is_equal(store, &file);
    is_equal(&file, &again);
}

/// Every exchange, runs or not.
fn all(source: &Path) -> Vec<Value> {
    read(source, "list", &["--all"])
}

/// Exchanges that carry a run.
fn runs(source: &Path) -> Vec<Value> {
    let mut exchanges = all(source);
    exchanges.retain(|exchange| {
        let target = exchange["target"].as_str().expect("the list has targets");
        !target.ends_with("/connect") && exchange["runs"].as_array().is_some_and(|runs| !runs.is_empty())
    });
    exchanges
}

fn has_field(head: &Value, name: &str) -> bool {
    let fields = head["headers"].as_array().expect("a head has fields");
    fields
        .iter()
        .any(|field| field[0].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// `diff` finds nothing at any level.
fn is_equal(a: &Path, b: &Path) {
    for level in ["behaviour", "state", "text", "wire"] {
        let done = scrubjay(["diff".as_ref(), a, b, "--level".as_ref(), level.as_ref()] as [&Path; 5]);
        assert_eq!(
            done.status,
            Some(0),
            "{level} of {} and {}: {done:?}",
            a.display(),
            b.display()
        );
    }
}
