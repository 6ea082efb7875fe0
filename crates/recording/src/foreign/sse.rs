//! The body of an event stream: alone, or with the times of its events.

use scrubjay_protocol::{
    frame::{Detail, Frame},
    framing::Framing,
    media::Media,
};
use scrubjay_session::exchange::Chunk;

use super::{document::Halt, taking::Taking};
use crate::rule::name_bytes;

/// Takes a body that stands in the file as it was sent.
pub(super) fn take(taking: &mut Taking<'_>) -> Result<(), Halt> {
    let body = taking.bytes;
    let halt = |stop| (0, stop);
    taking.begin(0).map_err(halt)?;
    taking.grow_by_body(body).map_err(halt)?;
    let mut lines = Vec::new();
    for frame in frames(body) {
        let at = usize::try_from(frame.range.start).unwrap_or(usize::MAX);
        lines.push((taking.line_at(at), frame.range.start));
    }
    let recorded = taking.last(0).map_err(halt)?;
    recorded.frame_lines = lines;
    super::taking::append(recorded, body, 0);
    taking.note(
        "The file is the body of an event stream: it has no request, no headers and no times, so that all of it stands \
         at the time 0.",
    );
    Ok(())
}

/// An event as a browser hands it to a page, with the time.
pub(super) struct Message {
    /// When it came, since the request.
    pub(super) at_us: u64,
    pub(super) name: String,
    pub(super) id: String,
    pub(super) data: String,
}

/// A body and its chunks: one up to the end of each message where there are
/// messages and they fit the body, else one at the end. Where the tool kept
/// less of the body than messages, the body is made from those.
pub(super) fn timed(body: Vec<u8>, messages: &[Message], end_us: u64) -> (Vec<u8>, Vec<Chunk>) {
    let (ends, all) = ends_of(&body, messages);
    if ends.len() == messages.len() {
        let chunks = chunks(body.len() as u64, &ends, end_us);
        return (body, chunks);
    }
    if all < messages.len() {
        return made(messages);
    }
    let chunks = chunks(body.len() as u64, &[], end_us);
    (body, chunks)
}

/// Where the frame of each message ends and when it came, as far as they fit;
/// and how many frames have data.
fn ends_of(body: &[u8], messages: &[Message]) -> (Vec<(u64, u64)>, usize) {
    let mut ends = Vec::new();
    let mut all = 0;
    for frame in frames(body).filter(|frame| !frame.data.is_empty()) {
        all += 1;
        if let Some(message) = messages.get(ends.len())
            && message.data.as_bytes() == frame.data
        {
            ends.push((frame.range.end, message.at_us));
        }
    }
    (ends, all)
}

/// Chunks that end at these places and times, the last at the end of the body.
fn chunks(body_len: u64, ends: &[(u64, u64)], end_us: u64) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let (mut offset, mut at_us) = (0, 0);
    for &(end, time) in ends.iter().chain(&[(body_len, end_us)]) {
        at_us = time.max(at_us);
        if end == offset {
            continue;
        }
        match chunks.last_mut() {
            Some(chunk) if chunk.at_us == at_us => chunk.len += end - offset,
            _ => chunks.push(Chunk {
                offset,
                len: end - offset,
                at_us,
            }),
        }
        offset = end;
    }
    chunks
}

fn made(messages: &[Message]) -> (Vec<u8>, Vec<Chunk>) {
    let mut body = Vec::new();
    let mut ends = Vec::new();
    for message in messages {
        if !message.name.is_empty() && message.name != "message" {
            body.extend_from_slice(&name_bytes(&message.name));
        }
        if !message.id.is_empty() {
            body.extend_from_slice(format!("id: {}\n", message.id.replace(['\n', '\r'], " ")).as_bytes());
        }
        for line in message.data.split('\n') {
            body.extend_from_slice(format!("data: {line}\n").as_bytes());
        }
        body.push(b'\n');
        ends.push((body.len() as u64, message.at_us));
    }
    let end_us = ends.last().map_or(0, |(_, at_us)| *at_us);
    let chunks = chunks(body.len() as u64, &ends, end_us);
    (body, chunks)
}

/// The frames of a body.
fn frames(body: &[u8]) -> impl Iterator<Item = Frame> {
    let mut framing = Framing::resume(Media::Sse, 0).with_detail(Detail::TypeOnly);
    framing.push(body);
    std::iter::from_fn(move || framing.next_frame().or_else(|| framing.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(at_us: u64, data: &str) -> Message {
        Message {
            at_us,
            name: "message".to_owned(),
            id: String::new(),
            data: data.to_owned(),
        }
    }

    fn check(body: &str, messages: &[Message], expected: &str, lens: &[(u64, u64)]) {
        let (body, chunks) = timed(body.into(), messages, 90);
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        let found: Vec<_> = chunks.iter().map(|chunk| (chunk.len, chunk.at_us)).collect();
        assert_eq!(found, lens);
    }

    #[test]
    fn chunks_end_where_messages_do() {
        let body = ": hi\n\ndata: a\n\n: ping\n\ndata: b\n\n: bye\n\n";
        check(
            body,
            &[message(10, "a"), message(20, "b")],
            body,
            &[(15, 10), (17, 20), (7, 90)],
        );
        check(body, &[], body, &[(39, 90)]);
        check(body, &[message(10, "x")], body, &[(39, 90)]);
    }

    #[test]
    fn a_body_that_was_not_kept_is_made() {
        let made = "data: a\n\ndata: b\ndata: c\n\n";
        check("", &[message(10, "a"), message(20, "b\nc")], made, &[(9, 10), (17, 20)]);
        check(
            "data: a\n\n",
            &[message(10, "a"), message(20, "b\nc")],
            made,
            &[(9, 10), (17, 20)],
        );
        check("", &[], "", &[]);
    }
}
