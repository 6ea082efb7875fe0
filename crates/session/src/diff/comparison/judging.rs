//! From pairs to rows that are judged.

mod transport;

use std::ops::Range;

use super::{Comparison, Row, wire};
use crate::{
    diff::{
        Stopped,
        align::{MatchKind, Pair, Turn},
        item::{Item, ItemKind},
        outline::NOTHING,
        rules::Level,
        side::Pace,
        verdict::{self, PairKind, Scope},
    },
    shelf::Shelf,
};

/// Bytes of state compared value by value; beyond it what events say decides.
const STATES_LEN: u64 = 64 * 1024 * 1024;
/// Pairs read again because ids in them made a difference.
const READ_AGAIN: u32 = 5_000;
/// Rows between two looks at whether to go on.
const STRIDE: usize = 64;

/// What judging may still cost, and what it knows so far.
struct Judging {
    states_len: u64,
    read_again: u32,
    /// The two states differ, and a row says so.
    states_differ: bool,
}

/// The rows of a turn.
struct Bounds {
    rows: Range<usize>,
    thread: u32,
}

impl<S: Shelf + Clone> Comparison<S> {
    pub(super) fn judge(&mut self, turns: Vec<Turn>, pace: &mut Pace<'_>) -> Result<(), Stopped<S::Error>> {
        self.pair_ids(&turns);
        self.with_input = [0, 1].map(|side: usize| {
            let items = &self.outlines[side].items;
            items.is_empty() || items.iter().any(|item| item.kind == ItemKind::Input)
        });
        let bounds = self.judge_pairs(turns, pace)?;
        self.judge_turns(&bounds);
        if self.rules.level() == Level::Wire && self.differences.is_empty() {
            self.interleaved = wire::interleaved(self);
            if let Some((row, ..)) = self.interleaved {
                self.rows[row as usize].alone = PairKind::Changed;
                self.rows[row as usize].kind = PairKind::Changed;
                self.judge_turns(&bounds);
            }
        }
        Ok(())
    }

    /// The ids of items that came together are the same id.
    fn pair_ids(&mut self, turns: &[Turn]) {
        for pair in turns.iter().flat_map(|turn| &turn.pairs) {
            let own = |side: usize, place| self.item(side, place).and_then(|item| item.own);
            if let (Some(a), Some(b)) = (own(0, pair.a), own(1, pair.b)) {
                self.bijection.meet(a, b);
            }
        }
    }

    /// Makes each pair a row, judged by itself.
    fn judge_pairs(&mut self, turns: Vec<Turn>, pace: &mut Pace<'_>) -> Result<Vec<Bounds>, Stopped<S::Error>> {
        let mut judging = Judging {
            states_len: STATES_LEN,
            read_again: READ_AGAIN,
            states_differ: false,
        };
        let mut bounds: Vec<Bounds> = Vec::with_capacity(turns.len());
        let mut number = 0;
        for turn in turns {
            if bounds.last().is_none_or(|before| before.thread != turn.thread) {
                (number, judging.states_differ) = (0, false);
            }
            number += 1;
            let first = self.rows.len();
            for pair in turn.pairs {
                if self.rows.len().is_multiple_of(STRIDE) {
                    pace.step(0)?;
                }
                let mut row = self.row(&pair, number, &mut judging)?;
                row.thread = turn.thread;
                self.rows.push(row);
            }
            transport::first(&mut self.rows[first..], &self.outlines);
            bounds.push(Bounds {
                rows: first..self.rows.len(),
                thread: turn.thread,
            });
        }
        Ok(bounds)
    }

    fn judge_turns(&mut self, bounds: &[Bounds]) {
        let mut rows = std::mem::take(&mut self.rows);
        let mut differences = Vec::new();
        let mut next = 0;
        while let Some(Bounds { rows: range, thread }) = bounds.get(next) {
            next += 1;
            let first = range.start as u32;
            if self.is_alone(*thread) {
                let last = bounds[next..].iter().take_while(|bounds| bounds.thread == *thread);
                let more = last.count();
                let end = bounds[next + more - 1].rows.end;
                next += more;
                verdict::judge_whole(&mut rows[range.start..end], first, Scope::Thread, &mut differences);
                continue;
            }
            let turn = &mut rows[range.clone()];
            if turn.iter().all(|row| row.a.is_none()) || turn.iter().all(|row| row.b.is_none()) {
                verdict::judge_whole(turn, first, Scope::Turn, &mut differences);
                continue;
            }
            let item_of = |row: &Row| self.item_of(row).copied();
            verdict::judge(turn, first, self.rules.level(), item_of, &mut differences);
        }
        self.counts = verdict::count(&rows, &differences);
        self.rows = rows;
        self.differences = differences;
    }

