//! A body of frames: each event where it stands, and texts that come in pieces.

use std::{collections::BTreeMap, ops::Range};

use scrubjay_protocol::{
    event::{EventType, Family},
    frame::{Frame, FrameKind},
    framing::Framing,
    json,
    proto::{self, Leaf, NewLeaf},
};

use crate::{
    literal::{Literal, cut, joined},
    node::Node,
    place::Place,
    redactor::Redactor,
    walk::{self, Piece},
};

/// Bytes of the length before a record.
const PREFIX_LEN: usize = 4;
/// Bytes of a piece at most, on average, for texts that may come in pieces.
const PIECE_LEN: usize = 40;
/// Names of the ids by which pieces belong together.
const IDS: [&str; 4] = ["messageId", "message_id", "toolCallId", "tool_call_id"];

/// The frames of a body, and where the data of each stands.
pub(crate) struct Frames {
    frames: Vec<(Frame, Vec<Line>)>,
    tail: Range<usize>,
}

/// A line of data: where it begins in the joined text, and where it stands in the body.
#[derive(Debug)]
struct Line {
    text_start: usize,
    range: Range<usize>,
}

/// Pieces of one text, in order; the place is that of the first.
#[derive(Default)]
struct Stream {
    place: String,
    is_stream: bool,
    /// They stand in JSON, with quotes around them.
    is_quoted: bool,
    pieces: Vec<Range<usize>>,
}

/// Streams in the order in which they began.
#[derive(Default)]
struct Streams {
    numbers: BTreeMap<(String, String), usize>,
    streams: Vec<Stream>,
    /// The id that a piece without one goes on with, by what it is a piece of.
    last_ids: BTreeMap<String, String>,
}

impl Frames {
    pub(crate) fn of(mut framing: Framing, body: &[u8]) -> Self {
        let mut frames = Vec::new();
        while let Some(frame) = framing.next_frame() {
            frames.push(frame);
        }
        while let Some(frame) = framing.finish() {
            frames.push(frame);
        }
        let end = frames.last().map_or(0, |frame| frame.range.end as usize);
        let with_lines = |frame: Frame| {
            let lines = match frame.is_record {
                true => Vec::new(),
                false => lines(body, frame.range.start as usize..frame.range.end as usize),
            };
            (frame, lines)
        };
        Self {
            frames: frames.into_iter().map(with_lines).collect(),
            tail: end..body.len(),
        }
    }

    pub(crate) fn redact(self, redactor: &mut Redactor, body: &mut [u8]) {
        let old = body.to_vec();
        let mut streams = Streams::default();
        for (frame, lines) in &self.frames {
            match frame.is_record {
                true => record(redactor, &mut streams, frame, body),
                false => sse(redactor, &mut streams, frame, lines, body),
            }
        }
        for stream in streams.streams {
            stream.redact(redactor, &old, body);
        }
        let mut place = Place::new("unfinished frame", Node::Content);
        redactor.plain(&mut place, &mut body[self.tail]);
    }
}

/// The lines of data of a frame, and the other lines that say something.
fn lines(body: &[u8], frame: Range<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut at, mut text_start) = (frame.start, 0);
    if body[frame.clone()].starts_with(b"\xEF\xBB\xBF") {
        at += 3;
    }
    while at < frame.end {
        let len = body[at..frame.end]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = len.map_or(frame.end, |len| at + len);
        if let Some(value) = body[at..end].strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            lines.push(Line {
                text_start,
                range: end - value.len()..end,
            });
            text_start += value.len() + 1;
        }
        at = end + 1;
    }
    lines
}

/// Where a stretch of the joined text stands in the body: in one line, as every token of JSON does.
fn in_body(lines: &[Line], range: &Range<usize>) -> Option<Range<usize>> {
    let number = lines
        .partition_point(|line| line.text_start <= range.start)
        .checked_sub(1)?;
    let line = &lines[number];
    let start = line.range.start + (range.start - line.text_start);
    (start + range.len() <= line.range.end).then(|| start..start + range.len())
}

