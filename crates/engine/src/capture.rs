//! Capture: the sources of a store, and what records what passes through them.
//!
//! A source is a row in the store and, while it runs, a claim on its name, a
//! listener and its activity. The claim keeps two processes that share a store
//! from running one source twice. Every change is one call under one lock; what
//! cannot be done (a port that is taken) leaves everything as it was.
//!
//! - `config`: what to run, and the address that it listens on. `address`: such addresses as text.
//! - `recording`: the spool and the threads of this process. `recorder`: from the proxy to the spool.
//! - `listening`: one source that listens.
//! - `checklist`, `recognise`: what was seen working since a source was started.
//! - `path_filter`: which exchanges are recorded. `view`: a source as a page shows it.

pub(crate) mod address;
mod checklist;
mod config;
mod listening;
mod path_filter;
mod recognise;
mod recorder;
mod recording;
mod view;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scrubjay_ipc::{AddSource, EditSource, Source, SourceAsk, SourceList, Switch};
use scrubjay_proxy::Listener;
use scrubjay_store::{Claim, Source as Stored, Store, Wanted};

pub(crate) use self::{config::url_of, recorder::SourceRecorder};
pub use self::{
    config::{BoundSource, SourceConfig},
    path_filter::PathFilter,
};
use self::{
    config::{Unstored, bind},
    listening::{Listening, checked_upstream},
    recorder::Activity,
    recording::{Recorders, Recording},
};
use crate::{
    EngineError,
    ask::json,
    clock::Mark,
    feed::{Rates, Signal},
    storage::Storage,
};

/// How long stopping a source waits for its recorder.
const STOPPING: Duration = Duration::from_secs(1);
/// What is left for each step of closing, however long those before it took.
const LEAST_PATIENCE: Duration = Duration::from_millis(50);

/// The department of sources. A recording file has none.
pub(crate) struct Capture {
    storage: Storage,
    signal: Arc<Signal>,
    rates: Arc<Rates>,
    pub(crate) recording: Recording,
    running: Mutex<BTreeMap<String, Running>>,
    /// Sources that could not listen, and why.
    failed: Mutex<BTreeMap<String, String>>,
    /// Held while something changes.
    changing: Mutex<()>,
}

/// A source that runs in this process.
struct Running {
    address: SocketAddr,
    is_paused: bool,
    activity: Arc<Activity>,
    listening: Listening,
    /// For when it is started again after an edit.
    unstored: Unstored,
    /// Frees the name when dropped.
    _claim: Claim,
}

impl Capture {
    pub(crate) fn new(storage: Storage, signal: Arc<Signal>, rates: Arc<Rates>) -> Self {
        Self {
            storage,
            signal,
            rates,
            recording: Recording::default(),
            running: Mutex::default(),
            failed: Mutex::default(),
            changing: Mutex::default(),
        }
    }

    pub(crate) fn answer(&self, ask: &SourceAsk) -> Result<Vec<u8>, EngineError> {
        Ok(match ask {
            SourceAsk::Sources(_) => json(&self.list()?),
            SourceAsk::AddSource(ask) => json(&self.add(ask)?),
            SourceAsk::EditSource(ask) => json(&self.edit(ask)?),
            SourceAsk::SwitchSource(ask) => json(&self.switch(&ask.name, ask.to)?),
        })
    }

    fn store(&self) -> Result<&Store, EngineError> {
        self.storage.store()
    }

    /// Starts what was running when the last window closed.
    pub(crate) fn resume(&self) {
        let _changing = lock(&self.changing);
        let known = self.store().and_then(|store| Ok(store.sources()?)).unwrap_or_default();
        for stored in known {
            if stored.wanted != Wanted::Stopped && !self.is_elsewhere(&stored.name) {
                // The list shows why a source cannot listen.
                let _listed = self.listen_and_start(&stored, &Unstored::of_a_page());
            }
        }
    }

    /// All sources with their live state.
    pub(crate) fn list(&self) -> Result<SourceList, EngineError> {
        let Storage::Store(store) = &self.storage else {
            return Ok(SourceList { sources: Vec::new() });
        };
        let stored = store.sources()?;
        let sources = stored.iter().map(|stored| Source {
            frames_per_sec: self.rates.of(&stored.name),
            ..self.view(stored)
        });
        Ok(SourceList {
            sources: sources.collect(),
        })
    }

