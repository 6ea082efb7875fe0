//! What folding says about a frame.

use super::rule::{Rule, Severity};

/// Something wrong or notable at a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// At which frame; 0 is the request.
    pub seq: u32,
    /// Id of the rule; see [`super::rule`].
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The official client gives up here. Only the first such finding of an
    /// exchange says so; later ones are what it would have met.
    pub stop: bool,
}

/// Where the official client gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// At which frame.
    pub seq: u32,
    /// By which rule.
    pub rule: String,
    /// Why, as a sentence.
    pub message: String,
}

/// A broken rule, on its way to become a finding.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) stops: bool,
    pub(crate) message: String,
}

impl Broken {
    pub(crate) fn new(rule: &dyn Rule, message: impl Into<String>) -> Self {
        Self {
            id: rule.id(),
            severity: rule.severity(),
            stops: rule.stops(),
            message: message.into(),
        }
    }
}
