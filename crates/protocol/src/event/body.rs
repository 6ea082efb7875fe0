//! One view per sort of event.

use super::{
    kind::EventType,
    nested::{Content, Interrupt, Message, Outcome, PatchOp, TokenUsage},
    view::{Text, views},
};
use crate::{
    input::RunAgentInput,
    json::{Object, Value},
};

/// An event, read leniently.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// Its type.
    pub event_type: EventType,
    /// Time by the agent's clock; the unit is not fixed, mostly milliseconds.
    pub timestamp: Option<f64>,
    /// The provider's own event.
    pub raw_event: Option<&'a Value>,
    /// Open metadata.
    pub metadata: Option<&'a Object>,
    /// Sub-agent that it belongs to; absent for the parent agent.
    pub subagent_run_id: Text<'a>,
    /// Members of its own.
    pub body: Body<'a>,
    /// All of it.
    pub whole: &'a Value,
}

impl<'a> Event<'a> {
    /// Reads an event. `None` when the value is no object with a non-empty
    /// string `type`, which no event frame is.
    pub fn read(whole: &'a Value) -> Option<Self> {
        let name = whole.get("type")?.as_wtf8().filter(|name| !name.is_empty())?;
        let event_type = EventType::from_name(&name.to_str_lossy());
        let base = Base::read(whole);
        Some(Self {
            timestamp: base.timestamp,
            raw_event: base.raw_event,
            metadata: base.metadata,
            subagent_run_id: base.subagent_run_id,
            body: Body::read(&event_type, whole),
            event_type,
            whole,
        })
    }

    /// The interrupts that it ends a run with.
    pub fn interrupts(&self) -> &[Interrupt<'a>] {
        match &self.body {
            Body::RunFinished(RunFinished {
                outcome: Some(outcome), ..
            }) => &outcome.interrupts,
            _ => &[],
        }
    }
}

macro_rules! bodies {
    ($($variant:ident $view:ident $doc:literal,)*) => {
        /// The members that an event has of its own, by type.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Body<'a> {
            $(#[doc = $doc] $variant($view<'a>),)*
            /// An event of unknown type, or one without members of its own.
            Other,
        }

        impl<'a> Body<'a> {
            fn read(event_type: &EventType, whole: &'a Value) -> Self {
                match event_type {
                    $(EventType::$variant => Self::$variant($view::read(whole)),)*
                    _ => Self::Other,
                }
            }
        }
    };
}

bodies! {
    RunStarted RunStarted "A run begins.",
    RunFinished RunFinished "A run ends as it should, or waits.",
    RunError RunError "A run fails.",
    StepStarted Step "A step begins.",
    StepFinished Step "A step ends.",
    TextMessageStart TextMessageStart "A message begins.",
    TextMessageContent MessageContent "A message goes on.",
    TextMessageEnd MessageEnd "A message ends.",
    TextMessageChunk TextMessageChunk "All three in one, or any of them.",
    ToolCallStart ToolCallStart "A call begins.",
    ToolCallArgs ToolCallArgs "The arguments of a call go on.",
    ToolCallEnd ToolCallEnd "The arguments of a call are whole.",
    ToolCallChunk ToolCallChunk "All three in one, or any of them.",
    ToolCallResult ToolCallResult "A call is answered.",
    StateSnapshot StateSnapshot "The state, whole.",
    StateDelta StateDelta "A change of the state.",
    MessagesSnapshot MessagesSnapshot "The conversation, whole.",
    ActivitySnapshot ActivitySnapshot "An activity, whole.",
    ActivityDelta ActivityDelta "A change of an activity.",
    Raw Raw "An event of somebody else.",
    Custom Custom "An event of the application.",
    ReasoningStart MessageEnd "A span of reasoning begins.",
    ReasoningEnd MessageEnd "A span of reasoning ends.",
    ReasoningMessageStart TextMessageStart "A message of reasoning begins.",
    ReasoningMessageContent MessageContent "A message of reasoning goes on.",
    ReasoningMessageEnd MessageEnd "A message of reasoning ends.",
    ReasoningMessageChunk TextMessageChunk "All three in one, or any of them.",
    ReasoningEncryptedValue ReasoningEncryptedValue "Opaque reasoning to send back.",
    SubagentStarted SubagentStarted "A sub-agent begins.",
    SubagentFinished SubagentFinished "A sub-agent ends, or waits.",
    SubagentError SubagentError "A sub-agent fails.",
    ThinkingStart ThinkingStart "Retired: a span of reasoning begins.",
    ThinkingTextMessageContent MessageContent "Retired: a message of reasoning goes on; it names none.",
}

