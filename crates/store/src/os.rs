//! What differs between platforms: file modes, the room left on a disk, and
//! which threads go first.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Makes a folder (and those above it) that only its owner may enter. A
/// folder that exists keeps its mode: it may be shared on purpose.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options for a file that only its owner may read, should it be made.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes an empty private file unless there is one.
pub(crate) fn touch_private_file(path: &Path) -> io::Result<File> {
    private_file().create(true).append(true).open(path)
}

/// Bytes that an ordinary user may still write to the disk that holds `path`.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    #[cfg(unix)]
    {
        let room = rustix::fs::statvfs(path)?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| u64::MAX)
    }
}

/// Bytes of the files in a folder; a folder that is not there has none.
pub(crate) fn folder_bytes(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// The file of this name with something added to the name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Length of a file; zero when it is not there.
pub(crate) fn file_bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Lets threads that pass bytes on go before this one while processors are
/// scarce: `niceness` is 1 for a little, 19 for as far as that goes.
pub(crate) fn step_back(niceness: i32) {
    // Elsewhere than on Linux this would slow down the whole process.
    #[cfg(target_os = "linux")]
    // A system that forbids it only loses what this is for.
    rustix::process::nice(niceness).ok();
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}
