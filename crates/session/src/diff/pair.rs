//! All about one pair: its documents beside each other, and where in the
//! streams they differ.

mod place;

use scrubjay_protocol::json::{self, Object, Wtf8};

pub(super) use self::place::{SideValue, place_of};
use super::{
    comparison::PairRow,
    document::{self, Draft, level_of},
    item::{Item, ItemKind, NO_SPAN},
    outline::{Outline, end_document, findings},
    rules::Level,
    side::OpenSide,
    timing::{Timed, TimingRow},
    verdict::PairKind,
    words::WordRun,
};
use crate::{
    changes::{ChangeKind, Diff, Step, branch_in},
    derive::ShelfPieces,
    fold::{
        piece::PieceSource,
        value::{Key, Map, Node, Value, preview},
    },
    query::{Change, Failed, state::push_token},
    shelf::Shelf,
};

/// Lines of a tree at most.
const LINES: usize = 2_000;
/// Bytes of pointers in them, about.
const POINTERS_LEN: usize = 16 * 1024 * 1024;
/// Changes of the state listed.
const CHANGES: usize = 200;

/// All about one pair.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairDetail {
    pub row: PairRow,
    /// Words, where it has text; equal stretches are folded to their counts.
    pub words: Vec<WordRun>,
    /// The changed branches of what it says.
    pub tree: Vec<TreeLine>,
    /// Times, part by part.
    pub timing: Vec<TimingRow>,
    /// From A's state after the pair to B's: at most 200 changes.
    pub state_after: Vec<Change>,
    pub state_changes: u64,
}

/// One line of a tree of differences: a branch on the way, or a changed value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TreeLine {
    /// JSON Pointer into B's document, or into A's for what only A has.
    pub pointer: String,
    /// Depth, from 0.
    pub depth: u16,
    /// Member name or array index.
    pub key: String,
    /// How it relates; same for a branch on the way.
    pub kind: PairKind,
    /// A's value as JSON text, shortened.
    pub a: Option<String>,
    /// B's value.
    pub b: Option<String>,
    /// `+12`, `matched by id`, `matched by position`, `JSON in a string`,
    /// `was at 3`; several are joined by commas.
    pub note: String,
}

/// What an item says, as a value that can be compared.
pub(super) fn document_of<S: Shelf + Clone>(
    open: &mut OpenSide<S>,
    outline: &Outline,
    item: &Item,
    level: Level,
) -> Result<Value, Failed<S::Error>> {
    let reader = open.reader(item.part)?;
    if matches!(item.kind, ItemKind::State | ItemKind::FinalState) {
        let state = reader.whole_state_at(item.last_seq)?;
        return Ok(object([(Key::from(&b"state"[..]), state)]));
    }
    let document = match item.kind {
        ItemKind::Input => input_of(open, outline, item)?,
        ItemKind::End => {
            let (exchange, summary) = (reader.exchange().clone(), reader.summary().clone());
            end_document(reader, &exchange, &summary)?
        }
        ItemKind::Finding => {
            let found = findings::read(reader, item.first_seq, item.key)?;
            found.map_or_else(Object::new, |found| findings::document(&found.rule))
        }
        _ => draft_of(open, item)?.document(|id| outline.agents.get(id).cloned()),
    };
    let members = document
        .iter()
        .filter(|(name, _)| level_of(item.kind, name.as_bytes()) <= level.max(item.kind.counts_from()))
        .map(|(name, value)| (Key::from(name.as_bytes()), Value::from_json(value, item.first_seq)));
    Ok(object(members))
}

fn object(members: impl IntoIterator<Item = (Key, Value)>) -> Value {
    let map = Map::from_unique(members.into_iter());
    Value::new(Node::Map(std::sync::Arc::new(map)), 0)
}

fn input_of<S: Shelf + Clone>(
    open: &mut OpenSide<S>,
    outline: &Outline,
    item: &Item,
) -> Result<Object, Failed<S::Error>> {
    let first = outline.windows.get(item.part as usize).map_or(1, |(first, _)| *first);
    let reader = open.reader(item.part)?;
    let input = match item.first_seq < first.max(1) {
        true => document::input_of(&reader.request_body()?),
        false => {
            let entry = reader.frame(item.first_seq)?;
            let frame = reader.recut(&entry)?;
            frame.value.and_then(|event| event.get("input").cloned())
        }
    };
    let counts = outline.with_state.get(item.part as usize).copied().unwrap_or(false);
    let with_state = counts && item.first_seq < first.max(1);
    Ok(input.map_or_else(Object::new, |input| document::input_document(&input, with_state)))
}

