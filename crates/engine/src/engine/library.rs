//! Lists over all exchanges, and files in and out.

use std::{io::Write, path::Path};

use scrubjay_ipc::Mutes;
use scrubjay_recording::Limits;
use scrubjay_redaction::Plan;
use scrubjay_session::query::FindingEntry;
use scrubjay_store::{Derived, Excess, Pruned, Window};

use crate::{
    BodyOf, Engine, EngineError, ExportFormat, Imported, Incoming, Overview, Tallies,
    library::{
        Library, body, export, mutes,
        share::{self, Outgoing, Scope},
    },
};

/// The library.
impl Engine {
    fn library(&self) -> &Library {
        &self.departments.library
    }

    /// A window of what lists show; empty after the last.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn overviews(&self, window: Window) -> Result<Vec<Overview>, EngineError> {
        self.library().overviews(window)
    }

    /// One exchange as lists show it; `None` if it is gone.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn overview(&self, exchange: i64) -> Result<Option<Overview>, EngineError> {
        self.library().overview(exchange)
    }

    /// The numbers of exchanges, as far as they are known without looking at each; `None` for a file.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn tallies(&self) -> Result<Option<Tallies>, EngineError> {
        self.library().tallies()
    }

    /// What only the thread of an exchange shows of it: findings about its request.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn about_thread(&self, overview: &Overview) -> Result<Vec<FindingEntry>, EngineError> {
        self.library().about_thread(overview)
    }

    /// What was found in an exchange, in the order of frames.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn findings(&self, overview: &Overview) -> Result<Vec<FindingEntry>, EngineError> {
        self.library().findings(overview)
    }

    /// What is muted, in the store or, for a recording file, until it is closed.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn mutes(&self) -> Result<Mutes, EngineError> {
        mutes::read(&self.departments.storage)
    }

    /// Removes exchanges that have ended for good; gives those that were removed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn erase(&self, exchanges: &[i64]) -> Result<Vec<i64>, EngineError> {
        self.library().erase(exchanges)
    }

    /// As [`Engine::erase`], for those that began before (microseconds since 1970).
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn erase_before(&self, started_at_us: i64) -> Result<Vec<i64>, EngineError> {
        self.library().erase_before(started_at_us)
    }

    /// What a cap on the size would take of what is there now; `None` when the
    /// store is not larger.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn excess(&self, max_bytes: u64) -> Result<Option<Excess>, EngineError> {
        Ok(self.departments.storage.store()?.excess(max_bytes)?)
    }

    /// Removes the oldest exchanges that are not pinned until the store is no larger.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn prune_to(&self, max_bytes: u64) -> Result<Option<Pruned>, EngineError> {
        self.library().prune_to(max_bytes)
    }

    /// Makes everything derived anew from the bytes; gives the number of exchanges.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn reindex(&self) -> Result<u64, EngineError> {
        self.library().reindex()
    }

    /// Derives what has ended and was not derived yet, so that lists are complete.
    /// On a full disk readers fold for themselves, and nothing is missing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn catch_up(&self) -> Result<(), EngineError> {
        let Ok(store) = self.departments.storage.store() else {
            return Ok(());
        };
        match store.derive_now() {
            Err(error) if error.forbids_writing() => Ok(()),
            derived => Ok(derived?),
        }
    }

    /// As [`Engine::catch_up`], for as long as `goes_on` is true of how far it
    /// has come; gives whether it came to the end.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn derive_watched(&self, goes_on: &mut dyn FnMut(Derived) -> bool) -> Result<bool, EngineError> {
        match self.departments.storage.store() {
            Ok(store) => Ok(store.derive_watched(goes_on)?),
            Err(_a_file) => Ok(true),
        }
    }
}

/// Files in and out.
impl Engine {
    /// How much is read of a file that is imported.
    pub fn limits(&self) -> Limits {
        self.library().limits()
    }

    /// Imports a recording file, all of it or as far as it is not damaged.
    /// `name` stands in messages instead of the path.
    ///
    /// # Errors
    /// When the file is no recording, or the store cannot be written.
    pub fn import_file(&self, path: &Path, name: Option<&str>) -> Result<Imported, EngineError> {
        self.library().import_file(path, name)
    }

    /// Imports a recording file that was read.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn import_incoming(&self, incoming: Incoming) -> Result<Imported, EngineError> {
        self.library().import_incoming(incoming)
    }

    /// Imports a recording file that is in memory.
    ///
    /// # Errors
    /// When it is no recording, or the store cannot be written.
    pub fn import_bytes(&self, name: &str, bytes: &[u8]) -> Result<Imported, EngineError> {
        self.library().import_bytes(name, bytes)
    }

    /// Imports the recordings that come with the program, each a name and the
    /// bytes of a file, into a store that has none yet. They are labelled `sample=true`.
    ///
    /// # Errors
    /// When one of them is no recording, or the store cannot be written.
    pub fn import_samples(&self, files: &[(&str, &[u8])]) -> Result<Vec<i64>, EngineError> {
        self.library().import_samples(files)
    }

    /// Writes exchanges as one file of a format, as they are.
    ///
    /// # Errors
    /// When there is no such exchange, or the output refuses.
    pub fn export(&self, exchanges: &[i64], format: ExportFormat, out: &mut dyn Write) -> Result<(), EngineError> {
        export::export(&self.departments.storage, exchanges, format, None, out)
    }

    /// Prepares exchanges to leave, to be looked at or written, without what the plan takes out of them.
    ///
    /// # Errors
    /// When there is no such exchange, or no such part of it.
    pub fn outgoing(&self, scope: &Scope, plan: Option<Plan>) -> Result<Outgoing, EngineError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system gives random numbers");
        share::outgoing(&self.departments.storage, scope, plan, key)
    }

    /// The exchanges with a run of a thread, in order.
    ///
    /// # Errors
    /// When there is none.
    pub fn thread(&self, thread: &str) -> Result<Vec<i64>, EngineError> {
        self.departments.storage.thread(thread)
    }

    /// Writes a body of an exchange.
    ///
    /// # Errors
    /// When there is no such exchange, or the output refuses.
    pub fn write_body(&self, exchange: i64, of: BodyOf, out: &mut dyn Write) -> Result<(), EngineError> {
        body::write(&self.shelf(exchange)?, of, out)
    }
}
