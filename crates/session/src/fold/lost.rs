//! What dropped patches would have written to the state, until it is mended.
//!
//! The client drops a patch whole when one of its operations fails. So what
//! the others would have written is lost: from then on the state differs from
//! what the agent meant, at those paths and no others. A path is mended when a
//! later event writes it or a branch around it, or removes it; a snapshot mends
//! all.
//!
//! What counts as lost:
//!
//! - An operation that would have applied with the failing ones left out, where
//!   it leaves another value than is there. One that fails by itself names
//!   nothing that the agent can have meant.
//! - Nothing of a patch with a failed `test`: by its own words it is not to be
//!   applied then. Where the test looks at what is lost already, it fails for
//!   that, and the patch was meant.
//! - Items put into an array or taken out of it: mended by a write of the whole
//!   array only, because the places after them have moved.
//!
//! At most [`PATHS`] paths are held, and a value as a short text. What is over
//! that is counted, and mended by a snapshot only.

use imbl::OrdMap;
use scrubjay_protocol::{
    json::{self, Wtf8},
    pointer,
};

use super::{
    finding::clipped,
    patch,
    piece::PieceSource,
    value::{Value, preview},
};
use crate::codec::{Damaged, Reader, Writer};

/// Paths that a sentence names.
const NAMED: usize = 3;
/// Paths that are held.
const PATHS: usize = 256;
/// Bytes of a pointer that is held.
const POINTER_LEN: usize = 1024;
/// Bytes of JSON up to which values are compared that no operation brought.
const COMPARED_LEN: u64 = 64 * 1024;

/// Paths at which the state differs from what the agent meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost {
    paths: OrdMap<Vec<Wtf8>, Loss>,
    /// The first frame whose operations are lost and not in `paths`, and how many there are.
    unlisted: Option<(u32, u32)>,
    /// Since this frame the state here may not be the client's.
    unknown_since: Option<u32>,
    /// The last frame whose event was applied to the state; 0 is the request.
    applied_seq: u32,
}

/// What is lost at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Loss {
    /// Tokens of the path whose write mends it.
    scope: u32,
    /// The first frame that would have written it.
    since: u32,
    /// The last one.
    last: u32,
    /// What that would have left there, if it is known.
    value: Option<String>,
    /// It would have been removed.
    is_removed: bool,
}

/// A path at which the state differs from what the agent meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LostPath {
    /// JSON Pointer.
    pub pointer: String,
    /// The first dropped patch that would have written it.
    pub since: u32,
    /// The last one.
    pub last: u32,
    /// What that would have left there, shortened; absent where it would have
    /// been removed, or a copy of what is lost itself.
    pub value: Option<String>,
    /// It would have been removed.
    pub is_removed: bool,
    /// It would have been put into an array, or taken out of it.
    pub is_item: bool,
}

/// A place that an operation writes.
struct Place {
    tokens: Vec<Wtf8>,
    shift: Shift,
    source: Source,
}

/// Where an operation has its value from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// It brings it along.
    Brought,
    /// From elsewhere in the document.
    Copied,
    /// From a place of which something is lost.
    Lost,
}

/// What an operation does to the items after its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shift {
    None,
    /// One is put in before them.
    Up,
    /// One is taken out before them.
    Down,
}

impl Place {
    fn scope(&self) -> usize {
        self.tokens.len() - usize::from(self.shift != Shift::None)
    }
}

