//! Cutting a body into frames.

use std::{borrow::Cow, collections::VecDeque, ops::Range};

use crate::{
    event::EventType,
    frame::{Detail, EVENT_LIMIT, Frame, FrameKind},
    json::{self, Cause, JsonError, NESTING_LIMIT, Value, Wtf8},
    problem::rule,
};

/// Characters after which the official TypeScript reader gives up waiting for
/// the end of a frame.
const OFFICIAL_BUFFER_LIMIT: usize = 10 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Cuts a body into frames, whatever pieces it comes in.
///
/// ```
/// use scrubjay_protocol::{frame::FrameKind, sse::Decoder};
///
/// let mut decoder = Decoder::new();
/// decoder.push(b"data: {\"type\":\"RUN_ER");
/// assert_eq!(decoder.next_frame(), None);
/// decoder.push(b"ROR\",\"message\":\"no\"}\n\n: bye\n\n");
/// let frame = decoder.next_frame().unwrap();
/// assert_eq!(frame.range, 0..43);
/// assert_eq!(frame.event_type.unwrap().name(), "RUN_ERROR");
/// assert_eq!(decoder.next_frame().unwrap().kind, FrameKind::Comment);
/// ```
#[derive(Debug)]
pub struct Decoder {
    detail: Detail,
    event_limit: usize,
    /// Where the frame that is being gathered begins in the body.
    start: u64,
    /// Bytes of the body seen.
    seen: u64,
    line: Line,
    draft: Draft,
    ready: VecDeque<Frame>,
}

/// The line that is being gathered.
#[derive(Debug, Default)]
struct Line {
    /// Its bytes, unless the frame is too large.
    bytes: Vec<u8>,
    /// Its length, gathered or not.
    len: usize,
    /// It ended with a CR, and an LF may still belong to that.
    after_cr: bool,
}

/// The frame that is being gathered.
#[derive(Debug, Default)]
struct Draft {
    frame: Frame,
    /// Lines that are not blank.
    lines: usize,
    data_lines: usize,
    stray_lines: usize,
    last_ending: Option<Ending>,
    lone_cr: bool,
    oversize: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Lf,
    CrLf,
    Cr,
    /// The body ends inside the line.
    None,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the start of a body.
    pub fn new() -> Self {
        Self::resume(0)
    }

    /// A decoder that goes on at the end of a frame, `offset` bytes into the body.
    pub fn resume(offset: u64) -> Self {
        Self {
            detail: Detail::Value,
            event_limit: EVENT_LIMIT,
            start: offset,
            seen: offset,
            line: Line::default(),
            draft: Draft::default(),
            ready: VecDeque::new(),
        }
    }

    /// Says how much of each event to keep.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// Says up to how many bytes a frame is read; [`EVENT_LIMIT`] unless told.
    #[must_use]
    pub fn with_event_limit(mut self, len: usize) -> Self {
        self.event_limit = len;
        self
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.line.after_cr {
                let ending = if rest[0] == b'\n' { Ending::CrLf } else { Ending::Cr };
                rest = &rest[usize::from(ending == Ending::CrLf)..];
                self.seen += u64::from(ending == Ending::CrLf);
                self.end_line(&[], ending);
                continue;
            }
            let Some(at) = memchr::memchr2(b'\n', b'\r', rest) else {
                self.gather(rest);
                return;
            };
            self.seen += at as u64 + 1;
            if rest[at] == b'\n' {
                self.end_line(&rest[..at], Ending::Lf);
            } else {
                self.gather_line(&rest[..at]);
                self.line.after_cr = true;
            }
            rest = &rest[at + 1..];
        }
    }

    /// The next whole frame.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    /// Says that the body has ended, and gives what was not given yet: take
    /// frames with [`Decoder::next_frame`] before and after.
    ///
    /// A last frame without its blank line comes out with a problem. Blank
    /// lines and a lone line end stay the tail.
    pub fn finish(&mut self) -> Option<Frame> {
        if self.line.after_cr {
            self.end_line(&[], Ending::Cr);
        }
        if self.line.len > 0 {
            self.end_line(&[], Ending::None);
        }
        if self.draft.lines > 0 {
            self.close(Ended::Body);
        }
        self.next_frame()
    }

    /// Bytes of the body that belong to no frame yet.
    pub fn tail_range(&self) -> Range<u64> {
        self.start..self.seen
    }

    fn gather(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        self.gather_line(bytes);
    }

    fn gather_line(&mut self, bytes: &[u8]) {
        self.line.len += bytes.len();
        if self.draft.has_room(self.line.len, self.event_limit) {
            self.line.bytes.extend_from_slice(bytes);
        } else {
            self.line.bytes = Vec::new();
        }
    }

    /// Ends the line with its last piece. `seen` already counts its ending.
    fn end_line(&mut self, last: &[u8], ending: Ending) {
        let mut gathered = std::mem::take(&mut self.line);
        gathered.len += last.len();
        let room = self.draft.has_room(gathered.len, self.event_limit);
        let whole: &[u8] = if gathered.bytes.is_empty() {
            last
        } else {
            gathered.bytes.extend_from_slice(last);
            &gathered.bytes
        };
        // Only the first line can begin where the body begins.
        let marked = self.start == 0 && self.draft.last_ending.is_none() && room && whole.starts_with(BYTE_ORDER_MARK);
        let whole = if marked { &whole[BYTE_ORDER_MARK.len()..] } else { whole };
        if marked {
            self.draft
                .frame
                .note(rule::BOM, "the body begins with a byte order mark");
        }
        if gathered.len == if marked { BYTE_ORDER_MARK.len() } else { 0 } {
            self.blank_line(ending);
        } else {
            self.draft.line(if room { whole } else { &[] }, ending);
        }
        gathered.bytes.clear();
        self.line.bytes = gathered.bytes;
    }

    fn blank_line(&mut self, ending: Ending) {
        let before = self.draft.last_ending.replace(ending);
        if self.draft.lines > 0 {
            let splits = ending == Ending::Lf && before != Some(Ending::Cr);
            self.close(if splits { Ended::LfLf } else { Ended::Otherwise });
        }
    }

    fn close(&mut self, ended: Ended) {
        let mut draft = std::mem::take(&mut self.draft);
        draft.frame.range = self.start..self.seen;
        self.start = self.seen;
        draft.classify(self.detail, ended, self.event_limit);
        self.ready.push_back(draft.frame);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// As the official reader wants it.
    LfLf,
    /// With a blank line, some other way.
    Otherwise,
    /// With the body.
    Body,
}

