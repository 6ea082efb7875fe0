//! `scrubjay show`: the heads, chunks and ending of an exchange.

use scrubjay_session::{
    exchange::{Chunk, Exchange, Headers, RequestHead, origin_and_path},
    query::FindingEntry,
    shelf::Shelf as _,
};

use super::list::{passage, relayed_words};
use crate::{
    args::{LimitArg, One},
    command::Execute,
    contract::{ChunkObject, HoleObject, RequestObject, ResponseObject, ShowLine, header_pairs},
    failure::Failure,
    json,
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
    let holes = exchange.holes.iter().map(|hole| HoleObject {
        offset: hole.offset,
        len: hole.len,
    });
    out.text(&json::line(&ShowLine {
        source: &exchange.source,
        request: request_object(&exchange.request, exchange.request_len),
        response: response_object(exchange),
        chunks,
        holes: holes.collect(),
        ending: exchange.ending.as_str(),
        passage: passage(exchange),
        url: has_other_url(exchange).then(|| exchange.url()),
        findings: findings.iter().map(Into::into).collect(),
    }))
}

fn chunk_object(chunk: &Chunk) -> ChunkObject {
    ChunkObject {
        offset: chunk.offset,
        len: chunk.len,
        at_us: chunk.at_us,
    }
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
