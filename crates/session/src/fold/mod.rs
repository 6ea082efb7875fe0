//! The official client, as a value.
//!
//! A [`Fold`] holds what `@ag-ui/client` 1.0.0 holds after frames 1 … n came
//! one by one, starting from the request's messages and state. Pushing a frame
//! takes it through the client's own stages and says what the client would
//! have warned of, or at what it would have given up:
//!
//! ```text
//! frame ─▶ framing ─▶ schema (protocol) ─▶ chunks ─▶ verify ─▶ apply ─▶ messages, state
//!            └──────────┴── findings, the first stop ─┴───────────┘
//! ```
//!
//! After the stop the client holds still: [`Fold::messages`], [`Fold::state`].
//! Folding goes on leniently beside that, so that the rest can be inspected:
//! [`Fold::after_stop`].
//!
//! A clone is cheap and independent: a moment to come back to. A fold can be
//! written to bytes and read again ([`Fold::write`]); what checkpoints share
//! lies in [`piece`]s, which are loaded when needed, so reading methods take a
//! [`PieceSource`].
//!
//! ```
//! use scrubjay_protocol::sse::Decoder;
//! use scrubjay_session::fold::{Fold, piece::NoPieces};
//!
//! let mut fold = Fold::new(br#"{"threadId":"t","runId":"r","messages":[],"state":{"n":1}}"#);
//! let mut decoder = Decoder::new();
//! decoder.push(b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n");
//! decoder.push(b"data: {\"type\":\"STATE_DELTA\",\"delta\":[{\"op\":\"replace\",\"path\":\"/n\",\"value\":2}]}\n\n");
//! let mut seq = 0;
//! while let Some(frame) = decoder.next_frame() {
//!     seq += 1;
//!     assert!(fold.push(seq, &frame).is_empty());
//! }
//! assert_eq!(fold.state_json(&NoPieces), r#"{"n":2}"#);
//! assert_eq!(fold.state().get("n").unwrap().by(), 2);
//! ```
//!
//! Map, in reading order: [`value`], `framing`, `facts`, `event`, `chunks`, `ids`, `verify`,
//! `messages`, `index`, `apply`, `snapshot`, [`patch`], `lost`, `activities`, [`rule`], `held`, `checkpoint`. Spans
//! and lanes are not here (`derive`), nor are rules that the client does not
//! know.

mod activities;
mod apply;
mod checkpoint;
mod chunks;
mod event;
mod facts;
mod finding;
mod framing;
mod held;
mod ids;
mod index;
mod lost;
mod message;
mod messages;
mod observer;
mod open;
pub mod patch;
pub mod piece;
pub mod rule;
mod snapshot;
pub mod value;
mod verify;

use scrubjay_protocol::{
    event::EventType,
    frame::Frame,
    input::Request,
    json::{self, Wtf8},
    schema::{self, Boundary, Strip, Stripped, Verdict},
};

use self::{
    activities::Activities,
    apply::Applying,
    chunks::Chunks,
    framing::{Framing, Read},
    lost::Lost,
    messages::Messages,
    piece::{NoPieces, PieceSource},
    rule::{is_of_one_frame, is_of_one_run},
    value::Value,
    verify::Verifier,
};
pub(crate) use self::{
    apply::View,
    event::Event,
    finding::{Violation, clipped},
    message::text_of,
    messages::{Named, Spot},
    observer::{BeforeEvent, EventObserver, NoObserver},
    snapshot::{Snapshot, text_in},
};
pub use self::{
    checkpoint::Damaged,
    finding::{Finding, Stop},
    lost::LostPath,
    message::Message,
    rule::{Rule, Severity},
};
use crate::exchange::misses_bytes;

