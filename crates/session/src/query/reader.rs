//! The reader itself: opening, and keeping up with what still comes.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use scrubjay_protocol::encoding;

use super::{Failed, Summary, calls::Calls, lanes::Overview, pages::Pages, seek::Roots};
use crate::{
    derive::{Deriver, Purpose, catch_up, unpacker_of},
    exchange::{Ending, Exchange},
    fold::Fold,
    query::answer::FrameEntry,
    shelf::{PageKind, Shelf},
};

/// Bytes of pages in memory over the shelf's beyond which it is looked for a
/// newer checkpoint to begin from.
const OVERLAY_LEN: usize = 8 * 1024 * 1024;
/// Wire bytes followed between two looks at the overlay.
const STEP_LEN: u64 = 4 * 1024 * 1024;
/// Bytes of a decoded body that are kept, if it had to be decoded at all.
const DECODED_LEN: usize = 48 * 1024 * 1024;
/// Bytes of a packed body that are unpacked at a time.
const PACKED_LEN: u64 = 16 * 1024;

/// A packed body on its way: what was unpacked last, and how to go on. Who
/// reads forwards unpacks everything once; who goes back before what is kept
/// begins again.
struct Unpacked {
    unpacker: encoding::Decoder,
    /// Bytes of the packed body that were taken, and how many there were.
    taken: u64,
    body_len: u64,
    /// All of it was taken, and nothing comes any more.
    finished: bool,
    /// Where the kept bytes begin.
    from: u64,
    kept: VecDeque<u8>,
}

/// Answers every question about one exchange.
pub struct Reader<S: Shelf> {
    pub(crate) shelf: S,
    pub(crate) exchange: Exchange,
    pub(crate) pages: Pages,
    /// Follows what the shelf's pages do not cover; absent when they cover all.
    deriver: Option<Deriver>,
    /// First frame that the overlay holds.
    begun_at: u32,
    pub(crate) roots: Roots,
    decoded: Option<Unpacked>,
    pub(crate) overview: Option<Overview>,
    pub(crate) last_fold: Option<(u32, Fold)>,
    request: Option<Arc<Vec<u8>>>,
    pub(crate) calls: Option<Arc<Calls>>,
}

