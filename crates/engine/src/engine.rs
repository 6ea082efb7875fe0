//! The engine: the facade of its departments.
//!
//! - `library`: lists, and files in and out. `running`: sources and replays.

mod library;
mod running;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use scrubjay_ipc::{AnyAsk, HealthView, Report};
use scrubjay_recording::Limits;
use scrubjay_store::{Deriving, Store};

use crate::{
    EngineError, Exchange, NewsFeed,
    capture::Capture,
    comparisons::Comparisons,
    feed::{Feed, Hub, Rates, Signal},
    file::RecordingFile,
    health::Health,
    library::Library,
    readers::{Asker, Readers},
    replays::Replays,
    shelf::AnyShelf,
    storage::Storage,
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
    /// A store or a recording file, which differ by content; absent means the default store.
    pub path: Option<PathBuf>,
    pub opening: Opening,
}

/// What an engine is opened for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opening {
    /// A window or `serve`: the store is made if absent, what was deleted
    /// before is erased, and sources that were recording resume.
    #[default]
    Window,
    /// `record` and other writing commands: the store is made if
    /// absent, and nothing starts by itself.
    Writing,
    /// As [`Opening::Writing`], but nothing is derived in the background:
    /// `import` does that itself, with [`Engine::derive_watched`].
    Importing,
    /// A reading command: what is opened must exist.
    Reading,
}

/// The engine. Cheap to clone; may be used from any thread. Calls block
/// unless they are async: keep them off async threads.
#[derive(Clone)]
pub struct Engine {
    departments: Arc<Departments>,
}

/// The departments of one engine, which is closed when the last clone is dropped.
pub(crate) struct Departments {
    pub(crate) storage: Storage,
    pub(crate) library: Library,
    pub(crate) readers: Arc<Readers>,
    pub(crate) capture: Arc<Capture>,
    pub(crate) health: Health,
    pub(crate) replays: Replays,
    pub(crate) comparisons: Arc<Comparisons>,
    pub(crate) feed: Feed,
    /// Ends when dropped.
    deriving: Mutex<Option<Deriving>>,
}

impl Departments {
    fn new(storage: Storage, deriving: Option<Deriving>, limits: Limits) -> Self {
        let (hub, signal, rates) = (Arc::<Hub>::default(), Arc::<Signal>::default(), Arc::<Rates>::default());
        let readers = Arc::new(Readers::new(storage.clone()));
        let comparisons = Arc::new(Comparisons::new(storage.clone(), Arc::clone(&hub)));
        let capture = Arc::new(Capture::new(storage.clone(), Arc::clone(&signal), Arc::clone(&rates)));
        Self {
            library: Library::new(storage.clone(), Arc::clone(&readers), Arc::clone(&comparisons), limits),
            health: Health::new(storage.clone(), Arc::clone(&capture)),
            replays: Replays::new(storage.clone(), Arc::clone(&capture), Arc::clone(&hub)),
            feed: Feed::new(
                storage.clone(),
                Arc::clone(&readers),
                Arc::clone(&capture),
                hub,
                signal,
                rates,
            ),
            storage,
            readers,
            capture,
            comparisons,
            deriving: Mutex::new(deriving),
        }
    }

    fn close(&self) -> bool {
        self.replays.close();
        self.comparisons.clear();
        self.feed.close();
        let everything = self.capture.close(CLOSING);
        if let Some(deriving) = self.deriving.lock().unwrap_or_else(PoisonError::into_inner).take() {
            deriving.stop(DERIVING_ENDS);
        }
        everything
    }
}

impl Drop for Departments {
    fn drop(&mut self) {
        self.close();
    }
}

/// Opening and closing.
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
        let storage = Storage::open(&path, options.opening, limits)?;
        let deriving = match (&storage, options.opening) {
            (Storage::Store(store), Opening::Window | Opening::Writing) if !store.read_only() => Some(store.derive()?),
            _ => None,
        };
        let departments = Arc::new(Departments::new(storage, deriving, limits));
        if options.opening == Opening::Window {
            departments.library.erase_hidden()?;
            departments.capture.resume();
        }
        Ok(Self { departments })
    }

    /// Stops all sources, ends open exchanges as `recorder_stopped`, and waits
    /// until everything captured is in the store, while that gets on; false if
    /// it does not, in which case the next start takes the rest from the spool.
    /// What hangs is waited for less than a second.
    pub fn close(&self) -> bool {
        self.departments.close()
    }
}

