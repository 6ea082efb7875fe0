//! The handle on a store.

use std::{
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use scrubjay_session::{exchange::Exchange, shelf::Shelf as _};

use crate::{
    Changes, DERIVE_VERSION, Health, Hit, Listing, Query, Spool, StoreError, StoreShelf,
    conn::{self, Patience, Pool},
    library, os,
    place::Place,
    schema,
    secrets::Secrets,
    spool::{Shared, SpoolFolder},
    table::{exchanges, settings, spools, texts},
    writer::{self, DeadSpoolError, Holds, Piece, WriterThread},
};

/// Below this, a recorder warns.
const LOW_DISK: u64 = 1 << 30;
/// Opening waits so long for a lock to absorb what a dead recorder left. A
/// recorder waits less: its writer goes on trying, and it should listen soon.
const ABSORB_PATIENCE: Duration = Duration::from_secs(60);
const ABSORB_PATIENCE_OF_RECORDERS: Duration = Duration::from_millis(500);

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is made if absent, and written to. For recording, importing and
    /// the window.
    Create,
    /// It must exist. It is written to where that is possible (what a dead
    /// recorder left is absorbed), else only read: in a folder that may not be
    /// written to, or on a full disk. For reading commands.
    Existing,
    /// It must exist, and is not touched.
    ReadOnly,
}

/// A store. Cheap to clone; may be used from any thread. Calls wait for the
/// disk and for other processes, so they do not belong on async threads.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Arc<Pool>,
    /// For changes that a user makes; absent when the store can only be read.
    writer: Option<Mutex<Writing>>,
    /// What was done about who may read it, as sentences.
    remarks: Vec<String>,
}

/// A connection for writing.
struct Writing {
    conn: Connection,
    /// Moves of the store when it was opened.
    moves: usize,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Where the store is unless a path is given.
    ///
    /// # Errors
    /// When the platform names no folder for data.
    pub fn default_path() -> Result<PathBuf, StoreError> {
        let dirs = directories::ProjectDirs::from("", "", "scrubjay").ok_or(StoreError::NoDataFolder)?;
        Ok(dirs.data_local_dir().join("scrubjay.db"))
    }

