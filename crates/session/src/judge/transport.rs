//! How the bytes came: heads, endings, times.

use scrubjay_protocol::{
    event::EventType,
    frame::{Frame, FrameKind},
    record,
};

use super::{
    framing::{self, Lengths},
    refusal,
    reported::Reported,
    request::RunRequest,
    rule::{
        BUFFERED, CLIENT_LEFT, COMPRESSED, CONTENT_TYPE, FIRST_TEXT, FRAMING, GAP, NO_ANSWER, NOT_RECORDED,
        RECORDER_STOPPED, RESET, STALL, TIME_BACKWARDS, TRUNCATED,
    },
};
use crate::{
    exchange::{Ending, Exchange, ResponseHead, field},
    fold::Violation,
    recognise::Transport,
};

/// A silence that proxies cut.
const GAP_US: u64 = 60_000_000;
/// A silence that people notice.
const STALL_US: u64 = 10_000_000;
/// Events that are made over less time than this may come together.
const SPREAD_MS: f64 = 1_500.0;
/// Deltas in one chunk from which on they were held back.
const DELTAS: u32 = 12;
/// A run that comes whole within this was quick.
const QUICK_US: u64 = 1_000_000;
/// Timestamps beyond this are milliseconds since 1970.
const MILLISECONDS: f64 = 1e11;

/// What the response's head says.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) status: Option<u16>,
    pub(super) content_type: String,
    /// Where the client is sent instead.
    location: Option<String>,
    encoding: String,
    pub(super) has_headers: bool,
    /// Why Scrubjay answered in upstream's place, in a sentence.
    reason: String,
    /// The recording file ends inside the exchange, or is damaged there.
    pub(super) is_cut: bool,
    /// What it says of the body's length, where it says that in two ways.
    lengths: Option<Lengths>,
}

impl Head {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let is_cut = exchange
            .labels
            .iter()
            .any(|label| *label == ("bytes".into(), "cut".into()));
        let Some(response) = &exchange.response else {
            return Self {
                is_cut,
                ..Self::default()
            };
        };
        Self {
            status: Some(response.status),
            content_type: field(&response.headers, "content-type"),
            location: ResponseHead::redirect(response),
            encoding: field(&response.headers, "content-encoding"),
            has_headers: !response.headers.is_empty(),
            reason: response
                .delivered_headers
                .as_ref()
                .map(|delivered| field(delivered, "x-scrubjay-reason"))
                .unwrap_or_default(),
            is_cut,
            lengths: framing::lengths(&exchange.request, response),
        }
    }

    /// An error, which the client does not read on.
    pub(super) fn is_refusal(&self) -> bool {
        self.status.is_some_and(|status| status >= 400)
    }

    /// Why there is no answer, without a full stop.
    fn no_answer(&self) -> &str {
        match self.reason.trim_end_matches('.') {
            "" => "upstream could not be reached or sent no head",
            reason => reason,
        }
    }

    /// The connection speaks another protocol from here on.
    fn has_switched(&self) -> bool {
        self.status == Some(101)
    }

    /// Where another request follows to, which is an exchange of its own.
    pub(super) fn redirect(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The answer is no stream that the client reads.
    fn is_no_stream(&self, request: &RunRequest) -> bool {
        let is_elsewhere = self.status.is_some_and(|status| (300..400).contains(&status));
        is_elsewhere || request.is_input && self.is_refusal()
    }
}

/// When things came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Times {
    /// AG-UI events of known types.
    pub(super) events: u64,
    /// A run has begun and not ended, as the frames say.
    pub(super) in_run: bool,
    pub(super) last_frame_us: u64,
    pub(super) last_event_us: u64,
    pub(super) had_text: bool,
    /// Chunk and time of the run's first event.
    pub(super) began: Option<(u64, u64)>,
    /// Chunk and time of the run's terminal event.
    pub(super) ended: Option<(u64, u64)>,
    /// Deltas in the chunk in which the run began.
    pub(super) deltas: u32,
    /// Timestamps of the run's events: the least and the greatest.
    pub(super) stamps: Option<(f64, f64)>,
    pub(super) last_stamp: Option<f64>,
}

/// A frame as it arrived.
#[derive(Clone, Copy)]
pub(crate) struct Arrived {
    pub(crate) seq: u32,
    pub(crate) at_us: u64,
    pub(crate) chunk: u64,
    pub(crate) transport: Transport,
}

