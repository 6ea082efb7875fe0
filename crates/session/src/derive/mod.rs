//! From bytes to pages, once, as they come.
//!
//! A [`Deriver`] follows one exchange: it takes the content encoding off, cuts
//! frames, stamps each with the chunk that completed it, folds them as the
//! official client would, and notes spans, findings, marks and buckets. From
//! time to time it hands out a [`Commit`]: pages that belong together and are
//! to be stored in one transaction. A commit ends with a checkpoint, from
//! which a later deriver goes on, and from which a reader folds to a moment
//! nearby.
//!
//! ```text
//!  chunks ──▶ encoding ──▶ frames ──▶ fold ──▶ findings ─┐
//!                            │                           ├──▶ pages ──▶ Commit
//!                            └──▶ spans, marks, buckets ─┘
//! ```
//!
//! # What it costs on disk
//!
//! - A checkpoint stands where folding from the last would take about 10 ms
//!   ([`CHECKPOINT_SPACING`]), and later where the state is so large that
//!   checkpoints would exceed a tenth of the body.
//! - An ended exchange below [`RECOMPUTE_LEN`] stores its summary only: making
//!   the rest again takes less than a millisecond.
//! - The index takes a few bytes a frame (`frames`, `pyramid`), a span some
//!   tens.
//!
//! # Map
//!
//! - `kinds`, [`summary`], [`spans`], [`frames`], [`finding`], [`marks`],
//!   [`pyramid`]: what the pages hold, each with its format.
//! - `assemble`: which span a frame belongs to; `marking`: which lists it goes into.
//! - `body`: from bytes on the wire to frames with times.
//! - `follow`: a deriver beside a [`Shelf`].
//!
//! What is not here: reading pages to answer questions (`query`), and storing
//! them (whoever implements [`Shelf`]).

mod assemble;
mod body;
mod checkpoint;
mod describe;
pub mod finding;
mod folding;
mod follow;
pub mod frames;
pub mod kinds;
mod marking;
pub mod marks;
pub mod pyramid;
pub mod spans;
pub mod summary;
mod tails;

use scrubjay_protocol::{frame::Frame, json::Value};

pub use self::{
    assemble::SpanPiece,
    body::{COLLAPSE_OVER_US, COLLAPSED_TO_US},
    follow::{catch_up, end},
};
use self::{
    assemble::{Assembler, Emitted, Noted},
    body::{Body, Cut, Edge},
    finding::FindingEntry,
    folding::{Layered, OwnPieces},
    frames::FrameEntry,
    kinds::{EventCode, Kind, Severity},
    marks::{List, Mark},
    pyramid::Pyramid,
    summary::{Outcome, Run, Stop, Summary},
    tails::Tails,
};
pub(crate) use self::{
    body::ends_in_hole,
    checkpoint::fold_of,
    folding::{ShelfPieces, again as fold_again, end as fold_end, is_failed_patch},
};
pub use crate::codec::Damaged;
use crate::{
    exchange::{self, Chunk, Ending, Exchange, Hole},
    fold::{Fold, piece::PieceSource},
    judge::{Arrived, Ended, Judge},
    shelf::{Page, PageKind, Shelf, Watermark},
};

/// Version of the pages; a store that holds another one makes them again.
pub const VERSION: u32 = 15;
/// Bytes of decoded body after which a checkpoint is due: about 10 ms of folding.
pub const CHECKPOINT_SPACING: u64 = 512 * 1024;
/// An ended exchange below this stores only its summary.
pub const RECOMPUTE_LEN: u64 = 64 * 1024;
/// Bytes of decoded body between two folds kept in memory.
pub const ROOT_SPACING: u64 = 64 * 1024;
/// Checkpoints take at most one part in so many of the body.
const CHECKPOINT_SHARE: u64 = 10;
/// Bytes of body between two checkpoints for each byte of the first, before it is packed.
const CHECKPOINT_WORK: u64 = 2;
/// Attempts to read a checkpoint with the pages that belong to it.
const RESUMES: usize = 16;
/// Characters of the title.
const TITLE_CHARS: usize = 200;

/// What a deriver works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// For a store: checkpoints, and text for the index.
    Store,
    /// For a reader in memory: folds to seek from, neither of the others.
    Look,
}

