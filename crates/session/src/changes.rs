//! What changed between two values, as a tree of the changed paths.
//!
//! Branches that both sides share are not looked into. Lists are matched by
//! position, or, where that is asked for, by a member that names every
//! element on both sides (`id`, `key`, `name`). Recursion is bounded by the
//! nesting of values. `patch` writes the changes as operations of RFC 6902.
//!
//! What is ignored is decided by an `Ignoring`; `diff` has one, built from
//! its rules and its pairs of ids.

mod keyed;
mod patch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use scrubjay_protocol::json::{self, Wtf8};

pub use self::patch::operations;
use crate::fold::{
    piece::PieceSource,
    value::{Key, Node, Value},
};

/// Changed paths gathered; beyond it a branch counts as one change.
const CHANGES: u32 = 20_000;
/// Bytes of a text up to which it is looked into for JSON or compared with what rules leave of it.
const OPENED_LEN: u64 = 1024 * 1024;
/// Texts of JSON inside texts of JSON that are opened.
pub(crate) const OPENED_DEPTH: u8 = 4;
/// Depth down to which they are: what is opened deeper would add up to
/// recursion without a bound that fits a thread's stack.
pub(crate) const OPENED_AT: usize = 64;

/// How a value changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum ChangeKind {
    /// New.
    Added,
    /// Another value.
    Changed,
    /// Gone.
    Removed,
}

/// The way from a branch to a child: as it is after the change, or, of what
/// is gone, as it was before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Index(u32),
    GoneIndex(u32),
    Name(Key),
}

impl Step {
    /// The pointer's token.
    pub(crate) fn token(&self) -> Vec<u8> {
        match self {
            Self::Index(place) | Self::GoneIndex(place) => place.to_string().into_bytes(),
            Self::Name(name) => name.to_vec(),
        }
    }
}

/// One changed path or a branch on the way to some.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diff {
    /// How the value here changed, if it did itself.
    pub(crate) change: Option<ChangeKind>,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
    /// Changes somewhere below.
    pub(crate) below: u32,
    pub(crate) children: BTreeMap<Step, Diff>,
    /// The member by which a list's elements were matched.
    pub(crate) matched_by: Option<&'static str>,
    /// Place in the list before, of an element that was matched by name.
    pub(crate) old_index: Option<u32>,
    /// It stands in another order among the elements of its list.
    pub(crate) moved: bool,
    /// Both are texts that hold JSON, which was compared instead.
    pub(crate) opened: bool,
}

/// What a comparison of values ignores.
pub(crate) trait Ignoring {
    /// Whether the value at a path is ignored.
    fn is_ignored(&self, path: &[Vec<u8>]) -> bool;

    /// Below two paths with the same progress, the same values are ignored.
    fn progress(&self, path: &[Vec<u8>]) -> Vec<(usize, usize)>;

    /// Whether unequal texts of a member of this name differ in what is ignored only.
    fn are_alike(&self, name: &[u8], one: &Wtf8, other: &Wtf8) -> bool;
}

/// How values are compared.
pub(crate) struct Comparing<'a> {
    pieces: &'a dyn PieceSource,
    other_pieces: &'a dyn PieceSource,
    /// Lists by a naming member, texts of JSON opened.
    closely: bool,
    ignoring: Option<&'a dyn Ignoring>,
    /// Where the values stand.
    path: Vec<Vec<u8>>,
    room: u32,
    opened: u8,
    /// Branches that several hold on both sides, and are the same.
    same: BTreeSet<Met>,
}

/// Where two shared branches lie, and what else bears on how they compare:
/// what their list is called, how deep they stand, how far rules have come.
type Met = ((usize, usize), Vec<u8>, usize, u8, Vec<(usize, usize)>);

impl<'a> Comparing<'a> {
    /// By position and as they stand, with one source of pieces.
    pub(crate) fn plainly(pieces: &'a dyn PieceSource) -> Self {
        Self {
            pieces,
            other_pieces: pieces,
            closely: false,
            ignoring: None,
            path: Vec::new(),
            room: CHANGES,
            opened: 0,
            same: BTreeSet::new(),
        }
    }

