//! What goes wrong on purpose.

use std::time::Duration;

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