    /// Whether only one side has the threads of a pair.
    fn is_alone(&self, pair: u32) -> bool {
        let pair = self.pairs.get(pair as usize);
        pair.is_some_and(|pair| pair.a.is_none() || pair.b.is_none())
    }

    fn row(&mut self, pair: &Pair, turn: u32, judging: &mut Judging) -> Result<Row, Stopped<S::Error>> {
        let (a, b) = (self.item(0, pair.a).copied(), self.item(1, pair.b).copied());
        let (level, with_input) = (self.rules.level(), self.with_input);
        let counts = |item: &Item| {
            let empty = item.kind == ItemKind::State && item.says[Level::State as usize] == NOTHING;
            let unknown = item.kind == ItemKind::Input && with_input != [true, true];
            item.kind.counts_from() <= level && (!empty || level == Level::Wire) && !unknown
        };
        let alone = match (&a, &b) {
            (Some(a), Some(b)) if !counts(a) && !counts(b) => PairKind::Same,
            (Some(a), Some(b)) => match self.says_same(a, b, judging)? {
                true if pair.matched == MatchKind::Moved => PairKind::Reordered,
                true => PairKind::Same,
                false => PairKind::Changed,
            },
            (Some(one), None) | (None, Some(one)) if !counts(one) => PairKind::Same,
            (Some(_), None) => PairKind::OnlyA,
            (None, _) => PairKind::OnlyB,
        };
        let stays = match (&a, &b) {
            (Some(a), Some(b)) => alone == PairKind::Changed && self.behaves_same(a, b),
            _ => false,
        };
        let premise = match (&a, &b) {
            (Some(a), Some(_)) => a.kind == ItemKind::Input && alone == PairKind::Changed,
            _ => false,
        };
        Ok(Row {
            a: pair.a,
            b: pair.b,
            turn,
            thread: 0,
            matched: pair.matched,
            kind: alone,
            alone,
            quiet: alone == PairKind::Same && (a.is_none() || b.is_none()),
            stays,
            premise,
        })
    }

    /// Whether two items say the same at this level.
    fn says_same(&mut self, a: &Item, b: &Item, judging: &mut Judging) -> Result<bool, Stopped<S::Error>> {
        let level = self.rules.level();
        if a.kind == ItemKind::FinalState {
            let differ = self.tree_of(a, b)?.is_change();
            let was_different = std::mem::replace(&mut judging.states_differ, differ);
            return Ok(!differ || was_different);
        }
        let (mut one, mut other) = (*a, *b);
        if level == Level::Wire && one.says[level as usize] != other.says[level as usize] {
            return Ok(false);
        }
        (one.says[Level::Wire as usize], other.says[Level::Wire as usize]) = (0, 0);
        if one.says_up_to(level) == other.says_up_to(level) && self.refs_agree(a, b) {
            return Ok(true);
        }
        if a.kind == ItemKind::State {
            return self.states_same(a, b, judging);
        }
        // Numbers cannot know that a text is an id on one side only.
        let with_ids = a.refs.1 > 0 || b.refs.1 > 0;
        if with_ids && a.kind == b.kind && judging.read_again > 0 {
            judging.read_again -= 1;
            return Ok(!self.tree_of(a, b)?.is_change());
        }
        Ok(false)
    }

    /// Whether a difference between two items is one of words, state or wire.
    fn behaves_same(&mut self, a: &Item, b: &Item) -> bool {
        let same = a.says_up_to(Level::Behaviour) == b.says_up_to(Level::Behaviour);
        match a.kind.counts_from() {
            Level::Behaviour => a.kind != ItemKind::FinalState && same && self.refs_agree(a, b),
            _ => a.kind == b.kind,
        }
    }

    /// Other operations may lead to the same state.
    fn states_same(&mut self, a: &Item, b: &Item, judging: &mut Judging) -> Result<bool, Stopped<S::Error>> {
        let state = self.open[0].reader(a.part)?.whole_state_at(a.last_seq)?;
        let cost = state.weight() * 2;
        if cost > judging.states_len {
            judging.states_differ = true;
            return Ok(false);
        }
        judging.states_len -= cost;
        let differ = self.tree_of(a, b)?.is_change();
        judging.states_differ = differ;
        Ok(!differ)
    }

    /// Whether what two items refer to is the same on both sides.
    fn refs_agree(&mut self, a: &Item, b: &Item) -> bool {
        let (one, other) = (self.outlines[0].refs_of(a), self.outlines[1].refs_of(b));
        one.len() == other.len()
            && one
                .iter()
                .zip(other)
                .all(|(one, other)| self.bijection.meet(*one, *other))
    }
}
