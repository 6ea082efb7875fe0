//! What stays of an exchange when something is taken out of it.

use scrubjay_redaction::{Plan, Redactor, Report, Whole};
use scrubjay_session::{
    exchange::{Chunk, Exchange, RequestHead, ResponseHead},
    memory::MemoryShelf,
    query::Reader,
};

pub(crate) fn redacted(plan: &Plan, key: u8, whole: &Whole) -> (Whole, Report) {
    let mut redactor = Redactor::new(plan.clone(), [key; 32]);
    redactor.look(whole);
    let redacted = redactor.redact(whole.clone());
    (redacted, redactor.report("everything", "test"))
}

/// An answer that streams a body, in chunks of this length.
pub(crate) fn streamed(request: &str, body: &str, chunk_len: usize) -> Whole {
    let chunks = body
        .as_bytes()
        .chunks(chunk_len)
        .enumerate()
        .map(|(number, bytes)| Chunk {
            offset: (number * chunk_len) as u64,
            len: bytes.len() as u64,
            at_us: number as u64 * 100,
        });
    let chunks: Vec<Chunk> = chunks.collect();
    Whole {
        exchange: Exchange {
            request: RequestHead {
                method: "POST".into(),
                target: "/".into(),
                ..RequestHead::default()
            },
            response: Some(ResponseHead {
                status: 200,
                headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
                ..ResponseHead::default()
            }),
            ending: scrubjay_session::exchange::Ending::Complete,
            request_len: request.len() as u64,
            body_len: body.len() as u64,
            chunk_count: chunks.len() as u64,
            last_at_us: chunks.len() as u64 * 100,
            ..Exchange::default()
        },
        request_body: request.as_bytes().to_vec(),
        chunks,
        body: body.as_bytes().to_vec(),
    }
}

/// What is in one outline and not in the other.
pub(crate) fn parted(whole: &Whole, other: &Whole) -> Vec<String> {
    let (before, after) = (outline(whole), outline(other));
    let gone = before
        .iter()
        .filter(|line| !after.contains(line))
        .map(|line| format!("- {line}"));
    let new = after
        .iter()
        .filter(|line| !before.contains(line))
        .map(|line| format!("+ {line}"));
    let order = (before.len() == after.len() && before != after).then(|| "another order".to_owned());
    gone.chain(new).chain(order).collect()
}

/// Frames with their places, times and types, spans, runs, findings, and where the client stops.
fn outline(whole: &Whole) -> Vec<String> {
    let shelf = MemoryShelf::new(
        whole.exchange.clone(),
        whole.request_body.clone(),
        whole.chunks.clone(),
        whole.body.clone(),
    );
    let mut reader = Reader::open(shelf).unwrap();
    let summary = reader.summary().clone();
    let mut outline = vec![format!(
        "{:?} {} frames, {} events, {} tools, {} characters, runs {:?}, stop {:?}",
        summary.transport,
        summary.frames,
        summary.events,
        summary.tools,
        summary.text_chars,
        summary.runs,
        summary.stop.map(|stop| stop.seq)
    )];
    outline.extend(reader.frames(1..summary.frames + 1).unwrap().into_iter().map(|frame| {
        format!(
            "frame {} {} {} {} {:?} {:?} {}",
            frame.offset, frame.len, frame.at_us, frame.chunk, frame.kind, frame.event, frame.span
        )
    }));
    outline.extend(reader.spans(0..summary.spans).unwrap().into_iter().map(|span| {
        format!(
            "span {:?} {}..{} {}..{} {} {} {} {:?}",
            span.kind,
            span.first_seq,
            span.last_seq,
            span.start_us,
            span.end_us,
            span.open,
            span.bytes,
            span.chars,
            span.first_text_us
        )
    }));
    let findings = reader.findings(0..u32::MAX, usize::MAX).unwrap().into_iter();
    // What looked like a key is gone, and should be.
    let findings = findings.filter(|finding| finding.rule != "secret.on_wire");
    outline.extend(findings.map(|finding| format!("finding {} {} {}", finding.seq, finding.rule, finding.stop)));
    outline
}
