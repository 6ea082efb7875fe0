//! Upgraded connections of real servers through the proxy: the hot reload of
//! Next.js and Vite, and AgentCore's WebSocket.

mod stage;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use stage::{
    Page, agents,
    dev_server::DevServer,
    node,
    record::{Recording, read},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

// ---- dev servers --------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn a_next_dev_server_with_copilotkit_is_interactive_and_reloads_hot() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let (_agent, agent) = agents::start("ag2", &[]);
    let mut server = DevServer::next(&format!("{agent}/chat/"));
    server.compiles("/").await;
    server.compiles("/api/copilotkit/info").await;
    let recording = Recording::start(&store, &server.origin, &[]);

    let shown = node::run(
        "tests/stage/hot-reload.mjs",
        &recording.url,
        &server.edit_in("app/page.jsx"),
    )
    .await;
    assert_eq!(shown["before"], shown["after"], "what the page held is still there");
    assert_eq!(shown["loadedAgain"], false, "{shown}");
    let run = format!("{}/api/copilotkit/agent/default/run", recording.url);
    let said = node::run("tests/oracle/http-agent.mjs", &run, &input("hello")).await;
    assert!(said.to_string().contains("you said hello"), "{said}");

    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
    upgrades_passed(&store, "hmr");
    let runs = read(&store, "list", &[]);
    assert!(runs.iter().any(|run| run["frames"].as_u64() > Some(2)), "{runs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vite_dev_server_is_interactive_and_reloads_hot() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let mut server = DevServer::vite();
    server.compiles("/").await;
    let recording = Recording::start(&store, &server.origin, &[]);
    let page = Page::tab(&recording.url, &folder.path().join("profile"), (1000, 800)).await;

    count_once(&page).await;
    reload_hot(&page, &server, "src/page.jsx").await;

    page.close().await;
    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
    upgrades_passed(&store, "token=");
}

/// The page's own handler runs, which it does only once its scripts do.
async fn count_once(page: &Page) {
    page.wait_for("[data-clicks='0']").await;
    // A page that is still being hydrated has no handlers: press until one answers.
    page.wait_until(
        "a click counts",
        "(() => { const button = document.querySelector('[data-clicks]'); \
         if (button.dataset.clicks === '0') button.click(); return button.dataset.clicks === '1'; })()",
    )
    .await;
}

/// An edit of the source is in the page, without a load: what it held is still there.
async fn reload_hot(page: &Page, server: &DevServer, file: &str) {
    page.eval("window.loadedOnce = true; return true").await;
    server.edit(file, "Before the edit", "After the edit");
    page.wait_until(
        "the edit is in the page",
        "document.querySelector('h1').innerText === 'After the edit'",
    )
    .await;
    assert_eq!(
        page.eval("return [window.loadedOnce, document.querySelector('[data-clicks]').dataset.clicks]")
            .await,
        json!([true, "1"]),
        "the page should not have been loaded again"
    );
}

/// Nothing was refused, and the socket of the hot reload went through.
fn upgrades_passed(store: &Path, target: &str) {
    let all = read(store, "list", &["--all"]);
    let refused: Vec<&Value> = all
        .iter()
        .filter(|exchange| exchange["status"].as_u64() >= Some(500))
        .collect();
    assert_eq!(refused, Vec::<&Value>::new());
    let mut upgrades = all.iter().filter(|exchange| exchange["status"] == 101);
    let passed = upgrades.any(|exchange| {
        let is_wanted = exchange["target"].as_str().is_some_and(|known| known.contains(target));
        is_wanted && exchange["relayed"]["receivedLen"].as_u64() > Some(0)
    });
    assert!(passed, "no socket with `{target}` in {all:#?}");
}

// ---- AgentCore ----------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn agentcores_websocket_is_relayed_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let (_agent, origin) = agents::start("agentcore", &[]);
    let recording = Recording::start(&store, &origin, &[]);

    let long = "a long question ".repeat(40_000);
    let cases = [
        ("an answer", input("hello")),
        ("a long one, over many reads", input(&long)),
        ("an error behind its start", input("please fail")),
        ("a close with a code and a reason", "no JSON".to_owned()),
    ];
    for (what, sent) in &cases {
        let direct = frames(&origin, sent).await;
        let proxied = frames(&recording.url, sent).await;
        assert_eq!(proxied, direct, "{what}");

        let direct = messages(&origin, sent);
        let proxied = messages(&recording.url, sent);
        assert_eq!(proxied, direct, "{what}");
    }
    let hello = messages(&recording.url, &cases[0].1);
    assert!(hello.concat().contains("RUN_FINISHED"), "{hello:?}");

