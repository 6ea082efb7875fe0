//! Session files of Gentui: what was typed, and every event, with the seconds
//! since the recording began.

use serde_json::{Value, json};

use super::{
    aimock::made_request,
    document::{Halt, Part, fields, number, or_end, string, walk},
    taking::{Taking, set_url},
};
use crate::{facts::micros_of_rfc3339, read::Stop};

/// The version that is read.
const VERSION: f64 = 1.0;
/// Longest session that is believed, some three years.
const MAX_SECS: f64 = 1e8;

/// What the next events answer.
#[derive(Default)]
struct Asked {
    at_us: u64,
    text: Option<String>,
    resume: Option<Value>,
    is_answered: bool,
}

/// Takes a session: an exchange for each message and each answer to interrupts.
pub(super) fn take(taking: &mut Taking<'_>) -> Result<(), Halt> {
    taking.name = "session of Gentui";
    let (text, end) = taking.text();
    let [recorded_at, target] = session_fields(text);
    let started_at_us = recorded_at
        .and_then(|time| micros_of_rfc3339(&time))
        .unwrap_or_default();
    let mut asked = Asked::default();
    let walked = walk(text, &["items"], &mut |part, value, at| match part {
        Part::Member("version") => version(value),
        Part::Item(_) => item(
            taking,
            value,
            at,
            &mut asked,
            (started_at_us, target.as_deref().unwrap_or_default()),
        ),
        Part::Name(_) | Part::Member(_) => Ok(()),
    });
    taking.note(
        "The file is a session of Gentui: it has no headers, requests are made from what was typed, and the stream is \
         made from the events.",
    );
    or_end(walked, end)
}

/// When it was recorded and where, which stand before the items.
fn session_fields(text: &str) -> [Option<String>; 2] {
    let mut found = [None, None];
    walk(text, &["items"], &mut |part, value, _| {
        match part {
            Part::Member("recorded_at") => found[0] = string(Some(value)),
            Part::Member("target") => found[1] = string(Some(value)),
            Part::Item(_) => return Err(Stop::Damaged(String::new())),
            Part::Name(_) | Part::Member(_) => {}
        }
        Ok(())
    })
    .ok();
    found
}

fn version(text: &str) -> Result<(), Stop> {
    match number(Some(text)) {
        Some(VERSION) => Ok(()),
        _ => {
            let version: String = text.chars().take(20).collect();
            Err(Stop::Damaged(format!(
                "it is a session of Gentui of version {version}, and this program reads version {VERSION}; a newer \
                 program is needed"
            )))
        }
    }
}

fn item(
    taking: &mut Taking<'_>,
    text: &str,
    at: usize,
    asked: &mut Asked,
    (started_at_us, target): (i64, &str),
) -> Result<(), Stop> {
    let [time, kind, event, said, entries] = fields(text, ["t", "kind", "event", "text", "entries"]);
    let at_us = (number(time).unwrap_or_default().clamp(0.0, MAX_SECS) * 1e6).round() as u64;
    let question = |text, resume| Asked {
        at_us,
        text,
        resume,
        is_answered: false,
    };
    match string(kind).as_deref() {
        Some("user" | "submit") => *asked = question(string(said), None),
        Some("resume") => {
            let entries = entries.and_then(|entries| serde_json::from_str(entries).ok());
            *asked = question(None, entries);
        }
        Some("new") => *asked = Asked::default(),
        Some("event") => {
            let event = event.ok_or_else(|| Stop::Damaged("an item has no event".to_owned()))?;
            if !asked.is_answered {
                begin(taking, at, asked, event, at_us)?;
                let exchange = &mut taking.last(at)?.exchange;
                exchange.started_at_us = started_at_us.saturating_add(asked.at_us as i64);
                set_url(exchange, target);
            }
            taking.event(at, event, at_us.saturating_sub(asked.at_us))?;
        }
        _ => return Err(Stop::Damaged("it is no item of a session of Gentui".to_owned())),
    }
    Ok(())
}

fn begin(taking: &mut Taking<'_>, at: usize, asked: &mut Asked, event: &str, at_us: u64) -> Result<(), Stop> {
    if asked.at_us == 0 {
        asked.at_us = at_us;
    }
    asked.is_answered = true;
    let state = Value::Object(serde_json::Map::new());
    let said = asked.text.as_ref();
    let messages = said.map(|text| json!({"id": "user-1", "role": "user", "content": text}));
    let messages: Vec<Value> = messages.into_iter().collect();
    let request = made_request(event, &messages, &state, &[], asked.resume.take());
    taking.grow(request.len() as u64)?;
    taking.begin(at)?.request_body = request;
    Ok(())
}
