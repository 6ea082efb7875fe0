//! The answer all at once, where nothing but ids is changed.
//!
//! Chunks go out as they lie in what was read. Where ids are put in, frames are
//! counted, and only one that may hold an id, or that goes on in another chunk,
//! is cut out and given to the adapter; what stands between goes on as it is.
//! Bytes and splits are those of a [`Schedule`](super::Schedule) with the same options.

mod clear;
mod ends;

use std::collections::VecDeque;

use bytes::Bytes;
use scrubjay_protocol::{frame::EVENT_LIMIT, media};
use scrubjay_session::exchange::Chunk;

use self::{clear::Clear, ends::Ends};
use super::{Cut, Part, joiner::Joiner};
use crate::{
    adapt::Adapter,
    cutter::content_type,
    fragment::{Fragment, Pending, What},
    recorded::{Chunks, Recorded, Unread},
};

/// The parts of an answer, without their marks.
///
/// An iterator of [`Part`]s, or of one error when the recording cannot be
/// read (then nothing follows). Reading is blocking.
pub struct Bulk {
    chunks: Chunks,
    /// Absent for the bytes as recorded.
    inserter: Option<Box<Inserter>>,
    /// Parts, each with the frames that have ended by then.
    ready: VecDeque<(Part, u32)>,
    frames: u32,
    nth: u64,
    at_us: u64,
    /// Nothing is to be read any more.
    done: bool,
}

impl Bulk {
    /// The chunks as recorded.
    pub(super) fn exact(recorded: &Recorded) -> Self {
        Self::new(Chunks::of(recorded), None)
    }

    /// The chunks with ids put in. Nothing when the body's start does not
    /// show its frames, or when an adapter has to see every one of them.
    pub(super) fn adapted(recorded: &Recorded, adapter: &Adapter) -> Option<Self> {
        if !adapter.needs_needles() {
            return None;
        }
        let mut chunks = Chunks::of(recorded);
        // The next read reports what cannot be read.
        let (chunk, ahead) = chunks.ahead().ok()??;
        let start = &ahead[..len_of(&chunk, ahead)];
        // A byte order mark is no line of its own: rare enough to be left to the decoder.
        if start.is_empty() || start[0] == 0xEF {
            return None;
        }
        let media = media::recognise(content_type(&recorded.exchange).as_deref(), start)?;
        let inserter = Inserter::new(adapter.clone(), Ends::of(media)?);
        Some(Self::new(chunks, Some(Box::new(inserter))))
    }

    fn new(chunks: Chunks, inserter: Option<Box<Inserter>>) -> Self {
        Self {
            chunks,
            inserter,
            ready: VecDeque::new(),
            frames: 0,
            nth: 0,
            at_us: 0,
            done: false,
        }
    }

    /// Frames that end in what was given so far; 0 where no ids are put in,
    /// because the bytes are not looked into.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    fn step(&mut self) -> Result<(), Unread> {
        if let Some(inserter) = &mut self.inserter {
            self.done = !inserter.step(&mut self.chunks, &mut self.ready)?;
            return Ok(());
        }
        match self.chunks.next()? {
            Some((_, _, bytes)) if bytes.is_empty() => {}
            Some((chunk, _, bytes)) => self.ready.push_back((whole(&chunk, bytes), 0)),
            None => self.done = true,
        }
        Ok(())
    }
}

impl Iterator for Bulk {
    type Item = Result<Part, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((mut part, frames)) = self.ready.pop_front() {
                self.frames = frames;
                self.at_us = self.at_us.max(part.at_us);
                part.at_us = self.at_us;
                part.nth = self.nth;
                self.nth += 1;
                return Some(Ok(part));
            }
            if self.done {
                return None;
            }
            if let Err(unread) = self.step() {
                self.done = true;
                return Some(Err(unread));
            }
        }
    }
}

/// Puts ids into chunks.
struct Inserter {
    adapter: Adapter,
    ends: Ends,
    clear: Clear,
    /// Where frames end in the current chunk.
    found: Vec<usize>,
    /// The frame that is open, from its start.
    pending: Pending,
    /// The start of the open frame went out, because it is too large to be held.
    is_flushed: bool,
    joiner: Joiner,
    /// Where the next byte is expected.
    wire_end: u64,
    seq: u32,
    /// Frames that end in what was given.
    given: u32,
}

impl Inserter {
    fn new(adapter: Adapter, ends: Ends) -> Self {
        Self {
            adapter,
            ends,
            clear: Clear::default(),
            found: Vec::new(),
            pending: Pending::default(),
            is_flushed: false,
            joiner: Joiner::new(Cut::Recorded),
            wire_end: 0,
            seq: 0,
            given: 0,
        }
    }