impl<S: Shelf> Reader<S> {
    /// Opens an exchange. What is derived already is not read; what is not,
    /// is derived now.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn open(shelf: S) -> Result<Self, Failed<S::Error>> {
        let exchange = shelf.exchange().map_err(Failed::Shelf)?;
        let mut reader = Self {
            shelf,
            exchange,
            pages: Pages::new(),
            deriver: None,
            begun_at: 0,
            roots: Roots::default(),
            decoded: None,
            overview: None,
            last_fold: None,
            request: None,
            calls: None,
        };
        reader.begin()?;
        reader.follow()?;
        Ok(reader)
    }

    /// Decides between stored pages and pages of its own.
    fn begin(&mut self) -> Result<(), Failed<S::Error>> {
        self.pages.clear();
        self.deriver = None;
        let watermark = self.shelf.watermark().map_err(Failed::Shelf)?;
        let page = self.shelf.page(PageKind::Summary, 0).map_err(Failed::Shelf)?;
        let summary = page.and_then(|page| Summary::from_page(&page).ok());
        if let Some(summary) = summary.filter(|summary| watermark.finished && !summary.recompute) {
            self.pages.summary = summary;
            return Ok(());
        }
        let deriver = Deriver::resume(&self.shelf, Purpose::Look).map_err(Failed::Shelf)?;
        self.begun_at = deriver.watermark().seq;
        self.pages.summary = deriver.summary().clone();
        self.deriver = Some(deriver);
        Ok(())
    }

    /// Brings it up to what the shelf holds now; says whether anything changed.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn refresh(&mut self) -> Result<bool, Failed<S::Error>> {
        let exchange = self.shelf.exchange().map_err(Failed::Shelf)?;
        if exchange == self.exchange {
            return Ok(false);
        }
        self.exchange = exchange;
        if self.pages.overlay_len() > OVERLAY_LEN {
            let watermark = self.shelf.watermark().map_err(Failed::Shelf)?;
            if watermark.seq > self.begun_at {
                self.begin()?;
            }
        }
        self.follow()?;
        Ok(true)
    }

    fn follow(&mut self) -> Result<(), Failed<S::Error>> {
        let Some(deriver) = &mut self.deriver else {
            return Ok(());
        };
        deriver.set_holes(&self.exchange.holes);
        while deriver.next_chunk() < self.exchange.chunk_count {
            let before = deriver.next_chunk();
            catch_up(deriver, &self.shelf, self.exchange.chunk_count, STEP_LEN).map_err(Failed::Shelf)?;
            if deriver.next_chunk() == before {
                break;
            }
        }
        if self.exchange.ending != Ending::Open {
            let last = crate::derive::end(deriver, &self.shelf, self.exchange.ending);
            self.pages.lay(last.map(|commit| commit.pages).unwrap_or_default());
        }
        self.pages.lay(deriver.look());
        self.pages.summary = deriver.summary().clone();
        for root in deriver.take_roots() {
            self.roots.keep(root);
        }
        if self.exchange.ending != Ending::Open {
            self.deriver = None;
        }
        Ok(())
    }

    /// The facts, as of the last refresh.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Where it reads from.
    pub fn shelf(&self) -> &S {
        &self.shelf
    }

    /// Counts, runs, stop, title.
    pub fn summary(&self) -> &Summary {
        &self.pages.summary
    }

    /// Part of the body that is derived: 1 after every refresh, because what
    /// is missing on the shelf is made in memory.
    pub fn progress(&self) -> f32 {
        match &self.deriver {
            Some(deriver) if self.exchange.chunk_count > 0 => {
                (deriver.next_chunk() as f32 / self.exchange.chunk_count as f32).min(1.0)
            }
            _ => 1.0,
        }
    }

    /// The request's body.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn request_body(&mut self) -> Result<Arc<Vec<u8>>, Failed<S::Error>> {
        if let Some(body) = &self.request {
            return Ok(Arc::clone(body));
        }
        let body = Arc::new(self.shelf.request_body().map_err(Failed::Shelf)?);
        self.request = Some(Arc::clone(&body));
        Ok(body)
    }

    pub(crate) fn frame_count(&self) -> u32 {
        self.pages.summary.frames
    }

    /// What the index knows of a frame.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn frame(&mut self, seq: u32) -> Result<FrameEntry, Failed<S::Error>> {
        let last = self.frame_count();
        if seq == 0 || seq > last {
            return Err(Failed::NoFrame { seq, last });
        }
        self.pages.frame(&self.shelf, seq)
    }

    /// Bytes of the decoded body.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn decoded(&mut self, range: std::ops::Range<u64>) -> Result<Vec<u8>, Failed<S::Error>> {
        let Some(unpacker) = unpacker_of(&self.exchange) else {
            return self.shelf.body(range).map_err(Failed::Shelf);
        };
        let goes_on = |kept: &Unpacked| kept.from <= range.start;
        let mut unpacked = self.decoded.take().filter(goes_on).unwrap_or(Unpacked {
            unpacker,
            taken: 0,
            body_len: 0,
            finished: false,
            from: 0,
            kept: VecDeque::new(),
        });
        unpacked.body_len = self.exchange.body_len;
        let has_ended = self.exchange.ending != Ending::Open;
        let mut answer = Vec::new();
        loop {
            answer.extend(unpacked.slice(range.start + answer.len() as u64..range.end));
            let is_all = unpacked.finished || !has_ended && unpacked.taken >= unpacked.body_len;
            if is_all || unpacked.end() >= range.end {
                break;
            }
            let taken = unpacked.taken;
            let wire = self.shelf.body(taken..(taken + PACKED_LEN).min(unpacked.body_len));
            unpacked.take(&wire.map_err(Failed::Shelf)?, has_ended);
        }
        self.decoded = Some(unpacked);
        Ok(answer)
    }
}

impl Unpacked {
    fn end(&self) -> u64 {
        self.from + self.kept.len() as u64
    }

    /// The kept bytes of a range.
    fn slice(&self, range: std::ops::Range<u64>) -> impl Iterator<Item = u8> {
        let clamp = |place: u64| usize::try_from(place.saturating_sub(self.from)).unwrap_or(usize::MAX);
        let (from, to) = (clamp(range.start), clamp(range.end).min(self.kept.len()));
        self.kept.range(from.min(to)..to).copied()
    }

    fn take(&mut self, wire: &[u8], has_ended: bool) {
        let Self { unpacker, kept, .. } = self;
        unpacker.push(wire, &mut |piece| kept.extend(piece));
        self.taken += wire.len() as u64;
        if wire.is_empty() {
            self.taken = self.body_len;
        }
        if has_ended && self.taken >= self.body_len {
            self.finished = true;
            unpacker.finish(&mut |piece| kept.extend(piece));
        }
        let surplus = self.kept.len().saturating_sub(DECODED_LEN);
        self.kept.drain(..surplus);
        self.from += surplus as u64;
    }
}

/// Where folds are kept, by the frame they are as of.
pub(crate) type BySeq<T> = BTreeMap<u32, T>;
