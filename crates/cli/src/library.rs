//! What is read: a store or a file, and which of its exchanges.

use std::{
    cell::OnceCell,
    ops::ControlFlow,
    path::{Path, PathBuf},
    thread,
};

use scrubjay_engine::{AnyShelf, Edge, Engine, EngineError, Limits, Opening, Options, Overview, Window};
use scrubjay_ipc::Code;
use scrubjay_session::{
    exchange::{Exchange, field},
    query::{Reader, Summary},
    verdict,
};

use crate::{args::Format, failure::Failure, failure::note, safe::shortened, words};

/// Exchanges named in a hint, at most.
const NAMED: usize = 12;
/// Exchanges whose overviews are read at once.
const AT_ONCE: u32 = 500;

/// Which exchanges come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

/// A store or a recording file that is open for reading.
pub(crate) struct Library {
    engine: Engine,
    /// Read when first asked for: a list of the latest does not need them.
    indexes: OnceCell<Vec<i64>>,
}

fn read(path: Option<PathBuf>, limits: Limits) -> Result<Engine, EngineError> {
    let options = Options {
        path,
        opening: Opening::Reading,
    };
    Engine::open_within(&options, limits)
}

impl Library {
    /// Opens what is named, or the default store.
    pub(crate) fn open(path: Option<PathBuf>, limits: Limits, format: Format) -> Result<Self, Failure> {
        let is_default = path.is_none();
        let engine = read(path, limits).map_err(|error| match error {
            EngineError::NothingThere { path } if is_default => nothing_yet(&path),
            error => error.into(),
        })?;
        Ok(Self::of(engine, format))
    }

