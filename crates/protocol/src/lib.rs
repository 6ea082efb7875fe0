//! The AG-UI wire: bytes in, frames out.
//!
//! Bad input is normal input here: nothing is dropped, nothing panics, and each
//! frame carries its problems. Two views are kept apart everywhere: the verbatim
//! bytes, and what the official TypeScript client makes of them.
//!
//! ```
//! use scrubjay_protocol::{event::EventType, frame::FrameKind, sse::Decoder};
//!
//! let mut decoder = Decoder::new();
//! decoder.push(b"data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"Hi\"}\n\n");
//! decoder.push(b"data: [DONE]\n\n");
//!
//! let frame = decoder.next_frame().unwrap();
//! assert_eq!(frame.event_type, Some(EventType::TextMessageContent));
//! assert_eq!(frame.value.unwrap().get("delta").unwrap().as_str(), Some("Hi"));
//!
//! let frame = decoder.next_frame().unwrap();
//! assert_eq!(frame.kind, FrameKind::Malformed);
//! assert_eq!(frame.problems[0].rule, "framing.done");
//! ```
//!
//! # Map
//!
//! In the order in which a response body passes through them:
//!
//! - [`encoding`]: what was sent to what was meant: gzip, deflate, br, zstd.
//! - [`media`]: what a body is, by its content type and else by its content.
//! - [`framing`]: a body into frames, once it is known what it is.
//! - [`sse`], [`record`]: the two ways to cut, at any chunking.
//! - [`proto`]: the message of a record into an event.
//! - [`frame`], [`problem`]: a frame, and what can be wrong with it.
//! - [`json`], [`mod@pointer`]: JSON as JavaScript reads it, and as it stands.
//! - [`event`]: types of events, and members by either spelling.
//! - [`schema`]: what the official client translates, strips and refuses.
//! - [`input`]: request bodies.
//! - [`secret`]: which values of heads and URLs are secret, and covering them.
//! - [`text`]: sentences for people.
//!
//! # Invariants
//!
//! - Frames tile the body: each begins where the one before ended.
//! - Any chunking gives the same frames.
//! - No recursion goes deeper than [`json::NESTING_LIMIT`], for any input.
//! - Memory is bounded by [`frame::EVENT_LIMIT`], not by the length of a body.
//!
//! # What is not here
//!
//! No IO, no clock, no threads: this crate also runs in a browser. No memory
//! of a run: order of events, chunk expansion, state and messages belong to
//! the session. Nothing encodes protobuf; leaves of a
//! message can be replaced ([`proto::rewrite()`]).

pub mod encoding;
pub mod event;
pub mod frame;
pub mod framing;
pub mod input;
pub mod json;
pub mod media;
pub mod pointer;
pub mod problem;
pub mod proto;
pub mod record;
pub mod schema;
pub mod secret;
pub mod sse;
pub mod text;
