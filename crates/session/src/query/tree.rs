//! The state as of a frame, as the visible lines of a tree.

use std::collections::BTreeMap;

use super::{
    Failed, Reader,
    seek::ShelfPieces,
    state::{POINTERS_LEN, push_token, tokens_of},
};
use crate::{
    changes::{ChangeKind, Comparing, Diff, Step},
    derive::marks::{List, StateMark},
    fold::{
        piece::PieceSource,
        value::{Node, Value, to_json},
    },
    shelf::Shelf,
};

/// Characters of a preview.
const PREVIEW_CHARS: usize = 200;
/// Changed paths listed.
const CHANGES: usize = 200;
/// State events looked back for the one since which the state stands still.
const LOOK_BACK: u32 = 4_096;

/// Which part of the tree is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateQuery {
    /// As of which frame; 0 is the request's input.
    pub at: u32,
    /// JSON Pointers of the open branches. The root is always open.
    pub expanded: Vec<String>,
    /// Only branches that changed since the previous state event.
    pub changed_only: bool,
    /// First line wanted.
    pub first: u64,
    /// How many lines at most.
    pub count: u32,
}

/// The visible part of the state tree.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StateTree {
    /// As of which frame.
    pub as_of: u32,
    /// The state event at or before it; absent while the state is the input's.
    pub last_state_seq: Option<u32>,
    /// Whether there is one.
    pub any_state_event: bool,
    /// State that stands still after a failed patch: since when, and why.
    pub stuck: Option<(u32, String)>,
    /// The official client had given up before this moment.
    pub after_stop: bool,
    /// Number of the first line given.
    pub first: u64,
    pub total: u64,
    pub lines: Vec<StateLine>,
    /// Paths changed by the last state event: at most 200.
    pub changes: Vec<Change>,
    /// Size of the state as JSON text, bytes, about.
    pub bytes: u64,
}

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StateLine {
    /// JSON Pointer.
    pub pointer: String,
    /// Depth; the root's members are 0.
    pub depth: u16,
    /// Member name or array index.
    pub key: String,
    pub shape: ValueShape,
    /// The value as JSON text, or a summary of a branch.
    pub preview: String,
    /// Members or elements.
    pub children: u32,
    /// Whether its children follow.
    pub expanded: bool,
    /// Changed by the last state event.
    pub change: Option<ChangeKind>,
    /// The value before, shortened, when changed.
    pub old: Option<String>,
    /// Changes somewhere below.
    pub changes_below: u32,
    /// The frame that set it; 0 is the request's input.
    pub set_by: u32,
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum ValueShape {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

/// One changed path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// JSON Pointer.
    pub pointer: String,
    pub change: ChangeKind,
    /// Before, shortened.
    pub old: Option<String>,
    /// After, shortened.
    pub new: Option<String>,
}

impl<S: Shelf> Reader<S> {
    /// The visible lines of the state tree, with what the last state event changed.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn state_tree(&mut self, query: &StateQuery) -> Result<StateTree, Failed<S::Error>> {
        let (fold, _) = self.fold_at(query.at)?;
        let events = self
            .pages
            .mark_past(&self.shelf, List::States, |mark| mark.seq > query.at)?;
        let last = match events.checked_sub(1) {
            Some(idx) => Some(self.pages.mark(&self.shelf, List::States, idx)?.seq),
            None => None,
        };
        let before = match last {
            Some(seq) => Some(self.fold_before(seq)?),
            None => None,
        };
        let stuck = self.stuck_at(events)?;
        let pieces = ShelfPieces(&self.shelf);
        let state = fold.state();
        let diff = before
            .map(|before| Comparing::plainly(&pieces).between(before.state(), state))
            .unwrap_or_default();
        let mut tree = Tree::new(query, &pieces);
        let open = OpenBranches::of(&query.expanded);
        tree.children(state, &diff, &open, &mut String::new(), 0);
        Ok(StateTree {
            as_of: query.at,
            last_state_seq: last,
            any_state_event: last.is_some(),
            stuck,
            after_stop: self.pages.summary.stop.as_ref().is_some_and(|stop| stop.seq < query.at),
            first: query.first,
            total: tree.line,
            lines: tree.lines,
            changes: changes_of(&diff, &pieces),
            bytes: state.weight(),
        })
    }

    /// Since when and why the state stands still, after so many state events.
    fn stuck_at(&mut self, events: u32) -> Result<Option<(u32, String)>, Failed<S::Error>> {
        let mut since = None;
        for idx in (events.saturating_sub(LOOK_BACK)..events).rev() {
            let mark = self.pages.mark(&self.shelf, List::States, idx)?;
            match mark.extra & 3 {
                code if code == StateMark::Snapshot as u64 => break,
                code if code == StateMark::Failed as u64 => since = Some(mark.seq),
                _ => {}
            }
        }
        let Some(seq) = since else { return Ok(None) };
        let findings = self.findings(seq..seq + 1, 16)?;
        let failed = findings
            .into_iter()
            .find(|finding| crate::derive::is_failed_patch(&finding.rule));
        Ok(Some((seq, failed.map(|finding| finding.message).unwrap_or_default())))
    }
}