impl Times {
    pub(super) fn follow(
        &mut self,
        frame: &Frame,
        arrived: Arrived,
        reported: &mut Reported,
        findings: &mut Vec<Violation>,
    ) {
        let gap = arrived.at_us.saturating_sub(self.last_frame_us);
        if arrived.seq > 1 && gap >= GAP_US {
            let message = format!("nothing came for {}, no comment either", seconds(gap));
            findings.push(Violation::new(&GAP, message));
        }
        self.last_frame_us = arrived.at_us;
        let is_event = matches!(frame.kind, FrameKind::Event | FrameKind::Record);
        if let Some(kind) = frame.event_type.as_ref().filter(|kind| is_event && kind.is_known()) {
            self.event(kind, frame, arrived, gap, reported, findings);
        }
    }

    fn event(
        &mut self,
        kind: &EventType,
        frame: &Frame,
        arrived: Arrived,
        gap: u64,
        reported: &mut Reported,
        findings: &mut Vec<Violation>,
    ) {
        let quiet = arrived.at_us.saturating_sub(self.last_event_us);
        if self.in_run && quiet >= STALL_US && gap < GAP_US {
            findings.push(Violation::new(&STALL, format!("no event came for {}", seconds(quiet))));
        }
        self.events += 1;
        self.last_event_us = arrived.at_us;
        self.boundary(kind, arrived);
        if is_delta(kind) && self.began.is_some_and(|(chunk, _)| chunk == arrived.chunk) {
            self.deltas += 1;
        }
        let is_text = matches!(kind, EventType::TextMessageContent | EventType::TextMessageChunk);
        if is_text && !std::mem::replace(&mut self.had_text, true) && arrived.at_us >= STALL_US {
            let message = format!("the first text came {} after the request", seconds(arrived.at_us));
            findings.push(Violation::new(&FIRST_TEXT, message));
        }
        self.stamp(frame, reported, findings);
    }

    fn boundary(&mut self, kind: &EventType, arrived: Arrived) {
        match kind {
            EventType::RunStarted => {
                self.in_run = true;
                self.began = Some((arrived.chunk, arrived.at_us));
                self.ended = None;
                self.deltas = 0;
                self.stamps = None;
                self.last_stamp = None;
            }
            EventType::RunFinished | EventType::RunError => {
                self.in_run = false;
                self.ended = Some((arrived.chunk, arrived.at_us));
            }
            _ => {}
        }
    }

    fn stamp(&mut self, frame: &Frame, reported: &mut Reported, findings: &mut Vec<Violation>) {
        let event = frame.value.as_ref();
        let Some(stamp) = event.and_then(|event| event.get("timestamp")?.as_f64()) else {
            return;
        };
        let (least, greatest) = self.stamps.unwrap_or((stamp, stamp));
        self.stamps = Some((least.min(stamp), greatest.max(stamp)));
        if let Some(before) = self.last_stamp.replace(stamp).filter(|before| stamp < *before)
            && reported.is_first("time.backwards", b"")
        {
            let message = format!("the timestamp goes back from {before} to {stamp}");
            findings.push(Violation::new(&TIME_BACKWARDS, message));
        }
    }

    /// Why it looks as if the last run had been held back.
    fn held_back(&self) -> Option<String> {
        let ((first_chunk, began_us), (last_chunk, ended_us)) = (self.began?, self.ended?);
        let took_us = ended_us.saturating_sub(began_us);
        if let Some((least, greatest)) = self.stamps
            && least > MILLISECONDS
            && greatest - least >= SPREAD_MS
            && (took_us as f64) < (greatest - least) * 100.0
        {
            return Some(format!(
                "the run's timestamps span {}, and its events came within {}",
                seconds(((greatest - least) * 1_000.0) as u64),
                seconds(took_us)
            ));
        }
        (first_chunk == last_chunk && began_us >= QUICK_US && self.deltas >= DELTAS).then(|| {
            format!(
                "RUN_STARTED, {} deltas and the end of the run came in one piece, {} after the request",
                self.deltas,
                seconds(began_us)
            )
        })
    }
}

