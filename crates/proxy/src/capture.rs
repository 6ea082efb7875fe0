//! An exchange while it is captured: its sink and its clock, shared by the two
//! bodies that feed it.
//!
//! The recorder is asked to be as quick as one `write(2)`. One that is not
//! (a disk that stalls) must cost its own exchange and no other, so after a
//! slow call the next ones are made on a thread that the others can spare.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use scrubjay_session::exchange::{Ending, Headers, Relayed, RequestHead, ResponseHead};

use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::{
    clock,
    recorder::{Chunk, ExchangeSink},
    source_state::{Route, SourceState},
};

/// From here on a call counts as slow. A busy machine delays any thread by less
/// now and then, and making calls aside has a price, too.
const SLOW: Duration = Duration::from_millis(5);
/// How many calls after a slow one are made aside.
const WARY_CALLS: u8 = 64;

/// One exchange while it is being captured.
pub(crate) struct Capture {
    state: Arc<SourceState>,
    started: Instant,
    phase: Mutex<Phase>,
    /// Released once the sink has ended.
    open: Mutex<Option<TaskTrackerToken>>,
    /// Calls still to be made aside.
    wary: AtomicU8,
    /// The client did not send its request whole.
    is_request_broken: AtomicBool,
}

enum Phase {
    Recording(Box<dyn ExchangeSink>),
    /// The exchange passes, and nothing is kept of it.
    Passing,
    Ended,
}

impl Capture {
    /// Begins an exchange whose head was read at `started`.
    pub(crate) fn begin(
        state: &Arc<SourceState>,
        route: &Route,
        head: &RequestHead,
        labels: &[(String, String)],
        started: Instant,
    ) -> Arc<Self> {
        let open = state.stats.exchange_began();
        let phase = if state.is_recording() {
            let ago = i64::try_from(started.elapsed().as_micros()).unwrap_or(0);
            let began = clock::wall_us().saturating_sub(ago).max(0);
            let upstream = route.upstream.to_string();
            Phase::Recording(state.recorder.begin(&state.name, &upstream, head, labels, began))
        } else {
            Phase::Passing
        };
        let capture = Arc::new(Self {
            state: Arc::clone(state),
            started,
            phase: Mutex::new(phase),
            open: Mutex::new(Some(open)),
            wary: AtomicU8::new(0),
            is_request_broken: AtomicBool::new(false),
        });
        if route.is_unverified {
            capture.record(|sink, at_us| sink.unverified(at_us));
        }
        capture
    }

    /// Bytes of the request body, about to be forwarded.
    pub(crate) fn request_body(&self, bytes: &[u8]) {
        self.record(|sink, at_us| sink.request_body(bytes, at_us));
    }

    pub(crate) fn request_broke(&self) {
        self.is_request_broken.store(true, Relaxed);
    }

    pub(crate) fn is_request_broken(&self) -> bool {
        self.is_request_broken.load(Relaxed)
    }

    pub(crate) fn response(&self, head: &ResponseHead) {
        self.record(|sink, at_us| sink.response(head, at_us));
    }

    /// When the request head was read.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Chunks of the response body, about to be forwarded.
    pub(crate) fn chunks(&self, chunks: &[Chunk]) {
        if chunks.is_empty() {
            return;
        }
        let len = chunks.iter().map(|chunk| chunk.bytes.len() as u64).sum();
        self.state.stats.chunks(chunks.len(), len);
        if self.state.is_recording() {
            self.record(|sink, _| sink.chunks(chunks));
        } else {
            self.record(|sink, at_us| sink.skipped(len, at_us));
        }
    }

    /// One chunk, received now.
    pub(crate) fn chunk(&self, bytes: Bytes) {
        let at_us = self.at_us(Instant::now());
        self.chunks(&[Chunk { bytes, at_us }]);
    }

    /// The body of an answer that is ours.
    pub(crate) fn own_text(&self, text: &[u8]) {
        self.record(|sink, at_us| sink.chunk(text, at_us));
    }

    pub(crate) fn trailers(&self, trailers: &Headers) {
        self.record(|sink, at_us| sink.trailers(trailers, at_us));
    }

    /// What has passed since the connection changed its protocol.
    pub(crate) fn relayed(&self, relayed: Relayed) {
        self.record(|sink, at_us| sink.relayed(relayed, at_us));
    }

    /// The end; every later one is ignored.
    pub(crate) fn end(&self, ending: Ending) {
        let at_us = self.at_us(Instant::now());
        let ended = {
            let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
            mem::replace(&mut *phase, Phase::Ended)
        };
        if let Phase::Recording(sink) = ended {
            self.aside_if_wary(|| sink.end(ending, at_us));
        }
        drop(self.open.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The end when the rest is not taken: the client left, or the source stops.
    pub(crate) fn abandon(&self) {
        self.end(if self.state.is_stopping() {
            Ending::RecorderStopped
        } else {
            Ending::ClientLeft
        });
    }

    fn record(&self, call: impl FnOnce(&mut dyn ExchangeSink, u64)) {
        let now = Instant::now();
        self.aside_if_wary(|| {
            let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
            if let Phase::Recording(sink) = &mut *phase {
                call(sink.as_mut(), self.at_us(now));
            }
        });
        if now.elapsed() >= SLOW {
            self.wary.store(WARY_CALLS, Relaxed);
        }
    }

    fn aside_if_wary(&self, call: impl FnOnce()) {
        let wary = self.wary.load(Relaxed);
        if wary > 0 && self.state.can_step_aside {
            self.wary.store(wary - 1, Relaxed);
            tokio::task::block_in_place(call);
        } else {
            call();
        }
    }

    fn at_us(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.started).as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.abandon();
    }
}
