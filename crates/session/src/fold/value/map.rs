//! The members of an object, in the order in which their names came.

use std::sync::Arc;

use imbl::OrdMap;

use super::{SMALL, Value};

/// The name of a member: WTF-8.
pub type Key = Arc<[u8]>;

/// Names that most messages have; they are in memory once for each thread.
const WELL_KNOWN: [&[u8]; 10] = [
    b"id",
    b"role",
    b"content",
    b"name",
    b"type",
    b"toolCalls",
    b"toolCallId",
    b"function",
    b"arguments",
    b"activityType",
];

thread_local! {
    static SHARED: [Key; WELL_KNOWN.len()] = WELL_KNOWN.map(Key::from);
}

/// A name as a key.
pub fn key(name: &[u8]) -> Key {
    let known = WELL_KNOWN.iter().position(|known| *known == name);
    known
        .and_then(|place| SHARED.try_with(|shared| shared[place].clone()).ok())
        .unwrap_or_else(|| Key::from(name))
}

/// The members of an object. Beyond [`SMALL`] two trees, one by name and one
/// by order, so that a change to a shared one copies two paths.
#[derive(Clone, Debug, Default)]
pub struct Map {
    members: Members,
    weight: u64,
    depth: u16,
}

#[derive(Clone, Debug)]
enum Members {
    Few(Vec<(Key, Value)>),
    Many {
        places: OrdMap<Key, u64>,
        order: OrdMap<u64, (Key, Value)>,
        next: u64,
    },
}

impl Default for Members {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Map {
    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Few(members) => members.len(),
            Members::Many { order, .. } => order.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A member's value.
    pub fn get(&self, name: &[u8]) -> Option<&Value> {
        match &self.members {
            Members::Few(members) => members.iter().find(|(key, _)| **key == *name).map(|(_, value)| value),
            Members::Many { places, order, .. } => order.get(places.get(name)?).map(|(_, value)| value),
        }
    }

    /// The members in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = (&Key, &Value)> + '_> {
        match &self.members {
            Members::Few(members) => Box::new(members.iter().map(|(key, value)| (key, value))),
            Members::Many { order, .. } => Box::new(order.values().map(|(key, value)| (key, value))),
        }
    }

    /// Sets a member: in its place if it exists, else at the end.
    pub fn set(&mut self, name: &[u8], value: Value) {
        if self.get(name).is_some() {
            self.change(name, |place| *place = value);
        } else {
            self.append(key(name), value);
        }
    }

    /// Changes a member, if it exists.
    pub fn change<R>(&mut self, name: &[u8], change: impl FnOnce(&mut Value) -> R) -> Option<R> {
        let value = match &mut self.members {
            Members::Few(members) => members
                .iter_mut()
                .find(|(key, _)| **key == *name)
                .map(|(_, value)| value)?,
            Members::Many { places, order, .. } => &mut order.get_mut(places.get(name)?)?.1,
        };
        let before = value.weight();
        let answer = change(value);
        let (after, depth) = (value.weight(), value.depth());
        self.weight = self.weight + after - before;
        self.deepen(depth);
        Some(answer)
    }

    /// Takes a member out, closing the gap.
    pub fn remove(&mut self, name: &[u8]) -> Option<Value> {
        let value = match &mut self.members {
            Members::Few(members) => {
                let place = members.iter().position(|(key, _)| **key == *name)?;
                members.remove(place).1
            }
            Members::Many { places, order, .. } => order.remove(&places.remove(name)?)?.1,
        };
        self.weight -= value.weight() + name.len() as u64 + 4;
        self.deepen(0);
        Some(value)
    }

    /// Appends a member whose name is known to be new.
    fn append(&mut self, name: Key, value: Value) {
        self.weight += value.weight() + name.len() as u64 + 4;
        let depth = value.depth();
        match &mut self.members {
            Members::Few(members) if members.len() < SMALL => {
                // Most objects of messages have two or three.
                if members.len() < 3 {
                    members.reserve_exact(1);
                }
                members.push((name, value));
            }
            Members::Few(members) => {
                members.push((name, value));
                self.members = many(std::mem::take(members));
            }
            Members::Many { places, order, next } => {
                places.insert(name.clone(), *next);
                order.insert(*next, (name, value));
                *next += 1;
            }
        }
        self.deepen(depth);
    }

    /// Of members whose names differ.
    pub(crate) fn from_unique(members: impl Iterator<Item = (Key, Value)>) -> Self {
        let members: Vec<(Key, Value)> = members.collect();
        let weight = members
            .iter()
            .map(|(name, value)| value.weight() + name.len() as u64 + 4)
            .sum();
        let depth = members
            .iter()
            .map(|(_, value)| value.depth())
            .max()
            .unwrap_or(0)
            .saturating_add(1);
        let members = if members.len() <= SMALL {
            Members::Few(members)
        } else {
            many(members)
        };
        Self { members, weight, depth }
    }

    pub(super) fn weight(&self) -> u64 {
        (self.weight + 1).max(2)
    }

    pub(super) fn depth(&self) -> u16 {
        self.depth
    }

    /// Exact while there are few members, else a bound.
    fn deepen(&mut self, by: u16) {
        self.depth = match &self.members {
            Members::Few(members) => members
                .iter()
                .map(|(_, value)| value.depth())
                .max()
                .unwrap_or(0)
                .saturating_add(1),
            Members::Many { .. } => self.depth.max(by.saturating_add(1)),
        };
    }
}

fn many(members: Vec<(Key, Value)>) -> Members {
    let next = members.len() as u64;
    let places = members
        .iter()
        .zip(0_u64..)
        .map(|((key, _), place)| (key.clone(), place))
        .collect();
    let order = (0_u64..).zip(members).collect();
    Members::Many { places, order, next }
}
