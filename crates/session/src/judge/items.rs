//! Messages, tool calls and activities: what a client takes without a word and
//! what goes wrong all the same.

use std::collections::{BTreeMap, HashSet};

use scrubjay_protocol::{
    event::EventType,
    json::{Value as Json, Wtf8},
};

use super::{
    Memory, arguments,
    effort::Effort,
    reported::{Reported, hash},
    request::RunRequest,
    rule::{
        ACTIVITY_REPLACES, ACTIVITY_WITHOUT_SNAPSHOT, CALL_AFTER_RESULT, CALL_RESTARTED, DUPLICATE_ID, DUPLICATE_TEXT,
        ENCRYPTED_NOWHERE, FRONTEND_RESULT, MERGED, OVERLAP, PARENT_LATER, PARENT_NOWHERE, REOPENED, SECOND_RESULT,
        UNKNOWN_RESULT,
    },
};
use crate::{
    fold::{BeforeEvent, Event, Message, Named, Violation, text_of, value::Value},
    measures,
};

/// Texts from here on are compared, characters.
const SAME_TEXT_LEN: u64 = 40;
/// Texts remembered in a run.
const TEXTS: usize = 1024;
/// Messages remembered that a tool call began inside of.
const INTERRUPTED: usize = 64;
/// Parents remembered in a run that a call has made.
const PARENTS: usize = 64;
/// Tool messages looked at after a call.
const RESULTS: usize = 256;

/// The items of the run that is under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Items {
    /// Hashes of role and text of messages that have ended, with the message.
    pub(super) texts: BTreeMap<u64, Wtf8>,
    /// Open messages inside of which a tool call has begun.
    pub(super) interrupted: Vec<Wtf8>,
    /// Messages that a call has made because its `parentMessageId` named none, with the call.
    pub(super) made_parents: Vec<(Wtf8, Wtf8)>,
    /// The first message that text has opened since.
    pub(super) text_after_call: Option<Wtf8>,
}

impl Items {
    pub(super) fn follow(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        memory: Memory<'_>,
        findings: &mut Vec<Violation>,
    ) {
        use EventType as E;
        let Memory {
            request,
            reported,
            effort,
        } = memory;
        match event.kind {
            E::RunStarted => *self = Self::default(),
            E::RunFinished => self.run_finishes(before, request, findings),
            E::MessagesSnapshot => self.snapshot_comes(event),
            E::TextMessageStart | E::ReasoningMessageStart => {
                self.text_follows(event);
                message_starts(before, event, findings);
            }
            E::TextMessageContent => self.text(event, findings),
            E::TextMessageEnd | E::ReasoningMessageEnd => self.message_ends(before, event, effort, findings),
            E::ToolCallStart => self.call_starts(before, event, reported, findings),
            E::ToolCallEnd => call_ends(before, event, request, effort, findings),
            E::ToolCallResult => call_answered(before, event, request, findings),
            E::StepStarted => step_starts(before, reported, findings),
            E::ActivitySnapshot => activity(before, event, findings),
            E::ActivityDelta => activity_delta(before, event, reported, findings),
            E::ReasoningEncryptedValue => encrypted(before, event, findings),
            _ => {}
        }
    }

    fn text(&mut self, event: &Event, findings: &mut Vec<Violation>) {
        let id = event.required("messageId");
        if event.required("delta").is_empty() {
            return;
        }
        if let Some(place) = self.interrupted.iter().position(|known| known == id) {
            self.interrupted.remove(place);
            let message = format!("message '{id}' goes on after a tool call that began inside it");
            findings.push(Violation::new(&MERGED, message));
        }
    }

