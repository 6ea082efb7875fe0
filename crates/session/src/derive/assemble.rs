//! Which span each frame belongs to.
//!
//! The assembler follows the same openings and closings as the official
//! client's verifier, and forgives what it would refuse: a delta without a
//! start begins a span, a start of an open id goes on in it. What a frame
//! says about itself decides; nothing is looked up in messages or state, so
//! the rows of a stream stay what they are when folding changes its mind.
//!
//! Rows that are no item of the protocol: a run's row holds its boundary
//! events, neighbouring state events are one burst, neighbouring comments one
//! row, neighbouring `RAW` events one row; a malformed frame stands alone.

mod blocks;
mod families;
mod open;

use std::collections::BTreeMap;

use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json::{Object, Value},
};

use self::open::OpenSpans;
use super::{
    frames::FrameEntry,
    kinds::{EventCode, Kind},
    spans::{BLOCK, HEAD_CHARS, NAME_LEN, OPEN_NAMED, Span, SpanBlock, Spill},
    summary::Outcome,
};
use crate::{
    codec::{Damaged, Reader, Writer},
    shelf::{Page, PageKind},
    steps::tick,
};

/// A pause that ends a burst of state or raw events.
const BURST_PAUSE_US: u64 = 1_000_000;
/// Spans that may be open at once; the oldest is let go beyond it.
const OPEN_LIMIT: usize = 10_000;
/// Text gathered before it is handed to the index.
const TEXT_PIECE_LEN: usize = 64 * 1024;

/// Text of a span for the index: ordinal, family, piece.
pub type SpanPiece = (u32, Kind, String);

/// What the deriver is to note beside the frame's span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) span: u32,
    /// The first character of text came with it.
    pub(crate) text_chars: u64,
    pub(crate) tool_began: bool,
    /// Operations of a state event's patch.
    pub(crate) operations: usize,
}

/// Who an open item belongs to and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Slot {
    Run = 0,
    Wait = 1,
    Step = 2,
    Subagent = 3,
    Text = 4,
    Reasoning = 5,
    ReasoningSpan = 6,
    Tool = 7,
    Activity = 8,
    /// The item that chunks without an id continue, by lane.
    ChunkLane = 9,
}

impl Slot {
    const ALL: [Self; 10] = [
        Self::Run,
        Self::Wait,
        Self::Step,
        Self::Subagent,
        Self::Text,
        Self::Reasoning,
        Self::ReasoningSpan,
        Self::Tool,
        Self::Activity,
        Self::ChunkLane,
    ];
}

type Key = (Slot, String);

/// Assigns frames to spans and keeps the spans that may still change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembler {
    /// Spans begun so far.
    count: u32,
    open: OpenSpans,
    /// Blocks with an open span, and the last one.
    blocks: BTreeMap<u32, LiveBlock>,
    /// The last frame's span, when the next frame of its sort joins it.
    burst: Option<(EventCode, u32)>,
    texts: BTreeMap<u32, String>,
    gathers_text: bool,
}

#[derive(Clone, Debug, Default)]
struct LiveBlock {
    block: SpanBlock,
    dirty: bool,
}

/// The frame at hand.
struct Now<'a> {
    seq: u32,
    entry: &'a FrameEntry,
    event: Option<&'a Object>,
}

impl Now<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let value = self.event?.get(name)?.as_wtf8()?;
        Some(value.to_str_lossy().into_owned())
    }

    fn delta(&self) -> Option<String> {
        self.text("delta")
    }

    /// The lane: the sub-agent's id, empty for the parent agent.
    fn owner(&self) -> String {
        self.text("subagentRunId").unwrap_or_default()
    }
}

