//! The reader itself: opening, and keeping up with what still comes.

use std::{collections::BTreeMap, sync::Arc};

use super::{Failed, Summary, lanes::Overview, pages::Pages, seek::Roots};
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
/// A decoded body up to here is kept, if it had to be decoded at all.
const DECODED_LEN: usize = 64 * 1024 * 1024;

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
    decoded: Option<(u64, Arc<Vec<u8>>)>,
    pub(crate) overview: Option<Overview>,
    pub(crate) last_fold: Option<(u32, Fold)>,
    request: Option<Arc<Vec<u8>>>,
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
        let Some(mut unpacker) = unpacker_of(&self.exchange) else {
            return self.shelf.body(range).map_err(Failed::Shelf);
        };
        let cached = self.decoded.as_ref().filter(|(len, _)| *len == self.exchange.body_len);
        if let Some((_, body)) = cached {
            return Ok(slice(body, &range));
        }
        let wire = self.shelf.body(0..self.exchange.body_len).map_err(Failed::Shelf)?;
        let mut body = Vec::new();
        unpacker.push(&wire, &mut |piece| body.extend_from_slice(piece));
        if self.exchange.ending != Ending::Open {
            unpacker.finish(&mut |piece| body.extend_from_slice(piece));
        }
        let answer = slice(&body, &range);
        if body.len() <= DECODED_LEN {
            self.decoded = Some((self.exchange.body_len, Arc::new(body)));
        }
        Ok(answer)
    }
}

fn slice(body: &[u8], range: &std::ops::Range<u64>) -> Vec<u8> {
    let clamp = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(body.len());
    let (from, to) = (clamp(range.start), clamp(range.end));
    body.get(from..to.max(from)).map(<[u8]>::to_vec).unwrap_or_default()
}

/// Where folds are kept, by the frame they are as of.
pub(crate) type BySeq<T> = BTreeMap<u32, T>;