/// Pages that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// To be stored in one transaction; a page replaces the one before it.
    pub pages: Vec<Page>,
    pub watermark: Watermark,
    /// The summary as of now (it is among the pages, too).
    pub summary: Summary,
    /// Text of spans for the index: ordinal, family, piece. Pieces of a span
    /// follow each other and do not overlap.
    pub span_texts: Vec<SpanPiece>,
}

/// A fold in passing, to seek from.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) seq: u32,
    pub(crate) offset: u64,
    pub(crate) fold: Fold,
}

/// Follows one exchange.
pub struct Deriver {
    purpose: Purpose,
    body: Body,
    summary: Summary,
    tails: Tails,
    pyramid: Pyramid,
    assembler: Assembler,
    fold: Fold,
    judge: Judge,
    pieces: OwnPieces,
    emitted: Emitted,
    roots: Vec<Root>,
    rooted_offset: u64,
    committed_offset: u64,
    checkpoint_bytes: u64,
    last_checkpoint_len: u64,
    /// Where a checkpoint was last made, stored or not, and what it took
    /// before it was packed.
    attempted: (u64, u64),
    commits: u32,
    ended: bool,
    /// When the exchange ended, once that is known.
    ended_at_us: Option<u64>,
}

impl Deriver {
    /// At the start of an exchange. Call it once the response's head is known:
    /// it says what the body is read as.
    pub fn new(exchange: &Exchange, request_body: &[u8], purpose: Purpose) -> Self {
        let body = Body::new(exchange);
        let mut summary = Summary {
            transport: body.transport(),
            misses_bytes: exchange::misses_bytes(request_body),
            ..Summary::default()
        };
        describe::describe_request(&mut summary, &exchange.request, request_body);
        let (judge, about_request) = Judge::new(exchange, request_body);
        let mut deriver = Self {
            purpose,
            body,
            summary,
            tails: Tails::default(),
            pyramid: Pyramid::default(),
            assembler: Assembler::new(purpose == Purpose::Store),
            fold: Fold::new(request_body),
            judge,
            pieces: OwnPieces::default(),
            emitted: Emitted::default(),
            roots: Vec::new(),
            rooted_offset: 0,
            committed_offset: 0,
            checkpoint_bytes: 0,
            last_checkpoint_len: 0,
            attempted: (0, 0),
            commits: 0,
            ended: false,
            ended_at_us: None,
        };
        let findings = about_request.into_iter().map(|violation| folding::judged(0, violation));
        deriver.note_findings(findings.collect());
        deriver
    }

    /// Goes on from the last checkpoint of a shelf, or from the start.
    ///
    /// # Errors
    /// When the shelf cannot be read. Damaged pages are not an error: then it
    /// begins at the start.
    pub fn resume<S: Shelf>(shelf: &S, purpose: Purpose) -> Result<Self, S::Error> {
        for _ in 0..RESUMES {
            let watermark = shelf.watermark()?;
            let resumed = checkpoint::resume(shelf, purpose)?;
            // Pages are read one by one, and another process may store a commit in between.
            if shelf.watermark()? != watermark {
                continue;
            }
            if let Some(deriver) = resumed {
                return Ok(deriver);
            }
            break;
        }
        Ok(Self::new(&shelf.exchange()?, &shelf.request_body()?, purpose))
    }

    /// Number of the chunk to push next. After a resume it may lie before
    /// what was pushed last; chunks are pushed from there, whole.
    pub fn next_chunk(&self) -> u64 {
        self.body.next_chunk()
    }

    /// What is known so far.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Where the last frame that was followed ends. The body may have cut more:
    /// all that end in the same chunk.
    fn covered(&self) -> u64 {
        self.summary.decoded_len
    }

    /// How far it has come.
    pub fn watermark(&self) -> Watermark {
        Watermark {
            seq: self.summary.frames,
            offset: self.covered(),
            finished: self.ended,
        }
    }

    /// Tells of stretches for which nothing was recorded.
    pub fn set_holes(&mut self, holes: &[Hole]) {
        self.body.set_holes(holes);
    }