    /// Whether a file is a store, by its content.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_store(path: &Path) -> Result<bool, StoreError> {
        let failed = |source| StoreError::ReadFile {
            path: path.to_owned(),
            source,
        };
        let mut head = Vec::new();
        os::open_file(path)
            .and_then(|file| file.take(100).read_to_end(&mut head))
            .map_err(failed)?;
        Ok(schema::is_store_by_header(&head)
            .unwrap_or_else(|| conn::open_reader(path).is_ok_and(|conn| schema::is_store(&conn))))
    }

    /// Opens a store, brings it up to date, and absorbs what dead recorders left.
    ///
    /// # Errors
    /// When there is none (unless it is to be made), when the file is
    /// something else, damaged, newer than this program, or locked.
    pub fn open(path: &Path, access: Access) -> Result<Self, StoreError> {
        make_place(path, access)?;
        match access {
            Access::ReadOnly => Self::open_read_only(path),
            Access::Existing if os::is_of_others(path) => Self::open_read_only(path),
            Access::Existing => match Self::open_writable(path, ABSORB_PATIENCE) {
                Err(error) if error.forbids_writing() => Self::open_read_only(path),
                opened => opened,
            },
            Access::Create if os::is_of_others(path) => Err(StoreError::OfOthers { path: path.to_owned() }),
            Access::Create => Self::open_writable(path, ABSORB_PATIENCE_OF_RECORDERS),
        }
    }

    fn open_writable(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let folder = SpoolFolder::of(path);
        let mut remarks = keep_private(path);
        let mut conn = conn::open_writer(path)?;
        if schema::needs_migration(&conn, path)? {
            // SQLite does not wait for a lock when it turns the WAL on.
            let _turn = folder.wait_for("making")?;
            schema::prepare(&conn).map_err(|source| StoreError::from_open(path, source))?;
            schema::migrate(&mut conn, path)?;
        }
        if conn.is_readonly("main").unwrap_or(false) {
            return Err(StoreError::ReadOnly { path: path.to_owned() });
        }
        outdate(&mut conn).map_err(|source| StoreError::from_open(path, source))?;
        for damaged in absorb_dead(&mut conn, &folder, path, patience)? {
            remarks.push(format!(
                "A recorder that was cut off left a spool whose end cannot be read. What stands before it was taken \
                 in; the file is kept as {}.",
                damaged.display()
            ));
        }
        Ok(Self::new(path, Some(conn), remarks))
    }

    fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let conn = conn::open_reader(path)?;
        if schema::needs_migration(&conn, path)? {
            return Err(StoreError::OlderReadOnly { path: path.to_owned() });
        }
        let mut remarks = Vec::new();
        if os::is_of_others(path) {
            remarks.push(format!("{} belongs to another user: it is only read.", path.display()));
        }
        Ok(Self::new(path, None, remarks))
    }

    fn new(path: &Path, writer: Option<Connection>, remarks: Vec<String>) -> Self {
        let place = Arc::new(Place::new(path));
        Self {
            inner: Arc::new(Inner {
                pool: Arc::new(Pool::new(place)),
                writer: writer.map(|conn| Mutex::new(Writing { conn, moves: 0 })),
                remarks,
            }),
        }
    }

    /// What was done about who may read its files, as sentences.
    pub fn remarks(&self) -> &[String] {
        &self.inner.remarks
    }

    /// Path of the database. It changes if a recorder finds the file gone and goes on elsewhere.
    pub fn path(&self) -> &Path {
        self.inner.pool.path()
    }

    /// Whether it can only be read.
    pub fn read_only(&self) -> bool {
        self.inner.writer.is_none()
    }

    /// How often it has moved.
    pub(crate) fn moves(&self) -> usize {
        self.inner.pool.place().moves()
    }

    pub(crate) fn folder(&self) -> SpoolFolder {
        SpoolFolder::of(self.path())
    }

    pub(crate) fn read<T>(
        &self,
        what: &'static str,
        reading: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.inner.pool.read(what, reading)
    }

    /// Moves the WAL into the file, so that it takes no room beside it. That
    /// fails while others read, and costs nothing but the room then.
    pub(crate) fn fold_wal(&self) {
        self.with_writer("the WAL", |conn| {
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })
        .ok();
    }

    /// Runs a transaction that writes.
    pub(crate) fn write<T>(
        &self,
        what: &'static str,
        writing: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.with_writer(what, |conn| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let written = writing(&tx)?;
            tx.commit()?;
            Ok(written)
        })
    }

    pub(crate) fn with_writer<T>(
        &self,
        what: &'static str,
        writing: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let read_only = || StoreError::ReadOnly {
            path: self.path().to_owned(),
        };
        let writer = self.inner.writer.as_ref().ok_or_else(read_only)?;
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        let moves = self.inner.pool.place().moves();
        if writer.moves != moves {
            *writer = Writing {
                conn: conn::open_writer(self.path())?,
                moves,
            };
        }
        writing(&mut writer.conn).map_err(|source| StoreError::from_write(self.path(), what, source))
    }

    /// Starts recording: makes a spool, and the thread that moves it into the
    /// store. Once a process is enough.
    ///
    /// # Errors
    /// When the store is read-only, or the spool cannot be made.
    pub fn record(&self) -> Result<Spool, StoreError> {
        if self.read_only() {
            return Err(StoreError::ReadOnly {
                path: self.path().to_owned(),
            });
        }
        let folder = self.folder();
        folder.make()?;
        let id = random_id()?;
        let lock = folder.lock_new(&id)?;
        let (file, piece) = Piece::create(&folder, &id, 0)?;
        folder.take_reserve(&id);
        let shared = Arc::new(Shared::new(folder, id, self.secrets()?, Box::new(file)));
        let mut conn = conn::open_writer(self.path())?;
        conn::set_patience(&mut conn, Patience::Short).map_err(|source| StoreError::from_open(self.path(), source))?;
        let place = Arc::clone(self.inner.pool.place());
        let holds = Holds::new(place, lock, piece);
        Ok(Spool::new(WriterThread::start(shared, holds, conn)?))
    }

    pub(crate) fn secrets(&self) -> Result<Secrets, StoreError> {
        let key = self.read("the fingerprint key", |conn| {
            settings::bytes(conn, settings::FINGERPRINT_KEY)
        })?;
        let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok());
        key.map(Secrets::new).ok_or_else(|| StoreError::Unreadable {
            what: "a fingerprint key",
            path: self.path().to_owned(),
        })
    }

    /// Numbers of all exchanges that are not hidden, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn indexes(&self) -> Result<Vec<i64>, StoreError> {
        self.read("the exchanges", exchanges::indexes)
    }

    /// The facts of an exchange.
    ///
    /// # Errors
    /// When there is none of that number, or the store cannot be read.
    pub fn exchange(&self, index: i64) -> Result<Exchange, StoreError> {
        self.shelf(index).exchange()
    }

    /// The bytes, chunks and pages of an exchange, which need not exist yet.
    pub fn shelf(&self, index: i64) -> StoreShelf {
        StoreShelf::new(Arc::clone(&self.inner.pool), index)
    }

    /// A window of the library.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, query: &Query) -> Result<Listing, StoreError> {
        self.read("the library", |conn| library::list(conn, query))
    }

    /// Spans that may contain every word of three characters or more, newest
    /// exchange first. The index gives candidates: the caller reads the span
    /// and looks before it shows a hit.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(&self, text: &str, count: u32) -> Result<Vec<Hit>, StoreError> {
        self.read("the text index", |conn| texts::search(conn, text, count))
    }

    /// Begins to follow what changes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn changes(&self) -> Result<Changes, StoreError> {
        Changes::open(self.inner.pool.place())
    }

    /// Room on the disk and size of the store.
    ///
    /// # Errors
    /// When the disk cannot be asked.
    pub fn health(&self) -> Result<Health, StoreError> {
        let path = self.path();
        let beside = |suffix: &str| os::file_bytes(&os::beside(path, suffix));
        let place = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let free_bytes = os::free_bytes(place).map_err(|source| StoreError::ReadFile {
            path: place.to_owned(),
            source,
        })?;
        let folder = self.folder();
        let backlog_bytes = self.read("the spools", |conn| {
            let absorbed = |id: &str| spools::absorbed(conn, id);
            folder
                .ids()
                .iter()
                .try_fold(0, |sum, id| Ok(sum + folder.end_of(id).saturating_sub(absorbed(id)?)))
        })?;
        Ok(Health {
            store_bytes: os::file_bytes(path),
            passing_bytes: beside("-wal") + os::folder_bytes(folder.path()),
            free_bytes,
            low_disk: free_bytes < LOW_DISK,
            backlog_bytes,
            loss: self.inner.pool.place().loss(),
        })
    }

    /// What SQLite's integrity check finds wrong; empty when all is well.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        let lines: Vec<String> = self.read("the whole database", |conn| {
            conn.prepare("PRAGMA integrity_check")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

