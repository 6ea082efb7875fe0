//! For tests only: a scripted agent that writes, splits and breaks off by its script,
//! a client that notes raw bytes, a recorder in memory, captured streams.
//!
//! ```
//! use scrubjay_testkit::{RawClient, ScriptedAgent, Step};
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let agent = ScriptedAgent::playing(vec![Step::sse_head(), Step::chunk("data: 1\n\n"), Step::Reset]).await;
//! let mut client = RawClient::ask(agent.address(), "GET / HTTP/1.1\r\n\r\n").await;
//! client.until_closed().await;
//! assert!(!client.partial_answer().is_whole);
//! # });
//! ```
//!
//! - `agent`: the upstream; `client`: the frontend; `gate`: handshakes between
//!   them and the test
//! - `memory`: the recorder
//! - [`corpus`]: captured streams
//!
//! Nothing here sleeps. What waits gives up after [`PATIENCE`], with a message.
//!
//! # Not here
//!
//! Anything that a program needs: no crate depends on this one outside of tests.

mod agent;
mod client;
pub mod corpus;
mod gate;
mod memory;

pub use agent::{ReceivedRequest, ScriptedAgent, Step};
pub use client::{Answer, Closed, RawClient};
pub use gate::Gate;
pub use memory::{MemoryRecorder, Taped};

/// How long anything is waited for before a test is said to hang.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
