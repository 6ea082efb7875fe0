//! What is open: a store, or a recording file in memory.
//!
//! The departments read exchanges, lists and settings from here without a
//! difference. What only a store can do is asked of [`Storage::store`] and
//! [`Storage::writable`], which refuse where it cannot be done.

use std::{path::Path, sync::Arc};

use scrubjay_answers::library;
use scrubjay_recording::Limits;
use scrubjay_session::recognise::{self, Transport};
use scrubjay_store::{Access, Query, Sort, Store};

use crate::{
    EngineError, Opening,
    file::{self, RecordingFile},
    file_kind::{Kind, kind_of},
    shelf::AnyShelf,
};

/// Rows that are read to find the exchanges of a thread.
const THREAD_ROWS: u32 = 100_000;

/// A store or a recording file. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Storage {
    Store(Store),
    File(Arc<RecordingFile>),
}

/// What is kept beside the exchanges, as text that its owner alone reads: in a
/// store for ever, for a file until it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setting {
    /// Rules that are muted.
    Muted,
    /// Spans that were paired by hand.
    Paired,
}

impl Storage {
    pub(crate) fn open(path: &Path, opening: Opening, limits: Limits) -> Result<Self, EngineError> {
        match kind_of(path)? {
            Kind::Recording => Ok(Self::File(Arc::new(RecordingFile::read(path, limits)?))),
            Kind::Nothing if opening == Opening::Reading => Err(EngineError::NothingThere { path: path.to_owned() }),
            Kind::Empty if opening == Opening::Reading => Err(file::empty(path)),
            Kind::Store | Kind::Nothing | Kind::Empty => Ok(Self::Store(open_store(path, opening)?)),
        }
    }

    /// The store, if it is one.
    pub(crate) fn store(&self) -> Result<&Store, EngineError> {
        match self {
            Self::Store(store) => Ok(store),
            Self::File(_) => Err(self.read_only()),
        }
    }

    /// The store, if it can be written.
    pub(crate) fn writable(&self) -> Result<&Store, EngineError> {
        match self {
            Self::Store(store) if !store.read_only() => Ok(store),
            Self::Store(_) | Self::File(_) => Err(self.read_only()),
        }
    }

    fn read_only(&self) -> EngineError {
        EngineError::ReadOnly {
            path: self.path().to_owned(),
        }
    }

    /// The recording file, if it is one.
    pub(crate) fn file(&self) -> Option<&RecordingFile> {
        match self {
            Self::Store(_) => None,
            Self::File(file) => Some(file),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Store(store) => store.path(),
            Self::File(file) => &file.path,
        }
    }

    /// Numbers of all exchanges, in order.
    pub(crate) fn exchanges(&self) -> Result<Vec<i64>, EngineError> {
        match self {
            Self::Store(store) => Ok(store.indexes()?),
            Self::File(file) => Ok(file.indexes().collect()),
        }
    }

    /// Numbers of the exchanges after one, in order.
    pub(crate) fn exchanges_after(&self, exchange: i64) -> Result<Vec<i64>, EngineError> {
        match self {
            Self::Store(store) => Ok(store.indexes_after(exchange)?),
            Self::File(file) => Ok(file.indexes().filter(|index| *index > exchange).collect()),
        }
    }

    /// The greatest number of an exchange; `None` while there is none.
    pub(crate) fn last_exchange(&self) -> Result<Option<i64>, EngineError> {
        match self {
            Self::Store(store) => Ok(Some(store.last_index()?).filter(|index| *index > 0)),
            Self::File(file) => Ok(file.indexes().last()),
        }
    }

    /// Where an exchange lies.
    pub(crate) fn shelf(&self, exchange: i64) -> Result<AnyShelf, EngineError> {
        match self {
            Self::Store(store) => Ok(AnyShelf::Store(store.shelf(exchange))),
            Self::File(file) => file.shelf(exchange),
        }
    }

    /// The exchanges with a run of a thread, in order.
    pub(crate) fn thread(&self, thread: &str) -> Result<Vec<i64>, EngineError> {
        let exchanges = match self {
            Self::Store(store) => of_thread(store, thread)?,
            Self::File(file) => library::of_thread(file.rows()?.iter(), thread),
        };
        match exchanges.is_empty() {
            true => Err(EngineError::NoSuchThread {
                thread: thread.to_owned(),
            }),
            false => Ok(exchanges),
        }
    }

    /// Whether the answer of an exchange has come and is a stream of events.
    pub(crate) fn is_stream(&self, exchange: i64) -> bool {
        let recognised = self.shelf(exchange).and_then(|shelf| Ok(recognise::transport(&shelf)?));
        matches!(recognised, Ok(Some(Transport::Sse | Transport::Protobuf)))
    }

    pub(crate) fn setting(&self, setting: Setting) -> Result<Option<String>, EngineError> {
        Ok(match (self, setting) {
            (Self::Store(store), Setting::Muted) => store.muted()?,
            (Self::Store(store), Setting::Paired) => store.paired()?,
            (Self::File(file), _) => file.setting(setting),
        })
    }

    pub(crate) fn set_setting(&self, setting: Setting, text: String) -> Result<(), EngineError> {
        match (self, setting) {
            (Self::Store(_), Setting::Muted) => self.writable()?.set_muted(&text)?,
            (Self::Store(_), Setting::Paired) => self.writable()?.set_paired(&text)?,
            (Self::File(file), _) => file.set_setting(setting, text),
        }
        Ok(())
    }
}

fn of_thread(store: &Store, thread: &str) -> Result<Vec<i64>, EngineError> {
    let rows = store.list(&Query {
        // Others that hold these words are sorted out below.
        text: thread.to_owned(),
        sort: Sort::OldestFirst,
        count: THREAD_ROWS,
        ..Query::default()
    })?;
    let of_thread = rows.rows.into_iter().filter(|row| row.run.thread_id == thread);
    let mut exchanges: Vec<i64> = of_thread.map(|row| row.exchange).collect();
    exchanges.sort_unstable();
    exchanges.dedup();
    Ok(exchanges)
}

fn open_store(path: &Path, opening: Opening) -> Result<Store, EngineError> {
    let access = match opening {
        Opening::Window | Opening::Writing | Opening::Importing => Access::Create,
        Opening::Reading => Access::Existing,
    };
    match Store::open(path, access) {
        // A window shows what can be read, and that nothing can be recorded.
        Err(error) if opening == Opening::Window && error.forbids_writing() && path.is_file() => {
            Ok(Store::open(path, Access::ReadOnly).map_err(|_unreadable| error)?)
        }
        opened => Ok(opened?),
    }
}