fn draft_of<S: Shelf + Clone>(open: &mut OpenSide<S>, item: &Item) -> Result<Draft, Failed<S::Error>> {
    let reader = open.reader(item.part)?;
    let mut draft = Draft::new(item.kind);
    if item.span == NO_SPAN {
        return Ok(draft);
    }
    let span = reader.span(item.span)?;
    reader.each_frame_of(&span, |_, _, _, frame| {
        draft.take(frame, document::TEXT_LEN);
        Ok(true)
    })?;
    Ok(draft)
}

/// The text of an item that is words.
pub(super) fn text_of<S: Shelf + Clone>(
    open: &mut OpenSide<S>,
    item: &Item,
) -> Result<Option<String>, Failed<S::Error>> {
    let text = match item.kind {
        ItemKind::Text | ItemKind::Reasoning => draft_of(open, item)?.text,
        ItemKind::Tool => match draft_of(open, item)?.members.get("result") {
            Some(json::Value::String(result)) if branch_in(result.as_bytes()).is_none() => result.clone(),
            _ => Wtf8::new(),
        },
        _ => Wtf8::new(),
    };
    Ok((!text.is_empty()).then(|| text.into_string_lossy()))
}

/// A change in a tree, with its path on both sides.
pub(super) struct Leaf<'d> {
    pub(super) a: Vec<Step>,
    pub(super) b: Vec<Step>,
    pub(super) change: &'d Diff,
}

/// The changes of a tree, at most `limit`, those first that a person would
/// name first.
pub(super) fn leaves(diff: &Diff, limit: usize) -> Vec<Leaf<'_>> {
    let mut leaves = Vec::new();
    gather(diff, (&mut Vec::new(), &mut Vec::new()), limit, &mut leaves);
    leaves
}

fn gather<'d>(diff: &'d Diff, (a, b): (&mut Vec<Step>, &mut Vec<Step>), limit: usize, leaves: &mut Vec<Leaf<'d>>) {
    if leaves.len() >= limit {
        return;
    }
    if diff.change.is_some() || diff.moved {
        leaves.push(Leaf {
            a: a.clone(),
            b: b.clone(),
            change: diff,
        });
    }
    let rank = |step: &Step| match step.token().as_slice() {
        b"name" | b"outcome" | b"status" => 0,
        _ => 1,
    };
    let mut children: Vec<(&Step, &Diff)> = diff.children.iter().collect();
    children.sort_by_key(|(step, _)| rank(step));
    for (step, child) in children {
        b.push(step.clone());
        a.push(match child.old_index {
            Some(place) => Step::Index(place),
            None => step.clone(),
        });
        gather(child, (a, b), limit, leaves);
        a.pop();
        b.pop();
    }
}

/// The text by which an object is named, if it has one.
pub(super) fn naming(value: &Value) -> Option<&Value> {
    let members = ["name", "id", "key", "title", "type", "role"].into_iter();
    let mut texts = members.filter_map(|name| value.get(name));
    texts.find(|value| value.as_text().is_some())
}

/// A path as a pointer.
pub(super) fn pointer_of(steps: &[Step]) -> String {
    let mut pointer = String::new();
    steps.iter().for_each(|step| push_token(&mut pointer, &step.token()));
    pointer
}

/// The tree as lines, changed branches only.
pub(super) fn lines_of<S: Shelf>(diff: &Diff, shelves: [&S; 2]) -> Vec<TreeLine> {
    let mut lines = Vec::new();
    write_lines(diff, &mut String::new(), 0, shelves, &mut lines);
    lines
}

fn write_lines<S: Shelf>(diff: &Diff, pointer: &mut String, depth: u16, shelves: [&S; 2], lines: &mut Vec<TreeLine>) {
    for (step, child) in &diff.children {
        if lines.len() >= LINES || lines.len() * pointer.len() > POINTERS_LEN {
            return;
        }
        let len = pointer.len();
        push_token(pointer, &step.token());
        lines.push(TreeLine {
            pointer: pointer.clone(),
            depth,
            key: String::from_utf8_lossy(&step.token()).into_owned(),
            kind: kind_of(child),
            a: child.old.as_ref().map(|value| preview(value, &ShelfPieces(shelves[0]))),
            b: child.new.as_ref().map(|value| preview(value, &ShelfPieces(shelves[1]))),
            note: note_of(child),
        });
        write_lines(child, pointer, depth.saturating_add(1), shelves, lines);
        pointer.truncate(len);
    }
}

