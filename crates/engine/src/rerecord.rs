//! Asking a live agent again what recorded threads asked.
//!
//! Every request goes through a source of its own into a store of its own
//! that is gone with it, so what comes back is a recording like any other:
//! bytes, times, ending. [`scrubjay_replay::rerecord`] makes the requests.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use scrubjay_ipc::Report;
use scrubjay_protocol::{encoding, input::Request};
use scrubjay_proxy::post::{Posted, Question, ask};
use scrubjay_replay::rerecord::{Answer, Thread, Unasked};
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange as Facts, FINGERPRINT_PREFIX, Headers, ResponseHead, field},
    memory::MemoryShelf,
};
use tempfile::TempDir;

use crate::{
    Engine, EngineError, Exchange, Opening, Options, SourceConfig, TlsConfig,
    capture::address::{is_name, path_of},
    live::{judge_address, listening, split},
    shelf::AnyShelf,
};

/// Fields that belong to the connection or to the body as it was framed then.
const NOT_SENT: [&str; 14] = [
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "x-scrubjay-label",
];
/// What is sent where a request has no such field.
const DEFAULTS: [(&str, &str); 2] = [("content-type", "application/json"), ("accept", "text/event-stream")];
/// How long a source may take to see that its client left.
const SETTLING: Duration = Duration::from_secs(1);
/// Name of the source where the recorded one has none that can be used.
const SOURCE: &str = "agent";
/// A field in the head of an answer that Scrubjay gives in the agent's place.
const OUR_ANSWER: &str = "x-scrubjay-answer";

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
    engine: Engine,
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
    /// Holds the store; gone when dropped.
    folder: TempDir,
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
    let coding = field(&exchange.exchange().request.headers, "content-encoding");
    let body = exchange.request_body()?;
    let request = match coding.is_empty() {
        true => Request::read(&body),
        false => Request::read(&encoding::decode(&coding, &body).0),
    };
    Ok(Some(match request.thread_id() {
        Some(id) => id.to_str_lossy().into_owned(),
        None => exchange.summary().thread_id.clone(),
    }))
}

