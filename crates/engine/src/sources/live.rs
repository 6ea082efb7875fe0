//! The capture path of one process: its threads, its spool, its listeners.
//!
//! It has a runtime of its own, so that no question, import or export takes a
//! thread from it, and so that calls work from any thread.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use scrubjay_proxy::{BindError, Listener, Running, Settings, Upstream, serve};
use scrubjay_store::{Source as Stored, Spool, Store};
use tokio::runtime::{Builder, Handle, Runtime};

use super::lock;
use crate::{
    EngineError,
    news::Bell,
    recorder::{Pulse, SourceRecorder},
};

/// Threads that capture. More would not help: they only copy bytes.
const MAX_THREADS: usize = 4;
/// How long stopping waits for the threads.
const STOPPING: Duration = Duration::from_secs(2);

/// What all sources of this process share.
pub(crate) struct Capture {
    pub(crate) spool: Spool,
    handle: Handle,
    /// Gone once closed.
    runtime: Mutex<Option<Runtime>>,
}

/// An address that is bound and not served yet.
pub(crate) struct Bound(Listener);

/// A source that listens.
pub(crate) struct Live {
    handle: Handle,
    /// Gone once stopped.
    running: Mutex<Option<Running>>,
}

impl Bound {
    pub(crate) fn address(&self) -> SocketAddr {
        self.0.address()
    }
}

/// The upstream as it is kept: without path and credentials.
pub(crate) fn checked_upstream(url: &str) -> Result<String, EngineError> {
    Ok(upstream(url)?.url())
}

fn upstream(url: &str) -> Result<Upstream, EngineError> {
    Upstream::parse(url).map_err(|error| EngineError::BadUpstream {
        address: url.chars().take(80).collect(),
        reason: error.to_string(),
    })
}

impl Capture {
    pub(crate) fn new(store: &Store) -> Result<Self, EngineError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("capture")
            .enable_all()
            .build()
            .map_err(|source| EngineError::Threads { source })?;
        Ok(Self {
            spool: store.record()?,
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    /// Binds an address; port 0 takes a free one.
    pub(crate) fn bind(&self, address: SocketAddr) -> Result<Bound, EngineError> {
        let bound = wait_for(&self.handle, Listener::bind(address))?;
        bound.map(Bound).map_err(listening)
    }

    /// Serves a bound address as the source says.
    pub(crate) fn run(
        &self,
        bound: Bound,
        source: &Stored,
        pulse: &Arc<Pulse>,
        bell: &Arc<Bell>,
        labels: &[(String, String)],
    ) -> Result<Live, EngineError> {
        let settings = Settings {
            name: source.name.clone(),
            upstream: upstream(&source.upstream)?,
            keep_host: source.keep_host,
            drain: source.drain,
            extra_roots: Vec::new(),
        };
        let recorder = SourceRecorder {
            spool: self.spool.clone(),
            bell: Arc::clone(bell),
            pulse: Arc::clone(pulse),
            labels: labels.to_vec(),
        };
        let running = {
            let _inside = self.handle.enter();
            serve(bound.0, settings, Arc::new(recorder)).map_err(listening)?
        };
        Ok(Live {
            handle: self.handle.clone(),
            running: Mutex::new(Some(running)),
        })
    }

    /// Ends the threads and moves everything into the store.
    pub(crate) fn close(&self, patience: Duration) -> bool {
        if let Some(runtime) = lock(&self.runtime).take() {
            // A runtime may not be waited for on a thread of another one.
            let ending = std::thread::Builder::new()
                .name("capture ends".into())
                .spawn(move || runtime.shutdown_timeout(STOPPING));
            if let Ok(ending) = ending {
                drop(ending.join());
            }
        }
        self.spool.finish(patience)
    }
}

impl Live {
    /// Stops listening and ends what is open; returns once every tape was told.
    pub(crate) fn stop(&self) {
        if let Some(running) = lock(&self.running).take() {
            // Only a closed runtime refuses, and then everything has stopped.
            drop(wait_for(&self.handle, running.stop()));
        }
    }
}

/// Runs a future on the capture threads and waits for it, from any thread.
fn wait_for<T: Send + 'static>(
    handle: &Handle,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, EngineError> {
    let (tx, rx) = mpsc::sync_channel(1);
    handle.spawn(async move {
        // Nobody waits any more when the receiver is gone.
        drop(tx.send(future.await));
    });
    rx.recv().map_err(|_ended| EngineError::ThreadEnded)
}

fn listening(error: BindError) -> EngineError {
    match error {
        BindError::InUse { address } => EngineError::PortInUse { address },
        BindError::Refused { address, source } => EngineError::Listen { address, source },
        BindError::Loop { address } => EngineError::Loop { address },
    }
}
