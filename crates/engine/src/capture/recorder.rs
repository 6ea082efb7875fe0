//! From the capture path to the spool.
//!
//! On the way it rings the bell of the live tail and keeps the checklist of a
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
    Choice,
    checklist::{Lights, Ticket},
};
use crate::feed::Bell;

/// What one source's exchanges are recorded with.
pub(crate) struct SourceRecorder {
    pub(crate) spool: Spool,
    pub(crate) bell: Arc<Bell>,
    pub(crate) pulse: Arc<Pulse>,
    /// Labels that every exchange of this source gets.
    pub(crate) labels: Vec<(String, String)>,
    /// Which of its exchanges are recorded.
    pub(crate) choice: Choice,
    /// Exchanges of all sources that passed without being recorded, because they were not asked for.
    pub(crate) left_out: Arc<AtomicU64>,
}

/// What is going on at one source.
#[derive(Default)]
pub(crate) struct Pulse {
    /// The first-run checklist.
    pub(crate) lights: Lights,
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
        let ticket = self.pulse.lights.began(head);
        let sink = match self.choice.records(&head.target) {
            true => {
                let labels: Vec<_> = self.labels.iter().chain(labels).cloned().collect();
                Some(self.spool.begin(source, upstream, head, &labels, started_at_us))
            }
            false => {
                self.left_out.fetch_add(1, Ordering::Relaxed);
                None
            }
        };
        self.pulse.open.fetch_add(1, Ordering::Relaxed);
        self.bell.ring();
        Box::new(WatchedSink {
            sink,
            ticket,
            pulse: Arc::clone(&self.pulse),
            bell: Arc::clone(&self.bell),
        })
    }
}

struct WatchedSink {
    /// Gone once the exchange ended; absent when it is not recorded.
    sink: Option<SpoolSink>,
    ticket: Ticket,
    pulse: Arc<Pulse>,
    bell: Arc<Bell>,
}

impl WatchedSink {
    fn saw(&self, bytes: &[u8], at_us: u64) {
        if self.pulse.lights.wants_bytes() {
            self.pulse.lights.bytes(self.ticket, bytes, at_us);
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
        self.pulse.lights.answered(self.ticket, head, at_us);
        self.bell.ring();
    }

    fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        if let Some(sink) = &mut self.sink {
            sink.chunk(bytes, at_us);
        }
        self.saw(bytes, at_us);
        self.bell.ring();
    }

    fn chunks(&mut self, chunks: &[Chunk]) {
        if let Some(sink) = &mut self.sink {
            sink.chunks(chunks.iter().map(|chunk| (&*chunk.bytes, chunk.at_us)));
        }
        for chunk in chunks {
            self.saw(&chunk.bytes, chunk.at_us);
        }
        self.bell.ring();
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
        self.bell.ring();
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
        self.pulse.lights.ended(self.ticket);
    }
}

impl Drop for WatchedSink {
    fn drop(&mut self) {
        self.pulse.open.fetch_sub(1, Ordering::Relaxed);
        self.bell.ring();
    }
}
