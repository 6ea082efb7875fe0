//! Replays: recordings of this store or file, served as the agent.
//!
//! - `config`: what to serve and how, from the words of the command line.
//! - `recorded`: which recordings are served.
//! - `view`: what a page shows.
//!
//! A replay lives as long as the engine, or until it is stopped; nothing of
//! it is kept. Answers to misses come from the fallback and are recorded like
//! any source's.

mod config;
mod recorded;
mod view;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scrubjay_ipc::{
    AnswerMiss, News, ReplayAnswer, ReplayAsk, ReplayList, ReplayOptions, ReplayView, StartReplay, Steer, SteerBy,
};
use scrubjay_proxy::{Hosts, Listener, Source, Upstream};
use scrubjay_replay::{
    Matcher,
    serve::{Fallback, Order, ServeConfig, Serving, serve},
};
use tokio::sync::Notify;

pub use self::config::ReplayConfig;

use crate::{
    EngineError,
    ask::json,
    capture::{Capture, address},
    feed::Hub,
    storage::Storage,
    threads::{Threads, wait_at_most, wait_for},
};

/// The first port that is tried when none was asked for.
const FIRST_PORT: u16 = 5291;
/// The last one.
const LAST_PORT: u16 = 5389;
/// A port that belongs to `serve`.
const OTHERS_PORT: u16 = 5292;
/// Under which name the answers of a fallback are recorded.
const FALLBACK_NAME: &str = "fallback";
/// How long closing waits for what is open, and for the threads.
const STOPPING: Duration = Duration::from_millis(300);
/// News is published this often at most.
const PACE: Duration = Duration::from_millis(100);

/// What was asked to go wrong or to stop, in the words in which it was asked,
/// and how often it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HitCounts {
    /// Faults, and how often each struck.
    pub faults: Vec<(String, u64)>,
    /// Words of the filter that streams are held at, and at how many events each stopped one.
    pub holds: Vec<(String, u64)>,
}

/// The department of replays.
pub(crate) struct Replays {
    storage: Storage,
    /// Records what a fallback answers.
    capture: Arc<Capture>,
    hub: Arc<Hub>,
    threads: Mutex<Option<Arc<Threads>>>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    count: u64,
    replays: BTreeMap<u64, Replay>,
}

/// One replay.
struct Replay {
    serving: Serving,
    options: ReplayOptions,
    /// What was asked for: empty means all.
    chosen: Vec<i64>,
    exchanges: Vec<i64>,
    source: String,
    title: String,
    /// Frames of each exchange that was asked about.
    frames: Mutex<BTreeMap<i64, u32>>,
}

impl Replays {
    pub(crate) fn new(storage: Storage, capture: Arc<Capture>, hub: Arc<Hub>) -> Self {
        Self {
            storage,
            capture,
            hub,
            threads: Mutex::default(),
            running: Mutex::default(),
        }
    }

    pub(crate) fn answer(&self, ask: &ReplayAsk) -> Result<Vec<u8>, EngineError> {
        Ok(match ask {
            ReplayAsk::Replays(_) => json(&self.list()),
            ReplayAsk::StartReplay(ask) => json(&self.start(ask)?),
            ReplayAsk::StopReplay(ask) => json(&self.stop(ask.replay)?),
            ReplayAsk::EditReplay(ask) => json(&self.edit(ask.replay, &ask.options)?),
            ReplayAsk::Steer(ask) => json(&self.steer(ask)?),
            ReplayAsk::AnswerMiss(ask) => json(&self.answer_miss(ask)?),
        })
    }

    fn list(&self) -> ReplayList {
        let running = self.running();
        let views = running
            .replays
            .iter()
            .map(|(number, replay)| view::replay(&self.storage, *number, replay));
        ReplayList {
            replays: views.collect(),
        }
    }

    /// A replay as it stands.
    pub(crate) fn one(&self, number: u64) -> Result<ReplayView, EngineError> {
        let running = self.running();
        Ok(view::replay(&self.storage, number, running.get(number)?))
    }

    /// What was answered, without the first `seen` answers.
    pub(crate) fn answers_after(&self, number: u64, seen: u64) -> Result<Vec<ReplayAnswer>, EngineError> {
        let running = self.running();
        let answers = running.get(number)?.serving.answered_after(seen);
        Ok(answers.into_iter().map(view::answer).collect())
    }

    /// What faults and breakpoints have done.
    pub(crate) fn struck(&self, number: u64) -> Result<HitCounts, EngineError> {
        let running = self.running();
        let serve_options = running.get(number)?.serving.options();
        let owned = |(word, times): (&str, u64)| (word.to_owned(), times);
        Ok(HitCounts {
            faults: serve_options.faults.struck().map(owned).collect(),
            holds: serve_options.hold.stopped().map(owned).collect(),
        })
    }

