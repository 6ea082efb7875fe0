//! What the requests of a thread say of the interrupts that runs before them left open.
//!
//! An exchange is derived alone. This looks at several, in the order of their requests: [`OpenInThreads`] where all
//! are read one after the other, [`about`] where one is looked at and those before it are asked for. What the exchange
//! before left open is only known where it was recorded to its end and was over when the request came; where that is
//! not so, nothing is found.

use std::collections::BTreeMap;

use chrono::DateTime;

use crate::{
    derive::{
        finding::FindingEntry,
        summary::{Asks, OpenInterrupt, Outcome, Run, Summary},
    },
    exchange::{Ending, Exchange},
    fold::{clipped, rule::Rule},
    judge::rule::{RESUME_EXPIRED, RESUME_MISSING, RESUME_PARTIAL, RESUME_UNKNOWN},
};

/// Exchanges that left a thread as it was, after which it is no longer looked for what is open in it.
const LOOKED_BACK: u32 = 64;

/// What the last run of a thread left open.
#[derive(Debug)]
struct Left {
    /// The exchange that it came in.
    exchange: i64,
    /// When that was over, microseconds since 1970.
    over_at_us: i64,
    open: Vec<OpenInterrupt>,
}

/// The interrupts that are open in each thread, by source and thread.
#[derive(Debug, Default)]
pub struct OpenInThreads {
    /// With the number of exchanges since that left it as it was.
    threads: BTreeMap<(String, String), (Left, u32)>,
}

impl OpenInThreads {
    /// Takes the next exchange, which is called by this number; gives what its request says wrongly of what is open in its thread.
    pub fn follow(&mut self, number: i64, exchange: &Exchange, summary: &Summary) -> Vec<FindingEntry> {
        if summary.thread_id.is_empty() {
            return Vec::new();
        }
        let key = (exchange.source.clone(), summary.thread_id.clone());
        let left = self.threads.get(&key).map(|(left, _)| left);
        let findings = left.map_or_else(Vec::new, |left| judge(left, exchange, summary));
        match left_by(number, exchange, summary) {
            After::Left(left) => {
                self.threads.insert(key, (left, 0));
            }
            After::Unknown => {
                self.threads.remove(&key);
            }
            After::AsBefore => match self.threads.get_mut(&key) {
                Some((_, count)) if *count < LOOKED_BACK => *count += 1,
                _ => {
                    self.threads.remove(&key);
                }
            },
        }
        findings
    }
}

/// What the request of one exchange says wrongly of what is open in its thread. `earlier` gives exchanges before it of
/// the same source and thread, the latest first; it is asked no further than needed.
///
/// # Errors
/// When `earlier` fails.
pub fn about<E>(
    exchange: &Exchange,
    summary: &Summary,
    mut earlier: impl FnMut() -> Result<Option<(Exchange, Summary)>, E>,
) -> Result<Vec<FindingEntry>, E> {
    if !is_judged(summary) {
        return Ok(Vec::new());
    }
    for _ in 0..=LOOKED_BACK {
        let Some((exchange_before, summary_before)) = earlier()? else {
            break;
        };
        match left_by(exchange_before.index, &exchange_before, &summary_before) {
            After::Left(left) => return Ok(judge(&left, exchange, summary)),
            After::Unknown => break,
            After::AsBefore => {}
        }
    }
    Ok(Vec::new())
}

/// Whether the request can answer what is open: it asks for a run of a thread.
fn is_judged(summary: &Summary) -> bool {
    summary.asks == Asks::Run && !summary.thread_id.is_empty()
}

/// What is open after an exchange.
enum After {
    Left(Left),
    /// A run that did not finish leaves what was open as it was.
    AsBefore,
    /// The end was not recorded, or the client may have seen more.
    Unknown,
}

