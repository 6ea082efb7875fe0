//! The files that a recorder has open, and whether they are still where others
//! look for them.
//!
//! A file that was removed or replaced stays as it was for the process that has
//! it open. So nothing is lost as long as the writer notices before it ends.

use std::{
    collections::VecDeque,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    StoreError,
    follow::PieceReader,
    os::{self, Identity},
    place::Place,
    spool::{SpoolFolder, SpoolLock, create_piece},
};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(300);

/// One of a spool's files. It is open from the beginning, so that it can be
/// read even if it is removed.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) number: u32,
    /// Place in the life of the spool at which it begins.
    start: u64,
    pub(crate) path: PathBuf,
    pub(crate) reader: PieceReader,
}

impl Piece {
    /// Makes a file, to be appended to and to be read.
    pub(crate) fn create(folder: &SpoolFolder, id: &str, number: u32) -> Result<(File, Self), StoreError> {
        let file = create_piece(folder, id, number)?;
        let path = folder.piece_path(id, number);
        match PieceReader::open(&path) {
            Ok(reader) => {
                let piece = Self {
                    number,
                    start: 0,
                    path,
                    reader,
                };
                Ok((file, piece))
            }
            Err(source) => {
                fs::remove_file(&path).ok();
                Err(folder.trouble(&path, source))
            }
        }
    }

    /// Where in the file a place in the life of the spool is.
    pub(crate) fn offset_of(&self, place: u64) -> u64 {
        place.saturating_sub(self.start)
    }
}

/// What a writer holds on to beside its connection.
#[derive(Debug)]
pub(crate) struct Holds {
    pub(crate) place: Arc<Place>,
    pub(crate) lock: Option<SpoolLock>,
    /// Locks of folders that were left, until nothing in them is needed.
    left: Vec<SpoolLock>,
    /// The spool's files, oldest first; the last is appended to.
    pub(crate) pieces: VecDeque<Piece>,
    /// The WAL that the connection has open, once there is one.
    wal: Option<Identity>,
    looked: Option<Instant>,
}

impl Holds {
    pub(crate) fn new(place: Arc<Place>, lock: SpoolLock, piece: Piece) -> Self {
        Self {
            place,
            lock: Some(lock),
            left: Vec::new(),
            pieces: VecDeque::from([piece]),
            wal: None,
            looked: None,
        }
    }

    /// Whether it is time to look.
    pub(crate) fn is_due(&mut self) -> bool {
        let is_due = self.looked.is_none_or(|at| at.elapsed() >= LOOK);
        if is_due {
            self.looked = Some(Instant::now());
        }
        is_due
    }

    /// What became of the store's files; absent while they are there.
    pub(crate) fn store_loss(&mut self) -> Option<&'static str> {
        if let Some(loss) = self.place.loss() {
            return Some(loss);
        }
        let wal = os::identity(&wal_of(self.place.path())).ok();
        match (self.wal, wal) {
            (Some(ours), Some(found)) if ours == found => None,
            (Some(_), Some(_)) => Some("has another -wal file beside it now"),
            (Some(_), None) => Some("has lost the -wal file beside it"),
            (None, found) => {
                self.wal = found;
                None
            }
        }
    }

    /// Whether the spool's own files are not found any more.
    pub(crate) fn is_spool_lost(&self) -> bool {
        let is_there = |piece: &Piece| piece.reader.is_at(&piece.path);
        !self.pieces.back().is_none_or(is_there) || !self.lock.as_ref().is_none_or(SpoolLock::is_there)
    }

    /// The store lies elsewhere now.
    pub(crate) fn move_to(&mut self, path: &Path) {
        self.place.move_to(path);
        self.wal = None;
    }

    /// Holds another lock from now on, and the one before until nothing of its folder is needed.
    pub(crate) fn relock(&mut self, lock: SpoolLock) {
        self.left.extend(self.lock.replace(lock));
    }

    /// Goes on with another file, which begins where the one before ends.
    pub(crate) fn push(&mut self, piece: Piece, start: u64) {
        self.pieces.push_back(Piece { start, ..piece });
    }

    /// Place in the life of the spool from which on its files are there.
    pub(crate) fn start(&self) -> u64 {
        self.pieces.front().map_or(0, |piece| piece.start)
    }

    /// Lets go of the oldest file, which is absorbed.
    pub(crate) fn drop_oldest(&mut self) {
        if let Some(piece) = self.pieces.pop_front()
            && piece.reader.is_at(&piece.path)
        {
            // If it cannot be removed it is only read over once more.
            fs::remove_file(&piece.path).ok();
        }
        if self.pieces.len() == 1 {
            self.let_go_of_left();
        }
    }

    /// Lets go of folders that were left.
    pub(crate) fn let_go_of_left(&mut self) {
        for lock in self.left.drain(..) {
            // In a folder that was left another may lie where the lock was.
            if lock.is_there() {
                lock.remove();
            }
        }
    }
}

/// The WAL lies beside the file itself, not beside a link to it.
fn wal_of(store: &Path) -> PathBuf {
    let store = fs::canonicalize(store).unwrap_or_else(|_| store.to_owned());
    os::beside(&store, "-wal")
}

/// A name beside the store that nothing has: `store-recovered-1.db`.
pub(crate) fn name_beside(store: &Path) -> PathBuf {
    let stem = store.file_stem().unwrap_or_default();
    (1_u32..)
        .map(|number| {
            let mut name = stem.to_owned();
            name.push(format!("-recovered-{number}"));
            if let Some(extension) = store.extension() {
                name.push(".");
                name.push(extension);
            }
            store.with_file_name(name)
        })
        .find(|path| fs::symlink_metadata(path).is_err())
        .expect("no folder holds that many files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_beside_is_one_that_nothing_has() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("a.b.db");
        assert_eq!(name_beside(&store), folder.path().join("a.b-recovered-1.db"));
        fs::write(folder.path().join("a.b-recovered-1.db"), "").unwrap();
        assert_eq!(name_beside(&store), folder.path().join("a.b-recovered-2.db"));
        assert_eq!(name_beside(Path::new("store")), Path::new("store-recovered-1"));
    }
}
