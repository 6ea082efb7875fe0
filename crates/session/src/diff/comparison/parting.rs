//! Where a row differs: frames, paths and values.

use std::collections::BTreeMap;

use super::{Comparison, Moment, PairKind, PairSide, Row, rows::REST, wire};
use crate::{
    changes::{ChangeKind, Step},
    derive::ShelfPieces,
    diff::{
        cells::cells,
        item::{Item, ItemKind},
        pair::{self, Leaf, SideValue},
        verdict::Difference,
    },
    fold::{
        piece::PieceSource,
        value::{Node, Value, to_json},
    },
    query::Failed,
    shelf::Shelf,
};

/// Paths of one difference.
const PATHS: usize = 200;
/// Bytes of a value up to which it is looked for under another name.
const RENAMED_LEN: u64 = 1024 * 1024;

/// Where two sides differ, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Divergence {
    pub difference: Difference,
    /// Turn, from 1.
    pub turn: u32,
    /// The frame in A that brought what differs, or the last one before what A lacks.
    pub a: Moment,
    pub b: Moment,
    /// What kind of item it is about.
    pub item: Option<ItemKind>,
    /// What A has there.
    pub a_side: Option<PairSide>,
    pub b_side: Option<PairSide>,
    /// JSON Pointer into what the item says; empty for all of it.
    pub path: String,
    /// A's value as JSON text, cut around what differs.
    pub a_value: Option<String>,
    pub b_value: Option<String>,
    /// Every path that differs, the first one first; at most 200.
    pub paths: Vec<PathChange>,
    /// Which thing it is about: `turn 1, tool (search)`.
    pub subject: String,
    /// What else belongs to it: further pairs of a detour, or what is
    /// downstream of it; at most 8, each in words.
    pub rest: Vec<String>,
    /// There is more of it than `rest` names.
    pub more_rest: bool,
    /// The same in a sentence.
    pub sentence: String,
}

/// One path at which two items differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct PathChange {
    /// JSON Pointer into what the item says in B, or in A for what only A has.
    pub path: String,
    /// How it relates: changed, only A, only B, reordered.
    #[cfg_attr(feature = "serde", serde(rename = "difference"))]
    pub kind: PairKind,
    /// A's value as JSON text, cut around what differs.
    pub a_value: Option<String>,
    pub b_value: Option<String>,
    /// Where B has the same value under another name.
    pub renamed_to: Option<String>,
    /// The new name of a value that is listed under its old name.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub is_new_name: bool,
}

impl<S: Shelf + Clone> Comparison<S> {
    // ---- differences --------------------------------------------------

