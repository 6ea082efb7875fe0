//! What to serve and how, from the words of the command line.

use std::sync::Arc;

use scrubjay_ipc::ReplayManner;
use scrubjay_replay::{Faults, Pace, fault::SpecError, serve::Conduct};
use serde::Deserialize;

use crate::{Engine, EngineError};

/// A replay to run, as the command line gives it.
#[derive(Clone, Default)]
pub struct ReplayPlan {
    /// Which exchanges; empty means all.
    pub exchanges: Vec<i64>,
    /// Where to listen; empty means the next free port from 5291.
    pub listen: String,
    /// How to serve.
    pub manner: ReplayManner,
    /// Events' `timestamp` is moved by the time since the recording.
    pub shifts_timestamps: bool,
    /// Where misses that the fallback answers are recorded; absent means the
    /// store that is served.
    pub misses_into: Option<Engine>,
}

/// Faults of a recording, kept in a file beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Overlay {
    /// What it is called.
    pub name: String,
    /// Seed of what the faults choose.
    pub seed: u64,
    /// Faults as the command line takes them.
    pub faults: Vec<String>,
}

impl Overlay {
    /// Reads an overlay file.
    ///
    /// # Errors
    /// When it is none, or a fault in it cannot be read.
    pub fn read(text: &[u8]) -> Result<Self, EngineError> {
        Faults::from_overlay(text).map_err(bad_fault)?;
        serde_json::from_slice(text).map_err(|error| EngineError::BadManner {
            message: format!("the overlay cannot be read: {error}"),
            hint: "An overlay is a JSON file with \"faults\", a list of what --fault takes.".into(),
        })
    }
}

fn bad_fault(error: SpecError) -> EngineError {
    EngineError::BadManner {
        message: error.message,
        hint: error.hint,
    }
}

impl ReplayPlan {
    /// Checks the words, before anything is opened or listened on.
    ///
    /// # Errors
    /// The first word that means nothing.
    pub fn check(&self) -> Result<(), EngineError> {
        conduct(&self.manner, self.shifts_timestamps).map(drop)
    }
}

/// Reads the words.
pub(super) fn conduct(manner: &ReplayManner, shifts_timestamps: bool) -> Result<Conduct, EngineError> {
    let pace = match manner.pace.trim() {
        "" => Pace::default(),
        pace => pace
            .parse()
            .map_err(|unknown: scrubjay_replay::pace::UnknownPace| EngineError::BadManner {
                message: unknown.to_string(),
                hint: "Say --pace recorded, 2x, instant, fixed:50 or step.".into(),
            })?,
    };
    let faults = Faults::parse(&manner.faults, manner.seed).map_err(bad_fault)?;
    let hold = manner
        .hold
        .parse()
        .map_err(|unknown: scrubjay_replay::serve::UnknownHold| EngineError::BadManner {
            message: unknown.to_string(),
            hint: unknown.hint().to_owned(),
        })?;
    Ok(Conduct {
        pace,
        exact: manner.exact,
        shifts_timestamps,
        faults: Arc::new(faults),
        hold,
    })
}
