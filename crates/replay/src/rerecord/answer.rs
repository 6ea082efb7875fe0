//! What a client held after an answer.

use scrubjay_protocol::json::{self, Value};
use scrubjay_session::{
    query::{Failed, Reader},
    shelf::Shelf,
};

/// Messages, state and open interrupts as a client held them when an answer
/// had ended.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub(super) messages: Vec<Message>,
    /// JSON text.
    pub(super) state: String,
    pub(super) interrupts: Vec<Interrupt>,
}

/// A message, and what is looked at of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// The JSON text.
    pub(super) text: Vec<u8>,
    pub(super) id: String,
    pub(super) role: String,
    pub(super) content: String,
    pub(super) calls: Vec<Call>,
    /// Of a result: the call.
    pub(super) call_id: String,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

/// An interrupt that is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interrupt {
    pub(super) id: String,
    pub(super) reason: String,
    pub(super) call_id: String,
}

impl Answer {
    /// Folds a whole exchange.
    ///
    /// # Errors
    /// When the shelf cannot be read.
    pub fn read<S: Shelf>(reader: &mut Reader<S>) -> Result<Self, Failed<S::Error>> {
        let held = reader.held_at_end()?;
        Ok(Self {
            messages: messages(held.messages.as_bytes()),
            interrupts: interrupts(held.interrupts.as_bytes()),
            state: held.state,
        })
    }
}

/// The messages of a list, each with its own text.
pub(super) fn messages(list: &[u8]) -> Vec<Message> {
    let places = json::elements(list).unwrap_or_default();
    places.into_iter().map(|place| Message::read(&list[place])).collect()
}

fn interrupts(list: &[u8]) -> Vec<Interrupt> {
    let places = json::elements(list).unwrap_or_default();
    let read = |place: std::ops::Range<usize>| {
        let value = json::parse(&list[place]).unwrap_or_default();
        Interrupt {
            id: text(value.get("id")),
            reason: text(value.get("reason")),
            call_id: text(value.get("toolCallId")),
        }
    };
    places.into_iter().map(read).collect()
}

impl Message {
    fn read(own: &[u8]) -> Self {
        let value = json::parse(own).unwrap_or_default();
        let calls = value.get("toolCalls").and_then(Value::as_array).unwrap_or_default();
        Self {
            text: own.to_vec(),
            id: text(value.get("id")),
            role: text(value.get("role")),
            content: text(value.get("content")),
            calls: calls.iter().map(Call::read).collect(),
            call_id: text(value.get("toolCallId").or_else(|| value.get("tool_call_id"))),
        }
    }

    /// A result of a tool.
    pub(super) fn is_result(&self) -> bool {
        self.role == "tool"
    }

    /// Clients keep it and do not send it.
    pub(super) fn is_kept_by_clients(&self) -> bool {
        self.role == "activity"
    }

    /// Names of the tools that it calls.
    pub(super) fn tools(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.name.as_str()).collect()
    }
}

impl Call {
    fn read(value: &Value) -> Self {
        let function = value.get("function");
        Self {
            id: text(value.get("id")),
            name: text(function.and_then(|function| function.get("name"))),
            arguments: text(function.and_then(|function| function.get("arguments"))),
        }
    }
}

fn text(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_wtf8);
    text.map_or_else(String::new, |text| text.to_str_lossy().into_owned())
}
