//! Sources: where a store remembers to listen, and who runs them now.
//!
//! That a process runs a source is a lock on a file, so it ends with the
//! process, however that ends.

use std::fs::File;

use crate::{Source, Store, StoreError, table::sources};

impl Store {
    /// Sources, in the order in which they were added.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>, StoreError> {
        self.read("the sources", sources::read)
    }

    /// Adds a source.
    ///
    /// # Errors
    /// When the name is taken, or the store cannot be written.
    pub fn add_source(&self, source: &Source) -> Result<(), StoreError> {
        let added = self.write("a source", |tx| sources::insert(tx, source))?;
        added.then_some(()).ok_or_else(|| StoreError::SourceExists {
            name: source.name.clone(),
        })
    }

    /// Changes a source, its name included.
    ///
    /// # Errors
    /// When there is none of that name, the new name is taken, or the store cannot be written.
    pub fn edit_source(&self, name: &str, source: &Source) -> Result<(), StoreError> {
        let (taken, changed) = self.write("a source", |tx| {
            let taken = name != source.name && sources::exists(tx, &source.name)?;
            Ok((taken, !taken && sources::update(tx, name, source)?))
        })?;
        if taken {
            return Err(StoreError::SourceExists {
                name: source.name.clone(),
            });
        }
        changed
            .then_some(())
            .ok_or_else(|| StoreError::NoSuchSource { name: name.to_owned() })
    }

    /// Forgets a source; what it recorded stays.
    ///
    /// # Errors
    /// When there is none of that name, or the store cannot be written.
    pub fn remove_source(&self, name: &str) -> Result<(), StoreError> {
        let removed = self.write("a source", |tx| sources::delete(tx, name))?;
        removed
            .then_some(())
            .ok_or_else(|| StoreError::NoSuchSource { name: name.to_owned() })
    }

    /// Claims a source for this process; `None` while another runs it.
    ///
    /// # Errors
    /// When the lock cannot be made.
    pub fn claim_source(&self, name: &str) -> Result<Option<Claim>, StoreError> {
        let held = self.folder().hold(&format!("source-{}.claim", file_name_of(name)))?;
        Ok(held.map(|file| Claim { _file: file }))
    }

    /// Whether some process, this one included, runs a source.
    ///
    /// # Errors
    /// When the lock cannot be looked at.
    pub fn source_is_claimed(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.claim_source(name)?.is_none())
    }
}

/// Proof that this process runs a source; once dropped, or the process dead,
/// the source is free again.
#[derive(Debug)]
pub struct Claim {
    _file: File,
}

/// A source's name as part of a file's name.
fn file_name_of(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect()
}