    /// Where the two first part: the first thing that the agent did otherwise,
    /// or, where it did nothing otherwise, what was asked. Nothing when they
    /// are the same.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub fn first(&mut self) -> Result<Option<Divergence>, Failed<S::Error>> {
        self.first_number().map(|number| self.divergence(number)).transpose()
    }

    /// The number of the difference that [`Comparison::first`] gives, from 0.
    pub fn first_number(&self) -> Option<usize> {
        let by_agent = self.differences.iter().position(|difference| !difference.premise);
        by_agent.or((!self.differences.is_empty()).then_some(0))
    }

    /// What was asked otherwise before the two part, if something was.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub fn premise(&mut self) -> Result<Option<Divergence>, Failed<S::Error>> {
        let first = self.first_number().unwrap_or(0);
        let premise = self.differences.iter().take(first).position(|known| known.premise);
        premise.map(|number| self.divergence(number)).transpose()
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
        found.subject = self.subject(&found, &row);
        found.sentence = self.sentence(&found, &row)?;
        found.rest = self.rest(&difference)?;
        found.more_rest = found.rest.len() > REST;
        found.rest.truncate(REST);
        Ok(found)
    }

    /// Where a row differs.
    pub(super) fn parting(&mut self, row: &Row) -> Result<Divergence, Failed<S::Error>> {
        let mut found = Divergence {
            difference: Difference {
                kind: row.kind,
                ..Difference::default()
            },
            turn: row.turn,
            a: self.moment_before(0, row),
            b: self.moment_before(1, row),
            item: self.item_of(row).map(|item| item.kind),
            a_side: self.side_of(0, row.a)?,
            b_side: self.side_of(1, row.b)?,
            ..Divergence::default()
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
        let leaves = pair::leaves(&diff, PATHS);
        match leaves.is_empty() {
            true => self.part_in_frames(&a, &b, &mut found)?,
            false => self.part_in_values(&a, &b, leaves, &mut found)?,
        }
        Ok(found)
    }

    /// Of items that say the same: the frame that differs.
    fn part_in_frames(&mut self, a: &Item, b: &Item, found: &mut Divergence) -> Result<(), Failed<S::Error>> {
        wire::parting(self, a, b, found)?;
        found.paths.push(PathChange {
            path: found.path.clone(),
            kind: PairKind::Changed,
            a_value: found.a_value.clone(),
            b_value: found.b_value.clone(),
            ..PathChange::default()
        });
        Ok(())
    }

    /// Of items that say different things: the paths, and the frames that
    /// brought the values at the first of them.
    fn part_in_values(
        &mut self,
        a: &Item,
        b: &Item,
        mut leaves: Vec<Leaf<'_>>,
        found: &mut Divergence,
    ) -> Result<(), Failed<S::Error>> {
        let [shelf_a, shelf_b] = self.shelves(a, b)?;
        let pieces = [&ShelfPieces(&shelf_a) as &dyn PieceSource, &ShelfPieces(&shelf_b)];
        found.paths = paths_of(&leaves, pieces);
        // A rename is listed under the old name.
        let first = found.paths.iter().position(|change| !change.is_new_name).unwrap_or(0);
        found.paths[..=first].rotate_right(1);
        leaves[..=first].rotate_right(1);
        found.path = found.paths[0].path.clone();
        (found.a_value, found.b_value) = (found.paths[0].a_value.clone(), found.paths[0].b_value.clone());
        let first = &leaves[0];
        let (old, new) = (first.change.old.as_ref(), first.change.new.as_ref());
        let common = common_prefix(old, new, &shelf_a, &shelf_b);
        found.a = self.brought_by(0, a, &first.a, old, common)?;
        found.b = self.brought_by(1, b, &first.b, new, common)?;
        Ok(())
    }

    /// The frame of a side that brought a value of an item.
    fn brought_by(
        &mut self,
        side: usize,
        item: &Item,
        path: &[Step],
        value: Option<&Value>,
        common: usize,
    ) -> Result<Moment, Failed<S::Error>> {
        let value = SideValue {
            item,
            path,
            value,
            common,
        };
        let seq = pair::place_of(&mut self.open[side], &value)?;
        Ok(self.moment(side, item, seq))
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
            0 => {
                found.item = Some(item.kind);
                (found.a, found.a_side, found.a_value) = (moment, known, value);
            }
            _ => (found.b, found.b_side, found.b_value) = (moment, known, value),
        }
        Ok(())
    }

    pub(super) fn moment(&self, side: usize, item: &Item, seq: u32) -> Moment {
        let part = self.open[side].parts().get(item.part as usize);
        Moment {
            exchange: part.map_or(0, |part| part.exchange),
            seq,
        }
    }

    /// The request of the first exchange of a thread; of a thread that the
    /// side does not have, that of the side.
    pub(super) fn beginning(&self, side: usize, pair: u32) -> Moment {
        let pair = self.pairs.get(pair as usize);
        let thread = pair.and_then(|pair| if side == 0 { pair.a } else { pair.b });
        let parts = self.open[side].parts();
        let first = parts
            .iter()
            .find(|part| thread.is_none_or(|thread| part.thread == thread));
        Moment {
            exchange: first.map_or(0, |part| part.exchange),
            seq: 0,
        }
    }

    /// Where a row's item begins; where there is none, the end of what stands before it.
    fn moment_before(&self, side: usize, row: &Row) -> Moment {
        let of = |row: &Row| if side == 0 { row.a } else { row.b };
        if let Some(item) = self.item(side, of(row)) {
            return self.moment(side, item, item.first_seq);
        }
        let before = self.places.before(side, self.places.number(row));
        let before = before
            .map(|number| self.rows[number])
            .filter(|other| other.thread == row.thread);
        match before.and_then(|before| self.item(side, of(&before))) {
            Some(item) => self.moment(side, item, item.last_seq),
            None => self.beginning(side, row.thread),
        }
    }
}

/// The changes of an item as paths. A value that only another name holds in B
/// has a new name.
fn paths_of(leaves: &[Leaf<'_>], pieces: [&dyn PieceSource; 2]) -> Vec<PathChange> {
    let mut paths: Vec<PathChange> = leaves
        .iter()
        .map(|leaf| {
            let change = leaf.change;
            let kind = pair::kind_of(change);
            let (a_value, b_value) = match kind {
                PairKind::Reordered => (
                    leaf.a.last().map(|step| format!("at {}", token(step))),
                    leaf.b.last().map(|step| format!("at {}", token(step))),
                ),
                _ => cells(change.old.as_ref(), change.new.as_ref(), pieces),
            };
            PathChange {
                path: pair::pointer_of(&leaf.b),
                kind,
                a_value,
                b_value,
                ..PathChange::default()
            }
        })
        .collect();
    for (gone, new) in renamed(leaves, pieces) {
        paths[gone].renamed_to = Some(paths[new].path.clone());
        paths[new].is_new_name = true;
    }
    paths
}

fn token(step: &Step) -> String {
    String::from_utf8_lossy(&step.token()).into_owned()
}

/// Members of one object of which one is gone and one is new, with the same value.
fn renamed(leaves: &[Leaf<'_>], pieces: [&dyn PieceSource; 2]) -> Vec<(usize, usize)> {
    let mut members: BTreeMap<&[Step], [Vec<usize>; 2]> = BTreeMap::new();
    for (place, leaf) in leaves.iter().enumerate() {
        let Some((Step::Name(_), object)) = leaf.b.split_last() else {
            continue;
        };
        match leaf.change.change {
            Some(ChangeKind::Removed) => members.entry(object).or_default()[0].push(place),
            Some(ChangeKind::Added) => members.entry(object).or_default()[1].push(place),
            _ => {}
        }
    }
    let pairs = members.into_iter().filter_map(|(object, [gone, new])| {
        let ([gone], [new]) = (gone.as_slice(), new.as_slice()) else {
            return None;
        };
        let (old, now) = (leaves[*gone].change.old.as_ref()?, leaves[*new].change.new.as_ref()?);
        // Members of the item itself are not named by the agent.
        let is_small = old.weight().max(now.weight()) <= RENAMED_LEN;
        let same = !object.is_empty() && is_small && to_json(old, pieces[0]) == to_json(now, pieces[1]);
        same.then_some((*gone, *new))
    });
    pairs.collect()
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
