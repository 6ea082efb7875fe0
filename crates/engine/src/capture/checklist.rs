//! The five lines of the first-run checklist, and a sentence for each way in
//! which one fails.
//!
//! The capture path calls once for each part of an exchange, and gives body
//! bytes only until the source's first event was recognised.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use scrubjay_ipc::{Check, Checklist};
use scrubjay_protocol::media::Media;
use scrubjay_proxy::Sightings;
use scrubjay_session::exchange::{RequestHead, ResponseHead, field};

use super::recognise;
use crate::clock::Mark;

/// Body bytes kept for reading, at most; an agent that has sent none by then is not one.
const KEPT_BYTES: usize = 128 << 10;
/// Up to so many bytes each chunk is looked at as it comes, so that after the
/// first event, which nearly always stands there, chunks cost nothing here.
const EAGER_BYTES: usize = 4 << 10;
/// From this wait on between head and first byte, something holds bytes back.
const HELD_US: u64 = 5_000_000;

/// What was seen working since a source was started.
#[derive(Default)]
pub(crate) struct Checks {
    /// An event was recognised, or enough was kept: bytes are not wanted any more.
    settled: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    listening: bool,
    requests: u64,
    bytes: bool,
    event: bool,
    /// The last answer that could have been a run.
    answer: Option<Answer>,
    /// Exchanges under way that Scrubjay answered itself, in the agent's place.
    own: HashSet<u64>,
    next_exchange: u64,
}

/// One answer that could be a run.
struct Answer {
    exchange: u64,
    status: u16,
    content_type: String,
    encoding: Option<String>,
    headed_at_us: u64,
    headed: Mark,
    first_byte_at_us: Option<u64>,
    kept: Vec<u8>,
    ended: bool,
}

/// Names an exchange among those of one source.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    exchange: u64,
    may_be_run: bool,
}

impl Checks {
    /// The address is bound.
    pub(crate) fn listening(&self) {
        self.seen().listening = true;
    }

    /// A request came.
    pub(crate) fn began(&self, head: &RequestHead) -> Ticket {
        let mut seen = self.seen();
        seen.requests += 1;
        seen.next_exchange += 1;
        let path = head.target.split('?').next().unwrap_or_default();
        Ticket {
            exchange: seen.next_exchange,
            // Preflights and descriptions of agents are answered, but never with a run.
            may_be_run: head.method == "POST" && !path.ends_with("/info"),
        }
    }

    /// The head of an answer came.
    pub(crate) fn answered(&self, ticket: Ticket, head: &ResponseHead, at_us: u64) {
        let mut seen = self.seen();
        if is_own(head) {
            seen.own.insert(ticket.exchange);
            return;
        }
        if ticket.may_be_run && !seen.event {
            seen.answer = Some(Answer {
                exchange: ticket.exchange,
                status: head.status,
                content_type: field(&head.headers, "content-type").to_ascii_lowercase(),
                encoding: Some(field(&head.headers, "content-encoding").to_ascii_lowercase())
                    .filter(|coding| !coding.is_empty() && coding != "identity"),
                headed_at_us: at_us,
                headed: Mark::now(),
                first_byte_at_us: None,
                kept: Vec::new(),
                ended: false,
            });
            self.settled.store(false, Ordering::Relaxed);
        }
    }

    /// Whether body bytes are still wanted.
    pub(crate) fn wants_bytes(&self) -> bool {
        !self.settled.load(Ordering::Relaxed)
    }

    /// Body bytes came.
    pub(crate) fn bytes(&self, ticket: Ticket, bytes: &[u8], at_us: u64) {
        let mut seen = self.seen();
        if seen.own.contains(&ticket.exchange) {
            return;
        }
        seen.bytes = true;
        let done = seen.event;
        let Some(answer) = seen.answer.as_mut().filter(|answer| answer.exchange == ticket.exchange) else {
            self.settled.store(done, Ordering::Relaxed);
            return;
        };
        answer.first_byte_at_us.get_or_insert(at_us);
        let room = KEPT_BYTES.saturating_sub(answer.kept.len());
        answer.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        let is_event = answer.kept.len() <= EAGER_BYTES && answer.has_event();
        if is_event {
            seen.event = true;
            seen.answer = None;
        }
        self.settled
            .store(done || is_event || room <= bytes.len(), Ordering::Relaxed);
    }

    /// An exchange ended.
    pub(crate) fn ended(&self, ticket: Ticket) {
        let mut seen = self.seen();
        seen.own.remove(&ticket.exchange);
        if let Some(answer) = seen.answer.as_mut().filter(|answer| answer.exchange == ticket.exchange) {
            answer.ended = true;
        }
    }

