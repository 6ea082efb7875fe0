//! What goes wrong on purpose.

use std::time::Duration;

use crate::{
    cue::Cue,
    schedule::{End, Part},
};

/// Faults in the order in which they are applied, and the seed of what they choose.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Seed.
    pub seed: u64,
}

/// An answer that is given in place of the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Status code.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Which fault, as it was given.
    pub spec: String,
}

/// Why a fault cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecError {
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Faults {
    /// Reads specs such as `cut:event=12,how=reset`, in order.
    ///
    /// # Errors
    /// The first spec that cannot be read.
    pub fn parse<S: AsRef<str>>(_specs: &[S], seed: u64) -> Result<Self, SpecError> {
        Ok(Self { seed })
    }

    /// Reads an overlay file: JSON with `name`, `seed` and `faults`.
    ///
    /// # Errors
    /// When it is not one, or a spec in it cannot be read.
    pub fn from_overlay(_text: &[u8]) -> Result<Self, SpecError> {
        Ok(Self::default())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// What is answered in place of the exchange `index`, if a `status` fault
    /// says so. `nth` counts the answers of this exchange before this one,
    /// `request` the requests to the replay from 1.
    pub fn refusal(&self, _index: i64, _nth: u32, _request: u64) -> Option<Refusal> {
        None
    }
}

/// What a fault lets through.
pub(crate) enum Flow {
    Cue(Cue),
    End(End),
}

/// The faults of one answer.
pub(crate) struct Spoiler {}

impl Spoiler {
    pub(crate) fn new(_faults: &Faults, _index: i64, _request: u64) -> Self {
        Self {}
    }

    /// Whether the bytes that go out will not be the recorded ones.
    pub(crate) fn changes_bytes(&self) -> bool {
        false
    }

    /// Waiting before the head.
    pub(crate) fn head_held_us(&self) -> u64 {
        0
    }

    pub(crate) fn take(&mut self, cue: Cue, flow: &mut Vec<Flow>) {
        flow.push(Flow::Cue(cue));
    }

    pub(crate) fn finish(&mut self, end: End, flow: &mut Vec<Flow>) {
        flow.push(Flow::End(end));
    }

    /// A part as the parts it is sent in.
    pub(crate) fn spread(&mut self, part: Part) -> Vec<Part> {
        vec![part]
    }

    /// What was held back when the body ended.
    pub(crate) fn last_parts(&mut self) -> Vec<Part> {
        Vec::new()
    }

    /// Waiting that spreading added.
    pub(crate) fn spread_us(&self) -> u64 {
        0
    }
}
