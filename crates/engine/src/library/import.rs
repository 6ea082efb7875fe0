//! Recording files into the store.

use std::{
    io::Cursor,
    path::Path,
    sync::{MutexGuard, PoisonError},
};

use scrubjay_recording::{Damage, Limits, Recording};
use scrubjay_session::memory::MemoryShelf;
use scrubjay_store::Store;

use crate::{
    EngineError, file,
    file_kind::{Kind, kind_of},
    library::Library,
};

/// Twins that are named.
const NAMED_TWINS: usize = 12;

/// The label of recordings that came with the program.
const SAMPLE: (&str, &str) = ("sample", "true");

/// What an import brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Numbers of the new exchanges, in the order of the file.
    pub exchanges: Vec<i64>,
    /// What could not be read of the file, and what was notable, as sentences.
    pub remarks: Vec<String>,
    /// Whether the file could not be read to its end; the first remark names the place.
    pub is_damaged: bool,
}

/// A recording file that was read and is in no store yet.
#[derive(Debug)]
pub struct Incoming(Recording);

impl Incoming {
    /// Reads a recording file, all of it or as far as it is not damaged. One
    /// that is larger than the limits is not taken: a part of it would be there
    /// twice once all of it is. `name` stands in messages instead of the path.
    ///
    /// # Errors
    /// When the file is no recording, or larger than the limits.
    pub fn read(path: &Path, name: Option<&str>, limits: Limits) -> Result<Self, EngineError> {
        Self::read_watched(path, name, limits, &mut |_| true)
    }

    /// As [`Incoming::read`]; `watch` is called with the bytes of the file that
    /// were read so far, and ends reading when it is false.
    ///
    /// # Errors
    /// When the file is no recording, larger than the limits, or reading it was stopped.
    pub fn read_watched(
        path: &Path,
        name: Option<&str>,
        limits: Limits,
        watch: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Self, EngineError> {
        let shown = path.display().to_string();
        let name = name.unwrap_or(&shown);
        if matches!(kind_of(path), Ok(Kind::Store)) {
            return Err(EngineError::StoreGiven { name: name.to_owned() });
        }
        within(name, file::read(path, name, limits, watch)?).map(Self)
    }
}

/// The recording, unless it was not read to its end because it is too large.
fn within(name: &str, recording: Recording) -> Result<Recording, EngineError> {
    match &recording.damage {
        Some(Damage {
            line,
            reason,
            is_limit: true,
        }) => Err(EngineError::TooLarge {
            name: name.to_owned(),
            line: *line,
            reason: reason.clone(),
        }),
        Some(_) | None => Ok(recording),
    }
}

impl Library {
    /// Imports a recording file, all of it or as far as it is not damaged.
    pub(crate) fn import_file(&self, path: &Path, name: Option<&str>) -> Result<Imported, EngineError> {
        self.storage.writable()?;
        let _one_at_a_time = self.lock_importing();
        self.import_incoming(Incoming::read(path, name, self.limits)?)
    }

    /// Imports a recording file that was read.
    pub(crate) fn import_incoming(&self, incoming: Incoming) -> Result<Imported, EngineError> {
        self.import(incoming.0, &[])
    }

    /// Imports a recording file that is in memory.
    pub(crate) fn import_bytes(&self, name: &str, bytes: &[u8]) -> Result<Imported, EngineError> {
        self.storage.writable()?;
        let _one_at_a_time = self.lock_importing();
        self.import(parse(name, bytes, self.limits)?, &[])
    }

    pub(super) fn lock_importing(&self) -> MutexGuard<'_, ()> {
        self.importing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Imports files, each a name and its bytes, into a store that has no exchange yet.
    pub(crate) fn import_samples(&self, files: &[(&str, &[u8])]) -> Result<Vec<i64>, EngineError> {
        if !self.storage.exchanges()?.is_empty() {
            return Ok(Vec::new());
        }
        let mut exchanges = Vec::new();
        for (name, bytes) in files {
            exchanges.extend(self.import_sample(parse(name, bytes, self.limits)?)?.exchanges);
        }
        Ok(exchanges)
    }

    /// Imports a recording that comes with the program, and labels it so.
    pub(super) fn import_sample(&self, recording: Recording) -> Result<Imported, EngineError> {
        self.import(recording, &[(SAMPLE.0.to_owned(), SAMPLE.1.to_owned())])
    }

    fn import(&self, recording: Recording, labels: &[(String, String)]) -> Result<Imported, EngineError> {
        let mut remarks = file::remarks(&recording);
        let is_damaged = recording.damage.is_some();
        let shelves: Vec<MemoryShelf> = recording
            .exchanges
            .into_iter()
            .map(|mut recorded| {
                recorded.exchange.labels.extend_from_slice(labels);
                let facts = recorded.take_facts();
                // The store derives it; doing so here would be twice the work.
                MemoryShelf::bare(facts, recorded.request_body, recorded.chunks, recorded.body)
            })
            .collect();
        let store = self.storage.writable()?;
        remarks.extend(twins(store, &shelves)?);
        Ok(Imported {
            exchanges: store.import(&shelves)?,
            remarks,
            is_damaged,
        })
    }
}

/// A remark on what is taken in a second time. It is taken all the same: the
/// copy may get labels of its own, and deleting it is a key away.
fn twins(store: &Store, shelves: &[MemoryShelf]) -> Result<Option<String>, EngineError> {
    let already = store.twins(shelves.iter().map(MemoryShelf::facts))?;
    let named: Vec<String> = already.iter().take(NAMED_TWINS).map(i64::to_string).collect();
    let more = match already.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Ok((!already.is_empty()).then(|| {
        format!(
            "{} of its exchanges {} here already, as {}{more}; now there are two of each",
            already.len(),
            if already.len() == 1 { "is" } else { "are" },
            named.join(", ")
        )
    }))
}

pub(super) fn parse(name: &str, bytes: &[u8], limits: Limits) -> Result<Recording, EngineError> {
    let recording = scrubjay_recording::open_within(Cursor::new(bytes), limits);
    within(name, recording.map_err(|error| file::refused(name, error))?)
}
