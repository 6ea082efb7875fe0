//! Sources: kept in the store, run here.
//!
//! A source is a row in the store and, while it runs, a claim on its name, a
//! listener and a pulse. The claim keeps two processes that share a store from
//! running one source twice. Every change is one call under one lock; what
//! cannot be done (a port that is taken) leaves everything as it was.

pub(crate) mod address;
mod bound;
pub(crate) mod checklist;
mod choice;
mod live;
mod recognise;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use scrubjay_ipc::{AddSource, Checklist, EditSource, Source, SourceList, SourceState, Switch};
use scrubjay_proxy::{Hosts, Listener, Tls};
use scrubjay_store::{Claim, Incident, SizeCap, Source as Stored, Spool, Store, Wanted};

use self::live::{Capture, Live};
pub use self::{bound::BoundSource, choice::Choice};
use crate::{
    EngineError,
    news::Bell,
    recorder::{Pulse, SourceRecorder},
    tls::TlsPlan,
    watch::Rates,
};

/// The first port that is tried when none was asked for.
const FIRST_PORT: u16 = 5290;
/// The last one.
const LAST_PORT: u16 = 5389;
/// Ports that belong to `replay` and `serve`.
const OTHERS_PORTS: [u16; 2] = [5291, 5292];

/// How long stopping a source waits for its recorder.
const STOPPING: Duration = Duration::from_secs(1);
/// What is left for each step of closing, however long those before it took.
const LEAST_PATIENCE: Duration = Duration::from_millis(50);

/// A source to run now, as the command line gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePlan {
    /// Its name; absent makes one from the upstream's host.
    pub name: Option<String>,
    /// Where to listen; absent takes the next free port from 5290.
    pub listen: Option<String>,
    /// Where to forward: a URL or `host:port`.
    pub upstream: String,
    /// Values of secret headers are stored as they are.
    pub keep_secrets: bool,
    /// `Host` is forwarded as the client sent it.
    pub keep_host: bool,
    /// Upstream is read to its end when the client leaves.
    pub drain: bool,
    /// Labels for everything that comes through it.
    pub labels: Vec<(String, String)>,
    /// Which of its exchanges are recorded.
    pub choice: Choice,
    /// TLS with an `https://` upstream.
    pub tls: TlsPlan,
    /// Names that it answers to beside those of this machine.
    pub hosts: Hosts,
}

/// What a plan says that is not stored.
#[derive(Clone, Default)]
struct Given {
    labels: Vec<(String, String)>,
    choice: Choice,
    tls: Tls,
    hosts: Hosts,
}

impl Given {
    /// Of a source that was started in a window: no command allowed names for it.
    fn by_a_page() -> Self {
        Self {
            hosts: Hosts::of_containers(),
            ..Self::default()
        }
    }
}

/// All sources of one store.
pub(crate) struct Sources {
    store: Store,
    bell: Arc<Bell>,
    /// Threads and spool, made with the first source that runs.
    capture: Mutex<Option<Arc<Capture>>>,
    running: Mutex<BTreeMap<String, Running>>,
    /// Sources that could not listen, and why.
    failed: Mutex<BTreeMap<String, String>>,
    /// Held while something changes.
    changing: Mutex<()>,
    /// The cap on the store's size that this process keeps to.
    cap: Mutex<Option<SizeCap>>,
    /// What was captured into last; kept for what it has to say at the end.
    spool: Mutex<Option<Spool>>,
    /// Exchanges that passed without being recorded, because they were not asked for.
    left_out: Arc<AtomicU64>,
}

/// A source that runs in this process.
struct Running {
    address: SocketAddr,
    is_paused: bool,
    pulse: Arc<Pulse>,
    live: Live,
    /// For whoever starts it again after an edit.
    given: Given,
    /// Frees the name when dropped.
    _claim: Claim,
}

impl Sources {
    pub(crate) fn new(store: Store, bell: Arc<Bell>) -> Self {
        Self {
            store,
            bell,
            capture: Mutex::default(),
            running: Mutex::default(),
            failed: Mutex::default(),
            changing: Mutex::default(),
            cap: Mutex::default(),
            spool: Mutex::default(),
            left_out: Arc::default(),
        }
    }

    /// Starts what was running when the last window closed.
    pub(crate) fn resume(&self) {
        let _changing = lock(&self.changing);
        for stored in self.store.sources().unwrap_or_default() {
            if stored.wanted != Wanted::Stopped && !self.is_elsewhere(&stored.name) {
                // A source that cannot listen says so in the list.
                drop(self.listen_and_start(&stored, &Given::by_a_page()));
            }
        }
    }

