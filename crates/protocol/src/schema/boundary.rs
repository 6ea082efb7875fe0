//! Translating retired shapes, as the client does before it enforces anything.

use super::{Fatal, legacy};
use crate::json::{Object, Value, Wtf8};

const ABSENT: &str = "an absent field";

/// What the client remembers between `THINKING_*` events: one span and one
/// message at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    /// Id given to the open span.
    pub reasoning_id: Option<Wtf8>,
    /// Id given to the open message.
    pub message_id: Option<Wtf8>,
}

/// A retired shape that was translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// What it was, in the client's words: `THINKING_START`, `RAW.rawEvent: null`.
    pub what: String,
    pub to: &'static str,
    /// What was lost or invented on the way, as a sentence.
    pub note: Option<String>,
}

impl Boundary {
    /// Translates an event. Fails where the client itself throws.
    pub(super) fn translate(
        &mut self,
        mut event: Value,
        mint: &mut dyn FnMut() -> String,
        conversions: &mut Vec<Conversion>,
    ) -> Result<Value, Fatal> {
        let Value::Object(object) = &mut event else {
            return Ok(event);
        };
        let Some(type_name) = object.get("type").and_then(Value::as_wtf8).cloned() else {
            return Ok(event);
        };
        let type_name = type_name.to_str_lossy();
        omit_null(object, "rawEvent", &type_name, conversions);
        match &*type_name {
            "RUN_FINISHED" => {
                omit_null(object, "result", &type_name, conversions);
                omit_null(object, "outcome", &type_name, conversions);
            }
            "SUBAGENT_FINISHED" => omit_null(object, "result", &type_name, conversions),
            "TOOL_CALL_START" | "TOOL_CALL_CHUNK" => omit_null(object, "parentMessageId", &type_name, conversions),
            "MESSAGES_SNAPSHOT" => legacy::upgrade_messages(object, conversions)?,
            "RUN_STARTED" => {
                if let Some(Value::Object(input)) = object.get_mut("input") {
                    translate_input(input, conversions)?;
                }
            }
            _ if type_name.starts_with("THINKING_") => self.translate_thinking(&type_name, object, mint, conversions),
            _ => {}
        }
        Ok(event)
    }

    fn translate_thinking(
        &mut self,
        type_name: &str,
        event: &mut Object,
        mint: &mut dyn FnMut() -> String,
        conversions: &mut Vec<Conversion>,
    ) {
        let mut note = None;
        let mut continued = |id: Option<Wtf8>| {
            id.unwrap_or_else(|| {
                note = Some(format!(
                    "no opener preceded {type_name}, so it names something that nothing opened"
                ));
                mint().into()
            })
        };
        let (to, id) = match type_name {
            "THINKING_START" => {
                let id = Wtf8::from(mint());
                self.reasoning_id = Some(id.clone());
                note = event
                    .remove("title")
                    .map(|title| format!("the title {title:?} is lost, because a reasoning span has none"));
                ("REASONING_START", id)
            }
            "THINKING_TEXT_MESSAGE_START" => {
                let id = Wtf8::from(mint());
                self.message_id = Some(id.clone());
                event.insert("role", Value::string("reasoning"));
                ("REASONING_MESSAGE_START", id)
            }
            "THINKING_TEXT_MESSAGE_CONTENT" => ("REASONING_MESSAGE_CONTENT", continued(self.message_id.clone())),
            "THINKING_TEXT_MESSAGE_END" => ("REASONING_MESSAGE_END", continued(self.message_id.take())),
            "THINKING_END" => ("REASONING_END", continued(self.reasoning_id.take())),
            _ => return,
        };
        event.insert("type", Value::string(to));
        event.insert("messageId", Value::String(id));
        conversions.push(Conversion {
            what: type_name.to_owned(),
            to,
            note,
        });
    }
}

/// Takes a member out that is `null`, where that was once allowed.
pub(super) fn omit_null(object: &mut Object, name: &str, context: &str, conversions: &mut Vec<Conversion>) {
    if object.get(name).is_some_and(Value::is_null) {
        object.remove(name);
        conversions.push(Conversion {
            what: format!("{context}.{name}: null"),
            to: ABSENT,
            note: None,
        });
    }
}

fn translate_input(input: &mut Object, conversions: &mut Vec<Conversion>) -> Result<(), Fatal> {
    omit_null(input, "forwardedProps", "RunAgentInput", conversions);
    for (list, member, context) in [("tools", "parameters", "Tool"), ("resume", "payload", "ResumeEntry")] {
        if let Some(Value::Array(items)) = input.get_mut(list) {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                omit_null(item, member, context, conversions);
            }
        }
    }
    legacy::upgrade_messages(input, conversions)
}
