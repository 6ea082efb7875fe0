//! Which format a text is of, by what it holds.

use scrubjay_protocol::{event::EventType, json};

use super::document::{Part, fields, string, walk};
use crate::read::{ReadError, Stop};

/// What is read beside recordings and zip archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The body of an event stream.
    EventStream,
    /// What curl prints of an exchange.
    Transcript,
    /// JSON events, in an array or one after the other.
    Events,
    /// The log of CopilotKit's inspector.
    InspectorLog,
    /// HAR 1.2.
    Har,
    /// Fixtures of aimock.
    Aimock,
    /// A session file of agui-inspector.
    AguiInspector,
    /// A session file of Gentui.
    Gentui,
}

/// Events that are looked at for one whose type is known.
const LOOKED_AT: usize = 100;
/// Lines that are looked at for those of a transcript or a stream.
const LOOKED_AT_LINES: usize = 400;

pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Whether a file that begins like this has the lines of a recording.
pub(super) fn is_recording(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text_of(head).trim_ascii_start();
    text.starts_with('{') && Names::of(first_text(text)).has("kind")
}

/// UTF-8 in the place of UTF-16, which the shell of Windows writes.
pub(super) fn utf8_of_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let units = bytes[2..].as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text: String = char::decode_utf16(units)
        .map(|read| read.unwrap_or('\u{fffd}'))
        .collect();
    Some(text.into_bytes())
}

/// The format of a file; none for what only the reader of recordings can name.
///
/// # Errors
/// When the format is known and cannot be read.
pub(super) fn recognised(bytes: &[u8]) -> Result<Option<Format>, ReadError> {
    if let Some(reason) = unreadable(bytes) {
        return Err(refused(reason));
    }
    let text = text_of(bytes);
    let text = text.trim_ascii_start();
    match text.as_bytes().first() {
        Some(b'[') => array(text),
        Some(b'{') => object(text),
        _ if is_transcript(text) => Ok(Some(Format::Transcript)),
        _ if is_event_stream(text) => Ok(Some(Format::EventStream)),
        _ => Ok(None),
    }
}

fn refused(reason: &str) -> ReadError {
    ReadError::NotARecording {
        reason: reason.to_owned(),
    }
}

/// As much as is text.
fn text_of(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// What is known by its first bytes and not read.
fn unreadable(bytes: &[u8]) -> Option<&'static str> {
    const BY_MAGIC: [(&[u8], &str); 10] = [
        (b"\xd4\xc3\xb2\xa1", PCAP),
        (b"\xa1\xb2\xc3\xd4", PCAP),
        (b"\x4d\x3c\xb2\xa1", PCAP),
        (b"\x0a\x0d\x0d\x0a", PCAP),
        (b"PAR1", "it is a Parquet file, which is not read"),
        (
            b"\x28\xb5\x2f\xfd",
            "it is packed with zstd; unpack it first: zstd -d FILE",
        ),
        (b"\xfd7zXZ\0", "it is packed with xz; unpack it first: xz -d FILE"),
        (b"BZh", "it is packed with bzip2; unpack it first: bzip2 -d FILE"),
        (b"== Info:", TRACE),
        (b"=> Send header", TRACE),
    ];
    let by_magic = BY_MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic));
    if let Some((_, reason)) = by_magic {
        return Some(reason);
    }
    is_flow(bytes).then_some(
        "it is a mitmproxy flow file, which is not read; write it as HAR: mitmdump -nr FILE --set hardump=FILE.har",
    )
}

const PCAP: &str = "it is a packet capture (pcap), which is not read; record with scrubjay record instead";
const TRACE: &str = "it is what curl --trace prints, which is not read; ask with curl -v or curl -i instead";

/// Whether this is a netstring that begins with a dictionary, as mitmproxy writes: `5555:9:websocket;`.
fn is_flow(bytes: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
    let outer = digits(bytes);
    let Some(rest) = bytes.get(outer..).and_then(|rest| rest.strip_prefix(b":")) else {
        return false;
    };
    let inner = digits(rest);
    let len: usize = str::from_utf8(&rest[..inner])
        .ok()
        .and_then(|len| len.parse().ok())
        .unwrap_or(0);
    let name = rest
        .get(inner..)
        .and_then(|rest| rest.strip_prefix(b":"))
        .and_then(|rest| rest.get(..=len));
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    outer > 0 && len > 0 && name.is_some_and(|name| name.ends_with(b";") && name[..len].iter().all(is_name))
}

/// The first JSON text of several, or all where it is damaged.
pub(super) fn first_text(text: &str) -> &str {
    let first = json::skip_value(text.as_bytes(), 0).ok();
    first.and_then(|range| text.get(range)).unwrap_or(text)
}

/// Names of members on the way to lists of formats.
struct Names(Vec<String>);

impl Names {
    fn of(text: &str) -> Self {
        /// More than any format has before those that it is known by.
        const MOST: usize = 200;
        let mut names = Vec::new();
        // A damaged text names what stands before its damage.
        walk(
            text,
            &["log.entries", "session.exchanges", "agui.fixtures"],
            &mut |part, _, _| {
                if let Part::Name(path) = part {
                    names.push(path.to_owned());
                }
                match names.len() < MOST {
                    true => Ok(()),
                    false => Err(enough()),
                }
            },
        )
        .ok();
        Self(names)
    }

