//! Where two runs part.
//!
//! Two sides, each one exchange, one run, or the exchanges of threads, are
//! each read once ([`outline`](self)) into *items*: what was asked, tool
//! calls, messages, states. Items are paired ([`align`](self)), each pair is
//! judged at a [`Level`], and what differs is put together to
//! [`Difference`]s: a detour that ends is one, and what follows a split that
//! does not end is none.
//!
//! ```
//! use scrubjay_session::{diff::{Comparison, Part, Rules}, exchange::*, memory::MemoryShelf};
//!
//! let call = |id: &str, args: &str| {
//!     let body = format!(
//!         "data: {{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"{id}\",\"toolCallName\":\"find\"}}\n\n\
//!          data: {{\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"{id}\",\"delta\":\"{args}\"}}\n\n"
//!     );
//!     let chunks = vec![Chunk { offset: 0, len: body.len() as u64, at_us: 1_000 }];
//!     let exchange = Exchange { ending: Ending::Complete, ..Exchange::default() };
//!     vec![Part::whole(0, MemoryShelf::new(exchange, Vec::new(), chunks, body.into_bytes()))]
//! };
//! let mut one = Comparison::of(call("c1", r#"{\"max\":200}"#), call("x9", r#"{\"max\":300}"#), Rules::default(), &[], &mut |_| true).unwrap();
//! let first = one.first().unwrap().unwrap();
//! assert_eq!((first.a.seq, first.path.as_str()), (2, "/args/max"));
//! assert_eq!((first.a_value.as_deref(), first.b_value.as_deref()), (Some("200"), Some("300")));
//! ```
//!
//! # What counts
//!
//! The table in `item` says what each item says, and from which level on.
//! Ids (as a bijection), times, chunking, key order and how a text of JSON is
//! written never count below level wire; further rules are [`Ignore`]s.
//!
//! # Map
//!
//! - `rules`, `ids`, `ignored`: what is ignored. `side`: what is compared. `threads`: which thread is which.
//! - `item`, `document`, `hash`, `outline`: what a side says, as numbers.
//! - `align`: which item is which. `verdict`: what that amounts to.
//! - `comparison`: the work, and the result that is asked.
//! - `pair`, `words`, `timing`: all about one pair. `cells`: two values beside each other.
//! - `many`: one against many. [`report`]: a comparison as Markdown and as JSON Lines.
//!
//! # What is not here
//!
//! Judging one run (`fold::rule`), finding the exchanges of a thread
//! (`engine`), answers for a window (`ipc`), tables for a terminal (`cli`).

mod align;
mod cells;
mod comparison;
mod document;
mod hash;
mod ids;
mod ignored;
mod item;
mod many;
mod outline;
mod pair;
pub mod report;
mod rules;
mod side;
mod threads;
mod timing;
mod verdict;
mod words;

use thiserror::Error;

pub use self::{
    cells::around,
    comparison::{
        ByHand, ComparedThreads, Comparison, Divergence, LoneProblems, Moment, PairRow, PairSide, PathChange, Ribbon,
        Spot,
    },
    document::asked_in,
    item::ItemKind,
    many::{Many, Parting},
    pair::{PairDetail, TreeLine},
    rules::{BadRule, Ignore, Level, Rules},
    side::{Part, Side, SideFacts, side_of, thread_in},
    threads::{PairedBy, Thread, ThreadPair, pair_threads},
    timing::TimingRow,
    verdict::{Counts, Difference, PairKind, Scope},
    words::{WordPlace, WordRun},
};
pub use crate::changes::ChangeKind;
use crate::query::Failed;

/// Why there is no comparison.
#[derive(Debug, Error)]
pub enum Stopped<E> {
    /// A side cannot be read.
    #[error(transparent)]
    Failed(#[from] Failed<E>),
    /// The progress callback asked to stop.
    #[error("the comparison was cancelled")]
    Cancelled,
}
