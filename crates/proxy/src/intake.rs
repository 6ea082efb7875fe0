//! Takes what an upstream sends as it comes, so that all of it that is there
//! can be recorded and forwarded together.
//!
//! A connection of HTTP/1 yields its chunks one at a time: it decodes the
//! next when the last was taken. Taking them where they are forwarded would
//! cost two changes of task a chunk, which is most of what passing on small
//! chunks costs. So while chunks come thick and fast, the waker that the body
//! gets takes the chunk itself, in the connection's task, which can then go on
//! decoding; the task that forwards is woken once for all of them. Chunks that
//! come at a pace are taken by that task, which is quicker for a single one.
//!
//! HTTP/2 wakes while it holds the lock that taking needs. There, all that is
//! ready is taken by the task that forwards.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

use futures_util::task::AtomicWaker;
use http::HeaderMap;
use http_body::Body as _;

use crate::{
    recorder::Chunk,
    upstream_client::{BoxError, UpstreamBody},
};

/// Bytes taken ahead of the forwarding task, at most, and the last chunk's rest.
pub(crate) const BATCH_LEN: usize = 64 << 10;
/// Chunks taken ahead, at most: tiny ones shall not wait for many others.
const BATCH_CHUNKS: usize = 1024;
/// Chunks closer to one another than this come thick and fast, microseconds.
const FAST_US: u64 = 250;

/// A response body on its way in. Dropping it cancels the rest.
pub(crate) struct Intake {
    shared: Arc<Shared>,
    /// Chunks may be taken in the connection's task.
    takes_ahead: bool,
}

/// How a body ended.
pub(crate) enum End {
    Whole,
    /// With trailer fields, which nothing follows.
    Trailers(HeaderMap),
    Broken(BoxError),
}

struct Shared {
    buffer: Mutex<Buffer>,
    forwarder: AtomicWaker,
}

struct Buffer {
    /// Gone at the end, and when the rest is not wanted. The body's waker leads
    /// here, so this is also what keeps the two from holding each other.
    body: Option<UpstreamBody>,
    started: Instant,
    is_http2: bool,
    chunks: Vec<Chunk>,
    len: usize,
    end: Option<End>,
    last_at_us: Option<u64>,
}

impl Intake {
    /// Takes from a body of an exchange that began at `started`.
    pub(crate) fn new(body: UpstreamBody, started: Instant, takes_ahead: bool) -> Self {
        let buffer = Buffer {
            body: Some(body),
            started,
            is_http2: !takes_ahead,
            chunks: Vec::new(),
            len: 0,
            end: None,
            last_at_us: None,
        };
        let shared = Shared {
            buffer: Mutex::new(buffer),
            forwarder: AtomicWaker::new(),
        };
        Self {
            shared: Arc::new(shared),
            takes_ahead,
        }
    }

    /// Exchanges `batch`, which is empty, for all chunks that are there, and
    /// gives the end if there is nothing after them.
    pub(crate) fn poll_batch(&self, cx: &Context<'_>, batch: &mut Vec<Chunk>) -> Poll<Option<End>> {
        // Before the buffer is locked: a waker that finds it locked wakes this task instead.
        self.shared.forwarder.register(cx.waker());
        let mut buffer = self.shared.lock();
        if buffer.chunks.is_empty() {
            let ahead = self.takes_ahead.then(|| Waker::from(Arc::clone(&self.shared)));
            buffer.fill(&mut Context::from_waker(ahead.as_ref().unwrap_or(cx.waker())));
        }
        mem::swap(&mut buffer.chunks, batch);
        buffer.len = 0;
        let end = buffer.end.take();
        if batch.is_empty() && end.is_none() {
            Poll::Pending
        } else {
            Poll::Ready(end)
        }
    }

    /// What was taken and not handed over, and the body, unless it has ended.
    pub(crate) fn into_rest(self) -> (Vec<Chunk>, Option<UpstreamBody>) {
        let mut buffer = self.shared.lock();
        (mem::take(&mut buffer.chunks), buffer.body.take())
    }

    /// Bytes still to be handed over, if that is known.
    pub(crate) fn exact_len(&self) -> Option<u64> {
        let buffer = self.shared.lock();
        let rest = buffer.body.as_ref().map(UpstreamBody::size_hint);
        Some(rest?.exact()? + buffer.len as u64)
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        let body = self.shared.lock().body.take();
        // Outside of the lock: the connection notices, and may answer with a wake.
        drop(body);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_ahead(self: &Arc<Self>) {
        let mut buffer = match self.buffer.try_lock() {
            Ok(buffer) => buffer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // The forwarding task is taking just now; it will look again.
            Err(TryLockError::WouldBlock) => return,
        };
        if buffer.comes_fast() {
            let waker = Waker::from(Arc::clone(self));
            buffer.fill(&mut Context::from_waker(&waker));
        }
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.take_ahead();
        self.forwarder.wake();
    }
}

impl Buffer {
    fn comes_fast(&self) -> bool {
        self.last_at_us
            .is_some_and(|last_at_us| self.at_us().saturating_sub(last_at_us) < FAST_US)
    }

    fn at_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Takes what is ready.
    fn fill(&mut self, cx: &mut Context<'_>) {
        while let Some(body) = &mut self.body
            && self.len < BATCH_LEN
            && self.chunks.len() < BATCH_CHUNKS
        {
            let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else {
                return;
            };
            let end = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => {
                        let is_last = body.is_end_stream();
                        self.push(bytes);
                        is_last.then_some(End::Whole)
                    }
                    Err(frame) => frame.into_trailers().ok().map(End::Trailers),
                },
                Some(Err(error)) => Some(End::Broken(error)),
                // HTTP/2: a reset without an error, which ends the stream and not the body.
                None if self.is_http2 && !body.is_end_stream() => {
                    let cut = h2::Error::from(h2::Reason::NO_ERROR);
                    Some(End::Broken(cut.into()))
                }
                None => Some(End::Whole),
            };
            if end.is_some() {
                self.end = end;
                self.body = None;
            }
        }
    }

    fn push(&mut self, bytes: bytes::Bytes) {
        if bytes.is_empty() {
            return;
        }
        let at_us = self.at_us();
        self.last_at_us = Some(at_us);
        self.len += bytes.len();
        self.chunks.push(Chunk { bytes, at_us });
    }
}
