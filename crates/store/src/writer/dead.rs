//! What recorders that are gone have left behind.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use crate::{
    StoreError,
    absorb::Absorber,
    follow::{PieceReader, Step, StepError},
    spool::SpoolFolder,
    table::spools,
};

/// Removes a spool that is wholly absorbed. The files go first: without the
/// row they would be absorbed again.
pub(super) fn remove_files(conn: &Connection, folder: &SpoolFolder, id: &str) -> Result<(), StepError> {
    for (_, path) in folder.pieces(id) {
        fs::remove_file(path)?;
    }
    folder.give_reserve(id);
    spools::forget(conn, id)?;
    Ok(())
}

/// Why a spool left behind could not be absorbed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeadSpoolError {
    #[error(transparent)]
    Lock(#[from] StoreError),
    #[error(transparent)]
    Step(#[from] StepError),
}

impl DeadSpoolError {
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Step(error) if error.is_busy())
    }
}

/// Absorbs the spools of processes that are gone, and ends what they left open.
/// Adds the files of which the end could not be read to `damaged`; they are kept.
pub(crate) fn absorb_dead(
    conn: &mut Connection,
    folder: &SpoolFolder,
    damaged: &mut Vec<PathBuf>,
) -> Result<(), DeadSpoolError> {
    let mut ids = folder.ids();
    ids.extend(spools::ids(conn).map_err(StepError::from)?);
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    folder.make()?;
    for id in ids {
        if let Some(lock) = folder.lock_dead(&id)? {
            absorb_dead_one(conn, folder, &id, damaged)?;
            lock.remove();
        }
    }
    Ok(())
}

fn absorb_dead_one(
    conn: &mut Connection,
    folder: &SpoolFolder,
    id: &str,
    damaged: &mut Vec<PathBuf>,
) -> Result<(), StepError> {
    let mut absorber = Absorber::new(conn, id)?;
    for (_, path) in folder.pieces(id) {
        let mut piece = PieceReader::open(&path)?;
        let len = piece.len()?;
        let is_broken = loop {
            if let Step::AtEnd { is_broken } = piece.step(&mut absorber, conn, len)? {
                break is_broken;
            }
        };
        if is_broken || piece.has_records_after(absorber.absorbed())? {
            absorber.mark_rest_lost(conn)?;
            damaged.push(put_aside(&path)?);
        }
    }
    absorber.end_open(conn)?;
    remove_files(conn, folder, id)
}

/// Keeps a file under another name, so that it is not read again.
fn put_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension("damaged");
    fs::rename(path, &aside).map(|()| aside)
}