fn sse(redactor: &mut Redactor, streams: &mut Streams, frame: &Frame, lines: &[Line], body: &mut [u8]) {
    let name = frame.event_type.as_ref().map_or("frame", EventType::name);
    let is_event = frame.kind == FrameKind::Event;
    let text = std::str::from_utf8(&frame.data).ok().filter(|_| !lines.is_empty());
    let node = match is_event {
        true => Node::of_event(frame.event_type.as_ref()),
        false => Node::Stranger,
    };
    let mut place = Place::new(name, node);
    let walked = text.and_then(|text| walk::document(redactor, &mut place, text, is_event));
    match (walked, text) {
        (Some(walked), Some(text)) => {
            for edit in walked.edits {
                if let Some(range) = in_body(lines, &edit.range) {
                    body[range].copy_from_slice(&edit.bytes);
                }
            }
            streams.add(frame, text, walked.pieces, |range| in_body(lines, range));
        }
        _ => unread(redactor, lines, body),
    }
    if frame.raw.is_some() || lines.is_empty() {
        others(redactor, frame, lines, body);
    }
}

/// Lines of data that are no JSON.
fn unread(redactor: &mut Redactor, lines: &[Line], body: &mut [u8]) {
    for line in lines {
        let mut place = Place::new("frame", Node::Content);
        redactor.plain(&mut place, &mut body[line.range.clone()]);
    }
}

/// What stands in a frame beside its data.
fn others(redactor: &mut Redactor, frame: &Frame, lines: &[Line], body: &mut [u8]) {
    let (mut at, end) = (frame.range.start as usize, frame.range.end as usize);
    while at < end {
        let len = body[at..end].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let to = len.map_or(end, |len| at + len);
        let is_data = lines.iter().any(|line| line.range.end == to && line.range.start >= at);
        if !is_data {
            let is_comment = body[at] == b':';
            let colon = body[at..to]
                .iter()
                .position(|byte| *byte == b':')
                .map_or(0, |colon| colon + 1);
            let node = if is_comment { Node::Content } else { Node::Id };
            redactor.plain(&mut Place::new("comment", node), &mut body[at + colon..to]);
        }
        at = to + 1;
    }
}

fn record(redactor: &mut Redactor, streams: &mut Streams, frame: &Frame, body: &mut [u8]) {
    let range = frame.range.start as usize..frame.range.end as usize;
    let start = range.start + PREFIX_LEN;
    let Some(event) = frame.value.as_ref().filter(|_| start <= range.end) else {
        let message = start.min(range.end)..range.end;
        redactor.plain(&mut Place::new("record", Node::Content), &mut body[message]);
        return;
    };
    let name = frame.event_type.as_ref().map_or("record", EventType::name);
    let node = Node::of_event(frame.event_type.as_ref());
    let message = body[start..range.end].to_vec();
    let mut pointer = Vec::new();
    let mut pieces = Vec::new();
    let splices = proto::rewrite(&message, &mut |member, leaf| {
        let Leaf::Text(bytes) = leaf else { return None };
        let text = std::str::from_utf8(bytes).ok()?;
        let mut place = Place::new(name, node);
        let is_stream = member == "delta" && event.get("delta").is_some_and(|delta| delta.as_wtf8().is_some());
        if is_stream {
            let from = bytes.as_ptr() as usize - message.as_ptr() as usize;
            pieces.push(from..from + bytes.len());
            return None;
        }
        let new = match member {
            "path" | "from" => {
                pointer = walk::segments(text);
                place.node = Node::Pointer;
                redactor.text(&mut place, text)
            }
            "value" if !pointer.is_empty() => {
                place.node = Node::Data;
                place.pointed(&pointer, |place| redactor.text(place, text))
            }
            _ => {
                place.node = record_node(node, member);
                place.at(member, false, None, |place| {
                    place.node = record_node(node, member);
                    redactor.text(place, text)
                })
            }
        };
        new.map(|new| NewLeaf::Text(new.into_bytes()))
    });
    for (range, bytes) in splices.into_iter().filter(|(range, bytes)| range.len() == bytes.len()) {
        body[start + range.start..start + range.end].copy_from_slice(&bytes);
    }
    streams.begin(frame, || id_of_record(event));
    for piece in pieces {
        streams.add_record(frame, event, start + piece.start..start + piece.end);
    }
    redactor.bytes(&Place::new(name, Node::Data), &mut body[start..range.end]);
}

/// A record's leaves come without the way to them, so most may be data.
fn record_node(event: Node, member: &str) -> Node {
    match event.child(Some(member)) {
        _ if matches!(member, "type" | "role" | "op") => Node::Fixed,
        Node::Id if is_id(member) => Node::Id,
        Node::Content => Node::Content,
        _ => match member {
            "arguments" | "text" | "content" => Node::Content,
            _ if is_id(member) => Node::Id,
            _ => Node::Data,
        },
    }
}

