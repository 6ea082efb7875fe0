//! What changed between two values, as a tree of the changed paths.
//!
//! Branches that both sides share are not looked into. Lists are compared by
//! position. Recursion is bounded by the nesting of values.

use std::{collections::BTreeMap, sync::Arc};

use crate::fold::{
    piece::PieceSource,
    value::{Node, Value},
};

/// Changed paths gathered; beyond it a branch counts as one change.
const CHANGES: u32 = 20_000;

/// How a value changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// New.
    Added,
    /// Another value.
    Changed,
    /// Gone.
    Removed,
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
    /// By member name or index.
    pub(crate) children: BTreeMap<Vec<u8>, Diff>,
}

impl Diff {
    pub(crate) fn between(old: &Value, new: &Value, pieces: &dyn PieceSource) -> Self {
        let mut room = CHANGES;
        compare(old, new, pieces, &mut room).unwrap_or_default()
    }

    /// Whether anything changed here or below.
    pub(crate) fn is_change(&self) -> bool {
        self.change.is_some() || self.below > 0
    }

    fn leaf(kind: ChangeKind, old: Option<&Value>, new: Option<&Value>) -> Self {
        Self {
            change: Some(kind),
            old: old.cloned(),
            new: new.cloned(),
            ..Self::default()
        }
    }

    fn take(&mut self, name: &[u8], child: Option<Self>) {
        if let Some(child) = child {
            self.below += child.below + u32::from(child.change.is_some());
            self.children.insert(name.to_vec(), child);
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
        if self.change.is_some() {
            found.push((path.clone(), self));
        }
        for (name, child) in &self.children {
            path.push(name.clone());
            child.walk(path, limit, found);
            path.pop();
        }
    }
}

fn compare(old: &Value, new: &Value, pieces: &dyn PieceSource, room: &mut u32) -> Option<Diff> {
    let diff = match (old.node(), new.node()) {
        (Node::Map(one), Node::Map(other)) if Arc::ptr_eq(one, other) => return None,
        (Node::List(one), Node::List(other)) if Arc::ptr_eq(one, other) => return None,
        (Node::Map(_), Node::Map(_)) if *room > 0 => maps(old, new, pieces, room),
        (Node::List(_), Node::List(_)) if *room > 0 => lists(old, new, pieces, room),
        _ if same_leaf(old, new, pieces) => return None,
        _ => {
            *room = room.saturating_sub(1);
            return Some(Diff::leaf(ChangeKind::Changed, Some(old), Some(new)));
        }
    };
    diff.is_change().then_some(diff)
}

fn same_leaf(old: &Value, new: &Value, pieces: &dyn PieceSource) -> bool {
    match (old.node(), new.node()) {
        (Node::Null, Node::Null) => true,
        (Node::Bool(one), Node::Bool(other)) => one == other,
        (Node::Number(one), Node::Number(other)) => one == other,
        (Node::Text(one), Node::Text(other)) => one.same(other, pieces),
        _ => false,
    }
}

fn maps(old: &Value, new: &Value, pieces: &dyn PieceSource, room: &mut u32) -> Diff {
    let mut diff = Diff::default();
    let (Some(before), Some(after)) = (old.as_map(), new.as_map()) else {
        return diff;
    };
    for (name, value) in after.iter() {
        let child = match before.get(name) {
            Some(old) => compare(old, value, pieces, room),
            None => Some(Diff::leaf(ChangeKind::Added, None, Some(value))),
        };
        diff.take(name, child);
    }
    for (name, value) in before.iter() {
        if after.get(name).is_none() {
            diff.take(name, Some(Diff::leaf(ChangeKind::Removed, Some(value), None)));
        }
    }
    diff
}

fn lists(old: &Value, new: &Value, pieces: &dyn PieceSource, room: &mut u32) -> Diff {
    let mut diff = Diff::default();
    let (Some(before), Some(after)) = (old.as_list(), new.as_list()) else {
        return diff;
    };
    let both = before.len().min(after.len());
    for (idx, (one, other)) in before.iter().zip(after.iter()).enumerate() {
        let child = compare(one, other, pieces, room);
        diff.take(idx.to_string().as_bytes(), child);
    }
    for (idx, value) in after.iter_from(both).enumerate() {
        let child = Diff::leaf(ChangeKind::Added, None, Some(value));
        diff.take((both + idx).to_string().as_bytes(), Some(child));
    }
    for (idx, value) in before.iter_from(both).enumerate() {
        let child = Diff::leaf(ChangeKind::Removed, Some(value), None);
        diff.take((both + idx).to_string().as_bytes(), Some(child));
    }
    diff
}
