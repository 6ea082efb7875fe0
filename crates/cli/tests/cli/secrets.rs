//! Credentials pass, and nothing that is written down or printed has them.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    thread,
};

use crate::{process::Process, stage::Stage};

/// What must not be found anywhere; `§` stands for it below.
const SECRET: &str = "s3cr3tV4lu3";

/// Targets, and what of each stays readable.
const TARGETS: &[&str] = &[
    "/run?%74oken=§",
    "/run?to%4Ben=§",
    "/run?api%2Dkey=§",
    "/run;token=§/x?a=kept",
    "/run?a=1;token=§",
    "/run?key=§",
    "/run?sig=§",
    "/run?jwt=§",
    "/run?code=§&state=kept",
    "/run?auth=§",
    "/run?auth[user]=§",
    "/run?pwd=§",
    "/run?credential=§",
    "/run?X-Amz-Signature=§&X-Amz-Date=kept",
    "/run?%2574oken=§",
    "/run?next=https%3A%2F%2Fh%2F%3Ftoken%3D§",
    "/run?input=%7B%22apiKey%22%3A%22§%22%7D",
];

const FIELDS: &[&str] = &[
    "Authorization: Bearer §",
    "Cookie: a=§",
    "X-Auth: §",
    "X-Jwt: §",
    "X-Access-Key: §",
    "X-Auth-Key: §",
    "X-Signature: §",
    "X-Api.Key: §",
    "X-Original-Url: /a?%74oken=§",
    "Referer: https://u:§@h/?key=§#access_token=§",
    "X-Forwarded-Credentials: §",
    "X-Proxied: Bearer §",
    "X-Context: {\"accessToken\": \"§\"}",
    "Sec-WebSocket-Protocol: v1, base64url.bearer.authorization.k8s.io.§",
];

const ANSWERED: &[&str] = &[
    "Location: https://h/cb?state=kept#access_token=§",
    "Link: <https://h/?page=2&sig=§>; rel=\"next\"",
    "Set-Cookie: a=§; Path=/",
    "Refresh: 5; url=/x?token=§",
    "Content-Location: //u:§@h/x",
];

/// Answers with such fields, and trailers.
fn agent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|len| len > 0) {
                head.push(byte[0]);
            }
            let got = String::from_utf8_lossy(&head).matches(SECRET).count();
            let fields = with_secret(ANSWERED).join("\r\n");
            let body = format!("data: {{\"got\":{got}}}\n\n");
            let answer = format!(
                "HTTP/1.1 302 Found\r\ncontent-type: text/event-stream\r\ntrailer: x-jwt\r\ntransfer-encoding: chunked\r\n\
                 connection: close\r\n{fields}\r\n\r\n{:x}\r\n{body}\r\n0\r\nX-Jwt: {SECRET}\r\n\r\n",
                body.len()
            );
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    format!("http://{address}")
}

fn with_secret(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.replace('§', SECRET)).collect()
}