impl Rerecording {
    /// Listens, and asks nothing yet. `targets` are the recorded paths and queries.
    ///
    /// # Errors
    /// When the URL makes no sense, or names one endpoint for several paths, or no temporary
    /// store can be made.
    pub fn start(plan: &RerecordConfig, targets: &[String]) -> Result<Self, EngineError> {
        let (upstream, target) = split(&plan.url);
        judge_address(&plan.url, &upstream)?;
        let endpoint = (target != "/").then_some(target);
        if let Some(endpoint) = &endpoint {
            judge_targets(&upstream, endpoint, targets)?;
        }
        let folder = tempfile::tempdir().map_err(|source| EngineError::ReadFile {
            path: std::env::temp_dir(),
            source,
        })?;
        let engine = Engine::open(&Options {
            path: Some(store_in(folder.path())),
            opening: Opening::Writing,
        })?;
        let mut started = Self {
            engine,
            upstream,
            sources: BTreeMap::new(),
            endpoint,
            headers: plan.headers.clone(),
            tls: plan.tls.clone(),
            asked: 0,
            folder,
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
        let source = self.engine.run_source(&SourceConfig {
            name: Some(name.to_owned()),
            listen: Some("127.0.0.1:0".into()),
            upstream: self.upstream.clone(),
            tls: self.tls.clone(),
            ..SourceConfig::default()
        })?;
        let listening = listening(&source.listen)?;
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
        let coding = field(&facts.request.headers, "content-encoding");
        let body = recorded.request_body()?;
        let made = match coding.is_empty() {
            true => thread.request(&body),
            false => thread.request(&encoding::decode(&coding, &body).0),
        };
        let made = match made {
            Ok(made) => made,
            Err(unasked @ (Unasked::NoInput | Unasked::NothingNew(_))) => {
                return Ok(Rerun::unsent(unasked.to_string()));
            }
        };
        let mut secrets = Vec::new();
        let question = Question {
            method: facts.request.method.clone(),
            target: self.target(thread, &facts, &mut secrets),
            headers: self.fields(thread, &facts, &mut secrets),
            body: made.body,
        };
        let listening = self.source(&facts.source)?;
        let sent = question.body.clone();
        let place = self.asked;
        self.asked += 1;
        let mut received = Received::default();
        let in_time = tokio::time::timeout(limit, received.listen(listening, question)).await;
        let ended = match in_time {
            Ok(ended) => ended,
            Err(_elapsed) => {
                self.settle().await;
                Ended::Late
            }
        };
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

    /// Waits until the source has seen that its client left, so that this is in
    /// the recording; at most [`SETTLING`].
    async fn settle(&self) {
        let is_open = || {
            let sources = self.engine.sources();
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
        if !self.engine.close() {
            return Err(unrecorded());
        }
        let path = store_in(self.folder.path());
        let reading = Engine::open(&Options {
            path: Some(path.clone()),
            opening: Opening::Reading,
        })?;
        let kept = reading.exchanges()?.len();
        reading.close();
        match kept == self.asked {
            true => Ok((path, self.folder)),
            false => Err(unrecorded()),
        }
    }

    /// Ends the recording and keeps nothing of it.
    pub fn give_up(self) {
        self.engine.close();
    }

    fn target(&self, thread: &Thread, facts: &Facts, secrets: &mut Vec<String>) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => thread.target(&without_secrets(&facts.request.target, secrets)),
        }
    }

    /// The recorded fields that are no secrets, and those of the plan.
    fn fields(&self, thread: &Thread, facts: &Facts, secrets: &mut Vec<String>) -> Headers {
        let is_given = |name: &str| self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let mut fields = Headers::new();
        for (name, value) in &facts.request.headers {
            if is_given(name) || name.starts_with(':') || NOT_SENT.iter().any(|not| name.eq_ignore_ascii_case(not)) {
                continue;
            }
            match holds_fingerprint(value) {
                true => secrets.push(name.clone()),
                false => fields.push((name.clone(), thread.header(name, value))),
            }
        }
        for (name, value) in DEFAULTS {
            if !is_given(name) && field(&fields, name).is_empty() {
                fields.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        fields.extend(self.headers.iter().filter(|(_, value)| !value.is_empty()).cloned());
        fields
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

/// An answer as far as it has come.
#[derive(Default)]
struct Received {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl Received {
    async fn listen(&mut self, to: SocketAddr, question: Question) -> Ended {
        let mut posted = match ask(to, question).await {
            Ok(posted) => posted,
            Err(error) => return Ended::Unanswered(format!("The request could not be sent: {error}.")),
        };
        self.status = posted.status();
        self.headers = posted.headers();
        let ended = self.read(&mut posted).await;
        match field(&self.headers, OUR_ANSWER).is_empty() {
            true => ended,
            false => Ended::Unanswered(self.sentence()),
        }
    }

    async fn read(&mut self, posted: &mut Posted) -> Ended {
        loop {
            match posted.next().await {
                Ok(Some(bytes)) => self.body.extend_from_slice(&bytes),
                Ok(None) => return Ended::Complete,
                Err(_broken) => return Ended::BrokeOff,
            }
        }
    }

    /// The source's sentence in the place of an agent that does not answer.
    fn sentence(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line = text.lines().next().unwrap_or_default();
        line.strip_prefix("Scrubjay: ").unwrap_or(line).to_owned()
    }

    /// The exchange as a client has it, to be read.
    fn exchange(self, recorded: Facts, request: Vec<u8>) -> Result<Exchange, EngineError> {
        let mut head = recorded.request;
        head.headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
        let facts = Facts {
            request: head,
            response: Some(ResponseHead {
                status: self.status,
                headers: self.headers,
                ..ResponseHead::default()
            }),
            ending: Ending::Complete,
            ..Facts::default()
        };
        let chunk = Chunk {
            offset: 0,
            len: self.body.len() as u64,
            at_us: 0,
        };
        let shelf = MemoryShelf::new(facts, request, vec![chunk], self.body);
        Ok(Exchange::open(AnyShelf::Memory(Arc::new(shelf)))?)
    }
}

fn store_in(folder: &Path) -> PathBuf {
    folder.join("asked-again.db")
}

fn unrecorded() -> EngineError {
    EngineError::Answer {
        report: Report::new(
            scrubjay_ipc::Code::Internal,
            "Not everything that the agent answered could be recorded.",
            "Check that there is room where temporary files go.",
        ),
    }
}

/// One endpoint cannot stand for several paths.
fn judge_targets(upstream: &str, endpoint: &str, targets: &[String]) -> Result<(), EngineError> {
    let mut paths: Vec<&str> = targets.iter().map(|target| path_of(target)).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.len() < 2 {
        return Ok(());
    }
    Err(EngineError::Answer {
        report: Report::new(
            scrubjay_ipc::Code::BadRequest,
            format!(
                "The baselines asked at {} paths ({}), and --url names one, {endpoint}.",
                paths.len(),
                paths.join(", ")
            ),
            format!("Give the origin alone, and each is asked at its recorded path: --url {upstream}."),
        ),
    })
}

/// A target without the parameters that are fingerprints.
fn without_secrets(target: &str, secrets: &mut Vec<String>) -> String {
    let mut kept = |text: &str, between: char| {
        let is_kept = |piece: &&str| {
            let is_secret = holds_fingerprint(piece.replace("%3A", ":").replace("%3a", ":").as_bytes());
            if is_secret {
                secrets.push(piece.split('=').next().unwrap_or_default().to_owned());
            }
            !is_secret
        };
        let pieces: Vec<&str> = text.split(between).filter(is_kept).collect();
        pieces.join(&between.to_string())
    };
    // Parameters may stand in segments of the path, too: `/a;token=…/b`.
    let path: Vec<String> = path_of(target).split('/').map(|segment| kept(segment, ';')).collect();
    let path = path.join("/");
    let query = target.split_once('?').map(|(_, query)| kept(query, '&'));
    match query.filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

fn holds_fingerprint(value: &[u8]) -> bool {
    let mark = FINGERPRINT_PREFIX.as_bytes();
    value.windows(mark.len()).any(|window| window == mark)
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
    fn fingerprints_are_not_sent() {
        let mut secrets = Vec::new();
        let target = without_secrets("/run?a=1&api_key=scrubjay-fp:12ab&b=2", &mut secrets);
        assert_eq!(
            (target.as_str(), secrets.as_slice()),
            ("/run?a=1&b=2", &["api_key".to_owned()][..])
        );
        assert_eq!(
            without_secrets("http://h:1/run?k=scrubjay-fp%3A1", &mut secrets),
            "/run"
        );
        assert_eq!(without_secrets("/run", &mut secrets), "/run");
        assert_eq!(without_secrets("/a;v=1;sid=scrubjay-fp:1/b", &mut secrets), "/a;v=1/b");
    }

    #[test]
    fn one_endpoint_is_for_one_path() {
        let judge = |targets: &[&str]| {
            let targets: Vec<String> = targets.iter().map(|&target| target.to_owned()).collect();
            judge_targets("http://h:1", "/agent", &targets).map_err(|error| error.report().message)
        };
        assert_eq!(judge(&[]), Ok(()));
        assert_eq!(judge(&["/a?x=1", "/a?x=2", "http://h/a"]), Ok(()));
        assert_eq!(
            judge(&["/b", "/a"]),
            Err("The baselines asked at 2 paths (/a, /b), and --url names one, /agent.".to_owned())
        );
    }

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        let (one, other) = (uuid(), uuid());
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!("89ab".contains(&one[19..20]), "{one}");
    }
}
