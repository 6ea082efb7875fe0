//! From a summary to the library's rows.

use scrubjay_session::{
    derive::summary::{Outcome, Run, Summary},
    exchange::Ending,
};

use crate::{RunRow, Verdict};

/// The rows of an exchange: one a run, or one for an exchange without.
///
/// Findings are counted for the exchange as a whole, so each row carries all.
pub(crate) fn of(summary: &Summary, ending: Ending) -> Vec<RunRow> {
    if summary.runs.is_empty() {
        return vec![RunRow {
            run: None,
            run_id: summary.run_id.clone(),
            last_at_us: summary.last_at_us,
            ttft_us: summary.ttft_us,
            frames: summary.frames.into(),
            tools: summary.tools,
            first_seq: summary.frames.min(1),
            last_seq: summary.frames,
            ..common(summary)
        }];
    }
    let last = summary.runs.len() - 1;
    let rows = summary.runs.iter().enumerate().map(|(number, run)| {
        let goes_on = ending == Ending::Open && number == last;
        row(u32::try_from(number).unwrap_or(u32::MAX), run, summary, goes_on)
    });
    rows.collect()
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

fn row(number: u32, run: &Run, summary: &Summary, goes_on: bool) -> RunRow {
    RunRow {
        run: Some(number),
        run_id: run.run_id.clone(),
        thread_id: run.thread_id.clone(),
        verdict: verdict_of(run.outcome, goes_on),
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

/// A run without a terminal event is still going on only if it is the last of
/// an open exchange; that may change, so it is left open here.
fn verdict_of(outcome: Outcome, goes_on: bool) -> Option<Verdict> {
    match outcome {
        Outcome::Open if goes_on => None,
        Outcome::Open => Some(Verdict::None),
        Outcome::Success => Some(Verdict::Success),
        Outcome::Interrupt => Some(Verdict::Interrupt),
        Outcome::Cancelled => Some(Verdict::Cancelled),
        Outcome::Error => Some(Verdict::Error),
    }
}
