//! Going on elsewhere, when files that a recorder writes are taken away.

use std::path::Path;

use rusqlite::Connection;

use super::{
    Writer,
    holds::{Piece, name_beside},
};
use crate::{
    Incident, StoreError,
    conn::{self, Patience},
    os, schema,
    spool::SpoolFolder,
};

impl Writer {
    /// Looks whether the files are still there, and goes on in new ones if not.
    pub(super) fn look_after_files(&mut self, is_last: bool) {
        if !self.holds.is_due() && !is_last {
            return;
        }
        if let Some(why) = self.holds.store_loss() {
            if let Err(error) = self.move_store(why) {
                let sentence = format!(
                    "the store {} {why}, and no new one can be made: {}",
                    self.holds.place.path().display(),
                    error.with_cause()
                );
                self.control.set_trouble(Some(sentence));
            }
        } else if self.holds.is_spool_lost() {
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
        let from = self.holds.place.path().to_owned();
        let to = name_beside(&from);
        if let Some(folder) = to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            os::make_private_folder(folder).map_err(|source| StoreError::MakeFolder {
                path: folder.to_owned(),
                source,
            })?;
        }
        make_file(&to)?;
        if !self.is_moving {
            self.is_moving = true;
            let to = to.clone();
            self.control.put(Incident::Moves { why, from, to });
        }
        let (conn, lost) = match copy(&self.conn, &to) {
            Ok(conn) => (conn, None),
            Err(error) => (begin_anew(&to)?, Some(error.with_cause())),
        };
        let folder = SpoolFolder::of(&to);
        self.conn = conn;
        self.absorber = None;
        if lost.is_some() {
            // What is in the spool's files still can be taken into the new one.
            self.holds.pieces.iter_mut().for_each(|piece| piece.reader.rewind());
        }
        self.holds.move_to(&to);
        self.is_moving = false;
        self.control.set_trouble(None);
        // If it cannot lie beside the new store, it goes on lying beside the old one.
        drop(self.renew_spool(folder));
        self.control.put(Incident::Moved { to, lost });
        Ok(())
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
                drop(std::fs::remove_file(&piece.path));
                return Err(error);
            }
        };
        folder.take_reserve(id);
        self.closed.push_back(self.shared.tip.turn_over(Box::new(file)));
        self.holds.pieces.push_back(piece);
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

/// Makes an empty store where nothing could be copied.
fn begin_anew(path: &Path) -> Result<Connection, StoreError> {
    drop(std::fs::remove_file(path));
    make_file(path)?;
    let mut conn = conn::open_writer(path)?;
    schema::prepare(&conn).map_err(|source| StoreError::from_open(path, source))?;
    schema::migrate(&mut conn, path)?;
    conn::set_patience(&mut conn, Patience::Short).map_err(|source| StoreError::from_open(path, source))?;
    Ok(conn)
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::from_open(path, source);
    let mut conn = conn::open_writer(path)?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .map_err(failed)?;
    conn::set_patience(&mut conn, Patience::Short).map_err(failed)?;
    Ok(conn)
}
