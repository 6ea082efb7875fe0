//! Rows as a person reads them.

use super::{Comparison, Difference, Divergence, NO_SPAN, PairKind, PathChange, Row};
use crate::{
    derive::{ShelfPieces, kinds::Kind},
    diff::{
        cells::shown,
        item::{Item, ItemKind},
        outline::findings,
        pair,
        rules::Level,
        verdict::Scope,
    },
    exchange::Ending,
    fold::value::Value,
    query::{
        Failed,
        describe::{clipped, span_line, span_subject},
    },
    shelf::Shelf,
    words,
};

/// What A and B have at one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairRow {
    pub pair: u64,
    /// How they relate.
    pub kind: PairKind,
    /// Its pair of threads, by its place in [`Comparison::thread_pairs`].
    pub thread: u32,
    /// Turn of the thread, from 1.
    pub turn: u32,
    pub a: Option<PairSide>,
    pub b: Option<PairSide>,
    /// What differs, in a line.
    pub summary: String,
    /// Pairs folded into this row; 0 for a plain one.
    pub folded: u32,
    pub first: bool,
    pub by_hand: bool,
}

/// One side of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairSide {
    pub exchange: i64,
    /// The span's number there; the largest number for what is no span (input, final state, end).
    pub span: u32,
    /// Its family.
    pub kind: Kind,
    /// Role, tool name, step name.
    pub name: String,
    /// One line of what it says.
    pub summary: String,
    pub first_seq: u32,
    pub last_seq: u32,
}

impl<S: Shelf + Clone> Comparison<S> {
    /// Numbers of the rows that are shown: all of them or those that differ,
    /// and what is downstream folded to its first row or row by row.
    pub fn shown(&self, differences_only: bool, downstream_open: bool) -> Vec<u32> {
        let mut shown = Vec::new();
        let mut before = PairKind::Same;
        for (number, row) in (0..).zip(&self.rows) {
            let folded = row.kind == PairKind::Downstream && before == PairKind::Downstream && !downstream_open;
            before = row.kind;
            if !folded && (row.kind != PairKind::Same || !differences_only) {
                shown.push(number);
            }
        }
        shown
    }

    /// How many rows there are.
    pub fn row_count(&self) -> u32 {
        self.rows.len() as u32
    }

    /// One row; `fold` counts what is downstream into its first row.
    ///
    /// # Errors
    /// When there is no such row, or a side cannot be read.
    pub fn row_at(&mut self, number: u32, fold: bool) -> Result<PairRow, Failed<S::Error>> {
        let Some(row) = self.rows.get(number as usize).copied() else {
            return Err(Failed::Nothing {
                place: format!("pair {number}"),
            });
        };
        let folded = match (row.kind, fold) {
            (PairKind::Downstream, true) => {
                let rest = self.rows[number as usize..].iter();
                rest.take_while(|row| row.kind == PairKind::Downstream).count() as u32
            }
            _ => 0,
        };
        Ok(PairRow {
            pair: u64::from(number),
            kind: row.kind,
            thread: row.thread,
            turn: row.turn,
            a: self.side_of(0, row.a)?,
            b: self.side_of(1, row.b)?,
            summary: self.summary(&row)?,
            folded,
            first: self
                .first_number()
                .is_some_and(|first| self.differences[first].first_row == number),
            by_hand: Self::is_by_hand(&row),
        })
    }

    fn summary(&mut self, row: &Row) -> Result<String, Failed<S::Error>> {
        if row.quiet {
            return Ok(self.why_quiet(row));
        }
        if row.alone != PairKind::Changed {
            return Ok(String::new());
        }
        let found = self.parting(row)?;
        Ok(what_differs(&found))
    }

    /// Why it does not count that only one side has something.
    fn why_quiet(&self, row: &Row) -> String {
        let Some(item) = self.item_of(row) else {
            return String::new();
        };
        let (level, from) = (self.rules.level(), item.kind.counts_from());
        match item.kind {
            ItemKind::Input if self.with_input != [true, true] => "the other recording holds no requests".to_owned(),
            _ if from > level => format!(
                "{} counts from level {} on, and this is level {}",
                item.kind.as_str(),
                from.as_str(),
                level.as_str()
            ),
            _ => "everything in it is ignored".to_owned(),
        }
    }