    /// Lists by name, texts of JSON opened, with a source of pieces for each side.
    pub(crate) fn closely(pieces: [&'a dyn PieceSource; 2], ignoring: &'a dyn Ignoring) -> Self {
        Self {
            other_pieces: pieces[1],
            closely: true,
            ignoring: Some(ignoring),
            ..Self::plainly(pieces[0])
        }
    }

    /// The difference, empty if there is none.
    pub(crate) fn between(mut self, old: &Value, new: &Value) -> Diff {
        self.compare(old, new).unwrap_or_default()
    }

    fn compare(&mut self, old: &Value, new: &Value) -> Option<Diff> {
        crate::steps::tick();
        if self.is_ignored() {
            return None;
        }
        let met = self.met(old, new);
        if met.as_ref().is_some_and(|met| self.same.contains(met)) {
            return None;
        }
        let diff = self.differ(old, new);
        if diff.is_none() {
            self.same.extend(met);
        }
        diff
    }

    /// What is remembered of two branches that stand at many places each.
    fn met(&self, old: &Value, new: &Value) -> Option<Met> {
        let places = (old.shared_at()?, new.shared_at()?);
        let progress = self
            .ignoring
            .map(|ignoring| ignoring.progress(&self.path))
            .unwrap_or_default();
        Some((places, self.name().to_vec(), self.path.len(), self.opened, progress))
    }

    fn differ(&mut self, old: &Value, new: &Value) -> Option<Diff> {
        let diff = match (old.node(), new.node()) {
            (Node::Map(one), Node::Map(other)) if Arc::ptr_eq(one, other) => return None,
            (Node::List(one), Node::List(other)) if Arc::ptr_eq(one, other) => return None,
            (Node::Map(_), Node::Map(_)) if self.room > 0 => self.maps(old, new),
            (Node::List(_), Node::List(_)) if self.room > 0 => self.lists(old, new),
            _ if self.same_leaf(old, new) => return None,
            _ => match self.opened(old, new) {
                Some(diff) => diff,
                None => {
                    self.room = self.room.saturating_sub(1);
                    return Some(Diff::leaf(ChangeKind::Changed, Some(old), Some(new)));
                }
            },
        };
        diff.is_change().then_some(diff)
    }

    fn same_leaf(&self, old: &Value, new: &Value) -> bool {
        match (old.node(), new.node()) {
            (Node::Null, Node::Null) => true,
            (Node::Bool(one), Node::Bool(other)) => one == other,
            (Node::Number(one), Node::Number(other)) => one == other || one.is_nan() && other.is_nan(),
            (Node::Text(one), Node::Text(other)) => {
                let same = match std::ptr::addr_eq(self.pieces, self.other_pieces) {
                    true => one.same(other, self.pieces),
                    false => one.len() == other.len() && one.to_wtf8(self.pieces) == other.to_wtf8(self.other_pieces),
                };
                same || self.alike(one.len().max(other.len()), old, new)
            }
            _ => false,
        }
    }

    fn is_ignored(&self) -> bool {
        self.ignoring.is_some_and(|ignoring| ignoring.is_ignored(&self.path))
    }

    /// Texts that differ, but only in what is ignored.
    fn alike(&self, len: u64, old: &Value, new: &Value) -> bool {
        let Some(ignoring) = self.ignoring.filter(|_| len <= OPENED_LEN) else {
            return false;
        };
        let (Some(one), Some(other)) = (old.as_text(), new.as_text()) else {
            return false;
        };
        let (one, other) = (one.to_wtf8(self.pieces), other.to_wtf8(self.other_pieces));
        ignoring.are_alike(self.name(), &one, &other)
    }

    /// The name of the member that the values are, or are elements of.
    fn name(&self) -> &[u8] {
        // An element is named as its list is.
        let is_index = |token: &&Vec<u8>| token.iter().all(u8::is_ascii_digit);
        let name = self.path.iter().rev().find(|token| !is_index(token));
        name.map_or(&[][..], Vec::as_slice)
    }

    /// The difference of what two texts hold, if both hold JSON branches.
    fn opened(&mut self, old: &Value, new: &Value) -> Option<Diff> {
        if !self.closely || self.opened >= OPENED_DEPTH || self.path.len() > OPENED_AT {
            return None;
        }
        let (one, other) = (self.held_in(old, self.pieces)?, self.held_in(new, self.other_pieces)?);
        self.opened += 1;
        let diff = self.compare(&one, &other);
        self.opened -= 1;
        match diff {
            None => Some(Diff::default()),
            // Branches of two kinds: the texts themselves say it best.
            Some(diff) if diff.change.is_some() => None,
            Some(diff) => Some(Diff { opened: true, ..diff }),
        }
    }

    fn held_in(&self, value: &Value, pieces: &dyn PieceSource) -> Option<Value> {
        let text = value.as_text().filter(|text| text.len() <= OPENED_LEN)?;
        branch_in(text.to_wtf8(pieces).as_bytes()).map(|held| Value::from_json(&held, value.by()))
    }

    fn child(&mut self, diff: &mut Diff, step: Step, old: Option<&Value>, new: Option<&Value>) {
        self.path.push(step.token());
        let child = match (old, new) {
            (Some(old), Some(new)) => self.compare(old, new),
            _ if self.is_ignored() => None,
            (None, new) => Some(Diff::leaf(ChangeKind::Added, None, new)),
            (old, None) => Some(Diff::leaf(ChangeKind::Removed, old, None)),
        };
        self.path.pop();
        diff.take(step, child);
    }

    fn maps(&mut self, old: &Value, new: &Value) -> Diff {
        let mut diff = Diff::default();
        let (Some(before), Some(after)) = (old.as_map(), new.as_map()) else {
            return diff;
        };
        for (name, value) in after.iter() {
            self.child(&mut diff, Step::Name(name.clone()), before.get(name), Some(value));
        }
        for (name, value) in before.iter() {
            if after.get(name).is_none() {
                self.child(&mut diff, Step::Name(name.clone()), Some(value), None);
            }
        }
        diff
    }

    fn lists(&mut self, old: &Value, new: &Value) -> Diff {
        let (Some(before), Some(after)) = (old.as_list(), new.as_list()) else {
            return Diff::default();
        };
        if self.closely
            && let Some(matched) = keyed::Matched::of(before, after, self.pieces, self.other_pieces)
        {
            return self.keyed(before, after, &matched);
        }
        let mut diff = Diff::default();
        let both = before.len().min(after.len());
        for (idx, (one, other)) in (0..).zip(before.iter().zip(after.iter())) {
            self.child(&mut diff, Step::Index(idx), Some(one), Some(other));
        }
        for (idx, value) in (both as u32..).zip(after.iter_from(both)) {
            self.child(&mut diff, Step::Index(idx), None, Some(value));
        }
        for (idx, value) in (both as u32..).zip(before.iter_from(both)) {
            self.child(&mut diff, Step::GoneIndex(idx), Some(value), None);
        }
        diff
    }
}

/// The object or array that a text holds, if it holds one.
pub(crate) fn branch_in(text: &[u8]) -> Option<json::Value> {
    let first = text.trim_ascii_start().first()?;
    if !matches!(first, b'{' | b'[') {
        return None;
    }
    json::parse(text).ok()
}

impl Diff {
    /// Whether anything changed here or below.
    pub(crate) fn is_change(&self) -> bool {
        self.change.is_some() || self.moved || self.below > 0
    }

