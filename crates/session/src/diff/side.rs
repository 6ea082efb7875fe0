//! What is compared with what.

use std::collections::HashMap;

use super::{Stopped, document, hash, threads::Thread};
use crate::{
    exchange::Exchange,
    query::{Failed, Reader, Summary},
    shelf::Shelf,
    words,
};

/// One exchange of a side, or one run of it.
#[derive(Clone, Debug)]
pub struct Part<S> {
    pub shelf: S,
    /// Its number, as a person names it.
    pub exchange: i64,
    /// Only this run of it, from 0.
    pub run: Option<u32>,
    /// Of which thread of its side it is: threads count from 0 and follow each other.
    pub thread: u32,
}

impl<S> Part<S> {
    /// All of an exchange.
    pub fn whole(exchange: i64, shelf: S) -> Self {
        Self {
            shelf,
            exchange,
            run: None,
            thread: 0,
        }
    }
}

/// One side: exchanges that follow each other.
pub type Side<S> = Vec<Part<S>>;

/// What is known of a side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideFacts {
    /// Run or thread, as the stream names it.
    pub title: String,
    pub exchanges: Vec<i64>,
    /// Wall clock of the first, microseconds since 1970.
    pub started_at_us: i64,
    /// Frames compared.
    pub frames: u32,
    /// Time from each request to its last frame, together.
    pub duration_us: u64,
    /// To the first character of text in the first exchange that has any.
    pub ttft_us: Option<u64>,
    /// Version of the protocol that the runs declare.
    pub protocol_version: Option<String>,
}

/// Frames of a part that are compared: first and last, 1 and 0 if there are none.
pub(crate) fn window_of(summary: &Summary, run: Option<u32>) -> (u32, u32) {
    match run {
        None => (1, summary.frames),
        Some(run) => summary
            .runs
            .get(run as usize)
            .map_or((1, 0), |run| (run.first_seq, run.last_seq)),
    }
}

/// A side's readers, of which the last used stay open.
pub(crate) struct OpenSide<S: Shelf> {
    parts: Side<S>,
    readers: Vec<(u32, Reader<S>)>,
}

/// Readers kept of a side.
const KEPT: usize = 2;

impl<S: Shelf + Clone> OpenSide<S> {
    pub(crate) fn new(parts: Side<S>) -> Self {
        Self {
            parts,
            readers: Vec::new(),
        }
    }

    pub(crate) fn parts(&self) -> &[Part<S>] {
        &self.parts
    }

    /// Of which thread a part is.
    pub(crate) fn thread_of(&self, part: u32) -> u32 {
        self.parts.get(part as usize).map_or(0, |part| part.thread)
    }

    /// Whether a part is the first of its thread.
    pub(crate) fn begins(&self, part: u32) -> bool {
        part == 0 || self.thread_of(part - 1) != self.thread_of(part)
    }

    /// The threads of the side, each with what pairs it.
    pub(crate) fn threads(&mut self) -> Result<Vec<Thread>, Failed<S::Error>> {
        let mut threads = Vec::new();
        for part in 0..self.parts.len() as u32 {
            if self.begins(part) {
                threads.push(thread_in(self.reader(part)?)?);
            }
        }
        Ok(threads)
    }

    pub(crate) fn reader(&mut self, part: u32) -> Result<&mut Reader<S>, Failed<S::Error>> {
        let kept = self.readers.iter().position(|(number, _)| *number == part);
        let reader = match kept {
            Some(place) => self.readers.remove(place).1,
            None => {
                let Some(known) = self.parts.get(part as usize) else {
                    return Err(Failed::Nothing {
                        place: format!("exchange {part} of this side"),
                    });
                };
                Reader::open(known.shelf.clone())?
            }
        };
        self.readers.push((part, reader));
        let surplus = self.readers.len().saturating_sub(KEPT);
        self.readers.drain(..surplus);
        let (_, reader) = self.readers.last_mut().expect("it was just put there");
        Ok(reader)
    }
}

