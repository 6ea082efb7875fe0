//! How much of a file is read, so that none exhausts the memory of the machine.

use std::fmt;

/// Bounds on reading one file. For a trusted file [`Limits::of_len`] raises them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, unpacked.
    pub file_len: u64,
    /// Bytes of memory for what was read of it, counted from above.
    pub held_len: u64,
    /// Bytes unpacked for each byte of a packed file, beyond `free_len`.
    pub ratio: u64,
    /// Bytes up to which any ratio is fine.
    pub free_len: u64,
}

/// 128 MB: what is read of a file without being asked for more.
const FILE_LEN: u64 = 128_000_000;
/// What a few exchanges take, however short their file is.
const LEAST_HELD: u64 = 4_000_000;

impl Default for Limits {
    fn default() -> Self {
        Self {
            ratio: 200,
            ..Self::of_len(FILE_LEN)
        }
    }
}

impl Limits {
    /// For a file of so many bytes unpacked, however well it is packed.
    pub fn of_len(file_len: u64) -> Self {
        Self {
            file_len,
            held_len: file_len.saturating_add(file_len / 2).max(LEAST_HELD),
            ratio: u64::MAX,
            free_len: 32_000_000,
        }
    }
}

/// Which of the limits was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    FileLen(u64),
    Held(u64),
    Ratio(u64),
}

impl fmt::Display for Met {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileLen(len) => write!(f, "the file is larger than {}, the limit", Bytes(*len)),
            Self::Held(len) => write!(f, "what it holds takes more than {} of memory, the limit", Bytes(*len)),
            Self::Ratio(ratio) => write!(f, "the file unpacks to more than {ratio} times its size, the limit"),
        }
    }
}

/// A number of bytes as `--max-size` takes it: exact, where [`words::bytes`] rounds.
///
/// [`words::bytes`]: scrubjay_session::words::bytes
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, name) in [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")] {
            if self.0 >= unit && self.0.is_multiple_of(unit / 10) {
                let tenth = self.0 % unit / (unit / 10);
                return match tenth {
                    0 => write!(f, "{} {name}", self.0 / unit),
                    _ => write!(f, "{}.{tenth} {name}", self.0 / unit),
                };
            }
        }
        write!(f, "{} bytes", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_as_people_write_sizes() {
        for (len, written) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (128_000_000, "128 MB"),
            (1_500_000_000, "1.5 GB"),
            (1 << 20, "1048576 bytes"),
            (u64::MAX, "18446744073709551615 bytes"),
        ] {
            assert_eq!(Bytes(len).to_string(), written);
        }
    }
}
