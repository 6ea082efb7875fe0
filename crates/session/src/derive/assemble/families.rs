//! What the events of each family open, continue and close.

use scrubjay_protocol::frame::{Frame, FrameKind};

use super::{
    Assembler, BURST_PAUSE_US, Emitted, EventCode, Kind, Noted, Now, Outcome, Slot, Span, clipped, outcome_of,
    subagent_outcome,
};

impl Assembler {
    // ---- the families -------------------------------------------------

    pub(super) fn wire(&mut self, now: &Now<'_>, frame: &Frame, out: &mut Emitted) -> u32 {
        if frame.kind == FrameKind::Comment {
            return self.burst(now, out);
        }
        self.burst = None;
        self.single(Kind::Wire, now, frame.kind.as_str().to_owned(), out)
    }

    pub(super) fn burst(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
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
    pub(super) fn single(&mut self, kind: Kind, now: &Now<'_>, name: String, out: &mut Emitted) -> u32 {
        let ordinal = self.begin(kind, now, String::new(), name, out);
        if let Some(span) = self.span_mut(ordinal) {
            span.open = false;
            span.closed = true;
        }
        ordinal
    }

    pub(super) fn run(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
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
            Some(ordinal) => ordinal,
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

    pub(super) fn step(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let (name, owner) = (now.text("stepName").unwrap_or_default(), now.owner());
        self.close_lane(&owner, out);
        let key = (Slot::Step, format!("{owner}\0{name}"));
        let starts = now.entry.event == EventCode::STEP_STARTED;
        let ordinal = match self.open.get(&key) {
            Some(ordinal) => ordinal,
            None => {
                let depth = self.open.count(Slot::Step);
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

    pub(super) fn subagent(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let id = now.owner();
        let key = (Slot::Subagent, id.clone());
        let starts = now.entry.event == EventCode::SUBAGENT_STARTED;
        let ordinal = match self.open.get(&key) {
            Some(ordinal) => ordinal,
            None => {
                let parent = now
                    .text("parentSubagentRunId")
                    .and_then(|id| self.open.get(&(Slot::Subagent, id)));
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

    pub(super) fn text(&mut self, now: &Now<'_>, noted: &mut Noted, out: &mut Emitted) -> u32 {
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

    pub(super) fn reasoning(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
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

    pub(super) fn encrypted(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
        let id = now.text("entityId").unwrap_or_default();
        let known = [Slot::Reasoning, Slot::Tool, Slot::Text]
            .into_iter()
            .find_map(|slot| self.open.get(&(slot, id.clone())))
            .or_else(|| self.open.last(Slot::ReasoningSpan));
        let ordinal = known.unwrap_or_else(|| self.single(Kind::Reasoning, now, "encrypted value".to_owned(), out));
        if let Some(span) = self.span_mut(ordinal) {
            span.encrypted = true;
        }
        ordinal
    }

    pub(super) fn tool(&mut self, now: &Now<'_>, noted: &mut Noted, out: &mut Emitted) -> u32 {
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
        let begins = ordinal >= known;
        noted.tool_began = begins && !matches!(name, "TOOL_CALL_RESULT" | "TOOL_CALL_END");
        if begins {
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
        // Some agents send the result before the end of the call. What names a
        // call that is not open is a row of its own, and opens nothing.
        let is_stray = begins && matches!(name, "TOOL_CALL_RESULT" | "TOOL_CALL_END");
        if is_stray || self.span(ordinal).is_some_and(is_answered) {
            let id = now.text("toolCallId").unwrap_or_default();
            self.close(&(Slot::Tool, id), Some(now), out);
        }
        ordinal
    }

    /// The first row of the lane that no open tool call takes.
    pub(super) fn free_tool_row(&self, but: u32) -> usize {
        let rows: Vec<u8> = self
            .open
            .slot(Slot::Tool)
            .filter(|(_, ordinal)| *ordinal != but)
            .filter_map(|(_, ordinal)| Some(self.span(ordinal)?.depth))
            .take(64)
            .collect();
        (0..16).find(|row| !rows.contains(&(*row as u8))).unwrap_or(15)
    }

    pub(super) fn result(&mut self, ordinal: u32, now: &Now<'_>, out: &mut Emitted) {
        if let Some(span) = self.span_mut(ordinal) {
            span.result = Some((now.entry.at_us, now.seq));
        }
        if let Some(content) = now.text("content") {
            self.gather(ordinal, &format!("\n{content}"), out);
        }
    }

    pub(super) fn activity(&mut self, now: &Now<'_>, out: &mut Emitted) -> u32 {
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
    pub(super) fn item(
        &mut self,
        slot: Slot,
        kind: Kind,
        id: &str,
        chunk: bool,
        now: &Now<'_>,
        out: &mut Emitted,
    ) -> u32 {
        let owner = now.owner();
        let lane = (Slot::ChunkLane, owner.clone());
        let current = self.open.get(&lane);
        let same_kind = current
            .and_then(|ordinal| self.span(ordinal))
            .is_some_and(|span| span.kind == kind);
        let id = match (now.text(id), current) {
            (None, Some(ordinal)) if chunk && same_kind => return ordinal,
            (id, _) => id.unwrap_or_default(),
        };
        let key = (slot, id.clone());
        let begun = self.open.get(&key);
        if begun.is_none() || current.is_some_and(|ordinal| begun != Some(ordinal)) || !chunk {
            self.close_lane(&owner, out);
        }
        let inside = (slot == Slot::Reasoning)
            .then(|| self.open.last(Slot::ReasoningSpan))
            .flatten();
        let ordinal = match (self.open.get(&key), inside) {
            (Some(ordinal), _) => ordinal,
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
}

/// Whether a tool call has its end and its result, in whichever order.
fn is_answered(span: &Span) -> bool {
    span.ready.is_some() && span.result.is_some()
}
