//! What the official TypeScript reader makes of a body.
//!
//! Its steps: bytes become text, which is gathered; at each LF LF the text before it is read, the rest at the
//! end of the body. A text is split into lines at LF, lines that begin with `data:` are joined with LF, and the
//! data, if there is any, is parsed. So a CR is text to it, and frames that no LF LF separates are one.

use super::decode::{Draft, Ended};
use crate::{
    frame::{Detail, Frame, FrameKind},
    json,
    problem::rule,
};

/// UTF-16 units that it gathers at most.
pub(super) const BUFFER_LIMIT: u64 = 10 * 1024 * 1024;

/// Frames from which the data of one event are gathered at most.
const FRAMES_LIMIT: u32 = 256;

const DATA: &[u8] = b"data:";
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Frames, by their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
    /// How many.
    pub count: u32,
}

impl Frames {
    fn add(&mut self, seq: u32) {
        if self.count == 0 {
            self.first = seq;
        } else if self.last == seq {
            return;
        }
        self.last = seq;
        self.count += 1;
    }
}

/// The official reader between two frames.
///
/// ```
/// use scrubjay_protocol::sse::{Decoder, Reader};
///
/// let mut decoder = Decoder::new();
/// decoder.push(b": ping\r\n\r\ndata: {\"type\":\"RUN_STARTED\"}\r\n\r\n\n");
/// let mut reader = Reader::default();
/// assert!(reader.push(1, &decoder.next_frame().unwrap()).texts.is_empty());
/// assert!(reader.push(2, &decoder.next_frame().unwrap()).texts.is_empty());
/// assert_eq!(reader.finish().unwrap().frames.last, 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reader {
    /// Where the last frame ended in the body.
    pub end: u64,
    /// UTF-16 units of the text that waits, about.
    pub units: u64,
    /// The text that waits ends with LF.
    pub is_after_lf: bool,
    /// Its last line, which no LF has ended; only the start of one that is no data.
    pub line: Vec<u8>,
    /// What its lines of data give.
    pub text: Text,
}

/// A text's data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// Its lines of data, joined with LF.
    pub data: Vec<u8>,
    /// How many lines of data there are.
    pub lines: u32,
    /// Frames from which the data come.
    pub frames: Frames,
    /// The data are no JSON, no text that follows can make them JSON, and they are not kept.
    pub is_broken: bool,
    /// The body ended before LF LF.
    pub is_last: bool,
}

/// What became of a frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Texts with data that were read, in order.
    pub texts: Vec<Text>,
    /// The frame is an event, and its data are not seen: their line does not begin after LF.
    pub is_hidden: bool,
    /// More is gathered than the reader takes, and it has given up.
    pub is_over: bool,
}