    fn has(&self, path: &str) -> bool {
        self.0.iter().any(|name| name == path)
    }

    fn has_all(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| self.has(path))
    }
}

fn enough() -> Stop {
    Stop::Damaged(String::new())
}

fn object(text: &str) -> Result<Option<Format>, ReadError> {
    let first = first_text(text);
    let names = Names::of(first);
    let [format] = fields(first, ["format"]);
    let format = match () {
        () if names.has("log") && ["log.entries", "log.creator"].iter().any(|path| names.has(path)) => Format::Har,
        () if string(format).as_deref() == Some("gentui-session") => Format::Gentui,
        () if is_gentui_cut(first) => Format::Gentui,
        () if names.has_all(&["session", "session.exchanges"]) => Format::AguiInspector,
        () if names.has("fixtures") || names.has("agui.fixtures") || names.has_all(&["match", "events"]) => {
            Format::Aimock
        }
        () if names.has_all(&["type", "payload"]) && is_logged(first) => Format::InspectorLog,
        () if names.has("type") || names.has("events") => return events(text),
        () if names.has_all(&["threadId", "messages"]) => {
            return Err(refused("it is the input of a run, and holds no answer"));
        }
        () if names.has_all(&["info", "item"]) => {
            return Err(refused("it is a Postman collection, which holds no exchange"));
        }
        () => return Ok(None),
    };
    Ok(Some(format))
}

/// A session of Gentui that ends in the middle begins with its format all the same.
fn is_gentui_cut(text: &str) -> bool {
    let start = text.get(1..).unwrap_or_default().trim_ascii_start();
    let value = start.strip_prefix("\"format\"").map(str::trim_ascii_start);
    let value = value.and_then(|rest| rest.strip_prefix(':')).map(str::trim_ascii_start);
    value.is_some_and(|value| value.starts_with("\"gentui-session\""))
}

fn array(text: &str) -> Result<Option<Format>, ReadError> {
    let mut first = None;
    walk(text, &[""], &mut |part, item, _| {
        if let Part::Item(_) = part {
            first = Some(item);
        }
        Err(enough())
    })
    .ok();
    let Some(first) = first else {
        let is_empty = text[1..].trim_ascii_start().starts_with(']');
        return match is_empty {
            true => Err(refused("it is an empty JSON array")),
            false => Ok(None),
        };
    };
    let names = Names::of(first);
    match () {
        () if is_logged(first) => Ok(Some(Format::InspectorLog)),
        () if names.has_all(&["match", "events"]) => Ok(Some(Format::Aimock)),
        () if names.has_all(&["status", "method", "protocolVersion"]) => Err(refused(
            "it is a session of Charles, which is not read; export the session as HAR",
        )),
        () if names.has("type") => events(text),
        () => Err(refused("it is a JSON array of something that is no AG-UI event")),
    }
}

/// Whether an item is an entry of a log with an event in it.
fn is_logged(item: &str) -> bool {
    let [payload] = fields(item, ["payload"]);
    payload.is_some_and(|payload| fields(payload, ["type"])[0].is_some())
}

/// Events are taken where the type of one is known: other streams have types, too.
fn events(text: &str) -> Result<Option<Format>, ReadError> {
    let mut looked_at = 0;
    let mut is_known = false;
    walk(text, &["", "events"], &mut |part, value, _| {
        looked_at += 1;
        let [name] = match part {
            Part::Name(_) => [None],
            // The members of one event that stands alone.
            Part::Member("type") => [Some(value)],
            Part::Member(_) | Part::Item(_) => fields(value, ["type"]),
        };
        is_known |= string(name).is_some_and(|name| EventType::from_name(&name).is_known());
        match is_known || looked_at > LOOKED_AT * 16 {
            true => Err(enough()),
            false => Ok(()),
        }
    })
    .ok();
    match is_known {
        true => Ok(Some(Format::Events)),
        false => Err(refused("its JSON objects have types, and none is of an AG-UI event")),
    }
}

fn is_event_stream(text: &str) -> bool {
    const FIELDS: [&str; 5] = ["data:", "event:", "retry:", "id:", ":"];
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(LOOKED_AT_LINES);
    let Some(first) = lines.next() else { return false };
    FIELDS.iter().any(|field| first.starts_with(field))
        && (first.starts_with(':') || first.starts_with("data:") || lines.any(|line| line.starts_with("data:")))
}

fn is_transcript(text: &str) -> bool {
    let mut lines = text.lines().take(LOOKED_AT_LINES);
    let first = lines.next().unwrap_or_default();
    is_status(first)
        || text.lines().take(LOOKED_AT_LINES).map(without_time).any(|line| {
            let sent = line
                .strip_prefix("> ")
                .is_some_and(|line| line.trim_end().contains(" HTTP/"));
            sent || line.strip_prefix("< ").is_some_and(is_status)
        })
}

/// Whether a line is the first of a response's head.
pub(super) fn is_status(line: &str) -> bool {
    line.strip_prefix("HTTP/")
        .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
}

/// A line without the time that `curl --trace-time` puts before it.
pub(super) fn without_time(line: &str) -> &str {
    let is_time =
        |time: &str| time.len() == 15 && time.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    match line.split_at_checked(15) {
        Some((time, rest)) if is_time(time) => rest.trim_start(),
        _ => line,
    }
}
