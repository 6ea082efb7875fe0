//! Names of events.

use std::fmt;

/// What an event is about; lanes and filters group by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `RUN_*`.
    Run,
    /// `STEP_*`.
    Step,
    /// `TEXT_MESSAGE_*`.
    Text,
    /// `TOOL_CALL_*`.
    Tool,
    /// `STATE_*`.
    State,
    /// `MESSAGES_SNAPSHOT`.
    Messages,
    /// `ACTIVITY_*`.
    Activity,
    /// `REASONING_*`, and `THINKING_*`, which it replaced.
    Reasoning,
    /// `SUBAGENT_*`.
    Subagent,
    /// `RAW` and `CUSTOM`.
    Special,
    /// A name that protocol 1.0 does not have.
    Unknown,
}

macro_rules! event_types {
    ($($variant:ident $name:literal $family:ident,)*) => {
        /// Type of an event: the 31 of protocol 1.0, the five retired
        /// `THINKING_*` names that are still sent, or any other name.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $(#[doc = concat!("`", $name, "`.")] $variant,)*
            /// A name that neither protocol 1.0 nor its past knows, as sent.
            Unknown(Box<str>),
        }

        impl EventType {
            /// All known types: first the 31, then the five retired.
            pub const KNOWN: [Self; 36] = [$(Self::$variant),*];

            /// The type of this name. Never fails: see [`EventType::Unknown`].
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    _ => Self::Unknown(name.into()),
                }
            }

            /// The name on the wire.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Unknown(name) => name,
                }
            }

            /// What it is about.
            pub fn family(&self) -> Family {
                match self {
                    $(Self::$variant => Family::$family,)*
                    Self::Unknown(_) => Family::Unknown,
                }
            }
        }
    };
}

event_types! {
    RunStarted "RUN_STARTED" Run,
    RunFinished "RUN_FINISHED" Run,
    RunError "RUN_ERROR" Run,
    StepStarted "STEP_STARTED" Step,
    StepFinished "STEP_FINISHED" Step,
    TextMessageStart "TEXT_MESSAGE_START" Text,
    TextMessageContent "TEXT_MESSAGE_CONTENT" Text,
    TextMessageEnd "TEXT_MESSAGE_END" Text,
    TextMessageChunk "TEXT_MESSAGE_CHUNK" Text,
    ToolCallStart "TOOL_CALL_START" Tool,
    ToolCallArgs "TOOL_CALL_ARGS" Tool,
    ToolCallEnd "TOOL_CALL_END" Tool,
    ToolCallChunk "TOOL_CALL_CHUNK" Tool,
    ToolCallResult "TOOL_CALL_RESULT" Tool,
    StateSnapshot "STATE_SNAPSHOT" State,
    StateDelta "STATE_DELTA" State,
    MessagesSnapshot "MESSAGES_SNAPSHOT" Messages,
    ActivitySnapshot "ACTIVITY_SNAPSHOT" Activity,
    ActivityDelta "ACTIVITY_DELTA" Activity,
    Raw "RAW" Special,
    Custom "CUSTOM" Special,
    ReasoningStart "REASONING_START" Reasoning,
    ReasoningEnd "REASONING_END" Reasoning,
    ReasoningMessageStart "REASONING_MESSAGE_START" Reasoning,
    ReasoningMessageContent "REASONING_MESSAGE_CONTENT" Reasoning,
    ReasoningMessageEnd "REASONING_MESSAGE_END" Reasoning,
    ReasoningMessageChunk "REASONING_MESSAGE_CHUNK" Reasoning,
    ReasoningEncryptedValue "REASONING_ENCRYPTED_VALUE" Reasoning,
    SubagentStarted "SUBAGENT_STARTED" Subagent,
    SubagentFinished "SUBAGENT_FINISHED" Subagent,
    SubagentError "SUBAGENT_ERROR" Subagent,
    ThinkingStart "THINKING_START" Reasoning,
    ThinkingEnd "THINKING_END" Reasoning,
    ThinkingTextMessageStart "THINKING_TEXT_MESSAGE_START" Reasoning,
    ThinkingTextMessageContent "THINKING_TEXT_MESSAGE_CONTENT" Reasoning,
    ThinkingTextMessageEnd "THINKING_TEXT_MESSAGE_END" Reasoning,
}

impl EventType {
    /// Whether protocol 1.0 retired it.
    pub fn is_retired(&self) -> bool {
        self.name().starts_with("THINKING_") && self.is_known()
    }

    /// Whether it is one of [`EventType::KNOWN`].
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Its number in [`EventType::KNOWN`], for compact indexes.
    pub fn number(&self) -> Option<u8> {
        let place = Self::KNOWN.iter().position(|known| known == self)?;
        u8::try_from(place).ok()
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types_are_one_to_one() {
        for (number, known) in EventType::KNOWN.iter().enumerate() {
            assert_eq!(&EventType::from_name(known.name()), known);
            assert_eq!(known.number().map(usize::from), Some(number));
        }
        assert_eq!(EventType::KNOWN.iter().filter(|known| known.is_retired()).count(), 5);
        assert_eq!(EventType::from_name("RunStarted").name(), "RunStarted");
    }
}
