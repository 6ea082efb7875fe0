//! What is wrong with a stream that the official client takes without a word.
//!
//! A `Judge` stands beside a [`Fold`]: it sees each frame before it is folded
//! and, as an observer, each event as the client applies it, and adds findings
//! to the client's own. At the end it says what only the end shows. Like the
//! fold it goes on after a stop, its memory does not grow with the length of
//! the stream, and it is written into checkpoints.
//!
//! ```text
//! request ─▶ ids, tools ─┐
//! frames ──▶ spelling, secrets, times ──────┐
//! events ──▶ runs, items, arguments, snapshot, meant, patches ──▶ findings
//! end ─────▶ transport ─────────────────────┘
//! ```
//!
//! False alarms cost more than misses: where a stream may be right, nothing is
//! said, or a note. No finding is an error unless a real client breaks.
//!
//! Map, in reading order: [`mod@rule`] (the registry), `request`, `runs`, `interrupts`,
//! `items`, `arguments`, `snapshot`, `meant`, `patches`, `spelling`, `secrets`,
//! `transport`, `refusal`, `framing`, `reported`, `effort`, `keep`. What stops the client is not here (`fold`),
//! nor what only several exchanges of a thread show (`threads`), nor muting (`engine`).

mod arguments;
mod effort;
mod framing;
mod interrupts;
mod items;
mod keep;
mod meant;
mod patches;
mod refusal;
mod reported;
mod request;
pub mod rule;
mod runs;
mod secrets;
mod snapshot;
mod spelling;
mod transport;

use scrubjay_protocol::{
    event::EventType,
    frame::{Frame, FrameKind},
    json,
};

use self::{
    effort::Effort,
    interrupts::Interrupts,
    items::Items,
    meant::{Around, Meant},
    refusal::Answer,
    reported::Reported,
    request::RunRequest,
    rule::{DELTA_LARGER, LARGE_STATE, SECRET, SNAKE_CASE, TYPE_CASE},
    runs::Runs,
    transport::{Head, Times},
};
pub(crate) use self::{
    interrupts::OpenInterrupt,
    transport::{Arrived, Ended},
};
use crate::{
    exchange::Exchange,
    fold::{BeforeEvent, Event, EventObserver, Fold, Violation, text_of, value::Value},
};

/// A state from here on is large: 1 MB of JSON.
const LARGE_STATE_BYTES: u64 = 1_000_000;
/// A delta up to here is never too long.
const SHORT_DELTA: usize = 2_048;

/// What rules about items look at beside the items.
struct Memory<'a> {
    request: &'a mut RunRequest,
    reported: &'a mut Reported,
    effort: &'a mut Effort,
}

/// Judges one exchange.
#[derive(Debug)]
pub(crate) struct Judge {
    request: RunRequest,
    head: Head,
    answer: Answer,
    runs: Runs,
    interrupts: Interrupts,
    items: Items,
    meant: Meant,
    times: Times,
    reported: Reported,
    effort: Effort,
}

impl Judge {
    /// At the start, with what is wrong with the request. The response's head
    /// must be known by now, if there is one.
    pub(crate) fn new(exchange: &Exchange, request_body: &[u8]) -> (Self, Vec<Violation>) {
        let (request, mut findings) = RunRequest::read(exchange, request_body);
        let mut judge = Self {
            request,
            head: Head::of(exchange),
            answer: Answer::default(),
            runs: Runs::default(),
            interrupts: Interrupts::default(),
            items: Items::default(),
            meant: Meant::default(),
            times: Times::default(),
            reported: Reported::default(),
            effort: Effort::default(),
        };
        judge.effort.pay(request_body.len());
        judge.look_for_secrets(request_body, "the request", &mut findings);
        (judge, findings)
    }

    /// Bytes of the body came, without their content encoding.
    pub(crate) fn body(&mut self, bytes: &[u8]) {
        if self.head.is_refusal() {
            self.answer.take(bytes);
        }
    }

    /// A frame is about to be folded.
    pub(crate) fn frame(&mut self, frame: &Frame, arrived: Arrived) -> Vec<Violation> {
        let mut findings = Vec::new();
        self.effort.pay(frame.data.len());
        self.meant.frame_len = frame.data.len() as u64;
        self.spelling(frame, &mut findings);
        if frame.event_type != Some(EventType::ReasoningEncryptedValue) {
            self.look_for_secrets(&frame.data, "the event", &mut findings);
        }
        let had_events = self.times.events > 0;
        self.times.follow(frame, arrived, &mut self.reported, &mut findings);
        if arrived.seq == 1 {
            findings.extend(refusal::judge(&self.head, &self.request, self.said_in(frame)));
        }
        let is_first_event = !had_events && self.times.events > 0;
        let ends_run = matches!(frame.event_type, Some(EventType::RunFinished | EventType::RunError));
        let place = (arrived, is_first_event, ends_run);
        transport::frame(&self.head, &self.times, &self.request, place, &mut findings);
        findings
    }

    /// What the first frame of an answer that refuses says: its data, or else its bytes.
    fn said_in<'a>(&'a self, frame: &'a Frame) -> &'a [u8] {
        if !frame.data.is_empty() {
            return &frame.data;
        }
        let len = usize::try_from(frame.range.end).unwrap_or(usize::MAX);
        &self.answer.0[..len.min(self.answer.0.len())]
    }

