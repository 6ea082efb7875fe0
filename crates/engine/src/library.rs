//! The library: lists over all exchanges, and what happens to many at once.
//!
//! - `rows`: the list of the page, from the store's rows. `links`: which runs of a thread belong together.
//! - [`overview`]: what the command line lists and checks, a window at a time.
//! - `mutes`: rules that count nowhere.
//! - [`import`], [`export`], [`body`]: recording files in, files of a [`mod@format`] and bodies out.
//! - [`share`]: what leaves, without its secrets.
//! - `summary`: what happened, as Markdown for an issue.
//! - `samples`: recordings that come with the program.

pub(crate) mod body;
pub(crate) mod export;
pub(crate) mod format;
pub(crate) mod import;
mod links;
pub(crate) mod mutes;
pub(crate) mod overview;
mod rows;
mod samples;
pub(crate) mod share;
mod summary;

use std::sync::{Arc, Mutex};

use scrubjay_answers::library;
use scrubjay_ipc::{Deleted, LibraryAsk, LibraryPage, SampleTaken};
use scrubjay_recording::Limits;
use scrubjay_store::Pruned;

use crate::{EngineError, ask::json, comparisons::Comparisons, readers::Readers, storage::Storage};

/// The department of the library.
pub(crate) struct Library {
    storage: Storage,
    readers: Arc<Readers>,
    comparisons: Arc<Comparisons>,
    /// How much is read of a file that is imported.
    limits: Limits,
    /// Held while a file is imported: the limits are for one at a time.
    importing: Mutex<()>,
}

impl Library {
    pub(crate) fn new(storage: Storage, readers: Arc<Readers>, comparisons: Arc<Comparisons>, limits: Limits) -> Self {
        Self {
            storage,
            readers,
            comparisons,
            limits,
            importing: Mutex::default(),
        }
    }

    pub(crate) fn answer(&self, ask: &LibraryAsk) -> Result<Vec<u8>, EngineError> {
        let exchanges = match ask {
            LibraryAsk::Library(ask) => {
                let page = self.page(ask)?;
                return Ok(json(&mutes::count(&self.storage, page)?));
            }
            LibraryAsk::TakeSample(ask) => {
                let exchanges = self.take_sample(ask.sample)?;
                return Ok(json(&SampleTaken { exchanges }));
            }
            LibraryAsk::Links(ask) => return Ok(json(&self.links(ask.exchange)?)),
            LibraryAsk::Mute(ask) => return Ok(json(&mutes::change(&self.storage, ask)?)),
            LibraryAsk::Delete(ask) => self.storage.writable()?.hide(&ask.exchanges)?,
            LibraryAsk::Undelete(ask) => self.storage.writable()?.unhide(&ask.exchanges)?,
            LibraryAsk::Erase(ask) => self.erase(&ask.exchanges)?,
        };
        Ok(json(&Deleted { exchanges }))
    }

    fn page(&self, ask: &scrubjay_ipc::Library) -> Result<LibraryPage, EngineError> {
        match &self.storage {
            Storage::Store(store) => Ok(rows::page(ask.first, store.list(&rows::query(ask))?)),
            Storage::File(file) => Ok(library::page(file.rows()?, ask)),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Removes exchanges that have ended for good; gives those that were removed.
    pub(crate) fn erase(&self, exchanges: &[i64]) -> Result<Vec<i64>, EngineError> {
        let erased = self.storage.writable()?.erase(exchanges)?;
        self.forget(&erased);
        Ok(erased)
    }

    /// As [`Library::erase`], for those that began before (microseconds since 1970).
    pub(crate) fn erase_before(&self, started_at_us: i64) -> Result<Vec<i64>, EngineError> {
        self.erase(&self.storage.writable()?.started_before(started_at_us)?)
    }

    /// Removes what is hidden, where the store can be written.
    pub(crate) fn erase_hidden(&self) -> Result<(), EngineError> {
        let Ok(store) = self.storage.writable() else {
            return Ok(());
        };
        match store.erase_hidden() {
            // The next window erases them.
            Err(error) if error.forbids_writing() => Ok(()),
            erased => {
                erased?;
                Ok(())
            }
        }
    }

    /// Removes the oldest exchanges that are not pinned until the store is no larger.
    pub(crate) fn prune_to(&self, max_bytes: u64) -> Result<Option<Pruned>, EngineError> {
        let pruned = self.storage.writable()?.prune_to(max_bytes)?;
        if let Some(pruned) = &pruned {
            self.forget(&pruned.exchanges);
        }
        Ok(pruned)
    }

    /// Makes everything derived anew from the bytes; gives the number of exchanges.
    pub(crate) fn reindex(&self) -> Result<u64, EngineError> {
        let count = self.storage.writable()?.reindex()?;
        self.readers.clear();
        self.comparisons.clear();
        Ok(count)
    }

    /// Closes what is open of exchanges that are gone.
    fn forget(&self, exchanges: &[i64]) {
        if exchanges.is_empty() {
            return;
        }
        self.readers.forget(exchanges);
        self.comparisons.clear();
    }
}
