//! A program that records and is asked meanwhile: uploads that cost, and
//! questions about what is being recorded.

use std::{io::Read as _, net::TcpStream};

use crate::{
    agent::{Agent, BODY, ask, post},
    attacks,
    bombs::bomb,
    page::Page,
    process::Process,
    serving::has_page,
    stage::Stage,
};

/// `scrubjay serve` with a source, and its page.
struct Served {
    process: Process,
    page: Page,
    source: String,
}

impl Served {
    fn start(stage: &Stage, agent: &Agent) -> Self {
        let args = format!(
            "serve --store s.db --listen 127.0.0.1:0 --upstream {} --json",
            agent.url()
        );
        let process = Process::start(stage.command(args.split(' ')));
        Self {
            page: Page::enter(&process.url()),
            source: process.ready["sources"][0]["url"].as_str().unwrap().to_owned(),
            process,
        }
    }
}

/// Reads an answer that has begun until this stands in it.
fn read_until(stream: &mut TcpStream, end: &str) {
    let (mut seen, mut some) = (String::new(), [0; 64 << 10]);
    while !seen.contains(end) {
        let len = stream.read(&mut some).unwrap();
        assert!(len > 0, "the answer ended early");
        // Only its end is looked at.
        let kept = seen.len().saturating_sub(end.len());
        seen = seen[kept..].to_owned() + std::str::from_utf8(&some[..len]).unwrap();
    }
}

#[test]
fn a_source_goes_on_while_bombs_are_uploaded() {
    let stage = Stage::new();
    if !has_page(&stage) {
        return;
    }
    let end = BODY.find("data: {\"type\":\"TEXT_MESSAGE_END\"").unwrap();
    let (agent, held) = Agent::holding(&BODY[..end], &BODY[end..]);
    let mut served = Served::start(&stage, &agent);
    let mut recorded = ask(&served.source);
    read_until(&mut recorded, "Hello");

    for (bomb, limit) in [
        (bomb(b"\n", 64 << 20), "200 times its size, the limit"),
        (bomb(b"x", 64 << 20), "200 times its size, the limit"),
        (bomb(b"{\"kind\":\"request\"}\n", 64 << 20), "the limit"),
    ] {
        let (status, said) = served.page.post("/api/import?name=bomb.agui.jsonl.gz", &bomb);
        let said = String::from_utf8(said).unwrap();
        assert_eq!(status, 422, "{said}");
        assert!(said.contains(limit) && said.contains("--max-size"), "{said}");
    }
    held.open();
    read_until(&mut recorded, "RUN_FINISHED");
    let ended = served.process.stop("-TERM");
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(stage.said("body s.db"), BODY);
    let rows = stage.json("list s.db --json --all");
    assert_eq!(rows.len(), 1, "nothing of a bomb is taken: {rows:?}");
    assert_eq!(rows[0]["ending"], "complete");
}

#[test]
fn a_hostile_stream_is_asked_about_while_it_arrives() {
    const CALLS: usize = 30_000;
    let stage = Stage::new();
    if !has_page(&stage) {
        return;
    }
    let body = attacks::open_calls(CALLS);
    let last = format!("\"c{}\"", CALLS - 1);
    let (agent, held) = Agent::holding(&body, "data: {\"type\":\"RUN_FINISHED\"}\n\n");
    let mut served = Served::start(&stage, &agent);
    let mut recorded = ask(&served.source);
    read_until(&mut recorded, &last);

    // The run is open, and so are all of its calls.
    let rows = stage.json("list s.db --json");
    assert_eq!(rows[0]["ending"], "open", "{rows:?}");
    let opened = served.page.open(1).unwrap();
    assert!(opened["frames"].as_u64().unwrap() > 0, "{opened}");
    held.open();
    read_until(&mut recorded, "RUN_FINISHED");
    // A second stream passes as the first did.
    assert!(post(&served.source).contains("RUN_FINISHED"));
    let ended = served.process.stop("-TERM");
    assert!(ended.status.success(), "{}", ended.stderr);
    let rows = stage.json("list s.db --json --all");
    let frames: Vec<_> = rows.iter().map(|row| row["frames"].as_u64().unwrap()).collect();
    assert_eq!(frames, [CALLS as u64 + 2; 2]);
}
