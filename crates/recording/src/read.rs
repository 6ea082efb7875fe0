//! Reading a recording, ours or another tool's.
//!
//! A file is read to its end or to its first damage, whichever comes first;
//! what stands before the damage is given either way. Only a file of which
//! nothing can be given is an error.

use std::{
    collections::BTreeMap,
    io::{self, BufRead},
};

use scrubjay_session::{
    exchange::{Chunk, Exchange},
    memory::MemoryShelf,
};
use thiserror::Error;

use crate::{
    MAX_LINE_LEN,
    build::Build,
    facts::{HeaderFacts, micros_of_rfc3339},
    input::{Broken, Input},
    limit::{Limits, Met},
    line::Members,
    lines::{Lines, NoLine},
    stranger,
    write::Header,
};

/// Why nothing of a file could be read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("it cannot be read: {0}")]
    Input(#[from] io::Error),
    #[error("it is empty")]
    Empty,
    #[error("{reason}")]
    NotARecording {
        /// What it or its first line is instead, as the end of a sentence.
        reason: String,
    },
    /// It is a recording, damaged from its first line on.
    #[error("it is damaged from line {} on: {}", .0.line, .0.reason)]
    Damaged(Damage),
    /// Its first line alone is more than is read of a file.
    #[error("{}", .0.reason)]
    TooLarge(Damage),
}

/// Where a file stops making sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it, as the end of a sentence.
    pub reason: String,
    /// Nothing is: it is more than is read of a file.
    pub is_limit: bool,
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
    pub request_body: Vec<u8>,
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

impl Recorded {
    /// Takes its facts. An edited or made one has a label for that.
    pub fn take_facts(&mut self) -> Exchange {
        let mut exchange = std::mem::take(&mut self.exchange);
        if self.origin != Origin::Exact && !exchange.labels.iter().any(|(key, _)| key == "bytes") {
            exchange.labels.push(("bytes".into(), self.origin.as_str().into()));
        }
        exchange
    }

    /// The exchange with its pages, in memory.
    pub fn into_shelf(mut self) -> MemoryShelf {
        MemoryShelf::new(self.take_facts(), self.request_body, self.chunks, self.body)
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    pub header: Header,
    /// Exchanges in the order of their request lines.
    pub exchanges: Vec<Recorded>,
    /// From where on it could not be read.
    pub damage: Option<Damage>,
    /// What else was notable; at most a hundred.
    pub remarks: Vec<Remark>,
    /// What is said of the whole file: which format it is of where that is not
    /// ours, and what that format could not hold. Sentences.
    pub notes: Vec<String>,
}

/// The schema that is read and written.
const SCHEMA_VERSION: f64 = 1.0;

/// Remarks kept: a file with thousands of odd lines needs no list of them.
const MAX_REMARKS: usize = 100;

/// Reads a recording, packed or not, within the usual limits.
///
/// # Errors
/// When nothing of it can be given.
pub fn read(input: impl BufRead) -> Result<Recording, ReadError> {
    read_within(input, Limits::default())
}

/// Reads a recording, packed or not. One that is larger than the limits is
/// read that far.
///
/// # Errors
/// When nothing of it can be given.
pub fn read_within(input: impl BufRead, limits: Limits) -> Result<Recording, ReadError> {
    read_lines(Input::new(input, limits)?)
}

/// Reads the lines of a recording.
pub(crate) fn read_lines(input: Input<'_>) -> Result<Recording, ReadError> {
    let mut reading = Reading::new(input.limits());
    let mut lines = Lines::new(input);
    let (first, line) = match lines.next() {
        Ok(Some((_, line))) => (reading.first_line(line), stranger::head_of(line).to_owned()),
        Ok(None) => return Err(ReadError::Empty),
        Err(no_line) => return Err(first_refused(no_line)?),
    };
    first.map_err(|error| recognised(error, line, &mut lines))?;
    let damage = loop {
        match lines.next() {
            Ok(Some((line, text))) => {
                if let Err(stop) = reading.line(line, text) {
                    break Some(stop.at(line));
                }
            }
            Ok(None) => break None,
            Err(no_line) => break Some(stop_of(no_line).at(lines.number())),
        }
    };
    Ok(reading.finish(damage, lines.number()))
}

/// Why nothing more is read of a file.
pub(crate) enum Stop {
    /// A line is damaged: the end of a sentence about it.
    Damaged(String),
    /// It is more than is read of a file.
    Limit(Met),
}

impl Stop {
    /// On the first line nothing stands before.
    pub(crate) fn at_once(self) -> ReadError {
        let damage = self.at(1);
        match damage.is_limit {
            true => ReadError::TooLarge(damage),
            false => ReadError::Damaged(damage),
        }
    }

