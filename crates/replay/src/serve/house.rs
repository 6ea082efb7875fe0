//! What every connection of one replay shares.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use http::{Request, Response, request::Parts};
use hyper::body::Incoming;
use scrubjay_proxy::{
    Forwarder, Wire,
    front::{Attendant, Hangup, Unwelcome},
};
use tokio::sync::watch;

use super::{
    answer::{answer, turn_away},
    conduct::Conduct,
    journal::{Answered, Journal},
    misses::Misses,
    origins::Origins,
    own::MockBody,
    roster::Roster,
};
use crate::matching::Deck;

/// One replay.
pub(crate) struct House {
    pub(crate) deck: Deck,
    pub(crate) fallback: Option<Forwarder>,
    pub(crate) roster: Roster,
    pub(crate) journal: Journal,
    pub(crate) misses: Misses,
    pub(crate) origins: Origins,
    conduct: watch::Sender<Arc<Conduct>>,
    requests: AtomicU64,
    on_change: Box<dyn Fn() + Send + Sync>,
}

impl House {
    pub(crate) fn new(
        deck: Deck,
        conduct: Conduct,
        fallback: Option<Forwarder>,
        origins: Origins,
        on_change: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self {
            deck,
            fallback,
            roster: Roster::default(),
            journal: Journal::default(),
            misses: Misses::default(),
            origins,
            conduct: watch::Sender::new(Arc::new(conduct)),
            requests: AtomicU64::new(0),
            on_change,
        }
    }

    pub(crate) fn conduct(&self) -> Arc<Conduct> {
        Arc::clone(&self.conduct.borrow())
    }

    /// Word of every change of the conduct.
    pub(crate) fn watch_conduct(&self) -> watch::Receiver<Arc<Conduct>> {
        self.conduct.subscribe()
    }

    pub(crate) fn set_conduct(&self, conduct: Conduct) {
        self.conduct.send_replace(Arc::new(conduct));
        self.changed();
    }

    /// The number of the next request, from 1.
    pub(crate) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn note(&self, answered: Answered) {
        self.journal.write(answered);
        self.changed();
    }

    /// Tells whoever looks on.
    pub(crate) fn changed(&self) {
        (self.on_change)();
    }

    /// Decides what answers a request that was missed; false when it is not
    /// known any more, or there is no such exchange.
    pub(crate) fn answer_miss(&self, request: u64, exchange: Option<i64>) -> bool {
        let Some(asked) = self.misses.asked(request) else {
            return false;
        };
        if let Some(index) = exchange {
            let Some(place) = self.deck.place_of(index) else {
                return false;
            };
            self.deck.choose(&asked, place);
        }
        self.misses.decide(request, exchange);
        self.changed();
        true
    }

    pub(crate) fn unused(&self) -> Vec<i64> {
        self.indexes(self.deck.unused())
    }

    pub(crate) fn unused_runs(&self) -> Vec<i64> {
        let unused = self.deck.unused().into_iter();
        self.indexes(unused.filter(|place| self.deck.is_run(*place)).collect())
    }

    pub(crate) fn first_run(&self) -> Option<i64> {
        let place = (0..self.deck.len()).find(|place| self.deck.is_run(*place))?;
        Some(self.deck.recorded(place)?.exchange.index)
    }

    /// Numbers of the exchanges at these places.
    fn indexes(&self, places: Vec<usize>) -> Vec<i64> {
        let recorded = places.into_iter().filter_map(|place| self.deck.recorded(place));
        recorded.map(|recorded| recorded.exchange.index).collect()
    }
}

impl Attendant for House {
    type Body = MockBody;

    async fn answer(
        self: Arc<Self>,
        wire: Arc<Wire>,
        request: Request<Incoming>,
    ) -> Result<Response<MockBody>, Hangup> {
        answer(self, wire, request).await
    }

    fn turn_away(self: Arc<Self>, request: &Parts, why: &Unwelcome) -> Response<MockBody> {
        turn_away(&self, request, why)
    }

    fn begin_stopping(&self) {
        if let Some(fallback) = &self.fallback {
            fallback.begin_stopping();
        }
    }

    async fn settled(&self) {
        if let Some(fallback) = &self.fallback {
            fallback.settled().await;
        }
    }
}
