//! How the runs of a thread hang together: which request answers whose interrupt, and which run names
//! which as its parent.
//!
//! An exchange knows the others by ids alone. This looks at several, in the order of their requests.
//! An id that was used twice means the last before the one that names it; of the same source where that
//! has one, because a chain of proxies records a thread at two places.

use std::collections::BTreeMap;

use crate::derive::summary::{Outcome, Run, Summary};

/// An exchange of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its number.
    pub exchange: i64,
    /// Name of the source that it came through.
    pub source: &'a str,
    pub summary: &'a Summary,
}

/// A run, and a frame of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RunPlace {
    pub exchange: i64,
    pub seq: u32,
    /// `runId`.
    pub run_id: String,
}

/// An answer that a later request gives to an interrupt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct InterruptAnswer {
    /// The interrupt's id.
    pub id: String,
    pub is_cancelled: bool,
    /// The run that was asked for with it: its first frame.
    pub run: RunPlace,
}

/// An interrupt that the request answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AnsweredInterrupt {
    /// Its id.
    pub id: String,
    /// The run that ended with it: its last frame. Absent if it is not known.
    pub raised: Option<RunPlace>,
}

/// A run of the exchange that names a parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ParentLink {
    /// First frame of the run that names it.
    pub first_seq: u32,
    /// `parentRunId`.
    pub id: String,
    /// The parent's first frame. Absent if it is not known.
    pub run: Option<RunPlace>,
}

/// A run that names one of the exchange as its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChildLink {
    /// First frame of the parent.
    pub first_seq: u32,
    /// The child's first frame.
    pub run: RunPlace,
}

/// How the runs of an exchange hang together with the others of their thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RunLinks {
    /// Answers to interrupts of this exchange, in the order of the requests.
    pub answers: Vec<InterruptAnswer>,
    /// The interrupts that its request answers.
    pub answered: Vec<AnsweredInterrupt>,
    pub parents: Vec<ParentLink>,
    pub children: Vec<ChildLink>,
}

/// The links of an exchange with the others of its thread, which come in the order of their requests.
pub fn links<'a>(exchange: i64, thread: impl IntoIterator<Item = Member<'a>>) -> RunLinks {
    let mut walk = Walk {
        exchange,
        links: RunLinks::default(),
        raised: Places::default(),
        begun: Places::default(),
    };
    for member in thread {
        walk.note_answers(member);
        walk.note_runs(member);
        walk.note_interrupts(member);
    }
    walk.links
}

/// A walk through a thread.
struct Walk {
    /// The exchange whose links are looked for.
    exchange: i64,
    links: RunLinks,
    /// Interrupts, and where runs begin, as far as the walk has come.
    raised: Places,
    begun: Places,
}

impl Walk {
    fn note_answers(&mut self, member: Member<'_>) {
        for answer in &member.summary.resume {
            let raised = self.raised.last(member.source, &answer.id);
            if raised.is_some_and(|place| place.exchange == self.exchange) {
                self.links.answers.push(InterruptAnswer {
                    id: answer.id.clone(),
                    is_cancelled: answer.is_cancelled,
                    run: begin_of(member),
                });
            }
            if member.exchange == self.exchange {
                self.links.answered.push(AnsweredInterrupt {
                    id: answer.id.clone(),
                    raised: raised.cloned(),
                });
            }
        }
    }

    fn note_runs(&mut self, member: Member<'_>) {
        for (number, run) in member.summary.runs.iter().enumerate() {
            let here = place_of(member, run, run.first_seq);
            if let Some(id) = parent_of(member.summary, number, run) {
                let parent = self.begun.last(member.source, id);
                if let Some(parent) = parent.filter(|place| place.exchange == self.exchange) {
                    self.links.children.push(ChildLink {
                        first_seq: parent.seq,
                        run: here.clone(),
                    });
                }
                if member.exchange == self.exchange {
                    self.links.parents.push(ParentLink {
                        first_seq: run.first_seq,
                        id: id.to_owned(),
                        run: parent.cloned(),
                    });
                }
            }
            self.begun.add(member.source, &run.run_id, here);
        }
    }

