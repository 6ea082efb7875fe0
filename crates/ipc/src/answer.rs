//! Answers to every question about one exchange.
//!
//! `session` answers with plain values; here they become the views of this
//! vocabulary, made safe for display, and bytes. What is shown *verbatim*
//! (raw text of a frame, fields, assembled text, the request's body) keeps its
//! characters: the page shows it with signs of its own, and copies it as is.

pub mod compare;
mod lanes;
mod moment;
mod panes;
mod problems;
mod shown;
mod span;

use scrubjay_protocol::text;
use scrubjay_session::{
    exchange::field,
    query::{self, Failed, Reader},
    shelf::Shelf,
    verdict::{self, Verdict},
    words,
};
use serde::Serialize;

use self::shown::shown;
use crate::{
    Ask, CausesView, Code, Encoding, ExchangeAsk, Mutes, Open, Opened, Report, RowOf, RowPlace, RowWindow, Rows,
    RunView, visible,
};

/// Rows that one answer gives at most.
const ROWS: u32 = 1_000;
/// Runs that one answer names.
const RUNS: usize = 1_000;

/// Answers a question about one exchange with bytes in the question's
/// encoding. The reader is that of the exchange, brought up to date by
/// whoever holds it. What is muted is not counted; it is asked for only where
/// something is counted, because most questions come while a playhead moves.
///
/// # Errors
/// When there is no such frame or value, or when the shelf cannot be read.
pub fn answer<S: Shelf>(
    ask: &ExchangeAsk,
    reader: &mut Reader<S>,
    mutes: impl FnOnce() -> Result<Mutes, Report>,
) -> Result<Vec<u8>, Report> {
    match ask {
        ExchangeAsk::Open(ask) => written(ask, opened(ask, reader, &mutes()?)),
        ExchangeAsk::Rows(ask) => written(ask, rows(ask, reader)),
        ExchangeAsk::RowOf(ask) => written(ask, row_of(ask, reader)),
        ExchangeAsk::Lanes(ask) => written(ask, lanes::picture(ask, reader)),
        ExchangeAsk::Locate(ask) => written(ask, moment::locate(ask, reader)),
        ExchangeAsk::Jump(ask) => written(ask, moment::jump(ask, reader)),
        ExchangeAsk::Detail(ask) => written(ask, moment::detail(ask, reader)),
        ExchangeAsk::State(ask) => written(ask, panes::state(ask, reader)),
        ExchangeAsk::StatePatch(ask) => written(ask, reader.state_patch(ask.from, ask.at, query::MOMENT_LEN)),
        ExchangeAsk::ReadValue(ask) => written(ask, panes::value(ask, reader)),
        ExchangeAsk::Chat(ask) => written(ask, panes::chat(ask, reader)),
        ExchangeAsk::Cause(ask) => {
            let seq = reader.cause(ask.at, ask.message, ask.tool, ask.utf16_offset);
            written(ask, seq.map(|seq| CausesView { seq }))
        }
        ExchangeAsk::Input(ask) => written(ask, panes::input(ask, reader)),
        ExchangeAsk::SpanEvents(ask) => written(ask, span::events(ask, reader)),
        ExchangeAsk::Writes(ask) => written(ask, span::writes(ask, reader)),
        ExchangeAsk::Body(ask) => written(ask, span::body(ask, reader)),
        ExchangeAsk::Problems(ask) => written(ask, problems::groups(ask, reader, &mutes()?)),
        ExchangeAsk::ProblemRows(ask) => written(ask, problems::rows(ask, reader, &mutes()?)),
    }
}

/// Writes an answer in its question's encoding.
fn written<A: Ask, E: std::error::Error>(_: &A, answer: Result<A::Answer, Failed<E>>) -> Result<Vec<u8>, Report> {
    encoded::<A>(&answer.map_err(|failed| report(&failed))?)
}

fn encoded<A: Ask>(answer: &A::Answer) -> Result<Vec<u8>, Report> {
    let unwritten =
        |message: String| Report::new(Code::Internal, format!("The answer cannot be written: {message}."), "");
    match A::ENCODING {
        Encoding::Json => json(answer).map_err(|error| unwritten(error.to_string())),
        Encoding::Postcard => postcard::to_stdvec(answer).map_err(|error| unwritten(error.to_string())),
    }
}

