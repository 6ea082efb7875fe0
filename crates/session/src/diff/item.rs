//! What is compared: one thing that happened, in a few numbers.
//!
//! An item is made of a span, or of what a span does not say: the input of a
//! request, neighbouring state events whatever the pause between them, the
//! state and the ending of an exchange. Its content is a *document*, an
//! object with the members of the table; what is kept of it are numbers. The
//! document is read again where it is shown.
//!
//! | item | document | counts from |
//! |---|---|---|
//! | input | `asked` (messages since the last answer), `tools`, `context`, `forwardedProps`, `resume`, `state` | behaviour |
//! | tool | `name`, `agent`, `args`, `result` | behaviour |
//! | step | `name`, `agent` | behaviour |
//! | sub-agent | `name`, `outcome`, `result`, `code`, `message` | behaviour |
//! | custom | `name`, `agent`, `value` | behaviour |
//! | run | `outcome`, `interrupts`, `result`, `code`, `message` | behaviour |
//! | final state | `state` | behaviour |
//! | end | `status`, `ending`, `stop`, `body` (when it is no stream) | behaviour |
//! | finding | `name` (the rule) | behaviour |
//! | state | `state`, as it is after the events | state |
//! | activity | `name`, `content`, `patches` | state |
//! | message, reasoning | `role`, `agent`, `text` | text |
//! | messages | `messages` | text |
//! | raw, wire, unknown | `type`, `event` | wire |

use super::rules::Level;
use crate::derive::kinds::Kind;

/// No span.
pub(crate) const NO_SPAN: u32 = u32::MAX;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    Input,
    Tool,
    Step,
    Subagent,
    Custom,
    Run,
    State,
    Activity,
    Text,
    Reasoning,
    Messages,
    Raw,
    Wire,
    Unknown,
    FinalState,
    End,
    Finding,
}

impl ItemKind {
    /// The least level at which its being there counts.
    pub fn counts_from(self) -> Level {
        match self {
            Self::Input
            | Self::Tool
            | Self::Step
            | Self::Subagent
            | Self::Custom
            | Self::Run
            | Self::FinalState
            | Self::Finding
            | Self::End => Level::Behaviour,
            Self::State | Self::Activity => Level::State,
            Self::Text | Self::Reasoning | Self::Messages => Level::Text,
            Self::Raw | Self::Wire | Self::Unknown => Level::Wire,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::FinalState => "final state",
            Self::End => "end",
            Self::Finding => "finding",
            other => other.family().as_str(),
        }
    }

    /// The family whose hue it has.
    pub fn family(self) -> Kind {
        match self {
            Self::Tool => Kind::Tool,
            Self::Step => Kind::Step,
            Self::Subagent => Kind::Subagent,
            Self::Custom => Kind::Custom,
            Self::Run | Self::Input => Kind::Run,
            Self::State | Self::FinalState => Kind::State,
            Self::Activity => Kind::Activity,
            Self::Text => Kind::Text,
            Self::Reasoning => Kind::Reasoning,
            Self::Messages => Kind::Messages,
            Self::Raw => Kind::Raw,
            Self::Wire | Self::End | Self::Finding => Kind::Wire,
            Self::Unknown => Kind::Unknown,
        }
    }

    /// The item that a span of this family is; none for a wait, which has no frames.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Run => Self::Run,
            Kind::Step => Self::Step,
            Kind::Subagent => Self::Subagent,
            Kind::Text => Self::Text,
            Kind::Reasoning => Self::Reasoning,
            Kind::Tool => Self::Tool,
            Kind::State => Self::State,
            Kind::Activity => Self::Activity,
            Kind::Custom => Self::Custom,
            Kind::Raw => Self::Raw,
            Kind::Messages => Self::Messages,
            Kind::Wire => Self::Wire,
            Kind::Unknown => Self::Unknown,
            Kind::Wait => return None,
        })
    }

    /// What one more or one less of it costs an alignment.
    pub(crate) fn weight(self) -> f32 {
        match self {
            Self::Tool | Self::Input => 4.0,
            Self::Subagent | Self::Run | Self::End | Self::FinalState => 3.0,
            Self::Step | Self::Custom | Self::Finding => 2.0,
            Self::State | Self::Activity | Self::Text | Self::Reasoning | Self::Messages => 1.0,
            Self::Raw | Self::Wire | Self::Unknown => 0.5,
        }
    }
}

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    /// Which exchange of its side.
    pub(crate) part: u32,
    /// Its span there, or [`NO_SPAN`].
    pub(crate) span: u32,
    /// Turn, from 1.
    pub(crate) turn: u32,
    pub(crate) first_seq: u32,
    pub(crate) last_seq: u32,
    /// Kind and name.
    pub(crate) key: u64,
    /// What it says, level by level.
    pub(crate) says: [u64; 4],
    /// Ids in it: first and count in the outline's list.
    pub(crate) refs: (u32, u32),
    /// Its own id.
    pub(crate) own: Option<u32>,
    /// It says enough for its like on the other side to be a meeting.
    pub(crate) telling: bool,
    /// It has no end of its own, or, of a tool call, no result.
    pub(crate) open: bool,
}

impl Item {
    /// What it says up to a level.
    pub(crate) fn says_up_to(&self, level: Level) -> u64 {
        self.says[..=level as usize]
            .iter()
            .fold(self.key, |all, says| super::hash::join(all, *says))
    }
}
