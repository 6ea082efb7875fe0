//! The bridge of the tests: recordings in memory, answered as the engine does.
//!
//! A test can hold answers back and let them through in any order.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    io::BufReader,
    path::Path,
    rc::Rc,
    task::{Poll, Waker},
};

use any_spawner::Executor;
use reactive_graph::owner::Owner;
use scrubjay_ipc::{
    AnyAsk, Ask, Code, Delete, Deleted, Erase, HealthView, Library, LibraryAsk, LibraryPage, LibraryRow, LibrarySort,
    Mutes, News, Open, Opened, ReplayAsk, ReplayList, Report, RunLinks, SampleTaken, Source, SourceAsk, SourceList,
    Undelete, Verdict,
    answer::{Beside, answer, links},
};
use scrubjay_recording::Recorded;
use scrubjay_session::{
    exchange::Ending,
    links::{self, Member},
    memory::MemoryShelf,
    query::Reader,
};

use super::{Answering, Bridge, Cancel, Done, Progress, connect};
use crate::browser::{File, testing};

/// What a question is answered with in the place of the usual.
type Script = Box<dyn Fn(&AnyAsk) -> Option<Result<Vec<u8>, Report>>>;

/// What hears the news.
type Hear = Rc<dyn Fn(News)>;

/// Exchanges in memory, and what was asked about them.
#[derive(Default)]
pub(crate) struct Memory {
    exchanges: RefCell<BTreeMap<i64, Recorded>>,
    readers: RefCell<BTreeMap<i64, Reader<MemoryShelf>>>,
    deleted: RefCell<BTreeSet<i64>>,
    mutes: RefCell<Mutes>,
    pub(crate) sources: RefCell<Vec<Source>>,
    pub(crate) is_read_only: Cell<bool>,
    asked: RefCell<Vec<AnyAsk>>,
    script: RefCell<Option<Script>>,
    hear: RefCell<Option<Hear>>,
    gate: Gate,
}

/// Answers that are held back.
#[derive(Default)]
struct Gate {
    is_closed: Cell<bool>,
    released: RefCell<BTreeSet<usize>>,
    wakers: RefCell<Vec<Waker>>,
}

impl Gate {
    fn open(&self, released: impl IntoIterator<Item = usize>) {
        self.released.borrow_mut().extend(released);
        self.wakers.take().into_iter().for_each(Waker::wake);
    }

