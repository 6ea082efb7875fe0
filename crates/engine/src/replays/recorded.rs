//! The recordings that a replay serves.

use std::sync::Arc;

use scrubjay_replay::Recorded;
use scrubjay_session::{exchange::Ending, shelf::Shelf as _};

use super::FALLBACK_NAME;
use crate::{EngineError, Exchange, shelf::AnyShelf, storage::Storage};

/// What can be served of these exchanges; of all, when none is named.
pub(super) fn chosen(storage: &Storage, exchanges: &[i64], source: &str) -> Result<Vec<Recorded>, EngineError> {
    let shelves = ended(storage, exchanges)?.into_iter();
    let recorded: Result<Vec<_>, _> = shelves
        .map(|(_, shelf)| Ok::<_, EngineError>(Recorded::open(Arc::new(shelf))?))
        .collect();
    let mut recorded = recorded?;
    if recorded.is_empty() {
        return Err(EngineError::NothingToReplay {
            path: storage.path().to_owned(),
        });
    }
    if !source.is_empty() {
        let known = names(recorded.iter().map(|one| one.exchange.source.as_str()));
        recorded.retain(|one| [source, FALLBACK_NAME].contains(&one.exchange.source.as_str()));
        if !known.iter().any(|name| name == source) {
            return Err(EngineError::NothingOfSource {
                path: storage.path().to_owned(),
                name: source.to_owned(),
                known,
            });
        }
    }
    Ok(recorded)
}

/// Names of the sources of these exchanges (of all, when none is named), in
/// the order in which they were first asked.
pub(super) fn sources(storage: &Storage, exchanges: &[i64]) -> Result<Vec<String>, EngineError> {
    let ended = ended(storage, exchanges)?;
    Ok(names(ended.iter().map(|(source, _)| source.as_str())))
}

/// Sources and shelves of the exchanges that have ended; one that is still
/// being recorded has no end yet.
fn ended(storage: &Storage, exchanges: &[i64]) -> Result<Vec<(String, AnyShelf)>, EngineError> {
    let wanted = match exchanges {
        [] => storage.exchanges()?,
        some => some.to_vec(),
    };
    let mut ended = Vec::with_capacity(wanted.len());
    for index in wanted {
        let shelf = storage.shelf(index)?;
        let facts = shelf.exchange()?;
        if facts.ending != Ending::Open {
            ended.push((facts.source, shelf));
        }
    }
    Ok(ended)
}

/// Each name once. What a fallback answered is of no source of its own.
fn names<'a>(sources: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in sources {
        if !name.is_empty() && name != FALLBACK_NAME && names.iter().all(|known| known != name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// What is served, in a few words: the file's name and the source, or the runs' titles.
pub(super) fn title(storage: &Storage, exchanges: &[i64], source: &str) -> String {
    let file = storage
        .path()
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let titles = exchanges.iter().take(3).filter_map(|index| {
        let reader = Exchange::open(storage.shelf(*index).ok()?).ok()?;
        Some(reader.summary().title.clone()).filter(|title| !title.is_empty())
    });
    let mut titles: Vec<String> = titles.collect();
    if titles.is_empty() {
        return match source {
            "" => file,
            source => format!("{file}, {source}"),
        };
    }
    if exchanges.len() > titles.len() {
        titles.push(format!("{} more", exchanges.len() - titles.len()));
    }
    titles.join(", ")
}
