//! Spans and their text.

use std::ops::Range;

use scrubjay_protocol::json::{Value, Wtf8, to_json};

use super::{
    Failed, Reader,
    answer::*,
    frames::{cut_one, event_text},
};
use crate::shelf::Shelf;

/// Bytes of body read at a time while a text is put together.
const READ_AHEAD: u64 = 256 * 1024;
/// Bytes of body read for each byte of text that is asked for.
const READ_FACTOR: u64 = 8;

impl<S: Shelf> Reader<S> {
    /// A span.
    ///
    /// # Errors
    /// When there is no such span, or the shelf cannot be read.
    pub fn span(&mut self, ordinal: u32) -> Result<Span, Failed<S::Error>> {
        let count = self.pages.summary.spans;
        if ordinal >= count {
            return Err(Failed::NoSpan { ordinal, count });
        }
        self.pages.span(&self.shelf, ordinal)
    }

    /// Spans by ordinal, clamped to what exists.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn spans(&mut self, ordinals: Range<u32>) -> Result<Vec<Span>, Failed<S::Error>> {
        (ordinals.start..ordinals.end.min(self.pages.summary.spans))
            .map(|ordinal| self.span(ordinal))
            .collect()
    }

    /// Text of a span: of a message and of reasoning what was said, of a tool
    /// call its arguments and result, of anything else its first event's
    /// JSON. Gives at most `limit` bytes of each.
    ///
    /// # Errors
    /// When there is no such span, or the shelf cannot be read.
    pub fn span_text(&mut self, ordinal: u32, limit: usize) -> Result<SpanText, Failed<S::Error>> {
        self.span_text_until(ordinal, u32::MAX, limit)
    }

    /// The same as of a frame: what was said after it is not there yet.
    ///
    /// # Errors
    /// When there is no such span, or the shelf cannot be read.
    pub fn span_text_until(&mut self, ordinal: u32, seq: u32, limit: usize) -> Result<SpanText, Failed<S::Error>> {
        let span = self.span(ordinal)?;
        match span.kind {
            Kind::Text | Kind::Reasoning | Kind::Tool => self.said_in(&span, seq, limit),
            Kind::Wait => Ok(SpanText::default()),
            _ => self.first_event_of(&span, limit),
        }
    }

    fn first_event_of(&mut self, span: &Span, limit: usize) -> Result<SpanText, Failed<S::Error>> {
        let entry = self.frame(span.first_seq)?;
        // A part of a record says nothing, and a part of a JSON text does.
        let len = match self.pages.summary.transport {
            Transport::Protobuf => entry.len,
            _ => entry.len.min(limit as u64 + 64),
        };
        let bytes = self.decoded(entry.offset..entry.offset + len)?;
        let mut frame = cut_one(self.pages.summary.transport, entry.offset, &bytes);
        let text = frame.comment.take().unwrap_or_else(|| event_text(frame));
        let (text, cut) = clip(String::from_utf8_lossy(&text).into_owned(), limit);
        Ok(SpanText {
            text,
            result: None,
            cut: cut || entry.len > len,
            later: 0,
        })
    }

    fn said_in(&mut self, span: &Span, until: u32, limit: usize) -> Result<SpanText, Failed<S::Error>> {
        let known = match until.checked_add(1).filter(|_| until < span.last_seq) {
            Some(after) => self.rank_in(span, after)?,
            None => span.frames,
        };
        let mut text = Wtf8::new();
        let mut budget = (limit as u64).saturating_mul(READ_FACTOR);
        let mut place = 0;
        while place < known && text.len() <= limit && budget > 0 {
            let first = self.nth_in(span, place)?;
            let count = self.stretch_from(span, first, known - place)?;
            let read = self.said_in_frames(first..first + count, &mut text, limit, budget)?;
            budget = budget.saturating_sub(read);
            place += count;
        }
        let result = match span.result.filter(|_| span.kind == Kind::Tool) {
            Some((_, seq)) if seq <= until => self.result_at(seq, limit)?,
            _ => None,
        };
        let (text, cut) = clip(text.into_string_lossy(), limit);
        Ok(SpanText {
            text,
            result,
            cut: cut || budget == 0,
            later: span.frames - known,
        })
    }

    /// How many frames from `first` on follow each other in the span.
    fn stretch_from(&mut self, span: &Span, first: u32, at_most: u32) -> Result<u32, Failed<S::Error>> {
        let mut count = 1;
        while count < at_most && first + count <= self.frame_count() {
            if self.frame(first + count)?.span != span.ordinal {
                break;
            }
            count += 1;
        }
        Ok(count)
    }

    /// Adds the deltas of frames; gives how many bytes were read for them.
    fn said_in_frames(
        &mut self,
        seqs: Range<u32>,
        text: &mut Wtf8,
        limit: usize,
        budget: u64,
    ) -> Result<u64, Failed<S::Error>> {
        let mut read = 0;
        let mut seq = seqs.start;
        while seq < seqs.end && text.len() <= limit && read < budget {
            let from = self.frame(seq)?.offset;
            let mut entries = Vec::new();
            while seq < seqs.end {
                let entry = self.frame(seq)?;
                if !entries.is_empty() && entry.end() - from > READ_AHEAD {
                    break;
                }
                entries.push(entry);
                seq += 1;
            }
            let to = entries.last().map_or(from, FrameEntry::end);
            let bytes = self.decoded(from..to)?;
            read += to - from;
            for entry in &entries {
                let here = (entry.offset - from) as usize..(entry.end() - from) as usize;
                let frame = cut_one(
                    self.pages.summary.transport,
                    entry.offset,
                    bytes.get(here).unwrap_or_default(),
                );
                if let Some(delta) = frame
                    .value
                    .as_ref()
                    .and_then(|event| event.get("delta"))
                    .and_then(Value::as_wtf8)
                {
                    text.push(delta);
                }
            }
        }
        Ok(read)
    }

    fn result_at(&mut self, seq: u32, limit: usize) -> Result<Option<String>, Failed<S::Error>> {
        let entry = self.frame(seq)?;
        let frame = self.recut(&entry)?;
        let content = frame.value.as_ref().and_then(|event| event.get("content"));
        Ok(content.map(|content| match content {
            Value::String(text) => clip(text.to_str_lossy().into_owned(), limit).0,
            other => clip(to_json(other), limit).0,
        }))
    }
}

/// The first bytes of a text, whole characters, and whether some were left out.
pub(crate) fn clip(mut text: String, limit: usize) -> (String, bool) {
    if text.len() <= limit {
        return (text, false);
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    (text, true)
}
