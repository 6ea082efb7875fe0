//! Events as types: a lenient view over the JSON, with nothing lost.
//!
//! An [`Event`] borrows the value it was read from. Every member of the
//! protocol is an option here, because captured events leave out, null and
//! misspell anything; a member of another sort than the protocol wants reads
//! as absent. What the protocol does not have stays reachable through `whole`.
//!
//! ```
//! use scrubjay_protocol::{event::{Body, Event, EventType}, json};
//!
//! let value = json::parse(br#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"Hi","x":1}"#).unwrap();
//! let event = Event::read(&value).unwrap();
//! assert_eq!(event.event_type, EventType::TextMessageContent);
//! let Body::TextMessageContent(content) = event.body else { panic!() };
//! assert_eq!(content.delta.unwrap(), "Hi");
//! assert!(event.whole.get("x").is_some());
//! ```
//!
//! Whether an event is as the official client wants it is not judged here but
//! in [`crate::schema`].

mod body;
mod kind;
mod nested;
mod view;

pub(crate) use self::view::views;
pub use self::{
    body::{
        ActivityDelta, ActivitySnapshot, Custom, MessageContent, MessageEnd, MessagesSnapshot, Raw,
        ReasoningEncryptedValue, RunError, RunFinished, RunStarted, StateDelta, StateSnapshot, Step, SubagentError,
        SubagentFinished, SubagentStarted, TextMessageChunk, TextMessageStart, ThinkingStart, ToolCallArgs,
        ToolCallChunk, ToolCallEnd, ToolCallResult, ToolCallStart,
    },
    body::{Body, Event},
    kind::{EventType, Family},
    nested::{
        Content, Context, FunctionCall, Interrupt, Message, Outcome, Part, PartKind, PatchOp, ResumeEntry, Role,
        Source, TokenUsage, Tool, ToolCall,
    },
    view::{ReadMember, Text, member, snake_case},
};
