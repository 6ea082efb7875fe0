//! The items of an array.

use imbl::Vector;

use super::{SMALL, Value};

/// The items of an array. Beyond [`SMALL`] a tree, so that a change to a
/// shared one copies a path.
#[derive(Clone, Debug, Default)]
pub struct List {
    items: Items,
    weight: u64,
    depth: u16,
}

#[derive(Clone, Debug)]
enum Items {
    Few(Vec<Value>),
    Many(Vector<Value>),
}

impl Default for Items {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl List {
    /// How many items there are.
    pub fn len(&self) -> usize {
        match &self.items {
            Items::Few(items) => items.len(),
            Items::Many(items) => items.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at an index.
    pub fn get(&self, index: usize) -> Option<&Value> {
        match &self.items {
            Items::Few(items) => items.get(index),
            Items::Many(items) => items.get(index),
        }
    }

    /// The items in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match &self.items {
            Items::Few(items) => Box::new(items.iter()),
            Items::Many(items) => Box::new(items.iter()),
        }
    }

    /// Some of the items, from an index on.
    pub fn iter_from(&self, first: usize) -> Box<dyn Iterator<Item = &Value> + '_> {
        match &self.items {
            Items::Few(items) => Box::new(items.iter().skip(first)),
            Items::Many(items) => {
                let first = first.min(items.len());
                Box::new(items.focus().narrow(first..).into_iter())
            }
        }
    }

    /// Puts an item in the place of another.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn set(&mut self, index: usize, value: Value) {
        self.change(index, |place| *place = value);
    }

    /// Changes an item.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn change<R>(&mut self, index: usize, change: impl FnOnce(&mut Value) -> R) -> R {
        let item = match &mut self.items {
            Items::Few(items) => &mut items[index],
            Items::Many(items) => items.get_mut(index).expect("the caller looked"),
        };
        let before = item.weight();
        let answer = change(item);
        let (after, depth) = (item.weight(), item.depth());
        self.weight = self.weight + after - before;
        self.deepen(depth);
        answer
    }

    /// Puts an item before the one at an index, or at the end.
    ///
    /// # Panics
    /// When the index lies past the end.
    pub fn insert(&mut self, index: usize, value: Value) {
        self.weight += value.weight() + 1;
        let depth = value.depth();
        match &mut self.items {
            Items::Few(items) if items.len() < SMALL => items.insert(index, value),
            Items::Few(items) => {
                let mut many: Vector<Value> = std::mem::take(items).into();
                many.insert(index, value);
                self.items = Items::Many(many);
            }
            Items::Many(items) => items.insert(index, value),
        }
        self.deepen(depth);
    }

    /// Takes an item out, closing the gap.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn remove(&mut self, index: usize) -> Value {
        let value = match &mut self.items {
            Items::Few(items) => items.remove(index),
            Items::Many(items) => items.remove(index),
        };
        self.weight -= value.weight() + 1;
        self.deepen(0);
        value
    }

    /// Appends an item.
    pub fn push(&mut self, value: Value) {
        self.insert(self.len(), value);
    }

    pub(super) fn weight(&self) -> u64 {
        // One comma fewer than items, two brackets.
        (self.weight + 1).max(2)
    }

    pub(super) fn depth(&self) -> u16 {
        self.depth
    }

    /// Exact while there are few items, else a bound.
    fn deepen(&mut self, by: u16) {
        self.depth = match &self.items {
            Items::Few(items) => items.iter().map(Value::depth).max().unwrap_or(0).saturating_add(1),
            Items::Many(_) => self.depth.max(by.saturating_add(1)),
        };
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        let values: Vec<Value> = values.into_iter().collect();
        let weight = values.iter().map(|value| value.weight() + 1).sum();
        let depth = values.iter().map(Value::depth).max().unwrap_or(0).saturating_add(1);
        let items = if values.len() <= SMALL {
            Items::Few(values)
        } else {
            Items::Many(values.into())
        };
        Self { items, weight, depth }
    }
}
