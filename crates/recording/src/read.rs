//! Reading a recording, whoever wrote it.
//!
//! A file is read to its end or to its first damage, whichever comes first;
//! what stands before the damage is given either way. Only a file of which
//! nothing can be given is an error.

use std::{
    collections::BTreeMap,
    io::{self, BufRead},
};

use scrubjay_session::exchange::{Chunk, Exchange};
use thiserror::Error;

use crate::{
    MAX_LINE_LEN, MAX_RECORDING_LEN,
    build::Build,
    facts::{HeaderFacts, micros_of_rfc3339},
    line::Members,
    lines::{Lines, NoLine},
    write::Header,
};

/// Why nothing of a file could be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The input refused.
    #[error("it cannot be read: {0}")]
    Input(#[from] io::Error),
    /// There is no line in it.
    #[error("it is empty")]
    Empty,
    /// It is something else.
    #[error("{reason}")]
    NotARecording {
        /// What its first line is instead, as a sentence.
        reason: String,
    },
    /// It is a recording, damaged from its first line on.
    #[error("it is damaged from line {} on: {}", .0.line, .0.reason)]
    Damaged(Damage),
}

/// Where a file stops making sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it, as the end of a sentence.
    pub reason: String,
}

/// Something notable that did not stop the reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The line, from 1.
    pub line: u64,
    /// What, as a sentence.
    pub sentence: String,
}

/// Whether the bytes are those that were captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They are, by their checksums.
    Exact,
    /// The file was changed after it was written; bytes are what its lines give now.
    Edited,
    /// Another tool wrote the file; bytes are made from its events.
    Made,
    /// The file ends or is damaged before the exchange does; bytes go that far.
    Cut,
}

impl Origin {
    /// One word for it, to put into a label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Edited => "edited",
            Self::Made => "made",
            Self::Cut => "cut",
        }
    }
}

/// An exchange with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its facts. The index counts from 0 in the order of request lines.
    pub exchange: Exchange,
    /// The request's body.
    pub request_body: Vec<u8>,
    /// Chunks of the response body.
    pub chunks: Vec<Chunk>,
    /// The response body on the wire, without its holes: the chunks' bytes in order.
    pub body: Vec<u8>,
    /// Whether the bytes are those that were captured.
    pub origin: Origin,
    /// The request line, from 1.
    pub line: u64,
    /// Lines of frames, from 1, and where the bytes of each begin in the body;
    /// empty where the request line holds the body.
    pub frame_lines: Vec<(u64, u64)>,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Its first line.
    pub header: Header,
    /// Exchanges in the order of their request lines.
    pub exchanges: Vec<Recorded>,
    /// From where on it could not be read.
    pub damage: Option<Damage>,
    /// What else was notable; at most a hundred.
    pub remarks: Vec<Remark>,
}

/// Remarks kept: a file with thousands of odd lines needs no list of them.
const MAX_REMARKS: usize = 100;

/// Reads a recording, packed or not.
///
/// # Errors
/// When nothing of it can be given.
pub fn read(input: impl BufRead) -> Result<Recording, ReadError> {
    let mut lines = Lines::new(input)?;
    let mut reading = Reading::default();
    let first = match lines.next() {
        Ok(Some((_, line))) => reading.first_line(line),
        Ok(None) => return Err(ReadError::Empty),
        Err(no_line) => Err(first_refused(no_line)?),
    };
    first?;
    let damage = loop {
        match lines.next() {
            Ok(Some((line, text))) => {
                if let Err(reason) = reading.line(line, text) {
                    break Some(Damage { line, reason });
                }
            }
            Ok(None) => break None,
            Err(no_line) => {
                let reason = reason_of(no_line);
                let line = lines.number();
                break Some(Damage { line, reason });
            }
        }
    };
    Ok(reading.finish(damage, lines.number()))
}

/// Whether a file that begins like this may be a recording: it is packed, or
/// its first line is an object.
pub fn looks_like_recording(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.starts_with(&[0x1f, 0x8b]) || head.trim_ascii_start().first() == Some(&b'{')
}

fn reason_of(no_line: NoLine) -> String {
    match no_line {
        NoLine::Input(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof => "the packed data ends early".to_owned(),
            _ => format!("reading it failed ({error})"),
        },
        NoLine::TooLong => format!("it is longer than {MAX_LINE_LEN} bytes"),
        NoLine::NotUtf8 => "it is not UTF-8".to_owned(),
    }
}

/// What is wrong with the first line, said of the first line.
fn no_recording(reason: &str) -> ReadError {
    ReadError::NotARecording {
        reason: reason.replacen("it ", "its first line ", 1),
    }
}

