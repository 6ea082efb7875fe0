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

use std::collections::BTreeMap;

use scrubjay_protocol::{
    frame::{Frame, FrameKind},
    json::{Object, Value},
};

use super::{
    codec::{Damaged, Reader, Writer},
    frames::FrameEntry,
    kinds::{EventCode, Kind},
    spans::{BLOCK, HEAD_CHARS, NAME_LEN, OPEN_NAMED, Span, SpanBlock, Spill},
    summary::Outcome,
};
use crate::shelf::{Page, PageKind};

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
    /// The span of the frame.
    pub(crate) span: u32,
    /// The first character of text came with it.
    pub(crate) text_chars: u64,
    /// A tool call began.
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
    open: BTreeMap<Key, u32>,
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

    // ---- the families -------------------------------------------------

    fn wire(&mut self, now: &Now<'_>, frame: &Frame, out: &mut Emitted) -> u32 {
        if frame.kind == FrameKind::Comment {
            return self.burst(now, out);
        }
        self.burst = None;
        self.single(Kind::Wire, now, frame.kind.as_str().to_owned(), out)
    }

    fn burst(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let code = now.entry.event;
        if let Some((before, ordinal)) = self.burst
            && before.kind() == code.kind()
            && let Some(span) = self.span_mut(ordinal)
            && (code.kind() == Kind::Wire || now.entry.at_us - span.end_us <= BURST_PAUSE_US)
        {
            return ordinal;
        }
        let name = if code.kind() == Kind::Wire { "comment" } else { "" };
        let ordinal = self.single(code.kind(), now, name.to_owned(), out);
        self.burst = Some((code, ordinal));
        ordinal
    }

    /// A span that is closed as soon as it begins.
    fn single(&mut self, kind: Kind, now: &Now<'_>, name: String, out: &mut Emitted) -> u32 {
        let ordinal = self.begin(kind, now, String::new(), name, out);
        if let Some(span) = self.span_mut(ordinal) {
            span.open = false;
            span.closed = true;
        }
        ordinal
    }

    fn run(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let key = (Slot::Run, String::new());
        if now.entry.event == EventCode::RUN_STARTED {
            self.end_run(now, out);
            self.close(&(Slot::Wait, String::new()), Some(now), out);
            let id = now.text("runId").unwrap_or_default();
            let ordinal = self.begin(Kind::Run, now, id.clone(), id, out);
            self.open.insert(key, ordinal);
            return ordinal;
        }
        let outcome = outcome_of(now.entry.event, now.event);
        let ordinal = match self.open.get(&key) {
            Some(ordinal) => *ordinal,
            None => self.begin(
                Kind::Run,
                now,
                now.text("runId").unwrap_or_default(),
                String::new(),
                out,
            ),
        };
        if let Some(span) = self.span_mut(ordinal) {
            span.outcome = outcome as u8;
            span.result = Some((now.entry.at_us, now.seq));
            span.closed = true;
        }
        self.end_run(now, out);
        self.finish(ordinal, out);
        if outcome == Outcome::Interrupt {
            let wait = self.begin(Kind::Wait, now, String::new(), "waiting for a person".to_owned(), out);
            self.open.insert((Slot::Wait, String::new()), wait);
        }
        ordinal
    }

    fn step(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let (name, owner) = (now.text("stepName").unwrap_or_default(), now.owner());
        self.close_lane(&owner, out);
        let key = (Slot::Step, format!("{owner}\0{name}"));
        let starts = now.entry.event == EventCode::STEP_STARTED;
        let ordinal = match self.open.get(&key) {
            Some(ordinal) => *ordinal,
            None => {
                let depth = self.open.keys().filter(|(slot, _)| *slot == Slot::Step).count();
                let ordinal = self.begin(Kind::Step, now, name.clone(), name, out);
                self.set_depth(ordinal, depth);
                self.open.insert(key.clone(), ordinal);
                ordinal
            }
        };
        if !starts {
            self.close(&key, Some(now), out);
        }
        ordinal
    }

    fn subagent(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let id = now.owner();
        let key = (Slot::Subagent, id.clone());
        let starts = now.entry.event == EventCode::SUBAGENT_STARTED;
        let ordinal = match self.open.get(&key) {
            Some(ordinal) => *ordinal,
            None => {
                let parent = now
                    .text("parentSubagentRunId")
                    .and_then(|id| self.open.get(&(Slot::Subagent, id)).copied());
                let depth = parent
                    .and_then(|parent| self.span(parent))
                    .map_or(0, |span| usize::from(span.depth) + 1);
                let name = now.text("name").unwrap_or_default();
                let ordinal = self.begin(Kind::Subagent, now, id.clone(), name, out);
                self.set_depth(ordinal, depth);
                self.open.insert(key.clone(), ordinal);
                ordinal
            }
        };
        if !starts {
            self.close_lane(&id, out);
            if let Some(span) = self.span_mut(ordinal) {
                span.outcome = subagent_outcome(now) as u8;
                span.result = Some((now.entry.at_us, now.seq));
            }
            self.close(&key, Some(now), out);
        }
        ordinal
    }

    fn text(&mut self, now: &Now<'_>, noted: &mut Noted, out: &mut Emitted) -> u32 {
        let chunk = now.entry.event == EventCode::TEXT_CHUNK;
        let ordinal = self.item(Slot::Text, Kind::Text, "messageId", chunk, now, out);
        if let Some(role) = now.text("role")
            && let Some(span) = self.span_mut(ordinal)
            && span.name.is_empty()
        {
            span.name = clipped(role);
        }
        if let Some(delta) = now.delta().filter(|delta| !delta.is_empty()) {
            noted.text_chars = self.append(ordinal, &delta, now, out);
        }
        if now.entry.event == EventCode::TEXT_END {
            self.close(&(Slot::Text, now.text("messageId").unwrap_or_default()), Some(now), out);
        }
        ordinal
    }

    fn reasoning(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let name = now.entry.event.name().unwrap_or_default();
        let id = now.text("messageId").unwrap_or_default();
        match name {
            "REASONING_ENCRYPTED_VALUE" => return self.encrypted(now, out),
            "REASONING_START" | "THINKING_START" => {
                self.close_lane(&now.owner(), out);
                let key = (Slot::ReasoningSpan, id);
                return self.open_or_begin(&key, Kind::Reasoning, now, out);
            }
            "REASONING_END" | "THINKING_END" => {
                self.close_lane(&now.owner(), out);
                let key = (Slot::ReasoningSpan, id);
                let ordinal = self.open_or_begin(&key, Kind::Reasoning, now, out);
                self.close(&key, Some(now), out);
                return ordinal;
            }
            _ => {}
        }
        let ordinal = self.item(
            Slot::Reasoning,
            Kind::Reasoning,
            "messageId",
            name.ends_with("_CHUNK"),
            now,
            out,
        );
        if let Some(delta) = now.delta().filter(|delta| !delta.is_empty()) {
            self.append(ordinal, &delta, now, out);
        }
        if name.ends_with("_MESSAGE_END") {
            self.close(&(Slot::Reasoning, id), Some(now), out);
        }
        ordinal
    }

    fn encrypted(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let id = now.text("entityId").unwrap_or_default();
        let known = [Slot::Reasoning, Slot::Tool, Slot::Text]
            .into_iter()
            .find_map(|slot| self.open.get(&(slot, id.clone())).copied())
            .or_else(|| self.last_open(Slot::ReasoningSpan));
        let ordinal = known.unwrap_or_else(|| self.single(Kind::Reasoning, now, "encrypted value".to_owned(), out));
        if let Some(span) = self.span_mut(ordinal) {
            span.encrypted = true;
        }
        ordinal
    }

    fn tool(&mut self, now: &Now<'_>, noted: &mut Noted, out: &mut Emitted) -> u32 {
        let name = now.entry.event.name().unwrap_or_default();
        let known = self.count;
        let ordinal = self.item(
            Slot::Tool,
            Kind::Tool,
            "toolCallId",
            name == "TOOL_CALL_CHUNK",
            now,
            out,
        );
        noted.tool_began = ordinal >= known && name != "TOOL_CALL_RESULT";
        if ordinal >= known {
            self.set_depth(ordinal, self.free_tool_row(ordinal));
        }
        if let Some(tool) = now.text("toolCallName")
            && let Some(span) = self.span_mut(ordinal)
        {
            span.name = clipped(tool);
        }
        if let Some(delta) = now.delta().filter(|delta| !delta.is_empty()) {
            self.append(ordinal, &delta, now, out);
        }
        match name {
            "TOOL_CALL_END" => {
                if let Some(span) = self.span_mut(ordinal) {
                    span.ready.get_or_insert((now.entry.at_us, now.seq));
                }
            }
            "TOOL_CALL_RESULT" => self.result(ordinal, now, out),
            _ => {}
        }
        ordinal
    }

    /// The first row of the lane that no open tool call takes.
    fn free_tool_row(&self, but: u32) -> usize {
        let rows: Vec<u8> = self
            .slot(Slot::Tool)
            .filter(|(_, ordinal)| **ordinal != but)
            .filter_map(|(_, ordinal)| Some(self.span(*ordinal)?.depth))
            .take(64)
            .collect();
        (0..16).find(|row| !rows.contains(&(*row as u8))).unwrap_or(15)
    }

    fn result(&mut self, ordinal: u32, now: &Now<'_>, out: &mut Emitted) {
        if let Some(span) = self.span_mut(ordinal) {
            span.result = Some((now.entry.at_us, now.seq));
        }
        if let Some(content) = now.text("content") {
            self.gather(ordinal, &format!("\n{content}"), out);
        }
        self.close(
            &(Slot::Tool, now.text("toolCallId").unwrap_or_default()),
            Some(now),
            out,
        );
    }

    fn activity(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let key = (Slot::Activity, now.text("messageId").unwrap_or_default());
        let ordinal = self.open_or_begin(&key, Kind::Activity, now, out);
        if let Some(name) = now.text("activityType")
            && let Some(span) = self.span_mut(ordinal)
        {
            span.name = clipped(name);
            // An activity has no closing event; it is never torn.
            span.closed = true;
        }
        ordinal
    }

    /// A message, a reasoning message or a tool call, by id or by the lane's
    /// last chunk.
    fn item(&mut self, slot: Slot, kind: Kind, id: &str, chunk: bool, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let owner = now.owner();
        let lane = (Slot::ChunkLane, owner.clone());
        let current = self.open.get(&lane).copied();
        let same_kind = current
            .and_then(|ordinal| self.span(ordinal))
            .is_some_and(|span| span.kind == kind);
        let id = match (now.text(id), current) {
            (None, Some(ordinal)) if chunk && same_kind => return ordinal,
            (id, _) => id.unwrap_or_default(),
        };
        let key = (slot, id.clone());
        let begun = self.open.get(&key).copied();
        if begun.is_none() || current.is_some_and(|ordinal| begun != Some(ordinal)) || !chunk {
            self.close_lane(&owner, out);
        }
        let inside = (slot == Slot::Reasoning)
            .then(|| self.last_open(Slot::ReasoningSpan))
            .flatten();
        let ordinal = match (self.open.get(&key), inside) {
            (Some(ordinal), _) => *ordinal,
            (None, Some(span)) => {
                self.open.insert(key, span);
                span
            }
            (None, None) => self.open_or_begin(&key, kind, now, out),
        };
        if chunk {
            self.open.insert(lane, ordinal);
        }
        ordinal
    }

    // ---- opening and closing ------------------------------------------

    fn open_or_begin(&mut self, key: &Key, kind: Kind, now: &Now<'_>, out: &mut Emitted) -> u32 {
        if let Some(ordinal) = self.open.get(key) {
            return *ordinal;
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
            let mut open: Vec<u32> = self.open.values().copied().collect();
            open.sort_unstable();
            open.dedup();
            open.truncate(OPEN_NAMED);
            let block = SpanBlock {
                open,
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
        let run = || self.open.get(&(Slot::Run, String::new())).copied();
        match kind {
            Kind::Run | Kind::Wait => None,
            Kind::Subagent => now
                .text("parentSubagentRunId")
                .and_then(|id| self.open.get(&(Slot::Subagent, id)).copied())
                .or_else(run),
            _ if !owner.is_empty() => self.open.get(&(Slot::Subagent, owner)).copied().or_else(run),
            _ => self.last_open(Slot::Step).or_else(run),
        }
    }

    fn last_open(&self, slot: Slot) -> Option<u32> {
        self.slot(slot).map(|(_, ordinal)| *ordinal).max()
    }

    fn slot(&self, slot: Slot) -> impl Iterator<Item = (&Key, &u32)> {
        let from = (slot, String::new());
        self.open.range(from..).take_while(move |(key, _)| key.0 == slot)
    }

    fn close_lane(&mut self, owner: &str, out: &mut Emitted) {
        let Some(ordinal) = self.open.remove(&(Slot::ChunkLane, owner.to_owned())) else {
            return;
        };
        let key = self
            .open
            .iter()
            .find(|(key, open)| **open == ordinal && key.0 != Slot::ChunkLane)
            .map(|(key, _)| key.clone());
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
        let owners: Vec<String> = self.slot(Slot::ChunkLane).map(|(key, _)| key.1.clone()).collect();
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
        if !self.open.values().any(|open| *open == ordinal) {
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
            .map(|(key, ordinal)| (key.clone(), *ordinal))
            .collect();
        for (key, ordinal) in open {
            self.open.remove(&key);
            let unanswered = self
                .span(ordinal)
                .is_some_and(|span| span.kind == Kind::Tool && span.ready.is_some());
            if let Some(span) = self.span_mut(ordinal) {
                span.closed |= unanswered;
                if unanswered || matches!(span.kind, Kind::Step | Kind::Subagent) {
                    span.end_us = now.entry.at_us;
                }
            }
            self.finish(ordinal, out);
        }
    }

    fn let_oldest_go(&mut self, out: &mut Emitted) {
        let Some((key, ordinal)) = self
            .open
            .iter()
            .min_by_key(|(_, ordinal)| **ordinal)
            .map(|(key, ordinal)| (key.clone(), *ordinal))
        else {
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

    // ---- text ---------------------------------------------------------

    /// Adds text to a span; gives back how many characters.
    fn append(&mut self, ordinal: u32, delta: &str, now: &Now<'_>, out: &mut Emitted) -> u64 {
        let chars = delta.chars().count() as u64;
        if let Some(span) = self.span_mut(ordinal) {
            let room = HEAD_CHARS.saturating_sub(span.chars as usize);
            span.head.extend(delta.chars().take(room));
            span.chars += chars;
            span.first_text_us.get_or_insert(now.entry.at_us);
        }
        self.gather(ordinal, delta, out);
        chars
    }

    fn gather(&mut self, ordinal: u32, text: &str, out: &mut Emitted) {
        if !self.gathers_text {
            return;
        }
        let piece = self.texts.entry(ordinal).or_default();
        piece.push_str(text);
        if piece.len() >= TEXT_PIECE_LEN {
            let piece = std::mem::take(piece);
            let kind = self.span(ordinal).map_or(Kind::Text, |span| span.kind);
            out.texts.push((ordinal, kind, piece));
        }
    }

    // ---- blocks -------------------------------------------------------

    pub(crate) fn span(&self, ordinal: u32) -> Option<&Span> {
        self.blocks
            .get(&(ordinal / BLOCK))?
            .block
            .spans
            .get((ordinal % BLOCK) as usize)
    }

    fn span_mut(&mut self, ordinal: u32) -> Option<&mut Span> {
        let live = self.blocks.get_mut(&(ordinal / BLOCK))?;
        live.dirty = true;
        live.block.spans.get_mut((ordinal % BLOCK) as usize)
    }

    /// Writes the blocks that changed and lets go of those that cannot change again.
    pub(crate) fn flush(&mut self, out: &mut Emitted) {
        let texts: Vec<(u32, String)> = std::mem::take(&mut self.texts).into_iter().collect();
        for (ordinal, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            let kind = self.span(ordinal).map_or(Kind::Text, |span| span.kind);
            out.texts.push((ordinal, kind, text));
        }
        for (number, live) in &mut self.blocks {
            if std::mem::take(&mut live.dirty) {
                out.pages.push(Page {
                    kind: PageKind::Spans,
                    number: u64::from(*number),
                    bytes: live.block.to_page(),
                });
            }
        }
        self.let_go();
    }

    fn let_go(&mut self) {
        let tail = self.count / BLOCK;
        let burst = self.burst.map(|(_, ordinal)| ordinal / BLOCK);
        let mut needed: Vec<u32> = self.open.values().map(|ordinal| ordinal / BLOCK).collect();
        needed.extend(burst);
        needed.sort_unstable();
        self.blocks
            .retain(|number, _| *number >= tail || needed.binary_search(number).is_ok());
    }

    /// Closes what the end of the exchange leaves open, as torn.
    pub(crate) fn end(&mut self, out: &mut Emitted) {
        let ordinals: Vec<u32> = self
            .open
            .iter()
            .filter(|(key, _)| key.0 != Slot::Wait)
            .map(|(_, ordinal)| *ordinal)
            .collect();
        for ordinal in ordinals {
            // Open still: nothing closed it. `open` says so; only the text goes out.
            let kind = self.span(ordinal).map_or(Kind::Text, |span| span.kind);
            if let Some(text) = self.texts.remove(&ordinal) {
                out.texts.push((ordinal, kind, text));
            }
        }
    }

    // ---- checkpoints --------------------------------------------------

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.uint(u64::from(self.count));
        writer.u8(u8::from(self.burst.is_some()));
        if let Some((code, ordinal)) = self.burst {
            writer.u8(code.code());
            writer.uint(u64::from(ordinal));
        }
        writer.uint(self.open.len() as u64);
        for ((slot, id), ordinal) in &self.open {
            writer.u8(*slot as u8);
            writer.text(id);
            writer.uint(u64::from(*ordinal));
        }
    }

    /// Reads what [`Assembler::write`] wrote; the blocks come from their pages.
    pub(crate) fn read<E: From<Damaged>>(
        reader: &mut Reader<'_>,
        gathers_text: bool,
        mut page: impl FnMut(u32) -> Result<Option<SpanBlock>, E>,
    ) -> Result<Self, E> {
        let mut assembler = Self::new(gathers_text);
        assembler.count = reader.u32()?;
        if reader.u8()? != 0 {
            assembler.burst = Some((EventCode::from_code(reader.u8()?), reader.u32()?));
        }
        for _ in 0..reader.count()? {
            let slot = *Slot::ALL.get(usize::from(reader.u8()?)).ok_or(Damaged)?;
            let id = reader.text()?;
            assembler.open.insert((slot, id), reader.u32()?);
        }
        let mut numbers: Vec<u32> = assembler.open.values().map(|ordinal| ordinal / BLOCK).collect();
        numbers.extend(assembler.burst.map(|(_, ordinal)| ordinal / BLOCK));
        numbers.extend((!assembler.count.is_multiple_of(BLOCK)).then_some(assembler.count / BLOCK));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let block = page(number)?.ok_or(Damaged)?;
            assembler.blocks.insert(number, LiveBlock { block, dirty: false });
        }
        Ok(assembler)
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
