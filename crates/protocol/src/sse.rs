//! Server-sent events: bytes in any pieces to frames, and back.
//!
//! ```text
//! : ping⏎⏎ data: {"type":…}⏎⏎ ⏎ id: 7⏎ data: {⏎ data: …}⏎⏎ data: {"ty
//! └─frame─┘└──── frame ─────┘└────────── frame ──────────┘└── tail ──
//! ```
//!
//! Lines end with LF, CRLF or CR, and a blank line ends a frame; blank lines
//! before a frame belong to it. Nothing else ends a line: U+2028, U+2029 and
//! U+0085 are text. The [`Decoder`] follows the standard, which is wider than the
//! official TypeScript reader (that one splits at LF LF, and knows only lines
//! that begin with `data:`). What that one reads, and at which frame, says a
//! [`Reader`].
//!
//! A frame whose last blank line ends with CR is given when the next byte, or
//! the end, shows whether an LF belongs to it: so the cuts are the same at
//! any chunking.

mod classify;
mod decode;
mod encode;
mod official;
mod twice;

pub use self::{
    decode::Decoder,
    encode::{write_comment, write_event},
    official::{Frames, Reader, Taken, Text},
};

#[cfg(test)]
mod tests;
