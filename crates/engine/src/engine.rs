//! Opening, asking, importing, exporting, closing.

use std::{
    io::Read as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use scrubjay_ipc::{AnyAsk, HealthView, ReplayAnswer, ReplayView, Report, SourceList};
use scrubjay_recording::Limits;
use scrubjay_session::recognise::{self, Transport};
use scrubjay_store::{Access, Derived, Deriving, Excess, Incident, Pruned, SizeCap, Store, open_file};

use crate::{
    EngineError, Exchange, NewsFeed,
    compare::Comparisons,
    file::{self, FileHome},
    news::{Bell, Hub},
    open::{Asker, OpenExchanges},
    replay::{ReplayPlan, Replays, Struck},
    shelf::AnyShelf,
    sources::{BoundSource, SourcePlan, Sources},
    watch::{self, Rates},
};

/// How long closing waits for what does not get on: a recorder that hangs, a
/// store that is locked or full. What has not reached the store by then is in
/// the spool, and the next start takes it from there.
const CLOSING: Duration = Duration::from_millis(800);
/// How long it waits for what derives, which can be done again.
const DERIVING_ENDS: Duration = Duration::from_millis(150);

/// What to open.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A store or a recording file, told apart by content; absent means the default store.
    pub path: Option<PathBuf>,
    /// What for.
    pub opening: Opening,
}

/// What an engine is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opening {
    /// A window or `serve`: the store is made if absent, what was deleted
    /// before is erased, and sources that were recording resume.
    #[default]
    Window,
    /// `record`, `import` and whatever else writes: the store is made if
    /// absent, and nothing starts by itself.
    Writing,
    /// As [`Opening::Writing`], but nothing is derived behind the caller's
    /// back: `import` does that itself, with [`Engine::derive_watched`].
    Importing,
    /// A reading command: what is opened must exist.
    Reading,
}

/// The engine. Cheap to clone; may be used from any thread. Calls block
/// unless they say otherwise: keep them off async threads.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    home: Home,
    /// How much is read of a file that is imported.
    pub(crate) limits: Limits,
    /// Held while a file is imported: the limits are for one at a time.
    pub(crate) importing: Mutex<()>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) open: OpenExchanges,
    pub(crate) rates: Rates,
    pub(crate) replays: Replays,
    pub(crate) comparisons: Comparisons,
    /// Whether the watching thread runs.
    watching: Mutex<bool>,
}

/// Where exchanges come from.
pub(crate) enum Home {
    Store(StoreHome),
    File(FileHome),
}

pub(crate) struct StoreHome {
    pub(crate) store: Store,
    pub(crate) sources: Sources,
    /// Ends when dropped.
    deriving: Mutex<Option<Deriving>>,
}

impl Engine {
    /// Opens a store or a recording file.
    ///
    /// # Errors
    /// When there is nothing to open, it is neither, or it cannot be read.
    pub fn open(options: &Options) -> Result<Self, EngineError> {
        Self::open_within(options, Limits::default())
    }

    /// As [`Engine::open`], with limits of its own for files that are opened or imported.
    ///
    /// # Errors
    /// When there is nothing to open, it is neither, or it cannot be read.
    pub fn open_within(options: &Options, limits: Limits) -> Result<Self, EngineError> {
        let path = match &options.path {
            Some(path) => path.clone(),
            None => Store::default_path()?,
        };
        let bell = Arc::new(Bell::default());
        let home = match kind_of(&path)? {
            Kind::Recording => Home::File(FileHome::read(&path, limits)?),
            Kind::Nothing if options.opening == Opening::Reading => return Err(EngineError::NothingThere { path }),
            Kind::Empty if options.opening == Opening::Reading => return Err(file::empty(&path)),
            Kind::Store | Kind::Nothing | Kind::Empty => Home::Store(StoreHome::open(&path, options.opening, &bell)?),
        };
        let engine = Self {
            inner: Arc::new(Inner {
                home,
                limits,
                importing: Mutex::new(()),
                bell,
                hub: Arc::default(),
                open: OpenExchanges::default(),
                rates: Rates::default(),
                replays: Replays::default(),
                comparisons: Comparisons::default(),
                watching: Mutex::new(false),
            }),
        };
        if let (Opening::Window, Home::Store(home)) = (options.opening, &engine.inner.home) {
            home.sources.resume();
        }
        Ok(engine)
    }

