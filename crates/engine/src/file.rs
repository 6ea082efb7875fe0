//! A recording file that was opened instead of a store: in memory, read only.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use scrubjay_answers::library::{self, Listed};
use scrubjay_recording::{Limits, ReadError, Recorded, Recording};
use scrubjay_redaction::Whole;
use scrubjay_session::{exchange::Exchange as Facts, memory::MemoryShelf, query::FindingEntry, threads::OpenInThreads};
use scrubjay_store::open_file;

use crate::{EngineError, Exchange, shelf::AnyShelf, storage::Setting};

/// The file and what is in it.
#[derive(Default)]
pub(crate) struct RecordingFile {
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    /// What could not be read, and what was notable, as sentences.
    pub(crate) damage: Vec<String>,
    /// Whether something could not be read.
    pub(crate) is_damaged: bool,
    /// Whether what was not read is more than the limit for a file.
    pub(crate) is_too_large: bool,
    shelves: Vec<Arc<MemoryShelf>>,
    /// The lines of each; none where the file is packed.
    lines: Vec<Lines>,
    /// Made when the list is first asked for.
    contents: OnceLock<Contents>,
    /// Nothing is written to the file, so these go with it.
    settings: Mutex<BTreeMap<Setting, String>>,
}

/// What is known once all exchanges were looked at.
#[derive(Default)]
struct Contents {
    rows: Vec<Listed>,
    /// What only the thread of an exchange shows of it.
    about_threads: BTreeMap<i64, Vec<FindingEntry>>,
}

/// Where an exchange stands in its file.
struct Lines {
    request: u64,
    /// Lines of frames, and where the bytes of each begin in the body.
    frames: Vec<(u64, u64)>,
}

/// A file without a byte in it.
pub(crate) fn empty(path: &Path) -> EngineError {
    EngineError::BadFile {
        name: path.display().to_string(),
        source: Box::new(ReadError::Empty),
    }
}

/// Reads a recording file, ours or another tool's.
pub(crate) fn read(
    path: &Path,
    name: &str,
    limits: Limits,
    watch: &mut dyn FnMut(u64) -> bool,
) -> Result<Recording, EngineError> {
    let file = File::open(path).map_err(|source| EngineError::ReadFile {
        path: path.to_owned(),
        source,
    })?;
    let watched = Watched { file, read: 0, watch };
    let input = BufReader::with_capacity(256 << 10, watched);
    scrubjay_recording::open_within(input, limits).map_err(|error| refused(name, error))
}

/// Why nothing of a file can be given.
pub(crate) fn refused(name: &str, error: ReadError) -> EngineError {
    let name = name.to_owned();
    match error {
        ReadError::TooLarge(damage) => EngineError::TooLarge {
            name,
            line: damage.line,
            reason: damage.reason,
        },
        error => EngineError::BadFile {
            name,
            source: Box::new(error),
        },
    }
}

/// A file that is read as long as `watch` is true of the bytes read so far.
struct Watched<'a> {
    file: File,
    read: u64,
    watch: &'a mut dyn FnMut(u64) -> bool,
}

impl io::Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(into)?;
        self.read += len as u64;
        match (self.watch)(self.read) {
            true => Ok(len),
            false => Err(io::Error::other("reading was stopped")),
        }
    }
}

/// Sentences about a file beside its exchanges.
pub(crate) fn remarks(recording: &Recording) -> Vec<String> {
    let damage = recording
        .damage
        .iter()
        .map(|damage| format!("The file could be read up to line {}: {}.", damage.line, damage.reason));
    let remarks = recording
        .remarks
        .iter()
        .map(|remark| format!("Line {}: {}", remark.line, remark.sentence));
    damage.chain(recording.notes.iter().cloned()).chain(remarks).collect()
}

impl Lines {
    fn of(recorded: &mut Recorded) -> Self {
        Self {
            request: recorded.line,
            frames: std::mem::take(&mut recorded.frame_lines),
        }
    }
}