impl Lost {
    /// Whether the state is what the agent meant, as far as patches go.
    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.unlisted.is_none()
    }

    /// The oldest frame of which something is lost.
    pub(crate) fn since(&self) -> Option<u32> {
        let listed = self.paths.values().map(|loss| loss.since);
        listed.chain(self.unlisted.map(|(since, _)| since)).min()
    }

    /// Since when the state here may not be the client's.
    pub(crate) fn unknown_since(&self) -> Option<u32> {
        self.unknown_since
    }

    /// The last frame whose event was applied to the state; 0 is the request.
    pub(crate) fn applied_seq(&self) -> u32 {
        self.applied_seq
    }

    /// Operations that are lost and not among the paths.
    pub(crate) fn unlisted(&self) -> u32 {
        self.unlisted.map_or(0, |(_, count)| count)
    }

    /// The paths, in the order of their pointers.
    pub(crate) fn paths(&self) -> impl Iterator<Item = LostPath> + '_ {
        self.paths.iter().map(|(tokens, loss)| LostPath {
            pointer: pointer::join(tokens).into_string_lossy(),
            since: loss.since,
            last: loss.last,
            value: loss.value.clone(),
            is_removed: loss.is_removed,
            is_item: (loss.scope as usize) < tokens.len(),
        })
    }

    /// What a frame's patch would have written, as the end of a sentence.
    pub(crate) fn words_at(&self, seq: u32) -> String {
        let lost: Vec<LostPath> = self.paths().filter(|path| path.last == seq).take(NAMED + 1).collect();
        if lost.is_empty() {
            return String::new();
        }
        let named: Vec<_> = lost.iter().take(NAMED).map(|path| clipped(&path.pointer)).collect();
        let more = if lost.len() > NAMED { " and more" } else { "" };
        format!("; lost with it: {}{more}", named.join(", "))
    }

    /// From this frame on it cannot be said what the client's state is.
    pub(crate) fn lose_sight(&mut self, seq: u32) {
        self.unknown_since.get_or_insert(seq);
    }

    /// The state was set as a whole.
    pub(crate) fn set_whole(&mut self, seq: u32) {
        *self = Self {
            applied_seq: seq,
            ..Self::default()
        };
    }

    /// A patch was applied to a state.
    pub(crate) fn patched(&mut self, state: &Value, operations: &[json::Value], seq: u32, pieces: &dyn PieceSource) {
        self.applied_seq = seq;
        if self.is_empty() && self.unknown_since.is_none() {
            return;
        }
        // Without paths only a write of the root mends anything.
        if self.paths.is_empty() && !operations.iter().any(writes_root) {
            return;
        }
        let mut state = state.clone();
        for operation in operations {
            let carried = self.carried(operation);
            for place in places(operation, &state) {
                self.write(&place, seq);
            }
            self.extend(carried);
            match patch::apply(Some(&state), std::slice::from_ref(operation), seq, pieces) {
                Ok(patched) => state = patched.unwrap_or_else(|| Value::null(seq)),
                Err(_) => return,
            }
        }
    }

    /// A patch was dropped, and the state is as it was.
    pub(crate) fn dropped(&mut self, state: &Value, operations: &[json::Value], seq: u32, pieces: &dyn PieceSource) {
        let mut meant = state.clone();
        let mut written = Vec::new();
        for operation in operations {
            match patch::apply(Some(&meant), std::slice::from_ref(operation), seq, pieces) {
                Ok(patched) => {
                    let mut places = places(operation, &meant);
                    if self.copies_lost(operation) {
                        let copies = places.iter_mut().filter(|place| place.source == Source::Copied);
                        copies.for_each(|place| place.source = Source::Lost);
                    }
                    written.extend(places);
                    meant = patched.unwrap_or_else(|| Value::null(seq));
                }
                Err(_) if name_of(operation) == Some("test") && !self.explains(operation, pieces) => return,
                // It fails for what is lost, and was meant all the same.
                Err(_) if self.copies_lost(operation) => {
                    let copied = places(operation, &meant).into_iter();
                    let lost = copied.filter(|place| place.source == Source::Copied);
                    written.extend(lost.map(|place| Place {
                        source: Source::Lost,
                        ..place
                    }));
                }
                Err(_) => self.withdraw(operation, state),
            }
        }
        for place in written {
            if differs(&place, state, &meant, pieces) {
                let value = meant.lookup(&place.tokens).filter(|_| place.shift != Shift::Down);
                let is_known = place.source != Source::Lost;
                let loss = Loss {
                    scope: u32::try_from(place.scope()).unwrap_or(u32::MAX),
                    since: seq,
                    last: seq,
                    is_removed: value.is_none(),
                    value: value.filter(|_| is_known).map(|value| preview(value, pieces)),
                };
                self.lose(place, loss);
            }
        }
    }

    /// The agent takes away what the client never had: nothing is lost of it any more.
    fn withdraw(&mut self, operation: &json::Value, state: &Value) {
        let path = operation.get("path").and_then(json::Value::as_wtf8).map(tokens_of);
        let Some(path) = path.filter(|_| name_of(operation) == Some("remove")) else {
            return;
        };
        if state.lookup(&path).is_none() && self.paths.get(&path).is_some_and(|loss| !loss.is_removed) {
            for tokens in self.below(&path) {
                self.paths.remove(&tokens);
            }
        }
    }

    /// Whether a `test` fails because what it looks at is lost: it stands in a
    /// lost branch, or expects the lost value.
    fn explains(&self, test: &json::Value, pieces: &dyn PieceSource) -> bool {
        let path = test.get("path").and_then(json::Value::as_wtf8);
        let Some(tokens) = path.map(tokens_of) else {
            return false;
        };
        let expects = |loss: &Loss| {
            let value = test.get("value").map(|value| Value::from_json(value, 0));
            value.is_some_and(|value| loss.value == Some(preview(&value, pieces)))
        };
        crate::steps::ticks(self.paths.len());
        self.paths.iter().any(|(path, loss)| {
            let scope = loss.scope as usize;
            match path.len() == scope && *path == tokens {
                true => expects(loss),
                false => tokens.len() > scope && tokens.starts_with(&path[..scope]),
            }
        })
    }

    /// Whether something is lost in what an operation copies.
    fn copies_lost(&self, operation: &json::Value) -> bool {
        let from = operation.get("from").and_then(json::Value::as_wtf8).map(tokens_of);
        from.is_some_and(|from| !self.below(&from).is_empty())
    }

    fn lose(&mut self, place: Place, mut loss: Loss) {
        crate::steps::tick();
        let is_in_lost = (0..place.tokens.len()).any(|len| {
            let around = self.paths.get(&place.tokens[..len]);
            around.is_some_and(|around| around.last == loss.last && around.scope as usize == len)
        });
        if is_in_lost {
            return;
        }
        // A branch that is lost whole takes in what is lost below it.
        let below = match place.shift {
            Shift::None => self.below(&place.tokens),
            _ => Vec::new(),
        };
        let before = below.iter().chain([&place.tokens]);
        for tokens in before {
            if let Some(before) = self.paths.remove(tokens) {
                loss.since = loss.since.min(before.since);
                // The array around stays out of order.
                if *tokens == place.tokens {
                    loss.scope = loss.scope.min(before.scope);
                }
            }
        }
        let len: usize = place.tokens.iter().map(|token| token.len() + 1).sum();
        if self.paths.len() >= PATHS || len > POINTER_LEN {
            let (first, count) = self.unlisted.unwrap_or((loss.since, 0));
            self.unlisted = Some((first.min(loss.since), count.saturating_add(1)));
            return;
        }
        self.paths.insert(place.tokens, loss);
    }

    /// What is lost in a value that is moved or copied, where it is then.
    fn carried(&self, operation: &json::Value) -> Vec<(Vec<Wtf8>, Loss)> {
        let tokens = |name| operation.get(name).and_then(json::Value::as_wtf8).map(tokens_of);
        let (Some("move" | "copy"), Some(from), Some(to)) = (name_of(operation), tokens("from"), tokens("path")) else {
            return Vec::new();
        };
        let carry = |path: Vec<Wtf8>| {
            let loss = self.paths.get(&path).filter(|loss| loss.scope as usize >= from.len())?;
            let moved: Vec<Wtf8> = to.iter().chain(&path[from.len()..]).cloned().collect();
            let scope = loss.scope as usize - from.len() + to.len();
            let scope = u32::try_from(scope).unwrap_or(u32::MAX);
            Some((moved, Loss { scope, ..loss.clone() }))
        };
        let room = PATHS.saturating_sub(self.paths.len());
        self.below(&from).into_iter().filter_map(carry).take(room).collect()
    }

    /// A place of the state was written.
    fn write(&mut self, place: &Place, seq: u32) {
        if place.tokens.is_empty() {
            return self.set_whole(seq);
        }
        match place.shift {
            Shift::None => {
                for tokens in self.below(&place.tokens) {
                    let is_mended = |loss: &Loss| loss.scope as usize >= place.tokens.len();
                    if self.paths.get(&tokens).is_some_and(is_mended) {
                        self.paths.remove(&tokens);
                    }
                }
            }
            shift => self.shift(place, shift == Shift::Up),
        }
    }

    /// An item was put into an array or taken out of it: what is lost in those
    /// after it has other indexes now.
    fn shift(&mut self, place: &Place, is_up: bool) {
        let Some((at, array)) = place.tokens.split_last() else {
            return;
        };
        let Some(at) = index(at) else { return };
        let mut moved = Vec::new();
        for mut tokens in self.below(array) {
            let item = tokens.get(array.len()).and_then(index);
            let Some(item) = item.filter(|item| *item >= at) else {
                continue;
            };
            if self
                .paths
                .get(&tokens)
                .is_none_or(|loss| loss.scope as usize <= array.len())
            {
                continue;
            }
            let Some(loss) = self.paths.remove(&tokens) else {
                continue;
            };
            if is_up || item > at {
                let item = if is_up { item + 1 } else { item - 1 };
                tokens[array.len()] = item.to_string().into();
                moved.push((tokens, loss));
            }
        }
        self.extend(moved);
    }

    /// Takes in losses that have moved. Where items of an array are lost
    /// already, the array stays out of order.
    fn extend(&mut self, moved: Vec<(Vec<Wtf8>, Loss)>) {
        for (tokens, mut loss) in moved {
            if let Some(before) = self.paths.get(&tokens) {
                loss.scope = loss.scope.min(before.scope);
                loss.since = loss.since.min(before.since);
            }
            self.paths.insert(tokens, loss);
        }
    }

    /// The paths at and below a place.
    fn below(&self, tokens: &[Wtf8]) -> Vec<Vec<Wtf8>> {
        let from = tokens.to_vec();
        let below = self.paths.range(from..).map(|(path, _)| path);
        let below: Vec<Vec<Wtf8>> = below.take_while(|path| path.starts_with(tokens)).cloned().collect();
        crate::steps::ticks(below.len());
        below
    }

    pub(super) fn write_to(&self, writer: &mut Writer) {
        writer.uint(self.paths.len() as u64);
        for (tokens, loss) in &self.paths {
            writer.uint(tokens.len() as u64);
            tokens.iter().for_each(|token| writer.bytes(token.as_bytes()));
            writer.uint(u64::from(loss.scope));
            writer.uint(u64::from(loss.since));
            writer.uint(u64::from(loss.last));
            writer.opt_text(loss.value.as_deref());
            writer.u8(u8::from(loss.is_removed));
        }
        writer.opt_uint(self.unlisted.map(|(since, _)| u64::from(since)));
        writer.uint(u64::from(self.unlisted()));
        writer.opt_uint(self.unknown_since.map(u64::from));
        writer.uint(u64::from(self.applied_seq));
    }

    pub(super) fn read_from(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut lost = Self::default();
        for _ in 0..reader.count()? {
            let tokens: Result<Vec<Wtf8>, Damaged> = (0..reader.count()?)
                .map(|_| Ok(Wtf8::from_bytes(reader.bytes()?.to_vec())))
                .collect();
            let loss = Loss {
                scope: reader.u32()?,
                since: reader.u32()?,
                last: reader.u32()?,
                value: reader.opt_text()?,
                is_removed: reader.u8()? != 0,
            };
            lost.paths.insert(tokens?, loss);
        }
        let seq = |number: Option<u64>| number.map(u32::try_from).transpose().map_err(|_too_large| Damaged);
        let since = seq(reader.opt_uint()?)?;
        let count = reader.u32()?;
        lost.unlisted = since.map(|since| (since, count));
        lost.unknown_since = seq(reader.opt_uint()?)?;
        lost.applied_seq = reader.u32()?;
        Ok(lost)
    }
}

