//! What each event does to messages and state.
//!
//! By the time an event comes here it is legal, so nothing fails; what cannot
//! be applied (an unknown id, a patch that does not fit) changes nothing and
//! is reported, as the client warns.

use scrubjay_protocol::{
    event::EventType,
    json::{self, Wtf8},
};

use super::{
    activities::Activities,
    event::Event,
    finding::Violation,
    lost::Lost,
    message::Message,
    messages::{Messages, Named, Spot},
    patch,
    piece::PieceSource,
    rule::{ACTIVITY_ID, NO_TARGET, PARENT_ROLE, PATCH_FAILED, PATCH_LIMIT, RENAMED, STATE_FUNCTION},
    value::{Node, Value},
};

/// What a client holds.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) messages: Messages,
    pub(crate) state: Value,
    /// A patch has moved something absent to the root: patches now meet
    /// `undefined`, while the client still shows the state of before.
    pub(crate) state_undefined: bool,
    /// What dropped patches would have written to the state.
    pub(crate) lost: Lost,
    /// The same of activities.
    pub(crate) activities: Activities,
    /// Since this frame messages may be missing.
    pub(crate) messages_missing: Option<u32>,
    /// Since this frame activities and reasoning may be missing, which a snapshot of messages keeps.
    pub(crate) kept_missing: Option<u32>,
    pub(crate) interrupts: Value,
    /// After a stop: items that were never opened are made up.
    pub(crate) lenient: bool,
}

/// One event on its way into a view.
pub(crate) struct Applying<'a> {
    pub(crate) view: &'a mut View,
    pub(crate) seq: u32,
    pub(crate) pieces: &'a dyn PieceSource,
    pub(crate) findings: &'a mut Vec<Violation>,
    /// Why the client gives up while it applies the event.
    pub(crate) fatal: Option<Violation>,
}

impl View {
    /// Events are missing after a frame: what they may have changed is not known.
    pub(super) fn lose_sight(&mut self, seq: u32) {
        self.lost.lose_sight(seq);
        self.activities.lose_sight();
        self.messages_missing.get_or_insert(seq);
        self.kept_missing.get_or_insert(seq);
    }
}

