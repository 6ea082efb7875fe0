//! The rules that the official client's verifier holds a stream to.
//!
//! Sets are per run. What an item is open under outlives its end, until the
//! run is over: a later event that names it is still checked against its
//! owner. Values that the schema refuses (a null tag, a sub-agent without a
//! name) are refused there already, so of V05, V06, V15 and V16 only what the
//! schema lets through is left here.

use imbl::{OrdMap, OrdSet};
use scrubjay_protocol::{
    event::EventType,
    json::{Value, Wtf8},
};

use super::{
    chunks::shown_owner,
    event::Event,
    finding::Violation,
    ids::{Id, Ids, Owner},
    open::{Assumed, OpenItems, Owners, hash, id_of, shown},
    rule::{self, Rule, V01, V02, V03, V04, V07, V08, V09, V10, V11, V12, V13, V14, V15, V16, V17, V18, V19},
};

/// Checks the order of events as the official client does.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Verifier {
    pub(crate) first_seen: bool,
    pub(crate) started: bool,
    pub(crate) finished: bool,
    pub(crate) errored: bool,
    pub(crate) open: OpenItems,
    pub(crate) assumed: Assumed,
    pub(crate) owners: Owners,
    /// Events of this run that could not be read. What they would have opened
    /// or closed is unknown, so what seems missing is not held against it.
    pub(crate) lost: u32,
    /// What was refused in this run, as hashes of rule and sentence: the same
    /// mistake is reported once.
    pub(crate) refused: OrdSet<u64>,
}

/// Refusals remembered in a run.
const REFUSED_LEN: usize = 4096;

type Verdict = Result<(), Violation>;

impl Verifier {
    /// Judges an event and takes note of it. A refused one leaves no trace,
    /// save that the stream has begun.
    pub(crate) fn judge(&mut self, event: &Event) -> Verdict {
        self.boundaries(event)?;
        self.items(event)
    }

    /// Takes note of a refused event as far as that makes sense, so that what
    /// only follows from it is not refused, too: the stream is followed as if
    /// the mistake had been meant.
    pub(crate) fn force(&mut self, event: &Event) {
        use EventType as E;
        self.first_seen = true;
        match event.kind {
            E::RunStarted => {
                self.begin();
                self.owners
                    .seed(event.object("input").and_then(|input| input.get("messages")), false);
            }
            E::RunFinished => {
                self.open = OpenItems::default();
                self.assumed = Assumed::default();
                self.finished = true;
            }
            E::RunError => self.errored = true,
            _ => {
                self.finished = false;
                self.errored = false;
                self.open_anyway(event);
            }
        }
    }

    /// A run begins; nothing of the one before counts any more.
    fn begin(&mut self) {
        *self = Self {
            first_seen: true,
            started: true,
            ..Self::default()
        };
    }

    /// An item that a refused event opens is open from here, one that it goes on with is assumed to be, and one that
    /// it ends is not.
    fn open_anyway(&mut self, event: &Event) {
        use EventType as E;
        let id = |name| id_of(event.required(name));
        match event.kind {
            E::TextMessageStart
            | E::TextMessageContent
            | E::ToolCallStart
            | E::ToolCallArgs
            | E::ReasoningMessageStart
            | E::ReasoningMessageContent => self.open_or_assume(event),
            E::TextMessageEnd => self.close_message(event.required("messageId")),
            E::ToolCallEnd => self.close_tool(event.required("toolCallId")),
            E::ReasoningMessageEnd => self.close_reasoning(event.required("messageId")),
            E::ReasoningStart => {
                self.open.spans.add(id("messageId"));
            }
            E::ReasoningEnd => remove(&mut self.open.spans, event.required("messageId")),
            E::StepStarted => self.open.steps.add((event.tag().map(id_of), id("stepName"))),
            E::StepFinished => self.close_step(event.required("stepName")),
            E::SubagentStarted => {
                self.open.ended_subagents.remove(&id("subagentRunId"));
                self.open.subagents.add(id("subagentRunId"));
            }
            E::SubagentFinished | E::SubagentError => {
                remove(&mut self.open.subagents, event.required("subagentRunId"));
                self.open.ended_subagents.add(id("subagentRunId"));
            }
            _ => {}
        }
    }