    fn note_interrupts(&mut self, member: Member<'_>) {
        let waits = |run: &&Run| run.outcome == Outcome::Interrupt;
        let Some(run) = member.summary.runs.iter().rfind(waits) else {
            return;
        };
        for open in &member.summary.open_interrupts {
            let place = place_of(member, run, run.last_seq);
            self.raised.add(member.source, &open.id, place);
        }
    }
}

/// The parent of a run: as the stream says, else as the request says of the run that it asks for.
fn parent_of<'a>(summary: &'a Summary, number: usize, run: &'a Run) -> Option<&'a str> {
    let is_asked_for = number == 0 || run.run_id == summary.run_id;
    let asked = summary.parent_run_id.as_ref().filter(|_| is_asked_for);
    let id = run.parent_run_id.as_ref().or(asked)?;
    Some(id.as_str()).filter(|id| !id.is_empty())
}

fn place_of(member: Member<'_>, run: &Run, seq: u32) -> RunPlace {
    RunPlace {
        exchange: member.exchange,
        seq,
        run_id: run.run_id.clone(),
    }
}

/// Where the run begins that a request asks for; a request that was refused has its head alone.
fn begin_of(member: Member<'_>) -> RunPlace {
    match member.summary.runs.first() {
        Some(run) => place_of(member, run, run.first_seq),
        None => RunPlace {
            exchange: member.exchange,
            seq: 0,
            run_id: member.summary.run_id.clone(),
        },
    }
}

/// Places by id, with the source of each, in their order.
#[derive(Debug, Default)]
struct Places {
    by_id: BTreeMap<String, Vec<(String, RunPlace)>>,
}

impl Places {
    fn add(&mut self, source: &str, id: &str, place: RunPlace) {
        if !id.is_empty() {
            let places = self.by_id.entry(id.to_owned()).or_default();
            places.push((source.to_owned(), place));
        }
    }

