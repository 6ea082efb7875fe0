//! Places: where a frame is, which frame is at a place, and the next place of
//! interest. All in O(log n).

use scrubjay_protocol::json::{Value, Wtf8};

use super::{Failed, Reader, answer::*, pages::partition};
use crate::{derive::marks::List, shelf::Shelf, words};

/// Frames looked back for the last words.
const WORDS_FRAMES: u32 = 16;
/// Characters of the hint.
const HINT_CHARS: usize = 80;

impl<S: Shelf> Reader<S> {
    /// Which frame is at a place.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn locate(&mut self, axis: Axis, target: Target) -> Result<Place, Failed<S::Error>> {
        let seq = match target {
            Target::X(x) => self.seq_at_x(axis, x)?,
            Target::Seq(seq) => seq.min(self.frame_count()),
            Target::AtMicros(at_us) => self.seq_at(at_us)?,
        };
        self.place(axis, seq)
    }

    /// Where a frame is; 0 is the moment before the first.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn place(&mut self, axis: Axis, seq: u32) -> Result<Place, Failed<S::Error>> {
        if seq == 0 {
            return Ok(Place {
                seq,
                at_us: 0,
                x: 0.0,
                wall: words::rfc3339(self.exchange.started_at_us),
                type_name: "request".to_owned(),
                severity: None,
                gap_us: 0,
                hint: String::new(),
            });
        }
        let entry = self.frame(seq)?;
        let (type_name, line) = self.subject_and_line(&entry)?;
        let words = self.last_words(seq, &entry)?;
        Ok(Place {
            seq,
            at_us: entry.at_us,
            x: self.x_of(axis, seq)?,
            wall: words::rfc3339(self.exchange.started_at_us.saturating_add_unsigned(entry.at_us)),
            type_name,
            severity: entry.severity,
            gap_us: self.gap_before(seq, &entry)?,
            hint: words.unwrap_or(line).chars().take(HINT_CHARS * 2).collect(),
        })
    }

    /// What was said last, where the frame says something.
    fn last_words(&mut self, seq: u32, entry: &FrameEntry) -> Result<Option<String>, Failed<S::Error>> {
        if !matches!(entry.event.kind(), Kind::Text | Kind::Reasoning | Kind::Tool) || entry.len > 4096 {
            return Ok(None);
        }
        let mut first = seq;
        while first > 1 && seq - first < WORDS_FRAMES {
            let before = self.frame(first - 1)?;
            if before.span != entry.span || before.len > 4096 {
                break;
            }
            first -= 1;
        }
        let mut words = Wtf8::new();
        for seq in first..=seq {
            let entry = self.frame(seq)?;
            let frame = self.recut(&entry)?;
            if let Some(delta) = frame
                .value
                .as_ref()
                .and_then(|event| event.get("delta"))
                .and_then(Value::as_wtf8)
            {
                words.push(delta);
            }
        }
        let words = words.into_string_lossy();
        let skip = words.chars().count().saturating_sub(HINT_CHARS);
        let tail: String = words.chars().skip(skip).collect();
        let name = match entry.event.kind() {
            Kind::Tool => {
                let span = self.span(entry.span)?;
                format!("{}: ", self.subject_of(&span)?)
            }
            _ => String::new(),
        };
        Ok((!tail.is_empty()).then(|| format!("{name}{tail}")))
    }

    /// The next place of interest from a frame, if there is one.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn jump(
        &mut self,
        axis: Axis,
        from: u32,
        to: JumpTo,
        direction: Direction,
    ) -> Result<Option<Place>, Failed<S::Error>> {
        let seq = match to {
            JumpTo::Problem => self.next_mark(List::Problems, from, direction)?,
            JumpTo::Tool => self.next_mark(List::Tools, from, direction)?,
            JumpTo::State => self.next_mark(List::States, from, direction)?,
            JumpTo::Run => self.next_mark(List::Runs, from, direction)?,
            JumpTo::Turn => self.next_mark(List::Turns, from, direction)?,
            JumpTo::Gap => self.next_mark(List::Gaps, from, direction)?,
            JumpTo::Span => self.next_span(from, direction)?,
            JumpTo::Frame => match direction {
                Direction::Forwards => Some(from.saturating_add(1)).filter(|seq| *seq <= self.frame_count()),
                Direction::Backwards => from.min(self.frame_count() + 1).checked_sub(1),
            },
        };
        seq.map(|seq| self.place(axis, seq)).transpose()
    }

    fn next_mark(&mut self, list: List, from: u32, direction: Direction) -> Result<Option<u32>, Failed<S::Error>> {
        let idx = match direction {
            Direction::Forwards => Some(self.pages.mark_past(&self.shelf, list, |mark| mark.seq > from)?),
            Direction::Backwards => self
                .pages
                .mark_past(&self.shelf, list, |mark| mark.seq >= from)?
                .checked_sub(1),
        };
        match idx.filter(|idx| *idx < self.pages.mark_count(list)) {
            Some(idx) => Ok(Some(self.pages.mark(&self.shelf, list, idx)?.seq)),
            None => Ok(None),
        }
    }

    fn next_span(&mut self, from: u32, direction: Direction) -> Result<Option<u32>, Failed<S::Error>> {
        let ordinal = match direction {
            Direction::Forwards => Some(self.first_span_past(|seq| seq > from)?),
            Direction::Backwards => self.first_span_past(|seq| seq >= from)?.checked_sub(1),
        };
        match ordinal.filter(|ordinal| *ordinal < self.pages.summary.spans) {
            Some(ordinal) => Ok(Some(self.span(ordinal)?.first_seq)),
            None => Ok(None),
        }
    }

    /// Ordinal of the first span whose first frame is past.
    pub(crate) fn first_span_past(&mut self, past: impl Fn(u32) -> bool) -> Result<u32, Failed<S::Error>> {
        let count = self.pages.summary.spans;
        partition(count, |ordinal| Ok(!past(self.span(ordinal)?.first_seq)))
    }
}
