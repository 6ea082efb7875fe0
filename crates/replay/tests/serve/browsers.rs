//! Pages on another origin.

use crate::stage::{Made, Stage, adapted, ask, event};

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
