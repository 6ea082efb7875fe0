//! `scrubjay show`: the heads, chunks and ending of an exchange.

use scrubjay_session::{
    exchange::{Chunk, Exchange, Headers, RequestHead, origin_and_path},
    query::FindingEntry,
    shelf::Shelf as _,
};

use super::list::{finding_object, header_pairs, relayed_words, with_passage};
use crate::{
    args::{LimitArg, One},
    command::Execute,
    failure::Failure,
    json::{self, Line},
    library::{Library, unreadable},
    out::Out,
    safe::safe,
    words,
};

/// Chunks read at a time.
const CHUNKS: u64 = 4_096;
/// Findings listed for people, at most.
const FINDINGS: usize = 40;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    one: One,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let library = Library::open(self.one.source.path(), out)?;
        let mut reader = library.reader(library.one(self.one.exchange)?)?;
        let frames = reader.summary().frames;
        let findings = reader
            .findings(0..frames.saturating_add(2), usize::MAX)
            .map_err(unreadable)?;
        let exchange = reader.exchange().clone();
        if out.is_json() {
            json_line(&exchange, reader.shelf(), &findings, out)?;
        } else {
            text(&exchange, &reader.summary().endpoint_method, &findings, out)?;
        }
        out.flush()?;
        library.finish()
    }

    fn limit(&self) -> Option<&LimitArg> {
        Some(&self.one.source.limit)
    }
}

fn json_line(
    exchange: &Exchange,
    shelf: &scrubjay_engine::AnyShelf,
    findings: &[FindingEntry],
    out: &mut Out,
) -> Result<(), Failure> {
    let mut chunks = Vec::new();
    for first in (0..exchange.chunk_count).step_by(CHUNKS as usize) {
        let some = shelf.chunks(first..first.saturating_add(CHUNKS)).map_err(unreadable)?;
        // A damaged store may count more than it holds.
        if some.is_empty() {
            break;
        }
        chunks.extend(some.iter().map(chunk_object));
    }
    let line = Line::new()
        .string("source", &exchange.source)
        .raw("request", &request_object(&exchange.request, exchange.request_len))
        .raw("response", &response_object(exchange))
        .list("chunks", chunks)
        .list(
            "holes",
            exchange.holes.iter().map(|hole| {
                Line::new()
                    .value("offset", hole.offset)
                    .optional_value("len", hole.len)
                    .object()
            }),
        )
        .string("ending", exchange.ending.as_str());
    let line = with_passage(line, exchange);
    let line = match has_other_url(exchange) {
        true => line.string("url", &exchange.url()),
        false => line,
    };
    let line = line
        .list(
            "findings",
            findings.iter().map(|finding| {
                Line::new()
                    .value("seq", finding.seq)
                    .string("rule", &finding.rule)
                    .string("severity", finding.severity.as_str())
                    .string("message", &finding.message)
                    .object()
            }),
        )
        .end();
    out.text(&line)
}

fn chunk_object(chunk: &Chunk) -> String {
    Line::new()
        .value("offset", chunk.offset)
        .value("len", chunk.len)
        .value("atUs", chunk.at_us)
        .object()
}

fn request_object(request: &RequestHead, body_len: u64) -> String {
    Line::new()
        .string("method", &request.method)
        .string("target", &request.target)
        .string("version", request.version.as_str())
        .raw("headers", &header_pairs(&request.headers))
        .value("bodyLen", body_len)
        .object()
}

fn response_object(exchange: &Exchange) -> String {
    let Some(head) = &exchange.response else {
        return "null".to_owned();
    };
    Line::new()
        .value("status", head.status)
        .string("version", head.version.as_str())
        .raw("headers", &header_pairs(&head.headers))
        .raw("trailers", &header_pairs(&exchange.trailers))
        .object()
}

fn text(exchange: &Exchange, endpoint_method: &str, findings: &[FindingEntry], out: &mut Out) -> Result<(), Failure> {
    let request = &exchange.request;
    let mut lines = vec![
        format!(
            "exchange {} from source {}{}",
            exchange.index,
            safe(&exchange.source),
            match endpoint_method {
                "" => String::new(),
                method => format!(", which asks for {}", safe(method)),
            }
        ),
        format!("started  {}", words::clock(exchange.started_at_us)),
        format!(
            "ending   {} after {}",
            words::ending(exchange.ending),
            words::duration(exchange.last_at_us)
        ),
    ];
    if has_other_url(exchange) {
        lines.push(format!("url      {}", safe(&exchange.url())));
    }
    if exchange.is_unverified {
        lines.push("tls      the certificate of the upstream was NOT verified".to_owned());
    }
    lines.extend([
        String::new(),
        format!(
            "{} {} {}",
            safe(&request.method),
            safe(&request.target),
            request.version.as_str()
        ),
    ]);
    push_headers(&mut lines, &request.headers);
    lines.push(format!("({} of body)", words::bytes(exchange.request_len)));
    lines.push(String::new());
    match &exchange.response {
        None => lines.push("no answer came".to_owned()),
        Some(head) => {
            lines.push(format!("{} {}", head.version.as_str(), head.status));
            push_headers(&mut lines, &head.headers);
            lines.push(match exchange.relayed {
                Some(relayed) => format!("({} after that, counted and not kept)", relayed_words(relayed)),
                None => format!(
                    "({} of body in {})",
                    words::bytes(exchange.body_len),
                    words::count(exchange.chunk_count, "chunk")
                ),
            });
            push_headers(&mut lines, &exchange.trailers);
        }
    }
    for hole in &exchange.holes {
        let len = hole
            .len
            .map_or_else(|| "an unknown number of bytes".to_owned(), words::bytes);
        lines.push(format!("not recorded: {len} from byte {} on", hole.offset));
    }
    if !findings.is_empty() {
        lines.push(String::new());
    }
    for finding in findings.iter().take(FINDINGS) {
        lines.push(finding_line(finding));
    }
    if findings.len() > FINDINGS {
        lines.push(format!("and {} findings more", findings.len() - FINDINGS));
    }
    out.text(&(lines.join("\n") + "\n"))
}

/// The upstream has a path, which the target lacks.
fn has_other_url(exchange: &Exchange) -> bool {
    !origin_and_path(&exchange.upstream).1.is_empty()
}

fn push_headers(lines: &mut Vec<String>, headers: &Headers) {
    for (name, value) in headers {
        lines.push(format!("{}: {}", safe(name), safe(&String::from_utf8_lossy(value))));
    }
}

/// A finding as a line for people.
pub(crate) fn finding_line(finding: &FindingEntry) -> String {
    format!(
        "#{} {} {}: {}",
        finding.seq,
        finding.severity.as_str(),
        safe(&finding.rule),
        safe(&finding.message)
    )
}

/// Findings of a frame as a value inside a line.
pub(crate) fn finding_list(findings: &[FindingEntry]) -> String {
    json::list(findings.iter().map(finding_object))
}
