//! How much does capturing cost? Prints, medians and p95 in one run: straight
//! to the agent, through a bare hyper pass-through, and through the capture
//! path with each of the recorders below.
//!
//! `cargo run --release -p scrubjay-proxy --example bench_capture`
//!
//! The measuring itself is in `bench/measure.rs`, which takes any recorder.

#[path = "bench/measure.rs"]
mod measure;

use std::{
    fs::File,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use scrubjay_proxy::recorder::{Discard, Recorder, Tape};
use scrubjay_session::exchange::{Ending, Headers, RequestHead, ResponseHead};

/// Appends every chunk to one file, with the length and time before it: about
/// what a spool does.
struct Append {
    file: Arc<Mutex<File>>,
}

impl Append {
    fn new() -> std::io::Result<Self> {
        let file = tempfile::tempfile()?;
        Ok(Self {
            file: Arc::new(Mutex::new(file)),
        })
    }
}

impl Recorder for Append {
    fn begin(&self, _: &str, _: &str, _: &RequestHead, _: &[(String, String)], _: i64) -> Box<dyn Tape> {
        Box::new(AppendTape {
            file: Arc::clone(&self.file),
            record: Vec::new(),
        })
    }
}

struct AppendTape {
    file: Arc<Mutex<File>>,
    record: Vec<u8>,
}

impl AppendTape {
    fn append(&mut self, bytes: &[u8], at_us: u64) {
        self.record.clear();
        self.record.extend_from_slice(&at_us.to_le_bytes());
        self.record.extend_from_slice(&bytes.len().to_le_bytes());
        self.record.extend_from_slice(bytes);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&self.record)
            .expect("the temporary folder should have room");
    }
}

impl Tape for AppendTape {
    fn request_body(&mut self, bytes: &[u8], at_us: u64) {
        self.append(bytes, at_us);
    }

    fn response(&mut self, _: &ResponseHead, at_us: u64) {
        self.append(b"head", at_us);
    }

    fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        self.append(bytes, at_us);
    }

    fn trailers(&mut self, _: &Headers, _: u64) {}

    fn end(mut self: Box<Self>, _: Ending, at_us: u64) {
        self.append(b"end", at_us);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure::run(vec![
        ("nothing kept", Arc::new(Discard)),
        ("appended to a file", Arc::new(Append::new()?)),
    ])
}
