//! Counts of a running source, which move with every chunk, and its
//! sightings, which change a few times in its life.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::sync::watch;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::upstream_client::Unanswered;

/// Counts since the source was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub open: u64,
    pub exchanges: u64,
    /// Chunks of response bodies that passed.
    pub chunks: u64,
    /// Bytes of response bodies that passed.
    pub bytes: u64,
    /// Requests that were refused (a foreign host, another server, `CONNECT`, a
    /// loop, a length that is said twice).
    pub refused: u64,
}

/// What has been seen since the source was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sightings {
    /// The upstream accepted a connection or answered.
    pub upstream_answers: bool,
    /// Why it last could not be reached, until it answers again.
    pub upstream_failure: Option<String>,
    pub first_request: bool,
    /// Body bytes came back.
    pub first_bytes: bool,
    /// Why the last refused request was refused.
    pub last_refusal: Option<String>,
}

#[derive(Default)]
struct Counters {
    exchanges: AtomicU64,
    chunks: AtomicU64,
    bytes: AtomicU64,
    refused: AtomicU64,
}

/// Counts and sightings, shared by every connection of a source.
pub(crate) struct Stats {
    counters: Counters,
    open: TaskTracker,
    sightings: watch::Sender<Sightings>,
}

impl Stats {
    pub(crate) fn new() -> Self {
        Self {
            counters: Counters::default(),
            open: TaskTracker::new(),
            sightings: watch::Sender::new(Sightings::default()),
        }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Sightings> {
        self.sightings.subscribe()
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            open: self.open.len() as u64,
            exchanges: self.counters.exchanges.load(Relaxed),
            chunks: self.counters.chunks.load(Relaxed),
            bytes: self.counters.bytes.load(Relaxed),
            refused: self.counters.refused.load(Relaxed),
        }
    }

    /// Counts an exchange, which is open for as long as the token lives.
    pub(crate) fn exchange_began(&self) -> TaskTrackerToken {
        self.counters.exchanges.fetch_add(1, Relaxed);
        self.open.token()
    }

    /// Waits until no exchange is open.
    pub(crate) async fn all_ended(&self) {
        self.open.close();
        self.open.wait().await;
    }

    pub(crate) fn request_came(&self) {
        self.note(|seen| &mut seen.first_request, true);
    }

    pub(crate) fn upstream_answered(&self) {
        self.sightings.send_if_modified(|seen| {
            let is_news = !seen.upstream_answers || seen.upstream_failure.is_some();
            seen.upstream_answers = true;
            seen.upstream_failure = None;
            is_news
        });
    }

    /// Notes why an upstream did not answer, unless it was not asked.
    pub(crate) fn unanswered(&self, unanswered: &Unanswered) {
        if !unanswered.is_ours {
            self.note(|seen| &mut seen.upstream_failure, Some(unanswered.sentence.clone()));
        }
    }

    pub(crate) fn refused(&self, sentence: &str) {
        self.counters.refused.fetch_add(1, Relaxed);
        self.note(|seen| &mut seen.last_refusal, Some(sentence.to_owned()));
    }

    /// Counts chunks of so many bytes together, and notes the first.
    pub(crate) fn chunks(&self, count: usize, len: u64) {
        self.counters.bytes.fetch_add(len, Relaxed);
        if self.counters.chunks.fetch_add(count as u64, Relaxed) == 0 {
            self.note(|seen| &mut seen.first_bytes, true);
        }
    }

    fn note<T: PartialEq>(&self, part: impl Fn(&mut Sightings) -> &mut T, now: T) {
        self.sightings.send_if_modified(|seen| {
            let part = part(seen);
            let is_news = *part != now;
            *part = now;
            is_news
        });
    }
}
