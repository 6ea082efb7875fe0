//! The exchanges that were made so far, within the limits.

use scrubjay_session::exchange::{Chunk, Ending, Exchange, RequestHead, ResponseHead};

use super::document::Halt;
use crate::{
    build::split_url,
    limit::{Limits, Met},
    read::{EXCHANGE_LEN, FRAME_LEN, Origin, ReadError, Recorded, Recording, Stop},
    rule::event_bytes,
    write::Header,
};

/// A file of another tool that is being read.
pub(super) struct Taking<'t> {
    pub(super) bytes: &'t [u8],
    /// What the file is, behind "it is a".
    pub(super) name: &'static str,
    pub(super) recording: Recording,
    limits: Limits,
    /// Bytes of memory for what was read, counted from above.
    held: u64,
    /// A place in the bytes, and its line from 1.
    counted: (usize, u64),
}

impl<'t> Taking<'t> {
    pub(super) fn new(bytes: &'t [u8], limits: Limits) -> Self {
        Self {
            bytes,
            name: "file",
            recording: Recording::default(),
            limits,
            held: 0,
            counted: (0, 1),
        }
    }

    /// The bytes as far as they are text, and where they are none.
    pub(super) fn text(&self) -> (&'t str, Result<(), Halt>) {
        match std::str::from_utf8(self.bytes) {
            Ok(text) => (text, Ok(())),
            Err(error) => {
                let at = error.valid_up_to();
                let text = str::from_utf8(&self.bytes[..at]).unwrap_or_default();
                (text, Err((at, Stop::Damaged("it is not UTF-8".to_owned()))))
            }
        }
    }

    /// Says something of the whole file.
    pub(super) fn note(&mut self, sentence: impl Into<String>) {
        self.recording.notes.push(sentence.into());
    }

    /// The line of a place. Going on from the last place that was asked for costs little.
    pub(super) fn line_at(&mut self, at: usize) -> u64 {
        let at = at.min(self.bytes.len());
        let (from, line) = match self.counted {
            (counted, line) if counted <= at => (counted, line),
            _ => (0, 1),
        };
        let ends = self.bytes[from..at].iter().filter(|byte| **byte == b'\n').count();
        self.counted = (at, line + ends as u64);
        self.counted.1
    }

    /// Counts memory that is held from now on.
    pub(super) fn grow(&mut self, len: u64) -> Result<(), Stop> {
        self.held = self.held.saturating_add(len);
        match self.held > self.limits.held_len {
            true => Err(Stop::Limit(Met::Held(self.limits.held_len))),
            false => Ok(()),
        }
    }

    /// Counts a body that is held, and the frames that it may have.
    pub(super) fn grow_by_body(&mut self, body: &[u8]) -> Result<(), Stop> {
        let ends = body
            .windows(2)
            .filter(|two| matches!(two, [b'\n' | b'\r', b'\r'] | [b'\n', b'\n']))
            .count() as u64;
        self.grow((body.len() as u64).saturating_add(ends.saturating_mul(FRAME_LEN)))
    }

    /// The exchange made last; one is begun where there is none.
    pub(super) fn last(&mut self, at: usize) -> Result<&mut Recorded, Stop> {
        if self.recording.exchanges.is_empty() {
            self.begin(at)?;
        }
        let last = self.recording.exchanges.last_mut();
        last.ok_or_else(|| Stop::Damaged("it holds no exchange".to_owned()))
    }

    /// Begins an exchange of which nothing is known but that it came: a POST
    /// that was answered with an event stream.
    pub(super) fn begin(&mut self, at: usize) -> Result<&mut Recorded, Stop> {
        self.grow(EXCHANGE_LEN)?;
        let index = self.recording.exchanges.len() as i64;
        let line = self.line_at(at);
        self.recording.exchanges.push(made(index, line));
        self.last(at)
    }

    /// Adds an event to the exchange made last.
    pub(super) fn event(&mut self, at: usize, text: &str, at_us: u64) -> Result<(), Stop> {
        let text = crate::line::json_text(text.as_bytes()).unwrap_or_else(|| text.replace(['\n', '\r'], " ").into());
        let bytes = event_bytes(&text);
        self.frame(at, &bytes, at_us)
    }

    /// Adds the bytes of a frame to the exchange made last.
    pub(super) fn frame(&mut self, at: usize, bytes: &[u8], at_us: u64) -> Result<(), Stop> {
        let last = self.last(at)?.exchange.index;
        self.frame_of(last, at, bytes, at_us)
    }

