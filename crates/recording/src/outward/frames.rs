//! The frames of an exchange with their times.

use scrubjay_protocol::{
    encoding,
    frame::{Frame, FrameKind},
    framing::Framing,
    json::to_json,
    media::Media,
};
use scrubjay_session::exchange::field;

use crate::{Recorded, line::json_text};

/// Gives each frame with the time of the chunk that completed it, and then the
/// decoded body with what it is.
pub(super) fn each_frame(recorded: &Recorded, each: &mut dyn FnMut(u64, Frame)) -> (Option<Media>, Vec<u8>) {
    let headers = recorded.exchange.response.as_ref().map(|head| &head.headers);
    let value = |name| headers.map(|headers| field(headers, name)).unwrap_or_default();
    let content_type = value("content-type");
    let mut decoder = encoding::Decoder::new(&value("content-encoding"));
    let mut framing = Framing::new(Some(content_type.as_str()).filter(|text| !text.is_empty()));
    let mut body = Vec::new();
    let mut at = 0;
    let mut last_at_us = 0;
    for chunk in &recorded.chunks {
        let end = recorded
            .body
            .len()
            .min(at + usize::try_from(chunk.len).unwrap_or(usize::MAX - at));
        last_at_us = chunk.at_us;
        decoder.push(&recorded.body[at..end], &mut |piece| {
            framing.push(piece);
            body.extend_from_slice(piece);
        });
        at = end;
        while let Some(frame) = framing.next_frame() {
            each(last_at_us, frame);
        }
    }
    decoder.finish(&mut |piece| {
        framing.push(piece);
        body.extend_from_slice(piece);
    });
    while let Some(frame) = framing.next_frame().or_else(|| framing.finish()) {
        each(last_at_us, frame);
    }
    (framing.media(), body)
}

/// The events of an exchange, as they stand on the wire.
pub(super) fn events(recorded: &Recorded) -> Vec<String> {
    let mut events = Vec::new();
    each_frame(recorded, &mut |_, frame| events.extend(event_text(&frame)));
    events
}

/// What a record decodes to stands for its event.
fn event_text(frame: &Frame) -> Option<String> {
    match frame.kind {
        FrameKind::Event => json_text(&frame.data).map(std::borrow::Cow::into_owned),
        FrameKind::Record => frame.value.as_ref().map(to_json),
        FrameKind::Comment | FrameKind::Malformed => None,
    }
}

/// Whether the body is an event stream, and the body without its encoding.
pub(super) fn stream(recorded: &Recorded) -> (bool, Vec<u8>) {
    let (media, body) = each_frame(recorded, &mut |_, _| {});
    (media == Some(Media::Sse), body)
}