/// The official client after some frames.
#[derive(Clone, Debug)]
pub struct Fold {
    /// Goes on after a stop.
    view: View,
    /// Where the client gave up, and what it held.
    stopped: Option<Box<Stopped>>,
    framing: Framing,
    boundary: Boundary,
    chunks: Chunks,
    verifier: Verifier,
    /// The run that ids are made from where the client makes random ones.
    run_id: Wtf8,
    seq: u32,
    /// After this frame bytes are missing. What depends on them cannot be said
    /// from there on, nor whether the client gives up.
    missing_since: Option<u32>,
    /// The RUN_STARTED of the first run since the last missing bytes. What
    /// depends on the frames of one run alone can be said after it.
    whole_since: Option<u32>,
}

/// What goes with a frame on its way through the stages.
struct Course<'a> {
    pieces: &'a dyn PieceSource,
    observer: &'a mut dyn EventObserver,
    findings: Vec<Violation>,
}

#[derive(Clone, Debug)]
struct Stopped {
    stop: Stop,
    view: View,
}

impl Fold {
    /// The moment before the first frame: what the request says. A body that
    /// is no run input begins with nothing.
    pub fn new(request_body: &[u8]) -> Self {
        let request = Request::read(request_body);
        let input = request.input_value().or(request.value.as_ref());
        let mut fold = Self::from_input(input.unwrap_or(&json::Value::Null));
        if misses_bytes(request_body) {
            fold.miss_bytes(0);
        }
        fold
    }

    /// The moment before the first frame, of a run input.
    pub fn from_input(input: &json::Value) -> Self {
        let mut messages = Messages::default();
        for message in input
            .get("messages")
            .and_then(json::Value::as_array)
            .unwrap_or_default()
        {
            messages.push(Message::new(Value::from_json(message, 0), 0), &NoPieces);
        }
        let state = input
            .get("state")
            .map_or_else(|| Value::map(0), |state| Value::from_json(state, 0));
        let view = View {
            messages,
            state,
            state_undefined: false,
            lost: Lost::default(),
            activities: Activities::default(),
            messages_missing: None,
            kept_missing: None,
            interrupts: Value::list(0),
            lenient: false,
        };
        Self {
            view,
            stopped: None,
            framing: Framing::default(),
            boundary: Boundary::default(),
            chunks: Chunks::default(),
            verifier: Verifier::default(),
            run_id: input
                .get("runId")
                .and_then(json::Value::as_wtf8)
                .cloned()
                .unwrap_or_default(),
            seq: 0,
            missing_since: None,
            whole_since: None,
        }
    }

    /// Follows the next frame, in a fold that was never written to pieces.
    pub fn push(&mut self, seq: u32, frame: &Frame) -> Vec<Finding> {
        self.push_with(seq, frame, &NoPieces)
    }

    /// Follows the next frame. `seq` is its number.
    pub fn push_with(&mut self, seq: u32, frame: &Frame, pieces: &dyn PieceSource) -> Vec<Finding> {
        self.push_before(seq, frame, pieces, &mut NoObserver)
    }

    /// Follows the next frame before a witness, whose findings come with the client's.
    pub(crate) fn push_before(
        &mut self,
        seq: u32,
        frame: &Frame,
        pieces: &dyn PieceSource,
        observer: &mut dyn EventObserver,
    ) -> Vec<Finding> {
        self.seq = seq;
        let mut findings = Framing::notes(frame);
        if frame.value.is_some() && !frame.is_record {
            findings.extend(facts::facts(&frame.data));
        }
        let reads = self.framing.read(seq, frame, &mut findings);
        self.follow(reads, pieces, observer, findings)
    }

    /// Bytes are missing after a frame.
    pub(crate) fn miss_bytes(&mut self, seq: u32) {
        if self.missing_since.is_none() {
            self.missing_since = Some(seq);
        }
        self.whole_since = None;
        self.framing.reader.clear();
        self.verifier.lose();
        self.view.lose_sight(seq);
        // Items that were opened there are made up where they go on.
        self.view.lenient = true;
    }

    /// A frame that is not read.
    pub(crate) fn pass(&mut self, seq: u32) {
        self.seq = seq;
    }

    /// The frame after which bytes are missing.
    pub(crate) fn missing_since(&self) -> Option<u32> {
        self.missing_since
    }

