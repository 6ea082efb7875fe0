//! The command line: three words, too few for a library.

use std::{ffi::OsString, path::PathBuf};

/// How to call the window.
pub const USAGE: &str = "\
usage: scrubjay-desktop [PATH] [--store PATH] [--no-samples]

  PATH, --store PATH   a store, or a recording file to look at; absent: your own store
  --no-samples         leave a new store empty";

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// The usage text.
    Help,
    /// The version.
    Version,
    /// The window.
    Open {
        /// A store or a file; absent means the default store.
        store: Option<PathBuf>,
        /// Whether a new store gets the sample recordings.
        samples: bool,
    },
}

impl Arguments {
    /// Reads the words after the program's name.
    ///
    /// # Errors
    /// A sentence about the first word that makes no sense.
    pub fn read(mut words: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let (mut store, mut samples) = (None, true);
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--help" | "-h") => return Ok(Self::Help),
                Some("--version" | "-V") => return Ok(Self::Version),
                Some("--no-samples") => samples = false,
                Some("--store") => {
                    let path = words.next().ok_or("`--store` needs a path after it.")?;
                    store = Some(PathBuf::from(path));
                }
                Some(option) if option.starts_with('-') => return Err(format!("There is no option `{option}`.")),
                _ if store.is_none() => store = Some(PathBuf::from(word)),
                _ => return Err("There is more than one path.".to_owned()),
            }
        }
        Ok(Self::Open { store, samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Arguments, String> {
        Arguments::read(words.iter().map(OsString::from))
    }

    #[test]
    fn a_path_may_stand_alone_or_behind_its_option() {
        let wanted = Arguments::Open {
            store: Some("a.db".into()),
            samples: true,
        };
        assert_eq!(read(&["a.db"]), Ok(wanted.clone()));
        assert_eq!(read(&["--store", "a.db"]), Ok(wanted));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert_eq!(read(&["--stor"]), Err("There is no option `--stor`.".to_owned()));
        assert_eq!(read(&["--store"]), Err("`--store` needs a path after it.".to_owned()));
        assert_eq!(read(&["a", "b"]), Err("There is more than one path.".to_owned()));
    }

    #[test]
    fn nothing_means_the_default_store_with_samples() {
        assert_eq!(
            read(&[]),
            Ok(Arguments::Open {
                store: None,
                samples: true
            })
        );
    }
}
