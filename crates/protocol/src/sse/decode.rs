//! Cutting a body into frames.

use std::{collections::VecDeque, ops::Range};

use super::encode::write_event;
use crate::{
    frame::{Detail, EVENT_LIMIT, Frame},
    problem::rule,
};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// Bytes of blank lines before a frame that are kept.
const BLANKS_KEPT: usize = 64 * 1024;

/// Cuts a body into frames, at any chunking.
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
pub(super) struct Draft {
    pub(super) frame: Frame,
    /// Lines that are not blank.
    lines: usize,
    pub(super) data_lines: usize,
    pub(super) stray_lines: usize,
    /// A line has come, blank or not.
    is_begun: bool,
    pub(super) lone_cr: bool,
    pub(super) oversize: bool,
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

    /// Sets up to how many bytes a frame is read; [`EVENT_LIMIT`] by default.
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
        let marked = self.start == 0 && !self.draft.is_begun && room && whole.starts_with(BYTE_ORDER_MARK);
        let whole = if marked { &whole[BYTE_ORDER_MARK.len()..] } else { whole };
        if marked {
            self.draft.mark();
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
        self.draft.is_begun = true;
        self.draft.keep_blank(ending);
        if self.draft.lines > 0 {
            self.close(Ended::BlankLine);
        }
    }

    fn close(&mut self, ended: Ended) {
        let mut draft = std::mem::take(&mut self.draft);
        draft.frame.range = self.start..self.seen;
        if ended == Ended::Body && !draft.oversize {
            draft.raw();
        }
        self.start = self.seen;
        draft.classify(self.detail, ended, self.event_limit);
        self.ready.push_back(draft.frame);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    BlankLine,
    /// With the body.
    Body,
}

impl Ending {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
            Self::None => b"",
        }
    }
}

impl Draft {
    /// A frame of data only.
    pub(super) fn of_data(data: Vec<u8>, data_lines: usize) -> Self {
        let frame = Frame {
            data,
            ..Frame::default()
        };
        Self {
            frame,
            data_lines,
            ..Self::default()
        }
    }

    /// Whether `len` more bytes can be gathered; once not, never again.
    fn has_room(&mut self, len: usize, limit: usize) -> bool {
        let text_len = self.frame.data.len() + self.frame.comment.as_ref().map_or(0, Vec::len);
        let gathered = self.frame.raw.as_ref().map_or(text_len, Vec::len);
        if !self.oversize && gathered + len > limit {
            self.oversize = true;
            self.frame.data = Vec::new();
            self.frame.comment = None;
            self.frame.raw = None;
        }
        !self.oversize
    }

    fn line(&mut self, line: &[u8], ending: Ending) {
        self.lines += 1;
        self.is_begun = true;
        self.lone_cr |= ending == Ending::Cr;
        if !self.oversize {
            self.keep(line, ending);
            self.field(line, ending);
        }
    }

    /// The body begins with a byte order mark.
    fn mark(&mut self) {
        self.frame.note(rule::BOM, "the body begins with a byte order mark");
        self.frame.raw = Some(BYTE_ORDER_MARK.to_vec());
    }

    /// The frame's bytes so far. Lines of data in LF need none: they follow from the data.
    fn raw(&mut self) -> &mut Vec<u8> {
        let (data, has_data) = (&self.frame.data, self.data_lines > 0);
        self.frame.raw.get_or_insert_with(|| {
            let mut raw = Vec::new();
            if has_data {
                write_event(&mut raw, data);
                raw.pop();
            }
            raw
        })
    }

    fn keep(&mut self, line: &[u8], ending: Ending) {
        let is_plain = ending == Ending::Lf && line.starts_with(b"data: ");
        if !is_plain || self.frame.raw.is_some() {
            let raw = self.raw();
            raw.extend_from_slice(line);
            raw.extend_from_slice(ending.bytes());
        }
    }

    fn keep_blank(&mut self, ending: Ending) {
        let is_plain = ending == Ending::Lf && self.lines > 0 && self.frame.raw.is_none();
        if is_plain || self.oversize {
            return;
        }
        let is_last = self.lines > 0;
        let raw = self.raw();
        if is_last || raw.len() < BLANKS_KEPT {
            raw.extend_from_slice(ending.bytes());
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