fn json(answer: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(answer)
}

fn report<E: std::error::Error>(failed: &Failed<E>) -> Report {
    let (code, hint) = match failed {
        Failed::Shelf(_) => (Code::Store, ""),
        Failed::Damaged(_) => (Code::Store, "Run `scrubjay reindex` to make the derived data again."),
        Failed::TooLarge { .. } => (Code::NotFound, "Ask for a part of it."),
        Failed::NoFrame { .. } | Failed::NoSpan { .. } | Failed::NotUnicode { .. } | Failed::Nothing { .. } => {
            (Code::NotFound, "")
        }
    };
    Report::new(code, text::sentence(&failed.to_string()), hint)
}

/// Time of day, RFC 3339 in UTC with microseconds.
pub fn wall(micros_since_1970: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros_since_1970)
        .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
        .unwrap_or_default()
}

/// A content type without its parameters.
fn media_type(content_type: &str) -> String {
    visible::line(content_type.split(';').next().unwrap_or_default().trim())
}

fn opened<S: Shelf>(ask: &Open, reader: &mut Reader<S>, mutes: &Mutes) -> Result<Opened, Failed<S::Error>> {
    let extent = reader.extent()?;
    let progress = reader.progress();
    let (facts, summary) = (reader.exchange(), reader.summary());
    let verdicts = verdict::of_exchange(facts, summary);
    let response_field = |name: &str| {
        let head = facts.response.as_ref();
        head.map_or_else(String::new, |head| field(&head.headers, name))
    };
    Ok(Opened {
        exchange: ask.exchange,
        source: facts.source.clone(),
        method: visible::line(&facts.request.method),
        target: visible::line(&facts.request.target),
        name: visible::line(&words::request_name(&facts.request, summary)),
        status: facts.response.as_ref().map(|head| head.status),
        content_type: media_type(&response_field("content-type")),
        encoding: Some(visible::line(&response_field("content-encoding"))).filter(|coding| !coding.is_empty()),
        transport: summary.transport,
        ending: facts.ending,
        relayed: facts.relayed.map(|relayed| (relayed.sent_len, relayed.received_len)),
        unverified: facts.is_unverified,
        started_at: wall(facts.started_at_us),
        started_at_millis: facts.started_at_us.div_euclid(1_000),
        duration_us: facts.last_at_us.max(summary.last_at_us),
        ttft_us: summary.ttft_us,
        frames: summary.frames,
        spans: summary.spans,
        chunks: facts.chunk_count,
        bytes: facts.body_len,
        findings: summary.findings_without(|rule| mutes.is_muted(ask.exchange, rule)),
        runs: summary
            .runs
            .iter()
            .zip(verdicts)
            .take(RUNS)
            .map(|(run, verdict)| run_view(run, verdict))
            .collect(),
        thread_id: visible::line(&summary.thread_id),
        stop: shown(summary.stop.clone()),
        labels: facts.labels.clone(),
        holes: facts.holes.iter().map(|hole| (hole.offset, hole.len)).collect(),
        extent,
        progress,
    })
}

fn run_view(run: &query::Run, verdict: Verdict) -> RunView {
    RunView {
        run_id: visible::line(&run.run_id),
        thread_id: visible::line(&run.thread_id),
        verdict,
        first_seq: run.first_seq,
        last_seq: run.last_seq,
    }
}

fn rows<S: Shelf>(ask: &Rows, reader: &mut Reader<S>) -> Result<RowWindow, Failed<S::Error>> {
    let window = reader.rows(ask.view, &ask.expanded, ask.first, ask.count.min(ROWS))?;
    Ok(shown(window))
}

fn row_of<S: Shelf>(ask: &RowOf, reader: &mut Reader<S>) -> Result<RowPlace, Failed<S::Error>> {
    let row = reader.row_of(ask.view, &ask.expanded, ask.seq)?;
    Ok(RowPlace { row })
}

#[cfg(test)]
mod tests;
