//! `scrubjay show`: the heads, chunks and ending of an exchange.

use scrubjay_session::{
    exchange::{Exchange, Headers, RequestHead, origin_and_path},
    query::FindingEntry,
    shelf::Shelf as _,
};

use super::list::{passage, relayed_words};
use crate::{
    args::One,
    command::Execute,
    contract::{RequestObject, ResponseObject, ShowLine, header_pairs},
    failure::Failure,
    json,
    library::unreadable,
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
        let (library, index, mut reader) = self.one.open(out)?;
        let frames = reader.summary().frames;
        let overview = library.engine().overview(index)?;
        let mut findings = match &overview {
            Some(overview) => library.engine().about_thread(overview)?,
            None => Vec::new(),
        };
        let own = reader.findings(0..frames.saturating_add(2), usize::MAX);
        findings.extend(own.map_err(unreadable)?);
        let exchange = reader.exchange().clone();
        if out.is_json() {
            json_line(&exchange, reader.shelf(), &findings, out)?;
        } else {
            text(&exchange, &reader.summary().endpoint_method, &findings, out)?;
        }
        out.flush()?;
        library.finish()
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
        chunks.extend(some);
    }
    out.text(&json::line(&ShowLine {
        source: &exchange.source,
        request: request_object(&exchange.request, exchange.request_len),
        response: response_object(exchange),
        chunks,
        holes: &exchange.holes,
        ending: exchange.ending.as_str(),
        passage: passage(exchange),
        url: has_other_url(exchange).then(|| exchange.url()),
        findings: findings.iter().map(Into::into).collect(),
    }))
}

fn request_object(request: &RequestHead, body_len: u64) -> RequestObject<'_> {
    RequestObject {
        method: &request.method,
        target: &request.target,
        version: request.version.as_str(),
        headers: header_pairs(&request.headers),
        body_len,
    }
}

fn response_object(exchange: &Exchange) -> Option<ResponseObject<'_>> {
    let head = exchange.response.as_ref()?;
    Some(ResponseObject {
        status: head.status,
        version: head.version.as_str(),
        headers: header_pairs(&head.headers),
        trailers: header_pairs(&exchange.trailers),
    })
}

fn text(exchange: &Exchange, endpoint_method: &str, findings: &[FindingEntry], out: &mut Out) -> Result<(), Failure> {
    let mut lines = facts(exchange, endpoint_method);
    lines.push(String::new());
    push_request(&mut lines, exchange);
    lines.push(String::new());
    push_response(&mut lines, exchange);
    if !findings.is_empty() {
        lines.push(String::new());
    }
    lines.extend(findings.iter().take(FINDINGS).map(finding_line));
    if findings.len() > FINDINGS {
        lines.push(format!("and {} findings more", findings.len() - FINDINGS));
    }
    out.text(&(lines.join("\n") + "\n"))
}

/// When and how it was captured.
fn facts(exchange: &Exchange, endpoint_method: &str) -> Vec<String> {
    let method = match endpoint_method {
        "" => String::new(),
        method => format!(", which asks for {}", safe(method)),
    };
    let mut lines = vec![
        format!(
            "exchange {} from source {}{method}",
            exchange.index,
            safe(&exchange.source)
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
    lines
}

fn push_request(lines: &mut Vec<String>, exchange: &Exchange) {
    let RequestHead {
        method,
        target,
        version,
        headers,
        ..
    } = &exchange.request;
    lines.push(format!("{} {} {}", safe(method), safe(target), version.as_str()));
    push_headers(lines, headers);
    lines.push(format!("({} of body)", words::bytes(exchange.request_len)));
}

fn push_response(lines: &mut Vec<String>, exchange: &Exchange) {
    match &exchange.response {
        None => lines.push("no answer came".to_owned()),
        Some(head) => {
            lines.push(format!("{} {}", head.version.as_str(), head.status));
            push_headers(lines, &head.headers);
            lines.push(match exchange.relayed {
                Some(relayed) => format!("({} after that, counted and not kept)", relayed_words(relayed)),
                None => format!(
                    "({} of body in {})",
                    words::bytes(exchange.body_len),
                    words::count(exchange.chunk_count, "chunk")
                ),
            });
            push_headers(lines, &exchange.trailers);
        }
    }
    for hole in &exchange.holes {
        let len = hole
            .len
            .map_or_else(|| "an unknown number of bytes".to_owned(), words::bytes);
        lines.push(format!("not recorded: {len} from byte {} on", hole.offset));
    }
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