/// Takes the store's files from other users, if they may read them; gives what was done, as sentences.
fn keep_private(path: &Path) -> Vec<String> {
    let beside = |suffix: &str| os::beside(path, suffix);
    let files = [path.to_owned(), beside("-wal"), beside("-shm")];
    let changed = files.iter().filter(|file| os::make_private(file).unwrap_or(false));
    match changed.count() {
        0 => Vec::new(),
        _ => vec![format!(
            "Other users of this machine could read the store {}; from now on only you can.",
            path.display()
        )],
    }
}

fn make_place(path: &Path, access: Access) -> Result<(), StoreError> {
    if path.exists() {
        let is_empty = path.is_file() && os::file_bytes(path) == 0;
        return match access {
            Access::Existing | Access::ReadOnly if is_empty => Err(StoreError::NotAStore { path: path.to_owned() }),
            _ => Ok(()),
        };
    }
    if access != Access::Create {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        os::make_private_folder(parent).map_err(|source| StoreError::MakeFolder {
            path: parent.to_owned(),
            source,
        })?;
    }
    // Made here rather than by SQLite, so that only its owner may read it.
    os::touch_private_file(path)
        .map(drop)
        .map_err(|source| StoreError::MakeFile {
            path: path.to_owned(),
            source,
        })
}

/// What another version derived is derived again.
fn outdate(conn: &mut Connection) -> rusqlite::Result<()> {
    let ours = Some(i64::from(DERIVE_VERSION));
    if settings::number(conn, settings::DERIVE_VERSION)? == ours {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    exchanges::outdate(&tx, DERIVE_VERSION)?;
    settings::put_number(&tx, settings::DERIVE_VERSION, DERIVE_VERSION.into())?;
    tx.commit()
}

/// Gives the files of which the end could not be read.
fn absorb_dead(
    conn: &mut Connection,
    folder: &SpoolFolder,
    path: &Path,
    patience: Duration,
) -> Result<Vec<PathBuf>, StoreError> {
    let deadline = Instant::now() + patience;
    let failed = |source| StoreError::from_open(path, source);
    conn::set_patience(conn, Patience::Short).map_err(failed)?;
    let mut damaged = Vec::new();
    let absorbed = loop {
        match writer::absorb_dead(conn, folder, &mut damaged) {
            Err(error) if error.is_busy() && Instant::now() < deadline => {}
            absorbed => break absorbed,
        }
    };
    conn::set_patience(conn, Patience::Long).map_err(failed)?;
    match absorbed {
        Ok(()) => Ok(damaged),
        // A recorder tries again from its own thread.
        Err(error) if error.is_busy() && patience < ABSORB_PATIENCE => Ok(damaged),
        Err(DeadSpoolError::Lock(error)) => Err(error),
        Err(DeadSpoolError::Step(error)) => Err(error.into_store(path, folder.path())),
    }
}

fn random_id() -> Result<String, StoreError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|source| StoreError::Random { source })?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}
