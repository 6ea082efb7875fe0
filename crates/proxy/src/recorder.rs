//! The recorder as the capture path needs it.
//!
//! The trait belongs to the caller. Every call returns before the byte that
//! it records is forwarded, so it must be as quick as one `write(2)` and must
//! never wait for a database.

use bytes::Bytes;
use scrubjay_session::exchange::{Ending, Headers, Relayed, RequestHead, ResponseHead};

/// A chunk of a response body with the time at which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// At least one.
    pub bytes: Bytes,
    /// When it was received, microseconds since the request head was read.
    pub at_us: u64,
}

/// Opens a sink for each exchange.
pub trait Recorder: Send + Sync + 'static {
    /// Begins an exchange. `started_at_us` is wall clock, microseconds since 1970.
    fn begin(
        &self,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        started_at_us: i64,
    ) -> Box<dyn ExchangeSink>;
}

/// Records one exchange. Times are microseconds since the request head was read.
///
/// Nothing here fails: a recorder that cannot write (full disk) notes the
/// first byte that it lacks, and traffic goes on.
pub trait ExchangeSink: Send {
    fn request_body(&mut self, bytes: &[u8], at_us: u64);
    fn response(&mut self, head: &ResponseHead, at_us: u64);
    /// One chunk of the response body, about to be forwarded.
    fn chunk(&mut self, bytes: &[u8], at_us: u64);
    /// Chunks of the response body that were there together, about to be
    /// forwarded one after another. Worth one `write(2)` for all of them.
    fn chunks(&mut self, chunks: &[Chunk]) {
        for chunk in chunks {
            self.chunk(&chunk.bytes, chunk.at_us);
        }
    }
    /// Body bytes that pass unrecorded, because recording is paused.
    fn skipped(&mut self, len: u64, at_us: u64) {
        let _: (u64, u64) = (len, at_us);
    }
    fn trailers(&mut self, trailers: &Headers, at_us: u64);
    /// What has passed so far since the connection changed its protocol. Called
    /// when it has, now and then while bytes pass, and before the end.
    fn relayed(&mut self, relayed: Relayed, at_us: u64);
    /// The upstream's TLS certificate is not verified.
    fn unverified(&mut self, at_us: u64);
    /// The end. Dropping a sink without it counts as [`Ending::RecorderStopped`].
    fn end(self: Box<Self>, ending: Ending, at_us: u64);
}

/// Records nothing: for measuring, and for forwarding alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl Recorder for Discard {
    fn begin(&self, _: &str, _: &str, _: &RequestHead, _: &[(String, String)], _: i64) -> Box<dyn ExchangeSink> {
        Box::new(Self)
    }
}

impl ExchangeSink for Discard {
    fn request_body(&mut self, _: &[u8], _: u64) {}
    fn response(&mut self, _: &ResponseHead, _: u64) {}
    fn chunk(&mut self, _: &[u8], _: u64) {}
    fn trailers(&mut self, _: &Headers, _: u64) {}
    fn relayed(&mut self, _: Relayed, _: u64) {}
    fn unverified(&mut self, _: u64) {}
    fn end(self: Box<Self>, _: Ending, _: u64) {}
}