/// Whether the state differs at a place from what was meant.
fn differs(place: &Place, state: &Value, meant: &Value, pieces: &dyn PieceSource) -> bool {
    if place.source == Source::Lost {
        return true;
    }
    let array = &place.tokens[..place.scope()];
    let count = |value: &Value| value.lookup(array).map(Value::child_count);
    if place.shift != Shift::None && count(state) != count(meant) {
        return true;
    }
    match (state.lookup(&place.tokens), meant.lookup(&place.tokens)) {
        (None, None) => false,
        (Some(held), Some(meant)) => {
            let is_compared = place.source == Source::Brought || held.weight() <= COMPARED_LEN;
            held.weight() != meant.weight() || !is_compared || !held.same(meant, pieces)
        }
        _ => true,
    }
}

fn writes_root(operation: &json::Value) -> bool {
    let path = operation.get("path").and_then(json::Value::as_wtf8);
    path.is_some_and(Wtf8::is_empty) && name_of(operation) != Some("test")
}

fn name_of(operation: &json::Value) -> Option<&str> {
    operation.get("op").and_then(json::Value::as_str)
}

/// The places that an operation writes in a document that it applies to.
fn places(operation: &json::Value, document: &Value) -> Vec<Place> {
    let tokens = |name| operation.get(name).and_then(json::Value::as_wtf8).map(tokens_of);
    let Some(path) = tokens("path") else {
        return Vec::new();
    };
    match name_of(operation) {
        Some("add") => vec![place(path, document, Shift::Up, Source::Brought)],
        Some("copy") => vec![place(path, document, Shift::Up, Source::Copied)],
        Some("replace") => vec![place(path, document, Shift::None, Source::Brought)],
        Some("remove") => vec![place(path, document, Shift::Down, Source::Brought)],
        Some("move") => {
            let from = tokens("from").map(|from| place(from, document, Shift::Down, Source::Brought));
            from.into_iter()
                .chain([place(path, document, Shift::Up, Source::Copied)])
                .collect()
        }
        _ => Vec::new(),
    }
}