    /// Tells when the exchange ended: silence up to then counts.
    pub fn set_ended_at(&mut self, at_us: u64) {
        self.ended_at_us = Some(at_us);
    }

    /// Follows chunks, beginning with [`Deriver::next_chunk`]; `bytes` are
    /// theirs, one after the other. Gives commits as they fall due.
    ///
    /// `pieces` are those of the shelf, where commits are stored before the
    /// next call. [`catch_up`] does all of this over a [`Shelf`].
    pub fn push_chunks(&mut self, chunks: &[Chunk], bytes: &[u8], pieces: &dyn PieceSource) -> Vec<Commit> {
        self.pieces.forget_stored();
        let mut commits = Vec::new();
        let mut rest = bytes;
        for chunk in chunks {
            let len = usize::try_from(chunk.len).unwrap_or(usize::MAX).min(rest.len());
            let (bytes, after) = rest.split_at(len);
            rest = after;
            let cuts = self.body.begin(chunk, len);
            self.follow_cuts(&cuts, pieces, &mut commits);
            for part in bytes.chunks(self.body.part_len()) {
                for unpacked in self.body.unpack(part).chunks(body::PART_LEN) {
                    self.judge.body(unpacked);
                    let cuts = self.body.feed(unpacked, chunk.at_us);
                    self.follow_cuts(&cuts, pieces, &mut commits);
                }
            }
        }
        commits
    }

    fn follow_cuts(&mut self, cuts: &[Cut], pieces: &dyn PieceSource, commits: &mut Vec<Commit>) {
        // Without a content type only the bytes show it.
        self.summary.transport = self.body.transport();
        for cut in cuts {
            self.frame(cut, false, pieces);
            if self.checkpoint_due() {
                commits.extend(self.checkpoint(pieces));
            }
        }
    }

    /// Follows the end; gives the last commit. An exchange that is still open
    /// is not ended this way.
    pub fn end(&mut self, ending: Ending, pieces: &dyn PieceSource) -> Option<Commit> {
        if ending == Ending::Open || self.ended {
            return None;
        }
        let cuts = self.body.finish();
        self.summary.transport = self.body.transport();
        let last = cuts.len().saturating_sub(1);
        for (place, cut) in cuts.iter().enumerate() {
            self.frame(cut, place == last && ending == Ending::Complete, pieces);
        }
        self.follow_end(ending, pieces);
        self.assembler.end(&mut self.emitted);
        self.ended = true;
        self.summary.recompute = self.commits == 0 && self.body.covered() < RECOMPUTE_LEN;
        if self.summary.recompute && self.purpose == Purpose::Store {
            self.assembler.flush(&mut self.emitted);
            self.tails.flush_findings(&mut self.emitted.pages);
            // Findings are read of many exchanges at once, where making them again would take long.
            self.emitted.pages.retain(|page| page.kind == PageKind::Findings);
            let summary = self.summary_page();
            self.emitted.pages.push(summary);
        } else {
            self.flush();
        }
        Some(self.commit())
    }

    fn follow_end(&mut self, ending: Ending, pieces: &dyn PieceSource) {
        let layered = Layered {
            own: &self.pieces,
            below: pieces,
        };
        if self.body.ends_in_hole() || self.judge.is_cut() {
            self.summary.miss_bytes();
        }
        let ended = Ended {
            ending,
            ends_in_hole: self.body.ends_in_hole(),
            transport: self.body.transport(),
            has_holes: self.body.has_holes(),
            missing_len: self.body.missing_len(),
            at_us: self.ended_at_us,
            body_len: self.body.received(),
            ..Ended::default()
        };
        let mut findings = folding::judge_end(&mut self.fold, &mut self.judge, ended, &layered);
        // A stream that is unpacked over missing bytes is broken by them.
        if !self.body.has_holes() {
            findings.extend(self.encoding_findings());
        }
        let worst = findings.iter().map(|finding| finding.severity).max();
        if worst.is_some() {
            self.tails.worsen_last(worst);
            self.pyramid.worsen_last(self.summary.frames, 0, worst);
        }
        if worst >= Some(Severity::Warning) && self.summary.frames > 0 {
            let mark = Mark {
                seq: self.summary.frames,
                at_us: self.summary.last_at_us,
                extra: u64::from(Severity::code(worst)),
                sum: 0,
            };
            self.tails.mark(List::Problems, mark, &mut self.emitted.pages);
        }
        self.note_findings(findings);
    }

