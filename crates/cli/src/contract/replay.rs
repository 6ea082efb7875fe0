//! What `replay` prints.

use scrubjay_ipc::RequestDifference;
use serde::Serialize;

/// The members of the ready line that only `replay` has.
#[derive(Serialize)]
pub(crate) struct ReplayMembers<'a> {
    pub(crate) replay: u64,
    pub(crate) exchanges: usize,
    pub(crate) control: Option<&'a str>,
}

/// An answer that was given.
#[derive(Serialize)]
pub(crate) struct AnswerLine<'a> {
    pub(crate) request: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'a str>,
    pub(crate) exchange: Option<i64>,
    pub(crate) miss: bool,
    pub(crate) why: &'a str,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) status: u16,
    pub(crate) at: &'a str,
    pub(crate) nearest: &'a [i64],
    pub(crate) differences: &'a [RequestDifference],
}

/// A missed request that waits for an answer.
#[derive(Serialize)]
pub(crate) struct WaitingLine<'a> {
    pub(crate) waits: bool,
    pub(crate) replay: u64,
    pub(crate) request: u64,
    pub(crate) why: &'a str,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) nearest: Vec<NearObject<'a>>,
}

#[derive(Serialize)]
pub(crate) struct NearObject<'a> {
    pub(crate) exchange: i64,
    pub(crate) note: &'a str,
    pub(crate) differences: &'a [RequestDifference],
}

/// An event that is held until it is sent by hand.
#[derive(Serialize)]
pub(crate) struct HeldLine<'a> {
    pub(crate) held: bool,
    pub(crate) replay: u64,
    pub(crate) client: u64,
    pub(crate) request: u64,
    pub(crate) exchange: i64,
    pub(crate) seq: u32,
    #[serde(rename = "type")]
    pub(crate) type_name: &'a str,
    pub(crate) text: &'a str,
}

/// At the end: how often faults struck and holds stopped a stream.
#[derive(Serialize)]
pub(crate) struct StruckLine<'a> {
    pub(crate) faults: Vec<StruckFault<'a>>,
    pub(crate) holds: Vec<StruckHold<'a>>,
}

#[derive(Serialize)]
pub(crate) struct StruckFault<'a> {
    pub(crate) fault: &'a str,
    pub(crate) struck: u64,
}

#[derive(Serialize)]
pub(crate) struct StruckHold<'a> {
    pub(crate) hold: &'a str,
    pub(crate) stopped: u64,
}

/// At the end of a strict replay: what was not asked for.
#[derive(Serialize)]
pub(crate) struct UnusedLine {
    pub(crate) unused: Vec<UnusedObject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unused_others: Vec<UnusedObject>,
}

#[derive(Serialize)]
pub(crate) struct UnusedObject {
    pub(crate) exchange: i64,
    pub(crate) method: String,
    pub(crate) target: String,
}
