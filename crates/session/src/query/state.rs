//! The state as of a frame: as text, as blame, and as the visible lines of a tree.

use std::{collections::BTreeMap, fmt};

use super::{Failed, Reader, answer::*, seek::ShelfPieces};
use crate::{
    changes::{ChangeKind, Comparing, Diff, Step},
    derive::marks::{List, StateMark},
    fold::{
        piece::PieceSource,
        value::{Node, Value, json_len, to_json, to_plain, write_json, write_pretty},
    },
    shelf::Shelf,
};

/// Characters of a preview.
const PREVIEW_CHARS: usize = 200;
/// Changed paths listed.
const CHANGES: usize = 200;
/// State events looked back for the one since which the state stands still.
const LOOK_BACK: u32 = 4_096;
/// Pointers that blame gives.
const BLAMED: usize = 100_000;
/// Bytes of pointers that one answer gives.
const POINTERS_LEN: usize = 16 * 1024 * 1024;
/// Bytes of JSON text up to which a moment is written out, unless another
/// limit is given.
pub const MOMENT_LEN: u64 = 64 * 1024 * 1024;

/// Pointers with the frame that set each.
type Blamed = Vec<(String, u32)>;

/// Which part of the tree is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateQuery {
    /// As of which frame; 0 is the request's input.
    pub at: u32,
    /// JSON Pointers of the open branches. The root is always open.
    pub expanded: Vec<String>,
    /// Only branches that changed since the previous state event.
    pub changed_only: bool,
    /// First line wanted.
    pub first: u64,
    /// How many lines at most.
    pub count: u32,
}

/// The visible part of the state tree.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StateTree {
    /// As of which frame.
    pub as_of: u32,
    /// The state event at or before it; absent while the state is the input's.
    pub last_state_seq: Option<u32>,
    /// Whether there is one.
    pub any_state_event: bool,
    /// State that stands still after a failed patch: since when, and why.
    pub stuck: Option<(u32, String)>,
    /// The official client had given up before this moment.
    pub after_stop: bool,
    /// Number of the first line given.
    pub first: u64,
    /// Lines in all.
    pub total: u64,
    pub lines: Vec<StateLine>,
    /// Paths changed by the last state event: at most 200.
    pub changes: Vec<Change>,
    /// Size of the state as JSON text, bytes, about.
    pub bytes: u64,
}

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StateLine {
    /// JSON Pointer.
    pub pointer: String,
    /// Depth; the root's members are 0.
    pub depth: u16,
    /// Member name or array index.
    pub key: String,
    /// What the value is.
    pub shape: ValueShape,
    /// The value as JSON text, or a summary of a branch.
    pub preview: String,
    /// Members or elements.
    pub children: u32,
    /// Whether its children follow.
    pub expanded: bool,
    /// Changed by the last state event.
    pub change: Option<ChangeKind>,
    /// The value before, shortened, when changed.
    pub old: Option<String>,
    /// Changes somewhere below.
    pub changes_below: u32,
    /// The frame that set it; 0 is the request's input.
    pub set_by: u32,
}

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum ValueShape {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

/// One changed path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Change {
    /// JSON Pointer.
    pub pointer: String,
    pub change: ChangeKind,
    /// Before, shortened.
    pub old: Option<String>,
    /// After, shortened.
    pub new: Option<String>,
}

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

    /// The visible lines of the state tree, with what the last state event changed.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn state_tree(&mut self, query: &StateQuery) -> Result<StateTree, Failed<S::Error>> {
        let (fold, _) = self.fold_at(query.at)?;
        let events = self
            .pages
            .mark_past(&self.shelf, List::States, |mark| mark.seq > query.at)?;
        let last = match events.checked_sub(1) {
            Some(idx) => Some(self.pages.mark(&self.shelf, List::States, idx)?.seq),
            None => None,
        };
        let before = match last {
            Some(seq) => Some(self.fold_before(seq)?),
            None => None,
        };
        let stuck = self.stuck_at(events)?;
        let pieces = ShelfPieces(&self.shelf);
        let state = fold.state();
        let diff = before
            .map(|before| Comparing::plainly(&pieces).between(before.state(), state))
            .unwrap_or_default();
        let mut tree = Tree::new(query, &pieces);
        let open = OpenBranches::of(&query.expanded);
        tree.children(state, &diff, &open, &mut String::new(), 0);
        Ok(StateTree {
            as_of: query.at,
            last_state_seq: last,
            any_state_event: last.is_some(),
            stuck,
            after_stop: self.pages.summary.stop.as_ref().is_some_and(|stop| stop.seq < query.at),
            first: query.first,
            total: tree.line,
            lines: tree.lines,
            changes: changes_of(&diff, &pieces),
            bytes: state.weight(),
        })
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

    /// The state event at or before a frame; 0 if there is none.
    pub(crate) fn last_state_seq(&mut self, seq: u32) -> Result<u32, Failed<S::Error>> {
        let events = self.pages.mark_past(&self.shelf, List::States, |mark| mark.seq > seq)?;
        match events.checked_sub(1) {
            Some(idx) => Ok(self.pages.mark(&self.shelf, List::States, idx)?.seq),
            None => Ok(0),
        }
    }

    fn fold_before(&mut self, seq: u32) -> Result<crate::fold::Fold, Failed<S::Error>> {
        // The fold asked for last is the one the playhead is at; keep it so.
        let kept = self.last_fold.clone();
        let (fold, _) = self.fold_at(seq - 1)?;
        self.last_fold = kept;
        Ok(fold)
    }

    /// Since when and why the state stands still, after so many state events.
    fn stuck_at(&mut self, events: u32) -> Result<Option<(u32, String)>, Failed<S::Error>> {
        let mut since = None;
        for idx in (events.saturating_sub(LOOK_BACK)..events).rev() {
            let mark = self.pages.mark(&self.shelf, List::States, idx)?;
            match mark.extra & 3 {
                code if code == StateMark::Snapshot as u64 => break,
                code if code == StateMark::Failed as u64 => since = Some(mark.seq),
                _ => {}
            }
        }
        let Some(seq) = since else { return Ok(None) };
        let findings = self.findings(seq..seq + 1, 16)?;
        let failed = findings
            .into_iter()
            .find(|finding| crate::derive::is_failed_patch(&finding.rule));
        Ok(Some((seq, failed.map(|finding| finding.message).unwrap_or_default())))
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

/// The open branches, as a tree of tokens.
#[derive(Debug, Default)]
struct OpenBranches {
    is_open: bool,
    children: BTreeMap<Vec<u8>, OpenBranches>,
}

impl OpenBranches {
    fn of(pointers: &[String]) -> Self {
        let mut root = Self {
            is_open: true,
            ..Self::default()
        };
        for pointer in pointers {
            let mut here = &mut root;
            for token in tokens_of(pointer) {
                here = here.children.entry(token).or_default();
            }
            here.is_open = true;
        }
        root
    }
}

/// Walks the visible lines and keeps those of the window.
struct Tree<'a> {
    query: &'a StateQuery,
    pieces: &'a dyn PieceSource,
    line: u64,
    lines: Vec<StateLine>,
    /// Bytes of pointers and keys in them.
    len: usize,
}

