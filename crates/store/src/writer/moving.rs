//! Moving to new files when those of a recorder are gone.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    Writer,
    holds::{Piece, name_beside},
};
use crate::{
    Incident, StoreError,
    absorb::Absorber,
    conn::{self, Patience},
    os, schema,
    spool::SpoolFolder,
    table::{exchanges, settings},
};

/// Between attempts to move a store: so long at first, and twice as long each time.
const PUT_OFF: Duration = Duration::from_secs(1);
const PUT_OFF_AT_MOST: Duration = Duration::from_secs(60);
/// Other threads and processes give revisions as well: so many at most, by far,
/// since they were last looked at.
const REVISIONS_UNSEEN: i64 = 1 << 20;

/// A move of the store that has not come to its end.
#[derive(Debug)]
pub(super) struct Moving {
    to: PathBuf,
    /// When it is tried again.
    next: Instant,
    pause: Duration,
}

impl Moving {
    fn new(to: &Path) -> Self {
        Self {
            to: to.to_owned(),
            next: Instant::now(),
            pause: PUT_OFF,
        }
    }

    fn is_put_off(&self) -> bool {
        Instant::now() < self.next
    }

    fn put_off(&mut self) {
        self.next = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(PUT_OFF_AT_MOST);
    }
}

/// The greatest numbers that a store has given. In a store that has to begin
/// anew they go on from there, so that no number names two exchanges.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastGiven {
    index: i64,
    revision: i64,
}

impl LastGiven {
    /// Notes them, as far as the store can be read.
    pub(super) fn note(&mut self, conn: &Connection) {
        let (index, revision) = (exchanges::last_given(conn), settings::revision(conn));
        self.index = self.index.max(index.unwrap_or_default());
        self.revision = self.revision.max(revision.unwrap_or_default());
    }

    fn copy_rest(self, conn: &Connection) -> rusqlite::Result<()> {
        exchanges::number_after(conn, self.index)?;
        settings::set_revision(conn, self.revision + REVISIONS_UNSEEN)
    }
}

/// A store that recording goes on in.
struct Filled {
    conn: Connection,
    /// Where it begins in the spool, and why, if nothing could be copied.
    anew: Option<(Absorber, String)>,
}

impl Writer {
    /// Looks whether the files are still there, and goes on in new ones if not.
    pub(super) fn look_after_files(&mut self, is_last: bool) {
        if !self.holds.is_due() && !is_last {
            return;
        }
        if let Some(why) = self.holds.store_loss() {
            if !is_last && self.moving.as_ref().is_some_and(Moving::is_put_off) {
                return;
            }
            if let Err(error) = self.move_store(why) {
                let sentence = format!(
                    "the store {} {why}, and no new one can be made: {}",
                    self.holds.place.path().display(),
                    error.with_cause()
                );
                self.control.set_trouble(Some(sentence));
            }
            return;
        }
        self.last_given.note(&self.conn);
        if self.holds.is_spool_lost() {
            self.look_for_spool();
        }
    }

    /// Goes on in new files of the spool. Until that works, what is appended is
    /// read from the file that is open.
    fn look_for_spool(&mut self) {
        let folder = self.shared.folder();
        let path = folder.path().to_owned();
        match self.renew_spool(folder) {
            Ok(()) => {
                self.is_unspooled = false;
                self.control.put(Incident::Respooled { folder: path });
            }
            Err(_) if self.is_unspooled => {}
            Err(error) => {
                self.is_unspooled = true;
                let why = error.with_cause();
                self.control.put(Incident::Unspooled { folder: path, why });
            }
        }
    }

    /// Goes on in a new file beside the one that is gone, with all that was in it.
    fn move_store(&mut self, why: &'static str) -> Result<(), StoreError> {
        let to = self.name_place(why)?;
        let filled = self.fill(&to).inspect_err(|_| {
            remove_store(&to);
            if let Some(moving) = &mut self.moving {
                moving.put_off();
            }
        })?;
        self.conn = filled.conn;
        self.absorber = None;
        let lost = filled.anew.map(|(absorber, lost)| {
            self.begin_anew(absorber);
            lost
        });
        self.holds.move_to(&to);
        self.moving = None;
        self.control.set_trouble(None);
        // If it cannot lie beside the new store, it goes on lying beside the old one.
        self.renew_spool(SpoolFolder::of(&to)).ok();
        self.control.put(Incident::Moved { to, lost });
        Ok(())
    }

