//! Where a store lies: where it was opened, or elsewhere once a recorder found
//! its file gone and went on in a new one.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::os::{self, Identity};

/// A path that can change for all who hold it, and never back.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    /// Of the file that was there then.
    identity: Option<Identity>,
    next: OnceLock<Box<Self>>,
}

impl Place {
    /// The place of a file that is there.
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            identity: os::identity(path).ok(),
            next: OnceLock::new(),
        }
    }

    fn last(&self) -> (usize, &Self) {
        let mut moves = 0;
        let mut place = self;
        while let Some(next) = place.next.get() {
            moves += 1;
            place = next;
        }
        (moves, place)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.last().1.path
    }

    /// How often it has moved: what was opened before is not where it is now.
    pub(crate) fn moves(&self) -> usize {
        self.last().0
    }

    pub(crate) fn move_to(&self, path: &Path) {
        let next = Box::new(Self::new(path));
        // Only the one thread that writes moves it.
        self.last().1.next.set(next).ok();
    }

    /// What became of the file that was opened; absent while it is there.
    pub(crate) fn loss(&self) -> Option<&'static str> {
        let place = self.last().1;
        let opened = place.identity?;
        match os::identity(&place.path) {
            Ok(found) if found == opened => os::is_empty(&place.path).then_some("was emptied"),
            Ok(_) => Some("was replaced by another file"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("was removed"),
            // A disk that does not answer just now is no sign that the file is gone.
            Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_for_all_who_hold_it() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("1"), folder.path().join("2"));
        std::fs::write(&one, "1").unwrap();
        std::fs::write(&two, "2").unwrap();
        let place = Place::new(&one);
        assert_eq!((place.path(), place.moves(), place.loss()), (&*one, 0, None));
        std::fs::rename(&two, &one).unwrap();
        assert_eq!(place.loss(), Some("was replaced by another file"));
        std::fs::remove_file(&one).unwrap();
        assert_eq!(place.loss(), Some("was removed"));
        std::fs::write(&two, "2").unwrap();
        place.move_to(&two);
        assert_eq!((place.path(), place.moves(), place.loss()), (&*two, 1, None));
        std::fs::write(&two, "").unwrap();
        assert_eq!(place.loss(), Some("was emptied"));
    }
}