impl Applying<'_> {
    pub(crate) fn apply(&mut self, event: &Event) {
        use EventType as E;
        match event.kind {
            E::RunStarted => self.run_started(event),
            E::RunFinished => self.run_finished(event),
            E::TextMessageStart => self.text_start(event, event.text("role").unwrap_or(&"assistant".into())),
            E::ReasoningMessageStart => self.text_start(event, &"reasoning".into()),
            E::TextMessageContent | E::ReasoningMessageContent => self.text_content(event),
            E::TextMessageEnd | E::ReasoningMessageEnd => self.text_end(event),
            E::ToolCallStart => self.tool_start(event),
            E::ToolCallArgs => self.tool_args(event),
            E::ToolCallEnd => self.tool_end(event),
            E::ToolCallResult => self.tool_result(event),
            E::StateSnapshot => {
                let snapshot = event.get("snapshot").unwrap_or(&json::Value::Null);
                self.set_state(Some(Value::from_json(snapshot, self.seq)));
                self.view.lost.set_whole(self.seq);
            }
            E::StateDelta => self.state_delta(event),
            E::MessagesSnapshot => self.messages_snapshot(event),
            E::ActivitySnapshot => self.activity_snapshot(event),
            E::ActivityDelta => self.activity_delta(event),
            E::ReasoningEncryptedValue => self.encrypted_value(event),
            _ => {}
        }
    }

    // ---- runs -----------------------------------------------------------

    fn run_started(&mut self, event: &Event) {
        let messages = event.object("input").and_then(|input| input.get("messages"));
        for message in messages.and_then(json::Value::as_array).unwrap_or_default() {
            let message = Message::new(Value::from_json(message, self.seq), self.seq);
            let id = message.id().map(<[u8]>::to_vec);
            if id.is_none_or(|id| self.find(Named::Message, &id).is_none()) {
                self.view.messages.push(message, self.pieces);
            }
        }
    }

    fn run_finished(&mut self, event: &Event) {
        let outcome = event.object("outcome");
        let waits = outcome
            .and_then(|outcome| outcome.get("type"))
            .and_then(json::Value::as_str)
            == Some("interrupt");
        let interrupts = outcome.and_then(|outcome| outcome.get("interrupts")).filter(|_| waits);
        self.view.interrupts =
            interrupts.map_or_else(|| Value::list(self.seq), |list| Value::from_json(list, self.seq));
    }

    // ---- text and reasoning ---------------------------------------------

    fn text_start(&mut self, event: &Event, role: &Wtf8) {
        let id = event.required("messageId");
        let found = self.find(Named::Message, id.as_bytes());
        let spot = match found {
            Some(spot) if self.is_activity(spot) => return self.tell_activity(event, id),
            Some(spot) => spot,
            None => {
                let content = Value::str("", self.seq);
                let named = event.text("name").filter(|_| event.kind == EventType::TextMessageStart);
                let message = self.object(&[("id", Some(id)), ("role", Some(role))]);
                let mut message = with(message, "content", content);
                for (name, value) in [("name", named), ("subagentRunId", event.tag())] {
                    if let Some(value) = value {
                        message = with(message, name, Value::text(value, self.seq));
                    }
                }
                self.view.messages.push(Message::new(message, self.seq), self.pieces)
            }
        };
        self.merge_metadata(spot, None, event);
    }

    fn text_content(&mut self, event: &Event) {
        let Some(spot) = self.text_target(event) else { return };
        let delta = event.text("delta").cloned().unwrap_or_default();
        self.append(spot, &[Step::Name(b"content")], &delta);
        self.merge_metadata(spot, None, event);
    }

    fn text_end(&mut self, event: &Event) {
        if let Some(spot) = self.text_target(event) {
            self.merge_metadata(spot, None, event);
        }
    }

    /// The message that text goes to, if there is one and it takes text.
    fn text_target(&mut self, event: &Event) -> Option<Spot> {
        let id = event.required("messageId");
        match self.find(Named::Message, id.as_bytes()) {
            Some(spot) if self.is_activity(spot) => {
                self.tell_activity(event, id);
                None
            }
            None if self.view.lenient && is_content(event) => {
                let reasoning = event.kind == EventType::ReasoningMessageContent;
                self.text_start(event, &if reasoning { "reasoning" } else { "assistant" }.into());
                self.find(Named::Message, id.as_bytes())
            }
            // What an event that was refused would have opened is not missed again.
            None if self.view.lenient => None,
            None => {
                self.report(
                    &NO_TARGET,
                    format!("{} names message '{id}', which is not there", event.name()),
                );
                None
            }
            found => found,
        }
    }

    fn tell_activity(&mut self, event: &Event, id: &Wtf8) {
        let message = format!(
            "{} names '{id}', which is an activity message: the text is dropped",
            event.name()
        );
        self.report(&ACTIVITY_ID, message);
    }

    // ---- tool calls -------------------------------------------------------

    fn tool_start(&mut self, event: &Event) {
        let (id, name) = (event.required("toolCallId"), event.required("toolCallName"));
        if let Some(spot) = self.find(Named::Call, id.as_bytes()) {
            return self.tool_again(event, spot, id, name);
        }
        let spot = self.tool_message(event, id);
        let function = self.object(&[("name", Some(name))]);
        let function = with(function, "arguments", Value::str("", self.seq));
        let call = self.object(&[("id", Some(id)), ("type", Some(&"function".into()))]);
        let call = with(call, "function", function);
        let seq = self.seq;
        self.view.messages.change(spot, seq, self.pieces, |message| {
            let Some(members) = message.as_map_mut() else { return };
            if members.get(b"toolCalls").is_none_or(|calls| calls.as_list().is_none()) {
                members.set(b"toolCalls", Value::list(seq));
            }
            members.change(b"toolCalls", |calls| calls.as_list_mut().expect("just set").push(call));
        });
        self.merge_metadata(spot, Some(id), event);
    }

    /// A call that is there already: only its name may change.
    fn tool_again(&mut self, event: &Event, spot: Spot, id: &Wtf8, name: &Wtf8) {
        let call = self.call_place(spot, id);
        let path = [Step::Name(b"toolCalls"), Step::Index(call), Step::Name(b"function")];
        let held = self.at(spot, &path).and_then(|function| function.get("name").cloned());
        if held
            .as_ref()
            .and_then(Value::as_text)
            .is_none_or(|held| !held.is_bytes(name.as_bytes()))
        {
            self.report(
                &RENAMED,
                format!("tool call '{id}' exists already, and is now called '{name}'"),
            );
            let value = Value::text(name, self.seq);
            self.change(spot, &path, |function| {
                if let Some(function) = function.as_map_mut() {
                    function.set(b"name", value);
                }
            });
        }
        self.merge_metadata(spot, Some(id), event);
    }

    /// The assistant message that a new call goes to.
    fn tool_message(&mut self, event: &Event, id: &Wtf8) -> Spot {
        let parent = event.text("parentMessageId").filter(|parent| !parent.is_empty());
        let existing = parent.and_then(|parent| self.find(Named::Message, parent.as_bytes()));
        if let Some(spot) = existing {
            if self.message(spot).is_some_and(|message| message.is("assistant")) {
                return spot;
            }
            let parent = parent.unwrap_or(id);
            let message = format!("parent message '{parent}' of tool call '{id}' is no assistant message");
            self.report(&PARENT_ROLE, message);
        }
        let made = if existing.is_some() { id } else { parent.unwrap_or(id) };
        // The tag goes with an id that is new to the list only.
        let is_new = self.find(Named::Message, made.as_bytes()).is_none();
        let message = self.object(&[("id", Some(made)), ("role", Some(&"assistant".into()))]);
        let mut message = with(message, "toolCalls", Value::list(self.seq));
        if let Some(tag) = event.tag().filter(|_| is_new) {
            message = with(message, "subagentRunId", Value::text(tag, self.seq));
        }
        self.view.messages.push(Message::new(message, self.seq), self.pieces)
    }

    fn tool_args(&mut self, event: &Event) {
        let id = event.required("toolCallId");
        let found = self.find(Named::Call, id.as_bytes());
        if found.is_none() && self.view.lenient {
            self.tool_start(event);
        }
        let Some(spot) = self.find(Named::Call, id.as_bytes()) else {
            return self.report(
                &NO_TARGET,
                format!("TOOL_CALL_ARGS names tool call '{id}', which is not there"),
            );
        };
        let call = self.call_place(spot, id);
        let delta = event.text("delta").cloned().unwrap_or_default();
        let path = [
            Step::Name(b"toolCalls"),
            Step::Index(call),
            Step::Name(b"function"),
            Step::Name(b"arguments"),
        ];
        self.append(spot, &path, &delta);
        self.merge_metadata(spot, Some(id), event);
    }

    fn tool_end(&mut self, event: &Event) {
        let id = event.required("toolCallId");
        match self.find(Named::Call, id.as_bytes()) {
            Some(spot) => self.merge_metadata(spot, Some(id), event),
            None if self.view.lenient => {}
            None => self.report(
                &NO_TARGET,
                format!("TOOL_CALL_END names tool call '{id}', which is not there"),
            ),
        }
    }

    fn tool_result(&mut self, event: &Event) {
        let call = event.required("toolCallId");
        let role = event
            .text("role")
            .filter(|role| !role.is_empty())
            .cloned()
            .unwrap_or("tool".into());
        let id = event.required("messageId");
        let message = self.object(&[("id", Some(id)), ("toolCallId", Some(call)), ("role", Some(&role))]);
        let content = event.get("content").unwrap_or(&json::Value::Null);
        let mut message = with(message, "content", Value::from_json(content, self.seq));
        if let Some(tag) = event.tag() {
            message = with(message, "subagentRunId", Value::text(tag, self.seq));
        }
        merge_into(&mut message, event, self.seq);
        let message = Message::new(message, self.seq);
        let is_assistant = |message: &Message| message.is("assistant");
        match self
            .view
            .messages
            .search(Named::Call, call.as_bytes(), &is_assistant, self.pieces)
        {
            Some(owner) => self.view.messages.insert_after_tools(owner, message, self.pieces),
            None => {
                self.view.messages.push(message, self.pieces);
            }
        }
    }

    fn encrypted_value(&mut self, event: &Event) {
        let id = event.required("entityId");
        let value = Value::text(event.required("encryptedValue"), self.seq);
        let set = |place: &mut Value| {
            if let Some(members) = place.as_map_mut() {
                members.set(b"encryptedValue", value);
            }
        };
        if *event.required("subtype") == *"tool-call" {
            let is_assistant = |message: &Message| message.is("assistant");
            let found = self
                .view
                .messages
                .search(Named::Call, id.as_bytes(), &is_assistant, self.pieces);
            let Some(spot) = found else { return };
            let call = self.call_place(spot, id);
            self.change(spot, &[Step::Name(b"toolCalls"), Step::Index(call)], set);
        } else if let Some(spot) = self.find(Named::Message, id.as_bytes())
            && !self.is_activity(spot)
        {
            self.change(spot, &[], set);
        }
    }

    // ---- state ------------------------------------------------------------

    fn set_state(&mut self, state: Option<Value>) {
        self.view.state_undefined = state.is_none();
        if let Some(state) = state {
            self.view.state = state;
        }
    }

    fn state_delta(&mut self, event: &Event) {
        let operations = event.get("delta").and_then(json::Value::as_array).unwrap_or_default();
        let document = (!self.view.state_undefined).then(|| self.view.state.clone());
        let patched = patch::apply(document.as_ref(), operations, self.seq, self.pieces);
        let document = document.unwrap_or_else(|| Value::null(self.seq));
        match patched {
            Ok(state) => {
                self.set_state(state);
                self.view.lost.patched(&document, operations, self.seq, self.pieces);
            }
            Err(failure) if failure.function => self.fatal = Some(Violation::new(&STATE_FUNCTION, failure.message)),
            Err(failure) => {
                let lost = &mut self.view.lost;
                // What fails on a state that is not known need not fail in the client.
                let is_known = lost.unknown_since().is_none();
                if failure.limit {
                    lost.lose_sight(self.seq);
                } else if is_known {
                    lost.dropped(&document, operations, self.seq, self.pieces);
                }
                if is_known {
                    let words = lost.words_at(self.seq);
                    self.report_failure(&failure, operations.len(), "the state", &words);
                }
            }
        }
    }

    pub(super) fn report_failure(&mut self, failure: &patch::Failure, count: usize, what: &str, lost: &str) {
        let message = format!(
            "operation {} of {count} does not apply, so {what} stays as it was: {}{lost}",
            failure.operation + 1,
            failure.message
        );
        let rule = if failure.limit { &PATCH_LIMIT } else { &PATCH_FAILED };
        self.findings.push(Violation {
            operation: Some(failure.operation),
            ..Violation::new(rule, message)
        });
    }

    // ---- below ------------------------------------------------------------

    pub(super) fn report(&mut self, rule: &super::rule::Rule, message: String) {
        self.findings.push(Violation::new(rule, message));
    }

    pub(super) fn find(&mut self, named: Named, id: &[u8]) -> Option<Spot> {
        self.view.messages.find(named, id, self.pieces)
    }

    fn message(&self, spot: Spot) -> Option<Message> {
        self.view.messages.get(spot, self.pieces)
    }

    pub(super) fn is_activity(&self, spot: Spot) -> bool {
        self.message(spot).is_some_and(|message| message.is("activity"))
    }

    fn call_place(&self, spot: Spot, id: &Wtf8) -> usize {
        self.message(spot)
            .and_then(|message| message.call(id.as_bytes()))
            .unwrap_or(0)
    }

    pub(super) fn at(&self, spot: Spot, path: &[Step]) -> Option<Value> {
        let message = self.message(spot)?;
        path.iter()
            .try_fold(&message.value, |value, step| match step {
                Step::Name(name) => value.as_map()?.get(name),
                Step::Index(index) => value.as_list()?.get(*index),
            })
            .cloned()
    }

    pub(super) fn change(&mut self, spot: Spot, path: &[Step], change: impl FnOnce(&mut Value)) {
        let mut change = Some(change);
        self.view.messages.change(spot, self.seq, self.pieces, |message| {
            descend(message, path, &mut |value| {
                if let Some(change) = change.take() {
                    change(value);
                }
            });
        });
    }

    /// Appends to a text; anything else in its place is replaced.
    fn append(&mut self, spot: Spot, path: &[Step], delta: &Wtf8) {
        let Some((Step::Name(name), parents)) = path.split_last() else {
            return;
        };
        let seq = self.seq;
        self.change(spot, parents, |parent| {
            let Some(members) = parent.as_map_mut() else { return };
            let appended = members.change(name, |value| {
                let by = value.by();
                match value.node_mut() {
                    Node::Text(text) => text.push(delta, seq, by),
                    _ => *value = Value::text(delta, seq),
                }
            });
            if appended.is_none() {
                members.set(name, Value::text(delta, seq));
            }
        });
    }

    /// Merges the event's metadata into a message, or into a call of it.
    pub(super) fn merge_metadata(&mut self, spot: Spot, call: Option<&Wtf8>, event: &Event) {
        if event.object("metadata").is_none() {
            return;
        }
        let path = match call {
            Some(id) => vec![Step::Name(b"toolCalls"), Step::Index(self.call_place(spot, id))],
            None => Vec::new(),
        };
        let seq = self.seq;
        self.change(spot, &path, |target| merge_into(target, event, seq));
    }

    /// An object of texts; absent ones are left out.
    pub(super) fn object(&self, members: &[(&str, Option<&Wtf8>)]) -> Value {
        members
            .iter()
            .fold(Value::map(self.seq), |object, (name, value)| match value {
                Some(value) => with(object, name, Value::text(value, self.seq)),
                None => object,
            })
    }
}

