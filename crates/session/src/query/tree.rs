//! The state as of a frame, as the visible lines of a tree.

use std::collections::BTreeMap;

use super::{
    Failed, Moment, Reader,
    seek::ShelfPieces,
    state::{POINTERS_LEN, child_of, push_token, tokens_of},
};
use crate::{
    changes::{ChangeKind, Comparing, Diff, Step},
    derive::{
        finding::FindingEntry,
        marks::{List, StateMark},
    },
    fold::{
        Fold, LostPath,
        piece::PieceSource,
        value::{Node, Value, preview},
    },
    shelf::Shelf,
};

/// Changed paths listed.
const CHANGES: usize = 200;
/// Lost paths listed.
const LOST: usize = 100;
/// Marks of activities that are looked through for the one that mends.
const MENDS: u32 = 10_000;

/// What has become of what a dropped patch lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mend {
    /// This frame has mended the last of it.
    By(u32),
    /// Nothing has.
    Never,
}

impl Mend {
    /// The frame that has mended it.
    pub fn frame(self) -> Option<u32> {
        match self {
            Self::By(seq) => Some(seq),
            Self::Never => None,
        }
    }
}

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
    /// The last state event, when its patch was dropped.
    pub dropped: Option<Dropped>,
    /// At what paths the state differs from what the agent meant, and since when.
    pub lost: Option<Lost>,
    /// Since this frame the client's state may be another, until one is set as a whole.
    pub unknown_since: Option<u32>,
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

/// A state event whose patch was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dropped {
    /// Its frame.
    pub seq: u32,
    /// Why, in a sentence.
    pub why: String,
    /// The last frame whose event was applied to the state; 0 is the request's input.
    pub applied_seq: u32,
}

/// At what paths the state differs from what the agent meant, because patches were dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lost {
    /// The oldest of the dropped patches.
    pub since: u32,
    /// In the order of their pointers, at most 100.
    pub paths: Vec<LostPath>,
    /// Operations that are lost and not among them.
    pub more: u64,
    /// The frame by which all of it is written or removed, or set by a snapshot.
    pub mended_at: Option<u32>,
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
    /// What a dropped patch would have left here.
    pub lost: Option<LostPath>,
    /// There is no such value: only what is lost stands here.
    pub is_lost: bool,
    /// Lost paths somewhere below.
    pub lost_below: u32,
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
        let dropped = self.dropped_at(events, fold.lost().applied_seq())?;
        let lost = self.lost_at(&fold)?;
        let pieces = ShelfPieces(&self.shelf);
        let state = fold.state();
        let diff = before
            .map(|before| Comparing::plainly(&pieces).between(before.state(), state))
            .unwrap_or_default();
        let mut tree = Tree::new(query, &pieces, Ghosts::of(lost.as_ref(), state));
        let open = OpenBranches::of(&query.expanded);
        tree.children(state, &diff, &open, &mut String::new(), 0);
        Ok(StateTree {
            as_of: query.at,
            last_state_seq: last,
            any_state_event: last.is_some(),
            dropped,
            lost,
            unknown_since: fold.lost().unknown_since(),
            after_stop: self.pages.summary.stop.as_ref().is_some_and(|stop| stop.seq < query.at),
            first: query.first,
            total: tree.line,
            lines: tree.lines,
            changes: changes_of(&diff, &pieces),
            bytes: state.weight(),
        })
    }

    /// The last of so many state events, when its patch was dropped.
    fn dropped_at(&mut self, events: u32, applied_seq: u32) -> Result<Option<Dropped>, Failed<S::Error>> {
        let Some(idx) = events.checked_sub(1) else {
            return Ok(None);
        };
        let mark = self.pages.mark(&self.shelf, List::States, idx)?;
        if StateMark::of(&mark) != StateMark::Failed {
            return Ok(None);
        }
        let findings = self.findings(mark.seq..mark.seq + 1, 16)?;
        let failed = findings
            .into_iter()
            .find(|finding| crate::derive::is_failed_patch(&finding.rule));
        Ok(Some(Dropped {
            seq: mark.seq,
            why: failed.map(|finding| finding.message).unwrap_or_default(),
            applied_seq,
        }))
    }

    /// At what paths the state of a moment differs from what the agent meant.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn lost_of(&mut self, moment: &Moment) -> Result<Option<Lost>, Failed<S::Error>> {
        self.lost_at(&moment.fold)
    }

    fn lost_at(&mut self, fold: &Fold) -> Result<Option<Lost>, Failed<S::Error>> {
        let Some(since) = fold.lost().since() else {
            return Ok(None);
        };
        let count = fold.lost().paths().count() as u64;
        Ok(Some(Lost {
            since,
            paths: fold.lost().paths().take(LOST).collect(),
            more: count.saturating_sub(LOST as u64) + u64::from(fold.lost().unlisted()),
            mended_at: self.mended_at(fold.seq())?,
        }))
    }

    /// What has become of what is lost at the frame of a finding; `None` where
    /// nothing is, and when the finding is of another rule.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn mend_of(&mut self, finding: &FindingEntry) -> Result<Option<Mend>, Failed<S::Error>> {
        let seq = finding.seq;
        if !crate::derive::is_failed_patch(&finding.rule) {
            return Ok(None);
        }
        if let Some(mend) = self.mend_of_activity(seq)? {
            return Ok(Some(mend));
        }
        let idx = self
            .pages
            .mark_past(&self.shelf, List::States, |mark| mark.seq >= seq)?;
        if idx >= self.pages.mark_count(List::States) {
            return Ok(None);
        }
        let mark = self.pages.mark(&self.shelf, List::States, idx)?;
        match mark.seq == seq && mark.lost_since().is_some() {
            true => Ok(Some(self.mended_at(seq)?.map_or(Mend::Never, Mend::By))),
            false => Ok(None),
        }
    }

    /// What has become of what a dropped patch of an activity has lost.
    fn mend_of_activity(&mut self, seq: u32) -> Result<Option<Mend>, Failed<S::Error>> {
        let list = List::Activities;
        let first = self.pages.mark_past(&self.shelf, list, |mark| mark.seq >= seq)?;
        let count = self.pages.mark_count(list);
        let mut is_lost = false;
        for idx in first..count.min(first.saturating_add(MENDS)) {
            let mark = self.pages.mark(&self.shelf, list, idx)?;
            if mark.extra == u64::from(seq) {
                return Ok(Some(Mend::By(mark.seq)));
            }
            is_lost |= mark.seq == seq && mark.extra == 0;
            if mark.seq > seq && !is_lost {
                break;
            }
        }
        Ok(is_lost.then_some(Mend::Never))
    }

    /// The frame by which all is mended that is lost at a frame.
    fn mended_at(&mut self, seq: u32) -> Result<Option<u32>, Failed<S::Error>> {
        // The oldest loss only gets younger, so halving finds where it is a later one.
        let idx = self.pages.mark_past(&self.shelf, List::States, |mark| {
            mark.seq > seq && mark.lost_since().is_none_or(|since| since > seq)
        })?;
        match idx < self.pages.mark_count(List::States) {
            true => Ok(Some(self.pages.mark(&self.shelf, List::States, idx)?.seq)),
            false => Ok(None),
        }
    }
}