/// Asking.
impl Engine {
    /// Answers a question with bytes in the question's encoding.
    ///
    /// # Errors
    /// What went wrong, as a person reads it.
    pub fn ask(&self, asker: Asker, ask: &AnyAsk) -> Result<Vec<u8>, Report> {
        crate::ask::answer(&self.departments, asker, ask).map_err(|error| error.report())
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

    /// A feed of what changes from now on, here and in other processes.
    ///
    /// # Errors
    /// When the store cannot be followed.
    pub fn news(&self) -> Result<NewsFeed, EngineError> {
        self.departments.feed.listen()
    }

    /// How the store is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn health(&self) -> Result<HealthView, EngineError> {
        self.departments.health.view()
    }
}

/// What is open.
impl Engine {
    /// Path of the store or of the file.
    pub fn path(&self) -> &Path {
        self.departments.storage.path()
    }

    /// Whether a store is open, and not a recording file.
    pub fn is_store(&self) -> bool {
        self.file().is_none()
    }

    /// Whether nothing can be recorded, imported or deleted here.
    pub fn is_read_only(&self) -> bool {
        self.departments.storage.writable().is_err()
    }

    /// Bytes of a spool that cannot be taken into the store, because that can
    /// only be read: a full disk, a folder without the right to write.
    pub fn left_in_spool(&self) -> Option<u64> {
        let store = self.departments.storage.store().ok()?;
        let health = store.read_only().then(|| store.health().ok()).flatten()?;
        Some(health.backlog_bytes).filter(|bytes| *bytes > 0)
    }

    fn file(&self) -> Option<&RecordingFile> {
        self.departments.storage.file()
    }

    /// Whether a recording file could not be read to its end; the first of
    /// [`Engine::damage`] names the place.
    pub fn is_damaged(&self) -> bool {
        self.file().is_some_and(|file| file.is_damaged)
    }

    /// Whether a recording file was not read to its end because it is larger than
    /// the limits; the first of [`Engine::damage`] names the place.
    pub fn is_too_large(&self) -> bool {
        self.file().is_some_and(|file| file.is_too_large)
    }

    /// What could not be read of a recording file, as sentences; empty for a store.
    pub fn damage(&self) -> Vec<String> {
        self.file().map(|file| file.damage.clone()).unwrap_or_default()
    }

    /// What was done about who may read the store's files, as sentences.
    pub fn remarks(&self) -> &[String] {
        self.departments.storage.store().map_or(&[], Store::remarks)
    }

    /// The line, from 1, of a recording file on which the frame stands whose
    /// bytes begin at an offset of the body, or without one the request. None
    /// in a store and in a packed file, which has no lines of its own.
    pub fn line_of(&self, exchange: i64, offset: Option<u64>) -> Option<u64> {
        self.file()?.line_of(exchange, offset)
    }

    /// Numbers of all exchanges, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn exchanges(&self) -> Result<Vec<i64>, EngineError> {
        self.departments.storage.exchanges()
    }

    /// Numbers of the exchanges after one, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn exchanges_after(&self, exchange: i64) -> Result<Vec<i64>, EngineError> {
        self.departments.storage.exchanges_after(exchange)
    }

    /// The greatest number of an exchange; `None` while there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_exchange(&self) -> Result<Option<i64>, EngineError> {
        self.departments.storage.last_exchange()
    }

    /// Where an exchange lies.
    ///
    /// # Errors
    /// When there is no such exchange.
    pub fn shelf(&self, exchange: i64) -> Result<AnyShelf, EngineError> {
        self.departments.storage.shelf(exchange)
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
        self.departments.readers.with(exchange, work)
    }
}
