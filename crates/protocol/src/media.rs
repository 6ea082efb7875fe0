//! What a response body is: by its content type, and else by its content.
//!
//! AG-UI is recognised by content, because real servers send event streams as
//! `application/json` or as nothing at all, and because the official client
//! reads everything as SSE that is not exactly the protobuf media type.

use crate::{encoding, record};

/// Decoded bytes after which a body that could still be anything is [`Media::Other`].
pub const START_LIMIT_BYTES: usize = 64 * 1024;

/// How a response body is to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// Server-sent events: [`crate::sse`].
    Sse,
    /// Length-prefixed protobuf records: [`crate::record`].
    Records,
    /// Something else: no frames.
    Other,
}

/// What a decoded body is, by its `content-type` and its first bytes.
///
/// `None` while the bytes are too few; more may come. A body that
/// ends undecided is [`Media::Other`], and so is one that is undecided after
/// 64 KiB.
///
/// ```
/// use scrubjay_protocol::media::{Media, recognise};
///
/// assert_eq!(recognise(Some("text/event-stream; charset=utf-8"), b""), Some(Media::Sse));
/// assert_eq!(recognise(Some("application/json"), b"data: {\"type\""), Some(Media::Sse));
/// assert_eq!(recognise(Some("application/json"), b"{\"agents\":"), Some(Media::Other));
/// ```
pub fn recognise(content_type: Option<&str>, start: &[u8]) -> Option<Media> {
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("text/event-stream") {
        return Some(Media::Sse);
    }
    if essence.eq_ignore_ascii_case(record::MEDIA_TYPE) {
        return Some(Media::Records);
    }
    match (looks_like_sse(start), looks_like_records(start)) {
        (Some(true), _) => Some(Media::Sse),
        (_, Some(true)) => Some(Media::Records),
        (Some(false), Some(false)) => Some(Media::Other),
        _ if start.len() >= START_LIMIT_BYTES => Some(Media::Other),
        _ => None,
    }
}

/// Recognises a response body while its bytes come from the wire.
///
/// Takes the content encoding off, and keeps no more of the body than it needs.
///
/// ```
/// use scrubjay_protocol::media::{Media, Recogniser};
///
/// let mut recogniser = Recogniser::new(None, "");
/// assert_eq!(recogniser.push(b": a comment\n\nda"), None);
/// assert_eq!(recogniser.push(b"ta: {}\n\n"), Some(Media::Sse));
/// ```
pub struct Recogniser {
    content_type: Option<String>,
    decoder: encoding::Decoder,
    start: Vec<u8>,
    media: Option<Media>,
}

impl Recogniser {
    /// For a body with these header fields; an absent or empty type counts as none.
    pub fn new(content_type: Option<&str>, content_encoding: &str) -> Self {
        Self {
            content_type: content_type.map(str::to_owned),
            decoder: encoding::Decoder::new(content_encoding),
            start: Vec::new(),
            media: recognise(content_type, b""),
        }
    }

    /// Takes the next bytes as they were on the wire. Gives what the body is,
    /// once it is known.
    pub fn push(&mut self, bytes: &[u8]) -> Option<Media> {
        if self.media.is_none() {
            let start = &mut self.start;
            self.decoder.push(bytes, &mut |piece| {
                let room = START_LIMIT_BYTES - start.len();
                start.extend_from_slice(&piece[..piece.len().min(room)]);
            });
            self.media = recognise(self.content_type.as_deref(), &self.start);
        }
        self.media
    }

    /// What the body is, if it is known by now.
    pub fn media(&self) -> Option<Media> {
        self.media
    }
}

/// Whether the first line that is no comment and no side field is a `data` field.
fn looks_like_sse(start: &[u8]) -> Option<bool> {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let mut lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
    while let Some(line) = lines.next() {
        let is_last = lines.peek().is_none();
        if line.starts_with(b"data:") {
            return Some(true);
        }
        let passes = [&b":"[..], b"event:", b"id:", b"retry:"]
            .iter()
            .any(|field| line.starts_with(field));
        if line.is_empty() || passes {
            continue;
        }
        let may_become = is_last
            && [&b"data:"[..], b"event:", b"id:", b"retry:"]
                .iter()
                .any(|field| field.starts_with(line));
        return if may_become { None } else { Some(false) };
    }
    None
}

/// Whether the first record is one envelope with one known event that fills it.
fn looks_like_records(start: &[u8]) -> Option<bool> {
    let Some((prefix, message)) = start.split_first_chunk::<4>() else {
        return if start.first().is_none_or(|byte| *byte == 0) {
            None
        } else {
            Some(false)
        };
    };
    let len = u64::from(u32::from_be_bytes(*prefix));
    if !(2..=record::OFFICIAL_RECORD_LIMIT).contains(&len) {
        return Some(false);
    }
    match record::envelope(message) {
        Some((_, event_len)) => Some(event_len == len),
        None if message.len() < 8 => None,
        None => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_where_the_type_does_not() {
        for (content_type, start, media) in [
            (None, &b""[..], None),
            (None, b"dat", None),
            (None, b"data:", Some(Media::Sse)),
            (None, b"date: 7", Some(Media::Other)),
            (
                Some("text/plain"),
                b"\xEF\xBB\xBF: ping\n\nevent: x\r\ndata: {}",
                Some(Media::Sse),
            ),
            (Some("text/plain"), b": ping\n\n", None),
            (
                Some("application/json"),
                b"{\"type\":\"RUN_STARTED\"}\n",
                Some(Media::Other),
            ),
            (Some("TEXT/EVENT-STREAM"), b"{", Some(Media::Sse)),
            (Some("application/vnd.ag-ui.event+proto;v=1"), b"", Some(Media::Records)),
            (
                Some("application/octet-stream"),
                b"\x00\x00\x00\x0c\x62\x0a\x0a\x02",
                Some(Media::Records),
            ),
            (Some("application/octet-stream"), b"\x00\x00\x00\x0c\x62", None),
            (
                Some("application/octet-stream"),
                b"\x00\x00\x00\x0c\x08\x0a\x0a\x02\x00\x00\x00\x00",
                Some(Media::Other),
            ),
            (Some("image/png"), b"\x89PNG", Some(Media::Other)),
        ] {
            assert_eq!(recognise(content_type, start), media, "{content_type:?} {start:?}");
        }
    }
}
