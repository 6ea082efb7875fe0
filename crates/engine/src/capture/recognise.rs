//! Whether the first bytes of a body hold an AG-UI event.
//!
//! Only a line of the checklist depends on this, so it looks at lines and not
//! at frames; what the frames really are is read from the store.

use scrubjay_protocol::{
    encoding,
    event::{EventType, Family},
    media::{Media, Recogniser},
};
use serde::Deserialize;

/// Decoded bytes that are looked at, at most.
const READ_BYTES: usize = 1 << 20;

/// An event, as far as its type.
#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    name: std::borrow::Cow<'a, str>,
}

/// Whether an event of a known type stands in these first bytes of a body.
pub(crate) fn has_event(content_type: &str, content_encoding: &str, bytes: &[u8]) -> bool {
    let mut plain = Vec::new();
    // The decoder does not learn of an end: what came so far is what there is.
    encoding::Decoder::new(content_encoding).push(bytes, &mut |piece| {
        plain.extend_from_slice(&piece[..piece.len().min(READ_BYTES - plain.len())]);
    });
    match media(content_type, content_encoding, bytes) {
        Some(Media::Sse) => has_sse_event(&plain),
        Some(Media::Records) => has_record(&plain),
        Some(Media::Other) | None => false,
    }
}

/// What a body with these first bytes is, if that is known by now.
pub(crate) fn media(content_type: &str, content_encoding: &str, bytes: &[u8]) -> Option<Media> {
    Recogniser::new(Some(content_type), content_encoding).push(bytes)
}

fn has_sse_event(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter_map(|line| line.strip_prefix(b"data:"))
        .filter_map(|data| serde_json::from_slice::<Typed<'_>>(data).ok())
        .any(|event| EventType::from_name(&event.name).family() != Family::Unknown)
}

/// Whether one length-prefixed record is there whole.
fn has_record(bytes: &[u8]) -> bool {
    bytes.first_chunk::<4>().is_some_and(|prefix| {
        let len = u64::from(u32::from_be_bytes(*prefix));
        len > 0 && bytes.len() as u64 >= 4 + len
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_recognised_by_their_type() {
        let check = |body: &[u8], expected: bool| {
            assert_eq!(has_event("text/event-stream; charset=utf-8", "", body), expected);
        };
        check(b"data: {\"type\":\"RUN_STARTED\"}\n\n", true);
        check(b"data:{\"threadId\":\"t\",\"type\":\"CUSTOM\"}\r\n\r\n", true);
        check(b": hello\n\nevent: x\ndata: {\"type\":\"STEP_STARTED\"}\n\n", true);
        check(b"data: {\"type\":\"message_delta\"}\n\n", false);
        check(b"data: {\"type\":\"RUN_STAR", false);
        check(b"data: [DONE]\n\n", false);
        check(b"", false);
    }

    #[test]
    fn a_whole_record_counts() {
        let check = |body: &[u8], expected: bool| {
            assert_eq!(has_event("application/vnd.ag-ui.event+proto", "", body), expected);
        };
        check(&[0, 0, 0, 2, 1, 1], true);
        check(&[0, 0, 0, 2, 1], false);
        check(&[0, 0], false);
    }

    #[test]
    fn a_cut_gzip_is_read_as_far_as_it_goes() {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"data: {\"type\":\"RUN_STARTED\"}\n\n").unwrap();
        packer.flush().unwrap();
        let so_far = packer.get_ref().clone();
        assert!(has_event("text/event-stream", "gzip", &so_far));
    }
}
