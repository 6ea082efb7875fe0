//! The recording of one exchange.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use scrubjay_session::exchange::{Ending, Headers, Relayed, ResponseHead};

use super::{
    Shared, Switches,
    outage::FirstLoss,
    record::{self, Begin, Record},
};

/// Records one exchange. Times are microseconds since the request head was
/// read. Nothing here fails, and nothing waits longer than a `write(2)`.
///
/// Dropping a sink without [`SpoolSink::end`] counts as [`Ending::RecorderStopped`].
pub struct SpoolSink {
    /// Absent for an exchange that is not recorded.
    shared: Option<Arc<Shared>>,
    switches: Arc<Switches>,
    keep_secrets: bool,
    number: u32,
    /// Method and target, for the report of what was not recorded.
    request: String,
    request_len: u64,
    /// Bytes of the request passed that were not recorded.
    request_lost: bool,
    body_len: u64,
    last_at_us: u64,
    /// The recording is marked as paused.
    paused: bool,
    /// Records that must not get lost and could not be written yet.
    pending: Vec<u8>,
    /// Records that are written next.
    buffer: Vec<u8>,
}

impl std::fmt::Debug for SpoolSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpoolSink")
            .field("number", &self.number)
            .field("body_len", &self.body_len)
            .finish_non_exhaustive()
    }
}

impl SpoolSink {
    /// A sink that records nothing.
    pub(super) fn blank() -> Self {
        Self::made(None, Arc::default(), 0)
    }

    pub(super) fn begin(shared: Arc<Shared>, switches: Arc<Switches>, begin: Begin) -> Self {
        let number = shared.next_exchange.fetch_add(1, Relaxed);
        let mut sink = Self::made(Some(shared), switches, number);
        sink.request = format!("{} {}", begin.head.method, begin.head.target);
        sink.write_surely(&Record::Begin(Box::new(begin)));
        sink
    }

