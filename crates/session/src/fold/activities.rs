//! What dropped patches would have written to activities, and which activities are known after missing bytes.
//!
//! The client patches the content of an activity as it patches the state: with one operation that fails the whole patch
//! is dropped. So the same is lost, path by path ([`Lost`]), for each activity, until an event writes it, a snapshot
//! sets the activity, or the activity goes.

use imbl::{OrdMap, OrdSet};
use scrubjay_protocol::json::{self, Wtf8};

use super::{
    apply::{Applying, Step, with},
    event::Event,
    ids::Id,
    lost::{Lost, LostPath},
    message::Message,
    messages::Named,
    open::id_of,
    patch,
    piece::PieceSource,
    rule::NOT_AN_ACTIVITY,
    value::Value,
};
use crate::codec::{Damaged, Reader, Writer};

/// Activities of which losses are held.
const ACTIVITIES: usize = 64;
/// Frames of an activity of which something is lost, at most.
const FRAMES: usize = 256;
/// Activities that are known to have been set since bytes are missing.
const SET: usize = 1024;

/// What is lost of activities, and which of them are known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activities {
    lost: OrdMap<Id, LostOfOne>,
    /// Set as a whole since bytes are missing; nothing while none are.
    set: Option<OrdSet<Id>>,
}

/// What is lost of one activity.
#[derive(Clone, Debug, Default)]
struct LostOfOne {
    lost: Lost,
    /// The frames of dropped patches of which something is not mended.
    frames: Vec<u32>,
}

impl LostOfOne {
    /// Frames older than the oldest loss are mended.
    fn forget_mended(&mut self) {
        let since = self.lost.since().unwrap_or(u32::MAX);
        self.frames.retain(|frame| *frame >= since);
    }
}

impl Activities {
    /// Bytes are missing: of none it can be said what it holds.
    pub(crate) fn lose_sight(&mut self) {
        *self = Self {
            lost: OrdMap::default(),
            set: Some(OrdSet::default()),
        };
    }

    /// Whether it can be said what an activity holds.
    pub(super) fn is_known(&self, id: &Wtf8) -> bool {
        self.set.as_ref().is_none_or(|set| set.contains(id.as_bytes()))
    }

    /// The frames of dropped patches of which something is lost.
    pub(crate) fn frames(&self) -> Vec<u32> {
        let frames = self.lost.values().flat_map(|one| &one.frames);
        frames.copied().collect()
    }

    /// Paths at which an activity differs from what the agent meant.
    pub(crate) fn paths(&self, id: &[u8]) -> Vec<LostPath> {
        let one = self.lost.get(id);
        one.map(|one| one.lost.paths().collect()).unwrap_or_default()
    }

    /// An activity was set as a whole, or is gone.
    pub(super) fn set_whole(&mut self, id: &[u8]) {
        self.lost.remove(id);
        if let Some(set) = self.set.as_mut().filter(|set| set.len() < SET) {
            set.insert(id.into());
        }
    }

    /// Forgets those of which a snapshot of messages leaves nothing as it was.
    pub(super) fn retain(&mut self, stays: impl Fn(&[u8]) -> bool) {
        let gone: Vec<Id> = self.lost.keys().filter(|id| !stays(id)).cloned().collect();
        for id in gone {
            self.lost.remove(&id);
        }
    }

    /// A patch was applied to an activity's content.
    pub(super) fn patched(
        &mut self,
        id: &Wtf8,
        (content, operations): (&Value, &[json::Value]),
        seq: u32,
        pieces: &dyn PieceSource,
    ) {
        let Some(one) = self.lost.get_mut(id.as_bytes()) else {
            return;
        };
        one.lost.patched(content, operations, seq, pieces);
        one.forget_mended();
        if one.lost.is_empty() {
            self.lost.remove(id.as_bytes());
        }
    }

    /// A patch was dropped, and the content is as it was. Gives what is lost with it, as the end of a sentence.
    pub(super) fn dropped(
        &mut self,
        id: &Wtf8,
        (content, operations): (&Value, &[json::Value]),
        seq: u32,
        pieces: &dyn PieceSource,
    ) -> String {
        let mut one = self.lost.get(id.as_bytes()).cloned().unwrap_or_default();
        one.lost.dropped(content, operations, seq, pieces);
        let words = one.lost.words_at(seq);
        if !words.is_empty() && one.frames.len() < FRAMES {
            one.frames.push(seq);
        }
        one.forget_mended();
        let has_room = self.lost.len() < ACTIVITIES || self.lost.contains_key(id.as_bytes());
        if one.lost.is_empty() {
            self.lost.remove(id.as_bytes());
        } else if has_room {
            self.lost.insert(id_of(id), one);
        }
        words
    }

