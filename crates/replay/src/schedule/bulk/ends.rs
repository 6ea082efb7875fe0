//! Where frames end, and nothing else about them.
//!
//! The decoders of `protocol` gather and read each frame, which is most of
//! what cutting costs. Here only the ends of frames are found, the same ones: a
//! test compares both.

use scrubjay_protocol::media::Media;

use crate::fragment::Format;

/// Bytes of the length before a record.
const PREFIX_LEN: usize = 4;

/// Finds the ends of frames, at any chunking of the body.
pub(super) enum Ends {
    Sse(Lines),
    Records(Lengths),
}

/// The lines of the SSE frame that is open.
#[derive(Default)]
pub(super) struct Lines {
    /// It has a line that is not blank.
    has_line: bool,
    /// Bytes of a line have come, and not its end.
    is_in_line: bool,
    /// A line ended with CR, and an LF may still belong to that.
    is_after_cr: bool,
}

/// The record that is open.
#[derive(Default)]
pub(super) struct Lengths {
    prefix: [u8; PREFIX_LEN],
    prefix_len: usize,
    missing: usize,
}

impl Ends {
    /// For a body of this kind, if it has frames.
    pub(super) fn of(media: Media) -> Option<Self> {
        match media {
            Media::Sse => Some(Self::Sse(Lines::default())),
            Media::Records => Some(Self::Records(Lengths::default())),
            Media::Other => None,
        }
    }

    pub(super) fn format(&self) -> Format {
        match self {
            Self::Sse(_) => Format::Sse,
            Self::Records(_) => Format::Record,
        }
    }

    /// Takes the next bytes, and notes the places in them where frames end.
    pub(super) fn push(&mut self, bytes: &[u8], found: &mut Vec<usize>) {
        match self {
            Self::Sse(lines) => lines.push(bytes, found),
            Self::Records(lengths) => lengths.push(bytes, found),
        }
    }

    /// Begins anew at the end of the body or at a hole in it; gives whether
    /// what was open is a frame, though a cut one.
    pub(super) fn finish(&mut self) -> bool {
        match self {
            Self::Sse(lines) => {
                let open = std::mem::take(lines);
                open.has_line || open.is_in_line
            }
            Self::Records(lengths) => std::mem::take(lengths).prefix_len > 0,
        }
    }
}

impl Lines {
    fn push(&mut self, bytes: &[u8], found: &mut Vec<usize>) {
        let mut at = 0;
        while at < bytes.len() {
            if self.is_after_cr {
                self.is_after_cr = false;
                at += usize::from(bytes[at] == b'\n');
                self.end_line(at, found);
                continue;
            }
            let Some(len) = memchr::memchr2(b'\n', b'\r', &bytes[at..]) else {
                self.is_in_line = true;
                return;
            };
            self.is_in_line |= len > 0;
            at += len + 1;
            if bytes[at - 1] == b'\n' {
                self.end_line(at, found);
            } else {
                self.is_after_cr = true;
            }
        }
    }

    fn end_line(&mut self, at: usize, found: &mut Vec<usize>) {
        if self.is_in_line {
            self.is_in_line = false;
            self.has_line = true;
        } else if self.has_line {
            self.has_line = false;
            found.push(at);
        }
    }
}

impl Lengths {
    fn push(&mut self, bytes: &[u8], found: &mut Vec<usize>) {
        let mut at = 0;
        while at < bytes.len() {
            if self.prefix_len < PREFIX_LEN {
                self.prefix[self.prefix_len] = bytes[at];
                self.prefix_len += 1;
                at += 1;
                self.missing = u32::from_be_bytes(self.prefix) as usize;
            } else {
                let len = self.missing.min(bytes.len() - at);
                self.missing -= len;
                at += len;
            }
            if self.prefix_len == PREFIX_LEN && self.missing == 0 {
                *self = Self::default();
                found.push(at);
            }
        }
    }
}
