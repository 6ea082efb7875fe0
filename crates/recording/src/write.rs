//! Writing a recording, line after line.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder, write::GzEncoder};
use scrubjay_protocol::frame::Frame;
use scrubjay_session::{
    exchange::{Chunk, Exchange},
    words::rfc3339,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{
    MAX_LINE_LEN,
    facts::{ExchangeFacts, FrameFacts, HeaderFacts, base64, chunk_facts, text_or_base64},
    line::json_text,
    rule::Line,
};

/// Why a recording could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    #[error("writing the recording failed: {0}")]
    Output(#[from] io::Error),
    /// An exchange that no reader would take back.
    #[error("exchange {index} needs a line of {len} bytes, more than the {MAX_LINE_LEN} that a recording file allows")]
    LineTooLong {
        index: i64,
        /// What the line would need.
        len: usize,
    },
}

/// How the bytes of the file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As they are: `.agui.jsonl`.
    Plain,
    /// `.agui.jsonl.gz`.
    Gzip,
}

/// Where the lines go. Packed output carries no time and no name, so that
/// equal recordings are equal files.
pub enum Sink<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
}

impl<W: Write> Sink<W> {
    /// Packs what goes to `out`.
    pub fn new(out: W, packing: Packing) -> Self {
        match packing {
            Packing::Plain => Self::Plain(out),
            Packing::Gzip => Self::Gzip(GzBuilder::new().write(out, Compression::default())),
        }
    }

    /// Ends the packing and gives the output back.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }
}

/// The first line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Who wrote the file, `scrubjay 0.1.0`.
    pub tool: String,
    /// Wall clock from which `tMs` counts, microseconds since 1970.
    pub captured_at_us: i64,
    /// Where it was captured.
    pub url: String,
    /// The agent framework, when known.
    pub framework: Option<String>,
    /// The bodies are protobuf records.
    pub binary: bool,
    /// What was replaced before sharing.
    pub redacted: Vec<String>,
    /// A foreign tool's facts about the runtime, as JSON text.
    pub runtime: Option<String>,
    /// What is to be known about that, as JSON text.
    pub redaction: Option<String>,
    /// Exchanges in the file, when known.
    pub exchanges: Option<u64>,
}

/// How an exchange's response body stands in the file.
#[derive(Clone, Copy, Debug)]
pub enum Layout<'a> {
    /// The lines of its frames give it, and this is what follows the last of them.
    Lines {
        /// Bytes after the last frame.
        tail: &'a [u8],
    },
    /// It stands once, whole and as it was on the wire, without its holes;
    /// the lines of its frames are for readers only.
    Whole { body: &'a [u8] },
}

/// An exchange as its request line has it, before its frames.
#[derive(Clone, Copy, Debug)]
pub struct Outline<'a> {
    pub exchange: &'a Exchange,
    pub request_body: &'a [u8],
    /// The chunks of the response body.
    pub chunks: &'a [Chunk],
    /// How many frames follow.
    pub frames: u64,
    /// Of the response body on the wire, without holes.
    pub sha256: [u8; 32],
    /// Where the bytes of the body are.
    pub layout: Layout<'a>,
}

/// Writes a recording.
pub struct Writer<W: Write> {
    out: W,
    captured_at_us: i64,
    /// The exchange whose frames are being written, numbered from 1.
    conn: u64,
    started_at_us: i64,
    index: i64,
    seq: u32,
    lines_give_bytes: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeaderLine<'a> {
    kind: &'static str,
    schema_version: u32,
    tool: &'a str,
    captured_at: String,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    framework: Option<&'a str>,
    transport: &'static str,
    redacted: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime: Option<&'a serde_json::value::RawValue>,
    scrubjay: HeaderFacts,
}