    /// Adds a source and starts it.
    fn add(&self, ask: &AddSource) -> Result<Source, EngineError> {
        let store = self.storage.writable()?;
        let _changing = lock(&self.changing);
        let upstream = checked_upstream(&ask.upstream)?;
        let taken = store.sources()?;
        let is_taken = |name: &str| taken.iter().any(|source| source.name == name);
        let name = match ask.name.trim() {
            "" => address::name_from(&upstream, is_taken),
            name => checked_name(name, is_taken)?,
        };
        let bound = bind(&ask.listen, &taken)?;
        let stored = Stored {
            name,
            listen: bound.address().to_string(),
            upstream,
            keep_secrets: ask.keep_secrets,
            keep_host: false,
            drain: false,
            wanted: Wanted::Recording,
        };
        store.add_source(&stored)?;
        let started = self
            .claim(&stored.name)
            .and_then(|claim| self.start(&stored, bound, claim, &Unstored::of_a_page()));
        if started.is_err() {
            store.remove_source(&stored.name)?;
        }
        started?;
        Ok(self.view(&stored))
    }

    /// Runs a source for as long as this process lives.
    pub(crate) fn run_bound(&self, bound: BoundSource) -> Result<Source, EngineError> {
        let BoundSource { config, listener } = bound;
        let store = self.store()?;
        let _changing = lock(&self.changing);
        let upstream = checked_upstream(&config.upstream)?;
        let unstored = config.unstored()?;
        let known = store.sources()?;
        let name = self.name_to_run(&config, &upstream, &known)?;
        let old = known.iter().find(|source| source.name == name);
        let stored = Stored {
            name,
            listen: listener.address().to_string(),
            upstream,
            keep_secrets: config.keep_secrets,
            keep_host: config.keep_host,
            drain: config.drain,
            wanted: old.map_or(Wanted::Stopped, |old| old.wanted),
        };
        if old.is_none() {
            store.add_source(&stored)?;
        }
        let claim = self.claim(&stored.name)?;
        if old.is_some() {
            store.edit_source(&stored.name, &stored)?;
        }
        self.start(&stored, listener, claim, &unstored)?;
        Ok(self.view(&stored))
    }

    /// The config's own name; else one from the host that does not run.
    fn name_to_run(&self, config: &SourceConfig, upstream: &str, known: &[Stored]) -> Result<String, EngineError> {
        match &config.name {
            Some(name) if self.is_running(name) => Err(EngineError::NameTaken { name: name.clone() }),
            Some(name) => checked_name(name, |_| false),
            None => Ok(address::name_from(upstream, |name| {
                let is_other = known
                    .iter()
                    .any(|source| source.name == name && source.upstream != upstream);
                is_other || self.is_running(name) || self.is_elsewhere(name)
            })),
        }
    }

    /// Changes a source; one that runs goes on with the changes.
    fn edit(&self, ask: &EditSource) -> Result<Source, EngineError> {
        let store = self.storage.writable()?;
        let _changing = lock(&self.changing);
        let known = store.sources()?;
        let old = stored(&known, &ask.name)?;
        if !self.is_running(&old.name) && self.is_elsewhere(&old.name) {
            return Err(EngineError::RunsElsewhere { name: old.name.clone() });
        }
        let new = self.edited(ask, old, &known)?;
        let stays = (&new.name, &new.listen) == (&old.name, &old.listen);
        match self.is_running(&old.name) {
            true if stays => self.reroute(store, &new)?,
            true => self.restart(store, old, &new, &known)?,
            false => store.edit_source(&old.name, &new)?,
        }
        lock(&self.failed).remove(&old.name);
        Ok(self.view(&new))
    }

