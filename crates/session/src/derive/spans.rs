//! Spans as they are stored: in the order of their first frames, in blocks of
//! [`BLOCK`].
//!
//! Every frame stands in the rows of exactly one span, so that row numbers
//! are exact. A span lists its frames as *stretches* of consecutive numbers;
//! most spans are one stretch. A span of many (two tool calls whose arguments
//! interleave) spills full lists of [`STRETCHES`] into pages of their own.

use std::sync::Arc;

use super::kinds::{Kind, Severity};
use crate::codec::{Damaged, Reader, Writer, open_page};

/// Spans in a block.
pub const BLOCK: u32 = 64;
/// Stretches kept with the span before a list of them is spilled.
pub const STRETCHES: usize = 128;
/// Characters of text kept with the span.
pub const HEAD_CHARS: usize = 160;
/// Bytes of an id or name kept with the span.
pub const NAME_LEN: usize = 512;
/// Open spans that a block names; more are drawn only when they begin.
pub const OPEN_NAMED: usize = 256;

/// An assembled item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Its number in the order of first frames, from 0.
    pub ordinal: u32,
    pub kind: Kind,
    /// messageId, toolCallId, runId, subagentRunId, …
    pub id: String,
    /// Role, tool name, step name, activity type, …
    pub name: String,
    /// Ordinal of the span it is in: the run's step or sub-agent, a tool call's message.
    pub parent: Option<u32>,
    pub first_seq: u32,
    /// Last frame so far.
    pub last_seq: u32,
    /// When the first frame came.
    pub start_us: u64,
    /// When the last one came.
    pub end_us: u64,
    /// Frames in its rows; a wait has none.
    pub frames: u32,
    /// It has not ended.
    pub open: bool,
    /// Worst finding in it.
    pub severity: Option<Severity>,
    /// Bytes of its frames.
    pub bytes: u64,
    /// Characters of its text, or of its arguments.
    pub chars: u64,
    /// The first [`HEAD_CHARS`] characters of it.
    pub head: String,
    /// When the first character of text came.
    pub first_text_us: Option<u64>,
    /// For tools: when the arguments were complete, and by which frame.
    pub ready: Option<(u64, u32)>,
    /// For tools: the result's frame. For runs and sub-agents: the terminal event.
    pub result: Option<(u64, u32)>,
    /// Depth of nesting, for steps and sub-agents.
    pub depth: u8,
    /// How it came out, for runs (an `Outcome`) and sub-agents.
    pub outcome: u8,
    /// It ended by its own closing event.
    pub closed: bool,
    /// It holds an encrypted value.
    pub encrypted: bool,
    /// Lists of stretches that were spilled.
    pub(crate) spilled: u32,
    /// Frames in the spilled stretches.
    pub(crate) spilled_frames: u32,
    /// The stretches after the spilled ones: first frame and count.
    pub(crate) stretches: Vec<(u32, u32)>,
}

impl Span {
    /// Adds a frame; gives back a full list of stretches that is to be spilled.
    pub(crate) fn add(&mut self, seq: u32) -> Option<Vec<(u32, u32)>> {
        self.frames += 1;
        if let Some((first, count)) = self.stretches.last_mut()
            && *first + *count == seq
        {
            *count += 1;
            return None;
        }
        let mut full = None;
        if self.stretches.len() == STRETCHES {
            let list = std::mem::take(&mut self.stretches);
            self.spilled += 1;
            self.spilled_frames += list.iter().map(|(_, count)| count).sum::<u32>();
            full = Some(list);
        }
        self.stretches.push((seq, 1));
        full
    }

    /// Number of the page with a spilled list.
    pub(crate) fn spill_page(ordinal: u32, list: u32) -> u64 {
        1 << 63 | u64::from(ordinal) << 24 | u64::from(list)
    }
}

/// A spilled list of stretches and the frames of the span before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spill {
    pub(crate) frames_before: u32,
    pub(crate) stretches: Vec<(u32, u32)>,
}

