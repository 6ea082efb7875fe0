//! Rows as a person reads them.

use super::{Comparison, Divergence, NO_SPAN, PairKind, Row};
use crate::{
    derive::ShelfPieces,
    diff::{
        item::{Item, ItemKind},
        pair,
        rules::Level,
    },
    fold::value::Value,
    query::{
        Failed,
        describe::{clipped, span_line, span_subject},
        state::preview,
    },
    shelf::Shelf,
};

/// What A and B have at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairRow {
    /// Its number.
    pub row: u32,
    /// How they relate.
    pub kind: PairKind,
    /// Turn, from 1.
    pub turn: u32,
    /// What A has.
    pub a: Option<PairSide>,
    /// What B has.
    pub b: Option<PairSide>,
    /// What differs, in a line.
    pub summary: String,
    /// Rows folded into this one; 0 for a plain one.
    pub folded: u32,
    /// The first difference.
    pub first: bool,
    /// Paired by hand.
    pub by_hand: bool,
}

/// One side of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairSide {
    /// In which exchange.
    pub exchange: i64,
    /// The span's number there; none for what is no span.
    pub span: Option<u32>,
    /// What it is.
    pub kind: ItemKind,
    /// Role, tool name, step name.
    pub name: String,
    /// One line of what it says.
    pub summary: String,
    /// First frame.
    pub first_seq: u32,
    /// Last frame.
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
            row: number,
            kind: row.kind,
            turn: row.turn,
            a: self.side_of(0, row.a)?,
            b: self.side_of(1, row.b)?,
            summary: self.summary(&row)?,
            folded,
            first: self.differences.first().is_some_and(|first| first.first_row == number),
            by_hand: Self::is_by_hand(&row),
        })
    }

    fn summary(&mut self, row: &Row) -> Result<String, Failed<S::Error>> {
        if row.quiet {
            let level = self.rules.level().as_str();
            return Ok(format!("not counted at level {level}"));
        }
        if row.alone != PairKind::Changed {
            return Ok(String::new());
        }
        let found = self.parting(row)?;
        Ok(what_differs(&found))
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
            NO_SPAN => (item.kind.as_str().to_owned(), String::new()),
            span => {
                let span = self.open[side].reader(item.part)?.span(span)?;
                (span_subject(&span), span_line(&span).unwrap_or_default())
            }
        };
        let summary = match item.kind {
            ItemKind::Input | ItemKind::End | ItemKind::Custom => self.said_by(side, &item)?,
            ItemKind::State => match item.last_seq - item.first_seq {
                0 => String::new(),
                frames => format!("{} frames", frames + 1),
            },
            _ => summary,
        };
        Ok(Some(PairSide {
            exchange,
            span: (item.span != NO_SPAN).then_some(item.span),
            kind: item.kind,
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

    fn said_by(&mut self, side: usize, item: &Item) -> Result<String, Failed<S::Error>> {
        let document = pair::document_of(&mut self.open[side], &self.outlines[side], item, Level::Text)?;
        let shelf = self.open[side].reader(item.part)?.shelf().clone();
        let pieces = ShelfPieces(&shelf);
        let members = document.as_map().into_iter().flat_map(|map| map.iter());
        let said: Vec<String> = members
            .map(|(name, value)| match (item.kind, &name[..]) {
                (ItemKind::Input, b"asked") => {
                    last_content(value).map_or_else(String::new, |content| preview(content, &pieces))
                }
                (_, name) => format!("{}: {}", String::from_utf8_lossy(name), whole(value, &pieces)),
            })
            .filter(|said| !said.is_empty())
            .collect();
        Ok(clipped(&said.join(", ")))
    }

    /// A difference in a sentence, for people.
    pub(super) fn sentence(&self, found: &Divergence, row: &Row) -> String {
        let what = match (row.a, row.b) {
            (Some(place), _) => self.called(0, place, found.a_side.as_ref()),
            (None, Some(place)) => self.called(1, place, found.b_side.as_ref()),
            (None, None) => String::new(),
        };
        let place = format!("turn {}, {what}", found.turn);
        let how = match row.alone {
            PairKind::Changed => format!(": {}", what_differs(found)),
            PairKind::OnlyA => " is only in A".to_owned(),
            PairKind::OnlyB => " is only in B".to_owned(),
            PairKind::Reordered => " stands at another place".to_owned(),
            _ => String::new(),
        };
        format!("{place}{how}")
    }

    /// `tool 3 (search)`: which of its kind in its turn.
    fn called(&self, side: usize, place: u32, known: Option<&PairSide>) -> String {
        let items = &self.outlines[side].items;
        let Some(item) = items.get(place as usize) else {
            return String::new();
        };
        let of_kind = |other: &&Item| other.kind == item.kind && other.turn == item.turn;
        let number = items[..=place as usize].iter().filter(of_kind).count();
        let all = items.iter().filter(of_kind).count();
        let kind = item.kind.as_str();
        let number = if all > 1 { format!(" {number}") } else { String::new() };
        let name = known.map_or("", |known| known.name.as_str());
        match item.kind {
            ItemKind::Tool | ItemKind::Step | ItemKind::Subagent | ItemKind::Custom if !name.is_empty() => {
                format!("{kind}{number} ({name})")
            }
            _ => format!("{kind}{number}"),
        }
    }
}

/// `/args/max: 200 → 300`.
fn what_differs(found: &Divergence) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    match found.path.as_str() {
        "" => "differs".to_owned(),
        "/chunks" => "cut into other chunks".to_owned(),
        "/order" => "frames follow each other in another order".to_owned(),
        path => format!("{path}: {} → {}", value(&found.a_value), value(&found.b_value)),
    }
}

fn last_content(messages: &Value) -> Option<&Value> {
    let messages = messages.as_list()?;
    messages.iter().last()?.get("content")
}

/// A small branch as it is, a large one in a few words.
fn whole(value: &Value, pieces: &dyn crate::fold::piece::PieceSource) -> String {
    match value.weight() {
        0..=160 => crate::fold::value::to_json(value, pieces),
        _ => preview(value, pieces),
    }
}