/// A place with its index as the client reads it; only arrays shift.
fn place(mut tokens: Vec<Wtf8>, document: &Value, shift: Shift, source: Source) -> Place {
    let list = tokens
        .split_last()
        .and_then(|(_, array)| document.lookup(array)?.as_list());
    let is_list = list.is_some();
    if let (Some(list), Some(last)) = (list, tokens.last_mut()) {
        let at = if *last == *"-" { Some(list.len()) } else { index(last) };
        if let Some(at) = at {
            *last = at.to_string().into();
        }
    }
    Place {
        tokens,
        shift: if is_list { shift } else { Shift::None },
        source,
    }
}

/// The tokens of a pointer, as the client takes it apart.
fn tokens_of(path: &Wtf8) -> Vec<Wtf8> {
    let pieces = path.as_bytes().split(|byte| *byte == b'/').skip(1);
    pieces.map(unescaped).collect()
}

fn unescaped(piece: &[u8]) -> Wtf8 {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece;
    while let Some((first, after)) = rest.split_first() {
        let (byte, len) = match (first, after.first()) {
            (b'~', Some(b'0')) => (b'~', 2),
            (b'~', Some(b'1')) => (b'/', 2),
            (byte, _) => (*byte, 1),
        };
        bytes.push(byte);
        rest = &rest[len..];
    }
    Wtf8::from_bytes(bytes)
}

fn index(token: &Wtf8) -> Option<usize> {
    token.as_str()?.parse().ok()
}