pub(super) fn kind_of(diff: &Diff) -> PairKind {
    match diff.change {
        Some(ChangeKind::Added) => PairKind::OnlyB,
        Some(ChangeKind::Removed) => PairKind::OnlyA,
        Some(ChangeKind::Changed) => PairKind::Changed,
        None if diff.moved => PairKind::Reordered,
        None => PairKind::Same,
    }
}

fn note_of(diff: &Diff) -> String {
    let mut notes = Vec::new();
    if let (Some(Node::Number(old)), Some(Node::Number(new))) =
        (diff.old.as_ref().map(Value::node), diff.new.as_ref().map(Value::node))
    {
        notes.push(difference(*old, *new));
    }
    if diff.opened {
        notes.push("JSON in a string".to_owned());
    }
    let of_elements = diff
        .children
        .keys()
        .any(|step| matches!(step, Step::Index(_) | Step::GoneIndex(_)));
    match diff.matched_by {
        Some(name) => notes.push(format!("matched by {name}")),
        None if of_elements => notes.push("matched by position".to_owned()),
        None => {}
    }
    if let (true, Some(place)) = (diff.moved, diff.old_index) {
        notes.push(format!("was at {place}"));
    }
    notes.join(", ")
}

/// `+12`, `-0.5`: what was added, to twelve digits.
fn difference(old: f64, new: f64) -> String {
    let by = new - old;
    let scale = old.abs().max(new.abs()).max(1.0);
    // What rounding leaves over is not shown.
    let digits = (12 - scale.log10().ceil() as i32).clamp(0, 12) as usize;
    let text = format!("{by:+.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Changes from A's state to B's.
pub(super) fn changes_of<S: Shelf>(diff: &Diff, shelves: [&S; 2]) -> (Vec<Change>, u64) {
    let pieces = [&ShelfPieces(shelves[0]) as &dyn PieceSource, &ShelfPieces(shelves[1])];
    let changes = diff.changes(CHANGES).into_iter();
    let changes = changes.filter_map(|(tokens, diff)| Change::of(&tokens, diff, pieces));
    (changes.collect(), u64::from(diff.count()))
}

/// What timing needs of an item.
pub(super) fn timed<S: Shelf + Clone>(open: &mut OpenSide<S>, item: Option<&Item>) -> Result<Timed, Failed<S::Error>> {
    let Some(item) = item.filter(|item| item.span != NO_SPAN) else {
        return Ok(Timed::default());
    };
    let reader = open.reader(item.part)?;
    let span = reader.span(item.span)?;
    let runs = &reader.summary().runs;
    let run = runs
        .iter()
        .find(|run| item.kind == ItemKind::Run && (run.first_seq == span.first_seq || run.last_seq == item.last_seq))
        .cloned();
    let before_us = match span.first_seq {
        0 | 1 => 0,
        seq => reader.frame(seq - 1)?.at_us,
    };
    let (mut gaps, mut largest_gap_us, mut last) = (0_u32, None, None);
    let (from, to) = match &run {
        Some(run) => (run.first_seq, run.last_seq),
        None => (span.first_seq, span.last_seq),
    };
    let stretches = match &run {
        Some(_) => std::iter::once(from..to.saturating_add(1)).collect(),
        None => reader.stretches_of(&span, from)?,
    };
    for seq in stretches.into_iter().flatten() {
        let entry = reader.frame(seq)?;
        if let Some(before) = last.replace(entry.at_us) {
            let gap = entry.at_us.saturating_sub(before);
            gaps += 1;
            largest_gap_us = largest_gap_us.max(Some(gap));
        }
    }
    Ok(Timed {
        kind: Some(item.kind),
        span,
        run,
        before_us,
        largest_gap_us,
        gaps,
    })
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn numbers_show_what_was_added() {
        for (old, new, text) in [
            (200.0, 300.0, "+100"),
            (0.1, 0.3, "+0.2"),
            (5.0, -1.0, "-6"),
            (1e15, 1e15 + 2.0, "+2"),
            (1.5, 1.25, "-0.25"),
        ] {
            assert_eq!(difference(old, new), text);
        }
    }
}