    fn open_or_assume(&mut self, event: &Event) {
        use EventType as E;
        let (open, assumed, owners) = (&mut self.open, &mut self.assumed, &mut self.owners);
        let (name, open, assumed, owners) = match event.kind {
            E::ToolCallStart | E::ToolCallArgs => {
                ("toolCallId", &mut open.tools, &mut assumed.tools, &mut owners.tools)
            }
            E::ReasoningMessageStart | E::ReasoningMessageContent => (
                "messageId",
                &mut open.reasoning,
                &mut assumed.reasoning,
                &mut owners.reasoning,
            ),
            _ => (
                "messageId",
                &mut open.messages,
                &mut assumed.messages,
                &mut owners.messages,
            ),
        };
        let is_start = matches!(
            event.kind,
            E::TextMessageStart | E::ToolCallStart | E::ReasoningMessageStart
        );
        let id = event.required(name);
        (if is_start { open } else { assumed }).add(id_of(id));
        owners.entry(hash(id)).or_insert_with(|| event.tag().map(id_of));
    }

    fn close_message(&mut self, id: &Wtf8) {
        remove(&mut self.open.messages, id);
        remove(&mut self.assumed.messages, id);
    }

    fn close_tool(&mut self, id: &Wtf8) {
        remove(&mut self.open.tools, id);
        remove(&mut self.assumed.tools, id);
    }

    fn close_reasoning(&mut self, id: &Wtf8) {
        remove(&mut self.open.reasoning, id);
        remove(&mut self.assumed.reasoning, id);
    }

    /// Closes a step of this name, of any owner.
    fn close_step(&mut self, name: &Wtf8) {
        if let Some(step) = self.open.steps.first_named(name.as_bytes()).cloned() {
            self.open.steps.remove(&step);
        }
    }

    /// Counts an event that cannot be read. It may have opened or closed anything.
    pub(crate) fn lose(&mut self) {
        self.lost = self.lost.saturating_add(1);
    }

    /// Whether a refusal only follows from what was refused before: the same
    /// mistake once more, or something missing that may have stood in an
    /// event which could not be read.
    pub(crate) fn follows_from_before(&mut self, event: Option<&Event>, violation: &Violation) -> bool {
        if self.lost > 0 && self.may_be_lost(event, violation.id) {
            return true;
        }
        let sentence = [violation.id.as_bytes(), violation.message.as_bytes()].concat();
        let known = hash(&Wtf8::from_bytes(sentence));
        if self.refused.contains(&known) {
            return true;
        }
        if self.refused.len() < REFUSED_LEN {
            self.refused.insert(known);
        }
        false
    }

    fn may_be_lost(&self, event: Option<&Event>, rule: &str) -> bool {
        let id = |name| event.map_or_else(Wtf8::new, |event| event.required(name).clone());
        let is_new = |owners: &OrdMap<u64, Owner>, name| !owners.contains_key(&hash(&id(name)));
        match rule {
            "V03" | "V12" | "chunk.no_id" | "chunk.no_name" => true,
            "V08" => is_new(&self.owners.messages, "messageId"),
            "V10" => is_new(&self.owners.tools, "toolCallId"),
            "V14" => is_new(&self.owners.reasoning, "messageId"),
            "V16" => !has(&self.open.ended_subagents, &id("subagentRunId")),
            "V19" => self.open.count() <= self.lost as usize,
            _ => false,
        }
    }

