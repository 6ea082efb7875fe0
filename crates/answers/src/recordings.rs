//! Exchanges in memory, and what is asked of them.

use std::{collections::BTreeMap, sync::Arc};

use scrubjay_ipc::{
    AnyAsk, Code, ExchangeAsk, HealthAsk, HealthView, LibraryAsk, Mutes, ReplayAsk, ReplayList, Report, RunLinks,
    SourceAsk, SourceList,
    answer::{self, Beside},
};
use scrubjay_session::{
    links::{self, Member},
    memory::MemoryShelf,
    query::{FindingEntry, Reader, Summary},
    threads::OpenInThreads,
};

use crate::{
    comparing::Comparisons,
    json,
    library::{self, Listed},
    sides::Shelves,
};

/// Exchanges by number, with all that is kept beside them until the page is closed.
#[derive(Default)]
pub struct Recordings {
    exchanges: BTreeMap<i64, Held>,
    mutes: Mutes,
    comparisons: Comparisons,
    /// What only the threads of exchanges show of them, once that is asked for.
    about_threads: Option<BTreeMap<i64, Vec<FindingEntry>>>,
    /// What they are called.
    pub name: String,
    /// Bytes of the file they came from.
    pub len: u64,
}

/// An exchange that is asked.
struct Held {
    shelf: Arc<MemoryShelf>,
    reader: Reader<Arc<MemoryShelf>>,
    rows: Vec<Listed>,
}

impl Recordings {
    /// Puts an exchange in, in the place of the one that had its number.
    pub fn put(&mut self, number: i64, shelf: MemoryShelf) {
        let shelf = Arc::new(shelf);
        // A shelf in memory is readable, and its pages are of this program's own making.
        let Ok(reader) = Reader::open(Arc::clone(&shelf)) else {
            return;
        };
        let rows = library::listed(number, reader.exchange(), reader.summary());
        self.exchanges.insert(number, Held { shelf, reader, rows });
        self.comparisons.clear();
        self.about_threads = None;
    }

    /// Takes an exchange out.
    pub fn remove(&mut self, number: i64) {
        self.exchanges.remove(&number);
        self.comparisons.clear();
        self.about_threads = None;
    }

    /// Numbers of the exchanges, in order.
    pub fn numbers(&self) -> impl Iterator<Item = i64> {
        self.exchanges.keys().copied()
    }

    /// What is muted now.
    pub fn mutes(&self) -> &Mutes {
        &self.mutes
    }

    /// Answers a question with bytes in the question's encoding.
    ///
    /// # Errors
    /// What went wrong, as a person reads it; also for what only an engine can do.
    pub fn answer(&mut self, ask: &AnyAsk) -> Result<Vec<u8>, Report> {
        match ask {
            AnyAsk::Exchange(ask) => self.ask_exchange(ask),
            AnyAsk::Library(LibraryAsk::Library(ask)) => {
                let rows: Vec<Listed> = self.rows().cloned().collect();
                let mut page = library::page(&rows, ask);
                let summary =
                    |exchange| Ok::<_, Report>(self.exchanges.get(&exchange).map(|held| held.reader.summary().clone()));
                library::leave_out(&mut page, &self.mutes, summary)?;
                let mutes = self.mutes.clone();
                library::add_about_threads(&mut page, &mutes, |exchange| {
                    Ok::<_, Report>(self.about_thread(exchange))
                })?;
                Ok(json(&page))
            }
            AnyAsk::Library(LibraryAsk::Mute(ask)) => {
                library::mute(&mut self.mutes, ask)?;
                Ok(json(&self.mutes))
            }
            AnyAsk::Library(LibraryAsk::Links(ask)) => Ok(json(&self.links(ask.exchange)?)),
            AnyAsk::Compare(ask) => {
                let shelves = InMemory(&self.exchanges);
                self.comparisons.answer(ask, &shelves)
            }
            AnyAsk::Source(SourceAsk::Sources(_)) => Ok(json(&SourceList { sources: Vec::new() })),
            AnyAsk::Health(HealthAsk::Health(_)) => Ok(json(&self.health())),
            AnyAsk::Replay(ReplayAsk::Replays(_)) => Ok(json(&ReplayList::default())),
            AnyAsk::Library(_) | AnyAsk::Source(_) | AnyAsk::Replay(_) => Err(Report::new(
                Code::BadRequest,
                "A report shows what was recorded and does no more.",
                "Save the recording and open it in Scrubjay.",
            )),
        }
    }

    fn ask_exchange(&mut self, ask: &ExchangeAsk) -> Result<Vec<u8>, Report> {
        let number = ask.exchange();
        let about_thread = self.about_thread(number);
        let held = self.exchanges.get_mut(&number).ok_or_else(|| no_exchange(number))?;
        let mutes = &self.mutes;
        answer::answer(ask, &mut held.reader, |_, _| {
            Ok(Beside {
                mutes: mutes.clone(),
                about_thread,
            })
        })
    }

    /// What only the thread of an exchange shows of it.
    fn about_thread(&mut self, number: i64) -> Vec<FindingEntry> {
        let exchanges = &self.exchanges;
        let about = self.about_threads.get_or_insert_with(|| {
            let mut threads = OpenInThreads::default();
            let each = exchanges.iter().map(|(number, held)| {
                let reader = &held.reader;
                (*number, threads.follow(*number, reader.exchange(), reader.summary()))
            });
            each.collect()
        });
        about.get(&number).cloned().unwrap_or_default()
    }

