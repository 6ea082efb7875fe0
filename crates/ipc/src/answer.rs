//! Answers to every question about one exchange.
//!
//! `session` answers; here the text of an answer is made safe to show, and the
//! answer becomes bytes. What is shown *verbatim* (raw text of a frame, fields,
//! assembled text, the request's body) keeps its characters: the page shows it
//! with signs of its own, and copies it as is.

mod body;
pub mod compare;
mod panes;
mod problems;
mod shown;

use scrubjay_protocol::text;
use scrubjay_session::{
    exchange::{Exchange, field},
    query::{
        self,
        Direction::{Backwards, Forwards},
        Failed, FindingEntry, Reader, Summary,
    },
    shelf::Shelf,
    verdict::{self, Verdict},
    words,
};

use self::shown::shown;
use crate::{
    Ask, CausesView, Code, Encoding, ExchangeAsk, Mutes, Open, Opened, Report, RowPlace, RunLinks, RunView, visible,
};

/// Rows that one answer gives at most.
const ROWS: u32 = 1_000;
/// Bytes of a frame that are shown as text.
const RAW_LEN: u64 = 256 * 1024;
/// Events of a span, and writes of a value, that one answer gives at most.
const MOST: u32 = 200;
/// Parts of a span's time that are counted.
const PARTS: u32 = 60;
/// Runs that one answer names.
const RUNS: usize = 1_000;

/// How runs hang together, as a page may show it.
pub fn links(links: RunLinks) -> RunLinks {
    shown(links)
}

/// What is known of an exchange beside what its reader says.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What is muted is not counted.
    pub mutes: Mutes,
    /// What only its thread shows: findings about its request.
    pub about_thread: Vec<FindingEntry>,
}

/// Answers a question about one exchange with bytes in the question's
/// encoding. The reader is that of the exchange, brought up to date by
/// its holder. What is known beside it is asked for only where findings are
/// counted, because most questions come while a playhead moves.
///
/// # Errors
/// When there is no such frame or value, or when the shelf cannot be read.
pub fn answer<S: Shelf>(
    ask: &ExchangeAsk,
    reader: &mut Reader<S>,
    beside: impl FnOnce(&Exchange, &Summary) -> Result<Beside, Report>,
) -> Result<Vec<u8>, Report> {
    let beside = |reader: &Reader<S>| beside(reader.exchange(), reader.summary());
    match ask {
        ExchangeAsk::Open(ask) => {
            let beside = beside(reader)?;
            written(ask, opened(ask, reader, &beside))
        }
        ExchangeAsk::Rows(ask) => {
            let window = reader.rows(ask.view, &ask.expanded, ask.first, ask.count.min(ROWS));
            written(ask, window.map(shown))
        }
        ExchangeAsk::RowOf(ask) => {
            let row = reader.row_of(ask.view, &ask.expanded, ask.seq);
            written(ask, row.map(|row| RowPlace { row }))
        }
        ExchangeAsk::Lanes(ask) => {
            let picture = reader.lanes(ask.axis, ask.from, ask.to, ask.width_px);
            written(ask, picture.map(shown))
        }
        ExchangeAsk::Locate(ask) => written(ask, reader.locate(ask.axis, ask.target).map(shown)),
        ExchangeAsk::Jump(ask) => {
            let direction = if ask.backwards { Backwards } else { Forwards };
            written(ask, reader.jump(ask.axis, ask.from, ask.to, direction).map(shown))
        }
        ExchangeAsk::Detail(ask) => written(ask, reader.detail(ask.seq, RAW_LEN).map(shown)),
        ExchangeAsk::State(ask) => written(ask, panes::state(ask, reader)),
        ExchangeAsk::StatePatch(ask) => written(ask, reader.state_patch(ask.from, ask.at, query::MOMENT_LEN)),
        ExchangeAsk::ReadValue(ask) => written(ask, panes::value(ask, reader)),
        ExchangeAsk::Chat(ask) => written(ask, reader.chat(ask.at, ask.first, ask.count).map(shown)),
        ExchangeAsk::Cause(ask) => {
            let seq = reader.cause(ask.at, ask.message, ask.tool, ask.utf16_offset);
            written(ask, seq.map(|seq| CausesView { seq }))
        }
        ExchangeAsk::Input(ask) => written(ask, panes::input(ask, reader)),
        ExchangeAsk::SpanEvents(ask) => {
            let window = reader.span_events(ask.span, ask.around, ask.count.min(MOST), PARTS);
            written(ask, window.map(shown))
        }
        ExchangeAsk::Writes(ask) => {
            let writes = reader.writes(ask.at, &ask.pointer, ask.most.min(MOST) as usize);
            written(ask, writes.map(shown))
        }
        ExchangeAsk::Body(ask) => written(ask, body::body(ask, reader)),
        ExchangeAsk::Problems(ask) => {
            let beside = beside(reader)?;
            written(ask, problems::groups(ask, reader, &beside))
        }
        ExchangeAsk::ProblemRows(ask) => {
            let beside = beside(reader)?;
            written(ask, problems::rows(ask, reader, &beside))
        }
    }
}