    /// All sources with their live state.
    pub(crate) fn list(&self, rates: &Rates) -> Result<SourceList, EngineError> {
        let stored = self.store.sources()?;
        let sources = stored.iter().map(|stored| Source {
            frames_per_sec: rates.of(&stored.name),
            ..self.view(stored)
        });
        Ok(SourceList {
            sources: sources.collect(),
        })
    }

    /// Adds a source and starts it.
    pub(crate) fn add(&self, ask: &AddSource) -> Result<Source, EngineError> {
        let _changing = lock(&self.changing);
        let upstream = live::checked_upstream(&ask.upstream)?;
        let taken = self.store.sources()?;
        let is_taken = |name: &str| taken.iter().any(|source| source.name == name);
        let name = match ask.name.trim() {
            "" => address::name_from(&upstream, is_taken),
            name => checked_name(name, is_taken)?,
        };
        let bound = Self::bind(Some(&ask.listen), &taken)?;
        let stored = Stored {
            name,
            listen: bound.address().to_string(),
            upstream,
            keep_secrets: ask.keep_secrets,
            keep_host: false,
            drain: false,
            wanted: Wanted::Recording,
        };
        self.store.add_source(&stored)?;
        let started = self
            .claim(&stored.name)
            .and_then(|claim| self.start(&stored, bound, claim, &Given::by_a_page()));
        if started.is_err() {
            self.store.remove_source(&stored.name)?;
        }
        started?;
        Ok(self.view(&stored))
    }

    /// Runs a source for as long as this process lives.
    pub(crate) fn run_now(&self, bound: BoundSource) -> Result<Source, EngineError> {
        let BoundSource { plan, listener } = bound;
        let _changing = lock(&self.changing);
        let upstream = live::checked_upstream(&plan.upstream)?;
        let given = Given {
            labels: plan.labels.clone(),
            choice: plan.choice.clone(),
            tls: plan.tls.load()?,
            hosts: plan.hosts.clone(),
        };
        let known = self.store.sources()?;
        let name = self.name_to_run(&plan, &upstream, &known)?;
        let old = known.iter().find(|source| source.name == name);
        let stored = Stored {
            name,
            listen: listener.address().to_string(),
            upstream,
            keep_secrets: plan.keep_secrets,
            keep_host: plan.keep_host,
            drain: plan.drain,
            wanted: old.map_or(Wanted::Stopped, |old| old.wanted),
        };
        if old.is_none() {
            self.store.add_source(&stored)?;
        }
        let claim = self.claim(&stored.name)?;
        if old.is_some() {
            self.store.edit_source(&stored.name, &stored)?;
        }
        self.start(&stored, listener, claim, &given)?;
        Ok(self.view(&stored))
    }

