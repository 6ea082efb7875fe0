//! Pages on another origin.

use std::sync::Arc;

use scrubjay_proxy::{Source, Upstream};
use scrubjay_replay::{
    MatchOptions,
    serve::{Origins, ServeConfig},
};
use scrubjay_testkit::{MemoryRecorder, ScriptedAgent};

use crate::stage::{Made, Stage, adapted, ask, event, exactly};

const ORIGIN: &str = "origin: http://localhost:3000\r\n";

#[tokio::test]
async fn a_preflight_is_answered_for_todays_page() {
    let stage = Stage::serving(&[Made::run("t", "hi", &[&event("{}")])], adapted());
    let preflight = "OPTIONS /agent HTTP/1.1\r\nhost: x\r\norigin: http://localhost:3000\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type,x-mine\r\n\r\n";
    let mut client = stage.ask(preflight).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 204"), "{head}");
    for line in [
        "access-control-allow-origin: http://localhost:3000",
        "access-control-allow-methods: POST",
        "access-control-allow-headers: content-type,x-mine",
        "access-control-allow-credentials: true",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert_eq!(stage.serving.answers(), 0, "a preflight asks for nothing");
}

#[tokio::test]
async fn an_answer_gets_what_the_page_needs_and_nothing_twice() {
    let bare = Made::run("t", "bare", &[&event("{}")]);
    let open = Made::run("t2", "open", &[&event("{}")]).with_header("access-control-allow-origin", "*");
    let stage = Stage::serving(&[bare, open], adapted());
    for (prompt, expected) in [("bare", "http://localhost:3000"), ("open", "*")] {
        let answer = stage.answer(&ask(prompt, prompt, ORIGIN)).await;
        assert_eq!(answer.values("access-control-allow-origin"), [expected], "{prompt}");
    }
    let miss = stage.answer(&ask("x", "nothing", ORIGIN)).await;
    assert_eq!(miss.values("access-control-allow-origin"), ["http://localhost:3000"]);
    let plain = stage.answer(&ask("bare", "bare", "")).await;
    assert_eq!(plain.values("access-control-allow-origin"), [""; 0]);
}

/// What gives a page of another machine away, one a line.
const FOREIGN: [&str; 10] = [
    "origin: https://evil.example\r\n",
    "origin: null\r\n",
    "origin: http://localhost.evil.example:3000\r\n",
    "origin: http://192.168.0.7:3000\r\n",
    "origin: http://frontend\r\n",
    "origin: http://localhost:3000\r\norigin: https://evil.example\r\n",
    "sec-fetch-site: cross-site\r\n",
    "sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\n",
    "sec-fetch-site: same-site\r\nreferer: https://evil.example/\r\n",
    "origin: https://evil.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
];

fn secret_runs() -> [Made; 2] {
    let body = event(r#"{"type":"RAW","event":"recorded secret"}"#);
    let run = |thread: &str, prompt: &str| {
        Made::run(thread, prompt, &[&body])
            .with_header("access-control-allow-origin", "*")
            .with_header("access-control-allow-credentials", "true")
    };
    [run("t", "hi"), run("t2", "recorded prompt")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_machine_reads_nothing_and_uses_nothing_up() {
    for options in [adapted(), exactly()] {
        let once = MatchOptions {
            strict: true,
            ..MatchOptions::default()
        };
        let stage = Stage::ruled(&secret_runs(), options, once);
        for fields in FOREIGN {
            for prompt in ["hi", "what comes close to the recorded prompt"] {
                let answer = stage.answer(&ask("x", prompt, fields)).await;
                let (head, text) = (&answer.head, answer.text());
                assert_eq!(answer.status(), 403, "{fields}: {head}");
                assert!(
                    !head.to_ascii_lowercase().contains("access-control-"),
                    "{fields}: {head}"
                );
                assert!(!text.contains("recorded "), "{fields}: {text}");
                assert!(text.contains("--allow-origin"), "it says what to do: {text}");
            }
        }
        assert_eq!(stage.serving.unused(), [0, 1], "no answer was used up");
        assert!(stage.serving.misses().is_empty(), "and nothing was looked for");
        assert_eq!(stage.serving.answers(), 2 * FOREIGN.len() as u64, "each has a line");
        for (prompt, origin) in [("hi", ORIGIN), ("recorded prompt", "")] {
            let answer = stage.answer(&ask(prompt, prompt, origin)).await;
            assert!(answer.text().contains("recorded secret"), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_preflight_of_another_machine_opens_nothing() {
    let stage = Stage::serving(&secret_runs(), adapted());
    let preflight = "OPTIONS /agent HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\naccess-control-request-headers: content-type\r\naccess-control-request-private-network: true\r\n\r\n";
    let mut client = stage.ask(preflight).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("access-control-"), "{head}");
    let why = &stage.serving.answered_after(0)[0].why;
    assert!(why.contains("https://evil.example"), "the log names the page: {why}");
    let welcome = preflight.replace("https://evil.example", "http://127.0.0.1:3000");
    let mut client = stage.ask(&welcome).await;
    let head = client.until("\r\n\r\n").await;
    assert!(head.contains("access-control-allow-private-network: true"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_machine_asks_the_fallback_nothing() {
    let (agent, recorder) = (ScriptedAgent::playing(vec![]).await, MemoryRecorder::default());
    let source = Source::new("fallback", Upstream::parse(&agent.url()).unwrap());
    let stage = Stage::open(ServeConfig {
        fallback: Some((source, Arc::new(recorder))),
        ..ServeConfig::new(Stage::matcher(&secret_runs(), MatchOptions::default()), adapted())
    });
    for fields in FOREIGN {
        assert_eq!(
            stage.answer(&ask("x", "unknown", fields)).await.status(),
            403,
            "{fields}"
        );
    }
    assert_eq!(agent.connections(), 0);
}

#[tokio::test]
async fn a_page_that_was_named_reads_the_answer() {
    let named = "https://app.example".parse().unwrap();
    let stage = Stage::open(ServeConfig {
        origins: Origins::with(vec![named]),
        ..ServeConfig::new(Stage::matcher(&secret_runs(), MatchOptions::default()), adapted())
    });
    let answer = stage.answer(&ask("x", "hi", "origin: https://app.example\r\n")).await;
    assert_eq!(answer.status(), 200);
    let other = stage.answer(&ask("x", "hi", "origin: https://other.example\r\n")).await;
    assert_eq!(other.status(), 403);
}
