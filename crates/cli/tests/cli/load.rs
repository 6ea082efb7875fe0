//! Many short exchanges: an agent that answers at once, and clients that keep
//! their connections. Used by tests and by the benchmark of a large library.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

const EVENTS: [&str; 5] = [
    "data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_START\",\"messageId\":\"m\",\"role\":\"assistant\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"Hello\"}\n\n",
    "data: {\"type\":\"TEXT_MESSAGE_END\",\"messageId\":\"m\"}\n\n",
    "data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n",
];
const INPUT: &str = r#"{"threadId":"t","runId":"r","state":{},"messages":[{"id":"u","role":"user","content":"Hi"}],"tools":[],"context":[],"forwardedProps":{}}"#;

/// Starts an agent that answers every request with five events, a chunk each.
pub(crate) fn start_agent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut answer =
        String::from("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    for event in EVENTS {
        answer.push_str(&format!("{:x}\r\n{event}\r\n", event.len()));
    }
    answer.push_str("0\r\n\r\n");
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || serve(&stream, answer.as_bytes()));
        }
    });
    address
}

fn serve(stream: &TcpStream, answer: &[u8]) {
    stream.set_nodelay(true).ok();
    let mut reader = BufReader::new(stream);
    while read_message(&mut reader).is_some() {
        let mut writer = stream;
        if writer.write_all(answer).is_err() {
            return;
        }
    }
}

/// Reads a head and the body of its length; `None` at the end.
fn read_message(reader: &mut BufReader<&TcpStream>) -> Option<()> {
    let mut len = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            len = value.trim().parse().ok()?;
        }
    }
    reader.read_exact(&mut vec![0; len]).ok()
}

/// Asks so often over so many connections, and returns when all was answered.
pub(crate) fn ask(url: &str, count: u64, clients: u64) {
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    thread::scope(|scope| {
        for client in 0..clients {
            let share = count / clients + u64::from(client < count % clients);
            scope.spawn(move || ask_over_one(address, share));
        }
    });
}

fn ask_over_one(address: SocketAddr, count: u64) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!(
        "POST /run HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{INPUT}",
        INPUT.len()
    );
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..count {
        stream.write_all(request.as_bytes()).unwrap();
        let mut len = 0;
        while !buffer[..len].ends_with(b"\r\n0\r\n\r\n") {
            let read = stream.read(&mut buffer[len..]).unwrap();
            assert!(read > 0, "the connection ended inside of an answer");
            len += read;
        }
    }
}

/// Kilobytes of memory that a process has and shares with none (its heap, not the files it maps).
pub(crate) fn memory_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let field = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    field("RssAnon:")
}

/// Descriptors that a process has open.
pub(crate) fn descriptors(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}