views! {
    /// What all events share.
    Base {
        /// See [`Event::timestamp`].
        timestamp: Option<f64> = "timestamp",
        /// See [`Event::raw_event`].
        raw_event: Option<&'a Value> = "rawEvent",
        /// See [`Event::metadata`].
        metadata: Option<&'a Object> = "metadata",
        /// See [`Event::subagent_run_id`].
        subagent_run_id: Text<'a> = "subagentRunId",
    }

    /// A run begins.
    RunStarted {
        /// The conversation.
        thread_id: Text<'a> = "threadId",
        /// The run.
        run_id: Text<'a> = "runId",
        /// Version that the agent speaks.
        protocol_version: Text<'a> = "protocolVersion",
        /// Parent run.
        parent_run_id: Text<'a> = "parentRunId",
        /// The input, echoed.
        input: Option<RunAgentInput<'a>> = "input",
    }

    /// A run ends as it should, or waits.
    RunFinished {
        /// The conversation.
        thread_id: Text<'a> = "threadId",
        /// The run.
        run_id: Text<'a> = "runId",
        /// Any result.
        result: Option<&'a Value> = "result",
        /// How; absent means success.
        outcome: Option<Outcome<'a>> = "outcome",
        /// Tokens used, by model.
        usage: Vec<TokenUsage<'a>> = "usage",
    }

    /// A run fails.
    RunError {
        /// Why.
        message: Text<'a> = "message",
        /// A code.
        code: Text<'a> = "code",
        /// Tokens used, by model.
        usage: Vec<TokenUsage<'a>> = "usage",
    }

    /// A step begins or ends.
    Step {
        /// Its name.
        step_name: Text<'a> = "stepName",
    }

    /// A message begins, of text or of reasoning.
    TextMessageStart {
        /// The message.
        message_id: Text<'a> = "messageId",
        /// Who speaks; absent means the assistant.
        role: Text<'a> = "role",
        /// Name of the speaker.
        name: Text<'a> = "name",
    }

    /// A message goes on.
    MessageContent {
        /// The message.
        message_id: Text<'a> = "messageId",
        /// What is added.
        delta: Text<'a> = "delta",
    }

    /// A message ends, or a span of reasoning begins or ends.
    MessageEnd {
        /// The message or span.
        message_id: Text<'a> = "messageId",
    }

    /// A message, in pieces that need not be announced.
    TextMessageChunk {
        /// The message; absent where it goes on.
        message_id: Text<'a> = "messageId",
        /// Who speaks.
        role: Text<'a> = "role",
        /// What is added.
        delta: Text<'a> = "delta",
        /// Name of the speaker.
        name: Text<'a> = "name",
    }

    /// A call begins.
    ToolCallStart {
        /// The call.
        tool_call_id: Text<'a> = "toolCallId",
        /// Name of the tool.
        tool_call_name: Text<'a> = "toolCallName",
        /// The message that makes the call.
        parent_message_id: Text<'a> = "parentMessageId",
    }

    /// The arguments of a call go on.
    ToolCallArgs {
        /// The call.
        tool_call_id: Text<'a> = "toolCallId",
        /// What is added.
        delta: Text<'a> = "delta",
    }

    /// The arguments of a call are whole.
    ToolCallEnd {
        /// The call.
        tool_call_id: Text<'a> = "toolCallId",
    }

    /// A call, in pieces that need not be announced.
    ToolCallChunk {
        /// The call; absent where it goes on.
        tool_call_id: Text<'a> = "toolCallId",
        /// Name of the tool.
        tool_call_name: Text<'a> = "toolCallName",
        /// The message that makes the call.
        parent_message_id: Text<'a> = "parentMessageId",
        /// What is added to the arguments.
        delta: Text<'a> = "delta",
    }

    /// A call is answered.
    ToolCallResult {
        /// The message that the answer becomes.
        message_id: Text<'a> = "messageId",
        /// The call.
        tool_call_id: Text<'a> = "toolCallId",
        /// The answer.
        content: Content<'a> = "content",
        /// Always `tool`.
        role: Text<'a> = "role",
    }

    /// The state, whole.
    StateSnapshot {
        /// Any JSON.
        snapshot: Option<&'a Value> = "snapshot",
    }

    /// A change of the state.
    StateDelta {
        /// JSON Patch.
        delta: Vec<PatchOp<'a>> = "delta",
    }

    /// The conversation, whole.
    MessagesSnapshot {
        /// Messages in order.
        messages: Vec<Message<'a>> = "messages",
    }

    /// An activity, whole.
    ActivitySnapshot {
        /// The message that holds it.
        message_id: Text<'a> = "messageId",
        /// Its type.
        activity_type: Text<'a> = "activityType",
        /// What it shows.
        content: Option<&'a Value> = "content",
        /// Whether it replaces what is there; absent means yes.
        replace: Option<bool> = "replace",
    }

    /// A change of an activity.
    ActivityDelta {
        /// The message that holds it.
        message_id: Text<'a> = "messageId",
        /// Its type.
        activity_type: Text<'a> = "activityType",
        /// JSON Patch.
        patch: Vec<PatchOp<'a>> = "patch",
    }

    /// An event of somebody else.
    Raw {
        /// The event.
        event: Option<&'a Value> = "event",
        /// Whose it is.
        source: Text<'a> = "source",
    }

    /// An event of the application.
    Custom {
        /// Its name.
        name: Text<'a> = "name",
        /// Its value.
        value: Option<&'a Value> = "value",
    }

    /// Opaque reasoning to send back.
    ReasoningEncryptedValue {
        /// `tool-call` or `message`.
        subtype: Text<'a> = "subtype",
        /// What it belongs to.
        entity_id: Text<'a> = "entityId",
        /// The value, like a credential.
        encrypted_value: Text<'a> = "encryptedValue",
    }

    /// A sub-agent begins.
    SubagentStarted {
        /// The invocation.
        subagent_run_id: Text<'a> = "subagentRunId",
        /// Name of the sub-agent.
        name: Text<'a> = "name",
        /// What it is asked to do.
        description: Text<'a> = "description",
        /// The sub-agent that invokes it.
        parent_subagent_run_id: Text<'a> = "parentSubagentRunId",
        /// The call that invokes it.
        parent_tool_call_id: Text<'a> = "parentToolCallId",
        /// The message that invokes it.
        parent_message_id: Text<'a> = "parentMessageId",
    }

    /// A sub-agent ends, or waits.
    SubagentFinished {
        /// The invocation.
        subagent_run_id: Text<'a> = "subagentRunId",
        /// Any result.
        result: Option<&'a Value> = "result",
        /// How; absent means success.
        outcome: Option<Outcome<'a>> = "outcome",
    }

    /// A sub-agent fails.
    SubagentError {
        /// The invocation.
        subagent_run_id: Text<'a> = "subagentRunId",
        /// Why.
        message: Text<'a> = "message",
        /// A code.
        code: Text<'a> = "code",
    }

    /// Retired: a span of reasoning begins.
    ThinkingStart {
        /// Its label, which the successor does not have.
        title: Text<'a> = "title",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{PartKind, Role},
        json::parse,
    };

    #[test]
    fn wrong_members_read_as_absent_and_stay_reachable() {
        let value = parse(br#"{"type":"TOOL_CALL_ARGS","toolCallId":7,"delta":{"a":1}}"#).unwrap();
        let event = Event::read(&value).unwrap();
        let Body::ToolCallArgs(args) = &event.body else {
            panic!("{event:?}")
        };
        assert_eq!((args.tool_call_id, args.delta), (None, None));
        assert!(args.whole.unwrap().get("delta").unwrap().as_object().is_some());
    }

    #[test]
    fn nested_lists_keep_their_places() {
        let value = parse(br#"{"type":"MESSAGES_SNAPSHOT","messages":[null,{"id":"m","role":"user","content":[7,{"type":"image","source":{"type":"url","value":"u"}}]}]}"#).unwrap();
        let event = Event::read(&value).unwrap();
        let Body::MessagesSnapshot(snapshot) = &event.body else {
            panic!("{event:?}")
        };
        assert_eq!(snapshot.messages[0].role, Role::Missing);
        let Content::Parts(parts) = &snapshot.messages[1].content else {
            panic!()
        };
        assert_eq!((parts[0].kind, parts[1].kind), (PartKind::Missing, PartKind::Image));
        assert_eq!(parts[1].source.as_ref().unwrap().value.unwrap(), "u");
    }

    #[test]
    fn an_unknown_event_is_all_there() {
        let value = parse(br#"{"type":"META","payload":{},"timestamp":1.5}"#).unwrap();
        let event = Event::read(&value).unwrap();
        assert_eq!((event.body, event.timestamp), (Body::Other, Some(1.5)));
        assert_eq!(Event::read(&parse(b"{}").unwrap()), None);
    }

    #[test]
    fn every_known_type_has_a_body_or_no_members() {
        for known in &EventType::KNOWN {
            let value = Value::Object([("type".into(), Value::string(known.name()))].into_iter().collect());
            let is_bare = Event::read(&value).unwrap().body == Body::Other;
            let bare = [
                "THINKING_END",
                "THINKING_TEXT_MESSAGE_START",
                "THINKING_TEXT_MESSAGE_END",
            ];
            assert_eq!(is_bare, bare.contains(&known.name()), "{known}");
        }
    }
}
