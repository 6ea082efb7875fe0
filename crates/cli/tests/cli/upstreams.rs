//! Upstreams of every kind: behind TLS, below a path, given as a port, that
//! change their protocol, and that end in each way.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::Stdio,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use serde_json::Value;

use crate::{
    agent::{Agent, BODY, post},
    process::{Process, kill},
    stage::Stage,
};

fn recording(stage: &Stage, args: &str) -> Process {
    let args = format!("record {args} --listen 127.0.0.1:0 --store s.db --json");
    Process::start(stage.command(args.split_whitespace()))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// An agent behind TLS with a certificate of its own making, and that in PEM.
fn tls_agent() -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                let (mut asked, mut some) = (Vec::new(), [0; 4096]);
                while !asked.ends_with(b"}") {
                    match stream.read(&mut some) {
                        Ok(len @ 1..) => asked.extend_from_slice(&some[..len]),
                        _ => return,
                    }
                }
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
                let answer = format!("{head}content-length: {}\r\n\r\n{BODY}", BODY.len());
                stream.write_all(answer.as_bytes()).ok();
                stream.conn.send_close_notify();
                stream.flush().ok();
            });
        }
    });
    (address, pem("CERTIFICATE", &certificate))
}

#[test]
fn an_upstream_with_a_certificate_of_its_own_is_recorded_when_that_is_wanted() {
    let (address, certificate) = tls_agent();
    let upstream = format!("--upstream agent=https://localhost:{}", address.port());

    let stage = Stage::new();
    let mut process = recording(&stage, &upstream);
    let answer = post(&process.url());
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    let reason = format!(
        "TLS with https://localhost:{} failed: its certificate is self-signed",
        address.port()
    );
    assert!(answer.contains(&reason) && answer.contains("--cacert FILE"), "{answer}");
    process.stop("-INT");
    let shown = stage.json("show s.db --json").remove(0);
    assert_eq!(shown["findings"][0]["rule"], "transport.no_answer");
    assert_eq!(shown["findings"][0]["message"], reason);

    let stage = Stage::new();
    stage.put("own.pem", certificate.as_bytes());
    let mut process = recording(&stage, &format!("{upstream} --cacert own.pem"));
    assert!(post(&process.url()).ends_with(BODY));
    assert_eq!(process.stop("-INT").stderr, "");
    assert_eq!(stage.json("show s.db --json")[0].get("tlsUnverified"), None);

    let stage = Stage::new();
    let mut process = recording(&stage, &format!("{upstream} --insecure"));
    assert!(post(&process.url()).ends_with(BODY));
    let said = process.stop("-INT").stderr;
    assert!(said.contains("is NOT verified"), "{said}");
    assert_eq!(stage.json("show s.db --json")[0]["tlsUnverified"], true);
    stage.said("export s.db --redact none -o a.agui.jsonl");
    assert_eq!(stage.json("show a.agui.jsonl --json")[0]["tlsUnverified"], true);
    stage.said("import a.agui.jsonl --store t.db");
    assert_eq!(stage.json("list t.db --json")[0]["tlsUnverified"], true);
    assert!(stage.said("show t.db").contains("was NOT verified"));
}

#[test]
fn settings_of_tls_that_make_no_sense_are_reported() {
    let stage = Stage::new();
    stage.put("empty.pem", b"nothing");
    let check = |args: &str, sentence: &str| {
        let output = stage.run(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args}: {said}");
        assert!(said.contains(sentence), "{args}: {said}");
    };
    check(
        "record --upstream http://h --insecure",
        "--insecure is for https:// addresses, and there is none.",
    );
    check(
        "replay --cacert empty.pem",
        "--cacert is for https:// addresses, and there is none.",
    );
    check(
        "record --upstream https://h --cacert empty.pem",
        "holds no certificate in PEM form.",
    );
    check("record --upstream https://h --cacert none.pem", "none.pem");
    check("record --upstream https://h --cert empty.pem", "--key");
}

/// An agent that keeps the request lines that it gets.
fn listening_agent() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let kept = Arc::clone(&lines);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let head = String::from_utf8_lossy(&head(&mut stream)).into_owned();
            if head.is_empty() {
                // The source looked whether the port is open.
                continue;
            }
            kept.lock()
                .unwrap()
                .push(head.lines().next().unwrap_or_default().to_owned());
            stream.write_all(
                b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /agent/there\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ).ok();
        }
    });
    (address, lines)
}

fn head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    head
}

fn asked(url: &str, target: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_path_of_an_upstream_stands_before_what_is_asked_for() {
    let stage = Stage::new();
    let (address, lines) = listening_agent();
    let mut process = recording(&stage, &format!("--upstream agent=http://{address}/agent"));
    assert_eq!(
        process.ready["sources"][0]["upstream"],
        format!("http://{address}/agent")
    );
    let answer = asked(&process.url(), "/");
    assert!(answer.contains("location: /there\r\n"), "{answer}");
    asked(&process.url(), "/info?x=1");
    process.stop("-INT");
    assert_eq!(
        *lines.lock().unwrap(),
        ["GET /agent HTTP/1.1", "GET /agent/info?x=1 HTTP/1.1"]
    );
    let shown = stage.json("show s.db --exchange 2 --json").remove(0);
    assert_eq!(shown["request"]["target"], "/info?x=1");
    assert_eq!(shown["url"], format!("http://{address}/agent/info?x=1"));
    stage.said("export s.db --redact none -o a.agui.jsonl");
    let file = std::fs::read_to_string(stage.path("a.agui.jsonl")).unwrap();
    let urls: Vec<Value> = file
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["kind"] == "request")
        .map(|line| line["url"].clone())
        .collect();
    assert_eq!(
        urls,
        [
            format!("http://{address}/agent"),
            format!("http://{address}/agent/info?x=1")
        ]
    );

    let args = format!("record --upstream http://{address}/agent --listen 127.0.0.1:0 --store s.db");
    let mut child = stage
        .command(args.split_whitespace())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said: Vec<String> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .take(3)
        .map(Result::unwrap)
        .collect();
    kill("-INT", &child);
    child.wait().unwrap();
    let (url, _) = said[1].split_once(' ').unwrap();
    assert_eq!(
        said[2].replace(url, "URL"),
        "  URL stands for all of that: / goes to /agent and /x to /agent/x, so leave /agent out of the frontend's address"
    );
}