    assert_eq!(recording.stop(), 0, "the recorder should end cleanly");
    let all = read(&store, "list", &["--all"]);
    assert_eq!(all.len(), cases.len() * 2 + 1, "{all:#?}");
    for exchange in &all {
        assert_eq!(exchange["status"], 101, "{exchange}");
        assert_eq!(exchange["target"], "/ws", "{exchange}");
        assert_eq!(exchange["ending"], "complete", "{exchange}");
        assert!(exchange["relayed"]["sentLen"].as_u64() > Some(0), "{exchange}");
    }
}

fn input(words: &str) -> String {
    json!({
        "threadId": "thread-1", "runId": "run-1", "state": {}, "tools": [], "context": [], "forwardedProps": {},
        "messages": [{"id": "u-1", "role": "user", "content": words}],
    })
    .to_string()
}

/// The head without its date, and every byte behind it up to the end, as text.
async fn frames(origin: &str, sent: &str) -> (Vec<String>, String) {
    let address = origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "GET /ws HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut received = Vec::new();
    // The head first: a client may send once it has been upgraded.
    let end = loop {
        if let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let read = stream.read_buf(&mut received).await.expect("it answers");
        assert_ne!(
            read,
            0,
            "it ended inside the head: {}",
            String::from_utf8_lossy(&received)
        );
    };
    stream
        .write_all(&masked(TEXT, sent.as_bytes()))
        .await
        .expect("it reads");
    let mut has_closed = false;
    while stream.read_buf(&mut received).await.expect("an end, not a reset") > 0 {
        if !has_closed && let Some(close) = close_in(&received[end..]) {
            // The server waits for the answer to its close before it ends the connection.
            has_closed = true;
            stream.write_all(&masked(CLOSE, close)).await.ok();
        }
    }
    let frames = received.split_off(end);
    let head = String::from_utf8(received).expect("a head is text");
    let mut fields: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
    fields.retain(|field| !field.starts_with("date:") && !field.is_empty());
    fields.sort();
    (fields, frames.escape_ascii().to_string())
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// The payload of the close among the server's frames, once all of it is there.
fn close_in(mut frames: &[u8]) -> Option<&[u8]> {
    loop {
        let (head, rest) = frames.split_first_chunk::<2>()?;
        let (len, rest) = match head[1] {
            126 => {
                let (len, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*len)), rest)
            }
            127 => {
                let (len, rest) = rest.split_first_chunk()?;
                (usize::try_from(u64::from_be_bytes(*len)).ok()?, rest)
            }
            len => (usize::from(len), rest),
        };
        let payload = rest.get(..len)?;
        if head[0] & 0xF == CLOSE {
            return Some(payload);
        }
        frames = &rest[len..];
    }
}

/// One frame of a client.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    const FINAL: u8 = 0x80;
    const MASKED: u8 = 0x80;
    const KEY: [u8; 4] = [1, 2, 3, 4];
    let mut frame = vec![FINAL | opcode];
    if let Ok(len @ ..126) = u8::try_from(payload.len()) {
        frame.push(MASKED | len);
    } else if let Ok(len) = u16::try_from(payload.len()) {
        frame.push(MASKED | 126);
        frame.extend(len.to_be_bytes());
    } else {
        frame.push(MASKED | 127);
        frame.extend((payload.len() as u64).to_be_bytes());
    }
    frame.extend(KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// What a WebSocket library reads, its close last.
fn messages(origin: &str, sent: &str) -> Vec<String> {
    let url = format!("{}/ws", origin.replace("http://", "ws://"));
    let mut command = Command::new(agents::python("agentcore"));
    command.arg("tests/agents/agentcore/client.py").arg(url);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the client can be started");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    std::io::Write::write_all(&mut stdin, sent.as_bytes()).expect("the client reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the client ends");
    assert!(output.status.success(), "the client failed at {origin}");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    text.lines().map(str::to_owned).collect()
}