/// A step into a message.
pub(super) enum Step {
    Name(&'static [u8]),
    Index(usize),
}

fn descend(value: &mut Value, path: &[Step], act: &mut dyn FnMut(&mut Value)) {
    match path.split_first() {
        None => act(value),
        Some((Step::Name(name), rest)) => {
            if let Some(members) = value.as_map_mut() {
                members.change(name, |value| descend(value, rest, act));
            }
        }
        Some((Step::Index(index), rest)) => {
            if let Some(items) = value.as_list_mut().filter(|items| *index < items.len()) {
                items.change(*index, |value| descend(value, rest, act));
            }
        }
    }
}

fn is_content(event: &Event) -> bool {
    matches!(
        event.kind,
        EventType::TextMessageContent | EventType::ReasoningMessageContent
    )
}

pub(super) fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_map_mut() {
        members.set(name.as_bytes(), value);
    }
    object
}

/// Key by key, the last write wins, values replaced whole.
fn merge_into(target: &mut Value, event: &Event, seq: u32) {
    let Some(metadata) = event.object("metadata") else {
        return;
    };
    let Some(target) = target.as_map_mut() else { return };
    if target.get(b"metadata").is_none_or(|held| held.as_map().is_none()) {
        target.set(b"metadata", Value::map(seq));
    }
    target.change(b"metadata", |held| {
        let held = held.as_map_mut().expect("just set");
        for (name, value) in metadata {
            held.set(name.as_bytes(), Value::from_json(value, seq));
        }
    });
}
