//! Small closed sets that pages hold as one byte: event types, families,
//! severities.

use scrubjay_protocol::frame::{Frame, FrameKind};

pub use crate::fold::Severity;

impl Severity {
    pub(crate) fn code(severity: Option<Self>) -> u8 {
        severity.map_or(0, |severity| severity as u8 + 1)
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::from_repr(code.checked_sub(1)?)
    }

    /// The contract's name: `error`, `warning`, `note`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Family of an event or a span; one hue each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::FromRepr, strum::IntoStaticStr)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[repr(u8)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    Run,
    Step,
    Subagent,
    #[strum(serialize = "message")]
    Text,
    Reasoning,
    Tool,
    State,
    Activity,
    Custom,
    Raw,
    Messages,
    /// From an interrupt to the run that resumes it.
    Wait,
    /// Comments, malformed frames, undecoded records.
    #[default]
    Wire,
    Unknown,
}

impl Kind {
    pub(crate) fn from_code(code: u8) -> Self {
        Self::from_repr(code).unwrap_or(Self::Unknown)
    }

    /// The word for it in `scrubjay spans`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Type of an event in one byte; types that the protocol does not know share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventCode(u8);

const TYPES: [(&str, Kind); 36] = [
    ("RUN_STARTED", Kind::Run),
    ("RUN_FINISHED", Kind::Run),
    ("RUN_ERROR", Kind::Run),
    ("STEP_STARTED", Kind::Step),
    ("STEP_FINISHED", Kind::Step),
    ("TEXT_MESSAGE_START", Kind::Text),
    ("TEXT_MESSAGE_CONTENT", Kind::Text),
    ("TEXT_MESSAGE_END", Kind::Text),
    ("TEXT_MESSAGE_CHUNK", Kind::Text),
    ("TOOL_CALL_START", Kind::Tool),
    ("TOOL_CALL_ARGS", Kind::Tool),
    ("TOOL_CALL_END", Kind::Tool),
    ("TOOL_CALL_CHUNK", Kind::Tool),
    ("TOOL_CALL_RESULT", Kind::Tool),
    ("STATE_SNAPSHOT", Kind::State),
    ("STATE_DELTA", Kind::State),
    ("MESSAGES_SNAPSHOT", Kind::Messages),
    ("ACTIVITY_SNAPSHOT", Kind::Activity),
    ("ACTIVITY_DELTA", Kind::Activity),
    ("RAW", Kind::Raw),
    ("CUSTOM", Kind::Custom),
    ("REASONING_START", Kind::Reasoning),
    ("REASONING_MESSAGE_START", Kind::Reasoning),
    ("REASONING_MESSAGE_CONTENT", Kind::Reasoning),
    ("REASONING_MESSAGE_END", Kind::Reasoning),
    ("REASONING_MESSAGE_CHUNK", Kind::Reasoning),
    ("REASONING_END", Kind::Reasoning),
    ("REASONING_ENCRYPTED_VALUE", Kind::Reasoning),
    ("SUBAGENT_STARTED", Kind::Subagent),
    ("SUBAGENT_FINISHED", Kind::Subagent),
    ("SUBAGENT_ERROR", Kind::Subagent),
    ("THINKING_START", Kind::Reasoning),
    ("THINKING_TEXT_MESSAGE_START", Kind::Reasoning),
    ("THINKING_TEXT_MESSAGE_CONTENT", Kind::Reasoning),
    ("THINKING_TEXT_MESSAGE_END", Kind::Reasoning),
    ("THINKING_END", Kind::Reasoning),
];

impl EventCode {
    /// No event: a comment, a malformed frame.
    pub const NONE: Self = Self(0);
    /// An event whose type the protocol does not know; its name is in its bytes.
    pub const UNKNOWN: Self = Self(255);

    pub(crate) const RUN_STARTED: Self = Self(1);
    pub(crate) const RUN_ERROR: Self = Self(3);
    pub(crate) const STEP_STARTED: Self = Self(4);
    pub(crate) const TEXT_END: Self = Self(8);
    pub(crate) const TEXT_CHUNK: Self = Self(9);
    pub(crate) const STATE_SNAPSHOT: Self = Self(15);
    pub(crate) const SUBAGENT_STARTED: Self = Self(29);
    pub(crate) const SUBAGENT_ERROR: Self = Self(31);

    /// The code of a type's name.
    pub fn of(name: &str) -> Self {
        TYPES
            .iter()
            .position(|(known, _)| *known == name)
            .map_or(Self::UNKNOWN, |idx| Self(idx as u8 + 1))
    }

    /// The type's name, if the protocol knows it.
    pub fn name(self) -> Option<&'static str> {
        TYPES.get(usize::from(self.0).wrapping_sub(1)).map(|(name, _)| *name)
    }

    pub(crate) fn of_frame(frame: &Frame) -> Self {
        match (frame.kind, &frame.event_type) {
            (FrameKind::Event | FrameKind::Record, Some(event)) => Self::of(event.name()),
            _ => Self::NONE,
        }
    }

    pub(crate) fn code(self) -> u8 {
        self.0
    }

    pub(crate) fn from_code(code: u8) -> Self {
        Self(code)
    }

    /// The family it belongs to.
    pub fn kind(self) -> Kind {
        match self {
            Self::NONE => Kind::Wire,
            _ => TYPES
                .get(usize::from(self.0).wrapping_sub(1))
                .map_or(Kind::Unknown, |(_, kind)| *kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_their_names() {
        for (code, name) in [
            (EventCode::RUN_STARTED, "RUN_STARTED"),
            (EventCode::RUN_ERROR, "RUN_ERROR"),
            (EventCode::STEP_STARTED, "STEP_STARTED"),
            (EventCode::TEXT_END, "TEXT_MESSAGE_END"),
            (EventCode::TEXT_CHUNK, "TEXT_MESSAGE_CHUNK"),
            (EventCode::STATE_SNAPSHOT, "STATE_SNAPSHOT"),
            (EventCode::SUBAGENT_STARTED, "SUBAGENT_STARTED"),
            (EventCode::SUBAGENT_ERROR, "SUBAGENT_ERROR"),
        ] {
            assert_eq!(code.name(), Some(name));
            assert_eq!(EventCode::of(name), code);
        }
        assert_eq!(EventCode::of("META"), EventCode::UNKNOWN);
        assert_eq!(EventCode::UNKNOWN.name(), None);
        assert_eq!(EventCode::NONE.kind(), Kind::Wire);
    }
}