fn first_refused(no_line: NoLine) -> Result<ReadError, ReadError> {
    match no_line {
        NoLine::Input(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
        NoLine::Input(error) => Ok(ReadError::Damaged(Damage {
            line: 1,
            reason: reason_of(NoLine::Input(error)),
        })),
        no_line => Ok(no_recording(&reason_of(no_line))),
    }
}

#[derive(Default)]
struct Reading {
    header: Header,
    builds: Vec<Build>,
    /// Where the exchange of a connection is.
    places: BTreeMap<String, usize>,
    remarks: Vec<Remark>,
    len: u64,
}

impl Reading {
    fn first_line(&mut self, line: &str) -> Result<(), ReadError> {
        let members = match Members::of(line) {
            Ok(members) => members,
            Err(reason) if line.trim_start().starts_with(r#"{"kind":"#) => {
                return Err(ReadError::Damaged(Damage { line: 1, reason }));
            }
            Err(reason) => return Err(no_recording(&reason)),
        };
        match members.string("kind").as_deref() {
            Some("header") => {
                self.header = header_of(&members);
                Ok(())
            }
            Some("request" | "event" | "keepalive") => {
                self.remark(1, "there is no header line.".to_owned());
                self.take(1, &members)
                    .map_err(|reason| ReadError::Damaged(Damage { line: 1, reason }))
            }
            _ => Err(ReadError::NotARecording {
                reason: "its first line has no \"kind\" of a recording".to_owned(),
            }),
        }
    }

    /// Takes a line; an error is where the damage begins.
    fn line(&mut self, number: u64, line: &str) -> Result<(), String> {
        let members = Members::of(line)?;
        self.take(number, &members)
    }

    fn take(&mut self, number: u64, members: &Members<'_>) -> Result<(), String> {
        match members.string("kind").as_deref() {
            Some("request") => self.request(number, members),
            Some(kind @ ("event" | "keepalive")) => self.frame(number, kind, members),
            Some("header") => {
                self.remark(number, "a second header line was passed over.".to_owned());
                Ok(())
            }
            Some(kind) => {
                let kind: String = kind.chars().take(40).collect();
                self.remark(number, format!("a line of unknown kind {kind:?} was passed over."));
                Ok(())
            }
            None => Err("it has no \"kind\"".to_owned()),
        }
    }

    fn request(&mut self, number: u64, members: &Members<'_>) -> Result<(), String> {
        let (build, remark) = Build::of_request(number, members, &self.header);
        if let Some(sentence) = remark {
            self.remark(number, sentence);
        }
        let len = build.len();
        self.open(members.string("connId").unwrap_or_default(), build);
        self.grow(len)
    }

    fn frame(&mut self, number: u64, kind: &str, members: &Members<'_>) -> Result<(), String> {
        let conn = members.string("connId").unwrap_or_default();
        let at = match self.places.get(&conn) {
            Some(at) => *at,
            None => {
                self.remark(number, "a connection has no request line.".to_owned());
                self.open(conn, Build::without_request(number, &self.header))
            }
        };
        let before = self.builds[at].len();
        if let Some(sentence) = self.builds[at].frame(number, kind, members) {
            self.remark(number, sentence);
        }
        self.grow(self.builds[at].len() - before)
    }

    /// From here on the lines of this connection belong to this exchange.
    fn open(&mut self, conn: String, build: Build) -> usize {
        let at = self.builds.len();
        self.builds.push(build);
        self.places.insert(conn, at);
        at
    }

    fn grow(&mut self, len: u64) -> Result<(), String> {
        self.len += len;
        if self.len > MAX_RECORDING_LEN {
            return Err(format!("the recording holds more than {MAX_RECORDING_LEN} bytes"));
        }
        Ok(())
    }

    fn remark(&mut self, line: u64, sentence: String) {
        if self.remarks.len() < MAX_REMARKS {
            self.remarks.push(Remark { line, sentence });
        }
    }

    fn finish(mut self, damage: Option<Damage>, last_line: u64) -> Recording {
        let last = self.builds.len().checked_sub(1);
        let short = self.builds.last().and_then(Build::missing_frames);
        let damage = damage.or_else(|| {
            short.map(|missing| Damage {
                line: last_line + 1,
                reason: format!("the file ends {missing} lines before its last exchange does"),
            })
        });
        if let Some(expected) = self.header.exchanges
            && damage.is_none()
            && (self.builds.len() as u64) < expected
        {
            let sentence = format!(
                "the file holds {} of the {expected} exchanges it was written with.",
                self.builds.len()
            );
            self.remark(last_line, sentence);
        }
        let damaged = damage.is_some();
        let builds = std::mem::take(&mut self.builds).into_iter().enumerate();
        let exchanges: Vec<Recorded> = builds
            .map(|(index, build)| build.finish(index as i64, damaged && Some(index) == last))
            .collect();
        for edited in exchanges.iter().filter(|recorded| recorded.origin == Origin::Edited) {
            self.remark(edited.line, "the exchange was edited after it was written.".to_owned());
        }
        Recording {
            header: self.header,
            exchanges,
            damage,
            remarks: self.remarks,
        }
    }
}

fn header_of(members: &Members<'_>) -> Header {
    let facts: HeaderFacts = members.read("scrubjay").unwrap_or_default();
    Header {
        tool: members.string("tool").unwrap_or_default(),
        captured_at_us: members
            .string("capturedAt")
            .and_then(|time| micros_of_rfc3339(&time))
            .unwrap_or_default(),
        url: members.string("url").unwrap_or_default(),
        framework: members.string("framework"),
        binary: members.string("transport").as_deref() == Some("binary"),
        redacted: members.read("redacted").unwrap_or_default(),
        runtime: members.text("runtime").map(str::to_owned),
        exchanges: facts.exchanges,
    }
}
