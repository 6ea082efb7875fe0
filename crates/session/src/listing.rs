//! What a list shows of an exchange: a row for each run, or one for an exchange without.

use crate::{
    derive::summary::{Run, Summary},
    exchange::{Ending, Exchange, ResponseHead, field},
    verdict::{self, Verdict},
};

/// One run, or an exchange that carries none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The exchange's permanent number.
    pub exchange: i64,
    pub source: String,
    pub method: String,
    /// Path and query, secrets replaced.
    pub target: String,
    /// Status, when an answer came.
    pub status: Option<u16>,
    /// Response media type without parameters.
    pub content_type: String,
    pub ending: Ending,
    /// Wall clock, microseconds since 1970.
    pub started_at_us: i64,
    /// Length of the exchange in microseconds; so far, if live.
    pub duration_us: u64,
    /// Bytes of the response body on the wire.
    pub bytes: u64,
    pub chunks: u64,
    pub labels: Vec<(String, String)>,
    /// Kept from pruning.
    pub pinned: bool,
    pub verdict: Verdict,
    /// What was derived; zeros and empty texts before that.
    pub run: RunRow,
}

/// The derived facts of one run (or of an exchange without one) for the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRow {
    /// Which run of the exchange, from 0; absent when it carries none.
    pub run: Option<u32>,
    pub run_id: String,
    pub thread_id: String,
    /// The last user text of the input, shortened; else what the exchange is.
    pub title: String,
    /// How it came out, as far as it has been derived; absent before that.
    pub verdict: Option<Verdict>,
    /// When its first frame came, microseconds since the request head was read.
    pub first_at_us: u64,
    /// When its last frame so far came.
    pub last_at_us: u64,
    /// Time from the request to the first character of text.
    pub ttft_us: Option<u64>,
    pub frames: u64,
    /// Tool calls started.
    pub tools: u32,
    pub errors: u32,
    pub warnings: u32,
    pub notes: u32,
    /// First frame (1 for an exchange without a run, 0 when empty).
    pub first_seq: u32,
    /// Last frame so far.
    pub last_seq: u32,
}

/// The rows of an exchange of a number, which nothing prunes.
pub fn rows(number: i64, exchange: &Exchange, summary: &Summary) -> Vec<Row> {
    let head = exchange.response.as_ref();
    let row = |run: RunRow| Row {
        exchange: number,
        source: exchange.source.clone(),
        method: exchange.request.method.clone(),
        target: exchange.request.target.clone(),
        status: head.map(|head| head.status),
        content_type: head.map(content_type).unwrap_or_default(),
        ending: exchange.ending,
        started_at_us: exchange.started_at_us,
        duration_us: exchange.last_at_us,
        bytes: exchange.body_len,
        chunks: exchange.chunk_count,
        labels: exchange.labels.clone(),
        pinned: false,
        verdict: run.verdict.unwrap_or(Verdict::None),
        run,
    };
    run_rows(exchange, summary).into_iter().map(row).collect()
}

/// The derived parts of the rows of an exchange: one a run, or one for an exchange without.
///
/// Findings are counted for the exchange as a whole, so each row carries all.
pub fn run_rows(exchange: &Exchange, summary: &Summary) -> Vec<RunRow> {
    let verdicts = verdict::of_exchange(exchange, summary);
    if summary.runs.is_empty() {
        let is_run = verdict::is_run(exchange, summary);
        return verdicts
            .into_iter()
            .map(|verdict| whole(summary, verdict, is_run))
            .collect();
    }
    let runs = (0..).zip(&summary.runs).zip(verdicts);
    runs.map(|((number, run), verdict)| row(number, run, summary, verdict))
        .collect()
}

/// Whether a row is no run. What was refused or sent elsewhere may have been meant as one or not.
pub fn is_other(verdict: Verdict, is_run: bool) -> bool {
    match verdict {
        Verdict::Refused | Verdict::Redirected => !is_run,
        verdict => verdict == Verdict::NoRun,
    }
}

/// Media type of an answer without parameters, in lower case.
pub fn content_type(head: &ResponseHead) -> String {
    let value = field(&head.headers, "content-type");
    value.split([';', ',']).next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The title of what is no run is what it asks for, not a message of its thread.
fn whole(summary: &Summary, verdict: Verdict, is_run: bool) -> RunRow {
    let title = match is_run {
        true => &summary.title,
        false => &summary.endpoint_method,
    };
    RunRow {
        run: None,
        run_id: summary.run_id.clone(),
        title: title.clone(),
        verdict: Some(verdict),
        last_at_us: summary.last_at_us,
        ttft_us: summary.ttft_us,
        frames: summary.frames.into(),
        tools: summary.tools,
        first_seq: summary.frames.min(1),
        last_seq: summary.frames,
        ..common(summary)
    }
}

fn common(summary: &Summary) -> RunRow {
    RunRow {
        thread_id: summary.thread_id.clone(),
        title: summary.title.clone(),
        errors: summary.findings[0],
        warnings: summary.findings[1],
        notes: summary.findings[2],
        ..RunRow::default()
    }
}

fn row(number: u32, run: &Run, summary: &Summary, verdict: Verdict) -> RunRow {
    RunRow {
        run: Some(number),
        run_id: run.run_id.clone(),
        thread_id: run.thread_id.clone(),
        verdict: Some(verdict),
        first_at_us: run.first_at_us,
        last_at_us: run.last_at_us,
        ttft_us: run.first_text_us,
        frames: u64::from(run.last_seq.saturating_sub(run.first_seq)) + 1,
        tools: run.tools,
        first_seq: run.first_seq,
        last_seq: run.last_seq,
        ..common(summary)
    }
}
