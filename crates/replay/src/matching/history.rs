//! Whether a recorded `connect` was answered with an empty history.

use scrubjay_protocol::{
    event::EventType,
    frame::{Frame, FrameKind},
    framing::Framing,
    media::Media,
};
use scrubjay_session::exchange::field;

use super::{compare::is_nothing, request::decoded};
use crate::recorded::Recorded;

/// A longer answer is taken for a history without being read.
const READ_LEN: u64 = 64 * 1024;
/// So is one that is longer than this without its encoding.
const DECODED_LEN: u64 = 1024 * 1024;

/// Whether the answer holds nothing of any thread: it has no message, no call
/// and no state. Such an answer may be given to a thread that the recording
/// does not know. What cannot be read counts as a history.
pub(super) fn is_empty(recorded: &Recorded) -> bool {
    let exchange = &recorded.exchange;
    let Some(head) = exchange
        .response
        .as_ref()
        .filter(|head| (200..300).contains(&head.status))
    else {
        return false;
    };
    if exchange.body_len > READ_LEN {
        return false;
    }
    let Ok(bytes) = recorded.body.bytes(0..exchange.body_len) else {
        return false;
    };
    let (body, is_whole) = decoded(&field(&head.headers, "content-encoding"), &bytes, DECODED_LEN);
    is_whole
        && frames(&field(&head.headers, "content-type"), &body)
            .iter()
            .all(is_silent)
}

fn frames(content_type: &str, body: &[u8]) -> Vec<Frame> {
    let mut framing = Framing::new(Some(content_type));
    framing.push(body);
    let mut frames: Vec<Frame> = std::iter::from_fn(|| framing.next_frame()).collect();
    frames.extend(framing.finish());
    let is_stream = matches!(framing.media(), Some(Media::Sse | Media::Records));
    if !is_stream && !body.is_empty() {
        // It may say anything.
        frames.push(Frame {
            kind: FrameKind::Malformed,
            ..Frame::default()
        });
    }
    frames
}

fn is_silent(frame: &Frame) -> bool {
    if frame.kind == FrameKind::Comment {
        return true;
    }
    let Some(value) = &frame.value else { return false };
    let is_empty = |name: &str| value.get(name).is_none_or(is_nothing);
    match &frame.event_type {
        Some(EventType::RunStarted) => value.get("input").is_none_or(|input| {
            input.get("messages").is_none_or(is_nothing) && input.get("state").is_none_or(is_nothing)
        }),
        Some(EventType::RunFinished) => {
            let outcome = value.get("outcome");
            is_empty("result") && outcome.is_none_or(|outcome| outcome.get("interrupts").is_none_or(is_nothing))
        }
        Some(EventType::MessagesSnapshot) => is_empty("messages"),
        Some(EventType::StateSnapshot) => is_empty("snapshot"),
        _ => false,
    }
}
