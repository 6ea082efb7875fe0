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

use std::collections::HashMap;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::{
    item::{Item, ItemKind},
    outline::Outline,
    rules::Level,
};

/// How two items came together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
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
    pub(crate) how: How,
}

impl Pair {
    fn mirrored(self) -> Self {
        Self {
            a: self.b,
            b: self.a,
            how: self.how,
        }
    }
}

/// Pairs all items of two sides, in the order of one side with what only the
/// other has in between: of that side which comes first by content.
pub(crate) fn align(a: &Outline, b: &Outline, by_hand: &[(u32, u32)]) -> Vec<Vec<Pair>> {
    let turned = whole(a).gt(whole(b));
    let mut aligning = match turned {
        false => Aligning::new(a, b, by_hand),
        true => {
            let mirrored: Vec<(u32, u32)> = by_hand.iter().map(|(a, b)| (*b, *a)).collect();
            Aligning::new(b, a, &mirrored)
        }
    };
    aligning.turns();
    let turns = aligning.rows();
    if !turned {
        return turns;
    }
    turns
        .into_iter()
        .map(|rows| rows.into_iter().map(Pair::mirrored).collect())
        .collect()
}

/// A side's content as a sequence that can be compared.
fn whole(side: &Outline) -> impl Iterator<Item = (u64, [u64; 4])> {
    side.items.iter().map(|item| (item.key, item.says))
}

struct Aligning<'o> {
    a: &'o Outline,
    b: &'o Outline,
    /// B's item for each of A's, and the other way round.
    of_a: Vec<Option<(u32, How)>>,
    of_b: Vec<Option<(u32, How)>>,
    /// Turns that belong together: ranges of items.
    turns: Vec<(Vec<u32>, Vec<u32>)>,
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
                aligning.pair(*one, *other, How::ByHand);
            }
        }
        aligning
    }

    fn pair(&mut self, a: u32, b: u32, how: How) {
        self.of_a[a as usize] = Some((b, how));
        self.of_b[b as usize] = Some((a, how));
    }

    fn item_a(&self, place: u32) -> &'o Item {
        &self.a.items[place as usize]
    }

    fn item_b(&self, place: u32) -> &'o Item {
        &self.b.items[place as usize]
    }

    // ---- turns --------------------------------------------------------

    fn turns(&mut self) {
        let (turns_a, turns_b) = (turns_of(self.a), turns_of(self.b));
        let asked = |side: &Outline, turn: &[u32]| {
            let first = turn.first().map(|place| &side.items[*place as usize]);
            first
                .filter(|item| item.kind == ItemKind::Input)
                .map_or(0, |item| item.says[0])
        };
        let tokens_a: Vec<u64> = turns_a.iter().map(|turn| asked(self.a, turn)).collect();
        let tokens_b: Vec<u64> = turns_b.iter().map(|turn| asked(self.b, turn)).collect();
        let mut paired = Vec::new();
        let (mut from_a, mut from_b) = (0, 0);
        let mut anchors = anchors(&tokens_a, &tokens_b);
        anchors.push((tokens_a.len(), tokens_b.len()));
        for (to_a, to_b) in anchors {
            // Between turns that were asked the same, turns pair in order.
            while from_a < to_a || from_b < to_b {
                let one = (from_a < to_a).then(|| turns_a[from_a].clone());
                let other = (from_b < to_b).then(|| turns_b[from_b].clone());
                from_a += usize::from(one.is_some());
                from_b += usize::from(other.is_some());
                paired.push((one.unwrap_or_default(), other.unwrap_or_default()));
            }
            if let (Some(one), Some(other)) = (turns_a.get(to_a), turns_b.get(to_b)) {
                paired.push((one.clone(), other.clone()));
                (from_a, from_b) = (to_a + 1, to_b + 1);
            }
        }
        for (one, other) in &paired {
            self.turn(one, other);
        }
        self.turns = paired;
    }

    fn turn(&mut self, one: &[u32], other: &[u32]) {
        let free = |of: &[Option<(u32, How)>], places: &[u32]| -> Vec<u32> {
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
                self.pair(one[to_a], other[to_b], How::InOrder);
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
            self.pair(one, other, How::InOrder);
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
                    self.pair(*place, partner, How::Moved);
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
                Some((_, How::InOrder)) => gap += 1,
                Some(_) => {}
                None => gaps.entry((gap, self.item_b(*place).kind)).or_default().push(*place),
            }
        }
        gaps.values_mut().for_each(|places| places.reverse());
        let mut gap = 0;
        for place in one {
            let partner = match self.of_a[*place as usize] {
                Some((_, How::InOrder)) => {
                    gap += 1;
                    None
                }
                Some(_) => None,
                None => gaps.get_mut(&(gap, self.item_a(*place).kind)).and_then(Vec::pop),
            };
            if let Some(partner) = partner {
                self.pair(*place, partner, How::InPlace);
            }
        }
    }

    // ---- rows ---------------------------------------------------------

    fn rows(&self) -> Vec<Vec<Pair>> {
        self.turns.iter().map(|(one, other)| self.rows_of(one, other)).collect()
    }

    fn rows_of(&self, one: &[u32], other: &[u32]) -> Vec<Pair> {
        let mut rows = Vec::with_capacity(one.len().max(other.len()));
        let mut rest = other.iter().copied().peekable();
        let alone = |place: u32, rows: &mut Vec<Pair>| {
            if self.of_b[place as usize].is_none() {
                rows.push(Pair {
                    a: None,
                    b: Some(place),
                    how: How::InOrder,
                });
            }
        };
        for place in one {
            let partner = self.of_a[*place as usize];
            if let Some((partner, How::InOrder)) = partner {
                while let Some(before) = rest.next_if(|before| *before < partner) {
                    alone(before, &mut rows);
                }
            }
            rows.push(Pair {
                a: Some(*place),
                b: partner.map(|(partner, _)| partner),
                how: partner.map_or(How::InOrder, |(_, how)| how),
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

/// The items of each turn.
fn turns_of(side: &Outline) -> Vec<Vec<u32>> {
    let mut turns: Vec<Vec<u32>> = Vec::new();
    let mut now = 0;
    for (place, item) in (0..).zip(&side.items) {
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
