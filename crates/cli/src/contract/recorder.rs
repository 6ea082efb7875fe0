//! What `record` and `serve` print while they run.

use serde::Serialize;

use super::replay::ReplayMembers;

/// The first line, printed when connections are accepted.
#[derive(Serialize)]
pub(crate) struct ReadyLine<'a> {
    pub(crate) ready: bool,
    /// The first source's origin; for `serve` the page's address with its token.
    pub(crate) url: &'a str,
    pub(crate) store: &'a str,
    pub(crate) sources: Vec<SourceObject<'a>>,
    #[serde(flatten)]
    pub(crate) replay: Option<ReplayMembers<'a>>,
}

#[derive(Serialize)]
pub(crate) struct SourceObject<'a> {
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) upstream: &'a str,
    /// Of `replay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replay: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exchanges: Option<usize>,
}

/// `serve`: the address for another browser.
#[derive(Serialize)]
pub(crate) struct UrlLine<'a> {
    pub(crate) url: &'a str,
}

/// What happened to the recording or the store.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum IncidentLine<'a> {
    Pruned {
        pruned: &'a [i64],
        from: String,
        to: String,
        bytes: u64,
    },
    #[serde(rename_all = "camelCase")]
    LeftOut {
        left_out: u64,
    },
    #[serde(rename_all = "camelCase")]
    OverMaxStore {
        over_max_store: u64,
    },
    Damaged {
        damaged: String,
        at: String,
    },
    Recording(RecordingLine<'a>),
}

#[derive(Serialize)]
pub(crate) struct RecordingLine<'a> {
    pub(crate) recording: &'static str,
    pub(crate) at: String,
    #[serde(flatten)]
    pub(crate) details: RecordingDetails<'a>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(crate) enum RecordingDetails<'a> {
    Moves {
        why: &'a str,
        from: String,
        store: String,
    },
    Moved {
        store: String,
        complete: bool,
        why: Option<&'a str>,
    },
    Spool {
        spool: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
    },
    Stopped {
        why: &'a str,
        exchange: Option<i64>,
        request: &'a str,
        body: &'static str,
        offset: u64,
    },
    Lost {
        lost_bytes: u64,
        exchanges: u64,
    },
}