    /// Names of the sources of these exchanges; of all, when none is named.
    pub(crate) fn sources(&self, exchanges: &[i64]) -> Result<Vec<String>, EngineError> {
        recorded::sources(&self.storage, exchanges)
    }

    /// Where it listens.
    pub(crate) fn address(&self, number: u64) -> Result<SocketAddr, EngineError> {
        Ok(self.running().get(number)?.serving.address())
    }

    /// Starts serving as a page asks. Everything of several sources is served
    /// at an address for each; the first is what is shown.
    fn start(&self, ask: &StartReplay) -> Result<ReplayView, EngineError> {
        let config = ReplayConfig {
            exchanges: ask.exchanges.clone(),
            source: ask.source.clone(),
            listen: ask.listen.clone(),
            options: ask.options.clone(),
            hosts: Hosts::of_containers(),
            ..ReplayConfig::default()
        };
        let mut sources = Vec::new();
        if config.exchanges.is_empty() && config.source.is_empty() && config.options.fallback.trim().is_empty() {
            sources = self.sources(&[])?;
        }
        if sources.len() < 2 {
            return self.run(&config);
        }
        let mut first: Option<ReplayView> = None;
        for source in sources {
            let after = first.as_ref().map(|first| self.address(first.replay)).transpose()?;
            let started = self.run(&ReplayConfig {
                source,
                after,
                ..config.clone()
            })?;
            first.get_or_insert(started);
        }
        first.map_or_else(|| self.run(&config), Ok)
    }

    /// Starts serving.
    pub(crate) fn run(&self, config: &ReplayConfig) -> Result<ReplayView, EngineError> {
        let serve_options = config::serve_options(&config.options, config.shifts_timestamps)?;
        let recorded = recorded::chosen(&self.storage, &config.exchanges, &config.source)?;
        let exchanges: Vec<i64> = recorded.iter().map(|one| one.exchange.index).collect();
        let match_options = config::match_options(&config.options)?;
        let origins = config.origins()?;
        let fallback = self.fallback(config)?;
        let listener = bind(config)?.answering_to(config.hosts.clone());
        let threads = self.threads()?;
        let serve_config = ServeConfig {
            fallback,
            origins,
            on_change: publisher(&threads, &self.hub),
            ..ServeConfig::new(Matcher::new(recorded, match_options), serve_options)
        };
        let serving = {
            let _inside = threads.handle.enter();
            serve(listener, serve_config)?
        };
        let replay = Replay {
            serving,
            options: config.options.clone(),
            chosen: config.exchanges.clone(),
            title: recorded::title(&self.storage, &config.exchanges, &config.source),
            source: config.source.clone(),
            exchanges,
            frames: Mutex::default(),
        };
        let number = self.running().add(replay);
        self.hub.publish(&News::Replays);
        self.one(number)
    }

    /// The way to the fallback, and what records its answers.
    fn fallback(&self, config: &ReplayConfig) -> Result<Option<Fallback>, EngineError> {
        let url = config.options.fallback.trim();
        if url.is_empty() {
            return Ok(None);
        }
        if config.options.strict {
            return Err(EngineError::StrictWithFallback);
        }
        let source = Source {
            tls: config.tls.load()?,
            ..Source::new(FALLBACK_NAME, Upstream::parse(url)?)
        };
        let recorder = match &config.misses_into {
            Some(engine) => engine.capture().recorder(FALLBACK_NAME)?,
            None if self.storage.writable().is_err() => {
                return Err(EngineError::MissesNeedStore {
                    path: self.storage.path().to_owned(),
                });
            }
            None => self.capture.recorder(FALLBACK_NAME)?,
        };
        Ok(Some((source, Arc::new(recorder))))
    }

    /// Changes how a replay serves.
    fn edit(&self, number: u64, options: &ReplayOptions) -> Result<ReplayView, EngineError> {
        let serve_options = config::serve_options(options, false)?;
        {
            let mut running = self.running();
            let replay = running.get_mut(number)?;
            let is_settled = config::match_options(options)? == config::match_options(&replay.options)?
                && options.fallback == replay.options.fallback;
            if !is_settled {
                return Err(EngineError::SettledAtStart);
            }
            replay.serving.set_options(scrubjay_replay::serve::ServeOptions {
                shifts_timestamps: replay.serving.options().shifts_timestamps,
                ..serve_options
            });
            replay.options.clone_from(options);
        }
        self.one(number)
    }

    /// Steers one client's stream.
    fn steer(&self, ask: &Steer) -> Result<ReplayView, EngineError> {
        {
            let running = self.running();
            let replay = running.get(ask.replay)?;
            if let SteerBy::Edit(_) = ask.by {
                check_editable(&replay.serving, ask.client)?;
            }
            if !replay.serving.order(ask.client, order(&ask.by)) {
                return Err(EngineError::NoSuchStream { client: ask.client });
            }
        }
        self.one(ask.replay)
    }

