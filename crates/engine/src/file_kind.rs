//! What lies at a path, by its first bytes.

use std::{io::Read as _, path::Path};

use scrubjay_store::open_file;

use crate::EngineError;

/// What lies at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nothing,
    /// A file without a byte in it, which may become a store.
    Empty,
    Store,
    Recording,
}

/// Tells a store from a recording file by content.
pub(crate) fn kind_of(path: &Path) -> Result<Kind, EngineError> {
    let unreadable = |source| EngineError::ReadFile {
        path: path.to_owned(),
        source,
    };
    let mut file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Kind::Nothing),
        Err(error) => return Err(unreadable(error)),
    };
    let mut magic = [0; 16];
    let len = file.read(&mut magic).map_err(unreadable)?;
    Ok(match &magic[..len] {
        [] => Kind::Empty,
        b"SQLite format 3\0" => Kind::Store,
        _ => Kind::Recording,
    })
}
