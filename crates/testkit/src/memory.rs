//! A recorder that keeps everything in memory, in order.

use std::sync::{Arc, Mutex, PoisonError};

use scrubjay_proxy::recorder::{ExchangeSink, Recorder};
use scrubjay_session::exchange::{Ending, Headers, Relayed, RequestHead, ResponseHead};
use tokio::sync::watch;

/// One exchange as the recorder got it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taped {
    pub source: String,
    pub upstream: String,
    pub request: RequestHead,
    pub labels: Vec<(String, String)>,
    pub request_body: Vec<u8>,
    pub response: Option<ResponseHead>,
    /// The response's body as it came, with times.
    pub chunks: Vec<(Vec<u8>, u64)>,
    /// Bytes that passed unrecorded.
    pub skipped: u64,
    pub trailers: Headers,
    /// What passed in another protocol.
    pub relayed: Option<Relayed>,
    /// The upstream's certificate was not verified.
    pub is_unverified: bool,
    pub ending: Ending,
}

impl Taped {
    pub fn body(&self) -> Vec<u8> {
        self.chunks
            .iter()
            .flat_map(|(bytes, _)| bytes.iter().copied())
            .collect()
    }

    /// Lengths of its chunks.
    pub fn splits(&self) -> Vec<usize> {
        self.chunks.iter().map(|(bytes, _)| bytes.len()).collect()
    }
}

/// Keeps every exchange; clones share what they keep.
#[derive(Clone, Default)]
pub struct MemoryRecorder {
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    exchanges: Mutex<Vec<Taped>>,
    changed: watch::Sender<u64>,
}

impl MemoryRecorder {
    /// Everything so far, in the order in which it began.
    pub fn exchanges(&self) -> Vec<Taped> {
        self.kept
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until the exchanges fulfil a condition.
    ///
    /// # Panics
    /// After 30 seconds, because then the test hangs.
    pub async fn until(&self, condition: impl Fn(&[Taped]) -> bool) -> Vec<Taped> {
        let mut watcher = self.kept.changed.subscribe();
        let waiting = async {
            loop {
                watcher.mark_unchanged();
                let exchanges = self.exchanges();
                if condition(&exchanges) {
                    return exchanges;
                }
                if watcher.changed().await.is_err() {
                    return exchanges;
                }
            }
        };
        let waited = tokio::time::timeout(crate::PATIENCE, waiting).await;
        waited.unwrap_or_else(|_| panic!("the condition should hold in time, but there is {:?}", self.exchanges()))
    }

    /// Waits until this many exchanges have ended.
    pub async fn ended(&self, count: usize) -> Vec<Taped> {
        let is_over = |taped: &&Taped| taped.ending != Ending::Open;
        self.until(|exchanges| exchanges.iter().filter(is_over).count() >= count)
            .await
    }

    /// Waits for the only exchange's end.
    pub async fn only(&self) -> Taped {
        let mut exchanges = self.ended(1).await;
        assert_eq!(exchanges.len(), 1, "there should be one exchange");
        exchanges.remove(0)
    }
}

impl Recorder for MemoryRecorder {
    fn begin(
        &self,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        _started_at_us: i64,
    ) -> Box<dyn ExchangeSink> {
        let mut exchanges = self.kept.exchanges.lock().unwrap_or_else(PoisonError::into_inner);
        exchanges.push(Taped {
            source: source.to_owned(),
            upstream: upstream.to_owned(),
            request: head.clone(),
            labels: labels.to_vec(),
            ..Taped::default()
        });
        Box::new(MemorySink {
            kept: Arc::clone(&self.kept),
            index: exchanges.len() - 1,
        })
    }
}

struct MemorySink {
    kept: Arc<Kept>,
    index: usize,
}

impl MemorySink {
    fn note(&self, change: impl FnOnce(&mut Taped)) {
        change(&mut self.kept.exchanges.lock().unwrap_or_else(PoisonError::into_inner)[self.index]);
        self.kept.changed.send_modify(|changes| *changes += 1);
    }
}

impl ExchangeSink for MemorySink {
    fn request_body(&mut self, bytes: &[u8], _at_us: u64) {
        self.note(|taped| taped.request_body.extend_from_slice(bytes));
    }

    fn response(&mut self, head: &ResponseHead, _at_us: u64) {
        self.note(|taped| taped.response = Some(head.clone()));
    }

    fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        self.note(|taped| taped.chunks.push((bytes.to_vec(), at_us)));
    }

    fn skipped(&mut self, len: u64, _at_us: u64) {
        self.note(|taped| taped.skipped += len);
    }

    fn trailers(&mut self, trailers: &Headers, _at_us: u64) {
        self.note(|taped| taped.trailers.clone_from(trailers));
    }

    fn relayed(&mut self, relayed: Relayed, _at_us: u64) {
        self.note(|taped| taped.relayed = Some(relayed));
    }

    fn unverified(&mut self, _at_us: u64) {
        self.note(|taped| taped.is_unverified = true);
    }

    fn end(self: Box<Self>, ending: Ending, _at_us: u64) {
        self.note(|taped| {
            assert_eq!(taped.ending, Ending::Open, "an exchange should end once");
            taped.ending = ending;
        });
    }
}