    pub(super) fn side_of(&mut self, side: usize, place: Option<u32>) -> Result<Option<PairSide>, Failed<S::Error>> {
        let Some(item) = self.item(side, place).copied() else {
            return Ok(None);
        };
        let exchange = self.open[side]
            .parts()
            .get(item.part as usize)
            .map_or(0, |part| part.exchange);
        let (name, summary) = match item.span {
            NO_SPAN if item.kind == ItemKind::Finding => (self.finding(side, &item)?.0, String::new()),
            NO_SPAN => (item.kind.as_str().to_owned(), String::new()),
            span => {
                let span = self.open[side].reader(item.part)?.span(span)?;
                (span_subject(&span), span_line(&span).unwrap_or_default())
            }
        };
        let summary = match item.kind {
            ItemKind::Input | ItemKind::End | ItemKind::Custom | ItemKind::Finding => self.said_by(side, &item)?,
            ItemKind::State => match item.last_seq - item.first_seq {
                0 => String::new(),
                frames => format!("{} frames", frames + 1),
            },
            _ => summary,
        };
        Ok(Some(PairSide {
            exchange,
            span: item.span,
            kind: item.kind.family(),
            name,
            summary,
            first_seq: item.first_seq,
            last_seq: item.last_seq,
        }))
    }

    /// What an item says, on one line.
    pub(super) fn said(&mut self, side: usize, place: Option<u32>) -> Result<Option<String>, Failed<S::Error>> {
        match self.item(side, place).copied() {
            Some(item) => self.said_by(side, &item).map(Some),
            None => Ok(None),
        }
    }

    /// The rule of a finding, and what it says.
    fn finding(&mut self, side: usize, item: &Item) -> Result<(String, String), Failed<S::Error>> {
        let reader = self.open[side].reader(item.part)?;
        let found = findings::read(reader, item.first_seq, item.key)?;
        Ok(found.map_or_else(Default::default, |found| (found.rule, found.message)))
    }

    fn said_by(&mut self, side: usize, item: &Item) -> Result<String, Failed<S::Error>> {
        if item.kind == ItemKind::Finding {
            return Ok(clipped(&self.finding(side, item)?.1));
        }
        let document = pair::document_of(&mut self.open[side], &self.outlines[side], item, Level::Text)?;
        let shelf = self.open[side].reader(item.part)?.shelf().clone();
        let pieces = ShelfPieces(&shelf);
        // Of what was asked the last message says it, and a name stands before it all.
        let asked = document.get("asked").and_then(last_content);
        if let (ItemKind::Input, Some(content)) = (item.kind, asked) {
            return Ok(clipped(&shown(content, &pieces)));
        }
        let has_name = has_name(item.kind);
        let members = document.as_map().into_iter().flat_map(|map| map.iter());
        let mut members: Vec<_> = members.filter(|(name, _)| !has_name || &name[..] != b"name").collect();
        members.sort_by_key(|(one, _)| *one);
        let said: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("{}: {}", String::from_utf8_lossy(name), shown(value, &pieces)))
            .collect();
        Ok(clipped(&said.join(", ")))
    }

    /// What a difference is about: `turn 1, tool 3 (search)`, with its thread
    /// where there are several.
    pub(super) fn subject(&self, found: &Divergence, row: &Row) -> String {
        let thread = || format!("thread {}", self.thread_name(row.thread));
        if found.difference.scope == Scope::Thread {
            return thread();
        }
        let mut subject = match self.pairs.len() {
            0 | 1 => String::new(),
            _ => thread(),
        };
        if !subject.is_empty() {
            subject.push_str(", ");
        }
        subject.push_str(&format!("turn {}", found.turn));
        if found.difference.scope == Scope::Pair {
            let known = found.a_side.as_ref().filter(|_| row.a.is_some());
            subject.push_str(", ");
            subject.push_str(&self.called_in(row, known.or(found.b_side.as_ref()).map(|side| side.name.as_str())));
        }
        subject
    }

    /// A thread by its id, or by what it asks.
    fn thread_name(&self, pair: u32) -> String {
        let Some(pair) = self.pairs.get(pair as usize) else {
            return String::new();
        };
        let thread = |side: usize, place: Option<u32>| self.threads[side].get(place? as usize);
        let known = thread(0, pair.a).or_else(|| thread(1, pair.b));
        match known {
            Some(thread) if !thread.name().is_empty() => thread.name().to_owned(),
            _ => pair
                .a
                .or(pair.b)
                .map_or_else(String::new, |place| format!("{}", place + 1)),
        }
    }

    /// A difference in a sentence, for people.
    pub(super) fn sentence(&mut self, found: &Divergence, row: &Row) -> Result<String, Failed<S::Error>> {
        let how = match row.alone {
            PairKind::Changed => format!(": {}", what_differs(found)),
            PairKind::OnlyA => " is only in A".to_owned(),
            PairKind::OnlyB => " is only in B".to_owned(),
            PairKind::Reordered => match self.overtaken(row)? {
                Some((other, true)) => format!(" comes before {other} in A, and after it in B"),
                Some((other, false)) => format!(" comes after {other} in A, and before it in B"),
                None => " stands at another place".to_owned(),
            },
            _ => String::new(),
        };
        let failed = match found.difference.scope {
            Scope::Pair => String::new(),
            Scope::Turn | Scope::Thread => self.how_it_failed(row),
        };
        Ok(format!("{}{how}{failed}", found.subject))
    }

    /// The nearest item that a moved one has changed places with, and whether
    /// the moved one is the first of the two in A.
    fn overtaken(&mut self, row: &Row) -> Result<Option<(String, bool)>, Failed<S::Error>> {
        let Some(other) = self.places.crossed(self.places.number(row)) else {
            return Ok(None);
        };
        let other = self.rows[other];
        let side = self.side_of(0, other.a)?;
        let called = self.called_in(&other, side.as_ref().map(|side| side.name.as_str()));
        Ok(Some((called, other.a > row.a)))
    }

    /// Of a request that only one side has, why it has no good answer.
    fn how_it_failed(&self, row: &Row) -> String {
        let side = usize::from(row.a.is_none());
        let item = self.item_of(row);
        let answer = item.map(|item| self.outlines[side].answer(item)).unwrap_or_default();
        match answer.status {
            _ if item.is_none() || !answer.failed => String::new(),
            Some(status) if !(200..300).contains(&status) => format!(", answered {status}"),
            _ if answer.ending != Ending::Complete => format!(", {}", words::ending(answer.ending)),
            _ => ", answered without a stream".to_owned(),
        }
    }

    /// What else belongs to a difference: the rest of a detour, or the first
    /// of what is downstream of it.
    pub(super) fn rest(&mut self, difference: &Difference) -> Result<Vec<String>, Failed<S::Error>> {
        let from = difference.first_row as usize + 1;
        let to = match difference.downstream {
            0 => difference.last_row as usize + 1,
            _ => self.rows.len(),
        };
        let thread = self.rows[from - 1].thread;
        let turn = self.rows[from - 1].turn;
        let mut rest = Vec::new();
        for place in from..to {
            let row = self.rows[place];
            let ends = row.thread != thread || (row.turn != turn && difference.scope != Scope::Thread);
            if ends || rest.len() > REST {
                break;
            }
            if row.alone == PairKind::Same {
                continue;
            }
            let side = match row.a {
                Some(_) => self.side_of(0, row.a)?,
                None => self.side_of(1, row.b)?,
            };
            let called = self.called_in(&row, side.as_ref().map(|side| side.name.as_str()));
            rest.push(match row.alone {
                _ if difference.scope != Scope::Pair => called,
                PairKind::OnlyA => format!("{called} only in A"),
                PairKind::OnlyB => format!("{called} only in B"),
                PairKind::Reordered => format!("{called} at another place"),
                _ => format!("{called} changed"),
            });
        }
        Ok(rest)
    }

    /// `tool 3 (search)`: which of its kind in its turn.
    fn called_in(&self, row: &Row, name: Option<&str>) -> String {
        let (side, place) = match (row.a, row.b) {
            (Some(place), _) => (0, place),
            (None, Some(place)) => (1, place),
            (None, None) => return String::new(),
        };
        let outline = &self.outlines[side];
        let Some(item) = outline.items.get(place as usize) else {
            return String::new();
        };
        let (number, all) = self.places.called(side, place);
        let kind = match item.kind {
            ItemKind::End => "HTTP answer",
            kind => kind.as_str(),
        };
        let number = if all > 1 { format!(" {number}") } else { String::new() };
        match name.filter(|name| has_name(item.kind) && !name.is_empty()) {
            Some(name) => format!("{kind}{number} ({name})"),
            None => format!("{kind}{number}"),
        }
    }
}