    /// Path of the store or of the file.
    pub fn path(&self) -> &Path {
        self.inner.path()
    }

    /// Whether nothing can be recorded, imported or deleted here.
    pub fn is_read_only(&self) -> bool {
        match &self.inner.home {
            Home::Store(home) => home.store.read_only(),
            Home::File(_) => true,
        }
    }

    /// Bytes of a spool that cannot be taken into the store, because that can
    /// only be read: a full disk, a folder without the right to write.
    pub fn left_in_spool(&self) -> Option<u64> {
        match &self.inner.home {
            Home::Store(home) if home.store.read_only() => {
                let health = home.store.health().ok()?;
                Some(health.backlog_bytes).filter(|bytes| *bytes > 0)
            }
            _ => None,
        }
    }

    /// Whether a recording file could not be read to its end; the first of
    /// [`Engine::damage`] says where it stopped.
    pub fn is_damaged(&self) -> bool {
        match &self.inner.home {
            Home::Store(_) => false,
            Home::File(home) => home.is_damaged,
        }
    }

    /// Whether a recording file was not read to its end because it is larger than
    /// the limits; the first of [`Engine::damage`] says how far it was read.
    pub fn is_too_large(&self) -> bool {
        match &self.inner.home {
            Home::Store(_) => false,
            Home::File(home) => home.is_too_large,
        }
    }

    /// How much is read of a file that is imported.
    pub fn limits(&self) -> Limits {
        self.inner.limits
    }

    /// What could not be read of a recording file, as sentences; empty for a store.
    pub fn damage(&self) -> Vec<String> {
        match &self.inner.home {
            Home::Store(_) => Vec::new(),
            Home::File(home) => home.damage.clone(),
        }
    }

    /// What was done about who may read the store's files, as sentences.
    pub fn remarks(&self) -> &[String] {
        match &self.inner.home {
            Home::Store(home) => home.store.remarks(),
            Home::File(_) => &[],
        }
    }

    /// The line, from 1, of a recording file on which the frame stands whose
    /// bytes begin at an offset of the body, or without one the request. None
    /// in a store and in a packed file, which has no lines of its own.
    pub fn line_of(&self, exchange: i64, offset: Option<u64>) -> Option<u64> {
        match &self.inner.home {
            Home::Store(_) => None,
            Home::File(home) => home.line_of(exchange, offset),
        }
    }

