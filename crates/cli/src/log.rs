//! The lines that `record` prints while it records: on standard output, or on
//! standard error where a command owns that.

mod ranges;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use scrubjay_engine::{Edge, Engine, EngineError, NewsFeed, Overview, Window};
use scrubjay_ipc::{News, Source};
use scrubjay_session::exchange::Ending;

use self::ranges::Ranges;
use crate::{
    command::list,
    contract::recorder::{ReadyLine, SourceObject},
    failure::{Failure, note, note_exposure},
    incidents, json,
    out::Out,
    safe::{safe, shortened},
    source_args, words,
};

/// A line that could not be made, because its exchange could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Beginning(i64),
    End(i64),
}

/// Prints what is captured.
pub(crate) struct Log<'a> {
    engine: &'a Engine,
    sources: &'a [Source],
    out: &'a mut Out,
    /// Exchanges whose beginning was printed, and not their end.
    began: BTreeSet<i64>,
    /// Exchanges whose lines are all printed.
    ended: Ranges,
    /// Tried again while recording; ends that do not fit in are printed when it is over.
    due: VecDeque<Due>,
    /// Looks that pass before that, and how many passed the last time.
    due_in: u32,
    due_pause: u32,
    /// Too many ended while nothing was read of it: those after this one are looked through.
    missed_from: Option<i64>,
    is_disk_low: bool,
    /// It was said that the store cannot be written.
    is_troubled: bool,
}

/// How long the lines that are left at the end may take.
const LAST_LINES: Duration = Duration::from_millis(800);
/// Between looks at incidents.
const LOOK: Duration = Duration::from_millis(200);
/// Looks between two tries of lines that cannot be made, at most: a minute.
const DUE_PAUSE: u32 = 300;
/// Lines that are tried again, at most.
const DUE: usize = 500;
/// Exchanges looked at once of those of which no news came.
const MISSED_AT_ONCE: u32 = 500;

impl<'a> Log<'a> {
    /// Of what the sources record into the engine's store after `before`, the last exchange so far.
    pub(crate) fn new(engine: &'a Engine, sources: &'a [Source], before: Option<i64>, out: &'a mut Out) -> Self {
        Self {
            engine,
            sources,
            out,
            began: BTreeSet::new(),
            ended: Ranges::with_prefix(before.unwrap_or(0)),
            due: VecDeque::new(),
            due_in: 0,
            due_pause: 0,
            missed_from: None,
            is_disk_low: false,
            is_troubled: false,
        }
    }

    /// The first line: connections are accepted.
    pub(crate) fn ready(&mut self) -> Result<(), Failure> {
        let sources = self.sources;
        for listen in sources.iter().filter_map(|source| source.listen.parse().ok()) {
            let given_away = "every machine that reaches it can use the agent behind it";
            note_exposure(listen, given_away, self.out.format);
        }
        source_args::note_sources(self.engine, sources, self.out.format);
        let store = self.engine.path().display().to_string();
        let text = if self.out.is_json() {
            let url = sources.first().map_or("", |source| source.url.as_str());
            ready_line(url, &store, sources)
        } else {
            let lines: String = sources.iter().map(source_args::source_lines).collect();
            format!("recording into {}\n{lines}", safe(&store))
        };
        self.out.text(&text)?;
        let health = self.engine.health()?;
        self.room(health.low_disk, health.free_bytes);
        Ok(())
    }