/// Whether a file's lines are those of what was packed into it.
fn is_packed(path: &Path) -> bool {
    let mut magic = [0; 2];
    let read = open_file(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && [*b"\x1f\x8b", *b"PK"].contains(&magic)
}

impl RecordingFile {
    /// Exchanges that are on their way to a file.
    pub(crate) fn of(wholes: Vec<Whole>) -> Self {
        let numbered = wholes.into_iter().zip(0..);
        let shelves = numbered.map(|(whole, index)| {
            let exchange = Facts {
                index,
                ..whole.exchange
            };
            Arc::new(MemoryShelf::new(exchange, whole.request_body, whole.chunks, whole.body))
        });
        Self {
            shelves: shelves.collect(),
            ..Self::default()
        }
    }

    pub(crate) fn read(path: &Path, limits: Limits) -> Result<Self, EngineError> {
        let mut recording = read(path, &path.display().to_string(), limits, &mut |_| true)?;
        let lines = match is_packed(path) {
            true => Vec::new(),
            false => recording.exchanges.iter_mut().map(Lines::of).collect(),
        };
        Ok(Self {
            path: path.to_owned(),
            len: path.metadata().map_or(0, |facts| facts.len()),
            damage: remarks(&recording),
            is_damaged: recording.damage.is_some(),
            is_too_large: recording.damage.as_ref().is_some_and(|damage| damage.is_limit),
            shelves: recording
                .exchanges
                .into_iter()
                .map(|recorded| Arc::new(recorded.into_shelf()))
                .collect(),
            lines,
            contents: OnceLock::new(),
            settings: Mutex::default(),
        })
    }

    fn settings(&self) -> MutexGuard<'_, BTreeMap<Setting, String>> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn setting(&self, setting: Setting) -> Option<String> {
        self.settings().get(&setting).cloned()
    }

    pub(crate) fn set_setting(&self, setting: Setting, text: String) {
        self.settings().insert(setting, text);
    }

    /// Numbers of the exchanges, from 0, in order.
    pub(crate) fn indexes(&self) -> std::ops::Range<i64> {
        0..self.shelves.len() as i64
    }

    pub(crate) fn shelf(&self, index: i64) -> Result<AnyShelf, EngineError> {
        usize::try_from(index)
            .ok()
            .and_then(|place| self.shelves.get(place))
            .map(|shelf| AnyShelf::Memory(Arc::clone(shelf)))
            .ok_or(EngineError::NoSuchExchange { index })
    }

    pub(crate) fn line_of(&self, index: i64, offset: Option<u64>) -> Option<u64> {
        let lines = self.lines.get(usize::try_from(index).ok()?)?;
        let Some(offset) = offset else {
            return Some(lines.request);
        };
        let after = lines.frames.partition_point(|(_, begins)| *begins <= offset);
        let frame = after.checked_sub(1).and_then(|place| lines.frames.get(place));
        Some(frame.map_or(lines.request, |(line, _)| *line))
    }

    /// The rows of the list over the exchanges.
    pub(crate) fn rows(&self) -> Result<&[Listed], EngineError> {
        Ok(&self.contents()?.rows)
    }

    /// What only the thread of an exchange shows of it.
    pub(crate) fn about_thread(&self, index: i64) -> Result<Vec<FindingEntry>, EngineError> {
        // Before the first there is nothing, and a file often has one.
        if index == 0 {
            return Ok(Vec::new());
        }
        let about = self.contents()?.about_threads.get(&index);
        Ok(about.cloned().unwrap_or_default())
    }

    fn contents(&self) -> Result<&Contents, EngineError> {
        if let Some(contents) = self.contents.get() {
            return Ok(contents);
        }
        let mut threads = OpenInThreads::default();
        let mut contents = Contents::default();
        for index in self.indexes() {
            let reader = Exchange::open(self.shelf(index)?)?;
            let (facts, summary) = (reader.exchange(), reader.summary());
            contents.rows.extend(library::listed(index, facts, summary));
            let about = threads.follow(index, facts, summary);
            contents.about_threads.insert(index, about);
        }
        Ok(self.contents.get_or_init(|| contents))
    }
}
