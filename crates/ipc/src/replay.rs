//! Recordings served as the agent: what runs, who listens, and how to steer it.

use serde::{Deserialize, Serialize};

/// Asks for all replays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replays {}

/// All replays, in the order in which they were started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReplayList {
    pub replays: Vec<ReplayView>,
}

/// Starts serving.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartReplay {
    /// Which exchanges; empty means all.
    pub exchanges: Vec<i64>,
    /// Of which source, with what a fallback answered; empty means of all.
    #[serde(default)]
    pub source: String,
    /// Where to listen; empty means the next free port from 5291.
    pub listen: String,
    /// How to serve.
    #[serde(rename = "manner")]
    pub options: ReplayOptions,
}

/// How a recording is served. Words are those of the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayOptions {
    /// `recorded`, `2x`, `instant`, `fixed:MS`, `step`; empty means `recorded`.
    pub pace: String,
    /// Bytes as recorded, without putting in the ids of the request.
    pub exact: bool,
    /// No upstream, and what is not asked for is reported.
    pub strict: bool,
    /// Fault specs.
    pub faults: Vec<String>,
    /// Seed of the faults.
    pub seed: u64,
    /// Where requests go that nothing matches; empty means nowhere.
    pub fallback: String,
    /// Filter at which to hold; empty means none.
    pub hold: String,
    /// `documented` or `exact`: what a request must have in common with a recorded one; empty means `documented`.
    #[serde(default)]
    pub matching: String,
    /// `not-found`, `run-error` or `wait`: what a miss is answered with; empty means `not-found`.
    #[serde(default)]
    pub on_miss: String,
}

/// Stops serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopReplay {
    pub replay: u64,
}

/// Changes how a replay serves; what is already on its way is steered too where that makes sense (pace, hold).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditReplay {
    pub replay: u64,
    /// How from now on.
    #[serde(rename = "manner")]
    pub options: ReplayOptions,
}

/// Steers the stream of one client by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steer {
    /// Of which replay.
    pub replay: u64,
    /// Which client.
    pub client: u64,
    /// What to do.
    pub by: SteerBy,
}

/// Answers a request that was missed, and the same request asked again in its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerMiss {
    /// Of which replay.
    pub replay: u64,
    /// The request's number.
    pub request: u64,
    /// With which exchange; nothing lets a client that waits have the miss.
    #[serde(default)]
    pub exchange: Option<i64>,
}

/// What to do with the next event of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SteerBy {
    /// Send it.
    Send,
    /// Leave it out.
    Skip,
    /// Send it twice.
    Duplicate,
    /// Send it after so many milliseconds.
    Delay(u32),
    /// Send this text in its place.
    Edit(String),
    /// Go on at the replay's pace.
    Go,
    /// Break the connection off.
    Reset,
}

/// One replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayView {
    pub replay: u64,
    /// Origin to point a frontend at; empty when it does not listen.
    pub url: String,
    /// What it serves, in a few words: the file's name, or the runs' titles.
    pub title: String,
    /// The exchanges it serves.
    pub exchanges: Vec<i64>,
    /// How.
    #[serde(rename = "manner")]
    pub options: ReplayOptions,
    /// Why it does not listen, as a sentence; empty when it does.
    pub failure: String,
    /// A command that does the same without a window.
    pub command: String,
    /// Who listens now or did lately: at most 50, newest first.
    pub clients: Vec<ReplayClient>,
    /// Answers given lately: at most 200, newest first.
    pub log: Vec<ReplayAnswer>,
    /// Answers given in all.
    pub answers: u64,
    /// Exchanges not asked for yet.
    pub unused: Vec<i64>,
    /// Those of them that are runs.
    #[serde(default)]
    pub unused_runs: Vec<i64>,
    /// The first run that it serves, if it serves any: what an example can ask.
    #[serde(default)]
    pub first_run: Option<i64>,
    /// The source whose exchanges it serves; empty means all that were chosen.
    #[serde(default)]
    pub source: String,
    /// Requests that nothing recorded answers: at most 50, newest first.
    #[serde(default)]
    pub misses: Vec<ReplayMiss>,
}

/// A request that nothing recorded answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayMiss {
    /// The request's number, from 1.
    pub request: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Method, path and query of the request.
    pub target: String,
    /// What the request is called: the same, or what it asks of CopilotKit's
    /// single endpoint and where that is.
    pub name: String,
    /// Value of `x-scrubjay-session`; empty for a request without.
    pub session: String,
    /// What the request asks: its last message, or the start of its body.
    pub asks: String,
    /// Why nothing answers it, as a sentence.
    pub why: String,
    /// Its client waits for an answer.
    pub waits: bool,
    /// The exchange that was chosen for it.
    pub chosen: Option<i64>,
    /// The recorded requests that come closest, closest first; at most three.
    pub nearest: Vec<NearRecording>,
}

/// A recorded request that comes close to one that was missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearRecording {
    pub exchange: i64,
    /// Method, path and query of the recorded request.
    pub target: String,
    /// What the recorded request is called.
    pub name: String,
    /// Further differences; may be empty.
    pub note: String,
    /// Where they differ: at most 50.
    pub differences: Vec<RequestDifference>,
}

/// A stream that goes to a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayClient {
    pub client: u64,
    /// The request's number, from 1.
    pub request: u64,
    /// Who, by its `User-Agent`, shortened.
    pub name: String,
    /// The exchange it gets.
    pub exchange: i64,
    /// The last frame sent.
    pub seq: u32,
    /// When that frame arrived in the recording, for its place on the clock axis.
    pub at_us: u64,
    /// Frames in all.
    pub frames: u32,
    /// How it stands.
    pub stage: ClientStage,
    /// The next event, as text, when it is held or stepped.
    pub next: Option<NextEvent>,
}

/// How a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStage {
    /// Events go out at the pace.
    Streaming,
    /// It waits until the user sends the next event.
    Held,
    /// It has had all.
    Done,
    /// The client left.
    Left,
}

/// The event that goes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextEvent {
    /// Its frame in the recording.
    pub seq: u32,
    /// Event type, or what the frame is.
    pub type_name: String,
    /// Its text, cut at 16 KB.
    pub text: String,
    /// Whether it was cut, so that it cannot be edited.
    pub cut: bool,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayAnswer {
    /// The request's number, from 1.
    pub request: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Method, path and query of the request.
    pub target: String,
    /// What the request is called: the same, or what it asks of CopilotKit's
    /// single endpoint and where that is.
    pub name: String,
    /// Status sent.
    pub status: u16,
    /// The exchange it was answered with; absent for a miss and for what the replay says itself.
    pub exchange: Option<i64>,
    /// Nothing recorded answers it.
    #[serde(default)]
    pub is_miss: bool,
    /// The exchanges that come closest to a miss, closest first.
    #[serde(default)]
    pub nearest: Vec<i64>,
    /// Why that one, or why none, as a sentence.
    pub why: String,
    /// What the request has that the recorded one had not: at most 50.
    pub differences: Vec<RequestDifference>,
}

/// Where two requests differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDifference {
    /// JSON Pointer into the RunAgentInput.
    pub pointer: String,
    /// Recorded value as JSON text, shortened; absent when there was none.
    pub recorded: Option<String>,
    /// Value of the request, likewise.
    pub asked: Option<String>,
}
