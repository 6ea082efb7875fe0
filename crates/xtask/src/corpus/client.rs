//! Fetches a capture over a plain socket and records the time of each chunk.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Instant,
};

use anyhow::{Context as _, Result};

use super::case::Case;

/// A response, with times.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// When it began to send.
    pub(crate) began_at: Instant,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Length of each transfer chunk (or read), and when it was complete.
    pub(crate) chunks: Vec<(usize, Instant)>,
    /// The body broke off.
    pub(crate) is_cut: bool,
}

pub(crate) fn fetch(address: &str, case: &Case) -> Result<Fetched> {
    let stream = TcpStream::connect(address).with_context(|| format!("the recorder does not listen on {address}"))?;
    stream.set_nodelay(true)?;
    let began_at = Instant::now();
    send(&stream, address, case)?;
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("no status line came")?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut fetched = Fetched {
        began_at,
        status,
        headers,
        body: Vec::new(),
        chunks: Vec::new(),
        is_cut: false,
    };
    fetched.is_cut = !read_body(&mut reader, &mut fetched);
    Ok(fetched)
}

fn send(mut stream: &TcpStream, address: &str, case: &Case) -> Result<()> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n",
        case.method, case.path
    );
    head.push_str(&format!("x-scrubjay-label: case={}\r\n", case.name));
    for (name, value) in &case.request_headers {
        if !["host", "connection", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    if !case.request_body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", case.request_body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), &case.request_body].concat())?;
    Ok(())
}

/// Reads the body and returns whether it ended as HTTP requires.
fn read_body(reader: &mut BufReader<&TcpStream>, fetched: &mut Fetched) -> bool {
    let value = |wanted: &str| {
        fetched
            .headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
    };
    if value("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
        return read_transfer_chunks(reader, fetched);
    }
    let wanted = value("content-length").and_then(|length| length.parse::<usize>().ok());
    let mut buffer = vec![0; 64 * 1024];
    while wanted.is_none_or(|wanted| fetched.body.len() < wanted) {
        match reader.read(&mut buffer) {
            Ok(0) => return wanted.is_none(),
            Ok(len) => {
                fetched.body.extend_from_slice(&buffer[..len]);
                fetched.chunks.push((len, Instant::now()));
            }
            Err(_reset) => return false,
        }
    }
    true
}

fn read_transfer_chunks(reader: &mut BufReader<&TcpStream>, fetched: &mut Fetched) -> bool {
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.is_empty() {
            return false;
        }
        let Ok(len) = usize::from_str_radix(line.trim(), 16) else {
            return false;
        };
        let mut bytes = vec![0; len + 2];
        if reader.read_exact(&mut bytes).is_err() {
            return false;
        }
        if len == 0 {
            return true;
        }
        fetched.body.extend_from_slice(&bytes[..len]);
        fetched.chunks.push((len, Instant::now()));
    }
}
