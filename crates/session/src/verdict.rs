//! Which exchanges are runs, and how each came out.
//!
//! A browser asks for much that is no run: preflights, `/info`, histories,
//! pages and scripts. Lists show runs and say how many others there are. Content
//! decides what is a run: the answer carries one, or the request is a
//! RunAgentInput. So a run that got no answer, or was refused, is listed.
//!
//! A `connect` carries a RunAgentInput too and asks for what was said before.
//! It is a run if its answer replays one, or if it failed. So is a request with
//! only a part of a RunAgentInput: refused, it was most likely meant as a run.
//!
//! The status of an answer without a run is an outcome of its own: refused, or
//! sent elsewhere.

use crate::{
    derive::summary::{Asks, Outcome, Run, Summary},
    exchange::{Ending, Exchange, is_redirect},
};

/// How a run, or an exchange without one, came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[repr(u8)]
pub enum Verdict {
    /// Still going on.
    Live = 0,
    /// `RUN_FINISHED` with success, or without an outcome.
    Success = 1,
    /// `RUN_FINISHED` with an interrupt.
    Interrupt = 2,
    Cancelled = 3,
    /// `RUN_ERROR`, or a request for a run that failed before there was one and without a status of its own.
    Error = 4,
    /// The run ended without a terminal event.
    None = 5,
    /// The exchange is no run.
    NoRun = 6,
    /// The answer carries no run, and its status is 400 or above.
    Refused = 7,
    /// The answer carries no run and sends the client elsewhere.
    Redirected = 8,
    /// Bytes are missing in which the run may have ended.
    Unknown = 9,
}

/// How a run of an answer came out; `goes_on` says that more of it may come.
pub fn of_run(run: &Run, goes_on: bool) -> Verdict {
    match run.outcome {
        Outcome::Open | Outcome::Unknown if goes_on => Verdict::Live,
        Outcome::Open => Verdict::None,
        Outcome::Unknown => Verdict::Unknown,
        Outcome::Success => Verdict::Success,
        Outcome::Interrupt => Verdict::Interrupt,
        Outcome::Cancelled => Verdict::Cancelled,
        Outcome::Error => Verdict::Error,
    }
}

/// How an exchange came out whose answer carries no run.
pub fn without_run(exchange: &Exchange, summary: &Summary) -> Verdict {
    if let Some(verdict) = of_status(exchange) {
        return verdict;
    }
    match summary.asks {
        Asks::Run | Asks::Connect | Asks::Attempt if is_broken(exchange) => Verdict::Error,
        Asks::Run if exchange.ending == Ending::Open => Verdict::Live,
        Asks::Run if summary.misses_bytes => Verdict::Unknown,
        Asks::Run => Verdict::None,
        Asks::Connect | Asks::Attempt | Asks::Info | Asks::Other => Verdict::NoRun,
    }
}

/// What the status of an answer says where there is no run.
fn of_status(exchange: &Exchange) -> Option<Verdict> {
    // Without an answer, the status is the one that Scrubjay gave in its place.
    let head = exchange.response.as_ref();
    let head = head.filter(|_| exchange.ending != Ending::NoAnswer)?;
    match head.status {
        400.. => Some(Verdict::Refused),
        // Lists do not hold headers, so that Location is not asked for.
        status if is_redirect(status) => Some(Verdict::Redirected),
        _ => None,
    }
}

/// How each run of an exchange came out; of an exchange whose answer carries
/// none, how it did itself.
pub fn of_exchange(exchange: &Exchange, summary: &Summary) -> Vec<Verdict> {
    let Some(last) = summary.runs.len().checked_sub(1) else {
        return vec![without_run(exchange, summary)];
    };
    let goes_on = |number: usize| number == last && exchange.ending == Ending::Open;
    let runs = summary.runs.iter().enumerate();
    runs.map(|(number, run)| of_run(run, goes_on(number))).collect()
}

/// Whether a list of runs shows the exchange.
pub fn is_run(exchange: &Exchange, summary: &Summary) -> bool {
    let is_meant = match summary.asks {
        Asks::Run => true,
        Asks::Connect | Asks::Attempt => is_broken(exchange),
        Asks::Info | Asks::Other => false,
    };
    is_meant || !summary.runs.is_empty()
}

/// Whether a check looks at the exchange: it is a run, or what clients ask
/// beside runs (CopilotKit's endpoints) failed or was sent elsewhere.
pub fn is_checked(exchange: &Exchange, summary: &Summary) -> bool {
    let is_beside = summary.asks != Asks::Other || !summary.endpoint_method.is_empty();
    let is_sent_elsewhere = of_status(exchange) == Some(Verdict::Redirected);
    is_run(exchange, summary) || is_beside && (is_broken(exchange) || is_sent_elsewhere)
}

/// Whether something went wrong that the stream or the transport itself says:
/// no answer, a status of 400 or above, an answer that broke off, a run that
/// ended in an error, or an answer that is complete and its run is not.
///
/// A client that left or a recorder that was stopped is no failure: how the
/// run would have gone on is not known. Nor is a run whose end was not recorded.
pub fn has_failed(exchange: &Exchange, summary: &Summary) -> bool {
    let verdicts = of_exchange(exchange, summary);
    is_broken(exchange)
        || verdicts.contains(&Verdict::Error)
        || (exchange.ending == Ending::Complete && verdicts.contains(&Verdict::None))
}