    /// Numbers of all exchanges, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn exchanges(&self) -> Result<Vec<i64>, EngineError> {
        self.inner.exchanges()
    }

    /// Where an exchange lies.
    ///
    /// # Errors
    /// When there is no such exchange.
    pub fn shelf(&self, exchange: i64) -> Result<AnyShelf, EngineError> {
        self.inner.shelf(exchange)
    }

    /// Uses the reader of an exchange, opening it if need be.
    ///
    /// # Errors
    /// When there is no such exchange, or `work` fails.
    pub fn with<R>(
        &self,
        exchange: i64,
        work: impl FnOnce(&mut Exchange) -> Result<R, EngineError>,
    ) -> Result<R, EngineError> {
        let slot = self.inner.open.slot(exchange);
        slot.with(|| self.inner.shelf(exchange), None, work)
    }

    /// Answers a question with bytes in the question's encoding.
    ///
    /// # Errors
    /// What went wrong, as a person reads it.
    pub fn ask(&self, asker: Asker, ask: &AnyAsk) -> Result<Vec<u8>, Report> {
        crate::ask::answer(&self.inner, asker, ask).map_err(|error| error.report())
    }

    /// As [`Engine::ask`], from an async thread.
    ///
    /// # Errors
    /// What went wrong, as a person reads it.
    pub async fn answer(&self, asker: Asker, ask: AnyAsk) -> Result<Vec<u8>, Report> {
        let engine = self.clone();
        match tokio::task::spawn_blocking(move || engine.ask(asker, &ask)).await {
            Ok(answer) => answer,
            Err(_panicked) => Err(EngineError::ThreadEnded.report()),
        }
    }

    /// A feed of what changes from now on, whoever changes it.
    ///
    /// # Errors
    /// When the store cannot be followed.
    pub fn news(&self) -> Result<NewsFeed, EngineError> {
        let mut watching = self.inner.watching.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = self.inner.hub.listen();
        if let (false, Home::Store(home)) = (*watching, &self.inner.home) {
            watch::start(&self.inner, home.store.changes()?)?;
            *watching = true;
        }
        Ok(feed)
    }

    /// Runs a source until it is switched off or the engine closes. It is kept
    /// in the store, but no window starts it later by itself.
    ///
    /// # Errors
    /// When the plan makes no sense or its address cannot be listened on.
    pub fn run_source(&self, plan: &SourcePlan) -> Result<scrubjay_ipc::Source, EngineError> {
        self.run_bound(plan.bind()?)
    }

    /// As [`Engine::run_source`], with an address that is listened on already.
    ///
    /// # Errors
    /// When the store cannot be written, or another process runs the source.
    pub fn run_bound(&self, bound: BoundSource) -> Result<scrubjay_ipc::Source, EngineError> {
        self.inner.store()?.sources.run_now(bound)
    }

    /// What happened while recording, since this was last asked: also after
    /// [`Engine::close`].
    pub fn incidents(&self) -> Vec<Incident> {
        self.inner
            .store()
            .map_or_else(|_| Vec::new(), |home| home.sources.incidents())
    }

    /// How far what was captured has come into the store, in bytes of the spool:
    /// grows while closing gets on.
    pub fn absorbed_bytes(&self) -> u64 {
        self.inner.store().map_or(0, |home| home.sources.absorbed_bytes())
    }

    /// Exchanges that passed unrecorded, because a [`SourcePlan::choice`] left them out.
    pub fn left_out(&self) -> u64 {
        self.inner.store().map_or(0, |home| home.sources.left_out())
    }

    /// All sources with their live state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sources(&self) -> Result<SourceList, EngineError> {
        self.inner.source_list()
    }

    /// Serves recordings as the agent until stopped, or until the engine closes.
    ///
    /// # Errors
    /// When the plan makes no sense, there is nothing to serve, or its address
    /// cannot be listened on.
    pub fn run_replay(&self, plan: &ReplayPlan) -> Result<ReplayView, EngineError> {
        self.inner.run_replay(plan)
    }

    /// Names of the sources whose recordings can be served, of these exchanges or of all.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn replay_sources(&self, exchanges: &[i64]) -> Result<Vec<String>, EngineError> {
        self.inner.replay_sources(exchanges)
    }

    /// A replay as it stands.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay(&self, replay: u64) -> Result<ReplayView, EngineError> {
        self.inner.one_replay(replay)
    }

    /// What a replay answered, oldest first, without the first `seen` answers.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay_answers(&self, replay: u64, seen: u64) -> Result<Vec<ReplayAnswer>, EngineError> {
        self.inner.replay_answers(replay, seen)
    }

    /// How often a replay's faults struck and its breakpoints stopped a stream so far.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay_struck(&self, replay: u64) -> Result<Struck, EngineError> {
        self.inner.replay_struck(replay)
    }

    /// Where a replay listens.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay_address(&self, replay: u64) -> Result<SocketAddr, EngineError> {
        self.inner.replay_address(replay)
    }

    /// Removes exchanges for good; gives those that were removed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn erase(&self, exchanges: &[i64]) -> Result<Vec<i64>, EngineError> {
        self.inner.open.forget(exchanges);
        self.inner.comparisons.clear();
        Ok(self.inner.writable()?.store.erase(exchanges)?)
    }

    /// Removes ended exchanges that began before (microseconds since 1970).
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn erase_before(&self, started_at_us: i64) -> Result<Vec<i64>, EngineError> {
        let erased = self.inner.writable()?.store.erase_before(started_at_us)?;
        self.inner.open.forget(&erased);
        Ok(erased)
    }

    /// Makes everything derived anew from the bytes; gives the number of exchanges.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn reindex(&self) -> Result<u64, EngineError> {
        let count = self.inner.writable()?.store.reindex()?;
        self.inner.open.clear();
        self.inner.comparisons.clear();
        Ok(count)
    }

    /// Derives what has ended and was not derived yet, so that lists are complete.
    /// On a full disk readers fold for themselves, and nothing is missing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn catch_up(&self) -> Result<(), EngineError> {
        match &self.inner.home {
            Home::Store(home) => match home.store.derive_now() {
                Err(error) if error.forbids_writing() => Ok(()),
                derived => Ok(derived?),
            },
            Home::File(_) => Ok(()),
        }
    }

    /// As [`Engine::catch_up`], for as long as `goes_on` says so after hearing
    /// how far it has come; gives whether it came to the end.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn derive_watched(&self, goes_on: &mut dyn FnMut(Derived) -> bool) -> Result<bool, EngineError> {
        match &self.inner.home {
            Home::Store(home) => Ok(home.store.derive_watched(goes_on)?),
            Home::File(_) => Ok(true),
        }
    }

    /// Keeps the store below a size for as long as this engine records. To be
    /// said before the first source runs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_cap(&self, cap: SizeCap) -> Result<(), EngineError> {
        self.inner.writable()?.sources.set_cap(cap);
        Ok(())
    }

    /// What a cap on the size would take of what is there now; `None` when the
    /// store is not larger.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn excess(&self, max_bytes: u64) -> Result<Option<Excess>, EngineError> {
        Ok(self.inner.store()?.store.excess(max_bytes)?)
    }

    /// Removes the oldest exchanges that are not pinned until the store is no larger.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn prune_to(&self, max_bytes: u64) -> Result<Option<Pruned>, EngineError> {
        let pruned = self.inner.writable()?.store.prune_to(max_bytes)?;
        if let Some(pruned) = &pruned {
            self.inner.open.forget(&pruned.exchanges);
        }
        Ok(pruned)
    }

    /// What all clones share, for the other chapters of the engine.
    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// The store, for whoever imports into it.
    pub(crate) fn store(&self) -> Result<&StoreHome, EngineError> {
        self.inner.writable()
    }

    /// How the store is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn health(&self) -> Result<HealthView, EngineError> {
        self.inner.health()
    }

    /// Stops all sources, ends open exchanges as `recorder_stopped`, and waits
    /// until everything captured is in the store, while that gets on; false if
    /// it does not, in which case the next start takes the rest from the spool.
    /// What hangs is waited for less than a second.
    pub fn close(&self) -> bool {
        self.inner.close()
    }
}

