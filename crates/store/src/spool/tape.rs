//! The recording of one exchange.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use scrubjay_session::exchange::{Ending, Headers, ResponseHead};

use super::{
    Shared, Switches,
    record::{self, Begin, Record},
};

/// Records one exchange. Times are microseconds since the request head was
/// read. Nothing here fails, and nothing waits longer than a `write(2)`.
///
/// Dropping a tape without [`SpoolTape::end`] counts as [`Ending::RecorderStopped`].
pub struct SpoolTape {
    /// Absent for an exchange that is not recorded.
    shared: Option<Arc<Shared>>,
    switches: Arc<Switches>,
    keep_secrets: bool,
    number: u32,
    request_len: u64,
    body_len: u64,
    last_at_us: u64,
    /// The recording says that nothing follows for now.
    paused: bool,
    /// Records that must not get lost and could not be written yet.
    pending: Vec<u8>,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for SpoolTape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpoolTape")
            .field("number", &self.number)
            .field("body_len", &self.body_len)
            .finish_non_exhaustive()
    }
}

impl SpoolTape {
    /// A tape that records nothing.
    pub(super) fn blank() -> Self {
        Self::made(None, Arc::default(), 0)
    }

    pub(super) fn begin(shared: Arc<Shared>, switches: Arc<Switches>, begin: Begin) -> Self {
        let number = shared.next_exchange.fetch_add(1, Relaxed);
        let mut tape = Self::made(Some(shared), switches, number);
        tape.write_surely(&Record::Begin(Box::new(begin)));
        tape
    }

    fn made(shared: Option<Arc<Shared>>, switches: Arc<Switches>, number: u32) -> Self {
        let keep_secrets = switches.keep_secrets.load(Relaxed);
        Self {
            shared,
            switches,
            keep_secrets,
            number,
            request_len: 0,
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
        if !self.is_paused(at_us) {
            self.write(&Record::Request { at_us, offset, bytes });
        }
    }

    /// The response's head.
    pub fn response(&mut self, head: &ResponseHead, at_us: u64) {
        self.last_at_us = at_us;
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
        let offset = self.body_len;
        self.body_len += bytes.len() as u64;
        self.last_at_us = at_us;
        if !self.is_paused_at(offset, at_us) {
            self.write(&Record::Chunk { at_us, offset, bytes });
        }
    }

    /// Trailer fields.
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

    /// The end.
    pub fn end(mut self, ending: Ending, at_us: u64) {
        self.close(ending, at_us);
    }

    fn close(&mut self, ending: Ending, at_us: u64) {
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

    fn is_paused(&mut self, at_us: u64) -> bool {
        self.is_paused_at(self.body_len, at_us)
    }

    /// Whether the source is paused; says so in the recording, once.
    fn is_paused_at(&mut self, offset: u64, at_us: u64) -> bool {
        let paused = self.switches.paused.load(Relaxed);
        if paused && !self.paused {
            self.write(&Record::Hole { at_us, offset });
        }
        self.paused = paused;
        paused
    }

    /// Writes a record, together with those that are pending. If that fails,
    /// the record is lost, and a later one will show by its offset that it is.
    fn write(&mut self, record: &Record<'_>) -> bool {
        let Some(shared) = &self.shared else { return true };
        self.buffer.clear();
        self.buffer.extend_from_slice(&self.pending);
        record::encode(self.number, record, &mut self.buffer);
        let written = shared.tip.append(&mut self.buffer);
        if written {
            self.pending.clear();
        }
        written
    }

    /// Writes a record, or keeps it until the disk takes it.
    fn write_surely(&mut self, record: &Record<'_>) {
        if !self.write(record) {
            record::encode(self.number, record, &mut self.pending);
        }
    }
}

impl Drop for SpoolTape {
    fn drop(&mut self) {
        if self.shared.is_some() {
            self.close(Ending::RecorderStopped, self.last_at_us);
        }
    }
}