#[test]
fn a_port_alone_is_one_of_this_machine() {
    let stage = Stage::new();
    let agent = Agent::start();
    let port = agent.port();
    let mut process = recording(&stage, &format!("--upstream {port}"));
    assert_eq!(
        process.ready["sources"][0]["upstream"],
        format!("http://localhost:{port}")
    );
    assert!(post(&process.url()).starts_with("HTTP/1.1 200"));
    process.stop("-INT");
}

#[test]
fn a_connection_that_changes_its_protocol_is_relayed_and_counted() {
    let stage = Stage::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("--upstream agent=http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        // The source also looks whether the port is open.
        let asked = |mut stream: TcpStream| (!head(&mut stream).is_empty()).then_some(stream);
        let mut stream = listener.incoming().map_while(Result::ok).find_map(asked).unwrap();
        let switch = b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: shout\r\n\r\n";
        stream.write_all(switch).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        stream.write_all(said.to_uppercase().repeat(2).as_bytes()).unwrap();
    });
    let mut process = recording(&stage, &upstream);
    let mut client = TcpStream::connect(process.url().strip_prefix("http://").unwrap()).unwrap();
    client
        .write_all(b"GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: shout\r\n\r\n")
        .unwrap();
    assert!(head(&mut client).starts_with(b"HTTP/1.1 101 "));
    client.write_all(b"hello").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    client.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "HELLOHELLO");
    drop(client);
    process.stop("-INT");

    let relayed = serde_json::json!({"sentLen": 5, "receivedLen": 10});
    let listed = stage.json("list s.db --all --json").remove(0);
    assert_eq!(
        (&listed["status"], &listed["ending"]),
        (&101.into(), &"complete".into())
    );
    assert_eq!((&listed["relayed"], &listed["bytes"]), (&relayed, &0.into()));
    stage.said("export s.db --redact none -o a.agui.jsonl");
    stage.said("import a.agui.jsonl --store t.db");
    for from in ["s.db", "a.agui.jsonl", "t.db"] {
        let shown = stage.json(&format!("show {from} --json")).remove(0);
        assert_eq!(
            (&shown["relayed"], &shown["findings"]),
            (&relayed, &serde_json::json!([]))
        );
        let shown = stage.said(&format!("show {from}"));
        assert!(
            shown.contains("(5 B sent, 10 B received after that, counted and not kept)"),
            "{shown}"
        );
    }
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

/// An agent that says something, and ends its connection in order or with a
/// reset once the client has it.
fn ending_agent(framing: &'static str, is_reset: bool) -> (SocketAddr, mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // A request that is never read makes the close a reset. A source that
            // only looks whether the port is open sends none.
            let is_asked = if is_reset {
                matches!(stream.peek(&mut [0]), Ok(1))
            } else {
                !head(&mut stream).is_empty()
            };
            if !is_asked {
                continue;
            }
            stream.write_all(format!("{HEAD}{framing}").as_bytes()).unwrap();
            if receiver.recv().is_err() {
                return;
            }
        }
    });
    (address, sender)
}

/// What a client gets, and whether it ends with a reset.
fn got(url: &str, said: impl FnOnce()) -> (String, bool) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /run HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n")
        .unwrap();
    let mut bytes = head(&mut stream);
    let mut some = [0; 1024];
    while !String::from_utf8_lossy(&bytes).contains("data: 1\n\n") {
        let len = stream.read(&mut some).unwrap();
        assert!(len > 0);
        bytes.extend_from_slice(&some[..len]);
    }
    said();
    let ended = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    (body.to_owned(), ended.is_err())
}

/// Byte for byte and end for end: asked directly, through `record`, and of `replay`.
#[test]
fn a_reset_stays_a_reset_and_an_end_an_end() {
    for (framing, is_reset, ending) in [
        (
            "transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n",
            false,
            "upstream_closed",
        ),
        (
            "transfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n",
            true,
            "upstream_reset",
        ),
        ("content-length: 100\r\n\r\ndata: 1\n\n", false, "upstream_closed"),
        ("content-length: 100\r\n\r\ndata: 1\n\n", true, "upstream_reset"),
    ] {
        let stage = Stage::new();
        let (address, sender) = ending_agent(framing, is_reset);
        let direct = got(&format!("http://{address}"), || sender.send(()).unwrap());
        assert_eq!(direct.1, is_reset, "{framing}");
        let mut process = recording(&stage, &format!("--upstream agent=http://{address}"));
        let proxied = got(&process.url(), || sender.send(()).unwrap());
        process.stop("-INT");
        assert_eq!(proxied, direct, "{framing} {ending}");
        let listed = stage.json("list s.db --all --json").remove(0);
        assert_eq!(listed["ending"], ending);
        stage.said("export s.db --redact none -o a.agui.jsonl");
        for from in ["s.db", "a.agui.jsonl"] {
            let args = format!("replay {from} --listen 127.0.0.1:0 --pace instant --exact --json");
            let mut process = Process::start(stage.command(args.split_whitespace()));
            assert_eq!(got(&process.url(), || {}), direct, "{framing} {ending} {from}");
            process.stop("-INT");
        }
    }
}