    fn edited(&self, ask: &EditSource, old: &Stored, known: &[Stored]) -> Result<Stored, EngineError> {
        let is_taken = |name: &str| name != old.name && known.iter().any(|source| source.name == name);
        let upstream = checked_upstream(&ask.upstream)?;
        let name = match ask.new_name.trim() {
            // A name that was made from an upstream goes with it.
            "" if old.name == address::name_from(&old.upstream, is_taken) => address::name_from(&upstream, is_taken),
            "" => old.name.clone(),
            name => checked_name(name, is_taken)?,
        };
        Ok(Stored {
            name,
            listen: match ask.listen.trim() {
                "" => old.listen.clone(),
                listen => address::listen_address(listen)?.to_string(),
            },
            upstream,
            keep_secrets: ask.keep_secrets,
            ..old.clone()
        })
    }

    /// Where name and address stay, nothing that is open is cut off.
    fn reroute(&self, store: &Store, new: &Stored) -> Result<(), EngineError> {
        if let Some(running) = lock(&self.running).get(&new.name) {
            running.listening.reroute(new, &self.signal)?;
        }
        let recorders = self.recording.open(store)?;
        recorders.spool.set_keep_secrets(&new.name, new.keep_secrets);
        Ok(store.edit_source(&new.name, new)?)
    }

    /// Listens at the new address before it gives up the old one, so that a
    /// port that is taken changes nothing.
    fn restart(&self, store: &Store, old: &Stored, new: &Stored, known: &[Stored]) -> Result<(), EngineError> {
        let early = match new.listen != old.listen {
            true => Some(bind(&new.listen, known)?),
            false => None,
        };
        let running = lock(&self.running).remove(&old.name);
        let (is_paused, unstored) = running.map_or((false, Unstored::default()), |running| {
            running.listening.stop(STOPPING);
            (running.is_paused, running.unstored)
        });
        let bound = early.map_or_else(|| bind(&new.listen, known), Ok)?;
        let new = Stored {
            listen: bound.address().to_string(),
            ..new.clone()
        };
        store.edit_source(&old.name, &new)?;
        let claim = self.claim(&new.name)?;
        self.start(&new, bound, claim, &unstored)?;
        if is_paused {
            self.set_paused(&new.name, true)?;
        }
        Ok(())
    }

    /// Listens, pauses, stops or removes.
    fn switch(&self, name: &str, to: Switch) -> Result<Source, EngineError> {
        let store = self.storage.writable()?;
        let _changing = lock(&self.changing);
        let known = store.sources()?;
        let mut source = stored(&known, name)?.clone();
        if !self.is_running(name) && self.is_elsewhere(name) {
            return Err(EngineError::RunsElsewhere { name: name.to_owned() });
        }
        source.wanted = match to {
            Switch::Record => Wanted::Recording,
            Switch::Pause => Wanted::Paused,
            Switch::Stop | Switch::Remove => Wanted::Stopped,
        };
        match to {
            Switch::Record | Switch::Pause => {
                if !self.is_running(name) {
                    source.listen = self.listen_and_start(&source, &Unstored::of_a_page())?.to_string();
                }
                self.set_paused(name, to == Switch::Pause)?;
                store.edit_source(name, &source)?;
            }
            Switch::Stop | Switch::Remove => {
                let running = lock(&self.running).remove(name);
                if let Some(running) = running {
                    running.listening.stop(STOPPING);
                }
                lock(&self.failed).remove(name);
                store.edit_source(name, &source)?;
            }
        }
        let view = self.view(&source);
        if to == Switch::Remove {
            store.remove_source(name)?;
        }
        self.signal.raise();
        Ok(view)
    }

    fn set_paused(&self, name: &str, is_paused: bool) -> Result<(), EngineError> {
        let recorders = self.recorders()?;
        let mut running = lock(&self.running);
        let running = running
            .get_mut(name)
            .ok_or_else(|| EngineError::NoSuchSource { name: name.to_owned() })?;
        recorders.spool.set_recording(name, !is_paused);
        running.is_paused = is_paused;
        Ok(())
    }