impl Spill {
    pub(crate) fn to_page(&self) -> Arc<[u8]> {
        let mut writer = Writer::default();
        writer.uint(u64::from(self.frames_before));
        write_stretches(&mut writer, &self.stretches);
        writer.into_page()
    }

    pub(crate) fn from_page(page: &[u8]) -> Result<Self, Damaged> {
        let bytes = open_page(page)?;
        let mut reader = Reader::new(&bytes);
        Ok(Self {
            frames_before: reader.u32()?,
            stretches: read_stretches(&mut reader)?,
        })
    }
}

/// A block of spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SpanBlock {
    /// Spans that had begun before the block and were open when it began.
    pub(crate) open: Vec<u32>,
    pub(crate) spans: Vec<Span>,
}

impl SpanBlock {
    pub(crate) fn to_page(&self) -> Arc<[u8]> {
        let mut writer = Writer::default();
        writer.uint(self.open.len() as u64);
        self.open.iter().for_each(|ordinal| writer.uint(u64::from(*ordinal)));
        writer.uint(self.spans.len() as u64);
        writer.uint(self.spans.first().map_or(0, |span| u64::from(span.ordinal)));
        let (mut seq, mut at_us) = (0, 0);
        for span in &self.spans {
            write_span(&mut writer, span, seq, at_us);
            (seq, at_us) = (span.first_seq, span.start_us);
        }
        writer.into_page()
    }

    pub(crate) fn from_page(page: &[u8]) -> Result<Self, Damaged> {
        let bytes = open_page(page)?;
        let mut reader = Reader::new(&bytes);
        let mut block = Self::default();
        for _ in 0..reader.count()? {
            block.open.push(reader.u32()?);
        }
        let count = reader.count()?;
        let mut ordinal = reader.u32()?;
        let (mut seq, mut at_us) = (0, 0);
        for _ in 0..count {
            let span = read_span(&mut reader, ordinal, seq, at_us)?;
            (seq, at_us) = (span.first_seq, span.start_us);
            ordinal = ordinal.wrapping_add(1);
            block.spans.push(span);
        }
        Ok(block)
    }
}

const OPEN: u64 = 1;
const CLOSED: u64 = 2;
const ENCRYPTED: u64 = 4;
const PARENT: u64 = 8;
const TEXT: u64 = 16;
const READY: u64 = 32;
const RESULT: u64 = 64;
const PLACED: u64 = 128;
const SPILLED: u64 = 256;
const SCATTERED: u64 = 512;
const FLAGGED: [u64; 2] = [OPEN, CLOSED];