/// The transport, or the status of the answer, says that it failed.
pub fn is_broken(exchange: &Exchange) -> bool {
    let is_refused = exchange.response.as_ref().is_some_and(|head| head.status >= 400);
    is_refused
        || match exchange.ending {
            Ending::UpstreamReset | Ending::UpstreamClosed | Ending::NoAnswer => true,
            Ending::Open | Ending::Complete | Ending::ClientLeft | Ending::RecorderStopped => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ResponseHead;

    fn exchange(status: Option<u16>, ending: Ending) -> Exchange {
        Exchange {
            response: status.map(|status| ResponseHead {
                status,
                ..ResponseHead::default()
            }),
            ending,
            ..Exchange::default()
        }
    }

    fn asked(asks: Asks) -> Summary {
        Summary {
            asks,
            ..Summary::default()
        }
    }

    #[test]
    fn a_request_for_a_run_is_a_run_whatever_came_of_it() {
        let run = asked(Asks::Run);
        for (status, ending, verdict) in [
            (None, Ending::Open, Verdict::Live),
            (None, Ending::NoAnswer, Verdict::Error),
            (Some(502), Ending::NoAnswer, Verdict::Error),
            (Some(401), Ending::Complete, Verdict::Refused),
            (Some(500), Ending::UpstreamReset, Verdict::Refused),
            (Some(200), Ending::UpstreamReset, Verdict::Error),
            (Some(200), Ending::Complete, Verdict::None),
            (None, Ending::ClientLeft, Verdict::None),
        ] {
            let exchange = exchange(status, ending);
            assert_eq!(without_run(&exchange, &run), verdict, "{exchange:?}");
            assert!(is_run(&exchange, &run));
        }
    }

    #[test]
    fn a_connect_is_a_run_only_when_it_failed_or_replays_one() {
        let (fine, failed) = (
            exchange(Some(200), Ending::Complete),
            exchange(Some(500), Ending::Complete),
        );
        let mut connect = asked(Asks::Connect);
        assert!(is_run(&failed, &asked(Asks::Attempt)));
        assert!(!is_run(&fine, &asked(Asks::Attempt)));
        assert!(!is_run(&fine, &connect));
        assert!(is_run(&failed, &connect));
        connect.runs.push(Run {
            outcome: Outcome::Success,
            ..Run::default()
        });
        assert!(is_run(&fine, &connect));
    }

    #[test]
    fn other_requests_are_no_runs_even_when_they_fail() {
        let other = asked(Asks::Other);
        for (status, ending) in [
            (Some(204), Ending::Complete),
            (Some(404), Ending::Complete),
            (None, Ending::NoAnswer),
        ] {
            assert!(!is_run(&exchange(status, ending), &other));
        }
        assert!(has_failed(&exchange(Some(404), Ending::Complete), &other));
    }

    #[test]
    fn a_status_without_a_run_is_an_outcome() {
        let sent_on = exchange(Some(307), Ending::Complete);
        for asks in [Asks::Run, Asks::Info, Asks::Other] {
            assert_eq!(without_run(&sent_on, &asked(asks)), Verdict::Redirected);
            let refused = exchange(Some(422), Ending::Complete);
            assert_eq!(without_run(&refused, &asked(asks)), Verdict::Refused);
            assert_eq!(is_run(&refused, &asked(asks)), asks == Asks::Run);
            assert_eq!(is_checked(&refused, &asked(asks)), asks != Asks::Other);
            assert_eq!(is_checked(&sent_on, &asked(asks)), asks != Asks::Other);
            assert!(!has_failed(&sent_on, &asked(asks)));
            for status in [200, 204, 304] {
                let fine = exchange(Some(status), Ending::Complete);
                assert_eq!(is_checked(&fine, &asked(asks)), asks == Asks::Run);
            }
        }
        let not_changed = exchange(Some(304), Ending::Complete);
        assert_eq!(without_run(&not_changed, &asked(Asks::Info)), Verdict::NoRun);
        let mut connect = asked(Asks::Other);
        connect.endpoint_method = "agent/stop".into();
        assert!(is_checked(&exchange(Some(500), Ending::Complete), &connect));
    }

    #[test]
    fn what_was_broken_off_on_purpose_has_not_failed() {
        let mut open = asked(Asks::Run);
        open.runs.push(Run::default());
        assert!(has_failed(&exchange(Some(200), Ending::Complete), &open));
        assert!(!has_failed(&exchange(Some(200), Ending::ClientLeft), &open));
        assert!(!has_failed(&exchange(Some(200), Ending::RecorderStopped), &open));
        assert!(has_failed(&exchange(Some(200), Ending::UpstreamReset), &open));
    }

    #[test]
    fn what_was_not_recorded_is_neither_an_end_nor_none() {
        let mut paused = asked(Asks::Run);
        paused.misses_bytes = true;
        let over = exchange(Some(200), Ending::Complete);
        assert_eq!(without_run(&over, &paused), Verdict::Unknown);
        assert_eq!(without_run(&exchange(Some(200), Ending::Open), &paused), Verdict::Live);
        assert_eq!(
            without_run(&exchange(Some(500), Ending::Complete), &paused),
            Verdict::Refused
        );
        paused.runs.push(Run {
            outcome: Outcome::Unknown,
            ..Run::default()
        });
        assert_eq!(of_exchange(&over, &paused), [Verdict::Unknown]);
        assert_eq!(
            of_exchange(&exchange(Some(200), Ending::Open), &paused),
            [Verdict::Live]
        );
        assert!(is_run(&over, &paused) && !has_failed(&over, &paused));
    }
}