    /// Listens at the address of the stored source, and keeps the reason if that fails.
    fn listen_and_start(&self, source: &Stored, unstored: &Unstored) -> Result<SocketAddr, EngineError> {
        let mut others = self.store()?.sources()?;
        others.retain(|other| other.name != source.name);
        let started = self.claim(&source.name).and_then(|claim| {
            let bound = bind(&source.listen, &others)?;
            let address = bound.address();
            self.start(source, bound, claim, unstored)?;
            Ok(address)
        });
        if let Err(error) = &started {
            let report = error.report();
            let sentence = format!("{} {}", report.message, report.hint);
            lock(&self.failed).insert(source.name.clone(), sentence.trim_end().to_owned());
        } else if source.wanted == Wanted::Paused {
            self.set_paused(&source.name, true)?;
        }
        started
    }

    fn start(&self, source: &Stored, bound: Listener, claim: Claim, unstored: &Unstored) -> Result<(), EngineError> {
        let recorders = self.recorders()?;
        recorders.spool.set_keep_secrets(&source.name, source.keep_secrets);
        let recorder = SourceRecorder {
            labels: unstored.labels.clone(),
            paths: unstored.paths.clone(),
            ..self.recorder_of(&recorders, &source.name)
        };
        let activity = Arc::clone(&recorder.activity);
        let address = bound.address();
        let bound = bound.answering_to(unstored.hosts.clone());
        let listening = Listening::start(&recorders.threads.handle, bound, source, &unstored.tls, recorder)?;
        activity.checks.listening();
        let running = Running {
            address,
            is_paused: false,
            activity,
            listening,
            unstored: unstored.clone(),
            _claim: claim,
        };
        lock(&self.failed).remove(&source.name);
        lock(&self.running).insert(source.name.clone(), running);
        self.signal.raise();
        Ok(())
    }

    fn claim(&self, name: &str) -> Result<Claim, EngineError> {
        let claim = self.store()?.claim_source(name)?;
        claim.ok_or_else(|| EngineError::RunsElsewhere { name: name.to_owned() })
    }

    fn recorders(&self) -> Result<Arc<Recorders>, EngineError> {
        self.recording.open(self.store()?)
    }

    fn recorder_of(&self, recorders: &Recorders, name: &str) -> SourceRecorder {
        recorders.spool.set_recording(name, true);
        SourceRecorder {
            spool: recorders.spool.clone(),
            signal: Arc::clone(&self.signal),
            activity: Arc::default(),
            labels: Vec::new(),
            paths: PathFilter::default(),
            left_out: Arc::clone(&self.recording.left_out),
        }
    }

    /// What records under a name that no source has.
    pub(crate) fn recorder(&self, name: &str) -> Result<SourceRecorder, EngineError> {
        self.storage.writable()?;
        Ok(self.recorder_of(&*self.recorders()?, name))
    }

    fn is_running(&self, name: &str) -> bool {
        lock(&self.running).contains_key(name)
    }

    fn is_elsewhere(&self, name: &str) -> bool {
        !self.is_running(name)
            && self
                .store()
                .is_ok_and(|store| store.source_is_claimed(name).unwrap_or(false))
    }

    /// Stops everything, and waits until what was captured is in the store, for
    /// as long as that gets on and no longer than `patience` when it does not.
    pub(crate) fn close(&self, patience: Duration) -> bool {
        let began = Mark::now();
        let left = || patience.saturating_sub(began.age()).max(LEAST_PATIENCE);
        let _changing = lock(&self.changing);
        let running = std::mem::take(&mut *lock(&self.running));
        for running in running.values() {
            running.listening.stop(left() / 2);
        }
        let everything = self.recording.close(left());
        // Claims are given up last: no other process may record under these names before.
        drop(running);
        everything
    }
}

fn stored<'a>(known: &'a [Stored], name: &str) -> Result<&'a Stored, EngineError> {
    known
        .iter()
        .find(|source| source.name == name)
        .ok_or_else(|| EngineError::NoSuchSource { name: name.to_owned() })
}

fn checked_name(name: &str, is_taken: impl Fn(&str) -> bool) -> Result<String, EngineError> {
    if !address::is_name(name) {
        return Err(EngineError::BadName { name: name.to_owned() });
    }
    if is_taken(name) {
        return Err(EngineError::NameTaken { name: name.to_owned() });
    }
    Ok(name.to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
