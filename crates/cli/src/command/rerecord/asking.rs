//! Asking, and what became of it.

use std::{collections::BTreeMap, time::Duration};

use scrubjay_engine::{Ended, Rerecording, Rerun};
use scrubjay_ipc::Code;

use super::baselines::{Baseline, Baselines};
use crate::{
    args::Format,
    command::diff::{Thread, baseline::shown},
    failure::{Failure, note},
    safe::shortened,
    signals::{Meaning, Signals},
    words,
};

/// Runs that a sentence names.
const NAMED: usize = 3;

/// Works through the baselines.
pub(super) struct Asking<'a> {
    baselines: &'a Baselines,
    limit: Duration,
    asked: Outcomes,
}

/// What became of all requests.
#[derive(Default)]
pub(super) struct Outcomes {
    /// By the file's place: the answers in it.
    pub(super) files: Vec<Answers>,
    remarks: Vec<String>,
    /// Runs that did not end in time.
    late: Vec<String>,
    /// Runs without an answer, and why.
    unanswered: Vec<(String, String)>,
    /// Runs with an answer, whole or not.
    answered: usize,
    /// Fields that a recording has a fingerprint of, and for how many requests.
    secrets: BTreeMap<String, usize>,
}

/// The answers to the runs of one file.
#[derive(Default)]
pub(super) struct Answers {
    /// Recorded exchange, and the place of the new one among all that was asked.
    pub(super) places: BTreeMap<i64, usize>,
    /// Why the file cannot be replaced, if so: the first run that did not end.
    pub(super) incomplete: Option<String>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(baselines: &'a Baselines, limit: Duration) -> Self {
        Self {
            baselines,
            limit,
            asked: Outcomes::default(),
        }
    }

    pub(super) fn done(self) -> Outcomes {
        self.asked
    }

    /// Thread by thread, until all is asked or a signal stops it.
    pub(super) async fn all(&mut self, live: &mut Rerecording) -> Result<(), Failure> {
        let mut signals = Signals::new(Meaning::StopInOwnTime, Format::Text, || 0)?;
        tokio::select! {
            done = self.files(live) => done,
            () = signals.asked_to_stop() => Err(stopped()),
        }
    }

    async fn files(&mut self, live: &mut Rerecording) -> Result<(), Failure> {
        for file in &self.baselines.files {
            self.asked.files.push(Answers::default());
            for thread in &file.threads {
                self.thread(live, file, thread).await?;
            }
        }
        Ok(())
    }

    /// One run after the other; what has no answer ends the thread, because
    /// the next run would stand on it.
    async fn thread(&mut self, live: &mut Rerecording, file: &Baseline, thread: &Thread) -> Result<(), Failure> {
        let mut asked = live.thread();
        for (number, index) in (1..).zip(&thread.exchanges) {
            let mut recorded = file.library.reader(*index)?;
            let rerun = live.ask(&mut asked, &mut recorded, self.limit).await?;
            let name = format!(
                "run {number} of thread {} ({}, exchange {index})",
                shortened(&thread.id, 60),
                shown(&file.path, &self.baselines.named)
            );
            if !self.asked.take(*index, &name, rerun) {
                self.asked.leave(thread.exchanges.len() - number, &name);
                break;
            }
        }
        Ok(())
    }
}

impl Outcomes {
    /// Whether the thread goes on.
    fn take(&mut self, index: i64, name: &str, rerun: Rerun) -> bool {
        if let (Some(file), Some(place)) = (self.files.last_mut(), rerun.place) {
            file.places.insert(index, place);
        }
        for secret in rerun.secrets {
            *self.secrets.entry(secret.to_ascii_lowercase()).or_default() += 1;
        }
        for sentence in &rerun.left_out {
            self.remarks.push(format!("In {name}, {sentence}."));
        }
        let trouble = match rerun.ended {
            Ended::Complete => {
                self.answered += 1;
                return true;
            }
            Ended::BrokeOff => {
                self.answered += 1;
                self.mark(format!("the answer to {name} broke off"));
                return true;
            }
            Ended::Unanswered(why) => {
                self.unanswered.push((name.to_owned(), why));
                format!("{name} had no answer")
            }
            Ended::Late => {
                self.late.push(name.to_owned());
                format!("{name} did not end in time")
            }
            Ended::NotAsked(why) => {
                self.answered += 1;
                self.remarks.push(format!("Nothing was left to ask in {name}: {why}."));
                format!("{name} could not be asked")
            }
        };
        self.mark(trouble);
        false
    }

    fn mark(&mut self, why: String) {
        if let Some(file) = self.files.last_mut() {
            file.incomplete.get_or_insert(why);
        }
    }

    /// The runs after one that has no answer.
    fn leave(&mut self, count: usize, name: &str) {
        if count > 0 {
            let runs = words::count(count as u64, "later run");
            self.remarks
                .push(format!("After {name}, {runs} of the thread could not be asked."));
        }
    }

    /// Notes what was asked otherwise than it was recorded.
    pub(super) fn note(&self, format: Format) {
        for (name, count) in &self.secrets {
            note(
                &format!(
                    "The field {} of {} was recorded as a fingerprint and is not sent; give its value with --header '{}: VALUE'.",
                    shortened(name, 60),
                    words::count(*count as u64, "request"),
                    shortened(name, 60),
                ),
                format,
            );
        }
        for sentence in &self.remarks {
            note(sentence, format);
        }
    }

    /// Where nothing at all came back there is nothing to compare.
    pub(super) fn judge_silence(&self, url: &str) -> Result<(), Failure> {
        if self.answered > 0 || !self.late.is_empty() {
            return Ok(());
        }
        let why = self.unanswered.first().map_or("", |(_, why)| why.as_str());
        Err(Failure::new(
            Code::NotFound,
            format!("The agent at {url} did not answer. {why}").trim_end(),
            "Start it, and name it with --url.",
        ))
    }

    /// Fails if runs had no answer, or none in time.
    pub(super) fn judge_ends(&self, limit: Duration) -> Result<(), Failure> {
        if let Some((name, why)) = self.unanswered.first() {
            let more = and_more(self.unanswered.len() - 1);
            return Err(Failure::new(
                Code::NotFound,
                format!("No answer came to {name}{more}. {why}"),
                "What was answered is compared; nothing that lacks an answer is replaced.",
            ));
        }
        if self.late.is_empty() {
            return Ok(());
        }
        let named: Vec<&str> = self.late.iter().take(NAMED).map(String::as_str).collect();
        let more = and_more(self.late.len() - named.len());
        let within = words::duration(limit.as_micros().try_into().unwrap_or(u64::MAX));
        Err(Failure::new(
            Code::NotFound,
            format!("No end came within {within} to {}{more}.", named.join(", ")),
            "Give the agent more time with --deadline, or see why it hangs.",
        ))
    }
}

fn and_more(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(" and {count} more"),
    }
}

fn stopped() -> Failure {
    Failure::new(
        Code::BadRequest,
        "Asking was stopped before everything was asked; nothing was compared or replaced.",
        "Let it run to the end, or give runs less time with --deadline.",
    )
}
