//! What folding says about a frame.

use std::borrow::Cow;

use super::rule::{Rule, Severity};

/// Bytes of a sentence. A stream may have a finding at each frame, and what
/// it names may be as long as it likes.
const MESSAGE_LEN: usize = 8 * 1024;
/// Bytes of a name that an event quotes and did not bring itself.
const NAME_LEN: usize = 200;

/// Something wrong or notable at a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// At which frame; 0 is the request.
    pub seq: u32,
    /// Id of the rule; see [`super::rule`].
    pub rule: &'static str,
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The official client gives up here. Only the first such finding of an
    /// exchange says so; later ones are what it would have met.
    pub stop: bool,
    /// Of a patch that left things as they were: the operation that failed, from 0.
    pub operation: Option<usize>,
    /// Releases of the official client that give up at this one, where not all do at which the rule is broken.
    pub fails: Option<&'static str>,
}

/// Where the official client gives up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stop {
    /// At which frame.
    pub seq: u32,
    pub rule: String,
    /// Why, as a sentence.
    pub message: String,
}

/// A broken rule, on its way to become a finding.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) id: &'static str,
    pub(crate) severity: Severity,
    pub(crate) stops: bool,
    pub(crate) message: String,
    /// See [`Finding::operation`].
    pub(crate) operation: Option<usize>,
    /// See [`Finding::fails`].
    pub(crate) fails: Option<&'static str>,
}

impl Violation {
    pub(crate) fn new(rule: &Rule, message: impl Into<String>) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity,
            stops: rule.stops,
            message: cut(message.into()),
            operation: None,
            fails: None,
        }
    }
}

fn cut(mut message: String) -> String {
    if message.len() > MESSAGE_LEN {
        let left_out = message.len() - message.floor_char_boundary(MESSAGE_LEN);
        message.truncate(message.len() - left_out);
        message.push_str(&format!("… (and {left_out} more bytes)"));
    }
    message
}

/// A name that may have come once and be quoted again and again.
pub(crate) fn clipped(name: &str) -> Cow<'_, str> {
    match name.len() > NAME_LEN {
        false => Cow::Borrowed(name),
        true => Cow::Owned(format!("{}…", &name[..name.floor_char_boundary(NAME_LEN)])),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rule::SCHEMA, *};

    #[test]
    fn a_sentence_has_an_end() {
        assert_eq!(Violation::new(&SCHEMA, "short").message, "short");
        let long = Violation::new(&SCHEMA, "ü".repeat(20_000)).message;
        assert!(
            long.len() < MESSAGE_LEN + 40 && long.ends_with("… (and 31808 more bytes)"),
            "{}",
            &long[long.len() - 40..]
        );
        assert_eq!(clipped(&"é".repeat(101)), format!("{}…", "é".repeat(100)));
        assert_eq!(clipped("id"), "id");
    }
}
