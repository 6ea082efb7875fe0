//! From the capture path to the spool.
//!
//! On the way it raises the signal of the live tail and keeps the checklist of a
//! source. That is one relaxed load per chunk, and one atomic swap for all that
//! came together.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use scrubjay_proxy::recorder::{Chunk, ExchangeSink, Recorder};
use scrubjay_session::exchange::{Ending, Headers, Relayed, RequestHead, ResponseHead};
use scrubjay_store::{Spool, SpoolSink};

use super::{
    PathFilter,
    checklist::{Checks, Ticket},
};
use crate::feed::Signal;

/// What one source's exchanges are recorded with.
pub(crate) struct SourceRecorder {
    pub(crate) spool: Spool,
    pub(crate) signal: Arc<Signal>,
    pub(crate) activity: Arc<Activity>,
    /// Labels that every exchange of this source gets.
    pub(crate) labels: Vec<(String, String)>,
    /// Which of its exchanges are recorded.
    pub(crate) paths: PathFilter,
    /// Exchanges of all sources that passed without being recorded, because they were not asked for.
    pub(crate) left_out: Arc<AtomicU64>,
}

/// What is going on at one source.
#[derive(Default)]
pub(crate) struct Activity {
    /// The first-run checklist.
    pub(crate) checks: Checks,
    /// Exchanges open now.
    pub(crate) open: AtomicU32,
}

impl Recorder for SourceRecorder {
    fn begin(
        &self,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        started_at_us: i64,
    ) -> Box<dyn ExchangeSink> {
        let ticket = self.activity.checks.began(head);
        let sink = match self.paths.records(&head.target) {
            true => {
                let labels: Vec<_> = self.labels.iter().chain(labels).cloned().collect();
                Some(self.spool.begin(source, upstream, head, &labels, started_at_us))
            }
            false => {
                self.left_out.fetch_add(1, Ordering::Relaxed);
                None
            }
        };
        self.activity.open.fetch_add(1, Ordering::Relaxed);
        self.signal.raise();
        Box::new(WatchedSink {
            sink,
            ticket,
            activity: Arc::clone(&self.activity),
            signal: Arc::clone(&self.signal),
        })
    }
}

struct WatchedSink {
    /// Gone once the exchange ended; absent when it is not recorded.
    sink: Option<SpoolSink>,
    ticket: Ticket,
    activity: Arc<Activity>,
    signal: Arc<Signal>,
}

impl WatchedSink {
    fn saw(&self, bytes: &[u8], at_us: u64) {
        if self.activity.checks.wants_bytes() {
            self.activity.checks.bytes(self.ticket, bytes, at_us);
        }
    }
}

impl ExchangeSink for WatchedSink {
    fn request_body(&mut self, bytes: &[u8], at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.request_body(bytes, at_us);
        }
    }

    fn response(&mut self, head: &ResponseHead, at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.response(head, at_us);
        }
        self.activity.checks.answered(self.ticket, head, at_us);
        self.signal.raise();
    }

    fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.chunk(bytes, at_us);
        }
        self.saw(bytes, at_us);
        self.signal.raise();
    }

    fn chunks(&mut self, chunks: &[Chunk]) {
        if let Some(sink) = &mut self.sink {
            sink.chunks(chunks.iter().map(|chunk| (&*chunk.bytes, chunk.at_us)));
        }
        for chunk in chunks {
            self.saw(&chunk.bytes, chunk.at_us);
        }
        self.signal.raise();
    }

    fn trailers(&mut self, trailers: &Headers, at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.trailers(trailers, at_us);
        }
    }

    fn relayed(&mut self, relayed: Relayed, at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.relayed(relayed, at_us);
        }
        self.signal.raise();
    }

    fn unverified(&mut self, at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.unverified(at_us);
        }
    }

    fn end(mut self: Box<Self>, ending: Ending, at_us: u64) {
        if let Some(sink) = self.sink.take() {
            sink.end(ending, at_us);
        }
        self.activity.checks.ended(self.ticket);
    }
}

impl Drop for WatchedSink {
    fn drop(&mut self) {
        self.activity.open.fetch_sub(1, Ordering::Relaxed);
        self.signal.raise();
    }
}
