//! What a person paired by hand, for each two sides.

use std::collections::BTreeMap;

use scrubjay_answers::sides;
use scrubjay_ipc::{PairByHand, Side};
use scrubjay_session::diff::ByHand;

use crate::{
    EngineError,
    storage::{Setting, Storage},
};

/// Pairs by the two sides, written as JSON.
type BySides = BTreeMap<String, Vec<ByHand>>;

/// Two sides for which pairs are kept, at most; the first in order go.
const SIDES: usize = 1_000;

/// All pairs. What another version wrote and this one cannot read counts as none.
fn all(storage: &Storage) -> Result<BySides, EngineError> {
    let text = storage.setting(Setting::Paired)?;
    Ok(text
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

/// The pairs of two sides.
pub(super) fn of(storage: &Storage, a: &Side, b: &Side) -> Result<Vec<ByHand>, EngineError> {
    Ok(all(storage)?.remove(&key(a, b)).unwrap_or_default())
}

/// Adds a pair or takes it back.
pub(super) fn change(storage: &Storage, a: &Side, b: &Side, ask: &PairByHand) -> Result<(), EngineError> {
    let mut all = all(storage)?;
    let pairs = all.entry(key(a, b)).or_default();
    sides::pair(pairs, ask);
    all.retain(|_, pairs| !pairs.is_empty());
    while all.len() > SIDES {
        all.pop_first();
    }
    let text = serde_json::to_string(&all).expect("plain values with text for keys");
    storage.set_setting(Setting::Paired, text)
}

fn key(a: &Side, b: &Side) -> String {
    serde_json::to_string(&(a, b)).expect("sides are plain values")
}