/// Sends a request as it stands, and gives the answer.
fn ask(url: &str, target: &str, fields: &[String]) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET {target} HTTP/1.1\r\nhost: {address}\r\nte: trailers\r\nconnection: close\r\n{}\r\n\r\n",
        fields.join("\r\n")
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Files below a folder that hold the secret.
fn leaks(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(leaks(&path));
        } else if fs::read(&path)
            .unwrap()
            .windows(SECRET.len())
            .any(|part| part == SECRET.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// What the reading commands say of a store.
fn said(stage: &Stage, source: &str, count: usize) -> String {
    let mut said = stage.said(&format!("list {source} --all"));
    said.push_str(&stage.said(&format!("list {source} --all --json")));
    for index in 1..=count {
        for format in ["text", "json"] {
            said.push_str(&stage.said(&format!("show {source} --exchange {index} --format {format}")));
        }
    }
    said
}

#[test]
fn what_is_secret_passes_and_is_nowhere_afterwards() {
    let stage = Stage::new();
    let args = format!("record --upstream {} --listen 127.0.0.1:0 --store s.db --json", agent());
    let mut recorder = Process::start(stage.command(args.split_whitespace()));
    recorder.read_on();
    let fields = with_secret(FIELDS);
    let sent: usize = fields.iter().map(|field| field.matches(SECRET).count()).sum();
    for target in with_secret(TARGETS) {
        let answer = ask(&recorder.url(), &target, &fields);
        assert!(
            answer.contains(&format!("{{\"got\":{}}}", sent + 1)),
            "{target}: upstream gets all: {answer}"
        );
        for field in with_secret(ANSWERED) {
            let (name, value) = field.split_once(": ").unwrap();
            let arrives = answer.lines().any(|line| {
                line.split_once(": ")
                    .is_some_and(|(one, other)| one.eq_ignore_ascii_case(name) && other == value)
            });
            assert!(arrives, "{target}: the client gets {field}: {answer}");
        }
    }
    // Before it is in the store it lies in the spool.
    assert_eq!(leaks(&stage.path(".")), [""; 0]);
    let ended = recorder.stop("-TERM");
    assert_eq!(ended.stderr, "");
    let lines: Vec<String> = recorder.last_lines().iter().map(ToString::to_string).collect();
    assert!(!lines.concat().contains(SECRET));
    stage.said("export s.db --redact none -o out.agui.jsonl");
    assert_eq!(leaks(&stage.path(".")), [""; 0]);
    let said = said(&stage, "s.db", TARGETS.len());
    assert!(!said.contains(SECRET));
    for kept in [
        "/run;token=scrubjay-fp:",
        "/x?a=kept",
        "&state=kept",
        "X-Amz-Date=kept",
        "page=2&sig=scrubjay-fp:",
        "v1, base64url.bearer",
    ] {
        assert!(said.contains(kept), "{kept} stays: {said}");
    }
}

#[test]
fn an_import_is_covered_like_a_recording() {
    let stage = Stage::new();
    let pairs = |fields: &[&str]| -> Vec<(String, String)> {
        let fields = with_secret(fields);
        fields
            .iter()
            .map(|field| {
                field
                    .split_once(": ")
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .unwrap()
            })
            .collect()
    };
    let mut file = "{\"kind\":\"header\",\"schemaVersion\":1}\n".to_owned();
    for (place, target) in with_secret(TARGETS).into_iter().enumerate() {
        let line = serde_json::json!({"kind": "request", "connId": format!("c{place}"), "tMs": 0, "method": "POST",
            "url": format!("http://u:{SECRET}@h{target}"), "input": null, "scrubjay": {"startedAt": "2026-01-01T00:00:00Z",
            "source": "s", "upstream": format!("http://u:{SECRET}@h"), "ending": "complete",
            "request": {"target": target, "version": "HTTP/1.1", "headers": pairs(FIELDS), "deliveredHeaders": pairs(FIELDS)},
            "response": {"status": 200, "version": "HTTP/1.1", "atUs": 1, "headers": pairs(ANSWERED)},
            "trailers": pairs(&["X-Jwt: §"])}});
        file.push_str(&format!("{line}\n"));
    }
    stage.put("in.agui.jsonl", file.as_bytes());
    stage.run("import in.agui.jsonl --store s.db");
    fs::remove_file(stage.path("in.agui.jsonl")).unwrap();
    assert_eq!(leaks(&stage.path(".")), [""; 0]);
    let first = said(&stage, "s.db", TARGETS.len());
    assert!(first.contains("scrubjay-fp:") && !first.contains(SECRET));
    // Fingerprints stay what they are in another store.
    stage.said("export s.db --redact none -o out.agui.jsonl");
    stage.said("import out.agui.jsonl --store t.db");
    assert_eq!(said(&stage, "t.db", TARGETS.len()), first);
    // What was taken once is known when it comes again.
    let again = stage.run("import out.agui.jsonl --store t.db");
    assert!(String::from_utf8_lossy(&again.stderr).contains("here already"));
}

#[test]
fn lines_of_commands_leave_out_what_an_address_holds() {
    let stage = Stage::new();
    stage.put("input.json", b"{\"threadId\":\"t\",\"runId\":\"r\",\"state\":{},\"messages\":[],\"tools\":[],\"context\":[],\"forwardedProps\":{}}");
    for format in ["text", "json", "sarif", "junit"] {
        let url = format!("http://127.0.0.1:1/agent?%74oken={SECRET}&a=1");
        let output = stage
            .command(["check", "--url", &url, "--input", "input.json", "--format", format])
            .output()
            .unwrap();
        let all = [output.stdout, output.stderr].concat();
        assert!(
            !String::from_utf8_lossy(&all).contains(SECRET),
            "{format}: {}",
            String::from_utf8_lossy(&all)
        );
    }
    let line = "{\"kind\":\"request\",\"connId\":\"c\",\"tMs\":0,\"method\":\"POST\",\"url\":\"http://h/agent\",\"input\":null}\n";
    stage.put("a.agui.jsonl", line.as_bytes());
    let replay = "replay a.agui.jsonl --listen 127.0.0.1:0 --json";
    let mut replay = Process::start(stage.command(replay.split_whitespace()));
    replay.read_on();
    for target in with_secret(TARGETS) {
        ask(&replay.url(), &target, &with_secret(FIELDS));
        let line = replay.next_with("request").to_string();
        assert!(!line.contains(SECRET), "{target}: {line}");
    }
    let ended = replay.stop("-TERM");
    assert!(!ended.stderr.contains(SECRET), "{}", ended.stderr);
}