    fn message_ends(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        effort: &mut Effort,
        findings: &mut Vec<Violation>,
    ) {
        let id = event.required("messageId");
        self.interrupted.retain(|known| known != id);
        let Some(message) = message_of(before, id) else { return };
        let Some(text) = message.value.get("content").and_then(Value::as_text) else {
            return;
        };
        if text.utf16_len() < SAME_TEXT_LEN || !effort.spend(text.len()) {
            return;
        }
        let role = text_of(&message.value, "role").unwrap_or_default();
        let known = hash(role, text.to_wtf8(before.pieces).as_bytes());
        match self.texts.get(&known) {
            Some(other) if other != id => {
                let message = format!("message '{id}' has the same text as message '{other}' of this run");
                findings.push(Violation::new(&DUPLICATE_TEXT, message));
            }
            None if self.texts.len() < TEXTS => {
                self.texts.insert(known, id.clone());
            }
            _ => {}
        }
    }

    fn call_starts(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        reported: &mut Reported,
        findings: &mut Vec<Violation>,
    ) {
        let id = event.required("toolCallId");
        let open = &before.open.messages;
        if !open.is_empty() && reported.is_first("item.overlap", b"text") {
            let message = format!("tool call '{id}' began inside an open text message");
            findings.push(Violation::new(&OVERLAP, message));
        }
        if before.open.tools.len() > 1 && reported.is_first("item.overlap", b"tools") {
            let message = format!("tool call '{id}' began while another was open");
            findings.push(Violation::new(&OVERLAP, message));
        }
        for message in open.iter() {
            crate::steps::tick();
            if self.interrupted.len() >= INTERRUPTED {
                break;
            }
            let message = Wtf8::from_bytes(message.to_vec());
            if !self.interrupted.contains(&message) {
                self.interrupted.push(message);
            }
        }
        if let Some((_, holder)) = call_of(before, id) {
            let place = match holder.first_seq {
                0 => "the request's messages".to_owned(),
                seq => format!("the conversation since {}", measures::frame(seq)),
            };
            let message = format!("tool call '{id}' is started, and is in {place} already");
            findings.push(Violation::new(&CALL_RESTARTED, message));
        } else if let Some(parent) = event.text("parentMessageId").filter(|parent| !parent.is_empty()) {
            self.call_joins(before, id, parent, findings);
        }
    }

    /// A new call names the message that it belongs to.
    fn call_joins(&mut self, before: &BeforeEvent<'_>, id: &Wtf8, parent: &Wtf8, findings: &mut Vec<Violation>) {
        let Some(message) = message_of(before, parent) else {
            if self.made_parents.len() < PARENTS {
                self.made_parents.push((parent.clone(), id.clone()));
            }
            return;
        };
        if let Some(answered) = answered_call_of(before, &message) {
            let message = format!(
                "tool call '{id}' joins message '{parent}', whose call '{answered}' has its result already, and stands above that result"
            );
            findings.push(Violation::new(&CALL_AFTER_RESULT, message));
        }
    }

    /// The run ends: parents that were made for a call, and that nothing else knows.
    fn run_finishes(&mut self, before: &BeforeEvent<'_>, request: &RunRequest, findings: &mut Vec<Violation>) {
        // A call without text around it may have a message of its own.
        let Some(text) = self.text_after_call.take() else {
            return;
        };
        if before.is_lossy || request.is_connect {
            return;
        }
        let nowhere = self.made_parents.drain(..).filter(|(parent, _)| {
            let message = message_of(before, parent);
            message.is_some_and(|message| message.value.get("content").is_none())
        });
        let named: Vec<String> = nowhere
            .map(|(parent, call)| format!("'{parent}' of call '{call}'"))
            .collect();
        if !named.is_empty() {
            let message = format!(
                "no message was streamed with the parentMessageId {}; the text after it is message '{text}'",
                named.join(", ")
            );
            findings.push(Violation::new(&PARENT_NOWHERE, message));
        }
    }

    fn text_follows(&mut self, event: &Event) {
        let is_text = event.kind == EventType::TextMessageStart;
        if is_text && !self.made_parents.is_empty() && self.text_after_call.is_none() {
            self.text_after_call = Some(event.required("messageId").clone());
        }
    }

