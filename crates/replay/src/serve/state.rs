//! What every connection of one replay shares.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use http::{Request, Response, request::Parts};
use hyper::body::Incoming;
use scrubjay_proxy::{
    Connection, Forwarder,
    http_server::{Handler, Hangup, Rejection},
};
use tokio::sync::watch;

use super::{
    answer::{answer, reject},
    clients::Clients,
    log::{AnswerLog, Answered},
    misses::Misses,
    options::ServeOptions,
    origins::Origins,
    refusal::MockBody,
};
use crate::matching::Matcher;

/// One replay.
pub(crate) struct ReplayState {
    pub(crate) matcher: Matcher,
    pub(crate) fallback: Option<Forwarder>,
    pub(crate) clients: Clients,
    pub(crate) log: AnswerLog,
    pub(crate) misses: Misses,
    pub(crate) origins: Origins,
    options: watch::Sender<Arc<ServeOptions>>,
    requests: AtomicU64,
    on_change: Box<dyn Fn() + Send + Sync>,
}

impl ReplayState {
    pub(crate) fn new(
        matcher: Matcher,
        options: ServeOptions,
        fallback: Option<Forwarder>,
        origins: Origins,
        on_change: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        Self {
            matcher,
            fallback,
            clients: Clients::default(),
            log: AnswerLog::default(),
            misses: Misses::default(),
            origins,
            options: watch::Sender::new(Arc::new(options)),
            requests: AtomicU64::new(0),
            on_change,
        }
    }

    pub(crate) fn options(&self) -> Arc<ServeOptions> {
        Arc::clone(&self.options.borrow())
    }

    /// Notified of every change of the options.
    pub(crate) fn watch_options(&self) -> watch::Receiver<Arc<ServeOptions>> {
        self.options.subscribe()
    }

    pub(crate) fn set_options(&self, options: ServeOptions) {
        self.options.send_replace(Arc::new(options));
        self.changed();
    }

    /// The number of the next request, from 1.
    pub(crate) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn note(&self, answered: Answered) {
        self.log.write(answered);
        self.changed();
    }

    /// Reports that an answer or a stream moved on.
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
            let Some(place) = self.matcher.place_of(index) else {
                return false;
            };
            self.matcher.choose(&asked, place);
        }
        self.misses.decide(request, exchange);
        self.changed();
        true
    }

    pub(crate) fn unused(&self) -> Vec<i64> {
        self.indexes(self.matcher.unused())
    }

    pub(crate) fn unused_runs(&self) -> Vec<i64> {
        let unused = self.matcher.unused().into_iter();
        self.indexes(unused.filter(|place| self.matcher.is_run(*place)).collect())
    }

    pub(crate) fn first_run(&self) -> Option<i64> {
        let place = (0..self.matcher.len()).find(|place| self.matcher.is_run(*place))?;
        Some(self.matcher.recorded(place)?.exchange.index)
    }

    /// Numbers of the exchanges at these places.
    fn indexes(&self, places: Vec<usize>) -> Vec<i64> {
        let recorded = places.into_iter().filter_map(|place| self.matcher.recorded(place));
        recorded.map(|recorded| recorded.exchange.index).collect()
    }
}

impl Handler for ReplayState {
    type Body = MockBody;

    async fn answer(
        self: Arc<Self>,
        connection: Arc<Connection>,
        request: Request<Incoming>,
    ) -> Result<Response<MockBody>, Hangup> {
        answer(self, connection, request).await
    }

    fn reject(self: Arc<Self>, request: &Parts, why: &Rejection) -> Response<MockBody> {
        reject(&self, request, why)
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
