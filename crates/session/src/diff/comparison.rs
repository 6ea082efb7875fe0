//! The work, and the result that is asked.
//!
//! What is kept is numbers: the outlines and the rows. Whatever is shown of a
//! row is read again from its shelf.

mod detail;
mod judging;
mod parting;
mod picture;
mod places;
mod playhead;
mod problems;
mod rows;
mod wire;

#[cfg(not(target_arch = "wasm32"))]
use std::{sync::mpsc, thread};

use self::places::Places;
pub use self::{
    parting::{Divergence, PathChange},
    picture::Ribbon,
    playhead::Spot,
    problems::LoneProblems,
    rows::{PairRow, PairSide},
};
use super::{
    Stopped,
    align::{self, MatchKind},
    ids::Bijection,
    ignored::Ignored,
    item::{Item, NO_SPAN},
    outline::Outline,
    pair,
    rules::Rules,
    side::{OpenSide, Pace, Part, Side, SideFacts},
    threads::{Thread, ThreadPair, pair_threads},
    verdict::{Counts, Difference, PairKind, Row},
};
use crate::{
    changes::{Comparing, Diff},
    derive::ShelfPieces,
    fold::value::Value,
    query::Failed,
    shelf::Shelf,
};

/// A frame of an exchange; frame 0 is its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Moment {
    pub exchange: i64,
    pub seq: u32,
}

/// A span of A and one of B, each by exchange and number, paired by a person.
pub type ByHand = ((i64, u32), (i64, u32));

/// Two sides, compared.
pub struct Comparison<S: Shelf> {
    rules: Rules,
    open: [OpenSide<S>; 2],
    outlines: [Outline; 2],
    rows: Vec<Row>,
    differences: Vec<Difference>,
    counts: Counts,
    bijection: Bijection,
    /// Frames of the two sides follow each other in another order from here on.
    interleaved: Option<(u32, Moment, Moment)>,
    /// The threads of each side, and which is which.
    threads: [Vec<Thread>; 2],
    pairs: Vec<ThreadPair>,
    /// Whether each side says what was asked at all; a file need not.
    with_input: [bool; 2],
    places: Places,
}

/// Two threads that were compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparedThreads {
    pub pair: ThreadPair,
    pub differences: u32,
    /// The first row that differs, else the first.
    pub row: u32,
}

impl ComparedThreads {
    fn of(pair: ThreadPair) -> Self {
        Self {
            pair,
            differences: 0,
            row: 0,
        }
    }
}

/// Reads one side after the other: a page in a browser has no threads.
#[cfg(target_arch = "wasm32")]
fn outlines<S: Shelf + Clone + Send>(
    open: &mut [OpenSide<S>; 2],
    rules: &Rules,
    hear: &mut dyn FnMut(u64) -> bool,
) -> Result<[Outline; 2], Stopped<S::Error>> {
    let [open_a, open_b] = open;
    let outline_a = Outline::read(open_a, rules, &mut Pace::new(hear))?;
    let outline_b = Outline::read(open_b, rules, &mut Pace::new(hear))?;
    Ok([outline_a, outline_b])
}

/// Reads both sides at the same time: B on a thread of its own, which reports
/// its progress to this one, and stops when this one has.
#[cfg(not(target_arch = "wasm32"))]
fn outlines<S: Shelf + Clone + Send>(
    open: &mut [OpenSide<S>; 2],
    rules: &Rules,
    hear: &mut dyn FnMut(u64) -> bool,
) -> Result<[Outline; 2], Stopped<S::Error>> {
    let [open_a, open_b] = open;
    let (done, other) = mpsc::channel::<u64>();
    thread::scope(|scope| {
        let reading_b = scope.spawn(move || {
            let outline = Outline::read(open_b, rules, &mut Pace::new(&mut |more| done.send(more).is_ok()));
            (outline, crate::steps::taken())
        });
        let mut hear_both = |more| hear(more + other.try_iter().sum::<u64>());
        let outline_a = Outline::read(open_a, rules, &mut Pace::new(&mut hear_both));
        let goes_on = outline_a.is_ok() && other.iter().all(hear);
        drop(other);
        let (outline_b, steps_b) = reading_b
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        crate::steps::ticks(steps_b as usize);
        match goes_on {
            true => Ok([outline_a?, outline_b?]),
            false => Err(outline_a.err().unwrap_or(Stopped::Cancelled)),
        }
    })
}

fn delta(a: u64, b: u64) -> i64 {
    i64::try_from(b).unwrap_or(i64::MAX) - i64::try_from(a).unwrap_or(i64::MAX)
}

/// How much there is to do, in chunks. Judging takes about a fifth of the time.
fn work_of<'s, S: Shelf + 's>(parts: impl Iterator<Item = &'s Part<S>>) -> Result<u64, S::Error> {
    let chunks = parts.map(|part| part.shelf.exchange().map(|exchange| exchange.chunk_count));
    let chunks = chunks.sum::<Result<u64, _>>()?;
    Ok((chunks + chunks / 4).max(1))
}

