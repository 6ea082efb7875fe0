//! Checkpoints: everything needed to go on after a frame.
//!
//! A checkpoint page holds the state of the deriver that is not in pages (counts,
//! open spans, the place in the body) and the fold. Long texts and sealed
//! messages of the fold stand in pieces of their own, which checkpoints share.
//!
//! | part | as |
//! |---|---|
//! | version, frames, covered bytes, chunk at the cut | varints |
//! | bytes of checkpoints so far | varint |
//! | lists' lengths | `tails` |
//! | open spans | `assemble` |
//! | judge | `judge::keep` |
//! | fold | bytes with their length |

use std::sync::Arc;

use super::{
    Deriver, Emitted, Purpose, VERSION,
    assemble::Assembler,
    body::Body,
    folding::{Layered, OwnPieces},
    pyramid::Pyramid,
    spans::SpanBlock,
    summary::Summary,
    tails::Tails,
};
use crate::{
    codec::{Damaged, Reader, Writer, open_page},
    exchange::Exchange,
    fold::{Fold, piece::PieceSource},
    judge::Judge,
    shelf::{Page, PageKind, Shelf},
};

/// Why a checkpoint cannot be taken up.
enum Unusable<E> {
    Shelf(E),
    Damaged,
}

impl<E> From<Damaged> for Unusable<E> {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

/// The fold's part of a checkpoint, and its position.
pub(crate) struct Stored<'a> {
    pub(crate) seq: u32,
    pub(crate) covered: u64,
    checkpoint_bytes: u64,
    rest: Reader<'a>,
}

fn open<'a>(bytes: &'a [u8]) -> Result<(Stored<'a>, &'a [u8]), Damaged> {
    let mut reader = Reader::new(bytes);
    if reader.u32()? != VERSION {
        return Err(Damaged);
    }
    let fold = reader.bytes()?;
    let stored = Stored {
        seq: reader.u32()?,
        covered: reader.uint()?,
        checkpoint_bytes: reader.uint()?,
        rest: reader,
    };
    Ok((stored, fold))
}

/// The fold of a checkpoint page, with the frame and the byte it is as of;
/// nothing when the page is not usable.
pub(crate) fn fold_of(page: &[u8]) -> Option<(u32, u64, Fold)> {
    let bytes = open_page(page).ok()?;
    let (stored, fold) = open(&bytes).ok()?;
    Some((stored.seq, stored.covered, Fold::read(fold).ok()?))
}

impl Deriver {
    /// A checkpoint here, its length before it was packed, and the fold as it
    /// would be read from it. Parts that are sealed for it go to the deriver's
    /// own pieces.
    pub(super) fn checkpoint_page(&mut self, pieces: &dyn PieceSource) -> (Page, u64, Option<Fold>) {
        let seq = self.summary.frames;
        let mut sealed = OwnPieces::default();
        let layered = Layered {
            own: &self.pieces,
            below: pieces,
        };
        let (fold, fold_len) = self.fold.write_measured(&mut sealed, &layered);
        self.pieces.take_fresh(sealed);
        let mut writer = Writer::default();
        writer.uint(u64::from(VERSION));
        writer.bytes(&fold);
        writer.uint(u64::from(seq));
        writer.uint(self.covered());
        writer.uint(self.checkpoint_bytes);
        self.tails.write(&mut writer);
        self.assembler.write(&mut writer);
        self.judge.write(&mut writer);
        let unpacked_len = writer.len() + fold_len;
        let page = Page {
            kind: PageKind::Checkpoint,
            number: u64::from(seq),
            bytes: writer.into_page(),
        };
        (page, unpacked_len, Fold::read(&fold).ok())
    }
}

/// A deriver at the last checkpoint of a shelf; none when there is none, or
/// when it cannot be used.
pub(super) fn resume<S: Shelf>(shelf: &S, purpose: Purpose) -> Result<Option<Deriver>, S::Error> {
    let watermark = shelf.watermark()?;
    let Some((_, page)) = shelf.page_at_or_before(PageKind::Checkpoint, u64::from(watermark.seq))? else {
        return Ok(None);
    };
    match take_up(shelf, &page, purpose) {
        Ok(deriver) => Ok(Some(deriver)),
        Err(Unusable::Damaged) => Ok(None),
        Err(Unusable::Shelf(error)) => Err(error),
    }
}

fn take_up<S: Shelf>(shelf: &S, page: &[u8], purpose: Purpose) -> Result<Deriver, Unusable<S::Error>> {
    let read = |kind, number| shelf.page(kind, number).map_err(Unusable::Shelf);
    let bytes = open_page(page)?;
    let (mut stored, fold_bytes) = open(&bytes)?;
    let fold = Fold::read(fold_bytes)?;
    let summary = read(PageKind::Summary, 0)?.ok_or(Unusable::Damaged)?;
    let summary = Summary::from_page(&summary)?;
    if summary.frames != stored.seq {
        return Err(Unusable::Damaged);
    }
    let tails = Tails::read(&mut stored.rest, read)?;
    let assembler = Assembler::read(&mut stored.rest, purpose == Purpose::Store, |number| {
        let page: Option<Arc<[u8]>> = read(PageKind::Spans, u64::from(number))?;
        Ok::<_, Unusable<S::Error>>(page.map(|page| SpanBlock::from_page(&page)).transpose()?)
    })?;
    let exchange = shelf.exchange().map_err(Unusable::Shelf)?;
    let request_body = shelf.request_body().map_err(Unusable::Shelf)?;
    let judge = Judge::read(&mut stored.rest, &exchange, &request_body)?;
    let pyramid = Pyramid::resume(stored.seq, |number| read(PageKind::Buckets, number))?;
    let body = body_at(shelf, &exchange, &summary, stored.covered)?;
    Ok(Deriver {
        purpose,
        body,
        summary,
        tails,
        pyramid,
        assembler,
        fold,
        judge,
        pieces: OwnPieces::default(),
        emitted: Emitted::default(),
        roots: Vec::new(),
        rooted_offset: stored.covered,
        committed_offset: stored.covered,
        checkpoint_bytes: stored.checkpoint_bytes + page.len() as u64,
        last_checkpoint_len: page.len() as u64,
        attempted: (stored.covered, bytes.len() as u64),
        commits: 1,
        ended: false,
        ended_at_us: None,
    })
}

/// The body after a byte: from the chunk that holds it, or the next one.
fn body_at<S: Shelf>(
    shelf: &S,
    exchange: &Exchange,
    summary: &Summary,
    covered: u64,
) -> Result<Body, Unusable<S::Error>> {
    // The chunk that holds the last byte that was followed exists; the one
    // after it may not have come yet.
    let number = match covered.checked_sub(1) {
        Some(last) => shelf.chunk_at(last).map_err(Unusable::Shelf)?.unwrap_or(0),
        None => 0,
    };
    let chunks = shelf.chunks(number..number + 1).map_err(Unusable::Shelf)?;
    let chunk = chunks.first().copied().ok_or(Unusable::Damaged)?;
    Ok(Body::resume(exchange, summary.transport, covered, chunk, number))
}
