//! Rows: numbers that are exact, in windows.
//!
//! In the event view frame n is row n − 1. In the span view a span's row
//! number is its ordinal plus the frames of the expanded spans before it,
//! because every frame stands in exactly one span. So a window costs what it
//! shows and a little for each expanded span, whatever the exchange holds.

use std::ops::Range;

use super::{Failed, Reader, answer::*, describe};
use crate::{derive::spans::Spill, shelf::Shelf, words};

/// Bytes of a frame that are read for its line; the line of a longer one is
/// made from its start.
const LINE_BYTES: u64 = 16 * 1024;

/// An expanded span: its ordinal, its row, its frames.
#[derive(Clone, Copy, Debug)]
struct Expanded {
    ordinal: u32,
    row: u64,
    frames: u32,
}

impl<S: Shelf> Reader<S> {
    /// A window of rows.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn rows(
        &mut self,
        view: RowsOf,
        expanded: &[u32],
        first: u64,
        count: u32,
    ) -> Result<RowWindow<Row>, Failed<S::Error>> {
        if view == RowsOf::Events {
            return self.event_rows(first, count);
        }
        let expanded = self.expanded(expanded)?;
        let total =
            u64::from(self.pages.summary.spans) + expanded.iter().map(|span| u64::from(span.frames)).sum::<u64>();
        let end = first.saturating_add(u64::from(count)).min(total);
        let mut rows = Vec::new();
        for row in first..end {
            rows.push(self.span_view_row(&expanded, row)?);
        }
        Ok(RowWindow { first, total, rows })
    }

    /// The row in which a frame stands; of a span that is not expanded, the
    /// span's row.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn row_of(&mut self, view: RowsOf, expanded: &[u32], seq: u32) -> Result<u64, Failed<S::Error>> {
        if seq == 0 {
            return Ok(0);
        }
        let entry = self.frame(seq)?;
        if view == RowsOf::Events {
            return Ok(u64::from(seq) - 1);
        }
        let expanded = self.expanded(expanded)?;
        let before = expanded.iter().filter(|span| span.ordinal < entry.span);
        let row = u64::from(entry.span) + before.map(|span| u64::from(span.frames)).sum::<u64>();
        if expanded.iter().all(|span| span.ordinal != entry.span) {
            return Ok(row);
        }
        let span = self.span(entry.span)?;
        Ok(row + 1 + u64::from(self.rank_in(&span, seq)?))
    }

    fn event_rows(&mut self, first: u64, count: u32) -> Result<RowWindow<Row>, Failed<S::Error>> {
        let total = u64::from(self.frame_count());
        let end = first.saturating_add(u64::from(count)).min(total);
        let rows: Result<Vec<Row>, _> = (first..end).map(|row| self.frame_row(row as u32 + 1, 0)).collect();
        Ok(RowWindow {
            first,
            total,
            rows: rows?,
        })
    }

    fn expanded(&mut self, ordinals: &[u32]) -> Result<Vec<Expanded>, Failed<S::Error>> {
        let mut ordinals: Vec<u32> = ordinals
            .iter()
            .copied()
            .filter(|ordinal| *ordinal < self.pages.summary.spans)
            .collect();
        ordinals.sort_unstable();
        ordinals.dedup();
        let mut before = 0;
        let mut expanded = Vec::with_capacity(ordinals.len());
        for ordinal in ordinals {
            let frames = self.span(ordinal)?.frames;
            expanded.push(Expanded {
                ordinal,
                row: u64::from(ordinal) + before,
                frames,
            });
            before += u64::from(frames);
        }
        Ok(expanded)
    }

    fn span_view_row(&mut self, expanded: &[Expanded], row: u64) -> Result<Row, Failed<S::Error>> {
        let after = expanded.partition_point(|span| span.row < row);
        let Some(above) = after.checked_sub(1).map(|idx| expanded[idx]) else {
            return self.span_row(row as u32);
        };
        let inside = row - above.row - 1;
        if inside < u64::from(above.frames) {
            let span = self.span(above.ordinal)?;
            let seq = self.nth_in(&span, inside as u32)?;
            return self.frame_row(seq, 1);
        }
        let ordinal = u64::from(above.ordinal) + 1 + (inside - u64::from(above.frames));
        self.span_row(ordinal as u32)
    }

    fn span_row(&mut self, ordinal: u32) -> Result<Row, Failed<S::Error>> {
        let span = self.span(ordinal)?;
        let summary = match describe::span_line(&span) {
            Some(line) => line,
            None => self.line_of(span.first_seq)?,
        };
        let so_far_us = self.is_live(&span).then(|| self.end_of(&span).0 - span.start_us);
        Ok(Row {
            span: Some(ordinal),
            depth: 0,
            first_seq: span.first_seq,
            last_seq: span.last_seq,
            at_us: span.start_us,
            duration_us: so_far_us.unwrap_or(span.end_us - span.start_us),
            kind: span.kind,
            subject: self.subject_of(&span)?,
            summary,
            measure: describe::span_measure(&span, so_far_us),
            severity: span.severity,
            open: span.open,
        })
    }

    fn frame_row(&mut self, seq: u32, depth: u8) -> Result<Row, Failed<S::Error>> {
        let entry = self.frame(seq)?;
        let (subject, summary) = self.subject_and_line(&entry)?;
        Ok(Row {
            span: None,
            depth,
            first_seq: seq,
            last_seq: seq,
            at_us: entry.at_us,
            duration_us: self.gap_before(seq, &entry)?,
            kind: entry.event.kind(),
            subject,
            summary,
            measure: words::bytes(entry.len),
            severity: entry.severity,
            open: false,
        })
    }

    /// The gap since the frame before; since the request, for the first.
    pub(crate) fn gap_before(&mut self, seq: u32, entry: &FrameEntry) -> Result<u64, Failed<S::Error>> {
        let before = if seq <= 1 { 0 } else { self.frame(seq - 1)?.at_us };
        Ok(entry.at_us - before)
    }

    fn line_of(&mut self, seq: u32) -> Result<String, Failed<S::Error>> {
        let entry = self.frame(seq)?;
        Ok(self.subject_and_line(&entry)?.1)
    }

    pub(crate) fn subject_and_line(&mut self, entry: &FrameEntry) -> Result<(String, String), Failed<S::Error>> {
        if entry.len <= LINE_BYTES {
            let frame = self.recut(entry)?;
            return Ok((
                describe::type_name(entry, Some(&frame)),
                describe::frame_line(entry, &frame),
            ));
        }
        let start = self.decoded(entry.offset..entry.offset + 1024)?;
        let text = String::from_utf8_lossy(&start).into_owned();
        Ok((
            describe::type_name(entry, None),
            describe::clipped(text.trim_start_matches("data:").trim()),
        ))
    }

    /// The frame of a span by its place among the span's frames.
    pub(crate) fn nth_in(&mut self, span: &Span, place: u32) -> Result<u32, Failed<S::Error>> {
        let (stretches, mut place) = if place < span.spilled_frames {
            let spill = self.spill_where(span, |spill| spill.frames_before <= place)?;
            (spill.stretches.clone(), place - spill.frames_before)
        } else {
            (span.stretches.clone(), place - span.spilled_frames)
        };
        for (first, count) in stretches {
            if place < count {
                return Ok(first + place);
            }
            place -= count;
        }
        Ok(span.last_seq)
    }

    /// The place of a frame among its span's frames.
    pub(crate) fn rank_in(&mut self, span: &Span, seq: u32) -> Result<u32, Failed<S::Error>> {
        let in_tail = span.stretches.first().is_some_and(|(first, _)| *first <= seq);
        let (stretches, mut rank) = if in_tail || span.spilled == 0 {
            (span.stretches.clone(), span.spilled_frames)
        } else {
            let spill = self.spill_where(span, |spill| {
                spill.stretches.first().is_some_and(|(first, _)| *first <= seq)
            })?;
            (spill.stretches.clone(), spill.frames_before)
        };
        for (first, count) in stretches {
            if seq < first + count {
                return Ok(rank + seq.saturating_sub(first));
            }
            rank += count;
        }
        Ok(rank)
    }

    /// The frames of a span from one on: stretches of numbers that follow each other.
    pub(crate) fn stretches_of(&mut self, span: &Span, first: u32) -> Result<Vec<Range<u32>>, Failed<S::Error>> {
        let mut stretches = Vec::new();
        for list in 0..span.spilled {
            let page = Span::spill_page(span.ordinal, list);
            stretches.extend_from_slice(&self.pages.spill(&self.shelf, page)?.stretches);
        }
        stretches.extend_from_slice(&span.stretches);
        let ranges = stretches
            .into_iter()
            .map(|(from, count)| from..from.saturating_add(count));
        let wanted = ranges.filter(|range| range.end > first);
        Ok(wanted.map(|range| range.start.max(first)..range.end).collect())
    }

    /// The last spilled list for which `holds` is true.
    fn spill_where(
        &mut self,
        span: &Span,
        holds: impl Fn(&Spill) -> bool,
    ) -> Result<std::sync::Arc<Spill>, Failed<S::Error>> {
        let after = super::pages::partition(span.spilled, |list| {
            Ok::<_, Failed<S::Error>>(holds(
                &*self.pages.spill(&self.shelf, Span::spill_page(span.ordinal, list))?,
            ))
        })?;
        self.pages
            .spill(&self.shelf, Span::spill_page(span.ordinal, after.saturating_sub(1)))
    }
}
