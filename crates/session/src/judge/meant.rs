//! What is well formed and probably not meant.
//!
//! All of it is legal, so these are notes, and each has a neighbour that is
//! meant: a short text said twice, a snapshot that states what is known, an
//! agent that speaks through its tools.
//!
//! Map: `state` (snapshots and deltas of the state).

mod state;

use scrubjay_protocol::{
    event::EventType,
    json::{Value as Json, Wtf8},
};

use super::{
    effort::Effort,
    items::message_of,
    reported::Reported,
    request::RunRequest,
    rule::{EMPTY_DELTA, NOTHING_SAID, RAW_TYPED, RESULT_EARLY, TEXT_REPEATED, UNCHANGED},
    snapshot,
};
use crate::fold::{
    BeforeEvent, Event, Message, Violation, text_in,
    value::{Text, Value},
};

/// A text from here on is compared with what came before it, bytes.
const REPEATED_LEN: usize = 40;
/// Different bytes that such a text has; lines and tables have fewer.
const VARIED: usize = 8;
/// Snapshots of a kind that change nothing, from which on they are reported.
/// The first of a run, which may state what is known, is not counted.
const UNCHANGED_LEN: u32 = 2;
/// Bytes of such snapshots from which on they are reported: what one TCP segment carries on Ethernet. Below that they
/// cost no packet more.
const UNCHANGED_BYTES: u64 = 1_460;
/// Words in the names of tools by which an agent speaks: `final_result` (what pydantic-ai names those of a structured
/// output), `render_card`, `showWeather`, `ask_user`.
const SPEAKING: [&str; 16] = [
    "answer", "ask", "display", "final", "finish", "output", "present", "render", "reply", "respond", "response",
    "say", "show", "speak", "tell", "ui",
];
/// Messages before a run that say how the agent speaks.
const HISTORY: usize = 64;

/// What the run that is under way has done so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Meant {
    /// The text that the last delta went on with, and the length of that delta.
    pub(super) last_delta: Option<(Wtf8, u64)>,
    /// A STATE_SNAPSHOT has come, in this run or an earlier one.
    pub(super) has_base: bool,
    pub(super) states: Snapshots,
    pub(super) lists: Snapshots,
    /// The call of the last result, until something is said or done after it.
    pub(super) last_result: Option<Wtf8>,
    /// A tool was called that speaks for the agent: one of the frontend's, or one with such a name.
    pub(super) speaks_by_call: bool,
    /// Bytes of the frame that is being followed.
    pub(super) frame_len: u64,
}

/// Snapshots of one kind in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Snapshots {
    pub(super) count: u32,
    /// Those after the first that changed nothing, and their bytes.
    pub(super) unchanged: u32,
    pub(super) bytes: u64,
}

impl Snapshots {
    fn count(&mut self, changes: bool, frame_len: u64) {
        if self.count > 0 && !changes {
            self.unchanged = self.unchanged.saturating_add(1);
            self.bytes = self.bytes.saturating_add(frame_len);
        }
        self.count = self.count.saturating_add(1);
    }
}

/// What the rules here look at beside the event.
pub(super) struct Around<'a> {
    pub(super) request: &'a RunRequest,
    pub(super) reported: &'a mut Reported,
    pub(super) effort: &'a mut Effort,
    /// The frame at which the run began.
    pub(super) since: u32,
    /// Something else explains why the run ends as it does.
    pub(super) is_explained: bool,
}

impl Meant {
    pub(super) fn follow(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        around: &mut Around<'_>,
        findings: &mut Vec<Violation>,
    ) {
        use EventType as E;
        match event.kind {
            E::RunStarted => {
                *self = Self {
                    has_base: self.has_base,
                    frame_len: self.frame_len,
                    ..Self::default()
                };
            }
            E::TextMessageContent | E::ReasoningMessageContent => self.delta(before, event, around, findings),
            E::ToolCallArgs => empty_delta(event, around.reported, findings),
            E::ToolCallStart => {
                let name = event.required("toolCallName");
                self.speaks_by_call |= around.request.tools.contains_key(name);
                self.speaks_by_call |= speaks(&name.to_str_lossy());
            }
            E::ToolCallResult => self.result(before, event, around.reported, findings),
            E::StateSnapshot => self.state_snapshot(before, event, around, findings),
            E::StateDelta => self.state_delta(event, around, findings),
            E::MessagesSnapshot => self.messages_snapshot(before, event),
            E::ActivitySnapshot | E::ActivityDelta | E::Custom => self.last_result = None,
            E::Raw => raw(event, around.reported, findings),
            E::RunFinished => {
                self.report_unchanged(findings);
                self.run_finishes(before, event, around, findings);
            }
            E::RunError => self.report_unchanged(findings),
            _ => {}
        }
    }

    fn delta(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        around: &mut Around<'_>,
        findings: &mut Vec<Violation>,
    ) {
        let (id, delta) = (event.required("messageId"), event.required("delta"));
        if delta.is_empty() {
            return empty_delta(event, around.reported, findings);
        }
        if event.kind == EventType::TextMessageContent {
            self.last_result = None;
        }
        let known = self.last_delta.replace((id.clone(), delta.len() as u64));
        let last = known.filter(|(known, _)| known == id).map(|(_, len)| len);
        if let Some(last) = last.filter(|_| delta.len() >= REPEATED_LEN)
            && let Some(what) = repeats(before, id, delta, last)
            && around.reported.is_first("text.repeated", id.as_bytes())
        {
            let message = format!("a delta of message '{id}' begins with {what}");
            findings.push(Violation::new(&TEXT_REPEATED, message));
        }
    }