fn is_id(member: &str) -> bool {
    matches!(
        member,
        "id" | "name" | "stepName" | "toolCallName" | "source" | "outcome"
    ) || member.ends_with("Id")
}

impl Streams {
    fn add(
        &mut self,
        frame: &Frame,
        text: &str,
        pieces: Vec<Piece>,
        in_body: impl Fn(&Range<usize>) -> Option<Range<usize>>,
    ) {
        self.begin(frame, || id_of(text));
        for piece in pieces {
            let Some(range) = in_body(&piece.range) else { continue };
            let key = match piece.is_stream {
                true => self.key(frame, id_of(text)),
                false => (family(frame), piece.place.clone()),
            };
            let stream = Stream {
                place: piece.place,
                is_stream: piece.is_stream,
                is_quoted: true,
                pieces: Vec::new(),
            };
            self.push(key, stream, range);
        }
    }

    /// A call that begins has arguments of its own, also under an id that was there before.
    fn begin(&mut self, frame: &Frame, id: impl FnOnce() -> Option<String>) {
        if frame.event_type == Some(EventType::ToolCallStart)
            && let Some(id) = id()
        {
            self.numbers.remove(&(family(frame), id));
        }
    }

    fn add_record(&mut self, frame: &Frame, event: &json::Value, range: Range<usize>) {
        let key = self.key(frame, id_of_record(event));
        let place = format!("{} /delta", frame.event_type.as_ref().map_or("record", EventType::name));
        let stream = Stream {
            place,
            is_stream: true,
            ..Stream::default()
        };
        self.push(key, stream, range);
    }

    /// What a piece of a stream belongs to: a piece without an id goes on with the last one.
    fn key(&mut self, frame: &Frame, id: Option<String>) -> (String, String) {
        let family = family(frame);
        let id = match id {
            Some(id) => {
                self.last_ids.insert(family.clone(), id.clone());
                id
            }
            None => self.last_ids.get(&family).cloned().unwrap_or_default(),
        };
        (family, id)
    }

    fn push(&mut self, key: (String, String), stream: Stream, piece: Range<usize>) {
        let number = *self.numbers.entry(key).or_insert_with(|| {
            self.streams.push(stream);
            self.streams.len() - 1
        });
        self.streams[number].pieces.push(piece);
    }
}

/// The id by which the text of an event belongs to others.
fn id_of(text: &str) -> Option<String> {
    let ids = json::last_members(text.as_bytes(), &IDS).ok()?;
    let id = ids.into_iter().flatten().next()?;
    Some(json::string_at(text.as_bytes(), &id)?.to_string())
}

fn id_of_record(event: &json::Value) -> Option<String> {
    IDS.iter().find_map(|name| event.get(name)?.as_str().map(str::to_owned))
}

/// What kind of text a frame brings.
fn family(frame: &Frame) -> String {
    match &frame.event_type {
        Some(EventType::Unknown(name)) => name.to_string(),
        Some(event_type) => match event_type.family() {
            Family::Special => event_type.name().to_owned(),
            family => format!("{family:?}"),
        },
        None => String::new(),
    }
}

impl Stream {
    fn redact(self, redactor: &mut Redactor, old: &[u8], body: &mut [u8]) {
        let read = if self.is_quoted { Literal::of } else { Literal::plain };
        let literals: Vec<Literal> = self.pieces.into_iter().map(|range| read(old, range)).collect();
        let text = joined(&literals);
        let place = &mut Place::new(self.place, Node::Content);
        let new = match self.is_stream {
            true => redactor.text(place, &text),
            false if literals.len() < 2 || text.len() > literals.len() * PIECE_LEN => None,
            false => redactor.across(place, &text, &ends(&literals)),
        };
        let Some(new) = new else { return };
        for edit in cut(&literals, old, &text, &new) {
            body[edit.range].copy_from_slice(&edit.bytes);
        }
    }
}

/// Where each piece ends in the joined text.
fn ends(literals: &[Literal]) -> Vec<usize> {
    let mut end = 0;
    let ends = literals.iter().map(|literal| {
        end += literal.text.len();
        end
    });
    ends.collect()
}
