//! Exchanges as files of other formats.
//!
//! Each format holds less than a recording does; [`Outward::loses`] names what.
//!
//! - `frames`: the frames of an exchange with their times, for every encoding of its body.
//! - `har`: HAR 1.2, with events where Chrome puts them.
//! - `aimock`: fixtures that aimock serves.
//! - `curl`: commands that ask again.

mod aimock;
mod curl;
mod frames;
mod har;

use std::io::{self, Write};

use crate::{Recorded, line::json_text};

/// A format of another tool that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outward {
    /// HAR 1.2.
    Har,
    /// The bodies of event streams.
    EventStream,
    /// JSON Lines of events.
    EventLines,
    /// A JSON array of events.
    EventArray,
    /// A configuration of aimock with AG-UI fixtures.
    Aimock,
    /// Commands for a shell.
    Curl,
}

impl Outward {
    /// What a file of this format does not hold, as a sentence.
    pub fn loses(self) -> &'static str {
        match self {
            Self::Har => {
                "A HAR has the times of events and no other chunks, bodies without their encoding, and no labels, \
                 trailers and holes."
            }
            Self::EventStream => {
                "The file has the bytes of the streams alone, one after the other and without their encoding: no \
                 requests, heads and times."
            }
            Self::EventLines | Self::EventArray => {
                "The file has the events alone: no requests, heads and times, no comments, and no frames that are no \
                 events."
            }
            Self::Aimock => {
                "The fixtures have the events, and of a request the message or the tool result that is answered: no \
                 heads and times, no comments, and no frames that are no events. Exchanges without events are left out, and \
                 of what was asked twice in the same words aimock serves the first answer."
            }
            Self::Curl => "The commands have the requests alone: no answers and no times.",
        }
    }
}

/// Writes exchanges in a format of another tool.
pub struct OutwardWriter<W: Write> {
    out: W,
    format: Outward,
    /// Items that were written, of a format that has commas between them; of
    /// streams, whether the last frame has no end.
    items: u64,
    /// Fixtures of aimock, which are put in order at the end.
    fixtures: Vec<aimock::Fixture>,
    /// Exchanges of which the file has something.
    exchanges: u64,
}

impl<W: Write> OutwardWriter<W> {
    /// Begins a file. `tool` and `version` are the writer's.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn new(mut out: W, format: Outward, tool: &str, version: &str) -> io::Result<Self> {
        match format {
            Outward::Har => har::begin(&mut out, tool, version)?,
            Outward::EventArray => out.write_all(b"[")?,
            Outward::Curl => out.write_all(b"#!/bin/sh\n")?,
            Outward::EventStream | Outward::EventLines | Outward::Aimock => {}
        }
        Ok(Self {
            out,
            format,
            items: 0,
            fixtures: Vec::new(),
            exchanges: 0,
        })
    }

    /// Adds an exchange, if it has something that the format holds.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn exchange(&mut self, recorded: &Recorded) -> io::Result<()> {
        self.exchanges += u64::from(self.add(recorded)?);
        Ok(())
    }

    fn add(&mut self, recorded: &Recorded) -> io::Result<bool> {
        match self.format {
            Outward::Har => {
                self.item()?;
                har::entry(&mut self.out, recorded)?;
                Ok(true)
            }
            Outward::EventStream => self.stream(recorded),
            Outward::EventLines => self.events(recorded, b"", b"\n"),
            Outward::EventArray => self.events(recorded, b"\n", b""),
            Outward::Aimock => {
                let fixture = aimock::fixture(recorded);
                let is_one = fixture.is_some();
                self.fixtures.extend(fixture);
                Ok(is_one)
            }
            Outward::Curl => {
                curl::command(&mut self.out, recorded)?;
                Ok(true)
            }
        }
    }

    /// Whether no exchange had something that the format holds.
    pub fn is_empty(&self) -> bool {
        self.exchanges == 0
    }

    /// Ends the file and gives the output back, flushed.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn finish(mut self) -> io::Result<W> {
        match self.format {
            Outward::Har => self.out.write_all(b"]}}\n")?,
            Outward::EventArray => self.out.write_all(b"\n]\n")?,
            Outward::Aimock => aimock::write(&mut self.out, self.fixtures)?,
            Outward::EventStream | Outward::EventLines | Outward::Curl => {}
        }
        self.out.flush()?;
        Ok(self.out)
    }

    /// Puts a comma behind the item before.
    fn item(&mut self) -> io::Result<()> {
        self.items += 1;
        match self.items {
            1 => Ok(()),
            _ => self.out.write_all(b","),
        }
    }

    /// A stream without an end to its last frame would swallow the first of the next one.
    fn stream(&mut self, recorded: &Recorded) -> io::Result<bool> {
        let (is_stream, body) = frames::stream(recorded);
        if !is_stream || body.is_empty() {
            return Ok(false);
        }
        if self.items > 0 {
            self.out.write_all(b"\n\n")?;
        }
        self.items = u64::from(!body.ends_with(b"\n\n"));
        self.out.write_all(&body)?;
        Ok(true)
    }

    fn events(&mut self, recorded: &Recorded, before: &[u8], after: &[u8]) -> io::Result<bool> {
        let events = frames::events(recorded);
        for event in &events {
            if self.format == Outward::EventArray {
                self.item()?;
            }
            self.out.write_all(before)?;
            self.out.write_all(event.as_bytes())?;
            self.out.write_all(after)?;
        }
        Ok(!events.is_empty())
    }
}

/// A request's body as JSON, where it is.
fn input_of(recorded: &Recorded) -> Option<serde_json::Value> {
    serde_json::from_str(&json_text(&recorded.request_body)?).ok()
}
