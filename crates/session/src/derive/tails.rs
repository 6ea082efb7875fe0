//! The last, growing block of every list of the index.

use std::sync::Arc;

use super::{
    body::{COLLAPSE_OVER_US, COLLAPSED_TO_US},
    finding::{self, FindingEntry},
    frames::{self, FrameEntry},
    kinds::Severity,
    marks::{self, List, Mark},
};
use crate::{
    codec::{Damaged, Reader, Writer},
    shelf::{Page, PageKind},
};

/// A list in blocks: how many entries went into full blocks, and the rest.
#[derive(Clone, Debug)]
struct Tail<T> {
    sealed: u32,
    entries: Vec<T>,
    dirty: bool,
}

impl<T> Default for Tail<T> {
    fn default() -> Self {
        Self {
            sealed: 0,
            entries: Vec::new(),
            dirty: false,
        }
    }
}

impl<T> Tail<T> {
    /// Adds an entry; gives the number and the entries of a block that is full.
    fn push(&mut self, entry: T, block: u32) -> Option<(u32, Vec<T>)> {
        self.entries.push(entry);
        self.dirty = true;
        if self.entries.len() < block as usize {
            return None;
        }
        let number = self.sealed / block;
        self.sealed += block;
        self.dirty = false;
        Some((number, std::mem::take(&mut self.entries)))
    }

    fn len(&self) -> u32 {
        self.sealed + self.entries.len() as u32
    }

    /// The number of the block and its entries, if they changed.
    fn changed(&mut self, block: u32) -> Option<(u32, &[T])> {
        let changed = std::mem::take(&mut self.dirty) && !self.entries.is_empty();
        changed.then_some((self.sealed / block, self.entries.as_slice()))
    }

    fn resume<E: From<Damaged>>(
        len: u32,
        block: u32,
        read: impl FnOnce(u32) -> Result<Option<Vec<T>>, E>,
    ) -> Result<Self, E> {
        let sealed = len / block * block;
        let mut entries = Vec::new();
        if sealed < len {
            entries = read(len / block)?.ok_or(Damaged)?;
            if entries.len() < (len - sealed) as usize {
                return Err(Damaged.into());
            }
            entries.truncate((len - sealed) as usize);
        }
        Ok(Self {
            sealed,
            entries,
            dirty: false,
        })
    }
}

/// The tails of frames, findings and marks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tails {
    frames: Tail<FrameEntry>,
    findings: Tail<FindingEntry>,
    marks: [Tail<Mark>; List::COUNT],
    /// What collapsing has cut away so far.
    collapsed_us: u64,
}

impl Tails {
    pub(crate) fn frame(&mut self, entry: FrameEntry, out: &mut Vec<Page>) {
        if let Some((number, entries)) = self.frames.push(entry, frames::BLOCK) {
            out.push(page(PageKind::Frames, u64::from(number), frames::encode(&entries)));
        }
    }

    /// Notes what the end of the body says about the last frame.
    pub(crate) fn worsen_last(&mut self, severity: Option<Severity>) {
        if let Some(last) = self.frames.entries.last_mut() {
            last.severity = last.severity.max(severity);
            self.frames.dirty = true;
        }
    }

    pub(crate) fn finding(&mut self, entry: FindingEntry, out: &mut Vec<Page>) {
        if let Some((number, entries)) = self.findings.push(entry, finding::BLOCK) {
            out.push(page(PageKind::Findings, u64::from(number), finding::encode(&entries)));
        }
    }

    pub(crate) fn mark(&mut self, list: List, mut mark: Mark, out: &mut Vec<Page>) {
        if list == List::Gaps {
            if mark.extra > COLLAPSE_OVER_US {
                self.collapsed_us += mark.extra - COLLAPSED_TO_US;
            }
            mark.sum = self.collapsed_us;
        }
        if let Some((number, marks)) = self.marks[list as usize].push(mark, marks::BLOCK) {
            out.push(page(PageKind::Marks, list.page(number), marks::encode(&marks)));
        }
    }

    /// Writes the blocks that are not full.
    pub(crate) fn flush(&mut self, out: &mut Vec<Page>) {
        if let Some((number, entries)) = self.frames.changed(frames::BLOCK) {
            out.push(page(PageKind::Frames, u64::from(number), frames::encode(entries)));
        }
        self.flush_findings(out);
        for list in List::ALL {
            if let Some((number, marks)) = self.marks[list as usize].changed(marks::BLOCK) {
                out.push(page(PageKind::Marks, list.page(number), marks::encode(marks)));
            }
        }
    }

    /// Writes the block of findings that is not full.
    pub(crate) fn flush_findings(&mut self, out: &mut Vec<Page>) {
        if let Some((number, entries)) = self.findings.changed(finding::BLOCK) {
            out.push(page(PageKind::Findings, u64::from(number), finding::encode(entries)));
        }
    }

    /// Entries in each list of marks.
    pub(crate) fn mark_counts(&self) -> [u32; List::COUNT] {
        List::ALL.map(|list| self.marks[list as usize].len())
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.uint(u64::from(self.frames.len()));
        writer.uint(u64::from(self.findings.len()));
        writer.uint(self.collapsed_us);
        self.marks.iter().for_each(|tail| writer.uint(u64::from(tail.len())));
    }

    pub(crate) fn read<E: From<Damaged>>(
        reader: &mut Reader<'_>,
        mut page: impl FnMut(PageKind, u64) -> Result<Option<Arc<[u8]>>, E>,
    ) -> Result<Self, E> {
        let frames = Tail::resume(reader.u32()?, frames::BLOCK, |number| {
            let bytes = page(PageKind::Frames, u64::from(number))?;
            Ok::<_, E>(bytes.map(|bytes| frames::decode(&bytes)).transpose()?)
        })?;
        let findings = Tail::resume(reader.u32()?, finding::BLOCK, |number| {
            let bytes = page(PageKind::Findings, u64::from(number))?;
            Ok::<_, E>(bytes.map(|bytes| finding::decode(&bytes)).transpose()?)
        })?;
        let mut tails = Self {
            frames,
            findings,
            collapsed_us: reader.uint()?,
            ..Self::default()
        };
        for list in List::ALL {
            tails.marks[list as usize] = Tail::resume(reader.u32()?, marks::BLOCK, |number| {
                let bytes = page(PageKind::Marks, list.page(number))?;
                Ok::<_, E>(bytes.map(|bytes| marks::decode(&bytes)).transpose()?)
            })?;
        }
        Ok(tails)
    }
}

fn page(kind: PageKind, number: u64, bytes: Arc<[u8]>) -> Page {
    Page { kind, number, bytes }
}