    fn links(&self, exchange: i64) -> Result<RunLinks, Report> {
        let own = self.exchanges.get(&exchange).ok_or_else(|| no_exchange(exchange))?;
        let thread = &own.reader.summary().thread_id;
        let is_member =
            |number: i64, summary: &Summary| number == exchange || (!thread.is_empty() && summary.thread_id == *thread);
        let members = self.exchanges.iter().map(|(number, held)| Member {
            exchange: *number,
            source: &held.reader.exchange().source,
            summary: held.reader.summary(),
        });
        let members = members.filter(|member| is_member(member.exchange, member.summary));
        Ok(answer::links(links::links(exchange, members)))
    }

    fn rows(&self) -> impl Iterator<Item = &Listed> {
        self.exchanges.values().flat_map(|held| &held.rows)
    }

    fn health(&self) -> HealthView {
        HealthView {
            store: self.name.clone(),
            read_only: true,
            store_bytes: self.len,
            passing_bytes: 0,
            free_bytes: None,
            low_disk: false,
            backlog_bytes: 0,
            trouble: None,
            outage: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

fn no_exchange(number: i64) -> Report {
    Report::new(Code::NotFound, format!("There is no exchange {number}."), "")
}

/// Where a comparison finds its sides.
struct InMemory<'a>(&'a BTreeMap<i64, Held>);

impl Shelves for InMemory<'_> {
    type Shelf = Arc<MemoryShelf>;
    type Error = Report;

    fn shelf(&self, exchange: i64) -> Result<Arc<MemoryShelf>, Report> {
        let held = self.0.get(&exchange).ok_or_else(|| no_exchange(exchange))?;
        Ok(Arc::clone(&held.shelf))
    }

    fn thread(&self, thread: &str) -> Result<Vec<i64>, Report> {
        let exchanges = library::of_thread(self.0.values().flat_map(|held| &held.rows), thread);
        match exchanges.is_empty() {
            true => Err(Report::new(Code::NotFound, format!("There is no thread {thread}."), "")),
            false => Ok(exchanges),
        }
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_ipc::{
        Ask, Compare, CompareStage, Comparison, Delete, Level, Library, LibraryPage, LibrarySort, Open, Opened, Side,
    };
    use scrubjay_session::exchange::{Chunk, Ending, Exchange, ResponseHead};

    use super::*;

    /// A run that says one word.
    fn run(word: &str) -> MemoryShelf {
        let body = format!(
            "data: {{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"{word}\"}}\n\n\
             data: {{\"type\":\"TEXT_MESSAGE_CHUNK\",\"messageId\":\"m\",\"delta\":\"{word}\"}}\n\n\
             data: {{\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"{word}\"}}\n\n"
        );
        let head = ResponseHead {
            status: 200,
            headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
            ..ResponseHead::default()
        };
        let exchange = Exchange {
            response: Some(head),
            ending: Ending::Complete,
            ..Exchange::default()
        };
        let chunk = Chunk {
            offset: 0,
            len: body.len() as u64,
            at_us: 9,
        };
        MemoryShelf::new(exchange, b"{}".to_vec(), vec![chunk], body.into_bytes())
    }

    fn two() -> Recordings {
        let mut recordings = Recordings::default();
        recordings.put(0, run("one"));
        recordings.put(1, run("two"));
        recordings
    }

    fn ask<A: Ask>(recordings: &mut Recordings, ask: A) -> A::Answer {
        serde_json::from_slice(&recordings.answer(&ask.into()).unwrap()).unwrap()
    }

    #[test]
    fn exchanges_are_listed_and_opened_by_their_numbers() {
        let mut recordings = two();
        let all = Library {
            text: "TWO".to_owned(),
            source: None,
            verdicts: Vec::new(),
            others: false,
            sort: LibrarySort::NewestFirst,
            first: 0,
            count: 9,
        };
        let page: LibraryPage = ask(&mut recordings, all);
        assert_eq!((page.total, page.total_unfiltered), (1, 2));
        assert_eq!((page.rows[0].exchange, page.rows[0].run_id.as_str()), (1, "two"));
        let opened: Opened = ask(&mut recordings, Open { exchange: 1 });
        assert_eq!(opened.runs[0].run_id, "two");
        let gone = recordings.answer(&Open { exchange: 2 }.into()).unwrap_err();
        assert_eq!(gone.code, Code::NotFound);
    }

    #[test]
    fn two_are_compared_at_once() {
        let mut recordings = two();
        let question = Compare {
            a: Side::Exchange(0),
            b: Side::Exchange(1),
            level: Level::Text,
            ignore: Vec::new(),
        };
        let started = ask(&mut recordings, question.clone());
        let comparison = started.comparison;
        let view = ask(&mut recordings, Comparison { comparison });
        let CompareStage::Done(result) = view.stage else {
            panic!("{:?}", view.stage);
        };
        assert!(result.first.is_some(), "they say other words");
        assert_eq!(ask(&mut recordings, question).comparison, comparison);
        let other = Comparison { comparison: 9 };
        assert_eq!(recordings.answer(&other.into()).unwrap_err().code, Code::NotFound);
    }

    #[test]
    fn what_wants_an_engine_is_refused() {
        let refused = two().answer(&Delete { exchanges: vec![0] }.into()).unwrap_err();
        assert_eq!(refused.code, Code::BadRequest);
        assert!(refused.hint.contains("Save the recording"), "{}", refused.hint);
    }
}