    /// Bytes are missing, and no run has begun since.
    pub(crate) fn is_run_missing(&self) -> bool {
        self.missing_since.is_some() && self.whole_since.is_none()
    }

    /// Whether it can be said that a rule is broken at this frame.
    pub(crate) fn can_tell(&self, rule: &str) -> bool {
        self.missing_since.is_none()
            || is_of_one_frame(rule)
            || is_of_one_run(rule) && self.whole_since.is_some_and(|since| since < self.seq)
    }

    /// The end of the body: what still waits for a blank line is read now.
    /// Findings are those of the last frame.
    pub fn finish(&mut self, pieces: &dyn PieceSource) -> Vec<Finding> {
        self.finish_before(pieces, &mut NoObserver)
    }

    /// The end of the body before a witness.
    pub(crate) fn finish_before(&mut self, pieces: &dyn PieceSource, observer: &mut dyn EventObserver) -> Vec<Finding> {
        let mut findings = Vec::new();
        let read = self.framing.finish(self.seq, &mut findings);
        self.follow(vec![read], pieces, observer, findings)
    }

    fn follow(
        &mut self,
        reads: Vec<Read>,
        pieces: &dyn PieceSource,
        observer: &mut dyn EventObserver,
        findings: Vec<Violation>,
    ) -> Vec<Finding> {
        let mut course = Course {
            pieces,
            observer,
            findings,
        };
        for (place, read) in reads.into_iter().enumerate() {
            match read {
                Read::Nothing => {}
                Read::Event(value) => self.event(value, place, &mut course),
                Read::Missing => self.verifier.lose(),
                Read::Broken(violation) => {
                    self.verifier.lose();
                    // The client reads what is beyond our limits.
                    if !violation.stops {
                        self.view.lose_sight(self.seq);
                    }
                    self.report(violation, &mut course.findings);
                }
            }
        }
        self.findings(course.findings)
    }

    /// An event that the client reads; `place` counts those of one frame.
    fn event(&mut self, value: json::Value, place: usize, course: &mut Course<'_>) {
        self.follow_run(&value);
        let (run_id, seq) = (&self.run_id, self.seq);
        // The client's ids are random; ours follow from the place in the stream.
        let mut mint = || match place {
            0 => format!("{run_id}:{seq}"),
            _ => format!("{run_id}:{seq}:{place}"),
        };
        let checked = schema::check(value, &mut self.boundary, &mut mint);
        for conversion in checked.conversions {
            let note = conversion.note.map(|note| format!("; {note}")).unwrap_or_default();
            let message = format!("the client reads {} as {}{note}", conversion.what, conversion.to);
            course.findings.push(Violation::new(&rule::RETIRED, message));
        }
        course.findings.extend(checked.stripped.iter().map(stripped));
        match checked.verdict {
            Verdict::Accept { event, event_type } => {
                if let json::Value::Object(body) = event {
                    self.expand(Event { kind: event_type, body }, course);
                }
            }
            Verdict::Dropped { type_name } => {
                let message = format!("the client drops events of type '{type_name}', which it does not know");
                course.findings.push(Violation::new(&rule::UNKNOWN_TYPE, message));
            }
            Verdict::Fatal(fatal) => {
                self.report(Violation::new(&rule::SCHEMA, fatal.message()), &mut course.findings);
                self.miss(checked.refused);
            }
        }
    }

    /// An event that the schema refuses is not applied. What it would have
    /// opened counts as open all the same, so that the rest can be judged.
    fn miss(&mut self, refused: Option<json::Value>) {
        let Some(json::Value::Object(body)) = refused else {
            return self.verifier.lose();
        };
        let name = body.get("type").and_then(json::Value::as_str);
        let kind = EventType::from_name(name.unwrap_or_default());
        let (events, violation) = self.chunks.expand(Event { kind, body });
        if violation.is_some() {
            self.verifier.lose();
        }
        for event in events {
            // The call of a refused result is not without one.
            if event.names_its_item() && event.kind != EventType::ToolCallResult {
                self.verifier.force(&event);
            } else {
                self.verifier.lose();
            }
        }
    }