impl<S: Shelf + Clone + Send> Comparison<S> {
    /// Compares two sides. `progress` is called with 0 to 1, and returns whether
    /// to go on.
    ///
    /// # Errors
    /// When a side cannot be read, or `progress` returned false.
    pub fn of(
        a: Side<S>,
        b: Side<S>,
        rules: Rules,
        by_hand: &[ByHand],
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, Stopped<S::Error>> {
        let all = work_of(a.iter().chain(&b)).map_err(Failed::Shelf)?;
        let mut done = 0;
        let mut hear = |more: u64| {
            done += more;
            progress((done as f32 / all as f32).min(1.0))
        };
        let mut open = [OpenSide::new(a), OpenSide::new(b)];
        let threads = [open[0].threads()?, open[1].threads()?];
        let pairs = pair_threads(&threads[0], &threads[1], true);
        let outlines = outlines(&mut open, &rules, &mut hear)?;
        let mut comparison = Self {
            rules,
            open,
            outlines,
            rows: Vec::new(),
            differences: Vec::new(),
            counts: Counts::default(),
            bijection: Bijection::default(),
            interleaved: None,
            threads,
            pairs,
            with_input: [true; 2],
            places: Places::default(),
        };
        let by_hand = comparison.items_by_hand(by_hand);
        let [one, other] = &comparison.outlines;
        let turns = align::align(one, other, &comparison.pairs, &by_hand);
        for outline in &mut comparison.outlines {
            outline.sketches = Vec::new();
        }
        comparison.judge(turns, &mut Pace::new(&mut hear))?;
        comparison.places = Places::of(&comparison.rows, &comparison.outlines);
        Ok(comparison)
    }
}

impl<S: Shelf + Clone> Comparison<S> {
    fn items_by_hand(&self, by_hand: &[ByHand]) -> Vec<(u32, u32)> {
        let find = |side: usize, (exchange, span): (i64, u32)| -> Option<u32> {
            let parts = self.open[side].parts();
            let part = parts.iter().position(|part| part.exchange == exchange)? as u32;
            let items = &self.outlines[side].items;
            let place = items.iter().position(|item| item.part == part && item.span == span)?;
            Some(place as u32)
        };
        by_hand
            .iter()
            .filter_map(|(a, b)| Some((find(0, *a)?, find(1, *b)?)))
            .collect()
    }

    /// How many differences of each kind.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether nothing differs.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// The differences, in order.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// What was counted and ignored.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// A and B in a few words.
    pub fn facts(&self) -> [&SideFacts; 2] {
        [&self.outlines[0].facts, &self.outlines[1].facts]
    }

    /// B's length less A's, microseconds.
    pub fn duration_delta_us(&self) -> i64 {
        let [a, b] = self.facts();
        delta(a.duration_us, b.duration_us)
    }

    /// B's time to first text less A's, microseconds; absent where a side has no text.
    pub fn ttft_delta_us(&self) -> Option<i64> {
        let [a, b] = self.facts();
        Some(delta(a.ttft_us?, b.ttft_us?))
    }

    /// The threads of A and of B.
    pub fn threads(&self) -> [&[Thread]; 2] {
        [&self.threads[0], &self.threads[1]]
    }

    /// Which of A's threads is which of B's.
    pub fn thread_pairs(&self) -> Vec<ComparedThreads> {
        let mut known: Vec<ComparedThreads> = self.pairs.iter().map(|pair| ComparedThreads::of(*pair)).collect();
        for (number, row) in self.rows.iter().enumerate().rev() {
            known[row.thread as usize].row = number as u32;
        }
        for difference in self.differences.iter().rev() {
            let thread = &mut known[self.rows[difference.first_row as usize].thread as usize];
            thread.differences += 1;
            thread.row = difference.first_row;
        }
        known
    }

    /// A sentence when there are pairs and none is the same, not even one that is downstream of a split.
    pub fn nothing_shared(&self) -> Option<String> {
        let mut pairs = self
            .rows
            .iter()
            .filter(|row| row.a.is_some() && row.b.is_some())
            .peekable();
        let has_pairs = pairs.peek().is_some();
        let is_shared = pairs.any(|row| row.alone == PairKind::Same);
        (!self.is_same() && has_pairs && !is_shared).then(|| {
            format!(
                "Nothing is the same on both sides at level {}. Check that these are the runs you meant.",
                self.rules.level().as_str()
            )
        })
    }

    fn item(&self, side: usize, place: Option<u32>) -> Option<&Item> {
        self.outlines[side].items.get(place? as usize)
    }

    /// A's item, or B's where A has none.
    fn item_of(&self, row: &Row) -> Option<&Item> {
        self.item(0, row.a).or_else(|| self.item(1, row.b))
    }

    fn shelves(&mut self, a: &Item, b: &Item) -> Result<[S; 2], Failed<S::Error>> {
        let one = self.open[0].reader(a.part)?.shelf().clone();
        let other = self.open[1].reader(b.part)?.shelf().clone();
        Ok([one, other])
    }

    fn ignored(&self) -> Ignored<'_> {
        Ignored {
            rules: &self.rules,
            a: &self.outlines[0].ids,
            b: &self.outlines[1].ids,
            bijection: &self.bijection,
        }
    }

    /// What two items say, as a tree of what differs.
    fn tree_of(&mut self, a: &Item, b: &Item) -> Result<Diff, Failed<S::Error>> {
        let level = self.rules.level();
        let one = pair::document_of(&mut self.open[0], &self.outlines[0], a, level)?;
        let other = pair::document_of(&mut self.open[1], &self.outlines[1], b, level)?;
        self.tree_of_values(a, b, &one, &other)
    }

    /// What differs between a value of A's item and one of B's.
    fn tree_of_values(&mut self, a: &Item, b: &Item, one: &Value, other: &Value) -> Result<Diff, Failed<S::Error>> {
        let [shelf_a, shelf_b] = self.shelves(a, b)?;
        let ignored = self.ignored();
        let pieces = [&ShelfPieces(&shelf_a) as _, &ShelfPieces(&shelf_b) as _];
        Ok(Comparing::closely(pieces, &ignored).between(one, other))
    }

    /// Whether rows paired by hand are among them; whether a row is one.
    fn is_by_hand(row: &Row) -> bool {
        row.matched == MatchKind::ByHand
    }
}
