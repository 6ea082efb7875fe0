//! A run that is asked for now, to be checked.
//!
//! It goes through the same capture path as any other, into a store of its own
//! that is gone with it, so what is checked is what a recording would hold.

use scrubjay_ipc::{Code, Report};
use scrubjay_protocol::{input::Request, schema::input_issues};
use scrubjay_proxy::post::{PostError, Posted, post};
use scrubjay_session::exchange::origin_and_path;
use tempfile::TempDir;

use crate::{Engine, EngineError, TlsConfig, temporary::Temporary};

/// Faults of an input that are named.
const ISSUES: usize = 3;

/// A run that was asked for and is being read.
pub struct LiveRun {
    store: Temporary,
    posted: Posted,
}

impl LiveRun {
    /// Posts a run input to an agent. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the URL or the input makes no sense, or no temporary store can be made. An
    /// agent that does not answer is no error: that is what is found.
    pub async fn start(url: &str, input: Vec<u8>, tls: &TlsConfig) -> Result<Self, EngineError> {
        let (upstream, target) = split(url);
        judge_address(url, &upstream)?;
        judge_input(&input)?;
        let store = Temporary::open("check.db")?;
        let listening = store.run_source("check", &upstream, tls)?;
        let posted = post(listening, &target, input).await.map_err(|error| unasked(&error))?;
        Ok(Self { store, posted })
    }

    /// The next bytes of the answer's body; none when it has ended or broken
    /// off; which of the two is in the recording.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        let chunk = self.posted.next().await.ok().flatten();
        chunk.map(|bytes| bytes.to_vec())
    }

    /// The engine that holds the exchange, which is the only one.
    pub fn engine(&self) -> &Engine {
        &self.store.engine
    }

    /// Ends the recording and opens it for reading; the folder goes when dropped.
    ///
    /// # Errors
    /// When the store cannot be opened again.
    pub fn finish(self) -> Result<(Engine, TempDir), EngineError> {
        drop(self.posted);
        let (_is_whole, engine, folder) = self.store.finish()?;
        Ok((engine, folder))
    }
}

/// Our own listener did not answer.
fn unasked(error: &PostError) -> EngineError {
    let report = Report::new(Code::Internal, format!("The agent could not be asked: {error}."), "");
    EngineError::Answer { report }
}

/// A word alone may be the name of a machine and is more likely a slip.
pub(crate) fn judge_address(url: &str, upstream: &str) -> Result<(), EngineError> {
    let is_port = upstream.bytes().all(|byte| byte.is_ascii_digit());
    if is_port || upstream.contains(['.', ':', '[']) || upstream.eq_ignore_ascii_case("localhost") {
        return Ok(());
    }
    Err(bad_request(
        format!("`{url}` is no URL."),
        "Give the agent's URL, such as http://127.0.0.1:8000/agent.",
    ))
}

/// What is not recognised as a run input would be judged as no run at all.
fn judge_input(input: &[u8]) -> Result<(), EngineError> {
    let request = Request::read(input);
    if request.input_value().is_some() || request.envelope().is_some() {
        return Ok(());
    }
    let issues = request.value.as_ref().map(input_issues).unwrap_or_default();
    let named: Vec<String> = issues.iter().take(ISSUES).map(ToString::to_string).collect();
    Err(bad_request(
        format!("The input is no RunAgentInput: {}.", named.join("; ")),
        "A RunAgentInput is an object with threadId, runId and messages.",
    ))
}

fn bad_request(message: String, hint: &str) -> EngineError {
    EngineError::Answer {
        report: Report::new(Code::BadRequest, message, hint),
    }
}

/// The origin of a URL, and the target to ask for there.
pub(crate) fn split(url: &str) -> (String, String) {
    let (origin, _) = origin_and_path(url);
    let target = url[origin.len()..].split('#').next().unwrap_or_default();
    let slash = if target.starts_with('/') { "" } else { "/" };
    (origin.to_owned(), format!("{slash}{target}"))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_url_is_a_place_and_what_is_asked_for_there() {
        for (url, upstream, target) in [
            ("http://h:1/a/b?c=d", "http://h:1", "/a/b?c=d"),
            ("http://h:1", "http://h:1", "/"),
            ("h:1/agent", "h:1", "/agent"),
            ("https://h?x", "https://h", "/?x"),
            ("http://h/a#f", "http://h", "/a"),
        ] {
            assert_eq!(split(url), (upstream.to_owned(), target.to_owned()), "{url}");
        }
    }
}
