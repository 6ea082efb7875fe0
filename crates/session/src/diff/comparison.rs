//! The work, and the result that is asked.
//!
//! What is kept is numbers: the outlines and the rows. Whatever is shown of a
//! row is read again from its shelf.

mod judging;
mod picture;
mod rows;
mod wire;

pub use self::{
    picture::Ribbon,
    rows::{PairRow, PairSide},
};
use super::{
    Stopped,
    align::{self, How},
    hash::Sketch,
    ids::{Bijection, SameId},
    item::{Item, NO_SPAN},
    outline::Outline,
    pair::{self, PairDetail, Place},
    rules::Rules,
    side::{Open, Pace, Side, SideFacts},
    timing,
    tree::{Comparing, Diff},
    verdict::{Counts, Difference, PairKind, Row},
    words,
};
use crate::{
    derive::ShelfPieces,
    fold::value::{Node, Value},
    query::{Failed, state::preview},
    shelf::Shelf,
};

/// A frame of an exchange; frame 0 is its request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The exchange.
    pub exchange: i64,
    /// The frame.
    pub seq: u32,
}

/// Where two sides differ, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The difference.
    pub difference: Difference,
    /// Turn, from 1.
    pub turn: u32,
    /// The frame in A that brought what differs, or the last one before what A lacks.
    pub a: Moment,
    /// The frame in B.
    pub b: Moment,
    /// What A has there.
    pub a_side: Option<PairSide>,
    /// What B has there.
    pub b_side: Option<PairSide>,
    /// JSON Pointer into what the item says; empty for all of it.
    pub path: String,
    /// A's value as JSON text, shortened.
    pub a_value: Option<String>,
    /// B's value.
    pub b_value: Option<String>,
    /// The same in a sentence.
    pub sentence: String,
}

/// A span of A and one of B, each by exchange and number, paired by a person.
pub type ByHand = ((i64, u32), (i64, u32));

/// Two sides, compared.
pub struct Comparison<S: Shelf> {
    rules: Rules,
    open: [Open<S>; 2],
    outlines: [Outline; 2],
    rows: Vec<Row>,
    differences: Vec<Difference>,
    counts: Counts,
    bijection: Bijection,
    /// Frames of the two sides follow each other in another order from here on.
    interleaved: Option<(u32, Moment, Moment)>,
}

impl<S: Shelf + Clone> Comparison<S> {
    /// Compares two sides. `told` hears how far it is, from 0 to 1, and says
    /// whether to go on.
    ///
    /// # Errors
    /// When a side cannot be read, or `told` said no.
    pub fn of(
        a: Side<S>,
        b: Side<S>,
        rules: Rules,
        by_hand: &[ByHand],
        told: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, Stopped<S::Error>> {
        let all = a
            .iter()
            .chain(&b)
            .map(|part| part.shelf.exchange().map(|exchange| exchange.chunk_count));
        let all = all.sum::<Result<u64, _>>().map_err(Failed::Shelf)?;
        // Judging takes about a fifth of the time.
        let mut pace = Pace::new(told, all + all / 4);
        let mut open = [Open::new(a), Open::new(b)];
        let outline_a = Outline::read(&mut open[0], &rules, &mut pace)?;
        let outline_b = Outline::read(&mut open[1], &rules, &mut pace)?;
        let mut comparison = Self {
            rules,
            open,
            outlines: [outline_a, outline_b],
            rows: Vec::new(),
            differences: Vec::new(),
            counts: Counts::default(),
            bijection: Bijection::default(),
            interleaved: None,
        };
        let by_hand = comparison.items_by_hand(by_hand);
        let turns = align::align(&comparison.outlines[0], &comparison.outlines[1], &by_hand);
        comparison
            .outlines
            .iter_mut()
            .for_each(|outline| outline.sketches = Vec::<Sketch>::new());
        comparison.judge(turns, &mut pace)?;
        Ok(comparison)
    }

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

    /// Whether the two have nothing in common but their start.
    pub fn shares_nothing(&self) -> bool {
        let mut same = self.rows.iter().filter(|row| row.kind == PairKind::Same && !row.quiet);
        !self.is_same() && !same.any(|row| self.item(0, row.a).is_some_and(|item| item.telling))
    }

    fn item(&self, side: usize, place: Option<u32>) -> Option<&Item> {
        self.outlines[side].items.get(place? as usize)
    }

    /// A's item, or B's where A has none.
    fn item_of(&self, row: &Row) -> Option<&Item> {
        self.item(0, row.a).or_else(|| self.item(1, row.b))
    }

    // ---- differences --------------------------------------------------

    /// Where the two first part; nothing when they are the same.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub fn first(&mut self) -> Result<Option<Divergence>, Failed<S::Error>> {
        match self.differences.is_empty() {
            true => Ok(None),
            false => self.divergence(0).map(Some),
        }
    }

