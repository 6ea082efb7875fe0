//! Which of A's items is which of B's.
//!
//! First turns, by what was asked; then, within a turn, items: those that say
//! the same are anchors, and between two anchors a table settles by kind,
//! name and likeness, as long as it is small. Where it would be large, items
//! are matched by kind and name alone, so nothing is quadratic in what there
//! is. What then is left on both sides and says the same has moved; what is
//! left of one kind in one gap stands in each other's place.
//!
//! Who is called A does not matter: work is done in an order of the sides
//! that follows from their content.

mod table;

use std::{collections::HashMap, ops::Range};

use imara_diff::{Algorithm, Diff, InternedInput};

use super::{
    item::{Item, ItemKind},
    outline::Outline,
    rules::Level,
    threads::ThreadPair,
};

/// How two items came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchKind {
    /// In the order of both sides.
    InOrder,
    /// They say the same at different places.
    Moved,
    /// One stands in the other's place, under another name.
    InPlace,
    /// A person said so.
    ByHand,
}

/// What A and B have at one place; at least one of them has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) a: Option<u32>,
    pub(crate) b: Option<u32>,
    pub(crate) matched: MatchKind,
}

impl Pair {
    fn mirrored(self) -> Self {
        Self {
            a: self.b,
            b: self.a,
            matched: self.matched,
        }
    }
}

/// The pairs of a turn.
pub(crate) struct Turn {
    /// Of which pair of threads, by its place.
    pub(crate) thread: u32,
    pub(crate) pairs: Vec<Pair>,
}

/// Pairs all items of two sides, thread by thread and turn by turn, in the
/// order of one side with what only the other has in between: of that side
/// which comes first by content.
pub(crate) fn align(a: &Outline, b: &Outline, threads: &[ThreadPair], by_hand: &[(u32, u32)]) -> Vec<Turn> {
    let turned = whole(a).gt(whole(b));
    let mut aligning = match turned {
        false => Aligning::new(a, b, by_hand),
        true => {
            let mirrored: Vec<(u32, u32)> = by_hand.iter().map(|(a, b)| (*b, *a)).collect();
            Aligning::new(b, a, &mirrored)
        }
    };
    for (number, pair) in (0..).zip(threads) {
        let (one, other) = match turned {
            false => (a.items_of(pair.a), b.items_of(pair.b)),
            true => (b.items_of(pair.b), a.items_of(pair.a)),
        };
        aligning.turns(number, one, other);
    }
    let mut turns = aligning.rows();
    if turned {
        for pair in turns.iter_mut().flat_map(|turn| &mut turn.pairs) {
            *pair = pair.mirrored();
        }
    }
    turns
}

/// A side's content as a sequence that can be compared.
fn whole(side: &Outline) -> impl Iterator<Item = (u64, [u64; 4])> {
    side.items.iter().map(|item| (item.key, item.says))
}

struct Aligning<'o> {
    a: &'o Outline,
    b: &'o Outline,
    /// B's item for each of A's, and the other way round.
    of_a: Vec<Option<(u32, MatchKind)>>,
    of_b: Vec<Option<(u32, MatchKind)>>,
    /// Turns that belong together: the pair of threads, and items of both sides.
    turns: Vec<(u32, Vec<u32>, Vec<u32>)>,
    /// Cells that tables may still have, together.
    cells: usize,
}

/// Cells of all tables: as many take about a second where it is slow.
const CELLS: usize = 16 << 20;

/// A gap between two anchors.
type Gap = (Vec<u32>, Vec<u32>);

impl<'o> Aligning<'o> {
    fn new(a: &'o Outline, b: &'o Outline, by_hand: &[(u32, u32)]) -> Self {
        let mut aligning = Self {
            a,
            b,
            of_a: vec![None; a.items.len()],
            of_b: vec![None; b.items.len()],
            turns: Vec::new(),
            cells: CELLS,
        };
        for (one, other) in by_hand {
            let exist = (*one as usize) < a.items.len() && (*other as usize) < b.items.len();
            if exist && aligning.of_a[*one as usize].is_none() && aligning.of_b[*other as usize].is_none() {
                aligning.pair(*one, *other, MatchKind::ByHand);
            }
        }
        aligning
    }