    fn boundaries(&mut self, event: &Event) -> Verdict {
        use EventType as E;
        let (kind, name) = (&event.kind, event.name());
        if self.errored && *kind != E::RunStarted {
            return violation(
                &V01,
                format!("{name} came after RUN_ERROR; nothing but a new RUN_STARTED may"),
            );
        }
        if self.finished && !matches!(kind, E::RunError | E::RunStarted) {
            return violation(
                &V02,
                format!("{name} came after RUN_FINISHED; a new run starts with RUN_STARTED"),
            );
        }
        if !std::mem::replace(&mut self.first_seen, true) {
            if !matches!(kind, E::RunStarted | E::RunError) {
                return violation(&V03, format!("the first event must be RUN_STARTED, and is {name}"));
            }
        } else if *kind == E::RunStarted {
            if self.started && !self.finished && !self.errored {
                return violation(&V04, "RUN_STARTED came while the run before it was active".to_owned());
            }
            if self.finished || self.errored {
                self.begin();
            }
        }
        Ok(())
    }

    fn items(&mut self, event: &Event) -> Verdict {
        use EventType as E;
        match event.kind {
            E::TextMessageStart => self.start_message(event),
            E::TextMessageContent | E::TextMessageEnd => self.continue_message(event),
            E::ToolCallStart => self.start_tool(event),
            E::ToolCallArgs | E::ToolCallEnd => self.continue_tool(event),
            E::StepStarted => self.start_step(event),
            E::StepFinished => self.finish_step(event),
            E::ActivitySnapshot => {
                self.own_activity(event);
                Ok(())
            }
            E::ActivityDelta => {
                let id = event.required("messageId");
                same_owner(event, self.owners.activities.get(&hash(id)), "activity", id)
            }
            E::ReasoningStart | E::ReasoningMessageStart => self.start_reasoning(event),
            E::ReasoningEnd | E::ReasoningMessageContent | E::ReasoningMessageEnd => self.continue_reasoning(event),
            E::ReasoningEncryptedValue => self.encrypted_value(event),
            E::ToolCallResult => {
                let owner = event.tag().map(id_of);
                self.owners.messages.insert(hash(event.required("messageId")), owner);
                Ok(())
            }
            E::SubagentStarted => self.start_subagent(event),
            E::SubagentFinished | E::SubagentError => self.end_subagent(event),
            E::MessagesSnapshot => {
                self.owners.seed(event.get("messages"), true);
                Ok(())
            }
            E::RunStarted => {
                self.started = true;
                self.owners
                    .seed(event.object("input").and_then(|input| input.get("messages")), false);
                Ok(())
            }
            E::RunFinished => self.finish(),
            E::RunError => {
                self.errored = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start_message(&mut self, event: &Event) -> Verdict {
        let id = event.required("messageId");
        if has(&self.open.messages, id) {
            return violation(
                &V07,
                format!("text message '{id}' is already open; TEXT_MESSAGE_END comes first"),
            );
        }
        let owner = self.owners.messages.get(&hash(id));
        same_owner(event, owner, "message", id)?;
        if owner.is_none() {
            self.owners.messages.insert(hash(id), event.tag().map(id_of));
        }
        self.open.messages.add(id_of(id));
        Ok(())
    }

    fn continue_message(&mut self, event: &Event) -> Verdict {
        let id = event.required("messageId");
        if !has(&self.open.messages, id) && !has(&self.assumed.messages, id) {
            return violation(
                &V08,
                format!("{} names text message '{id}', which is not open", event.name()),
            );
        }
        same_owner(event, self.owners.messages.get(&hash(id)), "message", id)?;
        if event.kind == EventType::TextMessageEnd {
            self.close_message(id);
        }
        Ok(())
    }

    fn start_tool(&mut self, event: &Event) -> Verdict {
        let id = event.required("toolCallId");
        if has(&self.open.tools, id) {
            return violation(
                &V09,
                format!("tool call '{id}' is already open; TOOL_CALL_END comes first"),
            );
        }
        let tag = event.tag().map(id_of);
        let parent = event.text("parentMessageId");
        let inherited = parent
            .and_then(|parent| self.owners.messages.get(&hash(parent)))
            .cloned();
        if let (Some(_), Some(inherited), Some(parent)) = (&tag, &inherited, parent)
            && tag != *inherited
        {
            return wrong_parent(event, parent, inherited);
        }
        let existing = self.owners.tools.get(&hash(id));
        same_owner(event, existing, "tool call", id)?;
        if let (None, Some(existing), Some(inherited), Some(parent)) = (&tag, existing, &inherited, parent)
            && existing != inherited
        {
            return wrong_parent(event, parent, inherited);
        }
        if existing.is_none() {
            self.owners.tools.insert(hash(id), tag.or(inherited.flatten()));
        }
        self.open.tools.add(id_of(id));
        Ok(())
    }

    fn continue_tool(&mut self, event: &Event) -> Verdict {
        let id = event.required("toolCallId");
        if !has(&self.open.tools, id) && !has(&self.assumed.tools, id) {
            return violation(
                &V10,
                format!("{} names tool call '{id}', which is not open", event.name()),
            );
        }
        same_owner(event, self.owners.tools.get(&hash(id)), "tool call", id)?;
        if event.kind == EventType::ToolCallEnd {
            self.close_tool(id);
        }
        Ok(())
    }

    fn start_step(&mut self, event: &Event) -> Verdict {
        let step = (event.tag().map(id_of), id_of(event.required("stepName")));
        if self.open.steps.contains(&step) {
            let name = event.required("stepName");
            return violation(
                &V11,
                format!("step '{name}' is already open under {}", shown_owner(event.tag())),
            );
        }
        self.open.steps.add(step);
        Ok(())
    }

    fn finish_step(&mut self, event: &Event) -> Verdict {
        let name = event.required("stepName");
        let step = (event.tag().map(id_of), id_of(name));
        if self.open.steps.remove(&step) {
            return Ok(());
        }
        let message = match self.open.steps.first_named(name.as_bytes()) {
            Some((owner, _)) => format!(
                "step '{name}' is open under {}, and is finished by {}",
                shown_id(owner.as_ref()),
                shown_owner(event.tag())
            ),
            None => format!("step '{name}' is finished and was not started"),
        };
        violation(&V12, message)
    }

    fn own_activity(&mut self, event: &Event) {
        let id = event.required("messageId");
        let replaces = event.get("replace").and_then(Value::as_bool) != Some(false);
        if replaces || !self.owners.activities.contains_key(&hash(id)) {
            self.owners.activities.insert(hash(id), event.tag().map(id_of));
        }
    }

    fn start_reasoning(&mut self, event: &Event) -> Verdict {
        let id = event.required("messageId");
        let is_span = event.kind == EventType::ReasoningStart;
        let open = if is_span {
            &mut self.open.spans
        } else {
            &mut self.open.reasoning
        };
        if has(open, id) {
            let noun = if is_span { "span" } else { "message" };
            return violation(&V13, format!("reasoning {noun} '{id}' is already open"));
        }
        let owner = self.owners.reasoning.get(&hash(id));
        same_owner(event, owner, "reasoning", id)?;
        if owner.is_none() {
            self.owners.reasoning.insert(hash(id), event.tag().map(id_of));
        }
        open.add(id_of(id));
        Ok(())
    }

    fn continue_reasoning(&mut self, event: &Event) -> Verdict {
        let id = event.required("messageId");
        let is_span = event.kind == EventType::ReasoningEnd;
        let is_open = if is_span {
            has(&self.open.spans, id)
        } else {
            has(&self.open.reasoning, id) || has(&self.assumed.reasoning, id)
        };
        if !is_open {
            let noun = if is_span { "span" } else { "message" };
            return violation(
                &V14,
                format!("{} names reasoning {noun} '{id}', which is not open", event.name()),
            );
        }
        same_owner(event, self.owners.reasoning.get(&hash(id)), "reasoning", id)?;
        match event.kind {
            EventType::ReasoningEnd => remove(&mut self.open.spans, id),
            EventType::ReasoningMessageEnd => self.close_reasoning(id),
            _ => {}
        }
        Ok(())
    }

    fn encrypted_value(&self, event: &Event) -> Verdict {
        let id = event.required("entityId");
        let owners = &self.owners;
        let (owner, noun) = if *event.required("subtype") == *"tool-call" {
            (owners.tools.get(&hash(id)), "tool call")
        } else {
            (
                owners
                    .messages
                    .get(&hash(id))
                    .or_else(|| owners.reasoning.get(&hash(id))),
                "message",
            )
        };
        same_owner(event, owner, noun, id)
    }

    fn start_subagent(&mut self, event: &Event) -> Verdict {
        let id = event.required("subagentRunId");
        if has(&self.open.subagents, id) {
            return violation(&V15, format!("sub-agent '{id}' is already active"));
        }
        if has(&self.open.ended_subagents, id) {
            return violation(
                &V15,
                format!("sub-agent '{id}' has already ended in this run; its id is not used again"),
            );
        }
        if let Some(parent) = event.text("parentSubagentRunId")
            && !has(&self.open.subagents, parent)
            && !has(&self.open.ended_subagents, parent)
        {
            return violation(&V15, format!("parent sub-agent '{parent}' was not started in this run"));
        }
        self.open.subagents.add(id_of(id));
        Ok(())
    }

    fn end_subagent(&mut self, event: &Event) -> Verdict {
        let id = event.required("subagentRunId");
        if !has(&self.open.subagents, id) {
            return violation(
                &V16,
                format!("{} names sub-agent '{id}', which is not active", event.name()),
            );
        }
        remove(&mut self.open.subagents, id);
        self.open.ended_subagents.add(id_of(id));
        Ok(())
    }

    fn finish(&mut self) -> Verdict {
        let mut open = self.open.by_kind();
        if let Some((noun, names)) = open.next() {
            let message = format!("RUN_FINISHED came while {noun} were open: {names}");
            let kinds: Vec<&str> = [noun].into_iter().chain(open.map(|(noun, _)| noun)).collect();
            return Err(Violation {
                fails: rule::fails_at_open(&kinds),
                ..Violation::new(&V19, message)
            });
        }
        self.finished = true;
        Ok(())
    }
}

/// A tag must be that of the item's owner; no tag agrees with any.
fn same_owner(event: &Event, owner: Option<&Owner>, noun: &str, id: &Wtf8) -> Verdict {
    let (Some(tag), Some(owner)) = (event.tag(), owner) else {
        return Ok(());
    };
    if owner.as_deref() == Some(tag.as_bytes()) {
        return Ok(());
    }
    violation(
        &V17,
        format!(
            "{} is tagged '{tag}', and {noun} '{id}' belongs to {}",
            event.name(),
            shown_id(owner.as_ref())
        ),
    )
}

fn wrong_parent(event: &Event, parent: &Wtf8, owner: &Owner) -> Verdict {
    violation(
        &V18,
        format!(
            "tool call '{}' and its parent message '{parent}', which belongs to {}, have different owners",
            event.required("toolCallId"),
            shown_id(owner.as_ref())
        ),
    )
}

fn violation(rule: &Rule, message: String) -> Verdict {
    Err(Violation::new(rule, message))
}

fn shown_id(owner: Option<&Id>) -> String {
    owner.map_or_else(
        || "the parent agent".to_owned(),
        |id| format!("sub-agent '{}'", shown(id)),
    )
}

fn has(ids: &Ids<Id>, id: &Wtf8) -> bool {
    ids.has(id.as_bytes())
}

fn remove(ids: &mut Ids<Id>, id: &Wtf8) {
    ids.take(id.as_bytes());
}
