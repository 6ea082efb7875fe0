//! What differs between platforms: whose files these are and who may read
//! them, the room left on a disk, and which threads go first.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Why a file or folder of ours is not used as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("it is a symbolic link")]
    Link,
    #[error("it is no folder")]
    NoFolder,
    #[error("it belongs to another user")]
    Others,
    #[error("other users may write into it")]
    Writable,
}

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

/// Makes a folder that is ours alone, or sees to it that it is. What others
/// may have put something into is refused.
pub(crate) fn make_own_folder(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return make_private_folder(path),
        Err(error) => return Err(error),
    };
    let unfit = |unfit: Unfit| Err(io::Error::other(unfit));
    if found.is_symlink() {
        return unfit(Unfit::Link);
    }
    if !found.is_dir() {
        return unfit(Unfit::NoFolder);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        if !is_ours(&found) {
            return unfit(Unfit::Others);
        }
        if found.mode() & 0o022 != 0 {
            return unfit(Unfit::Writable);
        }
        if found.mode() & 0o077 != 0 {
            return fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700));
        }
    }
    Ok(())
}

/// Whether a file belongs to the user who runs this.
#[cfg(unix)]
fn is_ours(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(found) == rustix::process::geteuid().as_raw()
}

/// Whether a file that is there belongs to another user.
pub(crate) fn is_of_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        fs::metadata(path).is_ok_and(|found| !is_ours(&found))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// Takes a file of ours from other users, if they may read or write it; gives
/// whether that was so. One that is not there is fine.
pub(crate) fn make_private(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let mode = found.mode() & 0o7777;
        // What its owner may not write either was put like that on purpose.
        if !is_ours(&found) || mode & 0o077 == 0 || mode & 0o200 == 0 {
            return Ok(false);
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)).map(|()| true)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| false)
    }
}

/// Options for a file that only its owner may read, should it be made. They
/// follow no link, and do not wait where a pipe stands in the file's place.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options
            .mode(0o600)
            .custom_flags(nowait().bits().cast_signed() | nofollow().bits().cast_signed());
    }
    options
}

#[cfg(unix)]
fn nowait() -> rustix::fs::OFlags {
    rustix::fs::OFlags::NONBLOCK
}

#[cfg(unix)]
fn nofollow() -> rustix::fs::OFlags {
    rustix::fs::OFlags::NOFOLLOW
}

/// Makes a file that only its owner may read. One that is there already, a
/// link included, is an error.
///
/// # Errors
/// When it cannot be made.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    private_file().write(true).create_new(true).open(path)
}

/// Makes an empty private file unless there is one.
pub(crate) fn touch_private_file(path: &Path) -> io::Result<File> {
    as_plain_file(private_file().create(true).append(true).open(path)?)
}

/// Opens a file for reading. What is no file (a pipe, a device, a socket, a
/// folder) is an error of its own, and is not waited for.
///
/// # Errors
/// When it is no file, or cannot be opened.
pub fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nowait().bits().cast_signed());
    match options.read(true).open(path) {
        Ok(file) => as_plain_file(file),
        Err(error) => match fs::metadata(path) {
            Ok(found) if !found.is_file() && !found.is_dir() => Err(no_file(&found)),
            _ => Err(error),
        },
    }
}

fn as_plain_file(file: File) -> io::Result<File> {
    let found = file.metadata()?;
    match found.is_file() {
        true => Ok(file),
        false => Err(no_file(&found)),
    }
}

fn no_file(found: &fs::Metadata) -> io::Error {
    if found.is_dir() {
        #[cfg(unix)]
        return rustix::io::Errno::ISDIR.into();
        #[cfg(not(unix))]
        return io::Error::from(io::ErrorKind::IsADirectory);
    }
    #[cfg(unix)]
    let what = {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = found.file_type();
        match () {
            () if kind.is_fifo() => "it is a pipe",
            () if kind.is_socket() => "it is a socket",
            () => "it is a device",
        }
    };
    #[cfg(not(unix))]
    let what = "it is a device";
    io::Error::new(io::ErrorKind::InvalidInput, format!("{what}, not a file"))
}

/// The identity of a file, under any name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

/// Of what stands at a path. Elsewhere than on Unix all files look the same.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|found| identity_of(&found))
}

/// Of what is open.
fn open_identity(file: &File) -> io::Result<Identity> {
    file.metadata().map(|found| identity_of(&found))
}

fn identity_of(found: &fs::Metadata) -> Identity {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Identity {
            device: found.dev(),
            inode: found.ino(),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        Identity {}
    }
}

/// Whether what is open still stands at a path. A path that cannot be looked at counts as unchanged.
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    match (open_identity(file), identity(path)) {
        (Ok(ours), Ok(found)) => ours == found,
        (_, Err(error)) => error.kind() != io::ErrorKind::NotFound,
        _ => true,
    }
}

/// Whether a file is there without a byte in it.
pub(crate) fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.len() == 0)
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
