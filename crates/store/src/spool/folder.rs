//! The folder beside the store in which spools lie.
//!
//! `<store>.spool/<id>.lock` is held under a file lock for as long as the
//! process that records lives; `<id>-<n>.spool` are its files, in order;
//! `<id>.reserve` only takes room, for the last records on a full disk. A
//! lock file gets its name only once it is locked, so the process of a lock
//! file that is free is gone.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{StoreError, os};

/// Room that is kept for endings of exchanges that were open on a full disk.
const RESERVE_LEN: usize = 64 << 10;

/// The folder of one store.
#[derive(Clone, Debug)]
pub(crate) struct SpoolFolder {
    path: PathBuf,
}

/// A spool's lock, free again when dropped or when the process dies.
#[derive(Debug)]
pub(crate) struct SpoolLock {
    file: File,
    path: PathBuf,
}

impl SpoolLock {
    /// Whether others find it.
    pub(crate) fn is_there(&self) -> bool {
        os::is_at(&self.file, &self.path)
    }

    /// Removes the lock file, then releases the lock.
    pub(crate) fn remove(self) {
        // A process that still finds the file finds nothing to absorb.
        fs::remove_file(&self.path).ok();
    }
}

impl SpoolFolder {
    pub(crate) fn of(store: &Path) -> Self {
        let mut name = store.as_os_str().to_owned();
        name.push(".spool");
        Self { path: name.into() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn make(&self) -> Result<(), StoreError> {
        os::make_own_folder(&self.path).map_err(|source| self.trouble(&self.path, source))
    }

    pub(crate) fn piece_path(&self, id: &str, number: u32) -> PathBuf {
        self.path.join(format!("{id}-{number:06}.spool"))
    }

    /// Reserves disk for the last records of a spool, should the disk be full then.
    pub(crate) fn take_reserve(&self, id: &str) {
        // Without it the last words are lost with the rest of what a full disk costs.
        os::touch_private_file(&self.reserve_path(id))
            .and_then(|mut file| file.write_all(&[0; RESERVE_LEN]))
            .ok();
    }

    /// Releases it.
    pub(crate) fn give_reserve(&self, id: &str) {
        fs::remove_file(self.reserve_path(id)).ok();
    }

    fn reserve_path(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.reserve"))
    }

    fn lock_path(&self, id: &str) -> PathBuf {
        self.path.join(format!("{id}.lock"))
    }

    /// Takes the lock of a spool that does not exist yet.
    pub(crate) fn lock_new(&self, id: &str) -> Result<SpoolLock, StoreError> {
        let path = self.lock_path(id);
        let hidden = self.path.join(format!("{id}.new"));
        let lock = || {
            let file = os::touch_private_file(&hidden)?;
            file.try_lock()?;
            fs::rename(&hidden, &path)?;
            Ok(file)
        };
        match lock() {
            Ok(file) => Ok(SpoolLock { file, path }),
            Err(source) => Err(self.trouble(&path, source)),
        }
    }

    /// Takes the lock of a spool, unless its process lives.
    pub(crate) fn lock_dead(&self, id: &str) -> Result<Option<SpoolLock>, StoreError> {
        let path = self.lock_path(id);
        let file = os::touch_private_file(&path).map_err(|source| self.trouble(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(SpoolLock { file, path })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(self.trouble(&path, source)),
        }
    }

    /// Takes a named lock for as long as the value lives; `None` while another process holds it.
    pub(crate) fn hold(&self, name: &str) -> Result<Option<File>, StoreError> {
        self.make()?;
        let path = self.path.join(name);
        let file = os::touch_private_file(&path).map_err(|source| self.trouble(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(self.trouble(&path, source)),
        }
    }

    /// Waits for a named lock, which is held for as long as the value lives.
    pub(crate) fn wait_for(&self, name: &str) -> Result<File, StoreError> {
        self.make()?;
        let path = self.path.join(name);
        let file = os::touch_private_file(&path).and_then(|file| file.lock().map(|()| file));
        file.map_err(|source| self.trouble(&path, source))
    }

    /// Ids of all spools that have a file here.
    pub(crate) fn ids(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return Vec::new();
        };
        let mut ids: Vec<String> = entries
            .flatten()
            .filter(is_file)
            .filter_map(|entry| id_of(&entry.file_name().to_string_lossy()))
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// The files of a spool, in order.
    pub(crate) fn pieces(&self, id: &str) -> Vec<(u32, PathBuf)> {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return Vec::new();
        };
        let mut pieces: Vec<(u32, PathBuf)> = entries
            .flatten()
            .filter(is_file)
            .filter_map(|entry| Some((piece_number(&entry.file_name().to_string_lossy(), id)?, entry.path())))
            .collect();
        pieces.sort();
        pieces
    }

    /// Place after the last record of a spool, by its last file; zero if it is empty.
    pub(crate) fn end_of(&self, id: &str) -> u64 {
        self.pieces(id)
            .iter()
            .rev()
            .find_map(|(_, path)| end_of_piece(path))
            .unwrap_or(0)
    }

    pub(crate) fn trouble(&self, path: &Path, source: io::Error) -> StoreError {
        StoreError::Spool {
            path: path.to_owned(),
            source,
        }
    }
}

/// A link or a pipe is nothing of ours, whatever it is called.
fn is_file(entry: &fs::DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_file())
}

fn end_of_piece(path: &Path) -> Option<u64> {
    let mut head = [0; super::record::HEAD_LEN];
    let mut file = os::open_file(path).ok()?;
    file.read_exact(&mut head).ok()?;
    Some(super::record::place_of(&head) + file.metadata().ok()?.len())
}

fn id_of(name: &str) -> Option<String> {
    let stem = name
        .strip_suffix(".lock")
        .or_else(|| Some(name.strip_suffix(".spool")?.split_once('-')?.0))?;
    (stem.len() == 16 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| stem.to_owned())
}

fn piece_number(name: &str, id: &str) -> Option<u32> {
    name.strip_suffix(".spool")?
        .strip_prefix(id)?
        .strip_prefix('-')?
        .parse()
        .ok()
}
