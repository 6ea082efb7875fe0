//! Messages, tool calls and activities: what a client takes without a word and
//! what goes wrong all the same.

use std::collections::BTreeMap;

use scrubjay_protocol::{event::EventType, json::Wtf8};

use super::{
    Memory, arguments,
    asked::Asked,
    effort::Effort,
    once::{Once, hash},
    rule::{
        ActivityReplaces, ActivityWithoutSnapshot, CallRestarted, DuplicateId, DuplicateText, EncryptedNowhere,
        FrontendResult, Merged, Overlap, Reopened, SecondResult, UnknownResult,
    },
};
use crate::fold::{Broken, Event, Message, Named, Scene, text_of, value::Value};

/// Texts from here on are compared, characters.
const SAME_TEXT_LEN: u64 = 40;
/// Texts remembered in a run.
const TEXTS: usize = 1024;
/// Messages remembered that a tool call began inside of.
const INTERRUPTED: usize = 64;
/// Tool messages looked at behind a call.
const RESULTS: usize = 256;

/// The items of the run that is under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Items {
    /// Hashes of role and text of messages that have ended, with the message.
    pub(super) texts: BTreeMap<u64, Wtf8>,
    /// Open messages inside of which a tool call has begun.
    pub(super) interrupted: Vec<Wtf8>,
}

impl Items {
    pub(super) fn follow(&mut self, scene: &Scene<'_>, event: &Event, memory: Memory<'_>, told: &mut Vec<Broken>) {
        use EventType as E;
        let Memory { asked, once, effort } = memory;
        match event.kind {
            E::RunStarted => *self = Self::default(),
            E::TextMessageStart | E::ReasoningMessageStart => message_starts(scene, event, told),
            E::TextMessageContent => self.text(event, told),
            E::TextMessageEnd | E::ReasoningMessageEnd => self.message_ends(scene, event, effort, told),
            E::ToolCallStart => self.call_starts(scene, event, once, told),
            E::ToolCallEnd => call_ends(scene, event, asked, effort, told),
            E::ToolCallResult => call_answered(scene, event, asked, told),
            E::StepStarted => step_starts(scene, once, told),
            E::ActivitySnapshot => activity(scene, event, told),
            E::ActivityDelta => activity_delta(scene, event, once, told),
            E::ReasoningEncryptedValue => encrypted(scene, event, told),
            _ => {}
        }
    }

    fn text(&mut self, event: &Event, told: &mut Vec<Broken>) {
        let id = event.required("messageId");
        if event.required("delta").is_empty() {
            return;
        }
        if let Some(place) = self.interrupted.iter().position(|known| known == id) {
            self.interrupted.remove(place);
            let message = format!("message '{id}' goes on after a tool call that began inside it");
            told.push(Broken::new(&Merged, message));
        }
    }

    fn message_ends(&mut self, scene: &Scene<'_>, event: &Event, effort: &mut Effort, told: &mut Vec<Broken>) {
        let id = event.required("messageId");
        self.interrupted.retain(|known| known != id);
        let Some(message) = message_of(scene, id) else { return };
        let Some(text) = message.value.get("content").and_then(Value::as_text) else {
            return;
        };
        if text.utf16_len() < SAME_TEXT_LEN || !effort.spend(text.len()) {
            return;
        }
        let role = text_of(&message.value, "role").unwrap_or_default();
        let known = hash(role, text.to_wtf8(scene.pieces).as_bytes());
        match self.texts.get(&known) {
            Some(other) if other != id => {
                let message = format!("message '{id}' has the same text as message '{other}' of this run");
                told.push(Broken::new(&DuplicateText, message));
            }
            None if self.texts.len() < TEXTS => {
                self.texts.insert(known, id.clone());
            }
            _ => {}
        }
    }