impl Reader {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        !self.is_after_lf && self.line.is_empty() && self.units == 0
    }

    /// Whether the frame, at this place, is a text of its own with just the data that it has.
    pub fn reads_as_it_is(&self, frame: &Frame) -> bool {
        let is_plain = |raw: &Vec<u8>| raw.ends_with(b"\n\n") && !raw.contains(&b'\r') && !frame.has(rule::BARE_DATA);
        self.is_empty() && frame.raw.as_ref().is_none_or(is_plain)
    }

    /// Goes on past a frame that [`Self::reads_as_it_is`].
    pub fn pass(&mut self, frame: &Frame) {
        self.end = frame.range.end;
    }

    /// Takes the next frame. What waits is given up where bytes before it are missing.
    pub fn push(&mut self, seq: u32, frame: &Frame) -> Taken {
        if self.end != frame.range.start {
            self.clear();
        }
        self.end = frame.range.end;
        let mut taken = Taken::default();
        match &frame.raw {
            Some(raw) if frame.has(rule::BOM) => self.take(seq, &raw[BYTE_ORDER_MARK.len()..], &mut taken),
            Some(raw) => self.take(seq, raw, &mut taken),
            None => self.take(seq, &plain(&frame.data), &mut taken),
        }
        taken.is_hidden &= frame.kind == FrameKind::Event;
        if self.units > BUFFER_LIMIT {
            self.clear();
            taken.is_over = true;
        }
        taken
    }

    /// The end of the body: reads what waits.
    pub fn finish(&mut self) -> Option<Text> {
        self.end_line();
        let mut text = std::mem::take(&mut self.text);
        text.is_last = true;
        self.clear();
        (text.lines > 0).then_some(text)
    }

    /// Gives up what waits.
    pub fn clear(&mut self) {
        *self = Self {
            end: self.end,
            ..Self::default()
        };
    }

    fn take(&mut self, seq: u32, raw: &[u8], taken: &mut Taken) {
        for piece in raw.split_inclusive(|byte| *byte == b'\n') {
            let (part, has_lf) = match piece.strip_suffix(b"\n") {
                Some(part) => (part, true),
                None => (piece, false),
            };
            self.gather(seq, part, taken);
            if !has_lf {
                continue;
            }
            if self.is_after_lf {
                let text = std::mem::take(&mut self.text);
                self.clear();
                taken.texts.extend((text.lines > 0).then_some(text));
            } else {
                self.end_line();
                self.is_after_lf = true;
                self.units += 1;
            }
        }
    }

    /// More of the line.
    fn gather(&mut self, seq: u32, part: &[u8], taken: &mut Taken) {
        if part.is_empty() {
            return;
        }
        self.is_after_lf = false;
        self.units += utf16_len(part);
        let room = DATA.len().saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(&part[..room]);
        if !self.line.starts_with(DATA) {
            taken.is_hidden |= part.split(|byte| *byte == b'\r').any(has_data);
            return;
        }
        if part.iter().any(|byte| *byte != b'\r') {
            self.text.frames.add(seq);
        }
        if self.text.frames.count > FRAMES_LIMIT {
            self.text.break_off();
        }
        if !self.text.is_broken {
            self.line.extend_from_slice(&part[room..]);
        }
    }

    fn end_line(&mut self) {
        if let Some(value) = self.line.strip_prefix(DATA) {
            self.text.add(value);
        }
        self.line.clear();
    }

    /// Whether no text that follows can make JSON of what waits. Then it is not kept.
    pub fn gives_up(&mut self) -> bool {
        let mut text = self.text.clone();
        if let Some(value) = self.line.strip_prefix(DATA) {
            text.add(value);
        }
        let is_broken = json::scan(&text.data).is_err_and(|error| !error.is_cut());
        if is_broken {
            self.text.break_off();
            self.line.truncate(DATA.len());
        }
        is_broken
    }
}

impl Text {
    /// One more line of data.
    fn add(&mut self, value: &[u8]) {
        if !self.is_broken {
            if self.lines > 0 {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
        }
        self.lines += 1;
    }

    fn break_off(&mut self) {
        self.data = Vec::new();
        self.is_broken = true;
    }

    /// The text as a frame: its kind, its event, and what is wrong with its data.
    pub fn read(self) -> Frame {
        let mut draft = Draft::of_data(self.data, self.lines as usize);
        if self.is_broken {
            draft.frame.note(rule::JSON, "the data is not JSON");
            return draft.frame;
        }
        draft.classify_data(Detail::Value, if self.is_last { Ended::Body } else { Ended::BlankLine });
        draft.frame
    }
}

/// The bytes of a frame that is nothing but lines of data in LF.
fn plain(data: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(data.len() + 8);
    super::write_event(&mut raw, data);
    raw
}

fn has_data(line: &[u8]) -> bool {
    line.strip_prefix(DATA)
        .is_some_and(|value| !value.trim_ascii().is_empty())
}

/// Length of the text in UTF-16; what is not UTF-8 counts about as much as its replacement.
fn utf16_len(bytes: &[u8]) -> u64 {
    let units = |byte: &u8| match byte {
        0x80..=0xBF => 0,
        0xF0.. => 2,
        _ => 1,
    };
    bytes.iter().map(units).sum()
}