    async fn pass(&self, number: usize) {
        std::future::poll_fn(|context| {
            if !self.is_closed.get() || self.released.borrow().contains(&number) {
                return Poll::Ready(());
            }
            self.wakers.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl Memory {
    /// Connects the page of this thread to the recordings of these names, which
    /// get the numbers from 1 in their order.
    pub(crate) fn with(names: &[&str]) -> Shared {
        // Another test's thread may have set it.
        drop(Executor::init_futures_executor());
        let owner = Owner::new();
        owner.set();
        std::mem::forget(owner);
        let memory = Shared::default();
        for name in names {
            memory.0.add(&recording(name));
        }
        connect(Rc::new(memory.clone()));
        memory
    }

    /// Adds the exchanges of a recording's bytes; gives their numbers.
    pub(crate) fn add(&self, bytes: &[u8]) -> Vec<i64> {
        let recording = scrubjay_recording::read(BufReader::new(bytes)).expect("a recording");
        recording
            .exchanges
            .into_iter()
            .map(|recorded| {
                let number = self.exchanges.borrow().keys().last().map_or(1, |last| last + 1);
                self.show(number, &recorded, recorded.chunks.len());
                self.exchanges.borrow_mut().insert(number, recorded);
                number
            })
            .collect()
    }

    /// Shows an exchange as it was when so many chunks had come; all of them end it.
    pub(crate) fn grow(&self, number: i64, chunks: usize) {
        let recorded = self.exchanges.borrow()[&number].clone();
        self.show(number, &recorded, chunks);
    }

    fn show(&self, number: i64, recorded: &Recorded, chunks: usize) {
        let mut facts = recorded.exchange.clone();
        let (seen, rest) = recorded.chunks.split_at(chunks.min(recorded.chunks.len()));
        let len: u64 = seen.iter().map(|chunk| chunk.len).sum();
        if !rest.is_empty() {
            facts.ending = Ending::Open;
            facts.last_at_us = 0;
        }
        let body = recorded.body[..len as usize].to_vec();
        let shelf = MemoryShelf::new(facts, recorded.request_body.clone(), seen.to_vec(), body);
        let reader = Reader::open(shelf).expect("memory is readable");
        self.readers.borrow_mut().insert(number, reader);
    }

    /// Facts of an exchange.
    pub(crate) fn opened(&self, exchange: i64) -> Opened {
        let bytes = self.answer(&Open { exchange }.into()).expect("an exchange");
        serde_json::from_slice(&bytes).expect("facts")
    }

    fn answer(&self, ask: &AnyAsk) -> Result<Vec<u8>, Report> {
        match ask {
            AnyAsk::Exchange(ask) => {
                let number = serde_json::to_value(ask).expect("a question")["exchange"].as_i64();
                let mut readers = self.readers.borrow_mut();
                let reader = number.and_then(|number| readers.get_mut(&number));
                let reader = reader.ok_or_else(|| Report::new(Code::NotFound, "There is no such exchange.", ""))?;
                let mut bytes = answer(ask, reader, |_, _| Ok(beside(&self.mutes.borrow())))?;
                // A shelf in memory knows its number in the file alone.
                if let scrubjay_ipc::ExchangeAsk::Open(ask) = ask {
                    let mut opened: Opened = serde_json::from_slice(&bytes).expect("facts");
                    opened.exchange = ask.exchange;
                    bytes = serde_json::to_vec(&opened).expect("facts are JSON");
                }
                Ok(bytes)
            }
            AnyAsk::Library(ask) => Ok(self.library(ask)),
            AnyAsk::Source(SourceAsk::Sources(_)) => Ok(json::<scrubjay_ipc::Sources>(&SourceList {
                sources: self.sources.borrow().clone(),
            })),
            AnyAsk::Health(_) => Ok(json::<scrubjay_ipc::Health>(&self.health())),
            AnyAsk::Replay(ReplayAsk::Replays(_)) => Ok(json::<scrubjay_ipc::Replays>(&ReplayList::default())),
            AnyAsk::Source(_) | AnyAsk::Compare(_) | AnyAsk::Replay(_) => {
                Err(Report::new(Code::BadRequest, "Only the engine answers this.", ""))
            }
        }
    }

    fn health(&self) -> HealthView {
        HealthView {
            store: "memory".to_owned(),
            read_only: self.is_read_only.get(),
            store_bytes: 0,
            passing_bytes: 0,
            free_bytes: None,
            low_disk: false,
            backlog_bytes: 0,
            trouble: None,
            outage: None,
            version: "0".to_owned(),
        }
    }

    fn library(&self, ask: &LibraryAsk) -> Vec<u8> {
        let deleted = |exchanges: &[i64]| Deleted {
            exchanges: exchanges.to_vec(),
        };
        match ask {
            LibraryAsk::Library(ask) => json::<Library>(&self.page(ask)),
            LibraryAsk::Delete(ask) => {
                self.deleted.borrow_mut().extend(&ask.exchanges);
                json::<Delete>(&deleted(&ask.exchanges))
            }
            LibraryAsk::Undelete(ask) => {
                self.deleted.borrow_mut().retain(|one| !ask.exchanges.contains(one));
                json::<Undelete>(&deleted(&ask.exchanges))
            }
            LibraryAsk::Erase(ask) => {
                self.readers.borrow_mut().retain(|one, _| !ask.exchanges.contains(one));
                json::<Erase>(&deleted(&ask.exchanges))
            }
            // There is one sample, whichever is asked for.
            LibraryAsk::TakeSample(_) => json::<scrubjay_ipc::TakeSample>(&SampleTaken {
                exchanges: self.add(&recording("state-with-failed-patch")),
            }),
            LibraryAsk::Links(ask) => json::<scrubjay_ipc::Links>(&self.links(ask.exchange)),
            LibraryAsk::Mute(ask) => {
                let mut mutes = self.mutes.borrow_mut();
                mutes.everywhere.retain(|rule| *rule != ask.rule);
                if ask.muted {
                    mutes.everywhere.push(ask.rule.clone());
                }
                json::<scrubjay_ipc::Mute>(&mutes)
            }
        }
    }

    fn links(&self, exchange: i64) -> RunLinks {
        let (readers, deleted) = (self.readers.borrow(), self.deleted.borrow());
        let thread = readers.get(&exchange).map(|reader| &reader.summary().thread_id);
        let is_member = |(number, reader): &(&i64, &Reader<MemoryShelf>)| {
            !deleted.contains(number) && Some(&reader.summary().thread_id) == thread
        };
        let members = readers.iter().filter(is_member).map(|(number, reader)| Member {
            exchange: *number,
            source: &reader.exchange().source,
            summary: reader.summary(),
        });
        links(links::links(exchange, members))
    }

    fn page(&self, ask: &Library) -> LibraryPage {
        let numbers: Vec<i64> = self.readers.borrow().keys().copied().collect();
        let shown = |number: &&i64| !self.deleted.borrow().contains(number);
        let all: Vec<LibraryRow> = numbers
            .iter()
            .filter(shown)
            .flat_map(|number| rows_of(&self.opened(*number)))
            .collect();
        let (runs, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.run.is_some());
        let other_count = others.len() as u64;
        let mut rows = runs;
        rows.extend(others.into_iter().filter(|_| ask.others));
        let total_unfiltered = rows.len() as u64;
        rows.retain(|row| ask.verdicts.is_empty() || ask.verdicts.contains(&row.verdict));
        let is_found = |row: &LibraryRow| row.title.contains(&ask.text) || row.thread_id.contains(&ask.text);
        rows.retain(|row| is_found(row) && ask.source.as_ref().is_none_or(|one| *one == row.source));
        rows.sort_by_key(|row| (row.exchange, row.run));
        if ask.sort == LibrarySort::NewestFirst {
            rows.reverse();
        }
        LibraryPage {
            first: ask.first,
            total: rows.len() as u64,
            total_unfiltered,
            others: other_count,
            rows: rows
                .into_iter()
                .skip(ask.first as usize)
                .take(ask.count as usize)
                .collect(),
            by_source: Vec::new(),
            by_verdict: Vec::new(),
        }
    }
}

fn rows_of(opened: &Opened) -> Vec<LibraryRow> {
    let row = |run: Option<usize>| {
        let known = run.map(|run| &opened.runs[run]);
        LibraryRow {
            exchange: opened.exchange,
            run: run.map(|run| run as u32),
            source: opened.source.clone(),
            method: opened.method.clone(),
            target: opened.target.clone(),
            status: opened.status,
            content_type: opened.content_type.clone(),
            run_id: known.map_or_else(String::new, |run| run.run_id.clone()),
            thread_id: opened.thread_id.clone(),
            title: known.map_or_else(|| opened.name.clone(), |run| run.run_id.clone()),
            verdict: known.map_or(opened.without_run.unwrap_or(Verdict::NoRun), |run| run.verdict),
            ending: opened.ending,
            started_at: opened.started_at.clone(),
            started_at_millis: opened.started_at_millis,
            duration_us: opened.duration_us,
            ttft_us: opened.ttft_us,
            frames: u64::from(opened.frames),
            bytes: opened.bytes,
            tools: 0,
            errors: opened.findings[0],
            warnings: opened.findings[1],
            notes: opened.findings[2],
            labels: Vec::new(),
            first_seq: known.map_or(0, |run| run.first_seq),
            last_seq: known.map_or(opened.frames, |run| run.last_seq),
        }
    };
    match opened.runs.len() {
        0 => vec![row(None)],
        runs => (0..runs).map(|run| row(Some(run))).collect(),
    }
}

/// An answer in the encoding of its question.
pub(crate) fn json<A: Ask>(answer: &A::Answer) -> Vec<u8> {
    serde_json::to_vec(answer).expect("an answer is JSON")
}

/// A recording that comes with Scrubjay.
pub(crate) fn recording(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings");
    std::fs::read(folder.join(format!("{name}.agui.jsonl"))).expect("a recording")
}

fn beside(mutes: &Mutes) -> Beside {
    Beside {
        mutes: mutes.clone(),
        ..Beside::default()
    }
}

/// The memory as the page and its test share it.
#[derive(Clone, Default)]
pub(crate) struct Shared(Rc<Memory>);

impl std::ops::Deref for Shared {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.0
    }
}

impl Shared {
    /// Lets everything happen that is due within half a second.
    pub(crate) fn settle(&self) {
        self.wait(500.0);
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn wait(&self, millis: f64) {
        let until = crate::browser::now_ms() + millis;
        Executor::poll_local();
        while let Some(timer) = testing::next_timer(until) {
            timer();
            Executor::poll_local();
        }
    }

    /// Brings news to the page.
    pub(crate) fn bring(&self, news: News) {
        let hear = self.hear.borrow().clone();
        if let Some(hear) = hear {
            hear(news);
        }
    }

    /// An exchange has more, and the page hears of it.
    pub(crate) fn bring_growth(&self, exchange: i64, chunks: usize) {
        self.grow(exchange, chunks);
        let opened = self.opened(exchange);
        self.bring(News::Grown {
            exchange,
            frames: opened.frames,
            duration_us: opened.duration_us,
            live: opened.ending == Ending::Open,
        });
    }

    /// Holds answers back from now on.
    pub(crate) fn hold(&self) {
        self.gate.is_closed.set(true);
    }

    /// Lets one answer through, by the number of its question.
    pub(crate) fn release(&self, number: usize) {
        self.gate.open([number]);
        Executor::poll_local();
    }

    /// Lets all answers through again.
    pub(crate) fn release_all(&self) {
        self.gate.is_closed.set(false);
        self.gate.open([]);
        self.settle();
    }

    /// Questions that were asked, with their numbers.
    pub(crate) fn asked<T>(&self, wanted: impl Fn(&AnyAsk) -> Option<T>) -> Vec<(usize, T)> {
        let asked = self.asked.borrow();
        let numbered = asked.iter().enumerate();
        numbered
            .filter_map(|(number, ask)| Some((number, wanted(ask)?)))
            .collect()
    }

    /// Answers in the place of the usual.
    pub(crate) fn script(&self, script: impl Fn(&AnyAsk) -> Option<Result<Vec<u8>, Report>> + 'static) {
        *self.script.borrow_mut() = Some(Box::new(script));
    }
}

impl Bridge for Shared {
    fn ask(&self, ask: AnyAsk) -> Answering<Vec<u8>> {
        let number = self.asked.borrow().len();
        self.asked.borrow_mut().push(ask.clone());
        let scripted = self.script.borrow().as_ref().and_then(|script| script(&ask));
        let answer = scripted.unwrap_or_else(|| self.answer(&ask));
        let memory = self.clone();
        Box::pin(async move {
            memory.gate.pass(number).await;
            answer
        })
    }

    fn listen(&self, hear: Hear) {
        *self.hear.borrow_mut() = Some(hear);
    }

    fn import(&self, file: &File, progress: Progress, done: Done) -> Cancel {
        progress(1.0);
        self.add(&file.bytes);
        done(Ok(()));
        self.bring(News::Library);
        Rc::new(|| {})
    }

    fn export(&self, exchange: i64) -> Answering<Option<String>> {
        Box::pin(async move { Ok(Some(format!("exchange-{exchange}.agui.jsonl"))) })
    }

    fn saves_downloads(&self) -> bool {
        false
    }
}
