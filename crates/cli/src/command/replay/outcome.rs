//! How the replays ended.

use scrubjay_engine::{Engine, EngineError, HitCounts};
use scrubjay_ipc::ReplayView;

/// How it came out, over all replays.
pub(super) struct Outcome {
    /// Runs that were not asked for.
    pub(super) runs: Vec<i64>,
    /// Other exchanges that were not asked for.
    pub(super) others: Vec<i64>,
    pub(super) struck: HitCounts,
}

impl Outcome {
    /// As it stands now.
    pub(super) fn of(engine: &Engine, replays: &[ReplayView]) -> Result<Self, EngineError> {
        let mut outcome = Self {
            runs: Vec::new(),
            others: Vec::new(),
            struck: HitCounts::default(),
        };
        for replay in replays {
            let now = engine.replay(replay.replay)?;
            let (runs, others) = now.unused.iter().partition(|index| now.unused_runs.contains(index));
            let (runs, others): (Vec<i64>, Vec<i64>) = (runs, others);
            outcome.runs.extend(runs);
            outcome.others.extend(others);
            let struck = engine.replay_struck(replay.replay)?;
            add(&mut outcome.struck.faults, struck.faults);
            add(&mut outcome.struck.holds, struck.holds);
        }
        // What a fallback answered is served at every address.
        for unused in [&mut outcome.runs, &mut outcome.others] {
            unused.sort_unstable();
            unused.dedup();
        }
        Ok(outcome)
    }
}

/// Each replay has the same faults in the same order.
fn add(all: &mut Vec<(String, u64)>, more: Vec<(String, u64)>) {
    if all.is_empty() {
        *all = more;
        return;
    }
    for ((_, times), (_, more)) in all.iter_mut().zip(more) {
        *times += more;
    }
}
