//! The AG-UI wire: bytes in, frames out.
//!
//! What crossed the wire, and what does it mean? Bad input is normal input
//! here: nothing is dropped, nothing panics, and what is wrong is said beside
//! what was read. Two views are kept apart everywhere: the verbatim bytes, and
//! what the official TypeScript client makes of them.
//!
//! ```
//! use scrubjay_protocol::{event::{Body, Event}, frame::FrameKind, sse::Decoder};
//!
//! let mut decoder = Decoder::new();
//! decoder.push(b"data: {\"type\":\"TEXT_MESSAGE_CONTENT\",\"messageId\":\"m\",\"delta\":\"Hi\"}\n\n");
//! decoder.push(b"data: [DONE]\n\n");
//!
//! let frame = decoder.next_frame().unwrap();
//! let event = Event::read(frame.value.as_ref().unwrap()).unwrap();
//! assert!(matches!(event.body, Body::TextMessageContent(content) if *content.delta.unwrap() == *"Hi"));
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
//! - [`media`]: what a body is, told by type and else by content.
//! - [`framing`]: a body into frames, once it is known what it is.
//! - [`sse`], [`record`]: the two ways to cut, at any chunking.
//! - [`proto`]: the message of a record into an event.
//! - [`frame`], [`problem`]: a frame, and what can be wrong with it.
//! - [`json`], [`mod@pointer`]: JSON as JavaScript reads it, and as it stands.
//! - [`event`]: events as types, with nothing lost.
//! - [`schema`]: what the official client translates, strips and refuses.
//! - [`input`]: request bodies.
//! - [`secret`]: which values of heads and URLs are secret, and covering them.
//!
//! # Invariants
//!
//! - Frames tile the body: each begins where the one before ended.
//! - Any chunking gives the same frames.
//! - No recursion goes deeper than [`json::NESTING_LIMIT`], whatever the input.
//! - Memory is bounded by [`frame::EVENT_LIMIT`], not by the length of a body.
//!
//! # What is not here
//!
//! No IO, no clock, no threads: this crate also runs in a browser. No memory
//! of a run: order of events, chunk expansion, state and messages belong to
//! the session. Nothing encodes protobuf; leaves of a
//! message can be replaced ([`proto::rewrite()`]).

#![warn(missing_docs)]

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