impl Draft {
    /// Whether `len` more bytes can be gathered; once not, never again.
    fn has_room(&mut self, len: usize, limit: usize) -> bool {
        let gathered = self.frame.data.len() + self.frame.comment.as_ref().map_or(0, Vec::len);
        if !self.oversize && gathered + len > limit {
            self.oversize = true;
            self.frame.data = Vec::new();
            self.frame.comment = None;
        }
        !self.oversize
    }

    fn line(&mut self, line: &[u8], ending: Ending) {
        self.lines += 1;
        self.last_ending = Some(ending);
        self.lone_cr |= ending == Ending::Cr;
        if !self.oversize {
            self.field(line, ending);
        }
    }

    fn field(&mut self, line: &[u8], ending: Ending) {
        let colon = memchr::memchr(b':', line);
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let frame = &mut self.frame;
        match name {
            b"" if colon.is_some() => match &mut frame.comment {
                Some(comment) => {
                    comment.push(b'\n');
                    comment.extend_from_slice(value);
                }
                None => frame.comment = Some(value.to_vec()),
            },
            b"data" if colon.is_none() && ending == Ending::None => self.stray_line(line, ending),
            b"data" => {
                if colon.is_none() {
                    frame.note(
                        rule::BARE_DATA,
                        "a line is the word `data` without a colon, which the official reader does not see",
                    );
                }
                if self.data_lines > 0 {
                    frame.data.push(b'\n');
                }
                frame.data.extend_from_slice(value);
                self.data_lines += 1;
            }
            b"event" => frame.event_name = Some(value.to_vec()),
            b"id" => frame.id = Some(value.to_vec()),
            b"retry" => frame.retry = Some(value.to_vec()),
            _ => self.stray_line(line, ending),
        }
    }

    fn stray_line(&mut self, line: &[u8], ending: Ending) {
        if ending == Ending::None {
            self.frame.note(rule::CUT, "the body ends inside a line");
        } else if self.stray_lines == 0 {
            let message = format!("a line is no field of SSE: `{}`", excerpt(line));
            self.frame.note(rule::NOT_A_FIELD, message);
        }
        self.stray_lines += 1;
    }

    /// Says what the frame is, now that it is whole.
    fn classify(&mut self, detail: Detail, ended: Ended, limit: usize) {
        self.note_framing(ended);
        if self.oversize {
            self.frame.kind = FrameKind::Malformed;
            let message = format!("the frame has {} bytes; up to {limit} are read", self.frame.len());
            self.frame.note(rule::EVENT_SIZE, message);
        } else if self.data_lines > 0 {
            self.classify_data(detail, ended);
        } else {
            self.frame.kind = if self.stray_lines > 0 {
                FrameKind::Malformed
            } else {
                FrameKind::Comment
            };
        }
        if ended == Ended::Body && !self.frame.has(rule::CUT) {
            self.frame.note(
                rule::UNTERMINATED,
                "the body ends without the blank line that ends a frame",
            );
        }
    }

    fn note_framing(&mut self, ended: Ended) {
        if ended == Ended::Otherwise {
            self.frame.note(
                rule::CRLF,
                "the frame does not end in LF LF, where the official TypeScript reader splits",
            );
        }
        if self.lone_cr {
            self.frame.note(
                rule::CR_INSIDE,
                "a line ends with CR alone, which the official TypeScript reader keeps in the line",
            );
        }
        if self.oversize
            || (self.frame.len() as usize > OFFICIAL_BUFFER_LIMIT
                && utf16_len(&self.frame.data) > OFFICIAL_BUFFER_LIMIT)
        {
            self.frame.note(
                rule::OVER_10_MIB,
                "the frame has over 10 MiB, more than the official reader waits for",
            );
        }
    }

