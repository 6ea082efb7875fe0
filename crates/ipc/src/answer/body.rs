//! A body that is no stream.

use scrubjay_protocol::json::{Value, parse};
use scrubjay_session::{
    exchange::field,
    query::{Failed, Reader},
    shelf::Shelf,
};

use super::{
    media_type,
    panes::{TEXT_LEN, body_text},
};
use crate::{Body, BodyView};

/// Bytes given as bytes.
const BYTES_LEN: usize = 4 * 1024;
/// Bytes of a body that are read at all.
const READ_LEN: u64 = 16 * 1024 * 1024;

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
