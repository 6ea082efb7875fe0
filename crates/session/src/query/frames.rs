//! Frames: windows of the index, bytes, and the lines of `scrubjay events`.

use std::{collections::VecDeque, ops::Range};

use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json,
    problem::rule as problem,
    record, sse,
};

use super::{Failed, Reader, answer::*};
use crate::{
    derive::{finding, summary::Transport},
    shelf::{PageKind, Shelf},
};

/// Bytes of body read at a time while iterating.
const READ_AHEAD: u64 = 256 * 1024;

/// All findings of an exchange that is derived to its end, read from its pages
/// without opening it; `None` if they are not there as the summary says.
///
/// # Errors
/// When the shelf cannot be read.
pub fn stored_findings<S: Shelf>(shelf: &S, summary: &Summary) -> Result<Option<Vec<FindingEntry>>, S::Error> {
    let count: u32 = summary.findings.iter().sum();
    let mut findings = Vec::new();
    for number in 0..count.div_ceil(finding::BLOCK) {
        let page = shelf.page(PageKind::Findings, u64::from(number))?;
        let Some(block) = page.and_then(|page| finding::decode(&page).ok()) else {
            return Ok(None);
        };
        findings.extend(block);
    }
    Ok((findings.len() == count as usize).then_some(findings))
}

impl<S: Shelf> Reader<S> {
    /// Entries of a range of frames, clamped to what exists.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn frames(&mut self, seqs: Range<u32>) -> Result<Vec<FrameEntry>, Failed<S::Error>> {
        let end = seqs.end.min(self.frame_count() + 1);
        (seqs.start.max(1)..end).map(|seq| self.frame(seq)).collect()
    }

    /// The bytes of a frame, the first `limit` of them.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn frame_text(&mut self, seq: u32, limit: u64) -> Result<FrameText, Failed<S::Error>> {
        let entry = self.frame(seq)?;
        let bytes = self.decoded(entry.offset..entry.offset + entry.len.min(limit))?;
        Ok(FrameText {
            bytes,
            cut: entry.len > limit,
        })
    }

    /// The data of an SSE frame: its `data` lines, joined.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn frame_data(&mut self, seq: u32) -> Result<FrameData, Failed<S::Error>> {
        let entry = self.frame(seq)?;
        let frame = self.recut(&entry)?;
        Ok(FrameData {
            is_cut: frame.has(problem::CUT) || frame.has(problem::UNTERMINATED),
            data: frame.data,
        })
    }

    /// Findings at frames of a range, in order, at most `limit`.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn findings(&mut self, seqs: Range<u32>, limit: usize) -> Result<Vec<FindingEntry>, Failed<S::Error>> {
        let count = self.pages.finding_count();
        let first = super::pages::partition(count, |idx| {
            Ok::<_, Failed<S::Error>>(self.pages.finding(&self.shelf, idx)?.seq < seqs.start)
        })?;
        let mut findings = Vec::new();
        for idx in first..count {
            let entry = self.pages.finding(&self.shelf, idx)?;
            if entry.seq >= seqs.end || findings.len() >= limit {
                break;
            }
            findings.push(entry);
        }
        Ok(findings)
    }

    /// A window of the findings of a rule, or of all, in order.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn findings_of(
        &mut self,
        rule: Option<&str>,
        first: u64,
        count: u32,
    ) -> Result<Vec<FindingEntry>, Failed<S::Error>> {
        let mut findings = Vec::new();
        // Without a rule, the window's first is known by its number.
        let begin = match rule {
            None => u32::try_from(first).unwrap_or(u32::MAX),
            Some(_) => 0,
        };
        let mut skip = first - u64::from(begin).min(first);
        for idx in begin..self.pages.finding_count() {
            if findings.len() >= count as usize {
                break;
            }
            let entry = self.pages.finding(&self.shelf, idx)?;
            if rule.is_some_and(|rule| *entry.rule != *rule) {
                continue;
            }
            match skip {
                0 => findings.push(entry),
                _ => skip -= 1,
            }
        }
        Ok(findings)
    }

    /// Every frame of a range with its event's text, one at a time: memory
    /// does not grow with the range.
    pub fn events(&mut self, seqs: Range<u32>) -> Events<'_, S> {
        let end = seqs.end.min(self.frame_count() + 1);
        Events {
            next: seqs.start.max(1),
            end,
            finding: None,
            buffer: Vec::new(),
            buffer_at: 0,
            reader: self,
        }
    }

    /// One frame as [`Reader::events`] gives it.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn event(&mut self, seq: u32) -> Result<EventLine, Failed<S::Error>> {
        let last = self.frame_count();
        let line = self.events(seq..seq.saturating_add(1)).next();
        line.unwrap_or(Err(Failed::NoFrame { seq, last }))
    }

    /// Gives the frames of a range for which `wanted` says so, reading ahead,
    /// until `take` says that it is enough.
    pub(crate) fn each_frame(
        &mut self,
        seqs: Range<u32>,
        wanted: impl Fn(&FrameEntry) -> bool,
        mut take: impl FnMut(&mut Self, u32, &FrameEntry, &Frame) -> Result<bool, Failed<S::Error>>,
    ) -> Result<(), Failed<S::Error>> {
        let last = self.frame_count().min(seqs.end.saturating_sub(1));
        let mut next = seqs.start.max(1);
        while next <= last {
            let entries = self.entries_from(next, last)?;
            let from = entries.iter().find(|entry| wanted(entry)).map(|first| first.offset);
            let to = entries.iter().rfind(|entry| wanted(entry)).map(FrameEntry::end);
            let bytes = match from.zip(to) {
                Some((from, to)) => self.decoded(from..to)?,
                None => Vec::new(),
            };
            for (seq, entry) in (next..).zip(&entries) {
                crate::steps::tick();
                if !wanted(entry) {
                    continue;
                }
                let start = (entry.offset - from.unwrap_or(entry.offset)) as usize;
                let here = start..(start + entry.len as usize).min(bytes.len());
                let bytes = bytes.get(here).unwrap_or_default();
                let frame = cut_one(self.pages.summary.transport, entry.offset, bytes);
                if !take(self, seq, entry, &frame)? {
                    return Ok(());
                }
            }
            next += entries.len().max(1) as u32;
        }
        Ok(())
    }

    /// The same for the frames of a span: what came between them is not read.
    pub(crate) fn each_frame_of(
        &mut self,
        span: &Span,
        mut take: impl FnMut(&mut Self, u32, &FrameEntry, &Frame) -> Result<bool, Failed<S::Error>>,
    ) -> Result<(), Failed<S::Error>> {
        let mut goes_on = true;
        for stretch in self.stretches_of(span, 0)? {
            self.each_frame(
                stretch,
                |_| true,
                |reader, seq, entry, frame| {
                    goes_on = take(reader, seq, entry, frame)?;
                    Ok(goes_on)
                },
            )?;
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// A frame cut again from its bytes, with its data.
    pub(crate) fn recut(&mut self, entry: &FrameEntry) -> Result<Frame, Failed<S::Error>> {
        let bytes = self.decoded(entry.offset..entry.end())?;
        Ok(cut_one(self.pages.summary.transport, entry.offset, &bytes))
    }
}

/// Cuts one frame from exactly its bytes.
pub(crate) fn cut_one(transport: Transport, offset: u64, bytes: &[u8]) -> Frame {
    let frame = if transport == Transport::Protobuf {
        let mut decoder = record::Decoder::resume(offset);
        decoder.push(bytes);
        decoder.next_frame().or_else(|| decoder.finish())
    } else {
        let mut decoder = sse::Decoder::resume(offset);
        decoder.push(bytes);
        decoder.next_frame().or_else(|| decoder.finish())
    };
    frame.unwrap_or_default()
}

/// The text of a frame's event: of SSE as it stands, of a record that of the
/// value that it decodes to.
pub(crate) fn event_text(frame: Frame) -> Vec<u8> {
    match &frame.value {
        Some(value) if frame.is_record => json::to_json(value).into_bytes(),
        None if frame.is_record => Vec::new(),
        _ => frame.data,
    }
}

/// Iterates over frames; see [`Reader::events`].
pub struct Events<'a, S: Shelf> {
    reader: &'a mut Reader<S>,
    next: u32,
    end: u32,
    /// Index of the next finding, and the findings read ahead.
    finding: Option<(u32, VecDeque<FindingEntry>)>,
    buffer: Vec<u8>,
    buffer_at: u64,
}

