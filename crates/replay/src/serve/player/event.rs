//! The event of a part: what is shown of it before it goes, and another text in its place.

use scrubjay_protocol::sse;

use crate::{schedule::Part, serve::orders::Next};

/// Puts an event with another text in a part's place. In a binary stream
/// nothing can take it.
pub(super) fn edit(part: &mut Part, text: &str) {
    if !next_of(part).is_editable {
        return;
    }
    let mut bytes = Vec::with_capacity(text.len() + 8);
    sse::write_event(&mut bytes, text.as_bytes());
    for mark in &mut part.marks {
        mark.end = bytes.len();
        mark.made = true;
    }
    part.bytes = bytes.into();
}

/// The event of a part, as it is shown before it goes.
pub(super) fn next_of(part: &Part) -> Next {
    let mark = part.marks.first();
    let text = text_of(&part.bytes);
    Next {
        seq: mark.map_or(0, |mark| mark.seq),
        type_name: mark
            .and_then(|mark| mark.event_type.as_ref())
            .map_or_else(String::new, |event_type| event_type.name().to_owned()),
        is_editable: !text.is_empty() && part.marks.len() == 1,
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// The data of the first SSE frame in some bytes; empty when there is none.
pub(super) fn text_of(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = sse::Decoder::new();
    decoder.push(bytes);
    decoder.next_frame().map_or_else(Vec::new, |frame| frame.data)
}
