//! Faults of the transport: the same bytes in other writes.

use std::time::Duration;

use super::spec::What;
use crate::{
    fragment::joined,
    schedule::{Mark, Part},
};

/// One fault at work on the parts of one answer.
pub(super) enum Spread {
    Split(usize),
    Drip {
        len: usize,
        every_us: u64,
        /// Nothing was sent yet.
        is_first: bool,
        waited_us: u64,
    },
    Coalesce {
        events: Option<usize>,
        held: Vec<Part>,
    },
}

impl Spread {
    /// The fault, if it is one of these.
    pub(super) fn of(what: &What) -> Option<Self> {
        match what {
            What::Split(len) => Some(Self::Split(*len)),
            What::Drip { bytes, every } => Some(Self::Drip {
                len: *bytes,
                every_us: micros(*every),
                is_first: true,
                waited_us: 0,
            }),
            What::Coalesce(events) => Some(Self::Coalesce {
                events: *events,
                held: Vec::new(),
            }),
            _ => None,
        }
    }

    pub(super) fn take(&mut self, part: Part) -> Vec<Part> {
        match self {
            Self::Split(len) => cut(&part, *len),
            Self::Drip {
                len,
                every_us,
                is_first,
                waited_us,
            } => {
                let mut parts = cut(&part, *len);
                for part in &mut parts {
                    if !std::mem::take(is_first) {
                        *waited_us += *every_us;
                    }
                    part.held_us += *waited_us;
                }
                parts
            }
            Self::Coalesce { events, held } => {
                held.push(part);
                let ended: usize = held.iter().map(|part| part.marks.len()).sum();
                if events.is_some_and(|events| ended >= events) {
                    merged(std::mem::take(held)).into_iter().collect()
                } else {
                    Vec::new()
                }
            }
        }
    }

    /// What is kept back at the end.
    pub(super) fn finish(&mut self) -> Option<Part> {
        match self {
            Self::Coalesce { held, .. } => merged(std::mem::take(held)),
            Self::Split(_) | Self::Drip { .. } => None,
        }
    }

    pub(super) fn waited_us(&self) -> u64 {
        match self {
            Self::Drip { waited_us, .. } => *waited_us,
            Self::Split(_) | Self::Coalesce { .. } => 0,
        }
    }
}

/// The part in pieces of at most `len` bytes.
fn cut(part: &Part, len: usize) -> Vec<Part> {
    let mut pieces = Vec::with_capacity(part.bytes.len().div_ceil(len));
    let mut marks = part.marks.iter().peekable();
    for from in (0..part.bytes.len()).step_by(len) {
        let to = part.bytes.len().min(from + len);
        let mut ended = Vec::new();
        while let Some(mark) = marks.next_if(|mark| mark.end <= to) {
            ended.push(Mark {
                end: mark.end - from,
                ..mark.clone()
            });
        }
        pieces.push(Part {
            bytes: part.bytes.slice(from..to),
            marks: ended,
            ..part.clone()
        });
    }
    pieces
}

/// Parts as one, at the time of the last.
fn merged(parts: Vec<Part>) -> Option<Part> {
    let last = parts.last()?;
    let (at_us, held_us, nth) = (last.at_us, last.held_us, last.nth);
    let mut marks = Vec::new();
    let mut len = 0;
    for part in &parts {
        marks.extend(part.marks.iter().map(|mark| Mark {
            end: len + mark.end,
            ..mark.clone()
        }));
        len += part.bytes.len();
    }
    Some(Part {
        at_us,
        held_us,
        nth,
        bytes: joined(parts.into_iter().map(|part| part.bytes).collect()),
        marks,
    })
}

fn micros(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)
}
