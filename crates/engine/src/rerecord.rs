//! Asking a live agent again what recorded threads asked.
//!
//! Every request goes through a source of its own into a store of its own
//! that is gone with it, so what comes back is a recording like any other:
//! bytes, times, ending. [`scrubjay_replay::rerecord`] makes the requests.

mod received;
mod request;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use scrubjay_ipc::{Code, Report};
use scrubjay_protocol::{encoding, input::Request};
use scrubjay_proxy::post::Question;
use scrubjay_replay::rerecord::{Answer, Thread, Unasked};
use scrubjay_session::exchange::{Headers, field};
use tempfile::TempDir;

use self::received::Received;
use crate::{
    EngineError, Exchange, TlsConfig,
    capture::address::is_name,
    live::{judge_address, split},
    temporary::Temporary,
};

/// How long a source may take to see that its client left.
const SETTLING: Duration = Duration::from_secs(1);
/// Name of the source where the recorded one has none that can be used.
const SOURCE: &str = "agent";

/// The agent to ask again, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RerecordConfig {
    /// The agent: an endpoint, which all requests go to, or an origin, where
    /// each goes to its recorded path.
    pub url: String,
    /// Fields in the place of the recorded ones of their names.
    pub headers: Headers,
    /// TLS with an `https://` agent.
    pub tls: TlsConfig,
}

/// A live agent that is asked again.
pub struct Rerecording {
    store: Temporary,
    /// Where to forward.
    upstream: String,
    /// By name: a source for each that the baselines came through, so that
    /// what replaces them bears the same name.
    sources: BTreeMap<String, SocketAddr>,
    /// Path and query, when all requests go to one.
    endpoint: Option<String>,
    headers: Headers,
    tls: TlsConfig,
    asked: usize,
}

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerun {
    /// Its place among the exchanges of the new store; absent when it was not sent.
    pub place: Option<usize>,
    /// How it ended.
    pub ended: Ended,
    /// What the recorded request had and this one lacks, as sentences.
    pub left_out: Vec<String>,
    /// Names of fields and parameters of which a recording has a fingerprint only.
    pub secrets: Vec<String>,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The answer ended as HTTP demands.
    Complete,
    /// The answer broke off.
    BrokeOff,
    /// No answer came, and why, as a sentence.
    Unanswered(String),
    /// The time was up before the answer had ended.
    Late,
    /// There was nothing to ask, and why.
    NotAsked(String),
}

/// The thread that a request names, or else the answer; nothing when the request is no run input.
///
/// # Errors
/// When the request's body cannot be read.
pub fn asked_thread(exchange: &mut Exchange) -> Result<Option<String>, EngineError> {
    if !exchange.summary().is_run_input {
        return Ok(None);
    }
    let request = Request::read(&decoded_request(exchange)?);
    Ok(Some(match request.thread_id() {
        Some(id) => id.to_str_lossy().into_owned(),
        None => exchange.summary().thread_id.clone(),
    }))
}

/// The body of a request without its content encoding.
fn decoded_request(exchange: &mut Exchange) -> Result<Arc<Vec<u8>>, EngineError> {
    let coding = field(&exchange.exchange().request.headers, "content-encoding");
    let body = exchange.request_body()?;
    Ok(match coding.is_empty() {
        true => body,
        false => encoding::decode(&coding, &body).0.into(),
    })
}

impl Rerecording {
    /// Listens, and asks nothing yet. `targets` are the recorded paths and queries.
    ///
    /// # Errors
    /// When the URL makes no sense, or names one endpoint for several paths, or no temporary
    /// store can be made.
    pub fn start(options: &RerecordConfig, targets: &[String]) -> Result<Self, EngineError> {
        let (upstream, target) = split(&options.url);
        judge_address(&options.url, &upstream)?;
        let endpoint = (target != "/").then_some(target);
        if let Some(endpoint) = &endpoint {
            request::judge_targets(&upstream, endpoint, targets)?;
        }
        let mut started = Self {
            store: Temporary::open("asked-again.db")?,
            upstream,
            sources: BTreeMap::new(),
            endpoint,
            headers: options.headers.clone(),
            tls: options.tls.clone(),
            asked: 0,
        };
        // Says now whether the address can be forwarded to.
        started.source(SOURCE)?;
        Ok(started)
    }

