//! Snapshots and deltas of the state.

use std::collections::HashMap;

use scrubjay_protocol::json::{Object, Value as Json, Wtf8};

use super::{Around, Meant};
use crate::{
    fold::{
        BeforeEvent, Event, Violation, clipped,
        value::{Node, Value},
    },
    judge::{
        effort::Effort,
        rule::{NO_BASE, STATE_DROPPED},
    },
    steps::tick,
};

/// Members that LangGraph has in some of its snapshots only; the client has both elsewhere.
const ELSEWHERE: [&str; 2] = ["/messages", "/tools"];
/// Paths named in a finding.
const NAMED: usize = 3;
/// Paths that are counted beside them.
const COUNTED: usize = 1_000;

impl Meant {
    pub(super) fn state_snapshot(
        &mut self,
        before: &BeforeEvent<'_>,
        event: &Event,
        around: &mut Around<'_>,
        findings: &mut Vec<Violation>,
    ) {
        self.has_base = true;
        let stated = event.get("snapshot").unwrap_or(&Json::Null);
        let held = &before.view.state;
        let is_same = !before.view.state_undefined && held.same_as_read(stated, before.pieces);
        self.states.count(!is_same, self.frame_len);
        let is_empty = stated.as_object().is_some_and(Object::is_empty);
        if !is_same && !is_empty {
            self.last_result = None;
        }
        if is_same || before.view.state_undefined {
            return;
        }
        let mut dropped = Dropped {
            since: around.since,
            effort: &mut *around.effort,
            path: String::new(),
            found: Vec::new(),
            more: 0,
        };
        dropped.compare(held, stated);
        if !dropped.found.is_empty() {
            let more = match dropped.more {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            let message = format!("the snapshot drops {}{more}", dropped.found.join("; "));
            findings.push(Violation::new(&STATE_DROPPED, message));
        }
    }

    pub(super) fn state_delta(&mut self, event: &Event, around: &mut Around<'_>, findings: &mut Vec<Violation>) {
        let operations = event.get("delta").and_then(Json::as_array).unwrap_or_default();
        if !operations.is_empty() {
            self.last_result = None;
        }
        let request = around.request;
        let is_known = request.is_input && !request.has_state && !request.is_connect;
        if !self.has_base && is_known && around.reported.is_first("state.no_base", b"") {
            let message = "STATE_DELTA came before any STATE_SNAPSHOT, and the request has no state";
            findings.push(Violation::new(&NO_BASE, message));
        }
    }
}

/// What the run has set and a snapshot does not have.
struct Dropped<'a> {
    since: u32,
    effort: &'a mut Effort,
    /// Where it looks.
    path: String,
    found: Vec<String>,
    more: usize,
}

impl Dropped<'_> {
    fn compare(&mut self, held: &Value, stated: &Json) {
        match (held.node(), stated) {
            (Node::Map(members), Json::Object(object)) if self.effort.spend(members.len() as u64) => {
                let stated: HashMap<&[u8], &Json> =
                    object.iter().map(|(name, value)| (name.as_bytes(), value)).collect();
                for (name, member) in members.iter() {
                    self.at(name, |this| match stated.get(&**name) {
                        Some(stated) => this.compare(member, stated),
                        None => this.note(member),
                    });
                }
            }
            // Items move, so only the length is compared. What came with the list was not added to it.
            (Node::List(items), Json::Array(stated)) => {
                let cut = items.iter_from(stated.len()).take(COUNTED);
                for (place, item) in (stated.len()..).zip(cut) {
                    if item.by() != held.by() {
                        self.at(place.to_string().as_bytes(), |this| this.note(item));
                    }
                }
            }
            _ => {}
        }
    }

    /// Looks one level below.
    fn at(&mut self, name: &[u8], look: impl FnOnce(&mut Self)) {
        tick();
        let len = self.path.len();
        let name = Wtf8::from_bytes(name.to_vec()).to_str_lossy().into_owned();
        let escaped = name.replace('~', "~0").replace('/', "~1");
        self.path.push('/');
        self.path.push_str(&escaped);
        look(self);
        self.path.truncate(len);
    }

    fn note(&mut self, value: &Value) {
        if ELSEWHERE.contains(&self.path.as_str()) {
            return;
        }
        let Some(seq) = self.set_by(value) else { return };
        if self.found.len() < NAMED {
            self.found.push(format!("{}, set by frame {seq}", clipped(&self.path)));
        } else if self.more < COUNTED {
            self.more += 1;
        }
    }

    /// The last frame of the run that has set the value or something in it.
    fn set_by(&mut self, value: &Value) -> Option<u32> {
        tick();
        let own = Some(value.by()).filter(|by| *by > self.since);
        if !self.effort.spend(value.child_count() as u64) {
            return own;
        }
        let below: Vec<Option<u32>> = match value.node() {
            Node::Map(members) => members.iter().map(|(_, member)| self.set_by(member)).collect(),
            Node::List(items) => items.iter().map(|item| self.set_by(item)).collect(),
            _ => Vec::new(),
        };
        below.into_iter().chain([own]).flatten().max()
    }
}
