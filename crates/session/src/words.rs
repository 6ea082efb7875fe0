//! Endings and outcomes, and with [`measures`](crate::measures) all that is counted, as a person reads them.
//!
//! The command line, the window and reports all take their words from here,
//! so that a row reads the same in each.

pub use crate::measures::*;
use crate::{
    derive::summary::Summary,
    exchange::{Ending, RequestHead},
    verdict::Verdict,
};

/// How the transport ended.
pub fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Open => "open",
        Ending::Complete => "complete",
        Ending::UpstreamReset => "upstream reset",
        Ending::UpstreamClosed => "upstream closed",
        Ending::NoAnswer => "no answer",
        Ending::ClientLeft => "client left",
        Ending::RecorderStopped => "recorder stopped",
    }
}

/// Whether an ending needs a second look.
pub fn is_bad_ending(ending: Ending) -> bool {
    match ending {
        Ending::Open | Ending::Complete | Ending::ClientLeft => false,
        Ending::UpstreamReset | Ending::UpstreamClosed | Ending::NoAnswer | Ending::RecorderStopped => true,
    }
}

/// How a run came out.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Live => "running",
        Verdict::Success => "success",
        Verdict::Interrupt => "interrupt",
        Verdict::Cancelled => "cancelled",
        Verdict::Error => "error",
        Verdict::None => "no ending",
        Verdict::NoRun => "no run",
        Verdict::Refused => "refused",
        Verdict::Redirected => "redirected",
        Verdict::Unknown => "cannot tell",
    }
}

/// How a run came out; where an answer carries none, what its status is: `HTTP 401`.
///
/// ```
/// use scrubjay_session::{verdict::Verdict, words::outcome};
///
/// assert_eq!(outcome(Verdict::Refused, Some(401)), "HTTP 401");
/// assert_eq!(outcome(Verdict::Success, Some(200)), "success");
/// ```
pub fn outcome(of: Verdict, status: Option<u16>) -> String {
    match (of, status) {
        (Verdict::Refused | Verdict::Redirected, Some(status)) => format!("HTTP {status}"),
        _ => verdict(of).to_owned(),
    }
}

/// What a request is called: method and path, or what it asks of CopilotKit's
/// single endpoint and where that is.
pub fn request_name(request: &RequestHead, summary: &Summary) -> String {
    name_of(&request.method, &request.target, &summary.endpoint_method)
}

/// The same of its parts; `endpoint_method` is empty for another endpoint.
pub fn name_of(method: &str, target: &str, endpoint_method: &str) -> String {
    match endpoint_method {
        "" => format!("{method} {target}"),
        asked => format!("{asked} {target}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_a_single_endpoint_is_named_by_what_it_asks() {
        let request = RequestHead {
            method: "POST".into(),
            target: "/api/copilotkit".into(),
            ..RequestHead::default()
        };
        let mut summary = Summary::default();
        assert_eq!(request_name(&request, &summary), "POST /api/copilotkit");
        summary.endpoint_method = "agent/connect".into();
        assert_eq!(request_name(&request, &summary), "agent/connect /api/copilotkit");
    }
}
