//! An event on its way through the stages.

use scrubjay_protocol::{
    event::EventType,
    json::{Object, Value, Wtf8},
};

/// An event that has passed the schema, or one that chunks expand to.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) kind: EventType,
    pub(crate) body: Object,
}

impl Event {
    pub(crate) fn new(kind: EventType) -> Self {
        Self {
            kind,
            body: Object::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: Option<&Wtf8>) -> Self {
        if let Some(value) = value {
            self.body.insert(name, Value::String(value.clone()));
        }
        self
    }

    pub(crate) fn with_value(mut self, name: &str, value: Option<&Value>) -> Self {
        if let Some(value) = value {
            self.body.insert(name, value.clone());
        }
        self
    }

    pub(crate) fn name(&self) -> &str {
        self.kind.name()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.body.get(name)
    }

    /// A text member.
    pub(crate) fn text(&self, name: &str) -> Option<&Wtf8> {
        self.get(name)?.as_wtf8()
    }

    /// A text member that the schema requires; empty in lenient folding,
    /// where an event may be without it.
    pub(crate) fn required(&self, name: &str) -> &Wtf8 {
        static EMPTY: Wtf8 = Wtf8::new();
        self.text(name).unwrap_or(&EMPTY)
    }

    /// The sub-agent it is tagged with.
    pub(crate) fn tag(&self) -> Option<&Wtf8> {
        self.text("subagentRunId")
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        self.get(name)?.as_object()
    }

    /// Whether it names the item that it opens, continues or ends; true for
    /// events that concern none.
    pub(crate) fn names_its_item(&self) -> bool {
        use EventType as E;
        let name = match self.kind {
            E::ToolCallStart | E::ToolCallArgs | E::ToolCallEnd => "toolCallId",
            E::TextMessageStart
            | E::TextMessageContent
            | E::TextMessageEnd
            | E::ReasoningStart
            | E::ReasoningEnd
            | E::ReasoningMessageStart
            | E::ReasoningMessageContent
            | E::ReasoningMessageEnd => "messageId",
            E::StepStarted | E::StepFinished => "stepName",
            E::SubagentStarted | E::SubagentFinished | E::SubagentError => "subagentRunId",
            _ => return true,
        };
        self.text(name).is_some()
    }
}
