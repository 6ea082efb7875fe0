//! What a client holds as of a frame: as text, as a patch, and as blame.

use std::fmt;

use super::{Failed, Reader, answer::*, seek::ShelfPieces};
use crate::{
    derive::marks::List,
    fold::value::{Node, Value, json_len, to_plain, write_json, write_pretty},
    shelf::Shelf,
};

/// Pointers that blame gives.
const BLAMED: usize = 100_000;
/// Bytes of pointers that one answer gives.
pub(super) const POINTERS_LEN: usize = 16 * 1024 * 1024;
/// Bytes of JSON text up to which a moment is written out, unless another
/// limit is given.
pub const MOMENT_LEN: u64 = 64 * 1024 * 1024;

/// Pointers with the frame that set each.
type Blamed = Vec<(String, u32)>;

impl<S: Shelf> Reader<S> {
    /// A moment: what the client holds after a frame, to be written out.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn moment_at(&mut self, seq: u32) -> Result<Moment, Failed<S::Error>> {
        let (fold, explain) = self.fold_at(seq)?;
        let type_name = match seq {
            0 => None,
            _ => {
                let entry = self.frame(seq)?;
                match entry.event.name() {
                    Some(name) => Some(name.to_owned()),
                    None => self.event(seq)?.type_name,
                }
            }
        };
        Ok(Moment {
            seq,
            type_name,
            stopped: self.stop_by(seq),
            explain,
            fold,
        })
    }

    /// Lengths of what a moment holds as JSON text: of messages, state and
    /// interrupts.
    pub fn lens_of(&self, moment: &Moment) -> [u64; 3] {
        let pieces = ShelfPieces(&self.shelf);
        let fold = &moment.fold;
        [
            fold.messages_len(&pieces),
            json_len(fold.state(), &pieces),
            json_len(fold.interrupts(), &pieces),
        ]
    }

    /// Which parts of a moment are over a limit together, the largest first:
    /// what has to be left out.
    pub fn too_large(&self, moment: &Moment, limit_bytes: u64) -> Option<TooLarge> {
        let mut lens: Vec<(u64, Held)> = self.lens_of(moment).into_iter().zip(Held::ALL).collect();
        let bytes = lens.iter().fold(0_u64, |all, (len, _)| all.saturating_add(*len));
        lens.sort_by_key(|(len, held)| (std::cmp::Reverse(*len), *held));
        let (mut rest, mut left_out) = (bytes, Vec::new());
        for (len, held) in lens {
            if rest <= limit_bytes {
                break;
            }
            rest -= len;
            left_out.push(held);
        }
        left_out.sort_unstable();
        (!left_out.is_empty()).then_some(TooLarge {
            bytes,
            limit_bytes,
            left_out,
        })
    }

    /// Writes a part of a moment as JSON text, piece by piece.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write_held(&self, moment: &Moment, held: Held, out: &mut dyn fmt::Write) -> fmt::Result {
        let pieces = ShelfPieces(&self.shelf);
        match held {
            Held::Messages => moment.fold.write_messages(out, &pieces),
            Held::State => write_json(out, moment.fold.state(), &pieces),
            Held::Interrupts => write_json(out, moment.fold.interrupts(), &pieces),
        }
    }

    /// Messages and state as of a frame, as JSON text. What is over
    /// [`MOMENT_LEN`] together is left out, the largest first.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn state_at(&mut self, seq: u32) -> Result<StateAt, Failed<S::Error>> {
        let moment = self.moment_at(seq)?;
        let too_large = self.too_large(&moment, MOMENT_LEN);
        let [messages, state, interrupts] = Held::ALL.map(|held| self.held_text(&moment, held, too_large.as_ref()));
        Ok(StateAt {
            seq,
            type_name: moment.type_name,
            messages,
            state,
            stopped: moment.stopped,
            interrupts,
            explain: moment.explain,
            too_large,
        })
    }

    /// A part of a moment as text; `null` where it is left out.
    pub fn held_text(&self, moment: &Moment, held: Held, too_large: Option<&TooLarge>) -> String {
        let mut text = String::new();
        match too_large.is_some_and(|large| large.left_out.contains(&held)) {
            true => text.push_str("null"),
            false => self.write_held(moment, held, &mut text).expect("a String takes all"),
        }
        text
    }

    /// The stop, if it is at or before a frame.
    pub fn stop_by(&self, seq: u32) -> Option<Stop> {
        self.pages.summary.stop.clone().filter(|stop| stop.seq <= seq)
    }

    /// Leaves of the state with the frame that set each: pointer → frame. Of
    /// very many the first, and whether there are more.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn blame_at(&mut self, seq: u32) -> Result<(Blamed, bool), Failed<S::Error>> {
        let (fold, _) = self.fold_at(seq)?;
        let mut blame = Blame::default();
        let is_whole = blame.value(fold.state(), &mut String::new());
        Ok((blame.blamed, !is_whole))
    }

    /// One value of the state as indented JSON text, cut at `limit` bytes.
    ///
    /// # Errors
    /// When there is no such frame or value, or the shelf cannot be read.
    pub fn state_value(&mut self, seq: u32, pointer: &str, limit: usize) -> Result<(String, bool), Failed<S::Error>> {
        let (fold, _) = self.fold_at(seq)?;
        let pieces = ShelfPieces(&self.shelf);
        let Some(value) = tokens_of(pointer)
            .iter()
            .try_fold(fold.state(), |value, token| child_of(value, token))
        else {
            return Err(Failed::Nothing {
                place: pointer.to_owned(),
            });
        };
        let mut text = String::new();
        let whole = write_pretty(&mut text, value, limit, &pieces);
        let (text, cut) = super::spans::clip(text, limit);
        Ok((text, cut || !whole))
    }

    /// The JSON Patch (RFC 6902) that turns the state at one frame into the
    /// state at another.
    ///
    /// # Errors
    /// When there is no such frame, the shelf cannot be read, a state is over
    /// `limit_bytes` of JSON text, or holds half of a surrogate pair.
    pub fn state_patch(&mut self, from: u32, at: u32, limit_bytes: u64) -> Result<json_patch::Patch, Failed<S::Error>> {
        let before = self.plain_state(from, limit_bytes)?;
        let after = self.plain_state(at, limit_bytes)?;
        Ok(json_patch::diff(&before, &after))
    }

    fn plain_state(&mut self, seq: u32, limit_bytes: u64) -> Result<serde_json::Value, Failed<S::Error>> {
        let (fold, _) = self.fold_at(seq)?;
        let pieces = ShelfPieces(&self.shelf);
        let bytes = json_len(fold.state(), &pieces);
        if bytes > limit_bytes {
            return Err(Failed::TooLarge { bytes, limit_bytes });
        }
        to_plain(fold.state(), &pieces).ok_or(Failed::NotUnicode { seq })
    }

    /// What a client holds after all frames that goes on where the official
    /// one gives up.
    ///
    /// # Errors
    /// When the shelf cannot be read, or it is over [`MOMENT_LEN`].
    pub fn held_at_end(&mut self) -> Result<HeldAtEnd, Failed<S::Error>> {
        let (fold, _) = self.fold_at(self.pages.summary.frames)?;
        let fold = if fold.stop().is_none() { fold } else { fold.after_stop() };
        let moment = Moment {
            seq: fold.seq(),
            type_name: None,
            stopped: None,
            explain: Explain::default(),
            fold,
        };
        if let Some(large) = self.too_large(&moment, MOMENT_LEN) {
            return Err(Failed::TooLarge {
                bytes: large.bytes,
                limit_bytes: large.limit_bytes,
            });
        }
        let [messages, state, interrupts] = Held::ALL.map(|held| self.held_text(&moment, held, None));
        Ok(HeldAtEnd {
            messages,
            state,
            interrupts,
        })
    }

    /// The state as of a frame, whether or not the official client has given
    /// up before: what a comparison goes by.
    pub(crate) fn whole_state_at(&mut self, seq: u32) -> Result<Value, Failed<S::Error>> {
        // After the last state event it stands still.
        let last = self.last_state_seq(seq)?;
        let (fold, _) = self.fold_at(last)?;
        Ok(match fold.stop() {
            None => fold.state().clone(),
            Some(_) => fold.after_stop().state().clone(),
        })
    }

    /// The fold before a frame; the playhead stays where it is.
    pub(super) fn fold_before(&mut self, seq: u32) -> Result<crate::fold::Fold, Failed<S::Error>> {
        // The fold asked for last is the one the playhead is at; keep it so.
        let kept = self.last_fold.clone();
        let (fold, _) = self.fold_at(seq - 1)?;
        self.last_fold = kept;
        Ok(fold)
    }

    /// The state event at or before a frame; 0 if there is none.
    pub(crate) fn last_state_seq(&mut self, seq: u32) -> Result<u32, Failed<S::Error>> {
        let events = self.pages.mark_past(&self.shelf, List::States, |mark| mark.seq > seq)?;
        match events.checked_sub(1) {
            Some(idx) => Ok(self.pages.mark(&self.shelf, List::States, idx)?.seq),
            None => Ok(0),
        }
    }
}