impl Assembler {
    pub(crate) fn new(gathers_text: bool) -> Self {
        Self {
            gathers_text,
            ..Self::default()
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Adds a frame. The entry's span is not known yet; the rest is.
    pub(crate) fn push(&mut self, seq: u32, entry: &FrameEntry, frame: &Frame, out: &mut Emitted) -> Noted {
        tick();
        let event = frame.value.as_ref().and_then(Value::as_object);
        let now = Now { seq, entry, event };
        let mut noted = Noted::default();
        let ordinal = match (frame.kind, entry.event.kind()) {
            (FrameKind::Comment | FrameKind::Malformed, _) | (_, Kind::Wire) => self.wire(&now, frame, out),
            (_, kind) => self.event(kind, &now, &mut noted, out),
        };
        noted.span = ordinal;
        self.join(ordinal, &now, out);
        noted
    }

    fn event(&mut self, kind: Kind, now: &Now<'_>, noted: &mut Noted, out: &mut Emitted) -> u32 {
        if !matches!(kind, Kind::State | Kind::Raw) {
            self.burst = None;
        }
        match kind {
            Kind::Run => self.run(now, out),
            Kind::Step => self.step(now, out),
            Kind::Subagent => self.subagent(now, out),
            Kind::Text => self.text(now, noted, out),
            Kind::Reasoning => self.reasoning(now, out),
            Kind::Tool => self.tool(now, noted, out),
            Kind::State => {
                noted.operations = operations_in(now);
                self.close_lane(&now.owner(), out);
                self.burst(now, out)
            }
            Kind::Raw => self.burst(now, out),
            Kind::Activity => self.activity(now, out),
            Kind::Messages => {
                self.close_all_lanes(out);
                self.single(kind, now, String::new(), out)
            }
            Kind::Custom => {
                self.close_lane(&now.owner(), out);
                self.single(kind, now, now.text("name").unwrap_or_default(), out)
            }
            Kind::Wait | Kind::Wire | Kind::Unknown => self.single(kind, now, String::new(), out),
        }
    }

    /// Counts the frame among its span's rows.
    fn join(&mut self, ordinal: u32, now: &Now<'_>, out: &mut Emitted) {
        let Some(span) = self.span_mut(ordinal) else { return };
        span.last_seq = now.seq;
        span.end_us = now.entry.at_us;
        span.bytes += now.entry.len;
        span.severity = span.severity.max(now.entry.severity);
        let before = span.spilled_frames;
        if let Some(stretches) = span.add(now.seq) {
            let number = Span::spill_page(ordinal, span.spilled - 1);
            let spill = Spill {
                frames_before: before,
                stretches,
            };
            out.pages.push(Page {
                kind: PageKind::Marks,
                number,
                bytes: spill.to_page(),
            });
        }
    }

    // ---- opening and closing ------------------------------------------

    fn open_or_begin(&mut self, key: &Key, kind: Kind, now: &Now<'_>, out: &mut Emitted) -> u32 {
        if let Some(ordinal) = self.open.get(key) {
            return ordinal;
        }
        let ordinal = self.begin(kind, now, key.1.clone(), String::new(), out);
        self.open.insert(key.clone(), ordinal);
        ordinal
    }

    fn begin(&mut self, kind: Kind, now: &Now<'_>, id: String, name: String, out: &mut Emitted) -> u32 {
        if self.open.len() >= OPEN_LIMIT {
            self.let_oldest_go(out);
        }
        let ordinal = self.count;
        self.count += 1;
        let number = ordinal / BLOCK;
        let parent = self.parent_of(kind, now);
        if !self.blocks.contains_key(&number) {
            let block = SpanBlock {
                open: self.open.first(OPEN_NAMED),
                spans: Vec::new(),
            };
            self.blocks.insert(number, LiveBlock { block, dirty: true });
        }
        let span = Span {
            ordinal,
            kind,
            id: clipped(id),
            name: clipped(name),
            parent,
            first_seq: now.seq,
            last_seq: now.seq,
            start_us: now.entry.at_us,
            end_us: now.entry.at_us,
            open: true,
            ..Span::default()
        };
        if let Some(live) = self.blocks.get_mut(&number) {
            live.block.spans.push(span);
        }
        ordinal
    }

    /// The sub-agent of the tag, else the innermost step, else the run.
    fn parent_of(&self, kind: Kind, now: &Now<'_>) -> Option<u32> {
        let owner = now.owner();
        let run = || self.open.get(&(Slot::Run, String::new()));
        match kind {
            Kind::Run | Kind::Wait => None,
            Kind::Subagent => now
                .text("parentSubagentRunId")
                .and_then(|id| self.open.get(&(Slot::Subagent, id)))
                .or_else(run),
            _ if !owner.is_empty() => self.open.get(&(Slot::Subagent, owner)).or_else(run),
            _ => self.open.last(Slot::Step).or_else(run),
        }
    }

    fn close_lane(&mut self, owner: &str, out: &mut Emitted) {
        let Some(ordinal) = self.open.remove(&(Slot::ChunkLane, owner.to_owned())) else {
            return;
        };
        let key = self
            .open
            .names_of(ordinal)
            .find(|key| key.0 != Slot::ChunkLane)
            .cloned();
        let is_tool = self.span(ordinal).is_some_and(|span| span.kind == Kind::Tool);
        if is_tool {
            if let Some(span) = self.span_mut(ordinal) {
                span.ready.get_or_insert((span.end_us, span.last_seq));
            }
        } else if let Some(key) = key {
            self.open.remove(&key);
            if let Some(span) = self.span_mut(ordinal) {
                span.closed = true;
            }
            self.finish(ordinal, out);
        }
    }

    fn close_all_lanes(&mut self, out: &mut Emitted) {
        let owners: Vec<String> = self.open.slot(Slot::ChunkLane).map(|(key, _)| key.1.clone()).collect();
        owners.iter().for_each(|owner| self.close_lane(owner, out));
    }

    /// Closes an item by its own closing event.
    fn close(&mut self, key: &Key, now: Option<&Now<'_>>, out: &mut Emitted) {
        let Some(ordinal) = self.open.remove(key) else { return };
        if let Some(span) = self.span_mut(ordinal) {
            span.closed = true;
            if let Some(now) = now {
                span.last_seq = now.seq;
                span.end_us = now.entry.at_us;
            }
        }
        // A reasoning message inside a reasoning span ends without ending the span.
        if !self.open.is_open(ordinal) {
            self.finish(ordinal, out);
        }
    }

    /// Everything that is open ends with the run.
    fn end_run(&mut self, now: &Now<'_>, out: &mut Emitted) {
        self.close_all_lanes(out);
        let open: Vec<(Key, u32)> = self
            .open
            .iter()
            .filter(|(key, _)| key.0 != Slot::Wait)
            .map(|(key, ordinal)| (key.clone(), ordinal))
            .collect();
        for (key, ordinal) in open {
            tick();
            self.open.remove(&key);
            if let Some(span) = self.span_mut(ordinal) {
                let is_tool = span.kind == Kind::Tool;
                let unanswered = is_tool && span.ready.is_some() && span.result.is_none();
                // A result says that the call was complete, even without its end.
                span.closed |= unanswered || (is_tool && span.result.is_some());
                if unanswered || matches!(span.kind, Kind::Step | Kind::Subagent) {
                    span.end_us = now.entry.at_us;
                }
            }
            self.finish(ordinal, out);
        }
    }

    fn let_oldest_go(&mut self, out: &mut Emitted) {
        let Some((key, ordinal)) = self.open.oldest() else {
            return;
        };
        self.open.remove(&key);
        self.finish(ordinal, out);
    }

    fn finish(&mut self, ordinal: u32, out: &mut Emitted) {
        let kind = self.span_mut(ordinal).map(|span| {
            span.open = false;
            span.kind
        });
        if let (Some(text), Some(kind)) = (self.texts.remove(&ordinal), kind) {
            out.texts.push((ordinal, kind, text));
        }
    }

    fn set_depth(&mut self, ordinal: u32, depth: usize) {
        if let Some(span) = self.span_mut(ordinal) {
            span.depth = depth.min(15) as u8;
        }
    }
}

/// What comes out beside the spans in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Emitted {
    pub(crate) pages: Vec<Page>,
    pub(crate) texts: Vec<SpanPiece>,
}

fn clipped(mut text: String) -> String {
    if text.len() > NAME_LEN {
        let mut end = NAME_LEN;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

fn operations_in(now: &Now<'_>) -> usize {
    now.event
        .and_then(|event| event.get("delta"))
        .and_then(Value::as_array)
        .map_or(0, <[Value]>::len)
}

/// How a run's terminal event says it came out.
pub(crate) fn outcome_of(code: EventCode, event: Option<&Object>) -> Outcome {
    if code == EventCode::RUN_ERROR {
        return Outcome::Error;
    }
    match outcome_type(event) {
        Some("interrupt") => Outcome::Interrupt,
        Some("cancelled") => Outcome::Cancelled,
        _ => Outcome::Success,
    }
}

fn subagent_outcome(now: &Now<'_>) -> Outcome {
    if now.entry.event == EventCode::SUBAGENT_ERROR {
        return Outcome::Error;
    }
    match outcome_type(now.event) {
        Some("suspended") => Outcome::Interrupt,
        _ => Outcome::Success,
    }
}

fn outcome_type(event: Option<&Object>) -> Option<&str> {
    event?.get("outcome")?.get("type")?.as_str()
}