    /// Answers a request that nothing recorded answers.
    fn answer_miss(&self, ask: &AnswerMiss) -> Result<ReplayView, EngineError> {
        let running = self.running();
        let serving = &running.get(ask.replay)?.serving;
        if !serving.answer_miss(ask.request, ask.exchange) {
            return Err(EngineError::NoSuchMiss { request: ask.request });
        }
        drop(running);
        self.one(ask.replay)
    }

    /// Stops serving, and cuts off what is open.
    fn stop(&self, number: u64) -> Result<ReplayList, EngineError> {
        let replay = self.running().replays.remove(&number);
        let replay = replay.ok_or(EngineError::NoSuchReplay { replay: number })?;
        let threads = self.threads()?;
        wait_for(&threads.handle, replay.serving.stop())?;
        self.hub.publish(&News::Replays);
        Ok(self.list())
    }

    /// Stops all, and ends the threads.
    pub(crate) fn close(&self) {
        let replays = std::mem::take(&mut self.running().replays);
        let threads = self.lock_threads().take();
        let Some(threads) = threads else { return };
        for replay in replays.into_values() {
            // Threads that are gone have nothing open, and a fallback that hangs is not waited for.
            let _in_time = wait_at_most(&threads.handle, STOPPING, replay.serving.stop());
        }
        threads.end(STOPPING);
    }

    fn threads(&self) -> Result<Arc<Threads>, EngineError> {
        let mut threads = self.lock_threads();
        if let Some(threads) = &*threads {
            return Ok(Arc::clone(threads));
        }
        let made = Arc::new(Threads::start("replay")?);
        *threads = Some(Arc::clone(&made));
        Ok(made)
    }

    fn lock_threads(&self) -> MutexGuard<'_, Option<Arc<Threads>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn add(&mut self, replay: Replay) -> u64 {
        self.count += 1;
        self.replays.insert(self.count, replay);
        self.count
    }

    fn get(&self, number: u64) -> Result<&Replay, EngineError> {
        let found = self.replays.get(&number);
        found.ok_or(EngineError::NoSuchReplay { replay: number })
    }

    fn get_mut(&mut self, number: u64) -> Result<&mut Replay, EngineError> {
        let found = self.replays.get_mut(&number);
        found.ok_or(EngineError::NoSuchReplay { replay: number })
    }
}

fn bind(config: &ReplayConfig) -> Result<Listener, EngineError> {
    if let Some(after) = config.after {
        let first = after.port().saturating_add(1);
        let last = first.saturating_add(LAST_PORT - FIRST_PORT);
        return Ok(Listener::bind_free(after.ip(), first, last, &[OTHERS_PORT])?);
    }
    if config.listen.trim().is_empty() {
        let ip = Ipv4Addr::LOCALHOST.into();
        return Ok(Listener::bind_free(ip, FIRST_PORT, LAST_PORT, &[OTHERS_PORT])?);
    }
    Ok(Listener::bind(address::listen_address(&config.listen)?)?)
}

/// Publishes changes of a replay, as often as pages can take it.
fn publisher(threads: &Threads, hub: &Arc<Hub>) -> Box<dyn Fn() + Send + Sync> {
    let changed = Arc::new(Notify::new());
    let (weak, hub) = (Arc::downgrade(&changed), Arc::downgrade(hub));
    threads.handle.spawn(async move {
        loop {
            // When the replay is gone nothing changes any more.
            let Some(changed) = weak.upgrade() else { return };
            if tokio::time::timeout(Duration::from_secs(1), changed.notified())
                .await
                .is_ok()
                && let Some(hub) = hub.upgrade()
            {
                hub.publish(&News::Replays);
            }
            drop(changed);
            tokio::time::sleep(PACE).await;
        }
    });
    Box::new(move || changed.notify_one())
}

fn order(by: &SteerBy) -> Order {
    match by {
        SteerBy::Send => Order::Send,
        SteerBy::Skip => Order::Skip,
        SteerBy::Duplicate => Order::Duplicate,
        SteerBy::Delay(millis) => Order::Delay(Duration::from_millis((*millis).into())),
        SteerBy::Edit(text) => Order::Edit(text.clone()),
        SteerBy::Go => Order::Go,
        SteerBy::Reset => Order::Reset,
    }
}

fn check_editable(serving: &Serving, client: u64) -> Result<(), EngineError> {
    let found = serving
        .listening()
        .into_iter()
        .find(|listening| listening.client == client);
    let next = found.and_then(|listening| listening.next);
    match next {
        Some(next) if next.is_editable => Ok(()),
        Some(_) => Err(EngineError::NotEditable),
        None => Err(EngineError::NoSuchStream { client }),
    }
}