fn is_delta(kind: &EventType) -> bool {
    use EventType as E;
    matches!(
        kind,
        E::TextMessageContent
            | E::TextMessageChunk
            | E::ToolCallArgs
            | E::ToolCallChunk
            | E::ReasoningMessageContent
            | E::ReasoningMessageChunk
    )
}

/// An exchange that has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    pub(crate) ending: Ending,
    pub(crate) transport: Transport,
    pub(crate) has_holes: bool,
    /// One of them is after the last frame.
    pub(crate) ends_in_hole: bool,
    /// The last run may have begun or ended in them.
    pub(crate) is_run_missing: bool,
    /// Bytes that are missing, if that is known.
    pub(crate) missing_len: Option<u64>,
    /// The frame after which they are missing.
    pub(crate) missing_since: Option<u32>,
    /// When, if that is known.
    pub(crate) at_us: Option<u64>,
    /// Items that are open, as words.
    pub(crate) open: String,
    /// Events that could not be read may have held the end.
    pub(crate) is_lossy: bool,
    /// The client read an event, also where the frames show none.
    pub(crate) has_read: bool,
    /// The last run that the client read has ended.
    pub(crate) is_run_over: bool,
    /// Bytes of the body.
    pub(crate) body_len: u64,
    pub(crate) run_id: String,
    /// There were frames, and what the head says was judged at the first.
    pub(crate) has_frames: bool,
}

/// Judges what the head says about a frame's stream, at the first frame that shows one; and, where the
/// frame ends a run, whether the run was held back.
pub(super) fn frame(
    head: &Head,
    times: &Times,
    request: &RunRequest,
    (arrived, is_first_event, ends_run): (Arrived, bool, bool),
    findings: &mut Vec<Violation>,
) {
    if head.is_no_stream(request) {
        return;
    }
    let shows_stream = match request.is_input {
        true => arrived.seq == 1,
        false => is_first_event,
    };
    if shows_stream {
        judge_content_type(head, arrived.transport, findings);
    }
    if is_first_event && !head.encoding.is_empty() && !head.encoding.eq_ignore_ascii_case("identity") {
        let message = format!("the event stream has the content encoding {}", head.encoding);
        findings.push(Violation::new(&COMPRESSED, message));
    }
    if ends_run
        && !request.is_connect
        && let Some(reason) = times.held_back()
    {
        findings.push(Violation::new(&BUFFERED, reason));
    }
}

impl Ended {
    /// What went to the client and is not here, as a sentence.
    fn missing(&self) -> String {
        let what = match self.missing_len {
            Some(len) => format!("{} of the body", crate::measures::many(len, "byte")),
            None => "a part of the body".to_owned(),
        };
        let place = match self.missing_since {
            None | Some(0) => "before the first event".to_owned(),
            Some(seq) => format!("after {}", crate::measures::frame_mark(seq)),
        };
        format!(
            "{what} went to the client and was not recorded, {place}; from there on only single events are judged, and runs that begin after it; what depends on others is left open"
        )
    }
}

/// Judges head and ending.
pub(super) fn end(
    head: &Head,
    times: &Times,
    request: &RunRequest,
    (ended, answer): (&Ended, &[u8]),
    findings: &mut Vec<Violation>,
) {
    if head.is_cut {
        let message = "the recording file ends or is damaged inside this exchange; what follows is not in it";
        findings.push(Violation::new(&NOT_RECORDED, message));
    } else if ended.has_holes {
        findings.push(Violation::new(&NOT_RECORDED, ended.missing()));
    }
    if request.misses_bytes {
        let message =
            "a part of the request's body went to the agent and was not recorded; what depends on it is left open";
        findings.push(Violation::new(&NOT_RECORDED, message));
    }
    if let Some(lengths) = &head.lengths {
        findings.push(Violation::new(&FRAMING, lengths.sentence(ended.body_len, ended.ending)));
    }
    // Without an answer, the status is the one that Scrubjay gave in its place.
    if !ended.has_frames && ended.ending != Ending::NoAnswer {
        findings.extend(refusal::judge(head, request, answer));
    }
    let is_refused = head.is_no_stream(request) && ended.ending != Ending::NoAnswer;
    if is_refused || !request.is_input && times.events == 0 {
        return;
    }
    if !ended.has_frames && ended.body_len > 0 {
        judge_content_type(head, ended.transport, findings);
    }
    judge_silence(head, times, ended, findings);
    judge_ending(head, times, request, ended, findings);
}