/// Gathers leaves, as long as there is room.
#[derive(Default)]
struct Blame {
    blamed: Blamed,
    len: usize,
}

impl Blame {
    /// Says whether there is room for more.
    fn value(&mut self, value: &Value, pointer: &mut String) -> bool {
        let len = pointer.len();
        match value.node() {
            Node::Map(map) if !map.is_empty() => map.iter().all(|(name, child)| {
                push_token(pointer, name);
                let goes_on = self.value(child, pointer);
                pointer.truncate(len);
                goes_on
            }),
            Node::List(list) if !list.is_empty() => list.iter().enumerate().all(|(idx, child)| {
                push_token(pointer, idx.to_string().as_bytes());
                let goes_on = self.value(child, pointer);
                pointer.truncate(len);
                goes_on
            }),
            _ => {
                self.len += pointer.len();
                let has_room = self.blamed.len() < BLAMED && self.len <= POINTERS_LEN;
                if has_room {
                    self.blamed.push((pointer.clone(), value.by()));
                }
                has_room
            }
        }
    }
}

/// The tokens of a JSON Pointer, unescaped.
pub(crate) fn tokens_of(pointer: &str) -> Vec<Vec<u8>> {
    let tokens = pointer.split('/').skip(1);
    tokens
        .map(|token| token.replace("~1", "/").replace("~0", "~").into_bytes())
        .collect()
}

pub(crate) fn child_of<'v>(value: &'v Value, token: &[u8]) -> Option<&'v Value> {
    match value.node() {
        Node::Map(map) => map.get(token),
        Node::List(list) => list.get(std::str::from_utf8(token).ok()?.parse().ok()?),
        _ => None,
    }
}

pub(crate) fn push_token(pointer: &mut String, token: &[u8]) {
    pointer.push('/');
    pointer.push_str(&String::from_utf8_lossy(token).replace('~', "~0").replace('/', "~1"));
}
