//! Snapshots of messages against what the client holds.
//!
//! The client keeps the order of what it holds and appends what is new, so a
//! snapshot may end in another list than its own. What the run itself has
//! brought should be in it as it was; what was said before the run is the
//! agent's to shorten, and only noted, but for the user's last message.
//!
//! Map: `stated` (what a snapshot states, by what names it), `content` (one
//! message against its copy), `places` (where the client puts what is new).

mod content;
mod places;
mod stated;

use std::collections::{HashMap, HashSet};

use scrubjay_protocol::json::Value as Json;

use self::{places::Places, stated::Stated};
use super::{
    request::RunRequest,
    rule::{SNAPSHOT_DISAGREES, SNAPSHOT_HISTORY, SNAPSHOT_MISPLACED, SNAPSHOT_ORDER},
};
use crate::{
    fold::{BeforeEvent, Event, Message, Named, Violation, clipped, rule::Rule, text_of},
    measures,
    steps::tick,
};

/// Messages that are compared with a snapshot: the last ones of the run, and as many before it.
const COMPARED: usize = 256;
/// Messages at the end of the list among which those are looked for, beside
/// as many as the snapshot states.
const LOOKED_AT: usize = 4_096;
/// Disagreements named in a finding.
const NAMED: usize = 3;

/// A snapshot beside what is held.
struct Comparing<'a> {
    before: &'a BeforeEvent<'a>,
    stated: &'a Stated<'a>,
    places: &'a Places<'a>,
    /// By the place of a stated message: the id that the client has it under.
    was: HashMap<usize, String>,
    /// Places of stated messages that a fault names.
    said: HashSet<usize>,
    faults: Vec<String>,
    /// Differences in what was said before the run.
    older: Vec<String>,
}

/// Judges a MESSAGES_SNAPSHOT before it is applied. `since` is the frame at
/// which the run began.
pub(super) fn judge(
    before: &BeforeEvent<'_>,
    event: &Event,
    since: u32,
    request: &RunRequest,
    findings: &mut Vec<Violation>,
) {
    let stated = Stated::of(event);
    let places = Places::of(&stated, before);
    let mut comparing = Comparing {
        before,
        stated: &stated,
        places: &places,
        was: HashMap::new(),
        said: HashSet::new(),
        faults: Vec::new(),
        older: Vec::new(),
    };
    // Without the request, and in a connect, what the client held before is not known.
    let knows_history = request.is_input && !request.is_connect;
    let looked_at = LOOKED_AT.saturating_add(stated.messages.len());
    let last = before.view.messages.last(looked_at, before.pieces);
    // What RUN_STARTED repeats of the input is of the frame of the run, and was said before it.
    let own = last.iter().filter(|message| message.first_seq > since);
    comparing.own(&own.take(COMPARED).collect::<Vec<_>>());
    if knows_history {
        let earlier = last.iter().filter(|message| message.first_seq <= since);
        comparing.earlier(&earlier.take(COMPARED).collect::<Vec<_>>());
    }
    comparing.report(&SNAPSHOT_DISAGREES, &comparing.faults, findings);
    if knows_history {
        comparing.report(&SNAPSHOT_MISPLACED, &comparing.misplaced(), findings);
        comparing.report(&SNAPSHOT_HISTORY, &comparing.older, findings);
    }
    if let Some(message) = places.other_order() {
        findings.push(Violation::new(&SNAPSHOT_ORDER, message));
    }
}

/// Whether the client's list is another after it.
pub(super) fn changes(before: &BeforeEvent<'_>, event: &Event) -> bool {
    let stated = event.get("messages").and_then(Json::as_array).unwrap_or_default();
    let messages = &before.view.messages;
    if messages.len() != stated.len() {
        return true;
    }
    let held = messages.last(stated.len(), before.pieces);
    let mut both = held.iter().rev().zip(stated);
    !both.all(|(held, stated)| held.value.same_as_read(stated, before.pieces))
}