    pub(crate) fn at(self, line: u64) -> Damage {
        match self {
            Self::Damaged(reason) => Damage {
                line,
                reason,
                is_limit: false,
            },
            Self::Limit(met) => Damage {
                line,
                reason: met.to_string(),
                is_limit: true,
            },
        }
    }
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Limit(met) => Self::Limit(met),
            Broken::Input(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Damaged("the packed data ends early".to_owned())
            }
            Broken::Input(error) => Self::Damaged(format!("reading it failed ({error})")),
        }
    }
}

fn stop_of(no_line: NoLine) -> Stop {
    let reason = match no_line {
        NoLine::Limit(met) => return Stop::Limit(met),
        NoLine::Input(error) => return Broken::Input(error).into(),
        NoLine::TooLong => format!("it is longer than {MAX_LINE_LEN} bytes"),
        NoLine::NotUtf8 => "it is not UTF-8".to_owned(),
    };
    Stop::Damaged(reason)
}

/// What is wrong with the first line, said of the first line.
fn no_recording(reason: &str) -> ReadError {
    ReadError::NotARecording {
        reason: reason.replacen("it ", "its first line ", 1),
    }
}

/// The error, with the format of the file in the place of what is wrong with its first line.
fn recognised(error: ReadError, first: String, lines: &mut Lines<'_>) -> ReadError {
    if !matches!(error, ReadError::NotARecording { .. }) {
        return error;
    }
    let mut head = first;
    while head.len() < stranger::HEAD_LEN
        && let Ok(Some((_, line))) = lines.next()
    {
        head.push('\n');
        head.push_str(stranger::head_of(line));
    }
    match stranger::recognised(&head) {
        Some(reason) => ReadError::NotARecording {
            reason: reason.to_owned(),
        },
        None => error,
    }
}