    /// The last of an id; of this source, if it has one.
    fn last(&self, source: &str, id: &str) -> Option<&RunPlace> {
        let places = self.by_id.get(id)?;
        let own = places.iter().rfind(|(other, _)| other == source);
        own.or(places.last()).map(|(_, place)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::summary::{Answer, OpenInterrupt};

    /// A run that ends at frame 9: its id, its parent's, what it raises, what its request answers.
    fn run(id: &str, parent: &str, raises: &[&str], answers: &[&str]) -> Summary {
        let open = |id: &&str| OpenInterrupt {
            id: (*id).to_owned(),
            expires_at: None,
        };
        let answer = |id: &&str| Answer {
            id: id.trim_start_matches('!').to_owned(),
            is_cancelled: id.starts_with('!'),
        };
        Summary {
            run_id: id.to_owned(),
            parent_run_id: Some(parent.to_owned()).filter(|id| !id.is_empty()),
            runs: vec![Run {
                run_id: id.to_owned(),
                outcome: if raises.is_empty() {
                    Outcome::Success
                } else {
                    Outcome::Interrupt
                },
                first_seq: 1,
                last_seq: 9,
                ..Run::default()
            }],
            open_interrupts: raises.iter().map(open).collect(),
            resume: answers.iter().map(answer).collect(),
            ..Summary::default()
        }
    }

    /// The links of an exchange in words; exchanges count from 1, and are of source `a` unless said otherwise.
    fn check(exchange: i64, thread: &[(&str, &Summary)], expected: &[&str]) {
        let members = (1..).zip(thread).map(|(exchange, (source, summary))| Member {
            exchange,
            source,
            summary,
        });
        let links = links(exchange, members);
        let place = |place: &RunPlace| format!("{}:{} {}", place.exchange, place.seq, place.run_id);
        let known = |run: &Option<RunPlace>| run.as_ref().map_or("unknown".to_owned(), place);
        let answers = links.answers.iter().map(|answer| {
            let how = if answer.is_cancelled { "cancelled" } else { "answered" };
            format!("{} {how} by {}", answer.id, place(&answer.run))
        });
        let answered = links.answered.iter();
        let answered = answered.map(|one| format!("answers {} of {}", one.id, known(&one.raised)));
        let parents = links.parents.iter();
        let parents = parents.map(|link| format!("#{} of {} is {}", link.first_seq, link.id, known(&link.run)));
        let children = links.children.iter();
        let children = children.map(|link| format!("#{} is parent of {}", link.first_seq, place(&link.run)));
        let words: Vec<String> = answers.chain(answered).chain(parents).chain(children).collect();
        assert_eq!(words, expected);
    }

    #[test]
    fn an_interrupt_and_its_answer_lead_to_each_other() {
        let (one, two) = (run("r1", "", &["x", "y"], &[]), run("r2", "", &[], &["x", "!y"]));
        let thread = [("a", &one), ("a", &two)];
        check(1, &thread, &["x answered by 2:1 r2", "y cancelled by 2:1 r2"]);
        check(2, &thread, &["answers x of 1:9 r1", "answers y of 1:9 r1"]);
        check(2, &thread[1..], &[]);
        check(1, &thread[1..], &["answers x of unknown", "answers y of unknown"]);
    }

    #[test]
    fn an_id_that_is_used_again_belongs_to_the_last_before() {
        let raise = run("r1", "", &["x"], &[]);
        let answer = run("r2", "", &[], &["x"]);
        let thread = [("a", &raise), ("a", &answer), ("a", &raise), ("a", &answer)];
        check(1, &thread, &["x answered by 2:1 r2"]);
        check(3, &thread, &["x answered by 4:1 r2"]);
        check(4, &thread, &["answers x of 3:9 r1"]);
    }

    #[test]
    fn an_interrupt_may_be_answered_twice_and_raised_by_the_answer() {
        let (one, two) = (run("r1", "", &["x"], &[]), run("r2", "", &["z"], &["x"]));
        let (again, three) = (run("r3", "", &[], &["x"]), run("r4", "", &[], &["z"]));
        let thread = [("a", &one), ("a", &again), ("a", &two), ("a", &three)];
        check(1, &thread, &["x answered by 2:1 r3", "x answered by 3:1 r2"]);
        check(3, &thread, &["z answered by 4:1 r4", "answers x of 1:9 r1"]);
    }

    #[test]
    fn a_thread_at_two_sources_is_linked_within_each() {
        let (one, two) = (run("r1", "", &["x"], &[]), run("r2", "r1", &[], &["x"]));
        let thread = [("a", &one), ("b", &one), ("a", &two), ("b", &two)];
        check(1, &thread, &["x answered by 3:1 r2", "#1 is parent of 3:1 r2"]);
        check(4, &thread, &["answers x of 2:9 r1", "#1 of r1 is 2:1 r1"]);
        check(
            1,
            &[("a", &one), ("b", &two)],
            &["x answered by 2:1 r2", "#1 is parent of 2:1 r2"],
        );
    }

    #[test]
    fn what_the_stream_says_of_a_parent_goes_before_the_request() {
        let (one, two) = (run("r1", "", &[], &[]), run("r2", "", &[], &[]));
        let mut three = run("r3", "r1", &[], &[]);
        check(3, &[("a", &one), ("a", &two), ("a", &three)], &["#1 of r1 is 1:1 r1"]);
        three.runs[0].parent_run_id = Some("r2".to_owned());
        check(3, &[("a", &one), ("a", &two), ("a", &three)], &["#1 of r2 is 2:1 r2"]);
        let own = run("r4", "r4", &[], &[]);
        check(1, &[("a", &own)], &["#1 of r4 is unknown"]);
    }

    #[test]
    fn a_request_that_was_refused_answers_from_its_head() {
        let one = run("r1", "", &["x"], &[]);
        let refused = Summary {
            runs: Vec::new(),
            ..run("r2", "", &[], &["x"])
        };
        check(1, &[("a", &one), ("a", &refused)], &["x answered by 2:0 r2"]);
    }
}
