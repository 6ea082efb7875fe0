//! What commands that write files or a store answer, and comparisons with
//! baselines and of many recordings.

use scrubjay_engine::{RedactionFinding, RedactionManifest};
use serde::Serialize;
use serde_json::value::RawValue;

/// `export` and `share`.
#[derive(Serialize)]
pub(crate) struct ExportLine<'a> {
    pub(crate) file: &'a str,
    pub(crate) exchanges: usize,
    pub(crate) bytes: u64,
    /// None where nothing was replaced on purpose.
    pub(crate) redaction: Option<&'a RedactionManifest>,
}

/// `export --preview`: what a rule finds at one kind of place.
#[derive(Serialize)]
pub(crate) struct RedactionLine<'a> {
    pub(crate) kind: &'static str,
    #[serde(flatten)]
    pub(crate) finding: &'a RedactionFinding,
}

/// `export --preview`: the last line.
#[derive(Serialize)]
pub(crate) struct PreviewLine<'a> {
    pub(crate) kind: &'static str,
    pub(crate) exchanges: usize,
    pub(crate) bytes: u64,
    pub(crate) stays: &'a [&'a str],
    pub(crate) redaction: &'a RedactionManifest,
}

/// `import`: a line an exchange.
#[derive(Serialize)]
pub(crate) struct ImportLine<'a> {
    pub(crate) file: &'a str,
    pub(crate) index: i64,
}

/// `delete`: a line an exchange.
#[derive(Serialize)]
pub(crate) struct DeleteLine {
    pub(crate) index: i64,
}

/// `reindex`.
#[derive(Serialize)]
pub(crate) struct ReindexLine {
    pub(crate) exchanges: u64,
}

/// `rerecord`: a file that was written or replaced.
#[derive(Serialize)]
pub(crate) struct FileLine<'a> {
    pub(crate) kind: &'a str,
    pub(crate) file: &'a str,
    pub(crate) exchanges: usize,
}

/// `diff --baseline` and `rerecord`: what became of a thread.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BaselineLine<'a> {
    pub(crate) kind: &'static str,
    pub(crate) verdict: &'a str,
    pub(crate) file: &'a str,
    pub(crate) thread_id: &'a str,
    pub(crate) asked: &'a str,
    /// None for a thread without a baseline.
    #[serde(flatten)]
    pub(crate) freshness: Option<&'a Freshness>,
    pub(crate) judged_by: &'a str,
}

/// How old a baseline is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Freshness {
    pub(crate) started_at: String,
    pub(crate) age_days: i64,
    pub(crate) too_old: bool,
    pub(crate) protocol_version: Option<String>,
    /// Of the new recording.
    pub(crate) new_protocol_version: Option<String>,
}

/// The last line of a comparison with baselines.
#[derive(Serialize)]
pub(crate) struct BaselinesLine {
    pub(crate) kind: &'static str,
    pub(crate) same: u32,
    pub(crate) different: u32,
    pub(crate) missing: u32,
    pub(crate) new: u32,
}

/// `diff A B MORE…`: where one of them first parts from A.
#[derive(Serialize)]
pub(crate) struct PartingLine<'a> {
    pub(crate) kind: &'static str,
    pub(crate) operand: &'a str,
    pub(crate) same: bool,
    pub(crate) differences: u32,
    /// The difference as a line of `diff`.
    pub(crate) first: Option<&'a RawValue>,
}

/// `diff A B MORE…`: a place where some of them first part from A.
#[derive(Serialize)]
pub(crate) struct HistogramLine<'a> {
    pub(crate) kind: &'static str,
    pub(crate) exchange: i64,
    pub(crate) seq: u32,
    pub(crate) path: &'a str,
    pub(crate) count: usize,
    pub(crate) operands: Vec<&'a str>,
}