fn first_refused(no_line: NoLine) -> Result<ReadError, ReadError> {
    match no_line {
        NoLine::Input(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
        no_line @ (NoLine::Input(_) | NoLine::Limit(_)) => Ok(stop_of(no_line).at_once()),
        no_line => Ok(no_recording(&stop_of(no_line).at(1).reason)),
    }
}

/// Memory that an exchange takes beside what its lines hold: its pages and
/// what is derived for lists.
pub(crate) const EXCHANGE_LEN: u64 = 8 << 10;
/// The same for a frame: its places, its chunk, its share of the pages and
/// what deriving them takes, as measured.
pub(crate) const FRAME_LEN: u64 = 768;

struct Reading {
    limits: Limits,
    /// Bytes of memory for what was read, counted from above.
    held: u64,
    header: Header,
    builds: Vec<Build>,
    /// Where the exchange of a connection is.
    places: BTreeMap<String, usize>,
    remarks: Vec<Remark>,
}

impl Reading {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            held: 0,
            header: Header::default(),
            builds: Vec::new(),
            places: BTreeMap::new(),
            remarks: Vec::new(),
        }
    }

    fn first_line(&mut self, line: &str) -> Result<(), ReadError> {
        let members = match Members::of(line) {
            Ok(members) => members,
            Err(reason) if line.trim_start().starts_with(r#"{"kind":"#) => {
                return Err(Stop::Damaged(reason).at_once());
            }
            Err(reason) => return Err(no_recording(&reason)),
        };
        match members.string("kind").as_deref() {
            Some("header") => {
                written_for_us(&members)?;
                self.fits(members.weight("redacted")).map_err(Stop::at_once)?;
                self.header = header_of(&members);
                Ok(())
            }
            Some("request" | "event" | "keepalive") => {
                self.remark(1, "there is no header line.".to_owned());
                self.take(1, &members).map_err(Stop::at_once)
            }
            _ => Err(ReadError::NotARecording {
                reason: "its first line has no \"kind\" of a recording".to_owned(),
            }),
        }
    }

    /// Takes a line; an error is where the damage begins.
    fn line(&mut self, number: u64, line: &str) -> Result<(), Stop> {
        let members = Members::of(line)?;
        self.take(number, &members)
    }

    fn take(&mut self, number: u64, members: &Members<'_>) -> Result<(), Stop> {
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
            None => Err(Stop::Damaged("it has no \"kind\"".to_owned())),
        }
    }

    fn request(&mut self, number: u64, members: &Members<'_>) -> Result<(), Stop> {
        self.fits(members.weight("scrubjay"))?;
        let (build, remark) = Build::of_request(number, members, &self.header);
        if let Some(sentence) = remark {
            self.remark(number, sentence);
        }
        let conn = members.string("connId").unwrap_or_default();
        let len = build.len().saturating_add(conn.len() as u64);
        self.grow(len.saturating_add(EXCHANGE_LEN))?;
        self.open(conn, build);
        Ok(())
    }

    fn frame(&mut self, number: u64, kind: &str, members: &Members<'_>) -> Result<(), Stop> {
        self.grow(FRAME_LEN)?;
        let conn = members.string("connId").unwrap_or_default();
        let at = match self.places.get(&conn) {
            Some(at) => *at,
            None => {
                self.remark(number, "a connection has no request line.".to_owned());
                let build = Build::without_request(number, &self.header);
                self.grow(build.len().saturating_add(EXCHANGE_LEN))?;
                self.open(conn, build)
            }
        };
        let Some(build) = self.builds.get_mut(at) else {
            return Ok(());
        };
        let before = build.body_len();
        let remark = build.frame(number, kind, members);
        let grown = build.body_len().saturating_sub(before);
        if let Some(sentence) = remark {
            self.remark(number, sentence);
        }
        self.grow(grown)
    }

    /// From here on the lines of this connection belong to this exchange.
    fn open(&mut self, conn: String, build: Build) -> usize {
        let at = self.builds.len();
        self.builds.push(build);
        self.places.insert(conn, at);
        at
    }

    /// Counts memory that is held from now on.
    fn grow(&mut self, len: u64) -> Result<(), Stop> {
        self.held = self.held.saturating_add(len);
        self.fits(0)
    }

    /// Whether so much more may be held for a moment.
    fn fits(&self, len: u64) -> Result<(), Stop> {
        match self.held.saturating_add(len) > self.limits.held_len {
            true => Err(Stop::Limit(Met::Held(self.limits.held_len))),
            false => Ok(()),
        }
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
                is_limit: false,
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
            notes: Vec::new(),
        }
    }
}

/// A file of a later schema may mean something else by the same lines.
fn written_for_us(members: &Members<'_>) -> Result<(), ReadError> {
    match members.number("schemaVersion") {
        Some(version) if version > SCHEMA_VERSION => Err(ReadError::NotARecording {
            reason: format!(
                "it is a recording of schema version {version}, and this program reads version {SCHEMA_VERSION}; \
                 a newer program is needed"
            ),
        }),
        _ => Ok(()),
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
        redaction: facts.redaction.map(|text| text.get().to_owned()),
    }
}
