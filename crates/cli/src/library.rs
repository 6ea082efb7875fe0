//! What is read: a store or a file, and which of its exchanges.

use std::path::{Path, PathBuf};

use scrubjay_engine::{AnyShelf, Engine, EngineError, Opening, Options};
use scrubjay_ipc::Code;
use scrubjay_session::{
    exchange::{Exchange, field},
    query::{Reader, Summary},
    verdict,
};

use crate::{args::Format, failure::Failure, failure::note, out::Out, safe::shortened, words};

/// Exchanges named in a hint, at most.
const NAMED: usize = 12;

/// A store or a recording file that is open for reading.
pub(crate) struct Library {
    engine: Engine,
    indexes: Vec<i64>,
}

impl Library {
    /// Opens what is named, or the default store.
    pub(crate) fn open(path: Option<PathBuf>, out: &Out) -> Result<Self, Failure> {
        let format = out.format;
        let is_default = path.is_none();
        let options = Options {
            path,
            opening: Opening::Reading,
        };
        let engine = Engine::open_within(&options, out.limits).map_err(|error| match error {
            EngineError::NothingThere { path } if is_default => nothing_yet(&path),
            error => error.into(),
        })?;
        let damage = engine.damage();
        for sentence in damage.iter().skip(usize::from(engine.is_damaged())) {
            note(sentence, format);
        }
        if let Some(bytes) = engine.left_in_spool() {
            let bytes = words::bytes(bytes);
            note(
                &format!(
                    "{bytes} that were recorded lie in the spool beside the store and are not shown: they are taken in \
                     once the store can be written."
                ),
                format,
            );
        }
        let indexes = engine.exchanges()?;
        Ok(Self { engine, indexes })
    }

    /// Makes sure that everything that can be derived once is, where there are many.
    pub(crate) fn catch_up(&self) -> Result<(), Failure> {
        if !self.engine.is_read_only() {
            self.engine.catch_up()?;
        }
        Ok(())
    }

    /// What it stands on.
    pub(crate) fn into_engine(self) -> Engine {
        self.engine
    }

    /// Numbers of all exchanges, in order.
    pub(crate) fn indexes(&self) -> &[i64] {
        &self.indexes
    }

    /// The exchange that is named, or the only one.
    pub(crate) fn one(&self, named: Option<i64>) -> Result<i64, Failure> {
        match (named, self.indexes.as_slice()) {
            (Some(index), indexes) if indexes.contains(&index) => Ok(index),
            (Some(index), _) => Err(self.unknown(index)),
            (None, [index]) => Ok(*index),
            (None, []) => Err(Failure::new(
                Code::NotFound,
                format!("There is no exchange in {}.", self.name()),
                "Record one: scrubjay record --upstream URL.",
            )),
            (None, indexes) => Err(Failure::bad_argument(
                format!(
                    "There are {} exchanges in {}, and this shows one.",
                    indexes.len(),
                    self.name()
                ),
                match self.choices() {
                    (None, named) => format!("Name one with --exchange: {named}."),
                    (Some(which), named) => format!("Name one with --exchange (these are {which}): {named}."),
                },
            )),
        }
    }

    /// The exchange that is named, or all; with whether lines must say which one they are about.
    pub(crate) fn one_or_all(&self, named: Option<i64>) -> Result<(Vec<i64>, bool), Failure> {
        match named {
            Some(index) => Ok((vec![self.one(Some(index))?], false)),
            None => Ok((self.indexes.clone(), self.indexes.len() > 1)),
        }
    }

    /// The exchanges that are named, or all.
    pub(crate) fn some_or_all(&self, named: &[i64]) -> Result<Vec<i64>, Failure> {
        if named.is_empty() {
            return Ok(self.indexes.clone());
        }
        if let Some(unknown) = named.iter().find(|index| !self.indexes.contains(index)) {
            return Err(self.unknown(*unknown));
        }
        Ok(self
            .indexes
            .iter()
            .copied()
            .filter(|index| named.contains(index))
            .collect())
    }

