//! What every connection of one source shares.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    recorder::Recorder,
    serve::Source,
    stats::Stats,
    upstream::Upstream,
    upstream_client::{ClientError, UpstreamClient},
};

pub(crate) struct SourceState {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) stats: Stats,
    /// The runtime has threads that can take over while one waits.
    pub(crate) can_step_aside: bool,
    route: RwLock<Arc<Route>>,
    is_recording: AtomicBool,
    is_stopping: AtomicBool,
    drains: TaskTracker,
    drains_end: CancellationToken,
}

/// Where requests go, and how; exchanged as a whole.
pub(crate) struct Route {
    pub(crate) upstream: Upstream,
    pub(crate) client: UpstreamClient,
    pub(crate) keeps_host: bool,
    pub(crate) drains: bool,
    /// The upstream's certificate is not verified.
    pub(crate) is_unverified: bool,
}

impl Route {
    pub(crate) fn new(source: &Source) -> Result<Self, ClientError> {
        Ok(Self {
            client: UpstreamClient::new(&source.upstream, &source.tls)?,
            is_unverified: source.upstream.is_tls() && source.tls.is_unverified,
            upstream: source.upstream.clone(),
            keeps_host: source.keep_host,
            drains: source.drain,
        })
    }
}

impl SourceState {
    pub(crate) fn new(name: String, address: SocketAddr, route: Route, recorder: Arc<dyn Recorder>) -> Self {
        let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
        Self {
            name,
            address,
            recorder,
            stats: Stats::new(),
            can_step_aside: flavor.is_ok_and(|flavor| flavor == RuntimeFlavor::MultiThread),
            route: RwLock::new(Arc::new(route)),
            is_recording: AtomicBool::new(true),
            is_stopping: AtomicBool::new(false),
            drains: TaskTracker::new(),
            drains_end: CancellationToken::new(),
        }
    }

    pub(crate) fn route(&self) -> Arc<Route> {
        Arc::clone(&self.route.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_route(&self, route: Route) {
        *self.route.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(route);
    }

    pub(crate) fn is_recording(&self) -> bool {
        self.is_recording.load(Relaxed)
    }

    pub(crate) fn set_recording(&self, is_on: bool) {
        self.is_recording.store(is_on, Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Relaxed)
    }

    /// Connections that end from here on were cut off by the source.
    pub(crate) fn begin_stopping(&self) {
        self.is_stopping.store(true, Relaxed);
        self.drains_end.cancel();
    }

    pub(crate) async fn drained(&self) {
        self.drains.close();
        self.drains.wait().await;
    }

    /// Runs what outlives its client, until the source stops.
    pub(crate) fn spawn_drain(&self, drain: impl Future<Output = ()> + Send + 'static) {
        let end = self.drains_end.clone();
        let whole = async move { end.run_until_cancelled(drain).await.unwrap_or_default() };
        if Handle::try_current().is_ok() {
            self.drains.spawn(whole);
        }
    }
}
