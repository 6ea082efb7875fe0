//! The seam to the fold: its findings as entries, its bytes and pieces as pages.

use std::{collections::BTreeMap, sync::Arc};

use scrubjay_protocol::frame::{Frame, FrameKind};

use super::{body::Edge, finding::FindingEntry};
use crate::{
    exchange::{Ending, Hole},
    fold::{
        Finding, Fold, Violation,
        piece::{PieceSink, PieceSource},
        rule::{PATCH_FAILED, PATCH_LIMIT},
    },
    judge::{Arrived, Ended, Judge},
    shelf::{Page, PageKind, Shelf},
};

/// Pieces of a fold that was read from a shelf.
pub(crate) struct ShelfPieces<'a, S>(pub(crate) &'a S);

impl<S: Shelf> PieceSource for ShelfPieces<'_, S> {
    fn piece(&self, id: u64) -> Option<Arc<[u8]>> {
        // A piece that cannot be read is lost to this moment only: nothing is
        // kept of the attempt, and the next question tries again.
        self.0.page(PageKind::Piece, id).ok().flatten()
    }
}

/// Pieces that a deriver made and may not be on the shelf yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnPieces {
    fresh: BTreeMap<u64, Arc<[u8]>>,
    /// Bytes of them.
    fresh_len: u64,
    /// They were handed out in commits; the caller stores them before it goes on.
    handed_out: BTreeMap<u64, Arc<[u8]>>,
}

impl OwnPieces {
    /// Forgets what is on the shelf by now.
    pub(crate) fn forget_stored(&mut self) {
        self.handed_out.clear();
    }

    /// The pieces that no commit has had yet, as pages.
    pub(crate) fn hand_out(&mut self) -> Vec<Page> {
        let fresh = std::mem::take(&mut self.fresh);
        self.fresh_len = 0;
        let page = |(number, bytes): (&u64, &Arc<[u8]>)| Page {
            kind: PageKind::Piece,
            number: *number,
            bytes: Arc::clone(bytes),
        };
        let pages = fresh.iter().map(page).collect();
        self.handed_out.extend(fresh);
        pages
    }

    /// Takes what was sealed beside it.
    pub(crate) fn take_fresh(&mut self, other: Self) {
        self.fresh_len += other.fresh_len;
        self.fresh.extend(other.fresh);
    }

    /// Bytes that no commit has had yet.
    pub(crate) fn fresh_len(&self) -> u64 {
        self.fresh_len
    }

    fn get(&self, id: u64) -> Option<Arc<[u8]>> {
        self.fresh.get(&id).or_else(|| self.handed_out.get(&id)).cloned()
    }
}

impl PieceSink for OwnPieces {
    fn keep(&mut self, id: u64, bytes: Vec<u8>) {
        self.fresh_len += bytes.len() as u64;
        self.fresh.insert(id, bytes.into());
    }
}

/// A deriver's own pieces over those of a shelf.
pub(crate) struct Layered<'a> {
    pub(crate) own: &'a OwnPieces,
    pub(crate) below: &'a dyn PieceSource,
}

impl PieceSource for Layered<'_> {
    fn piece(&self, id: u64) -> Option<Arc<[u8]>> {
        self.own.get(id).or_else(|| self.below.piece(id))
    }
}

/// What folding a frame gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed {
    pub(crate) findings: Vec<FindingEntry>,
    pub(crate) patch_failed: bool,
}

/// Follows a frame before a judge.
pub(crate) fn judge(
    fold: &mut Fold,
    judge: &mut Judge,
    frame: &Frame,
    arrived: Arrived,
    pieces: &dyn PieceSource,
) -> Followed {
    let seq = arrived.seq;
    let before = judge.frame(frame, arrived);
    let findings = fold.push_before(seq, frame, pieces, judge);
    let is_known = |violation: &Violation| fold.can_tell(violation.id);
    let before = before.into_iter().filter(is_known);
    let after = judge.folded(frame, fold).into_iter().filter(is_known);
    let patch_failed = findings.iter().any(|finding| is_failed_patch(finding.rule));
    let mut findings: Vec<FindingEntry> = findings.into_iter().map(entry).collect();
    findings.extend(before.chain(after).map(|violation| judged(seq, violation)));
    Followed { findings, patch_failed }
}