    /// Opens two at the same time, or one that is named twice once.
    pub(crate) fn open_both(paths: [&Path; 2], limits: Limits, format: Format) -> Result<[Self; 2], Failure> {
        let [a, b] = paths.map(Path::to_owned);
        if a == b {
            let engine = read(Some(a), limits)?;
            return Ok([Self::of(engine.clone(), format), Self::silent(engine)]);
        }
        let (a, b) = thread::scope(|scope| {
            let reading_b = scope.spawn(|| read(Some(b), limits));
            let a = read(Some(a), limits);
            let b = reading_b.join();
            (a, b.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let a = Self::of(a?, format);
        Ok([a, Self::of(b?, format)])
    }

    /// What was opened; notes what is wrong with it.
    fn of(engine: Engine, format: Format) -> Self {
        let damage = engine.damage();
        for sentence in damage.iter().skip(usize::from(engine.is_damaged())) {
            note(sentence, format);
        }
        for sentence in engine.remarks() {
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
        Self::silent(engine)
    }

    fn silent(engine: Engine) -> Self {
        Self {
            engine,
            indexes: OnceCell::new(),
        }
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
    pub(crate) fn indexes(&self) -> Result<&[i64], Failure> {
        if let Some(indexes) = self.indexes.get() {
            return Ok(indexes);
        }
        let indexes = self.engine.exchanges()?;
        Ok(self.indexes.get_or_init(|| indexes))
    }

    /// Looks at the exchanges one after the other, until `visit` breaks.
    pub(crate) fn each(
        &self,
        order: Order,
        visit: impl FnMut(Overview) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        self.each_from_few(order, usize::MAX, visit)
    }

    /// As [`Library::each`], but `few` are read first and then more and more:
    /// where not all of them are wanted, the rest is not derived for nothing.
    pub(crate) fn each_from_few(
        &self,
        order: Order,
        few: usize,
        visit: impl FnMut(Overview) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<(), Failure> {
        let read = |window| Ok(self.engine.overviews(window)?);
        windows(order, few, read, |overview| overview.exchange.index, visit)
    }

    /// The exchange that is named, or the only one.
    pub(crate) fn one(&self, named: Option<i64>) -> Result<i64, Failure> {
        match (named, self.indexes()?) {
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

    /// The exchange that is named, or all; with whether lines must name their exchange.
    pub(crate) fn one_or_all(&self, named: Option<i64>) -> Result<(Vec<i64>, bool), Failure> {
        match named {
            Some(index) => Ok((vec![self.one(Some(index))?], false)),
            None => Ok((self.indexes()?.to_vec(), self.indexes()?.len() > 1)),
        }
    }

    /// The exchanges that are named, or all.
    pub(crate) fn some_or_all(&self, named: &[i64]) -> Result<Vec<i64>, Failure> {
        match named {
            [] => Ok(self.indexes()?.to_vec()),
            _ => self.named(named),
        }
    }

    /// The exchanges that are named, each once and in order.
    pub(crate) fn named(&self, named: &[i64]) -> Result<Vec<i64>, Failure> {
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let indexes = self.indexes()?;
        if let Some(unknown) = named.iter().find(|index| !indexes.contains(index)) {
            return Err(self.unknown(*unknown));
        }
        let is_named = |index: &i64| named.contains(index);
        Ok(indexes.iter().copied().filter(is_named).collect())
    }

    /// Where an exchange lies.
    pub(crate) fn shelf(&self, index: i64) -> Result<AnyShelf, Failure> {
        Ok(self.engine.shelf(index)?)
    }

    /// A reader that answers questions about an exchange.
    pub(crate) fn reader(&self, index: i64) -> Result<Reader<AnyShelf>, Failure> {
        Reader::open(self.shelf(index)?).map_err(unreadable)
    }

    /// Fails with what could not be read, after everything that could was shown.
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
            match self.known() {
                [] => "There is none at all.".to_owned(),
                _ => match self.choices() {
                    (None, named) => format!("There are: {named}."),
                    (Some(which), named) => format!("These are {which}: {named}."),
                },
            },
        )
    }

    /// The numbers for a hint; none where they cannot be read.
    fn known(&self) -> &[i64] {
        self.indexes().unwrap_or_default()
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
        let (len, total) = (named.len(), self.known().len());
        let which = (len < total).then(|| format!("the last {len} {thing} of {total} exchanges"));
        named.reverse();
        (which, named.join(", "))
    }

    /// The last exchanges of a kind, newest first.
    fn last(&self, is_named: impl Fn(&Exchange, &Summary) -> bool) -> Vec<String> {
        let readers = self.known().iter().rev().filter_map(|index| self.reader(*index).ok());
        readers
            .filter(|reader| is_named(reader.exchange(), reader.summary()))
            .take(NAMED)
            .map(|reader| choice(&reader))
            .collect()
    }
}

/// Reads windows one after the other, each twice as large as the one before up
/// to [`AT_ONCE`], until one is empty or `visit` breaks.
fn windows<T>(
    order: Order,
    few: usize,
    mut read: impl FnMut(Window) -> Result<Vec<T>, Failure>,
    index_of: impl Fn(&T) -> i64,
    mut visit: impl FnMut(T) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let mut count = u32::try_from(few).unwrap_or(AT_ONCE).clamp(1, AT_ONCE);
    let mut from = match order {
        Order::OldestFirst => Edge::After(i64::MIN),
        Order::NewestFirst => Edge::Before(i64::MAX),
    };
    loop {
        let items = read(Window { from, count })?;
        let Some(last) = items.last() else { return Ok(()) };
        from = match order {
            Order::OldestFirst => Edge::After(index_of(last)),
            Order::NewestFirst => Edge::Before(index_of(last)),
        };
        for item in items {
            if visit(item)?.is_break() {
                return Ok(());
            }
        }
        count = (count * 2).min(AT_ONCE);
    }
}

fn choice(reader: &Reader<AnyShelf>) -> String {
    let name = words::request_name(&reader.exchange().request, reader.summary());
    format!("{} ({})", reader.exchange().index, shortened(&name, 53))
}

/// Notes why nothing is shown of an exchange that is no stream of events; a
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of 2,000 exchanges each window asks for, until `wanted` of those that `takes` were seen.
    fn asked(few: usize, wanted: usize, takes: impl Fn(i64) -> bool) -> Vec<u32> {
        let mut counts = Vec::new();
        let read = |window: Window| {
            counts.push(window.count);
            let Edge::Before(edge) = window.from else {
                return Ok(Vec::new());
            };
            let before = (1..edge.min(2_001)).rev();
            Ok(before.take(window.count as usize).collect())
        };
        let (mut seen, mut next) = (0, 2_000);
        let visit = |index: i64| {
            assert_eq!(index, next, "each once, the newest first");
            next -= 1;
            seen += usize::from(takes(index));
            Ok(match seen < wanted {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            })
        };
        assert!(windows(Order::NewestFirst, few, read, |index| *index, visit).is_ok());
        counts
    }

    #[test]
    fn a_few_are_read_where_a_few_are_wanted() {
        assert_eq!(asked(3, 3, |_| true), [3]);
        assert_eq!(asked(3, 3, |index| index % 2 == 0), [3, 6]);
        assert_eq!(asked(300, 300, |index| index <= 1_000), [300, 500, 500]);
        assert_eq!(asked(1_000, 1_000, |_| true), [500, 500]);
        let all = asked(400, usize::MAX, |_| true);
        assert_eq!(all, [400, 500, 500, 500, 500, 500], "the last one is empty");
    }
}