impl<S: Shelf> Iterator for Events<'_, S> {
    type Item = Result<EventLine, Failed<S::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let seq = self.next;
        self.next += 1;
        let line = self.line(seq);
        if line.is_err() {
            self.end = self.next;
        }
        Some(line)
    }
}

impl<S: Shelf> Events<'_, S> {
    fn line(&mut self, seq: u32) -> Result<EventLine, Failed<S::Error>> {
        let entry = self.reader.frame(seq)?;
        let bytes = self.bytes(&entry)?;
        let frame = cut_one(self.reader.pages.summary.transport, entry.offset, &bytes);
        let type_name = match entry.event.name() {
            Some(name) => Some(name.to_owned()),
            None => frame.event_type.as_ref().map(|event| event.name().to_owned()),
        };
        let event = match entry.kind {
            FrameKind::Event | FrameKind::Record => String::from_utf8(event_text(frame)).ok(),
            FrameKind::Comment | FrameKind::Malformed => None,
        };
        let event = event.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(EventLine {
            seq,
            entry,
            type_name,
            event,
            findings: self.findings_at(seq)?,
        })
    }

    fn bytes(&mut self, entry: &FrameEntry) -> Result<Vec<u8>, Failed<S::Error>> {
        let buffered = self.buffer_at..self.buffer_at + self.buffer.len() as u64;
        if entry.offset < buffered.start || entry.end() > buffered.end {
            let end = entry
                .end()
                .max((entry.offset + READ_AHEAD).min(self.reader.pages.summary.decoded_len));
            let end = if self.next >= self.end { entry.end() } else { end };
            self.buffer = self.reader.decoded(entry.offset..end)?;
            self.buffer_at = entry.offset;
        }
        let from = (entry.offset - self.buffer_at) as usize;
        let to = (from + entry.len as usize).min(self.buffer.len());
        Ok(self.buffer.get(from..to).unwrap_or_default().to_vec())
    }

    fn findings_at(&mut self, seq: u32) -> Result<Vec<FindingEntry>, Failed<S::Error>> {
        let count = self.reader.pages.finding_count();
        if self.finding.is_none() {
            let first = super::pages::partition(count, |idx| {
                Ok::<_, Failed<S::Error>>(self.reader.pages.finding(&self.reader.shelf, idx)?.seq < seq)
            })?;
            self.finding = Some((first, VecDeque::new()));
        }
        let Some((idx, ahead)) = &mut self.finding else {
            return Ok(Vec::new());
        };
        let mut findings = Vec::new();
        loop {
            if ahead.is_empty() && *idx < count {
                let until = (*idx / finding::BLOCK + 1) * finding::BLOCK;
                for next in *idx..until.min(count) {
                    ahead.push_back(self.reader.pages.finding(&self.reader.shelf, next)?);
                }
                *idx = until.min(count);
            }
            let Some(finding) = ahead.pop_front_if(|first| first.seq <= seq) else {
                return Ok(findings);
            };
            if finding.seq == seq {
                findings.push(finding);
            }
        }
    }
}