/// What is lost, by where it is shown.
#[derive(Debug, Default)]
struct Ghosts {
    /// By the pointers of values that are there.
    present: BTreeMap<String, LostPath>,
    /// Of what is not there, by the pointer of the branch around it.
    absent: BTreeMap<String, Vec<LostPath>>,
}

impl Ghosts {
    fn of(lost: Option<&Lost>, state: &Value) -> Self {
        let mut ghosts = Self::default();
        for path in lost.into_iter().flat_map(|lost| &lost.paths) {
            let tokens = tokens_of(&path.pointer);
            let held = tokens.iter().try_fold(state, |value, token| child_of(value, token));
            let is_put_in = path.is_item && !path.is_removed;
            match path.pointer.rsplit_once('/') {
                Some((around, _)) if held.is_none() || is_put_in => {
                    ghosts.absent.entry(around.to_owned()).or_default().push(path.clone());
                }
                _ => {
                    ghosts.present.insert(path.pointer.clone(), path.clone());
                }
            }
        }
        ghosts
    }

    /// How many are below a pointer.
    fn below(&self, pointer: &str) -> u32 {
        let inside = format!("{pointer}/");
        let present = self.present.range(inside.clone()..);
        let present = present.take_while(|(path, _)| path.starts_with(&inside)).count();
        let here = self.absent.get(pointer).map_or(0, Vec::len);
        let absent = self.absent.range(inside.clone()..);
        let absent = absent.take_while(|(path, _)| path.starts_with(&inside));
        let absent: usize = absent.map(|(_, paths)| paths.len()).sum();
        u32::try_from(present + here + absent).unwrap_or(u32::MAX)
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
    ghosts: Ghosts,
    line: u64,
    lines: Vec<StateLine>,
    /// Bytes of pointers and keys in them.
    len: usize,
}

impl<'a> Tree<'a> {
    fn new(query: &'a StateQuery, pieces: &'a dyn PieceSource, ghosts: Ghosts) -> Self {
        Self {
            query,
            pieces,
            ghosts,
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
        self.absent(pointer, depth);
    }

    /// Lines of what is lost in a branch and not there at all.
    fn absent(&mut self, around: &str, depth: u16) {
        let end = self.query.first + u64::from(self.query.count);
        for path in self.ghosts.absent.get(around).into_iter().flatten() {
            let number = self.line;
            self.line += 1;
            if !(self.query.first..end).contains(&number) {
                continue;
            }
            let key = tokens_of(&path.pointer).pop().unwrap_or_default();
            self.lines.push(StateLine {
                pointer: path.pointer.clone(),
                depth,
                key: String::from_utf8_lossy(&key).into_owned(),
                shape: ValueShape::Null,
                preview: String::new(),
                children: 0,
                expanded: false,
                change: None,
                old: None,
                changes_below: 0,
                lost: Some(path.clone()),
                is_lost: true,
                lost_below: 0,
                set_by: path.last,
            });
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
                lost: self.ghosts.present.get(pointer.as_str()).cloned(),
                is_lost: false,
                lost_below: self.ghosts.below(pointer),
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