    /// Makes the file that the store goes on in, the same at each attempt, and reports it once.
    fn name_place(&mut self, why: &'static str) -> Result<PathBuf, StoreError> {
        let from = self.holds.place.path().to_owned();
        let reported = self.moving.as_ref().map(|moving| moving.to.clone());
        let reported = reported.filter(|to| std::fs::symlink_metadata(to).is_err());
        let is_reported = reported.is_some();
        let to = reported.unwrap_or_else(|| name_beside(&from));
        if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            os::make_private_folder(folder).map_err(|source| StoreError::MakeFolder {
                path: folder.to_owned(),
                source,
            })?;
        }
        make_file(&to)?;
        if !is_reported {
            self.moving = Some(Moving::new(&to));
            let to = to.clone();
            self.control.put(Incident::Moves { why, from, to });
        }
        Ok(to)
    }

    /// Copies the store, or makes an empty one with what is open where nothing can be copied.
    fn fill(&mut self, to: &Path) -> Result<Filled, StoreError> {
        let error = match copy(&self.conn, to) {
            Ok(conn) => return Ok(Filled { conn, anew: None }),
            Err(error) => error,
        };
        remove_store(to);
        self.last_given.note(&self.conn);
        let mut conn = make_store(to)?;
        let (id, start) = (&self.shared.id, self.holds.start());
        let absorber = self
            .last_given
            .copy_rest(&conn)
            .and_then(|()| Absorber::begin_anew(&mut conn, id, &mut self.shared.heads(), start))
            .map_err(|source| StoreError::from_write(to, "what is open", source))?;
        Ok(Filled {
            conn,
            anew: Some((absorber, error.with_cause())),
        })
    }

    /// What is in the spool's files still is taken into the new store.
    fn begin_anew(&mut self, absorber: Absorber) {
        self.holds.pieces.iter_mut().for_each(|piece| piece.reader.rewind());
        self.shared.tip.set_absorbed(absorber.absorbed());
        self.absorber = Some(absorber);
        self.ended.clear();
    }

    /// Appends to new files in a folder from now on; the old ones are read to their end.
    fn renew_spool(&mut self, folder: SpoolFolder) -> Result<(), StoreError> {
        folder.make()?;
        let id = &self.shared.id;
        let number = self.shared.tip.place().number + 1;
        let (file, piece) = Piece::create(&folder, id, number)?;
        let lock = match folder.lock_new(id) {
            Ok(lock) => lock,
            Err(error) => {
                std::fs::remove_file(&piece.path).ok();
                return Err(error);
            }
        };
        self.shared.folder().give_reserve(id);
        folder.take_reserve(id);
        self.go_on_in(file, piece);
        self.holds.relock(lock);
        self.shared.set_folder(folder);
        Ok(())
    }
}

fn make_file(path: &Path) -> Result<(), StoreError> {
    os::create_private_file(path)
        .map(drop)
        .map_err(|source| StoreError::MakeFile {
            path: path.to_owned(),
            source,
        })
}

/// Copies what a connection sees into a file that is empty, and opens that.
fn copy(conn: &Connection, to: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::from_write(to, "a copy", source);
    let name = to.to_str().ok_or(StoreError::Unreadable {
        what: "a name",
        path: to.to_owned(),
    })?;
    conn.execute("VACUUM INTO ?", [name]).map_err(failed)?;
    open(to)
}

/// Makes an empty store.
fn make_store(path: &Path) -> Result<Connection, StoreError> {
    make_file(path)?;
    let mut conn = conn::open_writer(path)?;
    schema::prepare(&conn).map_err(|source| StoreError::from_open(path, source))?;
    schema::migrate(&mut conn, path)?;
    conn::set_patience(&mut conn, Patience::Short).map_err(|source| StoreError::from_open(path, source))?;
    Ok(conn)
}

/// Removes what an attempt has left.
fn remove_store(path: &Path) {
    for suffix in ["-wal", "-shm", "-journal"] {
        std::fs::remove_file(os::beside(path, suffix)).ok();
    }
    std::fs::remove_file(path).ok();
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::from_open(path, source);
    let mut conn = conn::open_writer(path)?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .map_err(failed)?;
    conn::set_patience(&mut conn, Patience::Short).map_err(failed)?;
    Ok(conn)
}
