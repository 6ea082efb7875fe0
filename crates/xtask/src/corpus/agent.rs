//! Serves captures over plain sockets, so that the bytes and their splits reach
//! the wire as captured, without an HTTP library.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::case::Case;

/// The gaps between chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As recorded, but cut to a few milliseconds, so that a run takes seconds.
    Brief,
    Recorded,
}

impl Pace {
    fn gap(self, recorded_us: u64) -> Duration {
        let recorded = Duration::from_micros(recorded_us);
        match self {
            Self::Brief => recorded.min(Duration::from_millis(12)),
            Self::Recorded => recorded,
        }
    }
}

/// An agent that answers each request with the next capture.
#[derive(Clone)]
pub(crate) struct Agent {
    pub(crate) address: SocketAddr,
    cases: Sender<Case>,
    served: Arc<Mutex<Receiver<Result<Served>>>>,
}

/// What the agent got and did for one request.
#[derive(Debug)]
pub(crate) struct Served {
    /// When the request head had been read.
    pub(crate) head_read_at: Instant,
    pub(crate) request_body: Vec<u8>,
    /// Header fields as they arrived.
    pub(crate) request_headers: Vec<(String, String)>,
    /// When each chunk was written.
    pub(crate) written_at: Vec<Instant>,
}

impl Agent {
    pub(crate) fn start(pace: Pace) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (cases, next_case) = channel::<Case>();
        let (done, served) = channel();
        thread::spawn(move || {
            for case in next_case {
                let outcome = serve_until_asked(&listener, &case, pace);
                if done.send(outcome).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            address,
            cases,
            served: Arc::new(Mutex::new(served)),
        })
    }

    /// What to answer the next request with.
    pub(crate) fn serve_next(&self, case: Case) {
        self.cases
            .send(case)
            .expect("the agent's thread lives as long as the agent");
    }

    pub(crate) fn served(&self) -> Result<Served> {
        let served = self.served.lock().expect("no reader panics");
        served
            .recv_timeout(Duration::from_secs(60))
            .context("the agent was never asked")?
    }
}

/// Accepts connections until one carries a request: a client may open an empty one first.
fn serve_until_asked(listener: &TcpListener, case: &Case, pace: Pace) -> Result<Served> {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        if let Some(served) = serve(&stream, case, pace)? {
            return Ok(served);
        }
    }
}

fn serve(stream: &TcpStream, case: &Case, pace: Pace) -> Result<Option<Served>> {
    let mut reader = BufReader::new(stream);
    let mut request_headers = Vec::new();
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let field = line.trim_end();
        let Some((name, value)) = field.split_once(':') else {
            break;
        };
        request_headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let head_read_at = Instant::now();
    let request_body = read_body(&mut reader, &request_headers)?;
    let written_at = answer(stream, case, pace)?;
    Ok(Some(Served {
        head_read_at,
        request_body,
        request_headers,
        written_at,
    }))
}

fn read_body(reader: &mut BufReader<&TcpStream>, headers: &[(String, String)]) -> Result<Vec<u8>> {
    let value = |wanted: &str| {
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    if let Some(length) = value("content-length") {
        let mut body = vec![0; length.parse()?];
        reader.read_exact(&mut body)?;
        return Ok(body);
    }
    let mut body = Vec::new();
    while value("transfer-encoding").is_some() {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let len = usize::from_str_radix(line.trim(), 16)?;
        let start = body.len();
        body.resize(start + len, 0);
        reader.read_exact(&mut body[start..])?;
        reader.read_exact(&mut [0; 2])?;
        if len == 0 {
            break;
        }
    }
    Ok(body)
}

fn answer(mut stream: &TcpStream, case: &Case, pace: Pace) -> Result<Vec<Instant>> {
    let mut head = format!("HTTP/1.1 {} Recorded\r\n", case.status);
    for (name, value) in &case.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !case
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("connection"))
    {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    let is_chunked = case.is_chunked();
    let mut written_at = Vec::new();
    let mut before_us = 0;
    for chunk in &case.chunks {
        // Pace, not synchronisation: the splits must reach the proxy one by one.
        thread::sleep(pace.gap(chunk.t_us.saturating_sub(before_us)));
        before_us = chunk.t_us;
        let bytes = &case.body[chunk.offset..chunk.offset + chunk.len];
        written_at.push(Instant::now());
        if is_chunked {
            let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
            stream.write_all(&framed)?;
        } else {
            stream.write_all(bytes)?;
        }
    }
    if is_chunked && !case.is_cut {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(written_at)
}

impl Case {
    /// Whether the body travels in transfer chunks.
    pub(crate) fn is_chunked(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, value)| name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked")
    }
}