impl<'a> Tree<'a> {
    fn new(query: &'a StateQuery, pieces: &'a dyn PieceSource) -> Self {
        Self {
            query,
            pieces,
            line: 0,
            lines: Vec::new(),
            len: 0,
        }
    }

    fn children(&mut self, value: &Value, diff: &Diff, open: &OpenBranches, pointer: &mut String, depth: u16) {
        match value.node() {
            Node::Map(map) => {
                for (name, child) in map.iter() {
                    self.child(&Step::Name(name.clone()), child, diff, open, pointer, depth);
                }
            }
            Node::List(list) => self.items(list.iter(), list.len(), diff, open, pointer, depth),
            _ if depth == 0 => self.visit(b"", value, diff, &OpenBranches::default(), pointer, depth),
            _ => {}
        }
        let gone = diff
            .children
            .iter()
            .filter(|(_, child)| child.change == Some(ChangeKind::Removed));
        for (step, child) in gone {
            if let Some(old) = &child.old {
                let (len, name) = (pointer.len(), step.token());
                push_token(pointer, &name);
                self.visit(&name, old, child, &OpenBranches::default(), pointer, depth);
                pointer.truncate(len);
            }
        }
    }

    /// Items of a list; long stretches without anything open are counted only.
    fn items<'v>(
        &mut self,
        items: impl Iterator<Item = &'v Value>,
        len: usize,
        diff: &Diff,
        open: &OpenBranches,
        pointer: &mut String,
        depth: u16,
    ) {
        let plain = open.children.is_empty() && !self.query.changed_only;
        let end = self.query.first + u64::from(self.query.count);
        if plain && (self.line >= end || self.line + len as u64 <= self.query.first) {
            self.line += len as u64;
            return;
        }
        for (idx, child) in (0..).zip(items) {
            self.child(&Step::Index(idx), child, diff, open, pointer, depth);
        }
    }

    fn child(
        &mut self,
        step: &Step,
        child: &Value,
        diff: &Diff,
        open: &OpenBranches,
        pointer: &mut String,
        depth: u16,
    ) {
        let nothing = (Diff::default(), OpenBranches::default());
        let name = &step.token();
        let diff = diff.children.get(step).unwrap_or(&nothing.0);
        let open = open.children.get(name).unwrap_or(&nothing.1);
        if self.query.changed_only && !diff.is_change() {
            return;
        }
        crate::steps::tick();
        let len = pointer.len();
        push_token(pointer, name);
        self.visit(name, child, diff, open, pointer, depth);
        pointer.truncate(len);
    }

    fn visit(
        &mut self,
        name: &[u8],
        value: &Value,
        diff: &Diff,
        open: &OpenBranches,
        pointer: &mut String,
        depth: u16,
    ) {
        let number = self.line;
        self.line += 1;
        let is_branch = matches!(value.node(), Node::Map(_) | Node::List(_));
        let expanded = open.is_open && is_branch && diff.change != Some(ChangeKind::Removed);
        let end = self.query.first + u64::from(self.query.count);
        if (self.query.first..end).contains(&number) && self.len <= POINTERS_LEN {
            self.len += pointer.len() + name.len();
            self.lines.push(StateLine {
                pointer: pointer.clone(),
                depth,
                key: String::from_utf8_lossy(name).into_owned(),
                shape: shape_of(value),
                preview: preview(value, self.pieces),
                children: value.child_count() as u32,
                expanded,
                change: diff.change,
                old: diff
                    .old
                    .as_ref()
                    .filter(|_| diff.new.is_some())
                    .map(|old| preview(old, self.pieces)),
                changes_below: diff.below,
                set_by: value.by(),
            });
        }
        if expanded {
            self.children(value, diff, open, pointer, depth + 1);
        }
    }
}