fn judge_content_type(head: &Head, transport: Transport, findings: &mut Vec<Violation>) {
    if !head.has_headers {
        return;
    }
    let said = if head.content_type.is_empty() {
        "no content type".to_owned()
    } else {
        format!("the content type {}", head.content_type)
    };
    let message = match transport {
        Transport::Sse if is_event_stream(&head.content_type) => return,
        Transport::Protobuf if head.content_type == record::MEDIA_TYPE => return,
        Transport::Sse => format!("the event stream has {said}, and not text/event-stream"),
        Transport::Protobuf => format!("the records have {said}, and not {} alone", record::MEDIA_TYPE),
        Transport::Other => format!("a run was asked for, and the answer has {said} and no events"),
    };
    findings.push(Violation::new(&CONTENT_TYPE, message));
}

/// Silence inside a run, up to the end. Where bytes are missing it may have been none.
fn judge_silence(head: &Head, times: &Times, ended: &Ended, findings: &mut Vec<Violation>) {
    if !times.in_run || ended.is_run_missing || head.is_cut {
        return;
    }
    let gap = ended.at_us.unwrap_or_default().saturating_sub(times.last_frame_us);
    if gap >= GAP_US {
        let message = format!("nothing came for {} before the end, no comment either", seconds(gap));
        findings.push(Violation::new(&GAP, message));
    }
}

fn judge_ending(head: &Head, times: &Times, request: &RunRequest, ended: &Ended, findings: &mut Vec<Violation>) {
    let open = if ended.open.is_empty() || ended.is_run_missing {
        String::new()
    } else {
        format!("; open were: {}", ended.open)
    };
    if head.has_switched() {
        // Another protocol has ends of its own.
        return;
    }
    match ended.ending {
        Ending::NoAnswer => findings.push(Violation::new(&NO_ANSWER, head.no_answer())),
        // It was broken off because of what the other finding says.
        Ending::UpstreamReset if head.lengths.as_ref().is_some_and(|said| said.part_from(ended.body_len)) => {}
        Ending::UpstreamReset => {
            let message = format!("upstream broke off after {} bytes of body{open}", ended.body_len);
            findings.push(Violation::new(&RESET, message));
        }
        Ending::UpstreamClosed => {
            let message = format!(
                "upstream ended the connection after {} bytes of body, and the body was not whole{open}",
                ended.body_len
            );
            findings.push(Violation::new(&RESET, message));
        }
        // The run may have ended in what is missing.
        Ending::ClientLeft if times.in_run && !ended.is_run_missing => {
            findings.push(Violation::new(
                &CLIENT_LEFT,
                format!("the client left inside the run{open}"),
            ));
        }
        Ending::RecorderStopped => {
            findings.push(Violation::new(
                &RECORDER_STOPPED,
                "recording stopped before the body ended",
            ));
        }
        // What was not read may have been the end.
        Ending::Complete if !ended.is_lossy && !ended.is_run_missing && !head.is_cut => {
            judge_completion(head, times, request, ended, &open, findings);
        }
        Ending::Complete | Ending::Open | Ending::ClientLeft => {}
    }
}

/// A body that ended as HTTP says it should ends its run, too.
fn judge_completion(
    head: &Head,
    times: &Times,
    request: &RunRequest,
    ended: &Ended,
    open: &str,
    findings: &mut Vec<Violation>,
) {
    if times.in_run && ended.is_run_over {
        // The end stands in a frame that only the client reads.
        return;
    }
    if times.in_run {
        let message = format!(
            "the body ended inside run '{}', without RUN_FINISHED or RUN_ERROR{open}",
            ended.run_id
        );
        return findings.push(Violation::new(&TRUNCATED, message));
    }
    let is_stream = ended.transport != Transport::Other || ended.body_len == 0;
    let is_empty = times.events == 0 && !ended.has_read && request.is_input && !request.is_connect;
    if is_empty && is_stream && head.status.is_some() {
        let message = "a run was asked for, and the body ended without an event";
        findings.push(Violation::new(&TRUNCATED, message));
    }
}

fn seconds(us: u64) -> String {
    format!("{:.1} s", us as f64 / 1_000_000.0)
}

fn is_event_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/event-stream")
}