    fn leaf(kind: ChangeKind, old: Option<&Value>, new: Option<&Value>) -> Self {
        Self {
            change: Some(kind),
            old: old.cloned(),
            new: new.cloned(),
            ..Self::default()
        }
    }

    fn take(&mut self, step: Step, child: Option<Self>) {
        if let Some(child) = child {
            let more = child
                .below
                .saturating_add(u32::from(child.change.is_some() || child.moved));
            self.below = self.below.saturating_add(more);
            self.children.insert(step, child);
        }
    }

    /// Changed paths in order, at most `limit`: pointer tokens and the change.
    pub(crate) fn changes(&self, limit: usize) -> Vec<(Vec<Vec<u8>>, &Self)> {
        let mut found = Vec::new();
        self.walk(&mut Vec::new(), limit, &mut found);
        found
    }

    fn walk<'a>(&'a self, path: &mut Vec<Vec<u8>>, limit: usize, found: &mut Vec<(Vec<Vec<u8>>, &'a Self)>) {
        if found.len() >= limit {
            return;
        }
        if self.change.is_some() || self.moved {
            found.push((path.clone(), self));
        }
        for (step, child) in &self.children {
            path.push(step.token());
            child.walk(path, limit, found);
            path.pop();
        }
    }

    /// How many paths changed.
    pub(crate) fn count(&self) -> u32 {
        self.below + u32::from(self.change.is_some() || self.moved)
    }
}