    /// A snapshot knows messages of its own.
    fn snapshot_comes(&mut self, event: &Event) {
        if self.made_parents.is_empty() {
            return;
        }
        let messages = event.get("messages").and_then(Json::as_array).unwrap_or_default();
        let known: HashSet<&Wtf8> = messages
            .iter()
            .filter_map(|message| message.get("id").and_then(Json::as_wtf8))
            .collect();
        self.made_parents.retain(|(parent, _)| !known.contains(parent));
    }
}

fn step_starts(before: &BeforeEvent<'_>, reported: &mut Reported, findings: &mut Vec<Violation>) {
    if !before.open.messages.is_empty() && reported.is_first("item.overlap", b"step") {
        findings.push(Violation::new(&OVERLAP, "a step began inside an open text message"));
    }
}

/// What brought an item: the request, or a frame.
fn origin_of(first_seq: u32) -> String {
    match first_seq {
        0 => "the request".to_owned(),
        seq => measures::frame(seq),
    }
}

fn message_starts(before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
    let id = event.required("messageId");
    let Some(known) = message_of(before, id) else { return };
    let role = role_of(&known);
    let is_text = event.kind == EventType::TextMessageStart;
    let fits = match role.as_str() {
        // The client reports this itself.
        "activity" => return,
        "reasoning" => !is_text,
        "assistant" => is_text,
        _ => is_text && event.text("role").is_some_and(|said| *said == *role),
    };
    // A message that a tool call has made takes text without harm.
    if fits && known.value.get("content").is_none() {
        if let Some(call) = answered_call_of(before, &known) {
            let message = format!(
                "the text of message '{id}' begins after the result of its call '{call}', and stands above that result"
            );
            findings.push(Violation::new(&PARENT_LATER, message));
        }
        return;
    }
    if fits {
        let since = origin_of(known.first_seq);
        let message = format!("message '{id}', which is there since {since}, is opened again");
        findings.push(Violation::new(&REOPENED, message));
    } else {
        let message = format!("{} opens '{id}', which is the id of a {role} message", event.name());
        findings.push(Violation::new(&DUPLICATE_ID, message));
    }
}

fn call_ends(
    before: &BeforeEvent<'_>,
    event: &Event,
    request: &mut RunRequest,
    effort: &mut Effort,
    findings: &mut Vec<Violation>,
) {
    let id = event.required("toolCallId");
    let Some((call, _)) = call_of(before, id) else { return };
    let Some(function) = call.get("function") else { return };
    let name = Wtf8::from_bytes(text_of(function, "name").unwrap_or_default().to_vec());
    let Some(text) = function.get("arguments").and_then(Value::as_text) else {
        return;
    };
    if !effort.spend(text.len()) {
        return;
    }
    let text = text.to_wtf8(before.pieces);
    arguments::judge(id, &name, &text, request.tools.get_mut(&name), findings);
}

fn call_answered(before: &BeforeEvent<'_>, event: &Event, request: &RunRequest, findings: &mut Vec<Violation>) {
    let (id, call_id) = (event.required("messageId"), event.required("toolCallId"));
    if let Some(known) = message_of(before, id) {
        let role = role_of(&known);
        let message = format!("the result of call '{call_id}' has the id '{id}', which a {role} message has already");
        findings.push(Violation::new(&DUPLICATE_ID, message));
    }
    let Some((call, _)) = call_of(before, call_id) else {
        let message = format!("a result came for call '{call_id}', which neither the stream nor the request holds");
        findings.push(Violation::new(&UNKNOWN_RESULT, message));
        return;
    };
    if let Some(seq) = answered_at(before, call_id) {
        let origin = origin_of(seq);
        let message = format!("call '{call_id}' gets a second result; the first is of {origin}");
        findings.push(Violation::new(&SECOND_RESULT, message));
    }
    let name = call.get("function").and_then(|function| text_of(function, "name"));
    let name = Wtf8::from_bytes(name.unwrap_or_default().to_vec());
    if request.tools.contains_key(&name) {
        let message = format!("the stream answers call '{call_id}' of tool '{name}', which the request offers");
        findings.push(Violation::new(&FRONTEND_RESULT, message));
    }
}