    pub(super) fn write_to(&self, writer: &mut Writer) {
        writer.uint(self.lost.len() as u64);
        for (id, one) in &self.lost {
            writer.bytes(id);
            one.lost.write_to(writer);
            writer.uint(one.frames.len() as u64);
            one.frames.iter().for_each(|frame| writer.uint(u64::from(*frame)));
        }
        writer.u8(u8::from(self.set.is_some()));
        let set = self.set.iter().flatten();
        writer.uint(self.set.as_ref().map_or(0, OrdSet::len) as u64);
        set.for_each(|id| writer.bytes(id));
    }

    pub(super) fn read_from(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut activities = Self::default();
        for _ in 0..reader.count()? {
            let id: Id = reader.bytes()?.into();
            let lost = Lost::read_from(reader)?;
            let frames: Result<Vec<u32>, Damaged> = (0..reader.count()?).map(|_| reader.u32()).collect();
            activities.lost.insert(id, LostOfOne { lost, frames: frames? });
        }
        let is_missing = reader.u8()? != 0;
        let set: Result<OrdSet<Id>, Damaged> = (0..reader.count()?).map(|_| reader.bytes().map(Id::from)).collect();
        activities.set = Some(set?).filter(|_| is_missing);
        Ok(activities)
    }
}

impl Applying<'_> {
    pub(super) fn activity_snapshot(&mut self, event: &Event) {
        let (id, seq) = (event.required("messageId"), self.seq);
        let replaces = event.get("replace").and_then(json::Value::as_bool) != Some(false);
        if replaces {
            self.view.activities.set_whole(id.as_bytes());
        }
        let kind = Value::text(event.required("activityType"), seq);
        let content = event
            .get("content")
            .map_or_else(|| Value::map(seq), |content| Value::from_json(content, seq));
        let tag = event.tag().map(|tag| Value::text(tag, seq));
        let message = self.object(&[("id", Some(id)), ("role", Some(&"activity".into()))]);
        let message = with(with(message, "activityType", kind.clone()), "content", content.clone());
        let message = match &tag {
            Some(tag) => with(message, "subagentRunId", tag.clone()),
            None => message,
        };
        let Some(spot) = self.find(Named::Message, id.as_bytes()) else {
            let spot = self.view.messages.push(Message::new(message, seq), self.pieces);
            return self.merge_metadata(spot, None, event);
        };
        if replaces && self.is_activity(spot) {
            self.change(spot, &[], |held| {
                let Some(members) = held.as_map_mut() else { return };
                members.set(b"activityType", kind);
                members.set(b"content", content);
                match tag {
                    Some(tag) => members.set(b"subagentRunId", tag),
                    None => {
                        members.remove(b"subagentRunId");
                    }
                }
            });
        } else if replaces {
            self.view.messages.replace(spot, seq, message, self.pieces);
        } else if !self.is_activity(spot) {
            return;
        }
        self.merge_metadata(spot, None, event);
    }

    pub(super) fn activity_delta(&mut self, event: &Event) {
        let id = event.required("messageId");
        let Some(spot) = self.find(Named::Message, id.as_bytes()) else {
            return;
        };
        if !self.is_activity(spot) {
            let message = format!("ACTIVITY_DELTA names '{id}', which is no activity message");
            return self.report(&NOT_AN_ACTIVITY, message);
        }
        self.merge_metadata(spot, None, event);
        let content = self
            .at(spot, &[Step::Name(b"content")])
            .filter(|content| !content.is_null());
        let content = content.unwrap_or_else(|| Value::map(self.seq));
        let operations = event.get("patch").and_then(json::Value::as_array).unwrap_or_default();
        let kind = Value::text(event.required("activityType"), self.seq);
        let document = (&content, operations);
        match patch::apply(Some(&content), operations, self.seq, self.pieces) {
            Ok(content) => {
                self.view.activities.patched(id, document, self.seq, self.pieces);
                self.change(spot, &[], |held| {
                    let Some(members) = held.as_map_mut() else { return };
                    match content {
                        Some(content) => members.set(b"content", content),
                        None => {
                            members.remove(b"content");
                        }
                    }
                    members.set(b"activityType", kind);
                });
            }
            Err(_) if !self.view.activities.is_known(id) => {}
            Err(failure) => {
                let words = match failure.limit {
                    true => String::new(),
                    false => self.view.activities.dropped(id, document, self.seq, self.pieces),
                };
                self.report_failure(&failure, operations.len(), &format!("activity '{id}'"), &words);
            }
        }
    }
}