    fn follow_run(&mut self, value: &json::Value) {
        if value.get("type").and_then(json::Value::as_str) == Some("RUN_STARTED")
            && let Some(run_id) = value.get("runId").and_then(json::Value::as_wtf8)
        {
            self.run_id = run_id.clone();
        }
    }

    fn expand(&mut self, event: Event, course: &mut Course<'_>) {
        let (events, violation) = self.chunks.expand(event);
        if let Some(violation) = violation {
            self.refuse(None, violation, course);
        }
        for event in events {
            let begins_run = event.kind == EventType::RunStarted;
            match self.verifier.judge(&event) {
                Ok(()) => self.act(&event, course),
                Err(violation) => {
                    self.refuse(Some(&event), violation, course);
                    self.verifier.force(&event);
                    // What else there is to say of it follows from the refusal.
                    let findings = std::mem::take(&mut course.findings);
                    self.act(&event, course);
                    course.findings = findings;
                }
            }
            if begins_run && self.missing_since.is_some() {
                self.whole_since.get_or_insert(self.seq);
            }
        }
    }

    /// Shows an event to the witness and applies it.
    fn act(&mut self, event: &Event, course: &mut Course<'_>) {
        let before = BeforeEvent {
            seq: self.seq,
            view: &self.view,
            open: &self.verifier.open,
            is_lossy: self.verifier.lost > 0,
            pieces: course.pieces,
        };
        course.observer.before(&before, event, &mut course.findings);
        let mut applying = Applying {
            view: &mut self.view,
            seq: self.seq,
            pieces: course.pieces,
            findings: &mut course.findings,
            fatal: None,
        };
        applying.apply(event);
        if let Some(violation) = applying.fatal {
            self.report(violation, &mut course.findings);
        }
    }

    /// Takes note of an event that the client refuses. After the stop, and
    /// where it cannot be said whether there was one, what only follows from an
    /// earlier refusal is not reported again.
    fn refuse(&mut self, event: Option<&Event>, violation: Violation, course: &mut Course<'_>) {
        let follows = self.verifier.follows_from_before(event, &violation);
        if !follows || self.stopped.is_none() && self.missing_since.is_none() {
            self.report(violation, &mut course.findings);
        }
    }

    /// Takes note of a violation; the first stop holds the client's view.
    fn report(&mut self, mut violation: Violation, findings: &mut Vec<Violation>) {
        if violation.stops && self.stopped.is_none() && self.missing_since.is_none() {
            let stop = Stop {
                seq: self.seq,
                rule: violation.id.to_owned(),
                message: violation.message.clone(),
            };
            self.stopped = Some(Box::new(Stopped {
                stop,
                view: self.view.clone(),
            }));
            self.view.lenient = true;
        } else {
            violation.stops = false;
        }
        findings.push(violation);
    }

    fn findings(&self, findings: Vec<Violation>) -> Vec<Finding> {
        let finding = |violation: Violation| Finding {
            seq: self.seq,
            rule: violation.id,
            severity: violation.severity,
            message: violation.message,
            stop: violation.stops,
            operation: violation.operation,
            fails: violation.fails,
        };
        let is_known = |violation: &Violation| self.can_tell(violation.id);
        findings.into_iter().filter(is_known).map(finding).collect()
    }
}

fn stripped(strip: &Strip) -> Violation {
    match strip.what {
        Stripped::UnknownMember => Violation::new(
            &rule::STRIPPED_MEMBER,
            format!(
                "the client removes {}, which protocol 1.0 does not describe",
                strip.path
            ),
        ),
        Stripped::UnknownVariant => Violation::new(
            &rule::STRIPPED_VARIANT,
            format!(
                "the client removes {}, which is of a kind that protocol 1.0 does not have",
                strip.path
            ),
        ),
    }
}
