//! The vocabulary between the window and the engine.
//!
//! A page asks; the engine answers. Every question is a small struct that
//! implements [`Ask`] and names the type of its answer, so a door (the Tauri
//! command, the HTTP handler of `serve`) carries bytes without knowing what
//! they mean, and a page cannot misread an answer.
//!
//! ```
//! use scrubjay_ipc::{AnyAsk, Ask, Encoding, Locate, Target, Axis};
//!
//! let ask = Locate { exchange: 7, axis: Axis::Clock, target: Target::AtMicros(1_500) };
//! let wire = serde_json::to_string(&AnyAsk::from(ask)).unwrap();
//! assert!(wire.starts_with(r#"{"ask":"locate""#));
//! assert_eq!(Locate::ENCODING, Encoding::Json);
//! ```
//!
//! # Map
//!
//! - [`ask`]: the questions by the department that answers them, their answers' types, and how they travel.
//! - [`library`]: what was captured; sources and their live state. [`links`]: which runs belong together.
//! - [`inspect`]: one exchange: facts, rows, moments, details.
//! - [`lanes`]: shapes for the canvas, already decimated; the only binary answer.
//! - [`state`], [`chat`], [`input`]: the panes that are *as of* a moment.
//! - [`span`]: what a span is made of, who wrote a value, a body that is no stream.
//! - [`problems`]: what is wrong, grouped by rule. [`compare`]: two runs side by side.
//! - [`replay`]: recordings served as the agent. [`faults`]: what can be broken in them on purpose.
//! - [`news`]: what the engine tells without being asked.
//! - [`report`]: a failure as a person reads it. [`visible`]: captured text made safe to show.
//! - [`answer`]: the answers about one exchange, from `session`'s reader.
//! - [`words`]: numbers, times and outcomes as a person reads them.
//!
//! # What is not here
//!
//! No transport, no storage, no clock. No list whose length grows with the
//! number of events: every answer is a window, a page or a decimated picture.

pub mod answer;
pub mod ask;
pub mod chat;
pub mod compare;
pub mod input;
pub mod inspect;
pub mod lanes;
pub mod library;
pub mod links;
pub mod news;
pub mod problems;
pub mod replay;
pub mod report;
pub mod span;
pub mod state;
pub mod words;

pub use scrubjay_session::{faults, visible};

pub use ask::*;
pub use chat::*;
pub use compare::*;
pub use input::*;
pub use inspect::*;
pub use lanes::*;
pub use library::*;
pub use links::*;
pub use news::*;
pub use problems::*;
pub use replay::*;
pub use report::*;
pub use span::*;
pub use state::*;