impl<W: Write> Writer<W> {
    /// Begins a recording with its header line.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn new(out: W, header: &Header) -> Result<Self, WriteError> {
        let mut writer = Self {
            out,
            captured_at_us: header.captured_at_us,
            conn: 0,
            started_at_us: 0,
            index: 0,
            seq: 0,
            lines_give_bytes: true,
        };
        writer.json(&HeaderLine {
            kind: "header",
            schema_version: 1,
            tool: &header.tool,
            captured_at: rfc3339(header.captured_at_us),
            url: &header.url,
            framework: header.framework.as_deref(),
            transport: if header.binary { "binary" } else { "sse" },
            redacted: &header.redacted,
            runtime: header
                .runtime
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok()),
            scrubjay: HeaderFacts {
                exchanges: header.exchanges,
                redaction: header
                    .redaction
                    .as_deref()
                    .and_then(|text| serde_json::from_str(text).ok()),
            },
        })?;
        writer.out.write_all(b"\n")?;
        Ok(writer)
    }

    /// Begins an exchange with its request line.
    ///
    /// # Errors
    /// When the output refuses, or no reader would take the line back.
    pub fn exchange(&mut self, outline: &Outline<'_>) -> Result<(), WriteError> {
        let exchange = outline.exchange;
        self.conn += 1;
        self.seq = 0;
        self.index = exchange.index;
        self.started_at_us = exchange.started_at_us;
        self.lines_give_bytes = matches!(outline.layout, Layout::Lines { .. });
        let input = json_text(outline.request_body);
        let facts = facts_of(outline, input.as_deref());
        let mut line = Vec::new();
        write!(line, r#"{{"kind":"request","connId":"c{}","tMs":"#, self.conn)?;
        write_millis(&mut line, self.micros_since_capture(0))?;
        line.extend_from_slice(br#","method":"#);
        append_json(&mut line, &exchange.request.method);
        line.extend_from_slice(br#","url":"#);
        append_json(&mut line, &exchange.url());
        line.extend_from_slice(br#","input":"#);
        line.extend_from_slice(input.as_deref().unwrap_or("null").as_bytes());
        line.extend_from_slice(br#","scrubjay":"#);
        append_json(&mut line, &facts);
        line.extend_from_slice(b"}\n");
        self.line(&line)
    }

    /// Writes the next frame of the exchange: when the chunk that completed it
    /// arrived, what it is, and its bytes.
    ///
    /// # Errors
    /// When the output refuses, or no reader would take the line back.
    pub fn frame(&mut self, at_us: u64, frame: &Frame, bytes: &[u8]) -> Result<(), WriteError> {
        self.seq += 1;
        let shape = Line::of(frame);
        let (raw, raw_b64) = if self.lines_give_bytes && !shape.gives(bytes) {
            text_or_base64(bytes)
        } else {
            (None, None)
        };
        let kind = match shape {
            Line::Event { .. } => "event",
            Line::Keepalive { .. } => "keepalive",
        };
        let mut line = Vec::with_capacity(bytes.len() + 128);
        write!(
            line,
            r#"{{"kind":"{kind}","connId":"c{}","seq":{},"tMs":"#,
            self.conn, self.seq
        )?;
        write_millis(&mut line, self.micros_since_capture(at_us))?;
        match &shape {
            Line::Event { text, .. } => {
                line.extend_from_slice(br#","event":"#);
                line.extend_from_slice(text.as_bytes());
                if let Some(name) = &frame.event_name {
                    line.extend_from_slice(br#","sseEvent":"#);
                    append_json(&mut line, &String::from_utf8_lossy(name));
                }
            }
            Line::Keepalive { comment } => {
                line.extend_from_slice(br#","comment":"#);
                append_json(&mut line, comment);
            }
        }
        line.extend_from_slice(br#","scrubjay":"#);
        append_json(
            &mut line,
            &FrameFacts {
                at_us: Some(at_us),
                raw,
                raw_b64,
            },
        );
        line.extend_from_slice(b"}\n");
        self.line(&line)
    }

    /// Ends the recording and gives the output back, flushed.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn micros_since_capture(&self, at_us: u64) -> i128 {
        i128::from(self.started_at_us) - i128::from(self.captured_at_us) + i128::from(at_us)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), WriteError> {
        if line.len() > MAX_LINE_LEN {
            return Err(WriteError::LineTooLong {
                index: self.index,
                len: line.len(),
            });
        }
        Ok(self.out.write_all(line)?)
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), WriteError> {
        let mut line = Vec::new();
        append_json(&mut line, value);
        self.line(&line)
    }
}

/// SHA-256 of bytes that fit in memory.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}

fn facts_of(outline: &Outline<'_>, input: Option<&str>) -> ExchangeFacts {
    let mut facts = ExchangeFacts::of(outline.exchange);
    let body = outline.request_body;
    facts.request.sha256 = Some(hex(&sha256(body)));
    if input.is_none_or(|text| text.as_bytes() != body) {
        facts.request.body_b64 = Some(base64(body));
    }
    facts.frames = Some(outline.frames);
    facts.sha256 = Some(hex(&outline.sha256));
    facts.chunks = chunk_facts(outline.chunks);
    match outline.layout {
        Layout::Lines { tail: [] } => {}
        Layout::Lines { tail } => (facts.tail, facts.tail_b64) = text_or_base64(tail),
        Layout::Whole { body } => facts.body_b64 = Some(base64(body)),
    }
    facts
}

/// Milliseconds with as many of three decimals as are needed: microseconds to the letter.
fn write_millis(out: &mut Vec<u8>, micros: i128) -> io::Result<()> {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let (millis, rest) = (micros / 1000, micros % 1000);
    if rest == 0 {
        return write!(out, "{sign}{millis}");
    }
    let decimals = format!("{rest:03}");
    write!(out, "{sign}{millis}.{}", decimals.trim_end_matches('0'))
}

fn append_json<T: Serialize + ?Sized>(line: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(line, value).expect("strings and numbers are JSON, and memory takes them");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_keep_every_microsecond() {
        for (micros, millis) in [
            (0, "0"),
            (1, "0.001"),
            (1_500, "1.5"),
            (116_457, "116.457"),
            (2_000_000, "2000"),
            (-1_250, "-1.25"),
        ] {
            let mut text = Vec::new();
            write_millis(&mut text, micros).unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), millis);
        }
    }
}