impl SideFacts {
    pub(crate) fn add(&mut self, index: i64, run: Option<u32>, exchange: &Exchange, summary: &Summary) {
        if self.exchanges.is_empty() {
            self.started_at_us = exchange.started_at_us;
            self.title = match run.and_then(|run| summary.runs.get(run as usize)) {
                Some(run) => run.run_id.clone(),
                None if !summary.title.is_empty() => summary.title.clone(),
                None => words::request_name(&exchange.request, summary),
            };
        }
        let (first, last) = window_of(summary, run);
        let run = run.and_then(|run| summary.runs.get(run as usize));
        self.exchanges.push(index);
        self.frames += (last + 1).saturating_sub(first);
        self.duration_us += match run {
            Some(run) => run.last_at_us.saturating_sub(run.first_at_us),
            None => exchange.last_at_us,
        };
        let ttft_us = match run {
            Some(run) => run.first_text_us.map(|at_us| at_us.saturating_sub(run.first_at_us)),
            None => summary.ttft_us,
        };
        self.ttft_us = self.ttft_us.or(ttft_us);
    }
}

/// Puts exchanges into threads. Exchanges of one source and one thread id are
/// a thread, in their order; what carries no run belongs together by its
/// request. Gives with them how many were left out: unless `all` are wanted,
/// those that carry no run where others do.
///
/// # Errors
/// When an exchange cannot be read.
pub fn side_of<S: Shelf + Clone>(parts: Vec<Part<S>>, all: bool) -> Result<(Side<S>, usize), Failed<S::Error>> {
    let mut known = Vec::with_capacity(parts.len());
    for part in parts {
        let reader = Reader::open(part.shelf.clone())?;
        let (exchange, summary) = (reader.exchange(), reader.summary());
        let is_run = carries_run(summary);
        let name = match is_run {
            true => summary.thread_id.clone(),
            false => words::request_name(&exchange.request, summary),
        };
        known.push((part, is_run, (exchange.source.clone(), is_run, name)));
    }
    let runs = known.iter().filter(|(_, is_run, _)| *is_run).count();
    let only_runs = !all && runs > 0;
    let left_out = if only_runs { known.len() - runs } else { 0 };
    let mut numbers = HashMap::new();
    let mut side: Side<S> = known
        .into_iter()
        .filter(|(_, is_run, _)| *is_run || !only_runs)
        .map(|(part, _, name)| {
            let next = numbers.len() as u32;
            let thread = *numbers.entry(name).or_insert(next);
            Part { thread, ..part }
        })
        .collect();
    side.sort_by_key(|part| part.thread);
    Ok((side, left_out))
}

/// Whether an exchange asks for a run or holds one.
fn carries_run(summary: &Summary) -> bool {
    summary.is_run_input || !summary.runs.is_empty()
}

/// What a thread's first exchange says of it. What is no run is known by its request.
///
/// # Errors
/// When it cannot be read.
pub fn thread_in<S: Shelf>(first: &mut Reader<S>) -> Result<Thread, Failed<S::Error>> {
    let body = first.request_body()?;
    let (exchange, summary) = (first.exchange(), first.summary());
    let (asked, asks) = match document::asked_in(&body) {
        Some((asked, asks)) => (Some(asked), asks),
        None if carries_run(summary) => (None, String::new()),
        None => {
            let words = words::request_name(&exchange.request, summary);
            (Some(hash::of((&words, &body))), words)
        }
    };
    Ok(Thread {
        source: exchange.source.clone(),
        id: summary.thread_id.clone(),
        asked,
        asks,
    })
}

/// Hears how much more was done, and says whether to go on.
pub(crate) struct Pace<'a>(&'a mut dyn FnMut(u64) -> bool);

impl<'a> Pace<'a> {
    pub(crate) fn new(hear: &'a mut dyn FnMut(u64) -> bool) -> Self {
        Self(hear)
    }

    /// So much more was done.
    pub(crate) fn step<E>(&mut self, more: u64) -> Result<(), Stopped<E>> {
        match (self.0)(more) {
            true => Ok(()),
            false => Err(Stopped::Cancelled),
        }
    }
}
