//! Serving, as far as the command line has a say in it: addresses, the ready line, the end.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    agent::{Agent, BODY, post},
    files::{file_of, made_up},
    stage::Stage,
};

/// Sends a request to an address and gives the answer's head and body.
pub(crate) fn send(method: &str, url: &str, fields: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head =
        format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 0\r\n{fields}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Posts the token of a printed address, as the page does.
pub(crate) fn enter(url: &str) -> String {
    let (origin, token) = url.split_once("/?token=").unwrap();
    send(
        "POST",
        &format!("{origin}/api/enter"),
        &format!("x-scrubjay-token: {token}\r\n"),
    )
}

/// Whether the page was built before the program was. If it was not, serving
/// must say how to build it.
pub(crate) fn has_page(stage: &Stage) -> bool {
    if !scrubjay_door::is_built() {
        let said = stage.transcript("serve --store s.db --listen 127.0.0.1:0");
        assert!(
            said.contains("error: This program was built without the page."),
            "{said}"
        );
        assert!(
            said.contains("cargo xtask ui") && said.ends_with("[exit 2]\n"),
            "{said}"
        );
    }
    scrubjay_door::is_built()
}

#[test]
fn an_address_that_makes_no_sense_or_is_taken_is_reported() {
    let stage = Stage::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in ["nowhere".to_owned(), held.local_addr().unwrap().to_string()] {
        let output = stage.run(&format!("serve --store s.db --listen {address}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(said.starts_with("error: ") && said.contains("\nhint: "), "{said}");
        assert!(!has_page(&stage) || said.contains(&address), "{said}");
    }
}

#[test]
fn the_page_is_served_and_a_source_records() {
    let stage = Stage::new();
    if !has_page(&stage) {
        return;
    }
    let agent = Agent::start();
    let args = format!(
        "serve --store s.db --listen 127.0.0.1:0 --upstream agent={} --json",
        agent.url()
    );
    let mut child = stage.command(args.split(' ')).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let url = ready["url"].as_str().unwrap();
    // A preview of a link only looks at the address, which uses nothing up.
    for method in ["HEAD", "GET", "HEAD", "GET"] {
        let page = send(method, url, "");
        assert!(page.starts_with("HTTP/1.1 200"), "{method}: {page}");
        assert!(!page.to_ascii_lowercase().contains("set-cookie"), "{method}: {page}");
    }
    assert!(enter(url).contains("{\"token\":\""), "the token works");
    assert!(enter(url).starts_with("HTTP/1.1 403"), "the token works once");
    assert!(post(ready["sources"][0]["url"].as_str().unwrap()).starts_with("HTTP/1.1 200"));
    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(stage.said("body s.db"), BODY);
}

#[test]
fn a_file_is_served_too() {
    let stage = Stage::new();
    if !has_page(&stage) {
        return;
    }
    stage.put(
        "one.agui.jsonl",
        &file_of(&[made_up(b"data: {\"type\":\"RUN_STARTED\"}\n\n")]),
    );
    let mut child = stage
        .command(["serve", "one.agui.jsonl", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "showing one.agui.jsonl at");
    assert!(lines.next().unwrap().unwrap().contains("/?token="));
    assert!(
        Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
