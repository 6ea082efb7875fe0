//! Changes that a user makes to what was captured: labels, notes, pins, hiding,
//! erasing, the cap on the size.

use rusqlite::Transaction;

use crate::{
    Excess, Note, Pruned, Store, StoreError,
    prune::{self, Candidates},
    table::{exchanges, labels, notes, settings},
};

impl Store {
    /// Gives a label a value.
    ///
    /// # Errors
    /// When there is no such exchange, or the store cannot be written.
    pub fn label(&self, index: i64, key: &str, value: &str) -> Result<(), StoreError> {
        self.annotate(index, "a label", |tx| labels::set(tx, index, key, value))
    }

    /// Takes a label away.
    ///
    /// # Errors
    /// When there is no such exchange, or the store cannot be written.
    pub fn unlabel(&self, index: i64, key: &str) -> Result<(), StoreError> {
        self.annotate(index, "a label", |tx| labels::remove(tx, index, key))
    }

    /// Writes a note down; its `id` is given by the store.
    ///
    /// # Errors
    /// When there is no such exchange, or the store cannot be written.
    pub fn add_note(&self, note: &Note) -> Result<i64, StoreError> {
        self.annotate(note.exchange, "a note", |tx| notes::add(tx, note))
    }

    /// Notes and tags of an exchange, by moment.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn notes(&self, index: i64) -> Result<Vec<Note>, StoreError> {
        self.read("notes", |conn| notes::read(conn, index))
    }

    /// Removes a note; false if it is gone already.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn remove_note(&self, id: i64) -> Result<bool, StoreError> {
        self.write("a note", |tx| {
            let Some(exchange) = notes::remove(tx, id)? else {
                return Ok(false);
            };
            let revision = settings::next_revision(tx)?;
            exchanges::touch(tx, exchange, revision)
        })
    }

    /// Keeps an exchange from being pruned, or lets it go.
    ///
    /// # Errors
    /// When there is no such exchange, or the store cannot be written.
    pub fn pin(&self, index: i64, pinned: bool) -> Result<(), StoreError> {
        let revision = settings::next_revision;
        let found = self.write("a pin", |tx| exchanges::set_pinned(tx, index, pinned, revision(tx)?))?;
        found.then_some(()).ok_or(StoreError::NoSuchExchange { index })
    }

    fn annotate<T>(
        &self,
        index: i64,
        what: &'static str,
        writing: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let written = self.write(what, |tx| {
            let revision = settings::next_revision(tx)?;
            if exchanges::touch(tx, index, revision)? {
                writing(tx).map(Some)
            } else {
                Ok(None)
            }
        })?;
        written.ok_or(StoreError::NoSuchExchange { index })
    }

    /// Takes exchanges out of every list, until they are unhidden or erased.
    /// Gives those that were hidden now.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn hide(&self, indexes: &[i64]) -> Result<Vec<i64>, StoreError> {
        self.set_hidden(indexes, true)
    }

    /// Brings hidden exchanges back. Gives those that were hidden.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn unhide(&self, indexes: &[i64]) -> Result<Vec<i64>, StoreError> {
        self.set_hidden(indexes, false)
    }

    fn set_hidden(&self, indexes: &[i64], hidden: bool) -> Result<Vec<i64>, StoreError> {
        self.write("exchanges", |tx| {
            let revision = settings::next_revision(tx)?;
            let mut changed = Vec::new();
            for &index in indexes {
                if exchanges::set_hidden(tx, index, hidden, revision)? {
                    changed.push(index);
                }
            }
            Ok(changed)
        })
    }

    /// Removes exchanges for good, hidden or not. Open ones are left alone.
    /// Gives those that were erased.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn erase(&self, indexes: &[i64]) -> Result<Vec<i64>, StoreError> {
        let erased = self.with_writer("exchanges", |conn| {
            let mut erased = Vec::new();
            for &index in indexes {
                if prune::erase(conn, index)? {
                    erased.push(index);
                }
            }
            Ok(erased)
        })?;
        if !erased.is_empty() {
            self.with_writer("free pages", |conn| prune::give_back(conn))?;
            self.fold_wal();
        }
        Ok(erased)
    }

    /// Removes what is hidden. The window does this when it starts.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn erase_hidden(&self) -> Result<Vec<i64>, StoreError> {
        let hidden = self.read("the exchanges", exchanges::hidden)?;
        self.erase(&hidden)
    }

    /// Exchanges that have ended and started before, in microseconds since 1970.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn started_before(&self, started_at_us: i64) -> Result<Vec<i64>, StoreError> {
        self.read("the exchanges", |conn| exchanges::started_before(conn, started_at_us))
    }

    /// The muted rules as text, opaque to the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn muted(&self) -> Result<Option<String>, StoreError> {
        self.read("what is muted", |conn| settings::text(conn, settings::MUTED))
    }

    /// Stores the muted rules.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_muted(&self, text: &str) -> Result<(), StoreError> {
        self.with_writer("what is muted", |conn| settings::put_text(conn, settings::MUTED, text))
    }

    /// The spans that the user paired, as text, opaque to the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn paired(&self) -> Result<Option<String>, StoreError> {
        self.read("what is paired by hand", |conn| settings::text(conn, settings::PAIRED))
    }

    /// Stores the spans that the user paired.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn set_paired(&self, text: &str) -> Result<(), StoreError> {
        self.with_writer("what is paired by hand", |conn| {
            settings::put_text(conn, settings::PAIRED, text)
        })
    }

    /// What a cap on the size would take of what is there now; `None` when the
    /// store is not larger.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn excess(&self, max_bytes: u64) -> Result<Option<Excess>, StoreError> {
        self.read("the sizes of exchanges", |conn| prune::excess(conn, max_bytes))
    }

    /// Erases the oldest exchanges that have ended and are not pinned until the
    /// store is no larger than this. Gives what went.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn prune_to(&self, max_bytes: u64) -> Result<Option<Pruned>, StoreError> {
        let trimmed = self.with_writer("exchanges", |conn| prune::to_cap(conn, max_bytes, &mut Candidates::Any))?;
        if trimmed.pruned.is_some() {
            self.fold_wal();
        }
        Ok(trimmed.pruned)
    }
}