    /// A difference by its number, exactly.
    ///
    /// # Errors
    /// When there is no such difference, or a side cannot be read.
    pub fn divergence(&mut self, number: usize) -> Result<Divergence, Failed<S::Error>> {
        let Some(difference) = self.differences.get(number).copied() else {
            return Err(Failed::Nothing {
                place: format!("difference {number}"),
            });
        };
        let row = self.rows[difference.first_row as usize];
        let mut found = self.parting(&row)?;
        found.difference = difference;
        // Of a detour that begins on one side, the other's way belongs to it.
        if found.a_side.is_none() || found.b_side.is_none() {
            self.complete(&mut found, &difference)?;
        }
        found.sentence = self.sentence(&found, &row);
        Ok(found)
    }

    /// Where a row differs.
    fn parting(&mut self, row: &Row) -> Result<Divergence, Failed<S::Error>> {
        let mut found = Divergence {
            difference: Difference {
                kind: row.kind,
                first_row: 0,
                last_row: 0,
                downstream: 0,
                recovers: false,
            },
            turn: row.turn,
            a: self.moment_before(0, row),
            b: self.moment_before(1, row),
            a_side: self.side_of(0, row.a)?,
            b_side: self.side_of(1, row.b)?,
            path: String::new(),
            a_value: None,
            b_value: None,
            sentence: String::new(),
        };
        let (Some(a), Some(b)) = (self.item(0, row.a).copied(), self.item(1, row.b).copied()) else {
            found.a_value = self.said(0, row.a)?;
            found.b_value = self.said(1, row.b)?;
            return Ok(found);
        };
        if row.alone == PairKind::Reordered {
            return Ok(found);
        }
        let diff = self.tree_of(&a, &b)?;
        let Some(first) = pair::first_change(&diff) else {
            wire::parting(self, &a, &b, &mut found)?;
            return Ok(found);
        };
        let [shelf_a, shelf_b] = self.shelves(&a, &b)?;
        let (old, new) = (first.change.old.as_ref(), first.change.new.as_ref());
        let common = common_prefix(old, new, &shelf_a, &shelf_b);
        found.path = pair::pointer_of(&first.b);
        found.a_value = old.map(|value| preview(value, &ShelfPieces(&shelf_a)));
        found.b_value = new.map(|value| preview(value, &ShelfPieces(&shelf_b)));
        for (side, item, path, value) in [(0, &a, &first.a, old), (1, &b, &first.b, new)] {
            let place = Place {
                item,
                path,
                value,
                common,
            };
            let seq = pair::place_of(&mut self.open[side], &place)?;
            let moment = self.moment(side, item, seq);
            match side {
                0 => found.a = moment,
                _ => found.b = moment,
            }
        }
        Ok(found)
    }

    /// Gives a difference that one side alone begins what the other has in it.
    fn complete(&mut self, found: &mut Divergence, difference: &Difference) -> Result<(), Failed<S::Error>> {
        let rows = difference.first_row as usize..=difference.last_row as usize;
        let side = usize::from(found.b_side.is_none());
        let of = |row: &Row| if side == 0 { row.a } else { row.b };
        let other = self.rows[rows]
            .iter()
            .filter(|row| row.alone != PairKind::Same)
            .find_map(of);
        let Some(item) = self.item(side, other).copied() else {
            return Ok(());
        };
        let moment = self.moment(side, &item, item.first_seq);
        let (known, value) = (self.side_of(side, other)?, self.said(side, other)?);
        match side {
            0 => (found.a, found.a_side, found.a_value) = (moment, known, value),
            _ => (found.b, found.b_side, found.b_value) = (moment, known, value),
        }
        Ok(())
    }

