//! What goes wrong on purpose.
//!
//! A fault is written in a line: its name, then its options.
//!
//! ```text
//! cut:event=12,how=reset          corrupt:type=STATE_DELTA,nth=2
//! drop:rate=0.1                   status:code=429,retry-after=2s
//! ```
//!
//! [`scrubjay_session::faults`] is the table of them.
//!
//! Which event: `event=N` by its number in the recording, `type=NAME` (every
//! one, or the `nth=N`), `every=N`, or `rate=P` of all, from 0 to 1. On every
//! fault: `exchange=N` and `request=N` keep it to the answers of one recorded
//! exchange, or to one request, and `path=/info` to requests with this path
//! (`*` stands for any text). A fault without any of the three is meant for
//! runs: not for what a page asks beside them. Times are `250ms`, `2s`, `1m`, bare numbers
//! milliseconds; sizes are bytes or have `kB`, `KiB`, `MB`, `MiB` after them.
//!
//! Faults apply in the order in which they are given. What they choose, they
//! choose by the seed and the recorded exchange alone, so that every replay of
//! it goes wrong alike; the numbers come from ChaCha8, whose stream for a seed
//! is fixed by its definition and not by a library's version.

mod fragments;
mod frames;
mod injector;
mod options;
mod parts;
mod quantity;
mod spec;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::spec::SpecError;
use self::spec::{Fault, What};
pub(crate) use self::{
    frames::run_error,
    injector::{Flow, Injector},
};

/// Faults in the order in which they are applied, and the seed of what they choose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    faults: Vec<Fault>,
    seed: u64,
}

/// An answer that is given in place of the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// Which fault, as it was given.
    pub spec: String,
}

/// A named set of faults, as it lies in a JSON file beside a recording:
/// `checkout.agui.jsonl` and `checkout.slow-network.faults.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlay {
    pub name: String,
    /// Seed of what the faults choose.
    #[serde(default)]
    pub seed: u64,
    /// The faults, each as on the command line.
    pub faults: Vec<String>,
}

impl Overlay {
    /// Reads an overlay file.
    ///
    /// # Errors
    /// When it is not one; its specs are read by [`Faults::parse`].
    pub fn read(text: &[u8]) -> Result<Self, SpecError> {
        serde_json::from_slice(text).map_err(|error| SpecError {
            message: format!("this is no overlay of faults: {error}"),
            hint: "It is JSON: {\"name\": \"slow-network\", \"seed\": 7, \"faults\": [\"drip:bytes=64,every=50ms\"]}."
                .into(),
        })
    }

    /// As a file: stable text, so that two can be compared line by line.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Faults {
    /// Reads specs such as `cut:event=12,how=reset`, in order.
    ///
    /// # Errors
    /// The first spec that cannot be read.
    pub fn parse<S: AsRef<str>>(specs: &[S], seed: u64) -> Result<Self, SpecError> {
        let faults: Result<Vec<Fault>, SpecError> = specs.iter().map(|spec| Fault::parse(spec.as_ref())).collect();
        Ok(Self { faults: faults?, seed })
    }

    /// Reads an overlay file: JSON with `name`, `seed` and `faults`.
    ///
    /// # Errors
    /// When it is not one, or a spec in it cannot be read.
    pub fn from_overlay(text: &[u8]) -> Result<Self, SpecError> {
        let overlay = Overlay::read(text)?;
        Self::parse(&overlay.faults, overlay.seed)
    }

    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// The faults, as they were given.
    pub fn specs(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(|fault| fault.spec.as_str())
    }

    /// The faults, as they were given, and how often each struck.
    pub fn struck(&self) -> impl Iterator<Item = (&str, u64)> {
        self.faults
            .iter()
            .map(|fault| (fault.spec.as_str(), fault.struck.times()))
    }

    /// Those that are meant for a request to this path; for a run, if it is one.
    #[must_use]
    pub fn meant_at(&self, path: &str, is_run: bool) -> Self {
        let faults = self.faults.iter().filter(|fault| fault.is_meant_for(path, is_run));
        Self {
            faults: faults.cloned().collect(),
            seed: self.seed,
        }
    }

    /// Names of the faults that are meant for the answer of exchange `index` to the `request`th request.
    pub fn meant_for(&self, index: i64, request: u64) -> Vec<&str> {
        self.of(index, request).map(Fault::name).collect()
    }

    /// Seed of what the faults choose.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// What is answered in place of the exchange `index`, if a `status` fault
    /// strikes. `nth` counts how often it was refused before
    /// ([`crate::matching::Hit::refused`]), `request` the requests to the replay from 1.
    pub fn refusal(&self, index: i64, nth: u32, request: u64) -> Option<Refusal> {
        // Each fault has its turn once those before it are spent.
        let mut before = nth;
        for fault in self.of(index, request) {
            let What::Status {
                code,
                retry_after,
                times,
            } = fault.what
            else {
                continue;
            };
            if before < times {
                fault.struck.count();
                return Some(Refusal {
                    status: code,
                    retry_after,
                    spec: fault.spec.clone(),
                });
            }
            before -= times;
        }
        None
    }

    fn of(&self, index: i64, request: u64) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| fault.strikes(index, request))
    }
}