fn left_by(number: i64, exchange: &Exchange, summary: &Summary) -> After {
    match summary.asks {
        Asks::Run => {}
        // What was said before is said again.
        Asks::Connect => return After::AsBefore,
        // A run that was asked for in another way may have answered.
        _ if !summary.runs.is_empty() => return After::Unknown,
        _ => return After::AsBefore,
    }
    // What follows a stop is not what the client holds.
    if summary.stop.is_some() || summary.misses_bytes {
        return After::Unknown;
    }
    let finished = |run: &Run| matches!(run.outcome, Outcome::Success | Outcome::Interrupt | Outcome::Cancelled);
    match exchange.ending {
        Ending::Open | Ending::RecorderStopped | Ending::ClientLeft => After::Unknown,
        Ending::Complete | Ending::UpstreamReset | Ending::UpstreamClosed if summary.runs.iter().any(finished) => {
            let lasted_us = i64::try_from(exchange.last_at_us).unwrap_or(i64::MAX);
            After::Left(Left {
                exchange: number,
                over_at_us: exchange.started_at_us.saturating_add(lasted_us),
                open: summary.open_interrupts.clone(),
            })
        }
        Ending::Complete | Ending::UpstreamReset | Ending::UpstreamClosed | Ending::NoAnswer => After::AsBefore,
    }
}

fn judge(left: &Left, exchange: &Exchange, summary: &Summary) -> Vec<FindingEntry> {
    let mut findings = Vec::new();
    if !is_judged(summary) || left.over_at_us > exchange.started_at_us {
        return findings;
    }
    let raised = left.exchange;
    let answer_to = |open: &OpenInterrupt| summary.resume.iter().find(|answer| answer.id == open.id);
    let uncovered = left.open.iter().filter(|open| answer_to(open).is_none());
    let uncovered = names(uncovered.map(|open| &open.id));
    match uncovered {
        Some(names) if summary.resume.is_empty() && !summary.answers_otherwise => {
            let message = format!("{names} of exchange {raised} is open, and the request has no resume");
            findings.push(finding(&RESUME_MISSING, message));
        }
        Some(names) if !summary.resume.is_empty() => {
            let message = format!("{names} of exchange {raised} is open, and the resume has no entry for it");
            findings.push(finding(&RESUME_PARTIAL, message));
        }
        Some(_) | None => {}
    }
    let is_unknown = |id: &&String| !left.open.iter().any(|open| open.id == **id);
    let unknown = summary.resume.iter().map(|answer| &answer.id).filter(is_unknown);
    if let Some(names) = names(unknown) {
        let message =
            format!("the resume answers {names}, which exchange {raised}, the last of the thread, did not leave open");
        findings.push(finding(&RESUME_UNKNOWN, message));
    }
    for open in &left.open {
        let is_resolved = answer_to(open).is_some_and(|answer| !answer.is_cancelled);
        if let Some(expires_at) = open.expires_at.as_deref().filter(|_| is_resolved)
            && is_before(expires_at, exchange.started_at_us)
            // One that came expired is from another time: a stream that is replayed.
            && !is_before(expires_at, left.over_at_us)
        {
            let message = format!(
                "interrupt '{}' of exchange {raised} expired at {}, before the request that resolves it",
                clipped(&open.id),
                clipped(expires_at)
            );
            findings.push(finding(&RESUME_EXPIRED, message));
        }
    }
    findings
}

/// What cannot be read never expires.
fn is_before(expires_at: &str, at_us: i64) -> bool {
    DateTime::parse_from_rfc3339(expires_at).is_ok_and(|expires| expires.timestamp_micros() < at_us)
}

fn finding(rule: &Rule, message: String) -> FindingEntry {
    FindingEntry {
        seq: 0,
        rule: rule.id.to_owned(),
        severity: rule.severity,
        message,
        stop: false,
        fails: None,
    }
}

fn names<'a>(ids: impl Iterator<Item = &'a String>) -> Option<String> {
    let named: Vec<String> = ids.map(|id| format!("'{}'", clipped(id))).collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(format!("interrupt {one}")),
        several => Some(format!("each of the interrupts {}", several.join(", "))),
    }
}
