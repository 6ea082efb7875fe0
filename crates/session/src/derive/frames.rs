//! The index of frames, in blocks of [`BLOCK`] frames.
//!
//! A block is columnar, because columns of small differences compress: where
//! a frame begins follows from the lengths, when it came from the chunk that
//! completed it, and most columns are long stretches of one value.

use std::sync::Arc;

use scrubjay_protocol::frame::FrameKind;

use super::kinds::{EventCode, Severity};
use crate::codec::{Damaged, Reader, Writer, open_page};

/// Frames in a block.
pub const BLOCK: u32 = 512;

/// What the index knows of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameEntry {
    /// Where it begins in the decoded body.
    pub offset: u64,
    /// Its length, bytes.
    pub len: u64,
    /// When the chunk that completed it came.
    pub at_us: u64,
    /// Number of that chunk, from 0.
    pub chunk: u64,
    pub kind: FrameKind,
    pub event: EventCode,
    /// Ordinal of the span in whose rows it stands.
    pub span: u32,
    /// Worst finding at it.
    pub severity: Option<Severity>,
}

impl FrameEntry {
    /// Where it ends in the decoded body.
    pub fn end(&self) -> u64 {
        self.offset + self.len
    }
}

/// Writes a block.
pub(crate) fn encode(entries: &[FrameEntry]) -> Arc<[u8]> {
    let mut writer = Writer::default();
    let Some(first) = entries.first() else {
        return writer.into_page();
    };
    writer.uint(entries.len() as u64);
    writer.uint(first.offset);
    writer.uint(first.at_us);
    writer.uint(first.chunk);
    writer.uint(u64::from(first.span));
    entries.iter().for_each(|entry| writer.uint(entry.len));
    for pair in entries.windows(2) {
        writer.uint(pair[1].offset.wrapping_sub(pair[0].end()));
    }
    for pair in entries.windows(2) {
        writer.uint(pair[1].at_us - pair[0].at_us);
    }
    for pair in entries.windows(2) {
        writer.uint(pair[1].chunk - pair[0].chunk);
    }
    for pair in entries.windows(2) {
        writer.int(i64::from(pair[1].span) - i64::from(pair[0].span));
    }
    entries.iter().for_each(|entry| writer.u8(entry.event.code()));
    for entry in entries {
        writer.u8(kind_code(entry.kind) | Severity::code(entry.severity) << 4);
    }
    writer.into_page()
}

/// Reads a block.
pub(crate) fn decode(page: &[u8]) -> Result<Vec<FrameEntry>, Damaged> {
    let bytes = open_page(page)?;
    let mut reader = Reader::new(&bytes);
    let count = reader.count()?;
    let mut entry = FrameEntry {
        offset: reader.uint()?,
        at_us: reader.uint()?,
        chunk: reader.uint()?,
        span: reader.u32()?,
        len: 0,
        kind: FrameKind::Event,
        event: EventCode::NONE,
        severity: None,
    };
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        entry.len = reader.uint()?;
        entries.push(entry);
    }
    read_offsets(&mut reader, &mut entries)?;
    for idx in 1..count {
        entries[idx].at_us = entries[idx - 1].at_us.wrapping_add(reader.uint()?);
    }
    for idx in 1..count {
        entries[idx].chunk = entries[idx - 1].chunk.wrapping_add(reader.uint()?);
    }
    for idx in 1..count {
        entries[idx].span = (i64::from(entries[idx - 1].span).wrapping_add(reader.int()?)) as u32;
    }
    for entry in &mut entries {
        entry.event = EventCode::from_code(reader.u8()?);
    }
    for entry in &mut entries {
        let packed = reader.u8()?;
        entry.kind = kind_from_code(packed & 0xf);
        entry.severity = Severity::from_code(packed >> 4);
    }
    Ok(entries)
}

fn read_offsets(reader: &mut Reader<'_>, entries: &mut [FrameEntry]) -> Result<(), Damaged> {
    for idx in 1..entries.len() {
        let skip = reader.uint()?;
        let before = entries[idx - 1]
            .offset
            .checked_add(entries[idx - 1].len)
            .ok_or(Damaged)?;
        entries[idx].offset = before.wrapping_add(skip);
    }
    Ok(())
}

fn kind_code(kind: FrameKind) -> u8 {
    match kind {
        FrameKind::Event => 0,
        FrameKind::Comment => 1,
        FrameKind::Malformed => 2,
        FrameKind::Record => 3,
    }
}

fn kind_from_code(code: u8) -> FrameKind {
    match code {
        0 => FrameKind::Event,
        1 => FrameKind::Comment,
        3 => FrameKind::Record,
        _ => FrameKind::Malformed,
    }
}
