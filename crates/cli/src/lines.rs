//! Lines of a command that runs for long, written by a thread of their own.
//!
//! A pipe that is not read must not hold up a recording, nor its end: lines
//! wait here, and those that cannot be written by the end are dropped. A line
//! of up to 4 KB is written whole or not at all, as the system promises for pipes.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, Write as _},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// Bytes that wait before there is no room.
const ROOM: usize = 64 << 10;
/// Until a pipe that takes nothing just now is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(5);
/// How long the last lines of a program are waited for.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Standard error, once lines for it are written by a thread of their own.
static STDERR: OnceLock<Lines> = OnceLock::new();

/// Lines on their way to standard output or standard error.
#[derive(Clone)]
pub(crate) struct Lines {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    /// Bytes that wait, those that are being written included.
    len: usize,
    /// The reader has closed its end.
    is_gone: bool,
}

impl Lines {
    /// Lines for standard output.
    pub(crate) fn to_stdout() -> io::Result<Self> {
        Self::start(duplicate(&io::stdout())?, "lines to stdout")
    }

    /// Lines for standard error; from here on all of them go this way.
    pub(crate) fn to_stderr() -> io::Result<Self> {
        if STDERR.get().is_none() {
            // Set by another thread meanwhile, it is the same.
            STDERR
                .set(Self::start(duplicate(&io::stderr())?, "lines to stderr")?)
                .ok();
        }
        Ok(STDERR.get().expect("it was just set").clone())
    }

    /// Those for standard error, if a thread writes them.
    pub(crate) fn stderr() -> Option<&'static Self> {
        STDERR.get()
    }

    fn start(file: File, name: &str) -> io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let theirs = Arc::clone(&shared);
        // It ends with the program.
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || theirs.write(file))?;
        Ok(Self { shared })
    }

    /// Puts lines after those that wait; never waits itself.
    pub(crate) fn put(&self, text: &[u8]) {
        let mut state = self.shared.lock();
        if state.is_gone {
            return;
        }
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            state.len += line.len();
            state.waiting.push_back(line.to_vec());
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Whether more may be put without piling up.
    pub(crate) fn has_room(&self) -> bool {
        self.shared.lock().len < ROOM
    }

    /// Waits a moment for what was put to be written; what is not by then is dropped with the program.
    pub(crate) fn finish(&self) {
        let deadline = Instant::now() + LAST_LINES;
        let mut state = self.shared.lock();
        while state.len > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut file: File) {
        loop {
            let line = self.next();
            let written = write_all(&mut file, &line);
            let mut state = self.lock();
            state.len -= line.len();
            // On a full disk a later line may fit again; to a closed pipe none does.
            if written.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                state.is_gone = true;
                state.waiting.clear();
                state.len = 0;
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Vec<u8> {
        let mut state = self.lock();
        loop {
            if let Some(line) = state.waiting.pop_front() {
                return line;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// As `write_all`, also for a pipe that another program has made non-blocking.
fn write_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => bytes = &bytes[len..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(TRY_AGAIN),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    stream.as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn duplicate(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    stream.as_handle().try_clone_to_owned().map(File::from)
}
