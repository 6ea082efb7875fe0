//! What is wrong or notable in an exchange, grouped by rule.

pub use scrubjay_session::query::RuleCount;
use serde::{Deserialize, Serialize};

use crate::FindingEntry;

/// Asks what is wrong or notable, a group a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems {
    /// In which exchange.
    pub exchange: i64,
}

/// The groups, worst first, and within a severity in the order of their first frames.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemsView {
    /// Rules that were checked.
    pub rules: u32,
    pub groups: Vec<ProblemGroup>,
}

/// All findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemGroup {
    /// The rule, and how often and where it is broken.
    #[serde(flatten)]
    pub found: RuleCount,
    /// What the rule is about, in a few words.
    pub title: String,
    /// What breaks it and what comes of that.
    pub explanation: String,
    /// What a client does when it is broken.
    pub effect: String,
    /// How to mend it.
    pub fix: String,
    /// The clause of the protocol.
    pub clause: String,
    /// Clients, with versions, that fail on it.
    pub clients: Vec<String>,
    /// Message of the first.
    pub message: String,
    /// The official client gives up at the first.
    pub stop: bool,
    /// Where the rule is muted, if anywhere.
    pub muted: Option<MutedIn>,
}

/// Where a rule is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MutedIn {
    /// In this exchange.
    Here,
    /// In all exchanges.
    Everywhere,
}

/// Asks for a window of findings, in the order of frames.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemRows {
    /// In which exchange.
    pub exchange: i64,
    /// Of this rule only, if given.
    pub rule: Option<String>,
    /// First row wanted.
    pub first: u64,
    /// How many rows at most.
    pub count: u32,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemRow {
    #[serde(flatten)]
    pub finding: FindingEntry,
    /// When its frame arrived.
    pub at_us: u64,
    /// It is muted.
    pub muted: bool,
    /// Of a dropped patch: the frame by which all is mended that was lost by then.
    pub mended_at: Option<u32>,
}

/// Mutes a rule, or takes that back. Muted findings stay and are not counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Rule id.
    pub rule: String,
    /// In this exchange only; absent means everywhere.
    pub exchange: Option<i64>,
    /// Whether it is muted from now on.
    pub muted: bool,
}

/// What is muted now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutes {
    /// Rule ids muted everywhere.
    pub everywhere: Vec<String>,
    /// Rule ids muted in one exchange.
    pub here: Vec<(i64, String)>,
}

impl Mutes {
    /// How far a rule is muted that is met in an exchange.
    pub fn of(&self, exchange: i64, rule: &str) -> Option<MutedIn> {
        if self.everywhere.iter().any(|name| name == rule) {
            return Some(MutedIn::Everywhere);
        }
        let here = self.here.iter().any(|(muted, name)| *muted == exchange && name == rule);
        here.then_some(MutedIn::Here)
    }

    /// Whether a rule is muted in an exchange.
    pub fn is_muted(&self, exchange: i64, rule: &str) -> bool {
        self.of(exchange, rule).is_some()
    }

    /// Whether nothing is muted.
    pub fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.here.is_empty()
    }

    /// Mutes a rule, or takes that back.
    pub fn set(&mut self, ask: &Mute) {
        match ask.exchange {
            None => self.everywhere.retain(|name| *name != ask.rule),
            Some(exchange) => self
                .here
                .retain(|(muted, name)| (*muted, name) != (exchange, &ask.rule)),
        }
        match ask.exchange {
            None if ask.muted => self.everywhere.push(ask.rule.clone()),
            Some(exchange) if ask.muted => self.here.push((exchange, ask.rule.clone())),
            _ => {}
        }
    }
}
