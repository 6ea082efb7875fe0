//! The JSON that the command line prints, as types. Programs are written
//! against the names of these members and their order.
//!
//! - This file: exchanges, frames, state, spans and findings.
//! - [`files`]: what commands that write files or a store answer, and baselines.
//! - [`recorder`]: what `record` and `serve` print while they run.
//! - [`replay`]: what `replay` prints.

pub(crate) mod files;
pub(crate) mod recorder;
pub(crate) mod replay;

use std::borrow::Cow;

use scrubjay_session::{
    exchange::{Chunk, Headers, Hole, Relayed},
    query::{Explain, FindingEntry, Mend, TooLarge},
};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// `list`, and an exchange that has ended while it was recorded.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListLine<'a> {
    pub(crate) index: i64,
    pub(crate) source: &'a str,
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) status: Option<u16>,
    pub(crate) ending: &'a str,
    pub(crate) thread_id: Option<&'a str>,
    pub(crate) runs: Vec<RunObject<'a>>,
    /// `refused` or `redirected`, where the answer carries no run and its status says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<&'a str>,
    pub(crate) started_at: String,
    pub(crate) duration_us: u64,
    pub(crate) ttft_us: Option<u64>,
    pub(crate) chunks: u64,
    pub(crate) frames: u32,
    pub(crate) bytes: u64,
    #[serde(flatten)]
    pub(crate) passage: Passage,
    pub(crate) labels: Pairs<'a, String>,
    pub(crate) findings: Counts,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunObject<'a> {
    pub(crate) run_id: &'a str,
    pub(crate) thread_id: &'a str,
    pub(crate) outcome: &'a str,
    pub(crate) first_seq: u32,
    pub(crate) last_seq: u32,
}

/// What passed in another protocol, and that TLS was not verified, where it is so.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Passage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) relayed: Option<Relayed>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) tls_unverified: bool,
}

/// Findings by severity.
#[derive(Serialize)]
pub(crate) struct Counts {
    pub(crate) error: u32,
    pub(crate) warning: u32,
    pub(crate) note: u32,
}

/// An object whose names are captured, in their order.
pub(crate) struct Pairs<'a, V>(pub(crate) &'a [(String, V)]);

impl<V: Serialize> Serialize for Pairs<'_, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// `show`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShowLine<'a> {
    pub(crate) source: &'a str,
    pub(crate) request: RequestObject<'a>,
    pub(crate) response: Option<ResponseObject<'a>>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) holes: &'a [Hole],
    pub(crate) ending: &'a str,
    #[serde(flatten)]
    pub(crate) passage: Passage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    pub(crate) findings: Vec<FindingObject<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestObject<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) version: &'a str,
    pub(crate) headers: Vec<HeaderPair<'a>>,
    pub(crate) body_len: u64,
}

#[derive(Serialize)]
pub(crate) struct ResponseObject<'a> {
    pub(crate) status: u16,
    pub(crate) version: &'a str,
    pub(crate) headers: Vec<HeaderPair<'a>>,
    pub(crate) trailers: Vec<HeaderPair<'a>>,
}

pub(crate) type HeaderPair<'a> = (&'a str, Cow<'a, str>);

pub(crate) fn header_pairs(headers: &Headers) -> Vec<HeaderPair<'_>> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value)))
        .collect()
}

/// A finding; in the line of its frame without that frame's number.
#[derive(Serialize)]
pub(crate) struct FindingObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seq: Option<u32>,
    pub(crate) rule: &'a str,
    pub(crate) severity: &'a str,
    pub(crate) message: &'a str,
}

impl<'a> From<&'a FindingEntry> for FindingObject<'a> {
    fn from(finding: &'a FindingEntry) -> Self {
        Self {
            seq: Some(finding.seq),
            rule: &finding.rule,
            severity: finding.severity.as_str(),
            message: &finding.message,
        }
    }
}

/// `events`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exchange: Option<i64>,
    pub(crate) seq: u32,
    pub(crate) at_us: u64,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) chunk: u64,
    pub(crate) kind: &'a str,
    #[serde(rename = "type")]
    pub(crate) type_name: Option<&'a str>,
    pub(crate) event: Option<&'a RawValue>,
    pub(crate) findings: Vec<FindingObject<'a>>,
}

/// `state` up to what the client holds. The members `messages`, `state`,
/// `stopped` and `interrupts` follow one by one, because they may be long.
#[derive(Serialize)]
pub(crate) struct StateHead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exchange: Option<i64>,
    pub(crate) seq: u32,
    #[serde(rename = "type")]
    pub(crate) type_name: Option<&'a str>,
}

/// `state --from`: the JSON Patch between two frames.
#[derive(Serialize)]
pub(crate) struct ChangeLine<P> {
    pub(crate) seq: u32,
    pub(crate) from: u32,
    pub(crate) patch: P,
}

/// `state` after what the client holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateRest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) too_large: Option<&'a TooLarge>,
    /// The frame that set each value, by its JSON Pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blame: Option<Pairs<'a, u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explain: Option<&'a Explain>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) blame_cut: bool,
}

/// `spans`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpanLine<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) first_seq: u32,
    pub(crate) last_seq: u32,
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
    pub(crate) open: bool,
    #[serde(flatten)]
    pub(crate) content: SpanContent<'a>,
    pub(crate) parent: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum SpanContent<'a> {
    Tool { args: &'a str, result: Option<&'a str> },
    Other { text: &'a str },
}

/// `check`.
#[derive(Serialize)]
pub(crate) struct CheckLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'a str>,
    pub(crate) exchange: i64,
    pub(crate) seq: u32,
    pub(crate) rule: &'a str,
    pub(crate) severity: &'a str,
    pub(crate) title: &'a str,
    pub(crate) message: &'a str,
    pub(crate) clients: Vec<String>,
    #[serde(rename = "mendedAt", skip_serializing_if = "Option::is_none")]
    pub(crate) mended_at: Option<MendedAt>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) muted: bool,
}

/// The frame that has mended what a dropped patch lost; null where none has.
pub(crate) struct MendedAt(pub(crate) Mend);

impl Serialize for MendedAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.frame().serialize(serializer)
    }
}

/// A note on standard error.
#[derive(Serialize)]
pub(crate) struct NoteLine<'a> {
    pub(crate) note: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