    /// Prints what comes until asked to stop. News wait while the lines before
    /// them are not read; they do not pile up where they wait.
    pub(crate) async fn follow<T>(&mut self, mut feed: NewsFeed, stop: impl Future<Output = T>) -> Result<(), Failure> {
        let mut stop = std::pin::pin!(stop);
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = &mut stop => return Ok(()),
                _ = look.tick() => {
                    incidents::print_new(self.engine, self.out)?;
                    self.print_due()?;
                    if let Some(from) = self.missed_from.filter(|_| self.out.has_room()) {
                        self.missed_from = self.print_missed(from)?;
                    }
                }
                news = feed.next(), if self.out.has_room() => match news {
                    Some(news) => {
                        self.print_news(&news)?;
                        if feed.has_missed() {
                            self.missed_from = Some(self.ended.prefix_end());
                        }
                    }
                    None => return Ok(()),
                },
            }
        }
    }

    pub(crate) fn print_news(&mut self, news: &News) -> Result<(), Failure> {
        match news {
            News::Began { exchange } if !self.out.is_json() => self.began(*exchange),
            News::Grown {
                exchange, live: false, ..
            } => self.ended(*exchange),
            News::Health(health) => {
                self.room(health.low_disk, health.free_bytes);
                self.trouble(health.trouble.as_deref());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Prints what was not printed by the time the engine was closed, for as long
    /// as there is room and time. A store that did not take everything is not
    /// asked for more.
    pub(crate) fn finish(&mut self, is_whole: bool) -> Result<(), Failure> {
        if is_whole {
            let lines = self.last_lines()?;
            let deadline = Instant::now() + LAST_LINES;
            while self.out.has_room() {
                let left = deadline.saturating_duration_since(Instant::now());
                match lines.recv_timeout(left) {
                    Ok(line) => self.out.text(&line)?,
                    Err(_over_or_late) => break,
                }
            }
        }
        incidents::print_last(self.engine, self.out)
    }

    /// Lines of exchanges that were not printed, from a thread of their own: a
    /// large one that was not derived yet takes longer than stopping may.
    fn last_lines(&self) -> Result<mpsc::Receiver<String>, Failure> {
        let indexes = self.engine.exchanges_after(self.ended.prefix_end())?.into_iter();
        let unprinted: Vec<_> = indexes.filter(|index| !self.ended.contains(*index)).collect();
        let begun = self.began.clone();
        let sources: Vec<String> = self.sources.iter().map(|source| source.name.clone()).collect();
        let (engine, as_json) = (self.engine.clone(), self.out.is_json());
        let (sender, lines) = mpsc::channel();
        thread::Builder::new().name("last lines".to_owned()).spawn(move || {
            let mut unprinted = VecDeque::from(unprinted);
            let mut failed = BTreeSet::new();
            while let Some(index) = unprinted.pop_front() {
                let overview = match engine.overview(index) {
                    Ok(Some(overview)) => overview,
                    Ok(None) => continue,
                    Err(_unread) => {
                        // Once more, after all others.
                        if failed.insert(index) {
                            unprinted.push_back(index);
                        }
                        continue;
                    }
                };
                if !sources.contains(&overview.exchange.source) {
                    continue;
                }
                let mut text = String::new();
                if !as_json && !begun.contains(&index) {
                    text.push_str(&began_line(&overview));
                }
                text.push_str(&ended_line(&overview, as_json));
                if sender.send(text).is_err() {
                    return;
                }
            }
        })?;
        Ok(lines)
    }

    /// Whether the sources recorded it, and not another process.
    fn is_ours(&self, overview: &Overview) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| source.name == overview.exchange.source)
    }

    fn began(&mut self, index: i64) -> Result<(), Failure> {
        if self.ended.contains(index) || self.began.contains(&index) {
            return Ok(());
        }
        match self.engine.overview(index) {
            Ok(Some(overview)) if self.is_ours(&overview) => {
                self.began.insert(index);
                self.out.text(&began_line(&overview))
            }
            Ok(_) => Ok(()),
            Err(_unread) => {
                self.put_off(Due::Beginning(index));
                Ok(())
            }
        }
    }

    fn ended(&mut self, index: i64) -> Result<(), Failure> {
        if self.ended.contains(index) {
            return Ok(());
        }
        let read = self.engine.overview(index);
        self.end_with(index, read)
    }

    /// Prints an end as it was read. What could not be read, because of a lock
    /// for example, waits until it can be.
    fn end_with(&mut self, index: i64, read: Result<Option<Overview>, EngineError>) -> Result<(), Failure> {
        let Ok(overview) = read else {
            self.put_off(Due::End(index));
            return Ok(());
        };
        self.ended.add(index);
        self.began.remove(&index);
        match overview.filter(|overview| self.is_ours(overview)) {
            Some(overview) => self.out.text(&ended_line(&overview, self.out.is_json())),
            None => Ok(()),
        }
    }

    fn put_off(&mut self, due: Due) {
        if self.due.len() < DUE && !self.due.contains(&due) {
            self.due.push_back(due);
        }
    }

    /// Tries the lines again that could not be made, one after the other until
    /// one of them still cannot.
    fn print_due(&mut self) -> Result<(), Failure> {
        if self.due_in > 0 {
            self.due_in -= 1;
            return Ok(());
        }
        for _ in 0..self.due.len() {
            if !self.out.has_room() {
                break;
            }
            let Some(due) = self.due.pop_front() else { break };
            match due {
                Due::Beginning(index) => self.began(index)?,
                Due::End(index) => self.ended(index)?,
            }
            if self.due.back() == Some(&due) {
                // What is damaged stays so, and each try may take long.
                self.due_pause = (self.due_pause * 2).clamp(1, DUE_PAUSE);
                self.due_in = self.due_pause;
                break;
            }
            self.due_pause = 0;
        }
        Ok(())
    }

    /// Prints some of the ends of which no news came, because too many did;
    /// gives after which exchange there may be more.
    fn print_missed(&mut self, from: i64) -> Result<Option<i64>, Failure> {
        let window = Window {
            from: Edge::After(from),
            count: MISSED_AT_ONCE,
        };
        let overviews = self.engine.overviews(window)?;
        for overview in &overviews {
            // Of what is still open, news come when it ends.
            if overview.exchange.ending != Ending::Open {
                self.ended(overview.exchange.index)?;
            }
        }
        let is_last = overviews.len() < MISSED_AT_ONCE as usize;
        Ok(overviews.last().map(|last| last.exchange.index).filter(|_| !is_last))
    }

    /// Notes once that what is recorded does not get into the store.
    fn trouble(&mut self, why: Option<&str>) {
        // A lock is let go again, mostly before a note about it is read.
        let why = why.filter(|why| !why.contains("locked"));
        if let Some(why) = why.filter(|_| !self.is_troubled) {
            let sentence = format!("What is recorded waits in the spool beside the store, and is not lost: {why}.");
            note(&sentence, self.out.format);
        }
        self.is_troubled = why.is_some();
    }

    /// Warns once that the disk is nearly full.
    fn room(&mut self, low_disk: bool, free_bytes: Option<u64>) {
        if let Some(free_bytes) = free_bytes.filter(|_| low_disk && !self.is_disk_low) {
            let free = words::bytes(free_bytes);
            note(
                &format!("Only {free} are free on the disk of the store; when it is full, traffic goes on unrecorded."),
                self.out.format,
            );
        }
        self.is_disk_low = low_disk;
    }
}

fn began_line(overview: &Overview) -> String {
    let exchange = &overview.exchange;
    format!(
        "#{} {} {}\n",
        exchange.index,
        shortened(&exchange.source, 20),
        shortened(&words::request_name(&exchange.request, &overview.summary), 93)
    )
}

/// The line of an exchange that has ended.
fn ended_line(overview: &Overview, as_json: bool) -> String {
    let (exchange, summary) = (&overview.exchange, &overview.summary);
    match as_json {
        true => list::line(exchange.index, exchange, summary),
        false => list::ended_line(exchange.index, exchange, summary),
    }
}

/// The first line, printed when connections are accepted.
pub(crate) fn ready_line(url: &str, store: &str, sources: &[Source]) -> String {
    let sources = sources.iter().map(|source| SourceObject {
        name: &source.name,
        url: &source.url,
        upstream: &source.upstream,
        replay: None,
        exchanges: None,
    });
    json::line(&ReadyLine {
        ready: true,
        url,
        store,
        sources: sources.collect(),
        replay: None,
    })
}