    /// Pages that changed since the last time, for a reader's overlay.
    pub(crate) fn look(&mut self) -> Vec<Page> {
        self.flush();
        self.emitted.texts.clear();
        std::mem::take(&mut self.emitted.pages)
    }

    pub(crate) fn take_roots(&mut self) -> Vec<Root> {
        std::mem::take(&mut self.roots)
    }

    // ---- a frame ------------------------------------------------------

    /// Follows a frame; `is_end` says that the body ended as it should, and the frame with it.
    fn frame(&mut self, cut: &Cut, is_end: bool, pieces: &dyn PieceSource) {
        crate::steps::tick();
        let frame = &cut.frame;
        self.summary.frames += 1;
        let seq = self.summary.frames;
        let gap_us = cut.at_us.saturating_sub(self.summary.last_at_us);
        let mut entry = FrameEntry {
            offset: frame.range.start,
            len: frame.len(),
            at_us: cut.at_us.max(self.summary.last_at_us),
            chunk: cut.chunk,
            kind: frame.kind,
            event: EventCode::of_frame(frame),
            span: 0,
            severity: None,
        };
        if cut.edge == Edge::After {
            self.summary.miss_bytes();
            self.summary.unstarted = Some((seq, entry.at_us));
        }
        let layered = Layered {
            own: &self.pieces,
            below: pieces,
        };
        let arrived = Arrived {
            seq,
            at_us: entry.at_us,
            chunk: cut.chunk,
            transport: self.body.transport(),
        };
        let lost_before = self.fold.followed().activities.frames();
        let mut followed = match cut.edge {
            Edge::None => folding::judge(&mut self.fold, &mut self.judge, frame, arrived, &layered),
            edge => folding::judge_at_hole(&mut self.fold, &mut self.judge, (frame, edge), arrived, &layered),
        };
        if is_end {
            followed
                .findings
                .extend(folding::finish(&mut self.fold, &mut self.judge, &layered));
        }
        entry.severity = followed.findings.iter().map(|finding| finding.severity).max();
        self.note_findings(followed.findings);
        let noted = self.assembler.push(seq, &entry, frame, &mut self.emitted);
        entry.span = noted.span;
        self.summarise(seq, &entry, frame, &noted);
        self.mark(seq, &entry, gap_us, &noted, followed.patch_failed);
        if cut.edge == Edge::None {
            self.mark_activities(seq, entry.at_us, &lost_before);
        }
        self.pyramid.push(seq, &entry, gap_us, &mut self.emitted.pages);
        self.tails.frame(entry, &mut self.emitted.pages);
        self.summary.last_at_us = entry.at_us;
        self.summary.decoded_len = entry.end();
        self.keep_root(seq, entry.end());
    }

    fn keep_root(&mut self, seq: u32, offset: u64) {
        if self.purpose == Purpose::Look && offset - self.rooted_offset >= ROOT_SPACING {
            self.rooted_offset = offset;
            let fold = self.fold.clone();
            self.roots.push(Root { seq, offset, fold });
        }
    }

    fn note_findings(&mut self, findings: Vec<FindingEntry>) {
        for finding in findings {
            self.summary.count(&finding);
            if finding.stop && self.summary.stop.is_none() {
                self.summary.stop = Some(Stop {
                    seq: finding.seq,
                    rule: finding.rule.clone(),
                    message: finding.message.clone(),
                });
            }
            self.tails.finding(finding, &mut self.emitted.pages);
        }
    }

    /// Damage to a content encoding belongs to the body, not to a frame; it
    /// is reported at the last one.
    fn encoding_findings(&self) -> Vec<FindingEntry> {
        let problems = self.body.encoding_problems().iter();
        problems
            .map(|problem| FindingEntry {
                seq: self.summary.frames,
                rule: problem.rule.to_owned(),
                severity: Severity::Error,
                message: problem.message.clone(),
                stop: false,
                fails: None,
            })
            .collect()
    }