impl StoreHome {
    fn open(path: &Path, opening: Opening, bell: &Arc<Bell>) -> Result<Self, EngineError> {
        let access = match opening {
            Opening::Window | Opening::Writing | Opening::Importing => Access::Create,
            Opening::Reading => Access::Existing,
        };
        let store = match Store::open(path, access) {
            // A window shows what can be read, and says that nothing can be recorded.
            Err(error) if opening == Opening::Window && error.forbids_writing() && path.is_file() => {
                Store::open(path, Access::ReadOnly).map_err(|_unreadable| error)?
            }
            opened => opened?,
        };
        let deriving = match opening {
            Opening::Window | Opening::Writing if !store.read_only() => Some(store.derive()?),
            _ => None,
        };
        if opening == Opening::Window && !store.read_only() {
            match store.erase_hidden() {
                // The next window erases them.
                Err(error) if error.forbids_writing() => {}
                erased => drop(erased?),
            }
        }
        Ok(Self {
            sources: Sources::new(store.clone(), Arc::clone(bell)),
            store,
            deriving: Mutex::new(deriving),
        })
    }
}

impl Inner {
    /// The store, if it is one.
    pub(crate) fn store(&self) -> Result<&StoreHome, EngineError> {
        match &self.home {
            Home::Store(home) => Ok(home),
            Home::File(home) => Err(EngineError::ReadOnly {
                path: home.path.clone(),
            }),
        }
    }