    fn pair(&mut self, a: u32, b: u32, matched: MatchKind) {
        self.of_a[a as usize] = Some((b, matched));
        self.of_b[b as usize] = Some((a, matched));
    }

    fn item_a(&self, place: u32) -> &'o Item {
        &self.a.items[place as usize]
    }

    fn item_b(&self, place: u32) -> &'o Item {
        &self.b.items[place as usize]
    }

    // ---- turns --------------------------------------------------------

    fn turns(&mut self, thread: u32, one: Range<u32>, other: Range<u32>) {
        let (turns_a, turns_b) = (turns_of(self.a, one), turns_of(self.b, other));
        for (one, other) in self.turns_paired(&turns_a, &turns_b) {
            let turn = |turns: &[Vec<u32>], place: Option<usize>| place.map(|place| turns[place].clone());
            let (one, other) = (turn(&turns_a, one), turn(&turns_b, other));
            let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
            self.turn(&one, &other);
            self.turns.push((thread, one, other));
        }
    }

    /// Turns that were asked and answered alike, then those that were asked
    /// alike, then what is left between two of those in order: a question that
    /// failed and was asked again pairs with its answer.
    fn turns_paired(&self, one: &[Vec<u32>], other: &[Vec<u32>]) -> Vec<(Option<usize>, Option<usize>)> {
        let mut paired = Vec::new();
        let (mut from_a, mut from_b) = (0, 0);
        for (to_a, to_b) in cuts(&self.tokens(self.a, one, true), &self.tokens(self.b, other, true)) {
            let (gap_a, gap_b) = (&one[from_a..to_a], &other[from_b..to_b]);
            let asked = cuts(&self.tokens(self.a, gap_a, false), &self.tokens(self.b, gap_b, false));
            let (mut next_a, mut next_b) = (from_a, from_b);
            for (until_a, until_b) in asked {
                let (until_a, until_b) = (from_a + until_a, from_b + until_b);
                while next_a < until_a || next_b < until_b {
                    paired.push((
                        (next_a < until_a).then_some(next_a),
                        (next_b < until_b).then_some(next_b),
                    ));
                    (next_a, next_b) = ((next_a + 1).min(until_a), (next_b + 1).min(until_b));
                }
                if until_a < to_a && until_b < to_b {
                    paired.push((Some(until_a), Some(until_b)));
                }
                (next_a, next_b) = (until_a + 1, until_b + 1);
            }
            if to_a < one.len() && to_b < other.len() {
                paired.push((Some(to_a), Some(to_b)));
            }
            (from_a, from_b) = (to_a + 1, to_b + 1);
        }
        paired
    }

    /// What each turn asks, and, where it counts, whether its request was answered.
    fn tokens(&self, side: &Outline, turns: &[Vec<u32>], answered: bool) -> Vec<u64> {
        let token = |turn: &Vec<u32>| {
            let first = turn.first().copied().unwrap_or(u32::MAX);
            let asked = side.asked.get(&first);
            let failed = answered && asked.is_some() && side.answer(&side.items[first as usize]).failed;
            asked.map_or(0, |asked| asked ^ u64::from(failed))
        };
        turns.iter().map(token).collect()
    }

    fn turn(&mut self, one: &[u32], other: &[u32]) {
        let free = |of: &[Option<(u32, MatchKind)>], places: &[u32]| -> Vec<u32> {
            places
                .iter()
                .copied()
                .filter(|place| of[*place as usize].is_none())
                .collect()
        };
        let gap = (free(&self.of_a, one), free(&self.of_b, other));
        let everything = |item: &Item| Some(item.says_up_to(Level::Text));
        for gap in self.anchored(gap, everything) {
            let behaviour =
                |item: &Item| (item.kind.counts_from() == Level::Behaviour).then(|| item.says_up_to(Level::Behaviour));
            for gap in self.anchored(gap, behaviour) {
                self.settled(gap);
            }
        }
        self.moved(one, other);
        self.in_place(one, other);
    }

    /// Pairs what has the same token, in order; gives the gaps between.
    fn anchored(&mut self, (one, other): Gap, token: impl Fn(&Item) -> Option<u64>) -> Vec<Gap> {
        if one.is_empty() || other.is_empty() {
            return Vec::new();
        }
        let some = |side: &Outline, places: &[u32]| -> (Vec<u64>, Vec<usize>) {
            let tokens = places.iter().enumerate().filter_map(|(at, place)| {
                let token = token(&side.items[*place as usize])?;
                Some((token, at))
            });
            tokens.unzip()
        };
        let ((tokens_a, at_a), (tokens_b, at_b)) = (some(self.a, &one), some(self.b, &other));
        let mut gaps = Vec::new();
        let (mut from_a, mut from_b) = (0, 0);
        let mut cuts: Vec<(usize, usize)> = anchors(&tokens_a, &tokens_b)
            .into_iter()
            .map(|(a, b)| (at_a[a], at_b[b]))
            .collect();
        cuts.push((one.len(), other.len()));
        for (to_a, to_b) in cuts {
            let gap = (one[from_a..to_a].to_vec(), other[from_b..to_b].to_vec());
            if !gap.0.is_empty() && !gap.1.is_empty() {
                gaps.push(gap);
            }
            if to_a < one.len() && to_b < other.len() {
                self.pair(one[to_a], other[to_b], MatchKind::InOrder);
            }
            (from_a, from_b) = (to_a + 1, to_b + 1);
        }
        gaps
    }

    /// A gap by kind, name and likeness; by kind and name only where it is large.
    fn settled(&mut self, gap: Gap) {
        if self.tabled(&gap) {
            return;
        }
        for gap in self.anchored(gap, |item| Some(item.key)) {
            self.tabled(&gap);
        }
    }

    /// Settles a gap by a table, if there is room for it.
    fn tabled(&mut self, (one, other): &Gap) -> bool {
        let cells = table::cells(one, other);
        if cells > table::CELLS || cells > self.cells {
            return false;
        }
        self.cells -= cells;
        for (one, other) in table::best(one, other, |a, b| self.score(a, b)) {
            self.pair(one, other, MatchKind::InOrder);
        }
        true
    }

    fn score(&self, a: u32, b: u32) -> f32 {
        let (one, other) = (self.item_a(a), self.item_b(b));
        if one.kind != other.kind || one.key != other.key {
            return 0.0;
        }
        let likeness = self.a.sketches[a as usize].likeness(&self.b.sketches[b as usize]);
        one.kind.weight() * (0.4 + 0.6 * likeness)
    }

    // ---- what is left -------------------------------------------------

    fn moved(&mut self, one: &[u32], other: &[u32]) {
        for level in [Level::Text, Level::Behaviour] {
            let token = |item: &Item| may_move(item, level).then(|| item.says_up_to(level));
            let mut left: HashMap<u64, Vec<u32>> = HashMap::new();
            for place in other.iter().rev().filter(|place| self.of_b[**place as usize].is_none()) {
                if let Some(token) = token(self.item_b(*place)) {
                    left.entry(token).or_default().push(*place);
                }
            }
            for place in one {
                let token = token(self.item_a(*place)).filter(|_| self.of_a[*place as usize].is_none());
                if let Some(partner) = token.and_then(|token| left.get_mut(&token)?.pop()) {
                    self.pair(*place, partner, MatchKind::Moved);
                }
            }
        }
    }

    /// In each gap the first of a kind on one side stands for the first of
    /// that kind on the other.
    fn in_place(&mut self, one: &[u32], other: &[u32]) {
        let mut gaps: HashMap<(usize, ItemKind), Vec<u32>> = HashMap::new();
        let mut gap = 0;
        for place in other {
            match self.of_b[*place as usize] {
                Some((_, MatchKind::InOrder)) => gap += 1,
                Some(_) => {}
                None => gaps.entry((gap, self.item_b(*place).kind)).or_default().push(*place),
            }
        }
        gaps.values_mut().for_each(|places| places.reverse());
        let mut gap = 0;
        for place in one {
            let partner = match self.of_a[*place as usize] {
                Some((_, MatchKind::InOrder)) => {
                    gap += 1;
                    None
                }
                Some(_) => None,
                None => gaps.get_mut(&(gap, self.item_a(*place).kind)).and_then(Vec::pop),
            };
            if let Some(partner) = partner {
                self.pair(*place, partner, MatchKind::InPlace);
            }
        }
    }

    // ---- rows ---------------------------------------------------------

    fn rows(&self) -> Vec<Turn> {
        let turns = self.turns.iter().map(|(thread, one, other)| Turn {
            thread: *thread,
            pairs: self.rows_of(one, other),
        });
        turns.collect()
    }

    fn rows_of(&self, one: &[u32], other: &[u32]) -> Vec<Pair> {
        let mut rows = Vec::with_capacity(one.len().max(other.len()));
        let mut rest = other.iter().copied().peekable();
        let alone = |place: u32, rows: &mut Vec<Pair>| {
            if self.of_b[place as usize].is_none() {
                rows.push(Pair {
                    a: None,
                    b: Some(place),
                    matched: MatchKind::InOrder,
                });
            }
        };
        for place in one {
            let partner = self.of_a[*place as usize];
            if let Some((partner, MatchKind::InOrder)) = partner {
                while let Some(before) = rest.next_if(|before| *before < partner) {
                    alone(before, &mut rows);
                }
            }
            rows.push(Pair {
                a: Some(*place),
                b: partner.map(|(partner, _)| partner),
                matched: partner.map_or(MatchKind::InOrder, |(_, matched)| matched),
            });
        }
        rest.for_each(|place| alone(place, &mut rows));
        rows
    }
}