/// Writes an answer in its question's encoding.
fn written<A: Ask, E: std::error::Error>(_: &A, answer: Result<A::Answer, Failed<E>>) -> Result<Vec<u8>, Report> {
    let answer = answer?;
    let unwritten =
        |message: String| Report::new(Code::Internal, format!("The answer cannot be written: {message}."), "");
    match A::ENCODING {
        Encoding::Json => serde_json::to_vec(&answer).map_err(|error| unwritten(error.to_string())),
        Encoding::Postcard => postcard::to_stdvec(&answer).map_err(|error| unwritten(error.to_string())),
    }
}

impl<E: std::error::Error> From<Failed<E>> for Report {
    fn from(failed: Failed<E>) -> Self {
        let (code, hint) = match failed {
            Failed::Shelf(_) => (Code::Store, ""),
            Failed::Damaged(_) => (Code::Store, "Run `scrubjay reindex` to make the derived data again."),
            Failed::TooLarge { .. } => (Code::NotFound, "Ask for a part of it."),
            Failed::NoFrame { .. } | Failed::NoSpan { .. } | Failed::NotUnicode { .. } | Failed::Nothing { .. } => {
                (Code::NotFound, "")
            }
        };
        Self::new(code, text::sentence(&failed.to_string()), hint)
    }
}

/// A content type without its parameters.
fn media_type(content_type: &str) -> String {
    visible::line(content_type.split(';').next().unwrap_or_default().trim())
}

fn opened<S: Shelf>(ask: &Open, reader: &mut Reader<S>, beside: &Beside) -> Result<Opened, Failed<S::Error>> {
    let extent = reader.extent()?;
    let progress = reader.progress();
    let (facts, summary) = (reader.exchange(), reader.summary());
    let verdicts = verdict::of_exchange(facts, summary);
    let response_field = |name: &str| {
        let head = facts.response.as_ref();
        head.map_or_else(String::new, |head| field(&head.headers, name))
    };
    let without_run = summary.runs.is_empty().then(|| verdict::without_run(facts, summary));
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
        started_at: words::rfc3339(facts.started_at_us),
        started_at_millis: facts.started_at_us.div_euclid(1_000),
        duration_us: facts.last_at_us.max(summary.last_at_us),
        ttft_us: summary.ttft_us,
        frames: summary.frames,
        spans: summary.spans,
        chunks: facts.chunk_count,
        bytes: facts.body_len,
        findings: problems::counts(ask.exchange, summary, beside),
        runs: summary
            .runs
            .iter()
            .zip(verdicts)
            .take(RUNS)
            .map(|(run, verdict)| run_view(run, verdict))
            .collect(),
        without_run,
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

#[cfg(test)]
mod tests;
