//! The events of one span: a window of them, and how many came when.

use super::{Failed, Reader, answer::*, describe, pages::partition};
use crate::shelf::Shelf;

/// One event of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpanEvent {
    /// Its number in the exchange.
    pub seq: u32,
    /// When it arrived.
    pub at_us: u64,
    /// Since the event before it in the span.
    pub gap_us: u64,
    /// Event type, or what the frame is.
    pub type_name: String,
    /// Length of its frame, bytes.
    pub len: u64,
}

/// A window of a span's events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpanEventWindow {
    /// The span, by ordinal.
    pub span: u32,
    /// Place of the first event given, from 0.
    pub first: u32,
    /// Events of the span.
    pub total: u32,
    pub events: Vec<SpanEvent>,
    /// Events in each of so many equal parts of the span's time; empty when it took no time.
    pub rate: Vec<u32>,
}

impl<S: Shelf> Reader<S> {
    /// Up to `count` events of a span with a frame of it in the middle, and
    /// how many came in each of `parts` parts of its time.
    ///
    /// # Errors
    /// When there is no such span, or the shelf cannot be read.
    pub fn span_events(
        &mut self,
        ordinal: u32,
        around: u32,
        count: u32,
        parts: u32,
    ) -> Result<SpanEventWindow, Failed<S::Error>> {
        let span = self.span(ordinal)?;
        let here = self.rank_in(&span, around)?.min(span.frames.saturating_sub(1));
        let first = here.saturating_sub(count / 2).min(span.frames.saturating_sub(count));
        let mut before = match first.checked_sub(1) {
            Some(place) => Some(self.nth_at_us(&span, place)?),
            None => None,
        };
        let mut events = Vec::new();
        for place in first..span.frames.min(first.saturating_add(count)) {
            let seq = self.nth_in(&span, place)?;
            let entry = self.frame(seq)?;
            events.push(SpanEvent {
                seq,
                at_us: entry.at_us,
                gap_us: before.map_or(0, |before| entry.at_us.saturating_sub(before)),
                type_name: describe::type_name(&entry, None),
                len: entry.len,
            });
            before = Some(entry.at_us);
        }
        Ok(SpanEventWindow {
            span: ordinal,
            first,
            total: span.frames,
            events,
            rate: self.rate_of(&span, parts)?,
        })
    }

    fn nth_at_us(&mut self, span: &Span, place: u32) -> Result<u64, Failed<S::Error>> {
        let seq = self.nth_in(span, place)?;
        Ok(self.frame(seq)?.at_us)
    }

    /// Counts by halving, so that a span of any length costs the same.
    fn rate_of(&mut self, span: &Span, parts: u32) -> Result<Vec<u32>, Failed<S::Error>> {
        let length_us = span.end_us.saturating_sub(span.start_us);
        if length_us == 0 || parts == 0 {
            return Ok(Vec::new());
        }
        let (mut rate, mut counted) = (Vec::new(), 0);
        for part in 1..=u64::from(parts) {
            let end_us = span.start_us + length_us * part / u64::from(parts);
            let is_last = part == u64::from(parts);
            let until = partition(span.frames, |place| {
                let at_us = self.nth_at_us(span, place)?;
                Ok::<_, Failed<S::Error>>(at_us < end_us || is_last)
            })?;
            rate.push(until - counted);
            counted = until;
        }
        Ok(rate)
    }
}
