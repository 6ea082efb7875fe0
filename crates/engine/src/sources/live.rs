//! The capture path of one process: its threads, its spool, its listeners.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use scrubjay_proxy::{Listener, Running, Sightings, Source, Tls, Upstream, serve};
use scrubjay_store::{Source as Stored, Spool, Store};
use tokio::{
    runtime::Handle,
    sync::{Mutex as AsyncMutex, watch},
    task::JoinHandle,
};

use super::Given;
use crate::{
    EngineError,
    news::Bell,
    recorder::{Pulse, SourceRecorder},
    threads::{Threads, wait_at_most, wait_for},
};

/// How long a try to reach the upstream may take.
const PROBING: Duration = Duration::from_secs(3);

/// What all sources of this process share.
pub(crate) struct Capture {
    pub(crate) spool: Spool,
    threads: Threads,
}

/// A source that listens.
pub(crate) struct Live {
    handle: Handle,
    /// Gone once stopped.
    running: Arc<AsyncMutex<Option<Running>>>,
    sightings: watch::Receiver<Sightings>,
    /// Tries once whether the upstream is there.
    probe: JoinHandle<()>,
    tls: Tls,
}

/// The upstream as it is kept: the whole address.
pub(crate) fn checked_upstream(text: &str) -> Result<String, EngineError> {
    Ok(Upstream::parse(text)?.to_string())
}

fn plan_of(source: &Stored, tls: &Tls) -> Result<Source, EngineError> {
    Ok(Source {
        keep_host: source.keep_host,
        drain: source.drain,
        tls: tls.clone(),
        ..Source::new(&source.name, Upstream::parse(&source.upstream)?)
    })
}

impl Capture {
    pub(crate) fn new(store: &Store) -> Result<Self, EngineError> {
        Ok(Self {
            spool: store.record()?,
            threads: Threads::start("capture")?,
        })
    }

    /// Serves a bound address as the source says.
    pub(crate) fn run(
        &self,
        listener: Listener,
        source: &Stored,
        pulse: &Arc<Pulse>,
        bell: &Arc<Bell>,
        given: &Given,
        left_out: &Arc<AtomicU64>,
    ) -> Result<Live, EngineError> {
        let recorder = SourceRecorder {
            spool: self.spool.clone(),
            bell: Arc::clone(bell),
            pulse: Arc::clone(pulse),
            labels: given.labels.clone(),
            choice: given.choice.clone(),
            left_out: Arc::clone(left_out),
        };
        let plan = plan_of(source, &given.tls)?;
        let running = {
            let _inside = self.threads.handle.enter();
            serve(listener, plan, Arc::new(recorder))?
        };
        let sightings = running.sightings();
        let running = Arc::new(AsyncMutex::new(Some(running)));
        Ok(Live {
            handle: self.threads.handle.clone(),
            probe: self.threads.handle.spawn(probe(Arc::clone(&running), Arc::clone(bell))),
            running,
            sightings,
            tls: given.tls.clone(),
        })
    }

    /// Ends the threads and moves everything into the store, unless that does not
    /// get on: what was forwarded is in the spool, and the next start takes it in.
    pub(crate) fn close(&self, patience: Duration) -> bool {
        self.threads.end(patience / 2);
        self.spool.finish(patience)
    }
}

impl Live {
    /// What the proxy has seen.
    pub(crate) fn sightings(&self) -> Sightings {
        self.sightings.borrow().clone()
    }

    /// Sends later requests by other settings; open exchanges keep theirs.
    pub(crate) fn reroute(&self, source: &Stored, bell: &Arc<Bell>) -> Result<(), EngineError> {
        let plan = plan_of(source, &self.tls)?;
        let running = Arc::clone(&self.running);
        self.probe.abort();
        let rerouted = wait_for(&self.handle, async move {
            let running = running.lock().await;
            running.as_ref().map_or(Ok(()), |running| running.reroute(&plan))
        })?;
        rerouted?;
        self.handle.spawn(probe(Arc::clone(&self.running), Arc::clone(bell)));
        Ok(())
    }

    /// Stops listening and cuts off what is open; returns once every tape was
    /// told. Does not wait longer than `patience` for a recorder that hangs.
    pub(crate) fn stop(&self, patience: Duration) {
        self.probe.abort();
        let running = Arc::clone(&self.running);
        let stopped = wait_at_most(&self.handle, patience, async move {
            if let Some(running) = running.lock().await.take() {
                running.stop(Duration::ZERO).await;
            }
        });
        // Only a closed runtime refuses, and then everything has stopped.
        drop(stopped);
    }
}

/// The proxy notes what comes of it.
async fn probe(running: Arc<AsyncMutex<Option<Running>>>, bell: Arc<Bell>) {
    if let Some(running) = &*running.lock().await {
        drop(tokio::time::timeout(PROBING, running.probe()).await);
    }
    bell.ring();
}