    fn summarise(&mut self, seq: u32, entry: &FrameEntry, frame: &Frame, noted: &Noted) {
        let summary = &mut self.summary;
        summary.spans = self.assembler.count();
        summary.events += u32::from(entry.event.name().is_some());
        summary.tools += u32::from(noted.tool_began);
        summary.text_chars += noted.text_chars;
        let event = frame.value.as_ref().and_then(Value::as_object);
        if entry.event == EventCode::RUN_STARTED {
            summary.unstarted = None;
            describe::begin_run(summary, seq, entry, event);
        } else if entry.event.kind() == Kind::Run
            && let Some(from) = summary.unstarted.take()
            && !describe::ends_last_run(summary, event)
        {
            describe::begin_unstarted(summary, from, entry, event);
        }
        let goes_on = |run: &&mut Run| matches!(run.outcome, Outcome::Open | Outcome::Unknown);
        let Some(run) = summary.runs.last_mut().filter(goes_on) else {
            return;
        };
        run.last_seq = seq;
        run.last_at_us = entry.at_us;
        run.tools += u32::from(noted.tool_began);
        if noted.text_chars > 0 {
            run.first_text_us.get_or_insert(entry.at_us);
        }
        if entry.event.kind() == Kind::Run && entry.event != EventCode::RUN_STARTED {
            run.outcome = assemble::outcome_of(entry.event, event);
            if matches!(run.outcome, Outcome::Success | Outcome::Interrupt | Outcome::Cancelled) {
                summary.open_interrupts = describe::interrupts_of(self.judge.open_interrupts());
            }
        }
    }

    // ---- commits ------------------------------------------------------

    fn checkpoint_due(&self) -> bool {
        let covered = self.summary.decoded_len;
        self.purpose == Purpose::Store
            && covered - self.committed_offset >= CHECKPOINT_SPACING
            && covered - self.attempted.0 >= CHECKPOINT_WORK * self.attempted.1
            && self.checkpoint_bytes + self.last_checkpoint_len <= covered / CHECKPOINT_SHARE
    }

    /// Commits, unless checkpoints would take too much of the disk. The fold
    /// goes on as one that was read, so that what is on the shelf by now need
    /// not stay in memory.
    fn checkpoint(&mut self, pieces: &dyn PieceSource) -> Option<Commit> {
        let (page, unpacked_len, fold) = self.checkpoint_page(pieces);
        let len = page.bytes.len() as u64 + self.pieces.fresh_len();
        // The work is paid for by what comes until the next.
        self.attempted = (self.summary.decoded_len, unpacked_len + self.pieces.fresh_len());
        self.last_checkpoint_len = len;
        if self.checkpoint_bytes + len > self.summary.decoded_len / CHECKPOINT_SHARE {
            return None;
        }
        self.checkpoint_bytes += page.bytes.len() as u64;
        self.committed_offset = self.summary.decoded_len;
        if let Some(fold) = fold {
            self.fold = fold;
        }
        self.flush();
        self.emitted.pages.extend(self.pieces.hand_out());
        self.emitted.pages.push(page);
        Some(self.commit())
    }

    /// Everything that is not in a page yet goes into one.
    fn flush(&mut self) {
        self.assembler.flush(&mut self.emitted);
        self.pyramid.flush(&mut self.emitted.pages);
        self.tails.flush(&mut self.emitted.pages);
        let summary = self.summary_page();
        self.emitted.pages.push(summary);
    }

    fn summary_page(&mut self) -> Page {
        self.summary.marks = self.tails.mark_counts();
        Page {
            kind: PageKind::Summary,
            number: 0,
            bytes: self.summary.to_page(),
        }
    }

    fn commit(&mut self) -> Commit {
        self.commits += 1;
        Commit {
            pages: std::mem::take(&mut self.emitted.pages),
            watermark: self.watermark(),
            summary: self.summary.clone(),
            span_texts: std::mem::take(&mut self.emitted.texts),
        }
    }
}

/// A decoder for the content encoding of an exchange; none when the body is as it is.
pub(crate) fn unpacker_of(exchange: &Exchange) -> Option<scrubjay_protocol::encoding::Decoder> {
    let headers = &exchange.response.as_ref()?.headers;
    body::unpacker(&exchange::field(headers, "content-encoding"))
}