    /// The plan's own name; else one from the host that nobody runs.
    fn name_to_run(&self, plan: &SourcePlan, upstream: &str, known: &[Stored]) -> Result<String, EngineError> {
        match &plan.name {
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
    pub(crate) fn edit(&self, ask: &EditSource) -> Result<Source, EngineError> {
        let _changing = lock(&self.changing);
        let known = self.store.sources()?;
        let old = stored(&known, &ask.name)?;
        if !self.is_running(&old.name) && self.is_elsewhere(&old.name) {
            return Err(EngineError::RunsElsewhere { name: old.name.clone() });
        }
        let new = self.edited(ask, old, &known)?;
        let stays = (&new.name, &new.listen) == (&old.name, &old.listen);
        match self.is_running(&old.name) {
            true if stays => self.reroute(&new)?,
            true => self.restart(old, &new, &known)?,
            false => self.store.edit_source(&old.name, &new)?,
        }
        lock(&self.failed).remove(&old.name);
        Ok(self.view(&new))
    }

    fn edited(&self, ask: &EditSource, old: &Stored, known: &[Stored]) -> Result<Stored, EngineError> {
        let is_taken = |name: &str| name != old.name && known.iter().any(|source| source.name == name);
        Ok(Stored {
            name: checked_name(ask.new_name.trim(), is_taken)?,
            listen: match ask.listen.trim() {
                "" => old.listen.clone(),
                listen => address::listen_address(listen)?.to_string(),
            },
            upstream: live::checked_upstream(&ask.upstream)?,
            keep_secrets: ask.keep_secrets,
            ..old.clone()
        })
    }

    /// Where name and address stay, nothing that is open is cut off.
    fn reroute(&self, new: &Stored) -> Result<(), EngineError> {
        if let Some(running) = lock(&self.running).get(&new.name) {
            running.live.reroute(new, &self.bell)?;
        }
        self.capture()?.spool.set_keep_secrets(&new.name, new.keep_secrets);
        Ok(self.store.edit_source(&new.name, new)?)
    }

    /// Listens at the new address before it gives up the old one, so that a
    /// port that is taken changes nothing.
    fn restart(&self, old: &Stored, new: &Stored, known: &[Stored]) -> Result<(), EngineError> {
        let moves = new.listen != old.listen;
        let early = if moves {
            Some(Self::bind(Some(&new.listen), known)?)
        } else {
            None
        };
        let running = lock(&self.running).remove(&old.name);
        let (is_paused, given) = running.map_or((false, Given::default()), |running| {
            running.live.stop(STOPPING);
            (running.is_paused, running.given)
        });
        let bound = match early {
            Some(bound) => bound,
            None => Self::bind(Some(&new.listen), known)?,
        };
        let new = Stored {
            listen: bound.address().to_string(),
            ..new.clone()
        };
        self.store.edit_source(&old.name, &new)?;
        let claim = self.claim(&new.name)?;
        self.start(&new, bound, claim, &given)?;
        if is_paused {
            self.set_paused(&new.name, true)?;
        }
        Ok(())
    }

    /// Listens, pauses, stops or removes.
    pub(crate) fn switch(&self, name: &str, to: Switch) -> Result<Source, EngineError> {
        let _changing = lock(&self.changing);
        let known = self.store.sources()?;
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
                    source.listen = self.listen_and_start(&source, &Given::by_a_page())?.to_string();
                }
                self.set_paused(name, to == Switch::Pause)?;
                self.store.edit_source(name, &source)?;
            }
            Switch::Stop | Switch::Remove => {
                let running = lock(&self.running).remove(name);
                if let Some(running) = running {
                    running.live.stop(STOPPING);
                }
                lock(&self.failed).remove(name);
                self.store.edit_source(name, &source)?;
            }
        }
        let view = self.view(&source);
        if to == Switch::Remove {
            self.store.remove_source(name)?;
        }
        self.bell.ring();
        Ok(view)
    }

    fn set_paused(&self, name: &str, is_paused: bool) -> Result<(), EngineError> {
        let capture = self.capture()?;
        let mut running = lock(&self.running);
        let running = running
            .get_mut(name)
            .ok_or_else(|| EngineError::NoSuchSource { name: name.to_owned() })?;
        capture.spool.set_recording(name, !is_paused);
        running.is_paused = is_paused;
        Ok(())
    }

    /// Listens where the stored source says, and remembers why that failed.
    fn listen_and_start(&self, source: &Stored, given: &Given) -> Result<SocketAddr, EngineError> {
        let others: Vec<_> = self
            .store
            .sources()?
            .into_iter()
            .filter(|other| other.name != source.name)
            .collect();
        let started = self.claim(&source.name).and_then(|claim| {
            let bound = Self::bind(Some(&source.listen), &others)?;
            let address = bound.address();
            self.start(source, bound, claim, given)?;
            Ok(address)
        });
        if let Err(error) = &started {
            let report = error.report();
            let sentence = format!("{} {}", report.message, report.hint);
            lock(&self.failed).insert(source.name.clone(), sentence.trim_end().to_owned());
        } else if started.is_ok() && source.wanted == Wanted::Paused {
            self.set_paused(&source.name, true)?;
        }
        started
    }

    fn start(&self, source: &Stored, bound: Listener, claim: Claim, given: &Given) -> Result<(), EngineError> {
        let capture = self.capture()?;
        capture.spool.set_keep_secrets(&source.name, source.keep_secrets);
        capture.spool.set_recording(&source.name, true);
        let pulse = Arc::new(Pulse::default());
        let address = bound.address();
        let bound = bound.answering_to(given.hosts.clone());
        let live = capture.run(bound, source, &pulse, &self.bell, given, &self.left_out)?;
        pulse.lights.listening();
        let running = Running {
            address,
            is_paused: false,
            pulse,
            live,
            given: given.clone(),
            _claim: claim,
        };
        lock(&self.failed).remove(&source.name);
        lock(&self.running).insert(source.name.clone(), running);
        self.bell.ring();
        Ok(())
    }

    /// Binds the address that was asked for, or else the next free port.
    fn bind(listen: Option<&str>, known: &[Stored]) -> Result<Listener, EngineError> {
        if let Some(listen) = listen.filter(|listen| !listen.trim().is_empty()) {
            return Ok(Listener::bind(address::listen_address(listen)?)?);
        }
        // A source that is stopped keeps its port: frontends point at it.
        let kept = known
            .iter()
            .filter_map(|source| source.listen.rsplit_once(':')?.1.parse().ok());
        let except: Vec<u16> = kept.chain(OTHERS_PORTS).collect();
        Ok(Listener::bind_free(
            Ipv4Addr::LOCALHOST.into(),
            FIRST_PORT,
            LAST_PORT,
            &except,
        )?)
    }

    fn claim(&self, name: &str) -> Result<Claim, EngineError> {
        self.store
            .claim_source(name)?
            .ok_or_else(|| EngineError::RunsElsewhere { name: name.to_owned() })
    }

    fn capture(&self) -> Result<Arc<Capture>, EngineError> {
        let mut capture = lock(&self.capture);
        if let Some(capture) = &*capture {
            return Ok(Arc::clone(capture));
        }
        let made = Arc::new(Capture::new(&self.store)?);
        if let Some(cap) = *lock(&self.cap) {
            made.spool.set_cap(cap);
        }
        *lock(&self.spool) = Some(made.spool.clone());
        *capture = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Why what was recorded does not get into the store, in words; absent when all is well.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.capture).as_ref()?.spool.trouble()
    }

    /// Why what passes is not recorded now, in words; absent when it is.
    pub(crate) fn outage(&self) -> Option<String> {
        lock(&self.spool).as_ref()?.outage()
    }

    /// Keeps the store below a size for as long as this process records. To be
    /// said before the first source runs.
    pub(crate) fn set_cap(&self, cap: SizeCap) {
        *lock(&self.cap) = Some(cap);
    }

    /// What happened while recording, since this was last asked.
    pub(crate) fn incidents(&self) -> Vec<Incident> {
        lock(&self.spool).as_ref().map_or_else(Vec::new, Spool::incidents)
    }

    /// Bytes of the spool that have come into the store.
    pub(crate) fn absorbed_bytes(&self) -> u64 {
        lock(&self.spool).as_ref().map_or(0, Spool::absorbed_bytes)
    }

    /// Exchanges that passed without being recorded, because they were not asked for.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// What records under a name that no source has.
    pub(crate) fn recorder(&self, name: &str) -> Result<SourceRecorder, EngineError> {
        let capture = self.capture()?;
        capture.spool.set_recording(name, true);
        Ok(SourceRecorder {
            spool: capture.spool.clone(),
            bell: Arc::clone(&self.bell),
            pulse: Arc::new(Pulse::default()),
            labels: Vec::new(),
            choice: Choice::default(),
            left_out: Arc::clone(&self.left_out),
        })
    }

    fn is_running(&self, name: &str) -> bool {
        lock(&self.running).contains_key(name)
    }

    fn is_elsewhere(&self, name: &str) -> bool {
        !self.is_running(name) && self.store.source_is_claimed(name).unwrap_or(false)
    }

    fn view(&self, stored: &Stored) -> Source {
        let mut view = Source {
            name: stored.name.clone(),
            url: url_of(&stored.listen),
            listen: stored.listen.clone(),
            upstream: stored.upstream.clone(),
            keep_secrets: stored.keep_secrets,
            keep_host: stored.keep_host,
            drain: stored.drain,
            unverified: false,
            state: SourceState::Stopped,
            open: 0,
            frames_per_sec: 0,
            checklist: Checklist::default(),
        };
        let is_running = lock(&self.running)
            .get(&stored.name)
            .map(|running| running.add_to(&mut view))
            .is_some();
        if is_running {
            return view;
        }
        if self.is_elsewhere(&stored.name) {
            view.state = SourceState::Elsewhere;
        } else if let Some(sentence) = lock(&self.failed).get(&stored.name) {
            let sentence = sentence.clone();
            view.state = SourceState::Failed { sentence };
        }
        view
    }

    /// Stops everything, and waits until what was captured is in the store, for
    /// as long as that gets on and no longer than `patience` when it does not.
    pub(crate) fn close(&self, patience: Duration) -> bool {
        let began = Instant::now();
        let left = || patience.saturating_sub(began.elapsed()).max(LEAST_PATIENCE);
        let _changing = lock(&self.changing);
        let running = std::mem::take(&mut *lock(&self.running));
        for running in running.values() {
            running.live.stop(left() / 2);
        }
        let capture = lock(&self.capture).take();
        let everything = capture.is_none_or(|capture| capture.close(left()));
        // Claims are given up last: nobody else may record under these names before.
        drop(running);
        everything
    }
}

impl Running {
    fn add_to(&self, view: &mut Source) {
        view.listen = self.address.to_string();
        view.url = url_of(&view.listen);
        view.state = match self.is_paused {
            true => SourceState::Paused,
            false => SourceState::Recording,
        };
        view.unverified = self.given.tls.is_unverified && view.upstream.starts_with("https://");
        view.open = self.pulse.open.load(Ordering::Relaxed);
        view.checklist = self.pulse.lights.view(&self.live.sightings());
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

/// What to put into a frontend: "everywhere" is no address to call.
pub(crate) fn url_of(listen: &str) -> String {
    match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => {
            format!("http://{}", SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()))
        }
        _ => format!("http://{listen}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
