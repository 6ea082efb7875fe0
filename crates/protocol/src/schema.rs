//! What the official client makes of an event before it acts on it.
//!
//! Two stages of `@ag-ui/client` 1.0.0, in its order and in its words:
//!
//! 1. The boundary translates retired shapes: `THINKING_*` events, binary
//!    content parts, nulls that were once allowed.
//! 2. The enforcement drops events of unknown type, removes members and
//!    variants that its table does not describe, and fails on a described
//!    member with a wrong value, which ends the run.
//!
//! Issues are worded as zod words them, because developers search for them.
//! `tests/schema` compares case by case with the client itself.
//!
//! ```
//! use scrubjay_protocol::{json, schema::{self, Boundary, Verdict}};
//!
//! let event = json::parse(br#"{"type":"STEP_STARTED","stepName":null}"#).unwrap();
//! let checked = schema::check(event, &mut Boundary::default(), &mut || "id".into());
//! let Verdict::Fatal(fatal) = checked.verdict else { panic!() };
//! assert_eq!(fatal.issues[0].path, "/stepName");
//! assert_eq!(fatal.issues[0].message, "Invalid input: expected string, received null");
//! ```

mod admit;
mod boundary;
mod legacy;
mod path;
mod shape;
mod strip;
mod table;

use crate::{
    event::EventType,
    json::{Value, Wtf8, to_json},
    pointer,
};

pub use self::boundary::{Boundary, Conversion};

/// Characters of a value that is named in an issue.
const FOUND_CHARS: usize = 60;

/// An event after both stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub verdict: Verdict,
    /// What was translated, in order.
    pub conversions: Vec<Conversion>,
    pub stripped: Vec<Strip>,
    /// The event that was refused, as it stood then; none if it went on, or
    /// was refused before anything could be made of it.
    pub refused: Option<Value>,
}

/// What becomes of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on, translated and stripped; its members stand in the order of
    /// the schema.
    Accept {
        event: Value,
        /// Its type, after translation: never retired, never unknown.
        event_type: EventType,
    },
    /// It is dropped with a warning, because its type is unknown.
    Dropped { type_name: String },
    /// The run ends here.
    Fatal(Fatal),
}

/// Why the client would give up on an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// What is wrong, in the order of the schema; at least one.
    pub issues: Vec<Issue>,
}

/// One thing wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// JSON Pointer to the member.
    pub path: String,
    /// The client's sentence.
    pub message: String,
}

impl Fatal {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            issues: vec![Issue {
                path: path.into(),
                message: message.into(),
            }],
        }
    }

    /// All issues as one sentence.
    pub fn message(&self) -> String {
        let parts: Vec<String> = self.issues.iter().map(ToString::to_string).collect();
        parts.join("; ")
    }
}

impl std::fmt::Display for Issue {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() {
            return formatter.write_str(&self.message);
        }
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

/// Something removed from an event because no schema describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// JSON Pointer to it, in the event as it arrived at this stage.
    pub path: String,
    pub what: Stripped,
}

/// Sorts of removed things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stripped {
    /// A member that the schema does not have.
    UnknownMember,
    /// A message role, content part, patch operation, outcome or source of a
    /// kind that the schema does not have; in a place that cannot do without
    /// it, together with what contains it.
    UnknownVariant,
}

/// Sends an event through both stages.
///
/// `boundary` is kept from event to event of one exchange. `mint` makes ids
/// for the events that replace `THINKING_*`, which have none; the client's are
/// random, so the caller's should follow from the place in the stream.
pub fn check(event: Value, boundary: &mut Boundary, mint: &mut dyn FnMut() -> String) -> Checked {
    let mut conversions = Vec::new();
    let mut stripped = Vec::new();
    let mut refused = None;
    let verdict = match boundary.translate(event, mint, &mut conversions) {
        Ok(event) => enforce(event, &mut stripped, &mut refused),
        Err(fatal) => Verdict::Fatal(fatal),
    };
    Checked {
        verdict,
        conversions,
        stripped,
        refused,
    }
}

/// What the official schema has against a run input, each issue with the value
/// that was found, where its sentence does not name it. Members that the schema
/// does not describe are fine.
pub fn input_issues(input: &Value) -> Vec<Issue> {
    let mut input = input.clone();
    strip::strip(&mut input, table::input(), &mut Vec::new());
    let mut issues = admit::admit(&mut input, table::input());
    for issue in &mut issues {
        let found = pointer::parse(&issue.path.as_str().into()).and_then(|tokens| find(&input, &tokens));
        if let Some(found) = found.filter(|found| !found.is_null()) {
            issue.message.push_str(&format!(", found {}", excerpt(found)));
        }
    }
    issues
}

fn find<'a>(value: &'a Value, tokens: &[Wtf8]) -> Option<&'a Value> {
    tokens.iter().try_fold(value, |value, token| match value {
        Value::Array(items) => items.get(token.to_str_lossy().parse::<usize>().ok()?),
        _ => value.get(&token.to_str_lossy()),
    })
}

/// The JSON of a value, cut where it is long.
fn excerpt(value: &Value) -> String {
    let text = to_json(value);
    match text.char_indices().nth(FOUND_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

fn enforce(mut event: Value, stripped: &mut Vec<Strip>, refused: &mut Option<Value>) -> Verdict {
    let Value::Object(object) = &event else {
        return Verdict::Fatal(Fatal::new("", "Invalid event: the frame is not a JSON object."));
    };
    let type_name = match object.get("type") {
        Some(Value::String(name)) if !name.is_empty() => name.to_str_lossy().into_owned(),
        _ => return Verdict::Fatal(Fatal::new("", "Invalid event: the frame carries no event type.")),
    };
    let event_type = EventType::from_name(&type_name);
    let Some(shape) = table::event(&event_type) else {
        return Verdict::Dropped { type_name };
    };
    strip::strip(&mut event, shape, stripped);
    let issues = admit::admit(&mut event, shape);
    if issues.is_empty() {
        Verdict::Accept { event, event_type }
    } else {
        *refused = Some(event);
        Verdict::Fatal(Fatal { issues })
    }
}

/// Whether events of a type have a member of this name. A type that protocol
/// 1.0 does not have has the members of every event, a retired one its own too.
pub fn has_member(event_type: &EventType, name: &str) -> bool {
    match table::event(event_type) {
        Some(schema) => schema.field(name.as_bytes()).is_some(),
        None => {
            table::WORK.iter().any(|field| field.name == name)
                || matches!(
                    (event_type, name),
                    (EventType::ThinkingStart, "title") | (EventType::ThinkingTextMessageContent, "delta")
                )
        }
    }
}