    /// Where the source of this name listens.
    fn source(&mut self, recorded: &str) -> Result<SocketAddr, EngineError> {
        let name = if is_name(recorded) { recorded } else { SOURCE };
        if let Some(listening) = self.sources.get(name) {
            return Ok(*listening);
        }
        let listening = self.store.run_source(name, &self.upstream, &self.tls)?;
        self.sources.insert(name.to_owned(), listening);
        Ok(listening)
    }

    /// A thread of which nothing was asked yet, under ids of its own.
    pub fn thread(&self) -> Thread {
        Thread::new(uuid)
    }

    /// Asks what a recorded exchange asked, and reads the answer to its end.
    /// Given up when the returned future is dropped: the exchange then ends
    /// as one whose client has left. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the recorded exchange cannot be read.
    pub async fn ask(
        &mut self,
        thread: &mut Thread,
        recorded: &mut Exchange,
        limit: Duration,
    ) -> Result<Rerun, EngineError> {
        let facts = recorded.exchange().clone();
        let made = match thread.request(&decoded_request(recorded)?) {
            Ok(made) => made,
            Err(unasked @ (Unasked::NoInput | Unasked::NothingNew(_))) => {
                return Ok(Rerun::unsent(unasked.to_string()));
            }
        };
        let mut secrets = Vec::new();
        let question = Question {
            method: facts.request.method.clone(),
            target: match &self.endpoint {
                Some(endpoint) => endpoint.clone(),
                None => thread.target(&request::without_secrets(&facts.request.target, &mut secrets)),
            },
            headers: request::fields(thread, &facts.request.headers, &self.headers, &mut secrets),
            body: made.body,
        };
        let listening = self.source(&facts.source)?;
        let sent = question.body.clone();
        let place = self.asked;
        self.asked += 1;
        let mut received = Received::default();
        let ended = self.in_time(limit, received.listen(listening, question)).await;
        if matches!(ended, Ended::Complete | Ended::BrokeOff) {
            let recorded = Answer::read(recorded)?;
            let live = Answer::read(&mut received.exchange(facts, sent)?)?;
            thread.answered(recorded, live);
        }
        Ok(Rerun {
            place: Some(place),
            ended,
            left_out: made.left_out,
            secrets,
        })
    }

    /// How an answer ended, or that it took too long.
    async fn in_time(&self, limit: Duration, answer: impl Future<Output = Ended>) -> Ended {
        match tokio::time::timeout(limit, answer).await {
            Ok(ended) => ended,
            Err(_elapsed) => {
                self.settle().await;
                Ended::Late
            }
        }
    }

    /// Waits until the source has seen that its client left, so that this is in
    /// the recording; at most [`SETTLING`].
    async fn settle(&self) {
        let is_open = || {
            let sources = self.store.engine.sources();
            sources.is_ok_and(|list| list.sources.iter().any(|source| source.open > 0))
        };
        let mut waited = Duration::ZERO;
        while waited < SETTLING && is_open() {
            tokio::time::sleep(SETTLING / 100).await;
            waited += SETTLING / 100;
        }
    }

    /// Ends the recording. Gives the new store, whose exchanges stand in the
    /// order in which they were asked, and the folder that holds it.
    ///
    /// # Errors
    /// When not everything has reached the store.
    pub fn finish(self) -> Result<(PathBuf, TempDir), EngineError> {
        let (is_whole, reading, folder) = self.store.finish()?;
        let path = reading.path().to_owned();
        let kept = reading.exchanges()?.len();
        reading.close();
        match is_whole && kept == self.asked {
            true => Ok((path, folder)),
            false => Err(unrecorded()),
        }
    }

    /// Ends the recording and keeps nothing of it.
    pub fn give_up(self) {
        self.store.engine.close();
    }
}

impl Rerun {
    fn unsent(why: String) -> Self {
        Self {
            place: None,
            ended: Ended::NotAsked(why),
            left_out: Vec::new(),
            secrets: Vec::new(),
        }
    }
}

fn unrecorded() -> EngineError {
    EngineError::Answer {
        report: Report::new(
            Code::Internal,
            "Not everything that the agent answered could be recorded.",
            "Check that there is room where temporary files go.",
        ),
    }
}

/// A random UUID (version 4).
fn uuid() -> String {
    let mut bytes = [0; 16];
    // Where the system has no random numbers, nothing here works: not even a temporary folder.
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        let (one, other) = (uuid(), uuid());
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!("89ab".contains(&one[19..20]), "{one}");
    }
}