impl Comparing<'_> {
    /// What the run itself has brought, the last first.
    fn own(&mut self, messages: &[&Message]) {
        for message in messages.iter().rev() {
            self.own_message(message);
        }
        if !messages.is_empty() {
            self.calls_left_out();
        }
        for id in &self.stated.repeated {
            let id = shown(id);
            self.faults
                .push(format!("the snapshot has two messages with the id '{id}'"));
        }
    }

    fn own_message(&mut self, held: &Message) {
        let Some(id) = held.id() else { return };
        let name = shown(id);
        if let Some(copy) = self.stated.by_id.get(id) {
            let mut changes = content::changes(held, copy, self.stated, self.before.pieces);
            return self.faults.append(&mut changes);
        }
        if self.stated.protects(held) {
            return;
        }
        let since = measures::frame(held.first_seq);
        let Some((place, what)) = self.stated.twin(held, self.before.pieces) else {
            let fault = format!("message '{name}', there since {since}, is not in the snapshot");
            return self.faults.push(fault);
        };
        // A result under another message id is the same to everybody, if it stays in its place.
        if what == "result" {
            let copy = &self.stated.messages[place];
            let mut changes = content::changes(held, copy, self.stated, self.before.pieces);
            self.faults.append(&mut changes);
            self.was.insert(place, name);
            return;
        }
        self.said.insert(place);
        let other = self.stated.shown_id(place);
        let after = match self.places.client_puts(place) {
            Some(after) => format!(" after '{}'", shown(after)),
            None => String::new(),
        };
        self.faults.push(format!(
            "message '{name}', there since {since}, has its {what} as '{other}' in the snapshot: the client drops '{name}' and appends '{other}'{after}"
        ));
    }

    /// What was there before the run, the last first.
    fn earlier(&mut self, messages: &[&Message]) {
        let asked = messages.iter().position(|message| message.is("user"));
        for (place, message) in messages.iter().enumerate().rev() {
            let faults = self.earlier_message(message);
            match Some(place) == asked {
                true => self.faults.extend(faults),
                false => self.older.extend(faults),
            }
        }
    }

    fn earlier_message(&mut self, held: &Message) -> Vec<String> {
        tick();
        let Some(id) = held.id() else { return Vec::new() };
        if let Some(copy) = self.stated.by_id.get(id) {
            return content::changes(held, copy, self.stated, self.before.pieces);
        }
        if self.stated.protects(held) {
            return Vec::new();
        }
        let name = shown(id);
        match self.stated.twin(held, self.before.pieces) {
            Some((place, _)) => {
                self.was.insert(place, name);
                Vec::new()
            }
            None if held.is("user") => vec![format!("the user's message '{name}' is not in the snapshot")],
            None => vec![format!("message '{name}' is not in the snapshot")],
        }
    }

    /// What is new to the client is appended, even where the snapshot has it before messages that the client holds.
    fn misplaced(&self) -> Vec<String> {
        let new = self.places.before_held().filter(|place| !self.said.contains(place));
        let faults = new.filter_map(|place| {
            tick();
            let after = shown(self.places.client_puts(place)?);
            let what = noun(stated::role_of(&self.stated.messages[place]).unwrap_or_default());
            let id = self.stated.shown_id(place);
            Some(match self.was.get(&place) {
                Some(was) => format!(
                    "the snapshot has {what} '{was}' as '{id}': the client drops '{was}' and appends '{id}' after '{after}'"
                ),
                None => format!("{what} '{id}' is new to the client, which appends it after '{after}'"),
            })
        });
        faults.collect()
    }

    /// Calls after everything that is known, which the stream never had.
    fn calls_left_out(&mut self) {
        let messages = &self.before.view.messages;
        let Some(last_known) = self.places.last_held() else {
            return;
        };
        for message in &self.stated.messages[last_known..] {
            for call in stated::calls_in(message) {
                let id = stated::id_of(call).unwrap_or_default();
                let known = messages.search(Named::Call, id, &|_| true, self.before.pieces);
                if known.is_none() {
                    let id = shown(id);
                    self.faults
                        .push(format!("tool call '{id}' is in the snapshot and was not streamed"));
                }
            }
        }
    }

    /// The first faults, and how many there are beside them.
    fn report(&self, rule: &'static Rule, faults: &[String], findings: &mut Vec<Violation>) {
        if faults.is_empty() {
            return;
        }
        let more = match faults.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let message = format!("{}{more}", faults[..faults.len().min(NAMED)].join("; "));
        findings.push(Violation::new(rule, message));
    }
}

fn noun(role: &str) -> &'static str {
    match role {
        "tool" => "the result",
        "user" => "the user's message",
        "reasoning" => "the reasoning",
        "activity" => "the activity",
        "system" | "developer" => "the system message",
        _ => "message",
    }
}

fn shown(id: &[u8]) -> String {
    clipped(&String::from_utf8_lossy(id)).into_owned()
}

/// The ids of the calls that a message holds.
fn calls_of(message: &Message) -> impl Iterator<Item = (&[u8], &crate::fold::value::Value)> {
    let calls = message
        .value
        .get("toolCalls")
        .and_then(crate::fold::value::Value::as_list);
    let calls = calls.into_iter().flat_map(crate::fold::value::List::iter);
    calls.filter_map(|call| Some((text_of(call, "id")?, call)))
}