    fn moment(&self, side: usize, item: &Item, seq: u32) -> Moment {
        let part = self.open[side].parts().get(item.part as usize);
        Moment {
            exchange: part.map_or(0, |part| part.exchange),
            seq,
        }
    }

    /// Where a row's item begins; where there is none, the end of what stands before it.
    fn moment_before(&self, side: usize, row: &Row) -> Moment {
        let of = |row: &Row| if side == 0 { row.a } else { row.b };
        if let Some(item) = self.item(side, of(row)) {
            return self.moment(side, item, item.first_seq);
        }
        let here = self
            .rows
            .iter()
            .position(|other| (other.a, other.b) == (row.a, row.b))
            .unwrap_or(0);
        let before = self.rows[..here].iter().rev().find_map(|row| self.item(side, of(row)));
        match before {
            Some(item) => self.moment(side, item, item.last_seq),
            None => Moment {
                exchange: self.open[side].parts().first().map_or(0, |part| part.exchange),
                seq: 0,
            },
        }
    }

    fn shelves(&mut self, a: &Item, b: &Item) -> Result<[S; 2], Failed<S::Error>> {
        let one = self.open[0].reader(a.part)?.shelf().clone();
        let other = self.open[1].reader(b.part)?.shelf().clone();
        Ok([one, other])
    }

    /// What two items say, as a tree of what differs.
    fn tree_of(&mut self, a: &Item, b: &Item) -> Result<Diff, Failed<S::Error>> {
        let level = self.rules.level();
        let one = pair::document_of(&mut self.open[0], &self.outlines[0], a, level)?;
        let other = pair::document_of(&mut self.open[1], &self.outlines[1], b, level)?;
        let [shelf_a, shelf_b] = self.shelves(a, b)?;
        let same_id = SameId {
            a: &self.outlines[0].ids,
            b: &self.outlines[1].ids,
            bijection: &self.bijection,
        };
        let pieces = [&ShelfPieces(&shelf_a) as _, &ShelfPieces(&shelf_b) as _];
        Ok(Comparing::closely(pieces, &self.rules, Some(&same_id)).between(&one, &other))
    }

    // ---- a pair -------------------------------------------------------

    /// All about a row's pair.
    ///
    /// # Errors
    /// When there is no such row, or a side cannot be read.
    pub fn detail(&mut self, row: u32) -> Result<PairDetail, Failed<S::Error>> {
        let Some(row) = self.rows.get(row as usize).copied() else {
            return Err(Failed::Nothing {
                place: format!("pair {row}"),
            });
        };
        let (a, b) = (self.item(0, row.a).copied(), self.item(1, row.b).copied());
        let text = |open: &mut Open<S>, item: Option<&Item>| -> Result<String, Failed<S::Error>> {
            Ok(match item {
                Some(item) => pair::text_of(open, item)?.unwrap_or_default(),
                None => String::new(),
            })
        };
        let (one, other) = (
            text(&mut self.open[0], a.as_ref())?,
            text(&mut self.open[1], b.as_ref())?,
        );
        let timed = [
            pair::timed(&mut self.open[0], a.as_ref())?,
            pair::timed(&mut self.open[1], b.as_ref())?,
        ];
        let spread = self.outlines[0].gaps.spread_us().max(self.outlines[1].gaps.spread_us());
        let mut detail = PairDetail {
            words: words::words(&one, &other),
            timing: timing::rows(&timed[0], &timed[1], spread),
            ..PairDetail::default()
        };
        if let (Some(a), Some(b)) = (a, b) {
            let diff = self.tree_of(&a, &b)?;
            let [shelf_a, shelf_b] = self.shelves(&a, &b)?;
            detail.tree = pair::lines_of(&diff, [&shelf_a, &shelf_b]);
            let diff = self.states_after(&a, &b)?;
            (detail.state_after, detail.state_changes) = pair::changes_of(&diff, [&shelf_a, &shelf_b]);
        }
        Ok(detail)
    }

