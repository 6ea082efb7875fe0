//! Answers without an engine: the `ipc` vocabulary over exchanges that lie in memory.
//!
//! The one-file report holds its recordings and asks [`Recordings`]; so do the
//! tests of the page. What an engine needs for the same answers is here too:
//! the list over a recording file, the sides of a comparison, what is asked of
//! a comparison that is done.
//!
//! ```
//! use scrubjay_answers::Recordings;
//! use scrubjay_ipc::{AnyAsk, Open, Opened};
//! use scrubjay_session::{exchange::Exchange, memory::MemoryShelf};
//!
//! let mut recordings = Recordings::default();
//! recordings.put(0, MemoryShelf::new(Exchange::default(), Vec::new(), Vec::new(), Vec::new()));
//! let answer = recordings.answer(&AnyAsk::from(Open { exchange: 0 })).map_err(|report| report.message)?;
//! let opened: Opened = serde_json::from_slice(&answer).unwrap();
//! assert_eq!(opened.frames, 0);
//! # Ok::<(), String>(())
//! ```
//!
//! # Map
//!
//! - [`Recordings`] (`recordings`): the exchanges, and which question goes where.
//! - [`library`]: the list over them, and rules that are muted.
//! - [`sides`]: what a side of a comparison names. [`comparing`]: what is asked of one that is done.
//!
//! # Invariants
//!
//! - No IO, no clock, no threads: every answer is there when the call returns.
//! - Answers about one exchange are `ipc`'s, so a report shows what the window shows.
//! - What wants an engine (sources, replays, deleting) is refused with a sentence.
//!
//! # What is not here
//!
//! Reading a recording (`recording`), writing the report (`door`).

pub mod comparing;
pub mod library;
mod recordings;
pub mod sides;

pub use recordings::Recordings;
use serde::Serialize;

/// An answer as JSON.
pub fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("answers are plain values with text for keys")
}

/// An answer as Postcard.
pub fn postcard(answer: &impl Serialize) -> Vec<u8> {
    ::postcard::to_stdvec(answer).expect("answers are plain values of known lengths")
}
