//! What is asked again: the runs of the baselines, thread by thread.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use scrubjay_engine::{Limits, asked_thread};
use scrubjay_ipc::Code;
use scrubjay_session::exchange::Ending;

use crate::{
    args::Format,
    command::diff::{self, Thread},
    failure::{Failure, note},
    library::Library,
    safe::shortened,
};

/// All baselines.
pub(super) struct Baselines {
    /// Folder, file or store, as it was named.
    pub(super) named: PathBuf,
    pub(super) files: Vec<Baseline>,
}

/// One file, or a store.
pub(super) struct Baseline {
    pub(super) path: PathBuf,
    pub(super) library: Library,
    pub(super) threads: Vec<Thread>,
}

impl Baselines {
    pub(super) fn open(named: &Path, limits: Limits, format: Format) -> Result<Self, Failure> {
        if !named.exists() {
            return Err(Failure::new(
                Code::NotFound,
                format!("There is nothing at {}.", named.display()),
                "Name a folder of recordings, a recording or a store.",
            ));
        }
        let mut files = Vec::new();
        for path in diff::baseline::recordings(named)? {
            let library = Library::open(Some(path.clone()), limits, format)?;
            let threads = threads(&library, &path, diff::plain(format))?;
            files.push(Baseline { path, library, threads });
        }
        if files.iter().all(|file| file.threads.is_empty()) {
            return Err(Failure::new(
                Code::NotFound,
                format!("Nothing in {} asks for a run.", named.display()),
                "Name recordings of runs: scrubjay list FILE shows what is in a file.",
            ));
        }
        Ok(Self {
            named: named.to_owned(),
            files,
        })
    }

    /// Recorded paths and queries.
    pub(super) fn targets(&self) -> Result<Vec<String>, Failure> {
        let mut targets = Vec::new();
        for (file, index) in self.runs() {
            targets.push(file.library.reader(index)?.exchange().request.target.clone());
        }
        Ok(targets)
    }

    /// Only files can be replaced.
    pub(super) fn judge_accept(&self, named: &Path) -> Result<(), Failure> {
        match self.files.iter().any(|file| file.library.engine().is_store()) {
            true => Err(Failure::bad_argument(
                format!("--accept replaces recording files, and {} is a store.", named.display()),
                "Export the threads into a folder of files (scrubjay export), and name the folder.",
            )),
            false => Ok(()),
        }
    }

    /// New recordings must not fall on the baselines.
    pub(super) fn judge_output(&self, folder: &Path) -> Result<(), Failure> {
        let target = folder.canonicalize().ok();
        let own = match self.named.is_dir() {
            true => self.named.canonicalize().ok(),
            false => self
                .named
                .canonicalize()
                .ok()
                .and_then(|file| file.parent().map(Path::to_owned)),
        };
        match target.is_some() && target == own {
            true => Err(Failure::bad_argument(
                format!("{} holds the baselines themselves.", folder.display()),
                "Name another folder with --output, or replace the baselines with --accept.",
            )),
            false => Ok(()),
        }
    }

    fn runs(&self) -> impl Iterator<Item = (&Baseline, i64)> {
        self.files.iter().flat_map(|file| {
            let exchanges = file.threads.iter().flat_map(|thread| &thread.exchanges);
            exchanges.map(move |index| (file, *index))
        })
    }
}

/// Requests that carry a run input, by thread. What the recorded client gave
/// up before anything had come is left out: asked again, it would be a run
/// more than the client knows of.
fn threads(library: &Library, path: &Path, format: Format) -> Result<Vec<Thread>, Failure> {
    let mut threads: Vec<Thread> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for index in library.indexes()? {
        let mut reader = library.reader(*index)?;
        let Some(id) = asked_thread(&mut reader)? else {
            if !reader.summary().runs.is_empty() {
                not_asked(path, *index, "its request is no run input", format);
            }
            continue;
        };
        let exchange = reader.exchange();
        if exchange.ending == Ending::ClientLeft && exchange.body_len == 0 {
            not_asked(
                path,
                *index,
                "the recorded client left before anything had come",
                format,
            );
            continue;
        }
        let source = sources.entry(id.clone()).or_insert_with(|| exchange.source.clone());
        if *source != exchange.source {
            return Err(two_sources(path, &id, source, &exchange.source));
        }
        let place = *places.entry(id.clone()).or_insert(threads.len());
        match threads.get_mut(place) {
            Some(thread) => thread.exchanges.push(*index),
            None => threads.push(Thread {
                id,
                exchanges: vec![*index],
            }),
        }
    }
    Ok(threads)
}

fn not_asked(path: &Path, index: i64, why: &str, format: Format) {
    note(
        &format!("Exchange {index} of {} is not asked: {why}.", path.display()),
        format,
    );
}

/// One thread that was recorded on both sides of a runtime, for example.
fn two_sources(path: &Path, thread: &str, one: &str, other: &str) -> Failure {
    Failure::bad_argument(
        format!(
            "Thread {} of {} was recorded through two sources ({}, {}), and --url names one agent.",
            shortened(thread, 60),
            path.display(),
            shortened(one, 64),
            shortened(other, 64)
        ),
        "Export the exchanges of one source into a file: scrubjay export FILE --exchange I … -o FILE.",
    )
}
