//! From pairs to rows that are judged.

use super::{Comparison, Row, wire};
use crate::{
    diff::{
        Stopped,
        align::{How, Pair},
        item::{Item, ItemKind},
        outline::NOTHING,
        rules::Level,
        side::Pace,
        verdict::{self, PairKind},
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
    /// Whether each side says what was asked at all; a file need not.
    with_input: [bool; 2],
}

impl<S: Shelf + Clone> Comparison<S> {
    pub(super) fn judge(&mut self, turns: Vec<Vec<Pair>>, pace: &mut Pace<'_>) -> Result<(), Stopped<S::Error>> {
        for pair in turns.iter().flatten() {
            let own = |side: usize, place| self.item(side, place).and_then(|item| item.own);
            if let (Some(a), Some(b)) = (own(0, pair.a), own(1, pair.b)) {
                self.bijection.meet(a, b);
            }
        }
        let mut judging = Judging {
            states_len: STATES_LEN,
            read_again: READ_AGAIN,
            states_differ: false,
            with_input: [0, 1].map(|side: usize| {
                let mut items = self.outlines[side].items.iter();
                items.any(|item| item.kind == ItemKind::Input)
            }),
        };
        let mut bounds = Vec::with_capacity(turns.len());
        for (turn, pairs) in (1..).zip(turns) {
            let first = self.rows.len();
            for pair in pairs {
                if self.rows.len().is_multiple_of(STRIDE) {
                    pace.step(0)?;
                }
                let row = self.row(&pair, turn, &mut judging)?;
                self.rows.push(row);
            }
            bounds.push(first..self.rows.len());
        }
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

    fn judge_turns(&mut self, bounds: &[std::ops::Range<usize>]) {
        let mut rows = std::mem::take(&mut self.rows);
        let mut differences = Vec::new();
        for range in bounds {
            let item_of = |row: &Row| self.item_of(row).copied();
            let first = range.start as u32;
            verdict::judge(
                &mut rows[range.clone()],
                first,
                self.rules.level(),
                item_of,
                &mut differences,
            );
        }
        self.counts = verdict::count(&rows, &differences);
        self.rows = rows;
        self.differences = differences;
    }

    fn row(&mut self, pair: &Pair, turn: u32, judging: &mut Judging) -> Result<Row, Stopped<S::Error>> {
        let (a, b) = (self.item(0, pair.a).copied(), self.item(1, pair.b).copied());
        let level = self.rules.level();
        let counts = |item: &Item| {
            let empty = item.kind == ItemKind::State && item.says[Level::State as usize] == NOTHING;
            let unknown = item.kind == ItemKind::Input && judging.with_input != [true, true];
            item.kind.counts_from() <= level && (!empty || level == Level::Wire) && !unknown
        };
        let alone = match (&a, &b) {
            (Some(a), Some(b)) if !counts(a) && !counts(b) => PairKind::Same,
            (Some(a), Some(b)) => match self.says_same(a, b, judging)? {
                true if pair.how == How::Moved => PairKind::Reordered,
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
        Ok(Row {
            a: pair.a,
            b: pair.b,
            turn,
            how: pair.how,
            kind: alone,
            alone,
            quiet: alone == PairKind::Same && (a.is_none() || b.is_none()),
            stays,
        })
    }

    /// Whether two items say the same at this level.
    fn says_same(&mut self, a: &Item, b: &Item, judging: &mut Judging) -> Result<bool, Stopped<S::Error>> {
        let level = self.rules.level();
        if a.kind == ItemKind::FinalState {
            let differ = self.tree_of(a, b)?.is_change();
            let told = std::mem::replace(&mut judging.states_differ, differ);
            return Ok(!differ || told);
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
