//! From a summary to the library's rows.

use scrubjay_session::{
    derive::summary::{Run, Summary},
    exchange::Exchange,
    verdict::{self, Verdict},
};

use crate::RunRow;

/// The rows of an exchange: one a run, or one for an exchange without.
///
/// Findings are counted for the exchange as a whole, so each row carries all.
pub(crate) fn run_rows(exchange: &Exchange, summary: &Summary) -> Vec<RunRow> {
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