    /// From A's state after its item to B's after its own.
    fn states_after(&mut self, a: &Item, b: &Item) -> Result<Diff, Failed<S::Error>> {
        let one = self.open[0].reader(a.part)?.whole_state_at(a.last_seq)?;
        let other = self.open[1].reader(b.part)?.whole_state_at(b.last_seq)?;
        let [shelf_a, shelf_b] = self.shelves(a, b)?;
        let same_id = SameId {
            a: &self.outlines[0].ids,
            b: &self.outlines[1].ids,
            bijection: &self.bijection,
        };
        let pieces = [&ShelfPieces(&shelf_a) as _, &ShelfPieces(&shelf_b) as _];
        Ok(Comparing::closely(pieces, &self.rules, Some(&same_id)).between(&one, &other))
    }

    /// Whether rows paired by hand are among them; whether a row is one.
    fn is_by_hand(row: &Row) -> bool {
        row.how == How::ByHand
    }

    // ---- the playhead -------------------------------------------------

    /// The moment on the other side that a moment of one corresponds to:
    /// inside a pair by its share of the pair's frames.
    pub fn mapped(&self, of_b: bool, moment: Moment) -> (Moment, Moment, Option<u32>) {
        let (here, there) = (usize::from(of_b), usize::from(!of_b));
        let place = |side: usize, row: &Row| if side == 0 { row.a } else { row.b };
        let part = self.open[here]
            .parts()
            .iter()
            .position(|part| part.exchange == moment.exchange);
        let part = part.unwrap_or(0) as u32;
        let mut best: Option<(u32, &Item, &Item)> = None;
        for (number, row) in (0..).zip(&self.rows) {
            let (Some(item), Some(partner)) = (self.item(here, place(here, row)), self.item(there, place(there, row)))
            else {
                continue;
            };
            let before = (item.part, item.first_seq) <= (part, moment.seq);
            let nearer = best.is_none_or(|(_, known, _)| (known.part, known.first_seq) <= (item.part, item.first_seq));
            if before && nearer {
                best = Some((number, item, partner));
            }
        }
        let other = match best {
            None => Moment {
                exchange: self.open[there].parts().first().map_or(0, |part| part.exchange),
                seq: 0,
            },
            Some((_, item, partner)) => {
                let through = match item.part == part {
                    true => f64::from(moment.seq - item.first_seq) / f64::from(item.last_seq - item.first_seq).max(1.0),
                    false => 1.0,
                };
                let frames = f64::from(partner.last_seq - partner.first_seq);
                let seq = partner.first_seq + (frames * through.min(1.0)).round() as u32;
                self.moment(there, partner, seq)
            }
        };
        let row = best.map(|(number, ..)| number);
        match of_b {
            false => (moment, other, row),
            true => (other, moment, row),
        }
    }

    /// Rows whose items are spans or groups of frames, with where they are:
    /// exchange, first and last frame on each side.
    pub fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        (0..).zip(&self.rows).filter_map(|(number, row)| {
            let spot = |side: usize, place: Option<u32>| {
                let item = self.item(side, place)?;
                let exchange = self.open[side].parts().get(item.part as usize)?.exchange;
                (item.span != NO_SPAN).then_some((exchange, item.first_seq, item.last_seq))
            };
            let (a, b) = (spot(0, row.a), spot(1, row.b));
            (a.is_some() || b.is_some()).then_some(Spot {
                row: number,
                kind: row.kind,
                a,
                b,
            })
        })
    }
}

/// Where a row's items are: exchange, first and last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its number.
    pub row: u32,
    /// How the two relate.
    pub kind: PairKind,
    /// In A.
    pub a: Option<(i64, u32, u32)>,
    /// In B.
    pub b: Option<(i64, u32, u32)>,
}

/// Bytes that two texts have in common before they part; 0 for anything else.
fn common_prefix<S: Shelf>(old: Option<&Value>, new: Option<&Value>, a: &S, b: &S) -> usize {
    let text = |value: Option<&Value>, shelf: &S| match value.map(Value::node) {
        Some(Node::Text(text)) => text.to_wtf8(&ShelfPieces(shelf)).into_bytes(),
        _ => Vec::new(),
    };
    let (one, other) = (text(old, a), text(new, b));
    one.iter().zip(&other).take_while(|(one, other)| one == other).count()
}