    /// A frame was folded.
    pub(crate) fn folded(&mut self, frame: &Frame, fold: &Fold) -> Vec<Violation> {
        let mut findings = Vec::new();
        let is_delta = frame.event_type == Some(EventType::StateDelta);
        if !is_delta && frame.event_type != Some(EventType::StateSnapshot) {
            return findings;
        }
        let weight = fold.followed().state.weight();
        if weight > LARGE_STATE_BYTES && self.reported.is_first("state.large", b"") {
            let message = format!("the state is {} KB as JSON", weight / 1_000);
            findings.push(Violation::new(&LARGE_STATE, message));
        }
        let len = frame.data.len();
        if is_delta && len > SHORT_DELTA && len as u64 > weight && self.reported.is_first("state.delta_larger", b"") {
            let message = format!("the delta has {len} bytes, and the whole state after it about {weight}");
            findings.push(Violation::new(&DELTA_LARGER, message));
        }
        findings
    }

    /// The exchange has ended.
    pub(crate) fn end(&self, ended: &Ended) -> Vec<Violation> {
        let mut findings = Vec::new();
        let ended = (ended, self.answer.0.as_slice());
        transport::end(&self.head, &self.times, &self.request, ended, &mut findings);
        findings
    }

    /// The recording file ends inside the exchange, or is damaged there.
    pub(crate) fn is_cut(&self) -> bool {
        self.head.is_cut
    }

    /// The run that is under way, or the last one.
    pub(crate) fn run_id(&self) -> String {
        self.runs.run_id.to_string()
    }

    /// What the last run that finished left open; nothing before one has.
    pub(crate) fn open_interrupts(&self) -> &[OpenInterrupt] {
        &self.interrupts.open
    }

    fn spelling(&mut self, frame: &Frame, findings: &mut Vec<Violation>) {
        if frame.kind != FrameKind::Event {
            return;
        }
        for (name, meant) in spelling::snake_case(frame) {
            if self.reported.is_first("schema.snake_case", name.as_bytes()) {
                let message = format!("the event has '{name}', and the protocol's name is '{meant}'");
                findings.push(Violation::new(&SNAKE_CASE, message));
            }
        }
        if let Some(EventType::Unknown(name)) = &frame.event_type
            && let Some(meant) = spelling::meant_type(name)
            && self.reported.is_first("schema.type_case", name.as_bytes())
        {
            let message = format!("'{name}' is not a type, and '{}' is", meant.name());
            findings.push(Violation::new(&TYPE_CASE, message));
        }
    }

    fn look_for_secrets(&mut self, bytes: &[u8], place: &str, findings: &mut Vec<Violation>) {
        for find in secrets::finds(bytes) {
            if self.reported.is_first("secret.on_wire", find.bytes) {
                let message = format!("{place} holds what looks like a {}: {}", find.kind, find.shown);
                findings.push(Violation::new(&SECRET, message));
            }
        }
    }

    /// A credential may come in pieces.
    fn look_through_text(&mut self, before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
        let text = match event.kind {
            EventType::TextMessageEnd => items::message_of(before, event.required("messageId"))
                .and_then(|message| message.value.get("content").cloned()),
            EventType::ToolCallEnd => items::call_of(before, event.required("toolCallId"))
                .and_then(|(call, _)| call.get("function")?.get("arguments").cloned()),
            _ => return,
        };
        let text = text.as_ref().and_then(Value::as_text);
        if let Some(text) = text.filter(|text| self.effort.spend(text.len())) {
            let text = text.to_wtf8(before.pieces);
            self.look_for_secrets(text.as_bytes(), "the text that ends here", findings);
        }
    }
}

impl EventObserver for Judge {
    fn before(&mut self, before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
        let is_explained = event.kind == EventType::RunFinished && self.runs.explains_end(event);
        match event.kind {
            EventType::RunStarted => self.runs.started(before, event, &self.request, findings),
            EventType::RunFinished => self.runs.finished(before, event, &self.request, findings),
            EventType::RunError => self.runs.failed(before, event, findings),
            EventType::MessagesSnapshot => {
                snapshot::judge(before, event, self.runs.first_seq, &self.request, findings);
            }
            EventType::StateDelta => {
                let operations = list(event, "delta");
                if !before.view.state_undefined {
                    patches::judge(
                        &before.view.state,
                        operations,
                        "the state",
                        before.seq,
                        before.pieces,
                        findings,
                    );
                }
            }
            EventType::ActivityDelta => judge_activity_patch(before, event, findings),
            _ => {}
        }
        let mut around = Around {
            request: &self.request,
            reported: &mut self.reported,
            effort: &mut self.effort,
            since: self.runs.first_seq,
            is_explained,
        };
        self.meant.follow(before, event, &mut around, findings);
        self.interrupts.follow(before, event, &self.request, findings);
        let memory = Memory {
            request: &mut self.request,
            reported: &mut self.reported,
            effort: &mut self.effort,
        };
        self.items.follow(before, event, memory, findings);
        self.runs.follow(before.seq, event, &mut self.reported, findings);
        self.look_through_text(before, event, findings);
    }
}

fn judge_activity_patch(before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
    let Some(message) = items::message_of(before, event.required("messageId")) else {
        return;
    };
    let is_activity = text_of(&message.value, "role") == Some(b"activity");
    if let Some(content) = message.value.get("content").filter(|_| is_activity) {
        patches::judge(
            content,
            list(event, "patch"),
            "the activity",
            before.seq,
            before.pieces,
            findings,
        );
    }
}

fn list<'a>(event: &'a Event, name: &str) -> &'a [json::Value] {
    event.get(name).and_then(json::Value::as_array).unwrap_or_default()
}