    fn classify_data(&mut self, detail: Detail, ended: Ended) {
        self.frame.kind = FrameKind::Malformed;
        if self.frame.data.is_empty() {
            self.frame
                .note(rule::EMPTY_DATA, "the frame has a data field with nothing in it");
            return;
        }
        let data = std::mem::take(&mut self.frame.data);
        let text = match std::str::from_utf8(&data) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) => {
                let message = format!(
                    "byte {} of the data is not UTF-8, and reads as U+FFFD",
                    error.valid_up_to()
                );
                self.frame.note(rule::UTF8, message);
                String::from_utf8_lossy(&data)
            }
        };
        let result = read(&text, detail);
        drop(text);
        self.frame.data = data;
        self.judge_data(result, ended);
    }

    fn judge_data(&mut self, result: Result<Read, JsonError>, ended: Ended) {
        match result {
            Ok(Read::Event {
                event_type,
                value,
                too_deep,
            }) => {
                self.frame.kind = FrameKind::Event;
                self.frame.event_type = Some(event_type);
                self.frame.value = value;
                if too_deep {
                    self.frame.note(
                        rule::NESTING,
                        format!("the event is nested more than {NESTING_LIMIT} levels deep, and not folded"),
                    );
                }
            }
            Ok(Read::NotAnObject(kind)) => self
                .frame
                .note(rule::NOT_AN_OBJECT, format!("the data is {kind}, not an object")),
            Ok(Read::NoType) => self.frame.note(
                rule::NO_TYPE,
                "the object has no `type`, or one that is not a non-empty string",
            ),
            Err(error) => self.diagnose(&error, ended),
        }
    }

    /// Says why data is not JSON.
    fn diagnose(&mut self, error: &JsonError, ended: Ended) {
        let data = &self.frame.data;
        if data.trim_ascii() == b"[DONE]" {
            self.frame
                .note(rule::DONE, "the data is `[DONE]`, which AG-UI does not have");
        } else if self.data_lines > 1 && data.split(|byte| *byte == b'\n').all(is_event) {
            let message = format!(
                "{} events stand in one frame: the blank line between them is missing",
                self.data_lines
            );
            self.frame.note(rule::TWO_EVENTS, message);
        } else if ended == Ended::Body && error.is_cut() {
            self.frame
                .note(rule::CUT, format!("the body ends inside the event: {error}"));
        } else {
            self.frame.note(rule::JSON, format!("the data is not JSON: {error}"));
        }
    }
}

/// What a frame's data turned out to be.
enum Read {
    Event {
        event_type: EventType,
        value: Option<Value>,
        too_deep: bool,
    },
    NotAnObject(&'static str),
    NoType,
}

fn read(text: &str, detail: Detail) -> Result<Read, JsonError> {
    if detail == Detail::TypeOnly {
        return read_type(text.as_bytes());
    }
    match json::parse_text(text, NESTING_LIMIT) {
        Ok(value) => Ok(read_value(value)),
        Err(error) if error.cause == Cause::Nesting => read_type(text.as_bytes()),
        Err(error) => Err(error),
    }
}

fn read_value(value: Value) -> Read {
    let Value::Object(object) = &value else {
        return Read::NotAnObject(value.kind());
    };
    match object.get("type") {
        Some(Value::String(name)) if !name.is_empty() => Read::Event {
            event_type: EventType::from_name(&name.to_str_lossy()),
            value: Some(value),
            too_deep: false,
        },
        _ => Read::NoType,
    }
}

fn read_type(data: &[u8]) -> Result<Read, JsonError> {
    let scan = json::scan(data)?;
    let too_deep = scan.nesting > NESTING_LIMIT;
    Ok(match (scan.first, scan.type_name) {
        (b'{', Some(Some(name))) if !name.is_empty() => Read::Event {
            event_type: EventType::from_name(&name.to_str_lossy()),
            value: None,
            too_deep,
        },
        (b'{', _) => Read::NoType,
        (first, _) => Read::NotAnObject(kind_of(first)),
    })
}

fn kind_of(first: u8) -> &'static str {
    match first {
        b'[' => "an array",
        b'"' => "a string",
        b'n' => "null",
        b't' | b'f' => "a boolean",
        _ => "a number",
    }
}

fn is_event(line: &[u8]) -> bool {
    matches!(read_type(line), Ok(Read::Event { .. }))
}

fn utf16_len(data: &[u8]) -> usize {
    let text: Cow<'_, str> = String::from_utf8_lossy(data);
    Wtf8::from(&*text).utf16_len()
}

/// The start of a line, for a sentence.
fn excerpt(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(160)]);
    let start: String = text.chars().take(40).collect();
    let mut excerpt = String::new();
    for char in start.chars() {
        if char.is_control() {
            excerpt.extend(char.escape_debug());
        } else {
            excerpt.push(char);
        }
    }
    if line.len() > start.len() {
        excerpt.push('…');
    }
    excerpt
}