    fn result(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        reported: &mut Reported,
        findings: &mut Vec<Violation>,
    ) {
        let call = event.required("toolCallId");
        if before.open.has_tool(call.as_bytes()) && reported.is_first("call.early_result", b"") {
            let message = format!("the result of call '{call}' came before TOOL_CALL_END");
            findings.push(Violation::new(&RESULT_EARLY, message));
        }
        self.last_result = Some(call.clone());
    }

    fn messages_snapshot(&mut self, before: &BeforeEvent<'_>, event: &Event) {
        self.lists.count(snapshot::changes(before, event), self.frame_len);
        let messages = event.get("messages").and_then(Json::as_array).unwrap_or_default();
        let says = |message: &Json| {
            let text = message.get("content").and_then(Json::as_wtf8);
            text_in(message, "role") == Some(b"assistant") && text.is_some_and(|text| !text.is_empty())
        };
        if messages.last().is_some_and(says) {
            self.last_result = None;
        }
    }

    fn report_unchanged(&mut self, findings: &mut Vec<Violation>) {
        let kinds = [("state", self.states), ("messages", self.lists)];
        for (what, snapshots) in kinds {
            let Snapshots {
                count,
                unchanged,
                bytes,
            } = snapshots;
            if unchanged >= UNCHANGED_LEN && bytes >= UNCHANGED_BYTES {
                let message = format!(
                    "{unchanged} of the {count} snapshots of the {what} in this run changed nothing; they took {bytes} bytes"
                );
                findings.push(Violation::new(&UNCHANGED, message));
            }
        }
        self.states = Snapshots::default();
        self.lists = Snapshots::default();
    }

    fn run_finishes(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        around: &mut Around<'_>,
        findings: &mut Vec<Violation>,
    ) {
        let Some(call) = self.last_result.take() else { return };
        let has_result = event.get("result").is_some_and(|result| !matches!(result, Json::Null));
        let request = around.request;
        let is_known = request.is_user_turn && !request.is_connect && !before.is_lossy;
        if around.is_explained
            || has_result
            || self.speaks_by_call
            || !is_known
            || speaks_by_tools(before, around.since)
        {
            return;
        }
        let message = format!("the run finished as a success, and has no text after the result of call '{call}'");
        findings.push(Violation::new(&NOTHING_SAID, message));
    }
}

/// What a delta says again, if it says something again. `last` is the length of the delta before it.
fn repeats(before: &BeforeEvent<'_>, id: &Wtf8, delta: &Wtf8, last: u64) -> Option<String> {
    let message = message_of(before, id)?;
    let text = message.value.get("content").and_then(Value::as_text)?;
    let begins_with = |len: u64| {
        let head = delta.as_bytes().get(..usize::try_from(len).ok()?)?;
        (head.len() >= REPEATED_LEN && is_varied(head)).then_some(head)
    };
    if let Some(head) = begins_with(text.len())
        && text.same(&Text::from_bytes(head), before.pieces)
    {
        return Some(format!("all {} bytes of its text so far", head.len()));
    }
    let head = begins_with(last).filter(|head| head.len() < delta.len())?;
    let (tail, _) = text.tail(head.len(), before.pieces);
    (tail.as_bytes() == head).then(|| format!("the {} bytes of the delta before it", head.len()))
}

fn is_varied(bytes: &[u8]) -> bool {
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count() >= VARIED
}

fn empty_delta(event: &Event, reported: &mut Reported, findings: &mut Vec<Violation>) {
    if event.required("delta").is_empty() && reported.is_first("item.empty_delta", event.name().as_bytes()) {
        let message = format!("{} with an empty delta", event.name());
        findings.push(Violation::new(&EMPTY_DELTA, message));
    }
}

fn raw(event: &Event, reported: &mut Reported, findings: &mut Vec<Violation>) {
    let Some(name) = event
        .object("event")
        .and_then(|raw| raw.get("type"))
        .and_then(Json::as_str)
    else {
        return;
    };
    let is_known = !matches!(EventType::from_name(name), EventType::Unknown(_));
    if is_known && reported.is_first("raw.typed", name.as_bytes()) {
        let message = format!("RAW holds an event of the protocol's type {name}");
        findings.push(Violation::new(&RAW_TYPED, message));
    }
}

/// Whether a word of a tool's name says that the agent speaks by it.
fn speaks(name: &str) -> bool {
    let mut word = String::new();
    for letter in name.chars().chain(['_']) {
        if letter.is_ascii_lowercase() {
            word.push(letter);
            continue;
        }
        if SPEAKING.contains(&word.as_str()) {
            return true;
        }
        word.clear();
        word.extend(Some(letter.to_ascii_lowercase()).filter(char::is_ascii_lowercase));
    }
    false
}

/// The agent has answered before and has never said a text.
fn speaks_by_tools(before: &BeforeEvent<'_>, since: u32) -> bool {
    let last = before.view.messages.last(HISTORY, before.pieces);
    let mut earlier = last.iter().filter(|message| message.first_seq <= since);
    let says = |message: &Message| {
        let text = message.value.get("content").and_then(Value::as_text);
        message.is("assistant") && text.is_some_and(|text| !text.is_empty())
    };
    earlier.clone().any(|message| message.is("tool")) && !earlier.any(says)
}

#[cfg(test)]
mod tests {
    use super::speaks;

    #[test]
    fn a_word_of_the_name_says_whether_a_tool_speaks() {
        for name in [
            "final_result",
            "render_card",
            "showWeather",
            "AskUser",
            "generate-ui",
            "respond2",
            "reply",
        ] {
            assert!(speaks(name), "{name}");
        }
        for name in [
            "search_datasets",
            "task",
            "renderer",
            "showcase",
            "guide",
            "finalize",
            "RENDER",
            "",
            "天気",
        ] {
            assert!(!speaks(name), "{name}");
        }
    }
}