/// The frame of the result that a call has already.
pub(super) fn answered_at(before: &BeforeEvent<'_>, call_id: &Wtf8) -> Option<u32> {
    let messages = &before.view.messages;
    let spot = messages.search(Named::Call, call_id.as_bytes(), &|_| true, before.pieces)?;
    let following = messages.following(spot, RESULTS, before.pieces);
    let results = following.iter().take_while(|message| role_of(message) == "tool");
    results
        .filter(|message| text_of(&message.value, "toolCallId") == Some(call_id.as_bytes()))
        .map(|message| message.first_seq)
        .next()
}

/// The call that the result directly after a message answers, if the message made it.
fn answered_call_of(before: &BeforeEvent<'_>, message: &Message) -> Option<Wtf8> {
    let messages = &before.view.messages;
    let id = message.id()?;
    let spot = messages.search(Named::Message, id, &|_| true, before.pieces)?;
    let result = messages.following(spot, 1, before.pieces).into_iter().next()?;
    let call = text_of(&result.value, "toolCallId").filter(|_| result.is("tool"))?;
    message.call(call).map(|_| Wtf8::from_bytes(call.to_vec()))
}

fn activity(before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
    let id = event.required("messageId");
    let Some(known) = message_of(before, id) else { return };
    let role = role_of(&known);
    let stays = event.get("replace").and_then(scrubjay_protocol::json::Value::as_bool) == Some(false);
    if role != "activity" && !stays {
        let message = format!("the activity '{id}' takes the place of a {role} message with that id");
        findings.push(Violation::new(&ACTIVITY_REPLACES, message));
    }
}

fn activity_delta(before: &BeforeEvent<'_>, event: &Event, reported: &mut Reported, findings: &mut Vec<Violation>) {
    let id = event.required("messageId");
    if message_of(before, id).is_none() && reported.is_first("activity.no_snapshot", id.as_bytes()) {
        let message = format!("ACTIVITY_DELTA names activity '{id}', which is not there");
        findings.push(Violation::new(&ACTIVITY_WITHOUT_SNAPSHOT, message));
    }
}

fn encrypted(before: &BeforeEvent<'_>, event: &Event, findings: &mut Vec<Violation>) {
    let id = event.required("entityId");
    let (is_there, noun) = if *event.required("subtype") == *"tool-call" {
        (call_of(before, id).is_some(), "tool call")
    } else {
        (message_of(before, id).is_some(), "message")
    };
    if !is_there {
        let message = format!("an encrypted value came for {noun} '{id}', which is not there");
        findings.push(Violation::new(&ENCRYPTED_NOWHERE, message));
    }
}

pub(super) fn message_of(before: &BeforeEvent<'_>, id: &Wtf8) -> Option<Message> {
    let messages = &before.view.messages;
    let spot = messages.search(Named::Message, id.as_bytes(), &|_| true, before.pieces)?;
    messages.get(spot, before.pieces)
}

/// A tool call, and the message that holds it.
pub(super) fn call_of(before: &BeforeEvent<'_>, id: &Wtf8) -> Option<(Value, Message)> {
    let messages = &before.view.messages;
    let spot = messages.search(Named::Call, id.as_bytes(), &|_| true, before.pieces)?;
    let message = messages.get(spot, before.pieces)?;
    let place = message.call(id.as_bytes())?;
    let call = message.value.get("toolCalls")?.as_list()?.get(place)?.clone();
    Some((call, message))
}

fn role_of(message: &Message) -> String {
    String::from_utf8_lossy(text_of(&message.value, "role").unwrap_or_default()).into_owned()
}