/// The open branches, as a tree of tokens.
#[derive(Debug, Default)]
struct OpenBranches {
    is_open: bool,
    children: BTreeMap<Vec<u8>, OpenBranches>,
}

impl OpenBranches {
    fn of(pointers: &[String]) -> Self {
        let mut root = Self {
            is_open: true,
            ..Self::default()
        };
        for pointer in pointers {
            let mut here = &mut root;
            for token in tokens_of(pointer) {
                here = here.children.entry(token).or_default();
            }
            here.is_open = true;
        }
        root
    }
}

/// Walks the visible lines and keeps those of the window.
struct Tree<'a> {
    query: &'a StateQuery,
    pieces: &'a dyn PieceSource,
    line: u64,
    lines: Vec<StateLine>,
    /// Bytes of pointers and keys in them.
    len: usize,
}

impl<'a> Tree<'a> {
    fn new(query: &'a StateQuery, pieces: &'a dyn PieceSource) -> Self {
        Self {
            query,
            pieces,
            line: 0,
            lines: Vec::new(),
            len: 0,
        }
    }

    fn children(&mut self, value: &Value, diff: &Diff, open: &OpenBranches, pointer: &mut String, depth: u16) {
        match value.node() {
            Node::Map(map) => {
                for (name, child) in map.iter() {
                    self.child(&Step::Name(name.clone()), child, diff, open, pointer, depth);
                }
            }
            Node::List(list) => self.items(list.iter(), list.len(), diff, open, pointer, depth),
            _ if depth == 0 => self.visit(b"", value, diff, &OpenBranches::default(), pointer, depth),
            _ => {}
        }
        let gone = diff
            .children
            .iter()
            .filter(|(_, child)| child.change == Some(ChangeKind::Removed));
        for (step, child) in gone {
            if let Some(old) = &child.old {
                let (len, name) = (pointer.len(), step.token());
                push_token(pointer, &name);
                self.visit(&name, old, child, &OpenBranches::default(), pointer, depth);
                pointer.truncate(len);
            }
        }
    }