    /// Adds the bytes of a frame to an exchange.
    pub(super) fn frame_of(&mut self, index: i64, at: usize, bytes: &[u8], at_us: u64) -> Result<(), Stop> {
        self.grow(FRAME_LEN.saturating_add(bytes.len() as u64))?;
        let line = self.line_at(at);
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(recorded) = self.recording.exchanges.get_mut(place) {
            recorded.frame_lines.push((line, recorded.body.len() as u64));
            append(recorded, bytes, at_us);
        }
        Ok(())
    }

    /// The recording, or why there is none.
    pub(super) fn finish(mut self, halted: Result<(), Halt>, broken: Option<Stop>) -> Result<Recording, ReadError> {
        let damage = match (halted, broken) {
            // Where a file could not be read to its end, its text ends in the middle for that reason.
            (Err((at, Stop::Limit(met))), Some(Stop::Damaged(_))) => Some(Stop::Limit(met).at(self.line_at(at))),
            (_, Some(stop)) => Some(stop.at(self.line_at(self.bytes.len()))),
            (Err((at, stop)), None) => Some(stop.at(self.line_at(at))),
            (Ok(()), None) => None,
        };
        if self.recording.exchanges.is_empty() {
            return Err(match damage {
                Some(damage) if damage.is_limit => ReadError::TooLarge(damage),
                Some(damage) => ReadError::Damaged(damage),
                None => ReadError::NotARecording {
                    reason: format!("it is a {} and holds no exchange of an agent", self.name),
                },
            });
        }
        for recorded in &mut self.recording.exchanges {
            complete(recorded);
        }
        if let (Some(_), Some(last)) = (&damage, self.recording.exchanges.last_mut()) {
            last.origin = Origin::Cut;
        }
        self.recording.header = header_of(&self.recording.exchanges);
        self.recording.damage = damage;
        Ok(self.recording)
    }
}

fn header_of(exchanges: &[Recorded]) -> Header {
    let started = exchanges.iter().map(|recorded| recorded.exchange.started_at_us);
    Header {
        captured_at_us: started.min().unwrap_or_default(),
        url: exchanges
            .first()
            .map(|first| first.exchange.upstream.clone())
            .unwrap_or_default(),
        ..Header::default()
    }
}

fn made(index: i64, line: u64) -> Recorded {
    Recorded {
        exchange: Exchange {
            index,
            source: "import".to_owned(),
            request: RequestHead {
                method: "POST".to_owned(),
                target: "/".to_owned(),
                ..RequestHead::default()
            },
            response: Some(ResponseHead {
                status: 200,
                headers: vec![("content-type".to_owned(), b"text/event-stream".to_vec())],
                ..ResponseHead::default()
            }),
            ending: Ending::Complete,
            ..Exchange::default()
        },
        request_body: Vec::new(),
        chunks: Vec::new(),
        body: Vec::new(),
        origin: Origin::Made,
        line,
        frame_lines: Vec::new(),
    }
}

/// Adds bytes to the body, as a chunk of their own unless they came with those before.
pub(super) fn append(recorded: &mut Recorded, bytes: &[u8], at_us: u64) {
    let last_at_us = recorded.chunks.last().map_or(0, |chunk| chunk.at_us);
    let at_us = at_us.max(last_at_us);
    match recorded.chunks.last_mut() {
        Some(chunk) if chunk.at_us == at_us => chunk.len += bytes.len() as u64,
        _ if bytes.is_empty() => {}
        _ => recorded.chunks.push(Chunk {
            offset: recorded.body.len() as u64,
            len: bytes.len() as u64,
            at_us,
        }),
    }
    recorded.body.extend_from_slice(bytes);
}

/// Sets where an exchange went, from an absolute URL.
pub(super) fn set_url(exchange: &mut Exchange, url: &str) {
    let (upstream, target) = split_url(url);
    exchange.upstream = upstream;
    exchange.request.target = target;
}

/// Sets what follows from bodies and chunks.
fn complete(recorded: &mut Recorded) {
    let exchange = &mut recorded.exchange;
    exchange.request_len = recorded.request_body.len() as u64;
    exchange.body_len = recorded.body.len() as u64;
    exchange.chunk_count = recorded.chunks.len() as u64;
    let last_at_us = recorded.chunks.last().map_or(0, |chunk| chunk.at_us);
    exchange.last_at_us = exchange.last_at_us.max(last_at_us);
    if exchange.response.is_some() && exchange.response_at_us.is_none() {
        exchange.response_at_us = Some(recorded.chunks.first().map_or(0, |chunk| chunk.at_us));
    }
}
