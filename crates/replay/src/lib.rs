//! The mock agent: which recorded exchange answers a request, and what goes
//! out when.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use scrubjay_replay::{
//!     IncomingRequest, Step, Matcher, ScheduleOptions, Pace, Recorded, MatchOptions, Schedule, matching::Answer,
//! };
//! use scrubjay_session::{exchange::*, memory::MemoryShelf};
//!
//! // A recorded run: "hi", answered in one chunk after a millisecond.
//! let input = br#"{"threadId":"t-01","runId":"r-01","messages":[{"id":"m","role":"user","content":"hi"}]}"#;
//! let body = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t-01\",\"runId\":\"r-01\"}\n\n";
//! let exchange = Exchange {
//!     request: RequestHead { method: "POST".into(), target: "/agent".into(), ..RequestHead::default() },
//!     response: Some(ResponseHead { status: 200, ..ResponseHead::default() }),
//!     ending: Ending::Complete,
//!     ..Exchange::default()
//! };
//! let chunks = vec![Chunk { offset: 0, len: body.len() as u64, at_us: 1_000 }];
//! let shelf = MemoryShelf::bare(exchange, input.to_vec(), chunks, body.to_vec());
//! let matcher = Matcher::new(vec![Recorded::open(Arc::new(shelf)).unwrap()], MatchOptions::default());
//!
//! // The same prompt in a new thread gets it, under the new thread's name.
//! let asked = IncomingRequest {
//!     method: "POST".into(),
//!     target: "/agent".into(),
//!     body: br#"{"threadId":"t-77","runId":"r-99","messages":[{"id":"m","role":"user","content":"hi"}]}"#.to_vec(),
//!     ..IncomingRequest::default()
//! };
//! let Answer::Hit(hit) = matcher.ask(&asked) else { panic!() };
//! let options = ScheduleOptions { ids: Some(hit.ids), ..ScheduleOptions::default() };
//! let mut schedule = Schedule::new(matcher.recorded(hit.recorded).unwrap(), options);
//! let Some(Ok(Step::Part(part))) = schedule.next() else { panic!() };
//! assert_eq!(&part.bytes[..], b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t-77\",\"runId\":\"r-99\"}\n\n");
//! let pace: Pace = "10x".parse().unwrap();
//! assert_eq!(pace.due(part.at_us, 0), Some(Duration::from_micros(100)));
//! ```
//!
//! # Map, in the order in which a request passes through them
//!
//! - [`recorded`]: one recorded exchange, and where its bytes lie.
//! - [`matching`]: which of them answers a request, and why.
//! - [`adapt`]: the ids of the request in place of the recorded ones.
//! - [`rerecord`]: the recorded requests, for an agent that is asked them again.
//! - [`fault`]: what goes wrong on purpose.
//! - [`schedule`]: the answer, part by part, each with its recorded time.
//! - [`pace`]: from recorded times to when a part is due.
//! - [`mod@serve`]: all of it on a socket, for many clients at once.
//!
//! # Invariants
//!
//! - Only [`mod@serve`] reads a clock and opens sockets: times are microseconds since the request
//!   head, recorded or due, so a late part delays no other.
//! - A recording is never changed; what adapts or spoils it works on the way out.
//! - Memory grows with a frame, not with a body: bodies are read as they are sent.
//! - Equal requests in equal order get equal answers, faults included.
//!
//! # What is not here
//!
//! Where recordings come from (`engine` opens stores and files), what a
//! recording means (`session`).

pub mod adapt;
mod counter;
mod cutter;
mod data;
pub mod fault;
mod fragment;
pub mod matching;
pub mod pace;
pub mod recorded;
pub mod rerecord;
pub mod schedule;
pub mod serve;

pub use self::{
    adapt::IdMap,
    fault::Faults,
    matching::{IncomingRequest, MatchOptions, Matcher},
    pace::Pace,
    recorded::{Body, Recorded, Unread},
    schedule::{Bulk, Cut, End, Head, Mark, Part, Schedule, ScheduleOptions, Step},
};