fn changes_of(diff: &Diff, pieces: &dyn PieceSource) -> Vec<Change> {
    let changes = diff.changes(CHANGES).into_iter();
    let mut len = 0;
    changes
        .take_while(|(tokens, _)| {
            len += tokens.iter().map(Vec::len).sum::<usize>();
            len <= POINTERS_LEN
        })
        .filter_map(|(tokens, diff)| {
            let mut pointer = String::new();
            tokens.iter().for_each(|token| push_token(&mut pointer, token));
            Some(Change {
                pointer,
                change: diff.change?,
                old: diff.old.as_ref().map(|value| preview(value, pieces)),
                new: diff.new.as_ref().map(|value| preview(value, pieces)),
            })
        })
        .collect()
}

fn shape_of(value: &Value) -> ValueShape {
    match value.node() {
        Node::Null => ValueShape::Null,
        Node::Bool(_) => ValueShape::Bool,
        Node::Number(_) => ValueShape::Number,
        Node::Text(_) => ValueShape::String,
        Node::List(_) => ValueShape::Array,
        Node::Map(_) => ValueShape::Object,
    }
}

/// A leaf as JSON text, a branch in a few words, shortened.
pub(crate) fn preview(value: &Value, pieces: &dyn PieceSource) -> String {
    match value.node() {
        Node::Text(text) if text.len() > PREVIEW_CHARS as u64 => {
            let head = text.head(PREVIEW_CHARS, pieces);
            let mut quoted = String::new();
            scrubjay_protocol::json::write_string(&mut quoted, &head);
            quoted.pop();
            format!("{quoted}…")
        }
        Node::Map(map) if map.is_empty() => "{}".to_owned(),
        Node::Map(map) => {
            let names = map
                .iter()
                .take(12)
                .map(|(name, _)| String::from_utf8_lossy(name).into_owned());
            let names = names.collect::<Vec<_>>().join(", ");
            let shown: String = names.chars().take(80).collect();
            let more = if shown.len() < names.len() || map.len() > 12 {
                ", …"
            } else {
                ""
            };
            format!("{{{shown}{more}}}")
        }
        Node::List(list) if list.is_empty() => "[]".to_owned(),
        Node::List(list) => format!("[{}]", list.len()),
        _ => to_json(value, pieces),
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
