//! A span's events, a value's writes, and a body that is no stream.

use scrubjay_protocol::json::{Value, parse};
use scrubjay_session::{
    exchange::field,
    query::{Failed, Reader},
    shelf::Shelf,
};

use super::{
    media_type,
    panes::{TEXT_LEN, body_text},
    shown::shown,
};
use crate::{Body, BodyView, SpanEvents, SpanEventsView, Writes, WritesView};

/// Events of a span, and writes of a value, that one answer gives at most.
const MOST: u32 = 200;
/// Parts of a span's time that are counted.
const PARTS: u32 = 60;
/// Bytes given as bytes.
const BYTES_LEN: usize = 4 * 1024;
/// Bytes of a body that are read at all.
const READ_LEN: u64 = 16 * 1024 * 1024;

pub(super) fn events<S: Shelf>(ask: &SpanEvents, reader: &mut Reader<S>) -> Result<SpanEventsView, Failed<S::Error>> {
    let window = reader.span_events(ask.span, ask.around, ask.count.min(MOST), PARTS)?;
    Ok(SpanEventsView {
        span: ask.span,
        first: window.first,
        total: window.total,
        events: shown(window.events),
        rate: window.rate,
    })
}

pub(super) fn writes<S: Shelf>(ask: &Writes, reader: &mut Reader<S>) -> Result<WritesView, Failed<S::Error>> {
    let writes = reader.writes(ask.at, &ask.pointer, ask.most.min(MOST) as usize)?;
    Ok(WritesView {
        writes: shown(writes.until),
        more: writes.more,
        next: writes.next,
    })
}

pub(super) fn body<S: Shelf>(_: &Body, reader: &mut Reader<S>) -> Result<BodyView, Failed<S::Error>> {
    let bytes = reader.decoded(0..READ_LEN)?;
    let facts = reader.exchange();
    // What Scrubjay answered in the agent's place has only the head that was delivered.
    let heads = facts.response.iter();
    let content_type = heads
        .flat_map(|head| [Some(&head.headers), head.delivered_headers.as_ref()])
        .flatten()
        .map(|headers| field(headers, "content-type"))
        .find(|content_type| !content_type.is_empty())
        .unwrap_or_default();
    let value: Option<Value> = (!bytes.is_empty()).then(|| parse(&bytes).ok()).flatten();
    let json = value.map(|value| body_text(&bytes, Some(&value)).0);
    let (text, cut) = body_text(&bytes, None);
    let len = reader.summary().decoded_len.max(bytes.len() as u64);
    Ok(BodyView {
        content_type: media_type(&content_type),
        len,
        lossy: text.contains('\u{fffd}') && std::str::from_utf8(&bytes[..bytes.len().min(TEXT_LEN)]).is_err(),
        cut: cut || len > bytes.len() as u64,
        text,
        json,
        bytes: bytes.into_iter().take(BYTES_LEN).collect(),
    })
}