    /// The checklist as it is now.
    pub(crate) fn view(&self, sightings: &Sightings) -> Checklist {
        let mut seen = self.seen();
        if !seen.event && seen.answer.as_ref().is_some_and(Answer::has_event) {
            seen.event = true;
            seen.answer = None;
            self.settled.store(true, Ordering::Relaxed);
        }
        Checklist {
            listening: lit(seen.listening),
            upstream_answers: upstream(sightings),
            first_request: match &sightings.last_refusal {
                Some(sentence) if seen.requests == 0 => failed(sentence.clone()),
                _ => lit(seen.requests > 0),
            },
            first_bytes: match seen.answer.as_ref().and_then(Answer::held_back) {
                Some(sentence) if !seen.event => failed(sentence),
                _ => lit(seen.bytes),
            },
            first_event: match seen.answer.as_ref().and_then(Answer::not_a_run) {
                Some(sentence) if !seen.event => failed(sentence),
                _ => lit(seen.event),
            },
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn has_event(&self) -> bool {
        self.status < 400
            && recognise::has_event(
                &self.content_type,
                self.encoding.as_deref().unwrap_or_default(),
                &self.kept,
            )
    }

    /// Why no bytes come, if that takes strangely long.
    fn held_back(&self) -> Option<String> {
        let waited_us = match self.first_byte_at_us {
            Some(at_us) => at_us.saturating_sub(self.headed_at_us),
            None if self.ended => return None,
            None => u64::try_from(self.headed.age().as_micros()).unwrap_or(u64::MAX),
        };
        if waited_us < HELD_US {
            return None;
        }
        let seconds = waited_us / 1_000_000;
        Some(match (&self.encoding, self.first_byte_at_us) {
            (Some(coding), _) => format!(
                "The answer is compressed ({coding}) and its bytes are held back ({seconds} s so far). Switch compression off for event streams."
            ),
            (None, Some(_)) => format!(
                "The headers came, but the first byte only {seconds} s later. Is a buffering proxy in front of the agent?"
            ),
            (None, None) => format!(
                "The headers came {seconds} s ago, but no byte since. The agent is thinking, or a proxy in front of it holds the stream back."
            ),
        })
    }

    /// Why this is no run, if that is known already.
    fn not_a_run(&self) -> Option<String> {
        let media_type = self.content_type.split(';').next().unwrap_or_default().trim();
        match self.status {
            401 | 403 => {
                return Some(format!(
                    "The agent answered {}: it wants credentials. Send the same headers through Scrubjay as without it.",
                    self.status
                ));
            }
            404 | 405 => {
                return Some(format!(
                    "The agent answered {}: it serves another path. Keep the path that the frontend used without Scrubjay.",
                    self.status
                ));
            }
            300..=399 => {
                return Some(format!(
                    "The agent answered {} with a redirect. Use the address that it points at.",
                    self.status
                ));
            }
            400.. => return Some(format!("The agent answered {}. Its body says why.", self.status)),
            _ => {}
        }
        let media = recognise::media(
            &self.content_type,
            self.encoding.as_deref().unwrap_or_default(),
            &self.kept,
        );
        let is_stream = matches!(media, Some(Media::Sse | Media::Records));
        if media_type.contains("json") && !is_stream {
            return Some(
                "The answer is not an event stream but JSON. Ask for text/event-stream, or use the agent's streaming endpoint."
                    .to_owned(),
            );
        }
        if !self.ended && self.kept.len() < KEPT_BYTES {
            return None;
        }
        if self.kept.is_empty() {
            return Some("The answer ended without a byte of a body.".to_owned());
        }
        if media_type.is_empty() && !is_stream {
            return Some("The answer has no content type, and its body is not an event stream.".to_owned());
        }
        if !is_stream {
            return Some(format!("The answer is not an event stream but {media_type:?}."));
        }
        Some("The stream is fine, but none of its events has a type that AG-UI knows.".to_owned())
    }
}

/// Whether Scrubjay answered in the agent's place, for instance because nothing listens there.
fn is_own(head: &ResponseHead) -> bool {
    let delivered = head.delivered_headers.iter().flatten();
    head.headers.is_empty() && delivered.into_iter().any(|(name, _)| name == "x-scrubjay-answer")
}

fn upstream(sightings: &Sightings) -> Check {
    match &sightings.upstream_failure {
        Some(sentence) => failed(sentence.clone()),
        None => lit(sightings.upstream_answers),
    }
}

fn lit(done: bool) -> Check {
    if done { Check::Done } else { Check::Waiting }
}

fn failed(sentence: String) -> Check {
    Check::Failed { sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post() -> RequestHead {
        RequestHead {
            method: "POST".into(),
            target: "/agent".into(),
            ..RequestHead::default()
        }
    }

    fn head(status: u16, headers: &[(&str, &str)]) -> ResponseHead {
        ResponseHead {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
                .collect(),
            ..ResponseHead::default()
        }
    }

    fn view(checks: &Checks) -> Checklist {
        checks.view(&Sightings::default())
    }

    fn sentence(check: &Check) -> &str {
        match check {
            Check::Failed { sentence } => sentence,
            Check::Waiting => "waiting",
            Check::Done => "done",
        }
    }

    #[test]
    fn each_check_is_done_when_its_thing_was_seen() {
        let checks = Checks::default();
        assert_eq!(view(&checks), Checklist::default());
        checks.listening();
        assert_eq!(view(&checks).listening, Check::Done);
        let ticket = checks.began(&post());
        assert_eq!(view(&checks).first_request, Check::Done);
        checks.answered(ticket, &head(200, &[("Content-Type", "text/event-stream")]), 1);
        assert!(checks.wants_bytes());
        checks.bytes(ticket, b"data: {\"type\":\"RUN_STAR", 2);
        assert_eq!(view(&checks).first_bytes, Check::Done);
        assert_eq!(view(&checks).first_event, Check::Waiting);
        checks.bytes(ticket, b"TED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n", 3);
        assert_eq!(view(&checks).first_event, Check::Done);
        assert!(!checks.wants_bytes());
    }

    #[test]
    fn each_failure_has_its_own_sentence() {
        let check = |status, headers: &[(&str, &str)], body: &[u8], first_byte_at_us, expected: &str| {
            let checks = Checks::default();
            let ticket = checks.began(&post());
            checks.answered(ticket, &head(status, headers), 0);
            checks.bytes(ticket, body, first_byte_at_us);
            checks.ended(ticket);
            let view = view(&checks);
            let sentences = [&view.first_bytes, &view.first_event].map(sentence).join("|");
            assert!(
                sentences.contains(expected),
                "{sentences:?} should contain {expected:?}"
            );
        };
        let sse = [("content-type", "text/event-stream")];
        let json = [("content-type", "application/json; charset=utf-8")];
        let gzip = [("content-type", "text/event-stream"), ("content-encoding", "gzip")];
        check(200, &json, b"{}", 1, "done|The answer is not an event stream but JSON");
        check(401, &json, b"{}", 1, "done|The agent answered 401");
        check(307, &sse, b"", 1, "redirect");
        check(500, &json, b"{}", 1, "The agent answered 500");
        check(
            200,
            &gzip,
            b"",
            6_000_000,
            "compressed (gzip) and its bytes are held back (6 s",
        );
        check(200, &sse, b": hi\n\n", 12_000_000, "the first byte only 12 s later");
        check(
            200,
            &sse,
            b"data: {\"type\":\"OTHER\"}\n\n",
            1,
            "none of its events has a type",
        );
        check(
            200,
            &[("content-type", "text/html")],
            b"<p>",
            1,
            "not an event stream but \"text/html\"",
        );
    }

    #[test]
    fn what_scrubjay_answers_itself_is_not_the_agents_answer() {
        let checks = Checks::default();
        let ticket = checks.began(&post());
        let own = ResponseHead {
            status: 502,
            delivered_headers: Some(vec![("x-scrubjay-answer".into(), b"no-answer".to_vec())]),
            ..ResponseHead::default()
        };
        checks.answered(ticket, &own, 1);
        checks.bytes(ticket, b"Scrubjay: nothing listens there.", 2);
        checks.ended(ticket);
        let view = view(&checks);
        assert_eq!(
            [&view.first_bytes, &view.first_event].map(sentence),
            ["waiting", "waiting"]
        );
    }

    #[test]
    fn the_checklist_shows_what_the_proxy_saw_of_the_upstream() {
        let check = |sightings: &Sightings, expected: [&str; 2]| {
            let view = Checks::default().view(sightings);
            assert_eq!([&view.upstream_answers, &view.first_request].map(sentence), expected);
        };
        let mut sightings = Sightings::default();
        check(&sightings, ["waiting", "waiting"]);
        sightings.upstream_failure = Some("Nothing answers.".into());
        sightings.last_refusal = Some("That was for another host.".into());
        check(&sightings, ["Nothing answers.", "That was for another host."]);
        sightings.upstream_failure = None;
        sightings.upstream_answers = true;
        check(&sightings, ["done", "That was for another host."]);
    }

    #[test]
    fn a_preflight_is_no_failed_run() {
        let checks = Checks::default();
        let ticket = checks.began(&RequestHead {
            method: "OPTIONS".into(),
            ..post()
        });
        checks.answered(ticket, &head(405, &[]), 0);
        assert_eq!(view(&checks).first_event, Check::Waiting);
    }
}