/// Whether an item that stands elsewhere is the same one moved.
fn may_move(item: &Item, level: Level) -> bool {
    match item.kind {
        ItemKind::Tool | ItemKind::Custom | ItemKind::Subagent | ItemKind::Step => true,
        ItemKind::Text | ItemKind::Reasoning => level >= Level::Text && item.telling,
        _ => false,
    }
}

/// The items of each turn of a thread.
fn turns_of(side: &Outline, items: Range<u32>) -> Vec<Vec<u32>> {
    let mut turns: Vec<Vec<u32>> = Vec::new();
    let mut now = 0;
    for place in items {
        let item = &side.items[place as usize];
        if turns.is_empty() || item.turn != now {
            turns.push(Vec::new());
            now = item.turn;
        }
        if let Some(turn) = turns.last_mut() {
            turn.push(place);
        }
    }
    turns
}

/// Places of what both sequences have, in order, and after them both ends.
fn cuts(one: &[u64], other: &[u64]) -> Vec<(usize, usize)> {
    let mut cuts = anchors(one, other);
    cuts.push((one.len(), other.len()));
    cuts
}

/// Places of what both sequences have, in order.
pub(crate) fn anchors(one: &[u64], other: &[u64]) -> Vec<(usize, usize)> {
    let mut input = InternedInput::default();
    input.update_before(one.iter().copied());
    input.update_after(other.iter().copied());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let kept_a = (0..one.len()).filter(|place| !diff.is_removed(*place as u32));
    let kept_b = (0..other.len()).filter(|place| !diff.is_added(*place as u32));
    kept_a.zip(kept_b).collect()
}
