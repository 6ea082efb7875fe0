//! A recording file that was opened instead of a store: in memory, read only.

use std::{
    cmp::Ordering,
    fs::File,
    io::{self, BufReader, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use scrubjay_ipc::{Library, LibraryPage, Mutes};
use scrubjay_recording::{Limits, Origin, ReadError, Recorded, Recording};
use scrubjay_session::{exchange::Exchange as Facts, memory::MemoryShelf, query::Summary, verdict::Verdict};
use scrubjay_store::{Listing, Query, Row, RunRow, Sort, open_file, run_rows};

use crate::{EngineError, Exchange, library, shelf::AnyShelf};

/// The file and what is in it.
pub(crate) struct FileHome {
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
    /// Rows of the library, made when first asked for.
    rows: OnceLock<Vec<Row>>,
    /// Nothing is written to the file, so these go with it.
    mutes: Mutex<Mutes>,
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

/// Reads a recording file.
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
    scrubjay_recording::read_within(input, limits).map_err(|error| refused(name, error))
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

/// A file that says how much of it was read, and is asked whether to go on.
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

/// What to tell of a file beside its exchanges.
pub(crate) fn remarks(recording: &Recording) -> Vec<String> {
    let damage = recording
        .damage
        .iter()
        .map(|damage| format!("The file could be read up to line {}: {}.", damage.line, damage.reason));
    let remarks = recording
        .remarks
        .iter()
        .map(|remark| format!("Line {}: {}", remark.line, remark.sentence));
    damage.chain(remarks).collect()
}

/// The facts of an exchange of a file. An edited or made one says so by a label.
pub(crate) fn facts_of(recorded: &mut Recorded) -> Facts {
    let mut exchange = std::mem::take(&mut recorded.exchange);
    if recorded.origin != Origin::Exact && !exchange.labels.iter().any(|(key, _)| key == "bytes") {
        exchange.labels.push(("bytes".into(), recorded.origin.as_str().into()));
    }
    exchange
}

fn derived(mut recorded: Recorded) -> MemoryShelf {
    MemoryShelf::new(
        facts_of(&mut recorded),
        recorded.request_body,
        recorded.chunks,
        recorded.body,
    )
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
    read.is_ok() && magic == [0x1f, 0x8b]
}

impl FileHome {
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
                .map(|recorded| Arc::new(derived(recorded)))
                .collect(),
            lines,
            rows: OnceLock::new(),
            mutes: Mutex::default(),
        })
    }

    pub(crate) fn mutes(&self) -> Mutes {
        self.mutes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_mutes(&self, mutes: Mutes) {
        *self.mutes.lock().unwrap_or_else(PoisonError::into_inner) = mutes;
    }

    pub(crate) fn indexes(&self) -> Vec<i64> {
        (0..).take(self.shelves.len()).collect()
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
        let behind = lines.frames.partition_point(|(_, begins)| *begins <= offset);
        let frame = behind.checked_sub(1).and_then(|place| lines.frames.get(place));
        Some(frame.map_or(lines.request, |(line, _)| *line))
    }

    /// A window of the library's rows.
    pub(crate) fn library(&self, ask: &Library) -> Result<LibraryPage, EngineError> {
        let rows = match self.rows.get() {
            Some(rows) => rows,
            None => {
                let rows = self.read_rows()?;
                self.rows.get_or_init(|| rows)
            }
        };
        Ok(library::page(ask.first, listing(rows, &library::query(ask))))
    }

    fn read_rows(&self) -> Result<Vec<Row>, EngineError> {
        let mut rows = Vec::new();
        for index in self.indexes() {
            let reader = Exchange::open(self.shelf(index)?)?;
            rows.extend(rows_of(reader.exchange(), reader.summary()));
        }
        Ok(rows)
    }
}

/// A row a run, or one for an exchange without.
fn rows_of(facts: &Facts, summary: &Summary) -> Vec<Row> {
    let row = |run: RunRow| Row {
        exchange: facts.index,
        source: facts.source.clone(),
        method: facts.request.method.clone(),
        target: facts.request.target.clone(),
        status: facts.response.as_ref().map(|head| head.status),
        content_type: content_type(facts),
        ending: facts.ending,
        started_at_us: facts.started_at_us,
        duration_us: facts.last_at_us,
        bytes: facts.body_len,
        chunks: facts.chunk_count,
        labels: facts.labels.clone(),
        pinned: false,
        verdict: run.verdict.unwrap_or(Verdict::NoRun),
        run,
    };
    run_rows(facts, summary).into_iter().map(row).collect()
}

fn content_type(facts: &Facts) -> String {
    let mut headers = facts.response.iter().flat_map(|head| &head.headers);
    headers
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| String::from_utf8_lossy(value))
        .and_then(|value| {
            value
                .split(';')
                .next()
                .map(|media_type| media_type.trim().to_ascii_lowercase())
        })
        .unwrap_or_default()
}