fn flags_of(span: &Span) -> u64 {
    let one_stretch = span.spilled == 0
        && span.stretches.len() == usize::from(span.frames > 0)
        && span.stretches.first().is_none_or(|stretch| stretch.0 == span.first_seq);
    [
        (span.open, FLAGGED[0]),
        (span.closed, FLAGGED[1]),
        (span.encrypted, ENCRYPTED),
        (span.parent.is_some(), PARENT),
        (
            span.chars > 0 || !span.head.is_empty() || span.first_text_us.is_some(),
            TEXT,
        ),
        (span.ready.is_some(), READY),
        (span.result.is_some(), RESULT),
        (span.depth > 0 || span.outcome > 0, PLACED),
        (span.spilled > 0, SPILLED),
        (!one_stretch, SCATTERED),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .fold(0, |flags, (_, flag)| flags | flag)
}

fn write_span(writer: &mut Writer, span: &Span, seq_before: u32, at_before: u64) {
    let flags = flags_of(span);
    writer.uint(flags);
    writer.u8(span.kind as u8 | Severity::code(span.severity) << 4);
    writer.text(&span.id);
    writer.text(&span.name);
    writer.uint(u64::from(span.first_seq - seq_before));
    writer.uint(span.start_us - at_before);
    writer.uint(u64::from(span.last_seq - span.first_seq));
    writer.uint(span.end_us - span.start_us);
    writer.uint(u64::from(span.frames));
    writer.uint(span.bytes);
    if let Some(parent) = span.parent {
        writer.uint(u64::from(parent));
    }
    if flags & TEXT != 0 {
        writer.uint(span.chars);
        writer.text(&span.head);
        writer.opt_uint(span.first_text_us);
    }
    for (at_us, seq) in [span.ready, span.result].into_iter().flatten() {
        writer.uint(at_us);
        writer.uint(u64::from(seq));
    }
    if flags & PLACED != 0 {
        writer.u8(span.depth);
        writer.u8(span.outcome);
    }
    if flags & SPILLED != 0 {
        writer.uint(u64::from(span.spilled));
        writer.uint(u64::from(span.spilled_frames));
    }
    if flags & SCATTERED != 0 {
        write_stretches(writer, &span.stretches);
    }
}

fn read_span(reader: &mut Reader<'_>, ordinal: u32, seq_before: u32, at_before: u64) -> Result<Span, Damaged> {
    let flags = reader.uint()?;
    let packed = reader.u8()?;
    let mut span = Span {
        ordinal,
        kind: Kind::from_code(packed & 0xf),
        severity: Severity::from_code(packed >> 4),
        id: reader.text()?,
        name: reader.text()?,
        first_seq: seq_before.checked_add(reader.u32()?).ok_or(Damaged)?,
        start_us: at_before.checked_add(reader.uint()?).ok_or(Damaged)?,
        open: flags & OPEN != 0,
        closed: flags & CLOSED != 0,
        encrypted: flags & ENCRYPTED != 0,
        ..Span::default()
    };
    span.last_seq = span.first_seq.checked_add(reader.u32()?).ok_or(Damaged)?;
    span.end_us = span.start_us.checked_add(reader.uint()?).ok_or(Damaged)?;
    span.frames = reader.u32()?;
    span.bytes = reader.uint()?;
    read_parts(reader, flags, &mut span)?;
    span.stretches = if flags & SCATTERED != 0 {
        read_stretches(reader)?
    } else if span.frames > 0 {
        vec![(span.first_seq, span.frames)]
    } else {
        Vec::new()
    };
    Ok(span)
}

/// What not every span has, as the flags say.
fn read_parts(reader: &mut Reader<'_>, flags: u64, span: &mut Span) -> Result<(), Damaged> {
    if flags & PARENT != 0 {
        span.parent = Some(reader.u32()?);
    }
    if flags & TEXT != 0 {
        span.chars = reader.uint()?;
        span.head = reader.text()?;
        span.first_text_us = reader.opt_uint()?;
    }
    if flags & READY != 0 {
        span.ready = Some((reader.uint()?, reader.u32()?));
    }
    if flags & RESULT != 0 {
        span.result = Some((reader.uint()?, reader.u32()?));
    }
    if flags & PLACED != 0 {
        span.depth = reader.u8()?;
        span.outcome = reader.u8()?;
    }
    if flags & SPILLED != 0 {
        span.spilled = reader.u32()?;
        span.spilled_frames = reader.u32()?;
    }
    Ok(())
}

fn write_stretches(writer: &mut Writer, stretches: &[(u32, u32)]) {
    writer.uint(stretches.len() as u64);
    let mut end = 0;
    for (first, count) in stretches {
        writer.uint(u64::from(first - end));
        writer.uint(u64::from(*count));
        end = first + count;
    }
}

fn read_stretches(reader: &mut Reader<'_>) -> Result<Vec<(u32, u32)>, Damaged> {
    let mut stretches = Vec::new();
    let mut end = 0_u32;
    for _ in 0..reader.count()? {
        let first = end.checked_add(reader.u32()?).ok_or(Damaged)?;
        let count = reader.u32()?;
        end = first.checked_add(count).ok_or(Damaged)?;
        stretches.push((first, count));
    }
    Ok(stretches)
}