    /// The store, if it can be written.
    pub(crate) fn writable(&self) -> Result<&StoreHome, EngineError> {
        let home = self.store()?;
        match home.store.read_only() {
            false => Ok(home),
            true => Err(EngineError::ReadOnly {
                path: home.store.path().to_owned(),
            }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match &self.home {
            Home::Store(home) => home.store.path(),
            Home::File(home) => &home.path,
        }
    }

    /// Numbers of all exchanges, in order.
    pub(crate) fn exchanges(&self) -> Result<Vec<i64>, EngineError> {
        match &self.home {
            Home::Store(home) => Ok(home.store.indexes()?),
            Home::File(home) => Ok(home.indexes()),
        }
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    pub(crate) fn shelf(&self, exchange: i64) -> Result<AnyShelf, EngineError> {
        match &self.home {
            Home::Store(home) => Ok(AnyShelf::Store(home.store.shelf(exchange))),
            Home::File(home) => home.shelf(exchange),
        }
    }

    /// Whether an answer came that is a stream of events.
    pub(crate) fn is_stream(&self, exchange: i64) -> bool {
        let recognised = self.shelf(exchange).and_then(|shelf| Ok(recognise::transport(&shelf)?));
        matches!(recognised, Ok(Some(Transport::Sse | Transport::Protobuf)))
    }

    pub(crate) fn source_list(&self) -> Result<SourceList, EngineError> {
        match &self.home {
            Home::Store(home) => home.sources.list(&self.rates),
            Home::File(_) => Ok(SourceList { sources: Vec::new() }),
        }
    }

    pub(crate) fn health(&self) -> Result<HealthView, EngineError> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        match &self.home {
            Home::Store(home) => {
                let health = home.store.health()?;
                Ok(HealthView {
                    store: home.store.path().display().to_string(),
                    read_only: home.store.read_only(),
                    store_bytes: health.store_bytes,
                    passing_bytes: health.passing_bytes,
                    free_bytes: Some(health.free_bytes),
                    low_disk: health.low_disk,
                    backlog_bytes: health.backlog_bytes,
                    trouble: home.sources.trouble().or_else(|| lost(&home.store, health.loss)),
                    outage: home.sources.outage(),
                    version,
                })
            }
            Home::File(home) => Ok(HealthView {
                store: home.path.display().to_string(),
                read_only: true,
                store_bytes: home.len,
                passing_bytes: 0,
                free_bytes: None,
                low_disk: false,
                backlog_bytes: 0,
                trouble: None,
                outage: None,
                version,
            }),
        }
    }

    /// Whether the watching thread has nobody left to tell; then it counts as ended.
    pub(crate) fn watch_may_end(&self) -> bool {
        let mut watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        *watching = self.hub.has_listeners();
        !*watching
    }

    fn close(&self) -> bool {
        self.replays.close();
        self.comparisons.close();
        self.hub.close();
        self.bell.wake();
        match &self.home {
            Home::Store(home) => {
                let everything = home.sources.close(CLOSING);
                if let Some(deriving) = home.deriving.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    deriving.stop(DERIVING_ENDS);
                }
                everything
            }
            Home::File(_) => true,
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Why what is shown is not what lies at the path.
fn lost(store: &Store, loss: Option<&str>) -> Option<String> {
    let loss = loss?;
    let path = store.path().display();
    Some(format!(
        "the store {path} {loss} while it was open; what is shown is what was in it, and opening it again shows what \
         is there now"
    ))
}

/// What lies at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nothing,
    /// A file without a byte in it.
    Empty,
    Store,
    Recording,
}

/// Tells a store from a recording file by content. An empty file may become a store.
pub(crate) fn kind_of(path: &Path) -> Result<Kind, EngineError> {
    let unreadable = |source| EngineError::ReadFile {
        path: path.to_owned(),
        source,
    };
    let mut file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Kind::Nothing),
        Err(error) => return Err(unreadable(error)),
    };
    let mut magic = [0; 16];
    let len = file.read(&mut magic).map_err(unreadable)?;
    Ok(match &magic[..len] {
        [] => Kind::Empty,
        b"SQLite format 3\0" => Kind::Store,
        _ => Kind::Recording,
    })
}
