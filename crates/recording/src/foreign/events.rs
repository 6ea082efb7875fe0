//! Lists of events, in an array or one after the other, and the log of
//! CopilotKit's inspector.

use std::collections::BTreeMap;

use super::{
    document::{Halt, Part, fields, number, or_end, string, walk},
    recognise::first_text,
    taking::Taking,
};
use crate::read::{FRAME_LEN, Stop};

/// The lists in which events may stand.
const LISTS: [&str; 2] = ["", "events"];

/// Takes a list of events.
pub(super) fn take(taking: &mut Taking<'_>) -> Result<(), Halt> {
    taking.name = "list of events";
    let (text, end) = taking.text();
    let mut clock = Clock::default();
    let is_array = text.trim_ascii_start().starts_with('[');
    let mut take = |text: &str, at: usize| {
        let [timestamp] = fields(text, ["timestamp"]);
        let at_us = clock.at_us(number(timestamp));
        taking.event(at, text, at_us)
    };
    let walked = each_event(text, &mut take);
    clock.set(taking);
    let shape = if is_array {
        "a JSON array of events"
    } else {
        "a list of JSON events"
    };
    taking.note(format!(
        "The file is {shape}: it has no request, no headers and {}; the stream is made from the events.",
        clock.words()
    ));
    or_end(walked, end)
}

/// Gives the objects of a list, or of texts that follow each other.
fn each_event(text: &str, take: &mut dyn FnMut(&str, usize) -> Result<(), Stop>) -> Result<(), Halt> {
    let first = text.trim_ascii_start();
    let holds_list = first.starts_with('{') && fields(first_text(first), ["type", "events"])[0].is_none();
    let lists: &[&str] = if holds_list { &LISTS } else { &LISTS[..1] };
    walk(text, lists, &mut |part, value, at| match part {
        Part::Item(_) | Part::Member("") if value.starts_with('{') => take(value, at),
        Part::Item(_) | Part::Member("") => Err(Stop::Damaged("it is no JSON object".to_owned())),
        Part::Name(_) | Part::Member(_) => Ok(()),
    })
}

/// Times of events from the wall clock that they carry, if they do.
#[derive(Default)]
pub(super) struct Clock {
    /// Wall clock of the first event that has one, milliseconds since 1970.
    first_millis: Option<f64>,
    last_at_us: u64,
}

/// Wall clocks that are believed: up to the year 5138.
const MAX_MILLIS: f64 = 1e14;

impl Clock {
    /// When an event came; with the one before it where it does not carry a time.
    pub(super) fn at_us(&mut self, millis: Option<f64>) -> u64 {
        let Some(millis) = millis.filter(|millis| (1.0..MAX_MILLIS).contains(millis)) else {
            return self.last_at_us;
        };
        let first = *self.first_millis.get_or_insert(millis);
        let at_us = ((millis - first) * 1000.0).round().max(0.0) as u64;
        self.last_at_us = self.last_at_us.max(at_us);
        self.last_at_us
    }

    fn set(&self, taking: &mut Taking<'_>) {
        if let (Some(millis), Some(recorded)) = (self.first_millis, taking.recording.exchanges.last_mut()) {
            recorded.exchange.started_at_us = (millis * 1000.0) as i64;
        }
    }

    fn words(&self) -> &'static str {
        match self.first_millis {
            Some(_) => "no times but those that its events carry",
            None => "no times",
        }
    }
}

/// An entry of the inspector's log.
struct Entry<'t> {
    at: usize,
    payload: &'t str,
    millis: Option<f64>,
    /// The number in its id, `agent:7`: the log may stand with the latest first.
    number: Option<u64>,
}

/// Takes the inspector's log: an exchange for each run of each agent.
pub(super) fn take_log(taking: &mut Taking<'_>) -> Result<(), Halt> {
    taking.name = "log of CopilotKit's inspector";
    let (text, end) = taking.text();
    let mut agents: BTreeMap<String, Vec<Entry<'_>>> = BTreeMap::new();
    let walked = walk(text, &[""], &mut |part, value, at| {
        if let Part::Name(_) = part {
            return Ok(());
        }
        let [id, agent, payload, timestamp] = fields(value, ["id", "agentId", "payload", "timestamp"]);
        let Some(payload) = payload.filter(|payload| payload.starts_with('{')) else {
            return Err(Stop::Damaged("it is no entry of the log".to_owned()));
        };
        taking.grow(FRAME_LEN)?;
        let place = string(id).and_then(|id| id.rsplit(':').next()?.parse().ok());
        let entry = Entry {
            at,
            payload,
            millis: number(timestamp),
            number: place,
        };
        agents.entry(string(agent).unwrap_or_default()).or_default().push(entry);
        Ok(())
    });
    let taken = agents.into_iter().try_for_each(|(agent, mut entries)| {
        if entries.iter().all(|entry| entry.number.is_some()) {
            entries.sort_by_key(|entry| entry.number);
        } else if entries.is_sorted_by(|a, b| a.millis >= b.millis) {
            entries.reverse();
        }
        take_runs(taking, &agent, &entries)
    });
    in_order(taking);
    taking.note(
        "The file is the log of CopilotKit's inspector: it has no requests and no headers, and its times are those of \
         the client; an exchange is made for each run from its events.",
    );
    or_end(taken.and(walked), end)
}

fn take_runs(taking: &mut Taking<'_>, agent: &str, entries: &[Entry<'_>]) -> Result<(), Halt> {
    let mut clock = Clock::default();
    for (place, entry) in entries.iter().enumerate() {
        let [name] = fields(entry.payload, ["type"]);
        let halt = |stop| (entry.at, stop);
        if place == 0 || string(name).as_deref() == Some("RUN_STARTED") {
            clock = Clock::default();
            let recorded = taking.begin(entry.at).map_err(halt)?;
            if !agent.is_empty() {
                recorded.exchange.labels.push(("agent".to_owned(), agent.to_owned()));
            }
        }
        let at_us = clock.at_us(entry.millis);
        clock.set(taking);
        taking.event(entry.at, entry.payload, at_us).map_err(halt)?;
    }
    Ok(())
}

/// Exchanges of several agents in the order in which they began.
fn in_order(taking: &mut Taking<'_>) {
    let exchanges = &mut taking.recording.exchanges;
    exchanges.sort_by_key(|recorded| recorded.exchange.started_at_us);
    for (index, recorded) in exchanges.iter_mut().enumerate() {
        recorded.exchange.index = index as i64;
    }
}