    /// Items of a list; long stretches without anything open are counted only.
    fn items<'v>(
        &mut self,
        items: impl Iterator<Item = &'v Value>,
        len: usize,
        diff: &Diff,
        open: &OpenBranches,
        pointer: &mut String,
        depth: u16,
    ) {
        let plain = open.children.is_empty() && !self.query.changed_only;
        let end = self.query.first + u64::from(self.query.count);
        if plain && (self.line >= end || self.line + len as u64 <= self.query.first) {
            self.line += len as u64;
            return;
        }
        for (idx, child) in (0..).zip(items) {
            self.child(&Step::Index(idx), child, diff, open, pointer, depth);
        }
    }

    fn child(
        &mut self,
        step: &Step,
        child: &Value,
        diff: &Diff,
        open: &OpenBranches,
        pointer: &mut String,
        depth: u16,
    ) {
        let nothing = (Diff::default(), OpenBranches::default());
        let name = &step.token();
        let diff = diff.children.get(step).unwrap_or(&nothing.0);
        let open = open.children.get(name).unwrap_or(&nothing.1);
        if self.query.changed_only && !diff.is_change() {
            return;
        }
        crate::steps::tick();
        let len = pointer.len();
        push_token(pointer, name);
        self.visit(name, child, diff, open, pointer, depth);
        pointer.truncate(len);
    }

    fn visit(
        &mut self,
        name: &[u8],
        value: &Value,
        diff: &Diff,
        open: &OpenBranches,
        pointer: &mut String,
        depth: u16,
    ) {
        let number = self.line;
        self.line += 1;
        let is_branch = matches!(value.node(), Node::Map(_) | Node::List(_));
        let expanded = open.is_open && is_branch && diff.change != Some(ChangeKind::Removed);
        let end = self.query.first + u64::from(self.query.count);
        if (self.query.first..end).contains(&number) && self.len <= POINTERS_LEN {
            self.len += pointer.len() + name.len();
            self.lines.push(StateLine {
                pointer: pointer.clone(),
                depth,
                key: String::from_utf8_lossy(name).into_owned(),
                shape: shape_of(value),
                preview: preview(value, self.pieces),
                children: value.child_count() as u32,
                expanded,
                change: diff.change,
                old: diff
                    .old
                    .as_ref()
                    .filter(|_| diff.new.is_some())
                    .map(|old| preview(old, self.pieces)),
                changes_below: diff.below,
                set_by: value.by(),
            });
        }
        if expanded {
            self.children(value, diff, open, pointer, depth + 1);
        }
    }
}

impl Change {
    /// The change at a path; none where only something below changed. `pieces`
    /// are those of before and after.
    pub(crate) fn of(path: &[Vec<u8>], diff: &Diff, pieces: [&dyn PieceSource; 2]) -> Option<Self> {
        let mut pointer = String::new();
        path.iter().for_each(|token| push_token(&mut pointer, token));
        Some(Self {
            pointer,
            change: diff.change?,
            old: diff.old.as_ref().map(|value| preview(value, pieces[0])),
            new: diff.new.as_ref().map(|value| preview(value, pieces[1])),
        })
    }
}

fn changes_of(diff: &Diff, pieces: &dyn PieceSource) -> Vec<Change> {
    let changes = diff.changes(CHANGES).into_iter();
    let mut len = 0;
    changes
        .take_while(|(tokens, _)| {
            len += tokens.iter().map(Vec::len).sum::<usize>();
            len <= POINTERS_LEN
        })
        .filter_map(|(tokens, diff)| Change::of(&tokens, diff, [pieces; 2]))
        .collect()
}

fn shape_of(value: &Value) -> ValueShape {
    match value.node() {
        Node::Null => ValueShape::Null,
        Node::Bool(_) => ValueShape::Bool,
        Node::Number(_) => ValueShape::Number,
        Node::Text(_) => ValueShape::String,
        Node::List(_) => ValueShape::Array,
        Node::Map(_) => ValueShape::Object,
    }
}

/// A leaf as JSON text, a branch in a few words, shortened.
pub(crate) fn preview(value: &Value, pieces: &dyn PieceSource) -> String {
    match value.node() {
        Node::Text(text) if text.len() > PREVIEW_CHARS as u64 => {
            let head = text.head(PREVIEW_CHARS, pieces);
            let mut quoted = String::new();
            scrubjay_protocol::json::write_string(&mut quoted, &head);
            quoted.pop();
            format!("{quoted}…")
        }
        Node::Map(map) if map.is_empty() => "{}".to_owned(),
        Node::Map(map) => {
            let names = map
                .iter()
                .take(12)
                .map(|(name, _)| String::from_utf8_lossy(name).into_owned());
            let names = names.collect::<Vec<_>>().join(", ");
            let shown: String = names.chars().take(80).collect();
            let more = if shown.len() < names.len() || map.len() > 12 {
                ", …"
            } else {
                ""
            };
            format!("{{{shown}{more}}}")
        }
        Node::List(list) if list.is_empty() => "[]".to_owned(),
        Node::List(list) => format!("[{}]", list.len()),
        _ => to_json(value, pieces),
    }
}