/// Whether items of a kind have names of their own.
fn has_name(kind: ItemKind) -> bool {
    matches!(
        kind,
        ItemKind::Tool | ItemKind::Step | ItemKind::Subagent | ItemKind::Custom | ItemKind::Finding
    )
}

/// Paths that a sentence names.
const NAMED: usize = 2;
/// Further pairs that a difference names.
pub(super) const REST: usize = 8;

/// `/args/max: 200 → 300, /result: "a" → "b" and 2 more paths`.
fn what_differs(found: &Divergence) -> String {
    let shown: Vec<&PathChange> = found.paths.iter().filter(|change| !change.is_new_name).collect();
    let named: Vec<String> = shown.iter().take(NAMED).map(|change| path_differs(change)).collect();
    let named = match named.is_empty() {
        true => "differs".to_owned(),
        false => named.join(", "),
    };
    match shown.len().saturating_sub(NAMED) {
        0 => named,
        1 => format!("{named} and 1 more path"),
        more => format!("{named} and {more} more paths"),
    }
}

fn path_differs(change: &PathChange) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    match (change.path.as_str(), &change.renamed_to) {
        (path, Some(new)) => format!("{path} is named {new} in B"),
        ("", _) => "differs".to_owned(),
        ("/chunks", _) => "cut into other chunks".to_owned(),
        ("/order", _) => "frames follow each other in another order".to_owned(),
        (path, _) => format!("{path}: {} → {}", value(&change.a_value), value(&change.b_value)),
    }
}

fn last_content(messages: &Value) -> Option<&Value> {
    let messages = messages.as_list()?;
    messages.iter().last()?.get("content")
}
