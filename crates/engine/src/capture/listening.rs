//! A source that listens: its listener, and the probe of its upstream.

use std::{sync::Arc, time::Duration};

use scrubjay_proxy::{Listener, Running, Sightings, Source, Tls, Upstream, serve};
use scrubjay_store::Source as Stored;
use tokio::{
    runtime::Handle,
    sync::{Mutex as AsyncMutex, watch},
    task::JoinHandle,
};

use super::recorder::SourceRecorder;
use crate::{
    EngineError,
    feed::Signal,
    threads::{wait_at_most, wait_for},
};

/// How long a try to reach the upstream may take.
const PROBING: Duration = Duration::from_secs(3);

/// A source that listens.
pub(super) struct Listening {
    handle: Handle,
    /// Gone once stopped.
    running: Arc<AsyncMutex<Option<Running>>>,
    sightings: watch::Receiver<Sightings>,
    /// Tries once whether the upstream is there.
    probe: JoinHandle<()>,
    tls: Tls,
}

/// The upstream as it is kept: the whole address.
pub(super) fn checked_upstream(text: &str) -> Result<String, EngineError> {
    Ok(Upstream::parse(text)?.to_string())
}

fn source_of(stored: &Stored, tls: &Tls) -> Result<Source, EngineError> {
    Ok(Source {
        keep_host: stored.keep_host,
        drain: stored.drain,
        tls: tls.clone(),
        ..Source::new(&stored.name, Upstream::parse(&stored.upstream)?)
    })
}

impl Listening {
    /// Serves a source at a bound address, on these threads.
    pub(super) fn start(
        handle: &Handle,
        listener: Listener,
        stored: &Stored,
        tls: &Tls,
        recorder: SourceRecorder,
    ) -> Result<Self, EngineError> {
        let source = source_of(stored, tls)?;
        let signal = Arc::clone(&recorder.signal);
        let running = {
            let _inside = handle.enter();
            serve(listener, source, Arc::new(recorder))?
        };
        let sightings = running.sightings();
        let running = Arc::new(AsyncMutex::new(Some(running)));
        Ok(Self {
            handle: handle.clone(),
            probe: handle.spawn(probe(Arc::clone(&running), signal)),
            running,
            sightings,
            tls: tls.clone(),
        })
    }

    /// What the proxy has seen.
    pub(super) fn sightings(&self) -> Sightings {
        self.sightings.borrow().clone()
    }

    /// Sends later requests by other settings; open exchanges keep theirs.
    pub(super) fn reroute(&self, stored: &Stored, signal: &Arc<Signal>) -> Result<(), EngineError> {
        let source = source_of(stored, &self.tls)?;
        let running = Arc::clone(&self.running);
        self.probe.abort();
        let rerouted = wait_for(&self.handle, async move {
            let running = running.lock().await;
            running.as_ref().map_or(Ok(()), |running| running.reroute(&source))
        })?;
        rerouted?;
        self.handle.spawn(probe(Arc::clone(&self.running), Arc::clone(signal)));
        Ok(())
    }

    /// Stops listening and cuts off what is open; returns once every exchange has
    /// ended. Does not wait longer than `patience` for a recorder that hangs.
    pub(super) fn stop(&self, patience: Duration) {
        self.probe.abort();
        let running = Arc::clone(&self.running);
        // In a runtime that has ended, everything has stopped.
        let _in_time = wait_at_most(&self.handle, patience, async move {
            if let Some(running) = running.lock().await.take() {
                running.stop(Duration::ZERO).await;
            }
        });
    }
}

/// The proxy notes what comes of it.
async fn probe(running: Arc<AsyncMutex<Option<Running>>>, signal: Arc<Signal>) {
    if let Some(running) = &*running.lock().await {
        let _in_time = tokio::time::timeout(PROBING, running.probe()).await;
    }
    signal.raise();
}
