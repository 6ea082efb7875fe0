//! Sets that remember the order in which their members came.
//!
//! A stream may open any number of things and end none, so each question here
//! costs no more than the logarithm of how many there are.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};

pub(crate) type Id = Arc<[u8]>;
/// Who opened an item; `None` is the parent agent.
pub(crate) type Owner = Option<Id>;
/// A step: who opened it, and its name.
pub(crate) type Step = (Owner, Id);

/// A set in the order in which its members came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ids<K: Ord + Clone> {
    places: OrdMap<K, u64>,
    order: OrdMap<u64, K>,
    next: u64,
}

impl<K: Ord + Clone> Default for Ids<K> {
    fn default() -> Self {
        Self {
            places: OrdMap::new(),
            order: OrdMap::new(),
            next: 0,
        }
    }
}

impl<K: Ord + Clone> Ids<K> {
    /// Adds a member; gives its place if it is new.
    pub(crate) fn add(&mut self, id: K) -> Option<u64> {
        if self.places.contains_key(&id) {
            return None;
        }
        let place = self.next;
        self.next += 1;
        self.places.insert(id.clone(), place);
        self.order.insert(place, id);
        Some(place)
    }

    /// Takes a member out; gives the place that it had.
    pub(crate) fn remove(&mut self, id: &K) -> Option<u64> {
        let place = self.places.remove(id)?;
        self.order.remove(&place);
        Some(place)
    }

    pub(crate) fn contains(&self, id: &K) -> bool {
        self.places.contains_key(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// In the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &K> {
        self.order.values()
    }
}

impl Ids<Id> {
    pub(crate) fn has(&self, id: &[u8]) -> bool {
        self.places.contains_key(id)
    }

    pub(crate) fn take(&mut self, id: &[u8]) {
        if let Some(place) = self.places.remove(id) {
            self.order.remove(&place);
        }
    }
}

/// Steps, which are also looked for by name alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Steps {
    ids: Ids<Step>,
    /// Names, and the places of the steps that have them.
    names: OrdSet<(Id, u64)>,
}

impl Steps {
    pub(crate) fn add(&mut self, step: Step) {
        let name = step.1.clone();
        if let Some(place) = self.ids.add(step) {
            self.names.insert((name, place));
        }
    }

    /// Takes a step out; says whether it was there.
    pub(crate) fn remove(&mut self, step: &Step) -> bool {
        let place = self.ids.remove(step);
        if let Some(place) = place {
            self.names.remove(&(step.1.clone(), place));
        }
        place.is_some()
    }

    pub(crate) fn contains(&self, step: &Step) -> bool {
        self.ids.contains(step)
    }

    /// The step of this name that was opened first, by any agent.
    pub(crate) fn first_named(&self, name: &[u8]) -> Option<&Step> {
        let from = (Id::from(name), 0);
        let (found, place) = self.names.range(from..).next()?;
        (**found == *name).then(|| self.ids.order.get(place)).flatten()
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// In the order in which they were opened.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Step> {
        self.ids.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_coming() {
        let id = |text: &str| Id::from(text.as_bytes());
        let mut ids = Ids::default();
        for name in ["b", "a", "c", "a"] {
            ids.add(id(name));
        }
        ids.take(b"a");
        ids.add(id("a"));
        let order: Vec<&[u8]> = ids.iter().map(|id| &**id).collect();
        assert_eq!(order, [b"b", b"c", b"a"]);
        assert!(ids.has(b"a") && !ids.has(b"d") && ids.len() == 3);
    }

    #[test]
    fn a_step_is_found_by_its_name() {
        let step = |owner: Option<&str>, name: &str| {
            let id = |text: &str| Id::from(text.as_bytes());
            (owner.map(id), id(name))
        };
        let mut steps = Steps::default();
        for (owner, name) in [(Some("z"), "s"), (None, "s"), (Some("a"), "t")] {
            steps.add(step(owner, name));
        }
        assert_eq!(steps.first_named(b"s"), Some(&step(Some("z"), "s")));
        assert!(steps.remove(&step(Some("z"), "s")) && !steps.remove(&step(Some("z"), "s")));
        assert_eq!(steps.first_named(b"s"), Some(&step(None, "s")));
        assert_eq!(steps.first_named(b"r"), None);
    }
}