    fn call_starts(&mut self, scene: &Scene<'_>, event: &Event, once: &mut Once, told: &mut Vec<Broken>) {
        let id = event.required("toolCallId");
        let open = &scene.open.messages;
        if !open.is_empty() && once.is_first("item.overlap", b"text") {
            let message = format!("tool call '{id}' began inside an open text message");
            told.push(Broken::new(&Overlap, message));
        }
        if scene.open.tools.len() > 1 && once.is_first("item.overlap", b"tools") {
            let message = format!("tool call '{id}' began while another was open");
            told.push(Broken::new(&Overlap, message));
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
        if let Some((_, holder)) = call_of(scene, id) {
            let whence = if holder.first_seq == 0 {
                "the request's messages".to_owned()
            } else {
                format!("the conversation since frame {}", holder.first_seq)
            };
            let message = format!("tool call '{id}' is started, and is in {whence} already");
            told.push(Broken::new(&CallRestarted, message));
        }
    }
}

fn step_starts(scene: &Scene<'_>, once: &mut Once, told: &mut Vec<Broken>) {
    if !scene.open.messages.is_empty() && once.is_first("item.overlap", b"step") {
        told.push(Broken::new(&Overlap, "a step began inside an open text message"));
    }
}

fn message_starts(scene: &Scene<'_>, event: &Event, told: &mut Vec<Broken>) {
    let id = event.required("messageId");
    let Some(known) = message_of(scene, id) else { return };
    let role = role_of(&known);
    let is_text = event.kind == EventType::TextMessageStart;
    let fits = match role.as_str() {
        // Told by the client itself.
        "activity" => return,
        "reasoning" => !is_text,
        "assistant" => is_text,
        _ => is_text && event.text("role").is_some_and(|said| *said == *role),
    };
    // A message that a tool call has made takes text without harm.
    if fits && known.value.get("content").is_none() {
        return;
    }
    if fits {
        let message = format!(
            "message '{id}', which is there since frame {}, is opened again",
            known.first_seq
        );
        told.push(Broken::new(&Reopened, message));
    } else {
        let message = format!("{} opens '{id}', which is the id of a {role} message", event.name());
        told.push(Broken::new(&DuplicateId, message));
    }
}

fn call_ends(scene: &Scene<'_>, event: &Event, asked: &mut Asked, effort: &mut Effort, told: &mut Vec<Broken>) {
    let id = event.required("toolCallId");
    let Some((call, _)) = call_of(scene, id) else { return };
    let Some(function) = call.get("function") else { return };
    let name = Wtf8::from_bytes(text_of(function, "name").unwrap_or_default().to_vec());
    let Some(text) = function.get("arguments").and_then(Value::as_text) else {
        return;
    };
    if !effort.spend(text.len()) {
        return;
    }
    let text = text.to_wtf8(scene.pieces);
    arguments::judge(id, &name, &text, asked.tools.get_mut(&name), told);
}

fn call_answered(scene: &Scene<'_>, event: &Event, asked: &Asked, told: &mut Vec<Broken>) {
    let (id, call_id) = (event.required("messageId"), event.required("toolCallId"));
    if let Some(known) = message_of(scene, id) {
        let role = role_of(&known);
        let message = format!("the result of call '{call_id}' has the id '{id}', which a {role} message has already");
        told.push(Broken::new(&DuplicateId, message));
    }
    let Some((call, _)) = call_of(scene, call_id) else {
        let message = format!("a result came for call '{call_id}', which neither the stream nor the request holds");
        told.push(Broken::new(&UnknownResult, message));
        return;
    };
    if let Some(seq) = answered_at(scene, call_id) {
        let message = format!("call '{call_id}' gets a second result; the first is of frame {seq}");
        told.push(Broken::new(&SecondResult, message));
    }
    let name = call.get("function").and_then(|function| text_of(function, "name"));
    let name = Wtf8::from_bytes(name.unwrap_or_default().to_vec());
    if asked.tools.contains_key(&name) {
        let message = format!("the stream answers call '{call_id}' of tool '{name}', which the request offers");
        told.push(Broken::new(&FrontendResult, message));
    }
}

/// The frame of the result that a call has already.
fn answered_at(scene: &Scene<'_>, call_id: &Wtf8) -> Option<u32> {
    let messages = &scene.view.messages;
    let spot = messages.search(Named::Call, call_id.as_bytes(), &|_| true, scene.pieces)?;
    let behind = messages.behind(spot, RESULTS, scene.pieces);
    let results = behind.iter().take_while(|message| role_of(message) == "tool");
    results
        .filter(|message| text_of(&message.value, "toolCallId") == Some(call_id.as_bytes()))
        .map(|message| message.first_seq)
        .next()
}

fn activity(scene: &Scene<'_>, event: &Event, told: &mut Vec<Broken>) {
    let id = event.required("messageId");
    let Some(known) = message_of(scene, id) else { return };
    let role = role_of(&known);
    let stays = event.get("replace").and_then(scrubjay_protocol::json::Value::as_bool) == Some(false);
    if role != "activity" && !stays {
        let message = format!("the activity '{id}' takes the place of a {role} message with that id");
        told.push(Broken::new(&ActivityReplaces, message));
    }
}

fn activity_delta(scene: &Scene<'_>, event: &Event, once: &mut Once, told: &mut Vec<Broken>) {
    let id = event.required("messageId");
    if message_of(scene, id).is_none() && once.is_first("activity.no_snapshot", id.as_bytes()) {
        let message = format!("ACTIVITY_DELTA names activity '{id}', which is not there");
        told.push(Broken::new(&ActivityWithoutSnapshot, message));
    }
}

fn encrypted(scene: &Scene<'_>, event: &Event, told: &mut Vec<Broken>) {
    let id = event.required("entityId");
    let (is_there, noun) = if *event.required("subtype") == *"tool-call" {
        (call_of(scene, id).is_some(), "tool call")
    } else {
        (message_of(scene, id).is_some(), "message")
    };
    if !is_there {
        let message = format!("an encrypted value came for {noun} '{id}', which is not there");
        told.push(Broken::new(&EncryptedNowhere, message));
    }
}

pub(super) fn message_of(scene: &Scene<'_>, id: &Wtf8) -> Option<Message> {
    let messages = &scene.view.messages;
    let spot = messages.search(Named::Message, id.as_bytes(), &|_| true, scene.pieces)?;
    messages.get(spot, scene.pieces)
}

/// A tool call, and the message that holds it.
pub(super) fn call_of(scene: &Scene<'_>, id: &Wtf8) -> Option<(Value, Message)> {
    let messages = &scene.view.messages;
    let spot = messages.search(Named::Call, id.as_bytes(), &|_| true, scene.pieces)?;
    let message = messages.get(spot, scene.pieces)?;
    let place = message.call(id.as_bytes())?;
    let call = message.value.get("toolCalls")?.as_list()?.get(place)?.clone();
    Some((call, message))
}

fn role_of(message: &Message) -> String {
    String::from_utf8_lossy(text_of(&message.value, "role").unwrap_or_default()).into_owned()
}
