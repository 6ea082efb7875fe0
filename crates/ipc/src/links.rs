//! Which runs of a thread belong together.

pub use scrubjay_session::links::{AnsweredInterrupt, ChildLink, InterruptAnswer, ParentLink, RunLinks, RunPlace};
use serde::{Deserialize, Serialize};

/// Asks how the runs of an exchange hang together with others of their thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    pub exchange: i64,
}