    /// Where an exchange lies.
    pub(crate) fn shelf(&self, index: i64) -> Result<AnyShelf, Failure> {
        Ok(self.engine.shelf(index)?)
    }

    /// Whoever answers questions about an exchange.
    pub(crate) fn reader(&self, index: i64) -> Result<Reader<AnyShelf>, Failure> {
        Reader::open(self.shelf(index)?).map_err(unreadable)
    }

    /// Says what could not be read, after everything that could was shown.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        if !self.engine.is_damaged() {
            return Ok(());
        }
        let sentence = self.engine.damage().into_iter().next().unwrap_or_default();
        Err(Failure::new(
            Code::BadFile,
            format!("{}: {sentence}", self.name()),
            match self.engine.is_too_large() {
                true => "What stands before that was read; if you trust the file, raise the limit with --max-size 2GB.",
                false => {
                    "What stands before the damage was read; get the file again from where it came from for the rest."
                }
            },
        ))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    fn unknown(&self, index: i64) -> Failure {
        Failure::new(
            Code::NotFound,
            format!("There is no exchange {index} in {}.", self.name()),
            match self.indexes.as_slice() {
                [] => "There is none at all.".to_owned(),
                _ => match self.choices() {
                    (None, named) => format!("There are: {named}."),
                    (Some(which), named) => format!("These are {which}: {named}."),
                },
            },
        )
    }

    fn name(&self) -> String {
        self.engine.path().display().to_string()
    }

    /// The last runs with what they are, or the last exchanges where there is
    /// no run; and which they are, if some are left out.
    fn choices(&self) -> (Option<String>, String) {
        let mut named = self.last(verdict::is_run);
        let thing = if named.is_empty() { "exchanges" } else { "runs" };
        if named.is_empty() {
            named = self.last(|_, _| true);
        }
        let (len, total) = (named.len(), self.indexes.len());
        let which = (len < total).then(|| format!("the last {len} {thing} of {total} exchanges"));
        named.reverse();
        (which, named.join(", "))
    }

    /// The last exchanges of a kind, newest first.
    fn last(&self, is_named: impl Fn(&Exchange, &Summary) -> bool) -> Vec<String> {
        let readers = self.indexes.iter().rev().filter_map(|index| self.reader(*index).ok());
        readers
            .filter(|reader| is_named(reader.exchange(), reader.summary()))
            .take(NAMED)
            .map(|reader| choice(&reader))
            .collect()
    }
}

fn choice(reader: &Reader<AnyShelf>) -> String {
    let name = words::request_name(&reader.exchange().request, reader.summary());
    format!("{} ({})", reader.exchange().index, shortened(&name, 53))
}

/// Says why nothing is shown of an exchange that is no stream of events; a
/// program sees that there are no lines.
pub(crate) fn note_no_events(reader: &Reader<AnyShelf>, index: i64, format: Format) {
    if reader.summary().frames > 0 || format == Format::Json {
        return;
    }
    let response = reader.exchange().response.as_ref();
    let why = match response.map(|head| field(&head.headers, "content-type")) {
        None => "it has no answer".to_owned(),
        Some(_) if reader.exchange().body_len == 0 => "the body of its answer is empty".to_owned(),
        Some(said) if said.is_empty() => "its answer is no stream of events".to_owned(),
        Some(said) => format!("its answer is {}", shortened(&said, 60)),
    };
    note(&format!("Exchange {index} has no events: {why}."), format);
}

/// The default store is made by the first recording.
fn nothing_yet(path: &Path) -> Failure {
    Failure::new(
        Code::NotFound,
        format!("There is no store at {} yet.", path.display()),
        "Record something first (scrubjay record --upstream URL), or name a file or a store to read.",
    )
}

/// A question that could not be answered.
pub(crate) fn unreadable(error: impl Into<EngineError>) -> Failure {
    Failure::from(error.into())
}
