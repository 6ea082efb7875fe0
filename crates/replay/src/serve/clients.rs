//! Streams that are being served, for display and for the orders that steer them.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use super::orders::{Next, Order, Orders};

/// Streams that are remembered. Beyond this many, those that have ended are
/// dropped; running ones never are.
const KEPT: usize = 50;

/// The state of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamStage {
    /// Events go out at the replay's pace.
    #[default]
    Streaming,
    /// It waits for an order.
    Held,
    /// Everything was sent.
    Done,
    /// The client left, or the replay cut the connection.
    Left,
}

/// The state of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientState {
    pub client: u64,
    /// The number of its request.
    pub request: u64,
    /// `User-Agent`, as sent.
    pub name: String,
    /// The recorded exchange that it is sent.
    pub exchange: i64,
    /// The last frame sent; 0 before the first, and while chunks go out
    /// without being looked into (exact and instant).
    pub seq: u32,
    /// The recorded time of what was sent last, microseconds since the request head.
    pub at_us: u64,
    pub stage: StreamStage,
    /// The next event, when the stream is held.
    pub next: Option<Next>,
}

/// One stream, shared by the body that sends it and the orders that steer it.
pub(crate) struct Client {
    number: u64,
    request: u64,
    name: String,
    exchange: i64,
    seq: AtomicU32,
    at_us: AtomicU64,
    standing: Mutex<(StreamStage, Option<Next>)>,
    pub(crate) orders: Orders,
}

impl Client {
    /// Notes what was sent: the frame that ended with it, if it is known, and its time.
    pub(crate) fn note_sent(&self, seq: Option<u32>, at_us: u64) {
        if let Some(seq) = seq {
            self.seq.store(seq, Relaxed);
        }
        self.at_us.store(at_us, Relaxed);
    }

    /// Notes the state of the stream.
    pub(crate) fn set_stage(&self, stage: StreamStage, next: Option<Next>) {
        *self.standing() = (stage, next);
    }

    /// Notes that a stream that was held goes on.
    pub(crate) fn note_resumed(&self) {
        let mut standing = self.standing();
        if standing.0 == StreamStage::Held {
            *standing = (StreamStage::Streaming, None);
        }
    }

    fn standing(&self) -> MutexGuard<'_, (StreamStage, Option<Next>)> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        matches!(self.standing().0, StreamStage::Done | StreamStage::Left)
    }

    fn view(&self) -> ClientState {
        let (stage, next) = self.standing().clone();
        ClientState {
            client: self.number,
            request: self.request,
            name: self.name.clone(),
            exchange: self.exchange,
            seq: self.seq.load(Relaxed),
            at_us: self.at_us.load(Relaxed),
            stage,
            next,
        }
    }
}

/// All streams.
#[derive(Default)]
pub(crate) struct Clients {
    clients: Mutex<VecDeque<Arc<Client>>>,
    count: AtomicU64,
}

impl Clients {
    pub(crate) fn add(&self, request: u64, name: &str, exchange: i64) -> Arc<Client> {
        let client = Arc::new(Client {
            number: self.count.fetch_add(1, Relaxed) + 1,
            request,
            name: name.to_owned(),
            exchange,
            seq: AtomicU32::new(0),
            at_us: AtomicU64::new(0),
            standing: Mutex::default(),
            orders: Orders::default(),
        });
        let mut clients = self.clients();
        clients.push_front(Arc::clone(&client));
        // Those that are over go first, and of them the oldest.
        while clients.len() > KEPT {
            let Some(place) = clients.iter().rposition(|client| client.is_over()) else {
                break;
            };
            clients.remove(place);
        }
        client
    }

    /// Gives an order to a stream; false if there is none of this number, or it is over.
    pub(crate) fn order(&self, client: u64, order: Order) -> bool {
        let found = self.clients().iter().find(|known| known.number == client).cloned();
        found.is_some_and(|client| !client.is_over() && client.orders.give(order))
    }

    /// All that are remembered, newest first.
    pub(crate) fn states(&self) -> Vec<ClientState> {
        self.clients().iter().map(|client| client.view()).collect()
    }

    fn clients(&self) -> MutexGuard<'_, VecDeque<Arc<Client>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
