//! `scrubjay list`: a line an exchange.

use scrubjay_session::{
    exchange::{Exchange, Relayed},
    query::{Run, Summary},
};

use crate::{
    args,
    failure::Failure,
    json::{self, Line},
    library::Library,
    out::Out,
    safe::shortened,
    table::{Side, Table},
    words,
};

pub(crate) fn run(args: &args::List, out: &mut Out) -> Result<(), Failure> {
    let library = Library::open(args.source.path(), out.format)?;
    library.catch_up()?;
    let mutes = library.engine().mutes()?;
    let mut table = Table::new(&[
        ("INDEX", Side::Right),
        ("STARTED", Side::Left),
        ("SOURCE", Side::Left),
        ("REQUEST", Side::Left),
        ("STATUS", Side::Right),
        ("ENDING", Side::Left),
        ("RUNS", Side::Left),
        ("TOOK", Side::Right),
        ("FIRST TEXT", Side::Right),
        ("FRAMES", Side::Right),
        ("BYTES", Side::Right),
        ("FINDINGS", Side::Left),
        ("LABELS", Side::Left),
    ]);
    for index in library.indexes() {
        let reader = library.reader(*index)?;
        let exchange = reader.exchange();
        let mut summary = reader.summary().clone();
        summary.findings = summary.findings_without(|rule| mutes.is_muted(*index, rule));
        let summary = &summary;
        if out.is_json() {
            out.text(&line(*index, exchange, summary))?;
        } else {
            table.row(cells(*index, exchange, summary));
        }
    }
    if !out.is_json() && !library.indexes().is_empty() {
        out.text(&table.text())?;
    }
    out.flush()?;
    library.finish()
}

pub(crate) fn line(index: i64, exchange: &Exchange, summary: &Summary) -> String {
    let labels = exchange
        .labels
        .iter()
        .fold(Line::new(), |line, (key, value)| line.string(key, value))
        .object();
    let line = Line::new()
        .value("index", index)
        .string("source", &exchange.source)
        .string("method", &exchange.request.method)
        .string("target", &exchange.request.target)
        .optional_value("status", exchange.response.as_ref().map(|head| head.status))
        .string("ending", exchange.ending.as_str())
        .optional("threadId", Some(summary.thread_id.as_str()).filter(|id| !id.is_empty()))
        .list("runs", summary.runs.iter().map(run_object))
        .string("startedAt", &words::rfc3339(exchange.started_at_us))
        .value("durationUs", exchange.last_at_us)
        .optional_value("ttftUs", summary.ttft_us)
        .value("chunks", exchange.chunk_count)
        .value("frames", summary.frames)
        .value("bytes", exchange.body_len);
    with_passage(line, exchange)
        .raw("labels", &labels)
        .raw("findings", &counts(summary))
        .end()
}

/// What passed in another protocol, and that TLS was not verified, where it is so.
pub(crate) fn with_passage(line: Line, exchange: &Exchange) -> Line {
    let line = match exchange.relayed {
        None => line,
        Some(relayed) => line.raw(
            "relayed",
            &Line::new()
                .value("sentLen", relayed.sent_len)
                .value("receivedLen", relayed.received_len)
                .object(),
        ),
    };
    match exchange.is_unverified {
        true => line.value("tlsUnverified", true),
        false => line,
    }
}

/// What passed each way, seen from the client.
pub(crate) fn relayed_words(relayed: Relayed) -> String {
    format!(
        "{} sent, {} received",
        words::bytes(relayed.sent_len),
        words::bytes(relayed.received_len)
    )
}

/// Findings by severity.
pub(crate) fn counts(summary: &Summary) -> String {
    let [error, warning, note] = summary.findings;
    Line::new()
        .value("error", error)
        .value("warning", warning)
        .value("note", note)
        .object()
}

fn run_object(run: &Run) -> String {
    Line::new()
        .string("runId", &run.run_id)
        .string("threadId", &run.thread_id)
        .string("outcome", run.outcome.as_str())
        .value("firstSeq", run.first_seq)
        .value("lastSeq", run.last_seq)
        .object()
}

fn cells(index: i64, exchange: &Exchange, summary: &Summary) -> Vec<String> {
    let request = &exchange.request;
    vec![
        index.to_string(),
        words::clock(exchange.started_at_us),
        shortened(&exchange.source, 20),
        format!("{} {}", shortened(&request.method, 12), shortened(&request.target, 48)),
        exchange
            .response
            .as_ref()
            .map_or_else(|| "–".to_owned(), |head| head.status.to_string()),
        exchange.ending.as_str().to_owned(),
        outcomes(summary),
        words::duration(exchange.last_at_us),
        summary.ttft_us.map(words::duration).unwrap_or_default(),
        summary.frames.to_string(),
        exchange
            .relayed
            .map_or_else(|| words::bytes(exchange.body_len), relayed_words),
        findings(summary),
        labels(exchange),
    ]
}

/// The outcomes of the runs; of many the last ones.
fn outcomes(summary: &Summary) -> String {
    let runs = &summary.runs[summary.runs.len().saturating_sub(4)..];
    let names: Vec<&str> = runs.iter().map(|run| run.outcome.as_str()).collect();
    let more = if runs.len() < summary.runs.len() { "…, " } else { "" };
    format!("{more}{}", names.join(", "))
}

fn findings(summary: &Summary) -> String {
    let [error, warning, note] = summary.findings;
    let parts = [(error, "E"), (warning, "W"), (note, "N")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, letter)| format!("{count}{letter}"))
        .collect();
    parts.join(" ")
}

fn labels(exchange: &Exchange) -> String {
    let labels: Vec<String> = exchange
        .labels
        .iter()
        .map(|(key, value)| shortened(&format!("{key}={value}"), 40))
        .collect();
    labels.join(" ")
}

/// Severity, rule and message of what is wrong, as a value inside a line.
pub(crate) fn finding_object(finding: &scrubjay_session::query::FindingEntry) -> String {
    Line::new()
        .string("rule", &finding.rule)
        .string("severity", finding.severity.as_str())
        .string("message", &finding.message)
        .object()
}

/// Header fields as pairs.
pub(crate) fn header_pairs(headers: &scrubjay_session::exchange::Headers) -> String {
    json::list(headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value);
        json::list([json::string(name), json::string(&value)])
    }))
}

/// How an exchange ended, in a line for people.
pub(crate) fn ended_line(index: i64, exchange: &Exchange, summary: &Summary) -> String {
    let status = exchange
        .response
        .as_ref()
        .map_or_else(|| "no answer".to_owned(), |head| head.status.to_string());
    let mut parts = vec![
        status,
        exchange.ending.as_str().to_owned(),
        words::duration(exchange.last_at_us),
    ];
    match exchange.relayed {
        Some(relayed) => parts.push(relayed_words(relayed)),
        None => parts.extend([
            words::count(u64::from(summary.frames), "frame"),
            words::bytes(exchange.body_len),
        ]),
    }
    parts.extend(
        [outcomes(summary), findings(summary)]
            .into_iter()
            .filter(|part| !part.is_empty()),
    );
    format!("#{index} ended: {}\n", parts.join(", "))
}