/// Follows a frame beside a hole. What the hole has cut off is not read: what
/// is wrong with it may be what is missing.
pub(crate) fn judge_at_hole(
    fold: &mut Fold,
    judge: &mut Judge,
    (frame, edge): (&Frame, Edge),
    arrived: Arrived,
    pieces: &dyn PieceSource,
) -> Followed {
    match is_read_at(edge, fold, arrived.seq, frame) {
        true => self::judge(fold, judge, frame, arrived, pieces),
        false => Followed::default(),
    }
}

/// Whether a frame is read; one beside a hole only when it is whole.
fn is_read_at(edge: Edge, fold: &mut Fold, seq: u32, frame: &Frame) -> bool {
    if edge == Edge::After {
        fold.miss_bytes(seq.saturating_sub(1));
    }
    let is_event = frame.value.is_some() && frame.problems.is_empty();
    let is_read = match edge {
        Edge::None => true,
        Edge::Before => false,
        Edge::After => is_event || frame.kind == FrameKind::Comment,
    };
    if !is_read {
        fold.pass(seq);
    }
    is_read
}

/// Follows a frame again, as it was followed before a judge.
pub(crate) fn again(fold: &mut Fold, holes: &[Hole], seq: u32, frame: &Frame, pieces: &dyn PieceSource) {
    if is_read_at(Edge::of(holes, frame), fold, seq, frame) {
        fold.push_with(seq, frame, pieces);
    }
}

/// The body has ended as it should: what waited is read before a judge.
pub(crate) fn finish(fold: &mut Fold, judge: &mut Judge, pieces: &dyn PieceSource) -> Vec<FindingEntry> {
    fold.finish_before(pieces, judge).into_iter().map(entry).collect()
}

/// Follows the end before a judge; what it finds belongs to the last frame.
pub(crate) fn judge_end(
    fold: &mut Fold,
    judge: &mut Judge,
    mut ended: Ended,
    pieces: &dyn PieceSource,
) -> Vec<FindingEntry> {
    if ended.ends_in_hole {
        // No frame comes after it.
        fold.miss_bytes(fold.seq());
    }
    ended.missing_since = fold.missing_since();
    ended.is_run_missing = fold.is_run_missing();
    let mut findings: Vec<FindingEntry> = match ended.ending {
        Ending::Complete => finish(fold, judge, pieces),
        _ => Vec::new(),
    };
    ended.open = fold.open().names();
    ended.is_lossy = fold.is_lossy();
    ended.has_read = fold.has_read();
    ended.is_run_over = fold.is_run_over();
    ended.run_id = judge.run_id();
    let seq = fold.seq();
    ended.has_frames = seq > 0;
    findings.extend(judge.end(&ended).into_iter().map(|violation| judged(seq, violation)));
    findings
}

/// A finding of the judge's.
pub(crate) fn judged(seq: u32, violation: Violation) -> FindingEntry {
    FindingEntry {
        seq,
        rule: violation.id.to_owned(),
        severity: violation.severity,
        message: violation.message,
        stop: false,
        fails: violation.fails.map(str::to_owned),
    }
}

/// Follows the end of the body. Only a body that ended as it should is read
/// to its end by the official client.
pub(crate) fn end(fold: &mut Fold, ends_in_hole: bool, ending: Ending, pieces: &dyn PieceSource) {
    if ends_in_hole {
        fold.miss_bytes(fold.seq());
    }
    if ending == Ending::Complete {
        fold.finish(pieces);
    }
}

fn entry(finding: Finding) -> FindingEntry {
    FindingEntry {
        seq: finding.seq,
        rule: finding.rule.to_owned(),
        severity: finding.severity,
        message: finding.message,
        stop: finding.stop,
        fails: finding.fails.map(str::to_owned),
    }
}

/// Whether a finding of this rule says that a patch left things as they were.
pub(crate) fn is_failed_patch(rule: &str) -> bool {
    rule == PATCH_FAILED.id || rule == PATCH_LIMIT.id
}
