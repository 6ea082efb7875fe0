//! Breakpoints: the events at which a stream stops and waits for an order.
//!
//! A filter is words with spaces between; an event that fits one of them
//! stops the stream. What stops is decided before the event is sent.
//!
//! | word | stops at |
//! |---|---|
//! | `#12` or `seq:12` | the frame with this number |
//! | `TOOL_CALL_START` or `type:TOOL_CALL_START` | events of this type |
//! | `tool:checkout` | the start of a call to this tool, and its result |
//!
//! `*` stands for any text (`type:STATE_*`, `tool:search_*`); capitals do not matter.

use std::{fmt, str::FromStr};

use serde::Deserialize;

use crate::counter::Counter;

/// A filter of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    words: Vec<(Word, Counter)>,
    given: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Seq(u32),
    Type(String),
    Tool(String),
}

/// A word of a filter that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no place to hold at")]
pub struct UnknownHold {
    pub word: String,
}

impl UnknownHold {
    pub fn hint(&self) -> &'static str {
        "Use #12 for a frame, TOOL_CALL_START or STATE_* for a type, tool:NAME for a tool, with spaces between."
    }
}

/// The members of an event that a filter looks at.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Members {
    #[serde(rename = "type")]
    event_type: String,
    tool_call_id: String,
    tool_call_name: String,
}

/// The calls of held tools that have begun in a stream.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    held: Vec<String>,
}

impl Hold {
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether a frame stops the stream. `text` is its event's JSON; the
    /// calls are those of this stream so far.
    pub(crate) fn stops_at(&self, seq: u32, type_name: Option<&str>, text: &[u8], calls: &mut Calls) -> bool {
        let members = || serde_json::from_slice::<Members>(text).unwrap_or_default();
        let mut stops = false;
        // All are asked, so that each is counted.
        for (word, stopped) in &self.words {
            let is_here = match word {
                Word::Seq(wanted) => *wanted == seq,
                Word::Type(pattern) => type_name.is_some_and(|name| fits(pattern, name)),
                Word::Tool(pattern) => stops_at_tool(pattern, &members(), calls),
            };
            if is_here {
                stopped.count();
                stops = true;
            }
        }
        stops
    }

    /// The words, as they were given, and at how many events each stopped a stream.
    pub fn stopped(&self) -> impl Iterator<Item = (&str, u64)> {
        let given = self.given.split_whitespace();
        given
            .zip(&self.words)
            .map(|(word, (_, stopped))| (word, stopped.times()))
    }
}

fn stops_at_tool(pattern: &str, event: &Members, calls: &mut Calls) -> bool {
    match event.event_type.as_str() {
        "TOOL_CALL_START" | "TOOL_CALL_CHUNK" if !event.tool_call_name.is_empty() => {
            let holds = fits(pattern, &event.tool_call_name);
            if holds {
                calls.held.push(event.tool_call_id.clone());
            }
            holds
        }
        "TOOL_CALL_RESULT" => calls.held.contains(&event.tool_call_id),
        _ => false,
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl FromStr for Hold {
    type Err = UnknownHold;

    fn from_str(text: &str) -> Result<Self, UnknownHold> {
        let words = text
            .split_whitespace()
            .map(|text| Ok((word(text)?, Counter::default())));
        let words: Result<_, _> = words.collect();
        Ok(Self {
            words: words?,
            given: text.trim().to_owned(),
        })
    }
}

fn word(text: &str) -> Result<Word, UnknownHold> {
    let unknown = || UnknownHold { word: text.to_owned() };
    let number = |digits: &str| digits.parse().map(Word::Seq).map_err(|_no_number| unknown());
    if let Some(digits) = text.strip_prefix('#') {
        return number(digits);
    }
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c == '_' || c == '*' || c.is_ascii_alphanumeric());
    match text.split_once(':') {
        Some(("seq", digits)) => number(digits),
        Some(("tool", name)) if !name.is_empty() => Ok(Word::Tool(name.to_owned())),
        Some(("type", name)) if is_name(name) => Ok(Word::Type(name.to_owned())),
        None if is_name(text) => Ok(Word::Type(text.to_owned())),
        _ => Err(unknown()),
    }
}

/// As it is parsed.
impl fmt::Display for Hold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_people_expect() {
        for (pattern, text, expected) in [
            ("TOOL_CALL_START", "TOOL_CALL_START", true),
            ("tool_call_start", "TOOL_CALL_START", true),
            ("TOOL", "TOOL_CALL_START", false),
            ("TOOL_*", "TOOL_CALL_START", true),
            ("*_START", "TOOL_CALL_START", true),
            ("T*CALL*T", "TOOL_CALL_START", true),
            ("T*X*T", "TOOL_CALL_START", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_filter_is_read_word_by_word() {
        assert!("".parse::<Hold>().is_ok_and(|hold| hold.is_empty()));
        assert!("#12 type:STATE_* tool:search_* RUN_FINISHED".parse::<Hold>().is_ok());
        for (text, word) in [
            ("#x", "#x"),
            ("a b:c", "b:c"),
            ("tool:", "tool:"),
            ("seq:", "seq:"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(text.parse::<Hold>(), Err(UnknownHold { word: word.to_owned() }));
        }
    }

    #[test]
    fn a_tool_holds_at_the_start_of_its_calls_and_at_their_results() {
        let hold: Hold = "tool:checkout #9".parse().unwrap();
        let mut calls = Calls::default();
        let mut stops = |seq, text: &str| hold.stops_at(seq, None, text.as_bytes(), &mut calls);
        assert!(!stops(
            1,
            r#"{"type":"TOOL_CALL_START","toolCallId":"a","toolCallName":"search"}"#
        ));
        assert!(stops(
            2,
            r#"{"type":"TOOL_CALL_START","toolCallId":"b","toolCallName":"checkout"}"#
        ));
        assert!(!stops(3, r#"{"type":"TOOL_CALL_ARGS","toolCallId":"b","delta":"{}"}"#));
        assert!(!stops(4, r#"{"type":"TOOL_CALL_RESULT","toolCallId":"a"}"#));
        assert!(stops(5, r#"{"type":"TOOL_CALL_RESULT","toolCallId":"b"}"#));
        assert!(stops(9, "no JSON"));
    }
}