/// Which of two rows stands first; equal where the order says nothing about them.
fn order(sort: Sort, one: &Row, other: &Row) -> Ordering {
    let number = |of: fn(&Row) -> u64| of(one).cmp(&of(other));
    let title = |row: &Row| match row.run.title.as_str() {
        "" => format!("{} {}", row.method, row.target).to_ascii_lowercase(),
        title => title.to_ascii_lowercase(),
    };
    let text = |row: &Row| row.run.ttft_us.map_or((true, 0), |at_us| (false, at_us));
    let findings = |row: &Row| (row.run.errors, row.run.warnings, row.run.notes);
    match sort {
        Sort::NewestFirst => other.started_at_us.cmp(&one.started_at_us),
        Sort::OldestFirst => (one.started_at_us, one.run.run).cmp(&(other.started_at_us, other.run.run)),
        Sort::LongestFirst => number(length_us).reverse(),
        Sort::ShortestFirst => number(length_us),
        Sort::TitleAscending => title(one).cmp(&title(other)),
        Sort::TitleDescending => title(other).cmp(&title(one)),
        Sort::SoonestTextFirst => text(one).cmp(&text(other)),
        Sort::LatestTextFirst => {
            let (one, other) = (text(one), text(other));
            one.0.cmp(&other.0).then(other.1.cmp(&one.1))
        }
        Sort::MostFramesFirst => number(|row| row.run.frames).reverse(),
        Sort::FewestFramesFirst => number(|row| row.run.frames),
        Sort::MostToolsFirst => number(|row| u64::from(row.run.tools)).reverse(),
        Sort::FewestToolsFirst => number(|row| u64::from(row.run.tools)),
        Sort::LargestFirst => number(|row| row.bytes).reverse(),
        Sort::SmallestFirst => number(|row| row.bytes),
        Sort::MostFindingsFirst => findings(other).cmp(&findings(one)),
        Sort::FewestFindingsFirst => findings(one).cmp(&findings(other)),
    }
}

/// A later run of an exchange lasts from its own first frame to its last.
fn length_us(row: &Row) -> u64 {
    match row.run.run {
        Some(0) | None => row.duration_us,
        Some(_) => row.run.last_at_us.saturating_sub(row.run.first_at_us),
    }
}

/// What a store's list answers, over rows in memory.
fn listing(all: &[Row], query: &Query) -> Listing {
    let words: Vec<_> = query.text.split_whitespace().map(str::to_lowercase).collect();
    let is_run = |row: &&Row| row.verdict != Verdict::NoRun;
    let shown: Vec<&Row> = all.iter().filter(|row| query.others || is_run(row)).collect();
    let mut rows: Vec<&Row> = shown
        .iter()
        .copied()
        .filter(|row| query.source.as_ref().is_none_or(|source| *source == row.source))
        .filter(|row| query.verdicts.is_empty() || query.verdicts.contains(&row.verdict))
        .filter(|row| words.iter().all(|word| haystack(row).contains(word)))
        .collect();
    // As the store does it: equal rows stand newest first.
    rows.reverse();
    rows.sort_by(|one, other| order(query.sort, one, other));
    Listing {
        total: rows.len() as u64,
        total_unfiltered: shown.len() as u64,
        others: all.iter().filter(|row| !is_run(row)).count() as u64,
        by_source: counts(shown.iter().map(|row| row.source.clone())),
        by_verdict: counts(shown.iter().map(|row| row.verdict)),
        rows: rows
            .into_iter()
            .skip(usize::try_from(query.first).unwrap_or(usize::MAX))
            .take(query.count as usize)
            .cloned()
            .collect(),
    }
}

fn haystack(row: &Row) -> String {
    let labels = row.labels.iter().map(|(key, value)| format!("{key}={value}"));
    let mut text: Vec<String> = labels.collect();
    text.extend(
        [
            &row.source,
            &row.method,
            &row.target,
            &row.run.run_id,
            &row.run.thread_id,
            &row.run.title,
        ]
        .map(Clone::clone),
    );
    text.join("\n").to_lowercase()
}

fn counts<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<(K, u64)> {
    let mut counts = std::collections::BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts.into_iter().collect()
}
