//! What a person paired by hand, for each two sides.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use scrubjay_ipc::{PairByHand, Side};
use scrubjay_session::diff::ByHand;

use crate::{
    EngineError,
    engine::{Home, Inner},
};

/// Pairs by the two sides, written as JSON.
type BySides = BTreeMap<String, Vec<ByHand>>;

/// Two sides for which pairs are kept, at most; the first in order go.
const SIDES: usize = 1_000;

/// What is kept of it in memory: all of it for a file.
#[derive(Default)]
pub(crate) struct Paired {
    in_memory: Mutex<BySides>,
}

impl Paired {
    fn in_memory(&self) -> MutexGuard<'_, BySides> {
        self.in_memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self, inner: &Inner) -> Result<BySides, EngineError> {
        match inner.home() {
            // What somebody else wrote there is not ours to fail on.
            Home::Store(home) => Ok(home
                .store
                .paired()?
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default()),
            Home::File(_) => Ok(self.in_memory().clone()),
        }
    }

    /// The pairs of two sides.
    pub(super) fn of(&self, inner: &Inner, a: &Side, b: &Side) -> Result<Vec<ByHand>, EngineError> {
        Ok(self.all(inner)?.remove(&key(a, b)).unwrap_or_default())
    }

    /// Adds a pair or takes it back. A span is paired with one other at most.
    pub(super) fn change(&self, inner: &Inner, a: &Side, b: &Side, ask: &PairByHand) -> Result<(), EngineError> {
        let mut all = self.all(inner)?;
        let pairs = all.entry(key(a, b)).or_default();
        match ask.paired {
            true => {
                pairs.retain(|(a, b)| *a != ask.a && *b != ask.b);
                pairs.push((ask.a, ask.b));
            }
            false => pairs.retain(|pair| *pair != (ask.a, ask.b)),
        }
        all.retain(|_, pairs| !pairs.is_empty());
        while all.len() > SIDES {
            all.pop_first();
        }
        match inner.home() {
            Home::Store(_) => {
                let text = serde_json::to_string(&all).expect("plain values with text for keys");
                Ok(inner.writable()?.store.set_paired(&text)?)
            }
            Home::File(_) => {
                *self.in_memory() = all;
                Ok(())
            }
        }
    }
}

fn key(a: &Side, b: &Side) -> String {
    serde_json::to_string(&(a, b)).expect("sides are plain values")
}
