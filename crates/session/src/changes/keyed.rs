//! Lists whose elements have names of their own.

use std::collections::BTreeMap;

use scrubjay_protocol::json::Wtf8;

use super::{Comparing, Diff, Step};
use crate::fold::{
    piece::PieceSource,
    value::{List, Node, Value, to_json},
};

/// Members that name an element, in the order in which they are tried.
const NAMES: [&str; 3] = ["id", "key", "name"];
/// Elements up to which a list is matched by name.
const ELEMENTS: usize = 100_000;

/// Which elements belong together.
pub(super) struct Matched {
    pub(super) by: &'static str,
    /// For each element after the change, its place before.
    places: Vec<Option<u32>>,
    gone: Vec<u32>,
}

impl Matched {
    /// By the first member that names all elements on both sides and that
    /// at least one element of both has in common.
    pub(super) fn of(
        before: &List,
        after: &List,
        pieces: &dyn PieceSource,
        other_pieces: &dyn PieceSource,
    ) -> Option<Self> {
        if before.is_empty() || after.is_empty() || before.len().max(after.len()) > ELEMENTS {
            return None;
        }
        NAMES.into_iter().find_map(|by| {
            let mut old = names(before, by, pieces)?;
            let new = names(after, by, other_pieces)?;
            let mut places = vec![None; after.len()];
            for (name, place) in &new {
                places[*place as usize] = old.remove(name);
            }
            let common = places.iter().any(Option::is_some);
            let mut gone: Vec<u32> = old.into_values().collect();
            gone.sort_unstable();
            common.then_some(Self { by, places, gone })
        })
    }

    /// Places after the change of the elements that stand in another order
    /// than before: all but a longest run of those that keep theirs.
    fn moved(&self) -> Vec<bool> {
        let order: Vec<(usize, u32)> = self
            .places
            .iter()
            .enumerate()
            .filter_map(|(place, old)| Some((place, (*old)?)))
            .collect();
        let mut moved = vec![false; self.places.len()];
        order.iter().for_each(|(place, _)| moved[*place] = true);
        let olds: Vec<u32> = order.iter().map(|(_, old)| *old).collect();
        for kept in rising(&olds) {
            moved[order[kept].0] = false;
        }
        moved
    }
}

/// Places of a longest rising subsequence.
fn rising(values: &[u32]) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        let len = ends.partition_point(|end| values[*end] < *value);
        before.push(len.checked_sub(1).map(|len| ends[len]));
        match ends.get_mut(len) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut kept = Vec::new();
    let mut next = ends.last().copied();
    while let Some(place) = next {
        kept.push(place);
        next = before[place];
    }
    kept.reverse();
    kept
}

/// The elements' names with their places, if all have one and no two the same.
fn names(list: &List, by: &str, pieces: &dyn PieceSource) -> Option<BTreeMap<Wtf8, u32>> {
    let mut names = BTreeMap::new();
    for (place, element) in (0..).zip(list.iter()) {
        if names.insert(name(element.get(by)?, pieces)?, place).is_some() {
            return None;
        }
    }
    Some(names)
}

fn name(value: &Value, pieces: &dyn PieceSource) -> Option<Wtf8> {
    match value.node() {
        Node::Text(text) => Some(text.to_wtf8(pieces)),
        Node::Number(_) => Some(to_json(value, pieces).into()),
        _ => None,
    }
}

impl Comparing<'_> {
    pub(super) fn keyed(&mut self, before: &List, after: &List, matched: &Matched) -> Diff {
        let mut diff = Diff {
            matched_by: Some(matched.by),
            ..Diff::default()
        };
        let moved = matched.moved();
        for (place, value) in after.iter().enumerate() {
            let old = matched.places[place];
            let step = Step::Index(place as u32);
            let Some(old) = old else {
                self.child(&mut diff, step, None, Some(value));
                continue;
            };
            let mut child = Diff::default();
            self.path.push(place.to_string().into_bytes());
            if let Some(changed) = before.get(old as usize).and_then(|old| self.compare(old, value)) {
                child = changed;
            }
            let ignored = self.is_ignored();
            self.path.pop();
            child.old_index = Some(old);
            child.moved = moved[place] && !ignored;
            if child.is_change() {
                diff.take(step, Some(child));
            }
        }
        for place in &matched.gone {
            self.child(&mut diff, Step::GoneIndex(*place), before.get(*place as usize), None);
        }
        diff
    }
}

#[cfg(test)]
mod tests {
    use super::rising;

    #[test]
    fn a_longest_rising_subsequence_is_kept() {
        assert_eq!(rising(&[0, 1, 2]), [0, 1, 2]);
        assert_eq!(rising(&[2, 0, 1]), [1, 2]);
        assert_eq!(rising(&[]), [0; 0]);
    }
}