    fn made(shared: Option<Arc<Shared>>, switches: Arc<Switches>, number: u32) -> Self {
        let keep_secrets = switches.keep_secrets.load(Relaxed);
        Self {
            shared,
            switches,
            keep_secrets,
            number,
            request: String::new(),
            request_len: 0,
            request_lost: false,
            body_len: 0,
            last_at_us: 0,
            paused: false,
            pending: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Bytes of the request body.
    pub fn request_body(&mut self, bytes: &[u8], at_us: u64) {
        let offset = self.request_len;
        self.request_len += bytes.len() as u64;
        self.last_at_us = at_us;
        match self.is_paused_at(self.body_len, at_us) {
            true => self.request_lost = true,
            false => self.put(&Record::Request { at_us, offset, bytes }),
        }
        if !self.flush() {
            self.request_lost = true;
            self.lost(offset, self.request_len - offset, true);
        }
    }

    /// The request is over: a record without bytes says how long it was, where some are missing.
    fn end_request(&mut self, at_us: u64) {
        if std::mem::take(&mut self.request_lost) {
            let offset = self.request_len;
            let bytes = &[];
            self.write_surely(&Record::Request { at_us, offset, bytes });
        }
    }

    pub fn response(&mut self, head: &ResponseHead, at_us: u64) {
        self.last_at_us = at_us;
        self.end_request(at_us);
        let Some(shared) = &self.shared else { return };
        let head = if self.keep_secrets {
            head.clone()
        } else {
            shared.secrets.cover_response(head)
        };
        self.write_surely(&Record::Response { at_us, head });
    }

    /// One chunk of the response body, about to be forwarded.
    pub fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        self.chunks([(bytes, at_us)]);
    }

    /// Chunks of the response body that were there together, with the time of
    /// each, about to be forwarded: records of their own in one `write(2)`.
    pub fn chunks<'a>(&mut self, chunks: impl IntoIterator<Item = (&'a [u8], u64)>) {
        let first = self.body_len;
        for (bytes, at_us) in chunks {
            let offset = self.body_len;
            self.body_len += bytes.len() as u64;
            self.last_at_us = at_us;
            if !self.is_paused_at(offset, at_us) {
                self.put(&Record::Chunk { at_us, offset, bytes });
            }
        }
        if !self.flush() {
            self.lost(first, self.body_len - first, false);
        }
    }

    /// Notes what a write that failed has cost.
    fn lost(&self, offset: u64, len: u64, in_request: bool) {
        let Some(shared) = &self.shared else { return };
        let Some(why) = shared.tip.refusal() else { return };
        let place = FirstLoss {
            why,
            number: self.number,
            request: self.request.clone(),
            offset,
            in_request,
        };
        if shared.outages.failed(len, place) {
            shared.tip.bell().wake();
        }
    }

    pub fn trailers(&mut self, trailers: &Headers, at_us: u64) {
        self.last_at_us = at_us;
        let Some(shared) = &self.shared else { return };
        let fields = if self.keep_secrets {
            trailers.clone()
        } else {
            shared.secrets.cover_headers(trailers)
        };
        self.write_surely(&Record::Trailers { at_us, fields });
    }

    /// What has passed so far in the protocol that the connection changed to.
    pub fn relayed(&mut self, relayed: Relayed, at_us: u64) {
        self.last_at_us = at_us;
        self.put(&Record::Relayed { at_us, relayed });
        // Lost on a full disk: the next record repeats it.
        self.flush();
    }

    /// The upstream's TLS certificate is not verified.
    pub fn unverified(&mut self, at_us: u64) {
        self.write_surely(&Record::Unverified { at_us });
    }

    pub fn end(mut self, ending: Ending, at_us: u64) {
        self.close(ending, at_us);
    }

    fn close(&mut self, ending: Ending, at_us: u64) {
        self.end_request(at_us);
        if let Some(shared) = &self.shared {
            shared.drop_heads(self.number);
        }
        self.write_surely(&Record::End {
            at_us,
            ending,
            body_len: self.body_len,
        });
        if let Some(shared) = self.shared.take()
            && !self.pending.is_empty()
        {
            shared.tip.keep_for_later(&self.pending);
        }
    }

    /// Whether the source is paused; marks it in the recording, once.
    fn is_paused_at(&mut self, offset: u64, at_us: u64) -> bool {
        let paused = self.switches.paused.load(Relaxed);
        if paused && !self.paused {
            self.put(&Record::Hole { at_us, offset });
        }
        self.paused = paused;
        paused
    }

    /// Adds a record to those that are written next.
    fn put(&mut self, record: &Record<'_>) {
        if self.shared.is_some() {
            record::encode(self.number, record, &mut self.buffer);
        }
    }

    /// Writes what was put, after what is pending. If that fails, it is lost,
    /// and a later record will show by its offset that it is.
    fn flush(&mut self) -> bool {
        let Some(shared) = &self.shared else { return true };
        if self.buffer.is_empty() {
            return true;
        }
        let kept = self.pending.len();
        let written = if kept == 0 {
            shared.tip.append(&mut self.buffer)
        } else {
            self.pending.append(&mut self.buffer);
            shared.tip.append(&mut self.pending)
        };
        self.buffer.clear();
        self.pending.truncate(if written { 0 } else { kept });
        if written {
            shared.outages.wrote();
        }
        written
    }

    /// Keeps the record that was put at `start` for a store that has to begin anew.
    fn keep_head(&self, record: &Record<'_>, start: usize) {
        let is_head = matches!(
            record,
            Record::Begin(_) | Record::Response { .. } | Record::Unverified { .. }
        );
        if let Some(shared) = self.shared.as_ref().filter(|_| is_head) {
            shared.keep_head(self.number, &self.buffer[start..]);
        }
    }

    /// Writes a record, or keeps it until the disk takes it.
    fn write_surely(&mut self, record: &Record<'_>) {
        let start = self.buffer.len();
        self.put(record);
        self.keep_head(record, start);
        if !self.flush() {
            record::encode(self.number, record, &mut self.pending);
            self.lost(self.body_len, 0, false);
        }
    }
}

impl Drop for SpoolSink {
    fn drop(&mut self) {
        if self.shared.is_some() {
            self.close(Ending::RecorderStopped, self.last_at_us);
        }
    }
}