    /// Takes the next chunk; false after the last.
    fn step(&mut self, chunks: &mut Chunks, out: &mut VecDeque<(Part, u32)>) -> Result<bool, Unread> {
        let Some((chunk, ahead)) = chunks.ahead()? else {
            self.end_frame(out);
            return Ok(false);
        };
        if chunk.offset > self.wire_end {
            // What was begun before a hole cannot be finished after it.
            self.end_frame(out);
        }
        self.wire_end = chunk.offset + chunk.len;
        let len = len_of(&chunk, ahead);
        self.found.clear();
        self.ends.push(&ahead[..len], &mut self.found);
        let stands_alone = self.pending.len() == 0 && !self.is_flushed && self.found.last() == Some(&len);
        let passes = stands_alone && !self.clear.is_broken(&(0..len), ahead, &self.adapter);
        let ahead = (!passes).then(|| ahead.clone());
        let Some((chunk, number, bytes)) = chunks.next()? else {
            return Ok(false);
        };
        match ahead {
            Some(_) if bytes.is_empty() => {}
            Some(ahead) => {
                self.pending.push(bytes, number, chunk.at_us);
                self.cut(&ahead, len, out);
            }
            None => {
                self.seq += u32::try_from(self.found.len()).unwrap_or(u32::MAX);
                self.given = self.seq;
                out.push_back((whole(&chunk, bytes), self.given));
            }
        }
        self.clear.advance(len);
        Ok(true)
    }

    /// Cuts out the frames that may hold an id. The chunk, the first `len` of
    /// the bytes ahead, is pending already.
    fn cut(&mut self, ahead: &[u8], len: usize, out: &mut VecDeque<(Part, u32)>) {
        let begun_len = self.pending.len() - len;
        let (mut from, mut passing_len) = (0, 0);
        let found = std::mem::take(&mut self.found);
        for (nth, end) in found.iter().copied().enumerate() {
            let goes_on = nth == 0 && (begun_len > 0 || self.is_flushed);
            if !goes_on && !self.clear.is_broken(&(from..end), ahead, &self.adapter) {
                self.seq += 1;
                passing_len += end - from;
            } else {
                self.pass(std::mem::take(&mut passing_len), out);
                let begun_len = if nth == 0 { begun_len } else { 0 };
                self.seq += 1;
                self.frame(begun_len + end - from, out);
            }
            from = end;
        }
        self.found = found;
        self.pass(passing_len, out);
        if self.pending.len() > EVENT_LIMIT {
            self.raw(self.pending.len(), Vec::new(), out);
            self.is_flushed = true;
        }
        if self.pending.len() == 0 {
            self.flush(out);
        }
    }

    /// Gives what was begun, at the end of the body or at a hole.
    fn end_frame(&mut self, out: &mut VecDeque<(Part, u32)>) {
        if self.ends.finish() {
            self.seq += 1;
            self.frame(self.pending.len(), out);
        }
        self.raw(self.pending.len(), Vec::new(), out);
        self.is_flushed = false;
        self.flush(out);
    }

    /// Gives whole frames that hold no id.
    fn pass(&mut self, len: usize, out: &mut VecDeque<(Part, u32)>) {
        if len > 0 {
            self.raw(len, vec![self.seq], out);
        }
    }

    /// Gives a frame with ids put in; as it is when its start is gone already.
    fn frame(&mut self, len: usize, out: &mut VecDeque<(Part, u32)>) {
        if std::mem::take(&mut self.is_flushed) {
            return self.raw(len, vec![self.seq], out);
        }
        let what = What::Frame {
            seq: self.seq,
            event_type: None,
            format: self.ends.format(),
        };
        let fragment = self.pending.take(len, what);
        let fragment = self.adapter.adapt(fragment);
        self.join(&fragment, out);
    }

    fn raw(&mut self, len: usize, ended: Vec<u32>, out: &mut VecDeque<(Part, u32)>) {
        let ended = ended.into_iter().map(|seq| (seq, None)).collect();
        let fragment = self.pending.take(len, What::Opaque(ended));
        self.join(&fragment, out);
    }

    fn join(&mut self, fragment: &Fragment, out: &mut VecDeque<(Part, u32)>) {
        for part in self.joiner.take(fragment) {
            self.give(part, out);
        }
    }

    fn flush(&mut self, out: &mut VecDeque<(Part, u32)>) {
        if let Some(part) = self.joiner.flush() {
            self.give(part, out);
        }
    }

    /// Marks here know no types: who wants them asks a schedule.
    fn give(&mut self, mut part: Part, out: &mut VecDeque<(Part, u32)>) {
        let marks = std::mem::take(&mut part.marks);
        self.given = marks.last().map_or(self.given, |mark| mark.seq);
        out.push_back((part, self.given));
    }
}

/// A chunk's bytes, as far as they could be read.
fn len_of(chunk: &Chunk, ahead: &Bytes) -> usize {
    usize::try_from(chunk.len).unwrap_or(usize::MAX).min(ahead.len())
}

fn whole(chunk: &Chunk, bytes: Bytes) -> Part {
    Part {
        at_us: chunk.at_us,
        bytes,
        ..Part::default()
    }
}
