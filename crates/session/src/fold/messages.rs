//! The list of messages, in pages.
//!
//! Every lookup of the client is "the first match in list order", over all
//! roles. Pages other than the last carry the hashes of the ids in them, so a
//! lookup reads only pages that may hold a match. A page that was written as
//! a piece is loaded when something in it is asked for.

use std::sync::{Arc, OnceLock};

use imbl::Vector;

use super::{
    piece::PieceSource,
    value::{Node, Value},
};

/// Messages after which a new page begins.
const PAGE_LEN: usize = 64;
/// Messages after which a page that grew in the middle is split.
const SPLIT_LEN: usize = 128;
/// Lookups remembered.
const RECENT_LEN: usize = 8;

/// One message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message as the client holds it.
    pub value: Value,
    /// Frame that made it; 0 is the request.
    pub first_seq: u32,
    /// Frame that last touched it.
    pub last_seq: u32,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) page: usize,
    pub(crate) slot: usize,
}

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Message,
    /// A tool call, and with it the message that holds it.
    Call,
}

/// The list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    pub(crate) pages: Vector<Arc<Page>>,
    len: usize,
    /// Lookups that still hold: nothing was put before or between since.
    recent: Vec<(Named, Arc<[u8]>, Spot)>,
}

/// Neighbouring messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) len: usize,
    /// Number of the piece that holds it; the hashes lie in the next.
    pub(crate) piece: OnceLock<u64>,
    pub(crate) body: OnceLock<Arc<Vec<Message>>>,
    pub(crate) hashes: OnceLock<Arc<[u32]>>,
}

impl Message {
    pub(crate) fn new(value: Value, seq: u32) -> Self {
        Self {
            value,
            first_seq: seq,
            last_seq: seq,
        }
    }

    /// The bytes of `id`, if it has one.
    pub(crate) fn id(&self) -> Option<&[u8]> {
        text_of(&self.value, "id")
    }

    /// `role`, as it stands.
    pub(crate) fn role(&self) -> &[u8] {
        text_of(&self.value, "role").unwrap_or_default()
    }

    pub(crate) fn is(&self, role: &str) -> bool {
        self.role() == role.as_bytes()
    }

    /// The place of a tool call in it.
    pub(crate) fn call(&self, id: &[u8]) -> Option<usize> {
        let calls = self.value.get("toolCalls")?.as_list()?;
        calls.iter().position(|call| text_of(call, "id") == Some(id))
    }

    fn matches(&self, named: Named, id: &[u8]) -> bool {
        match named {
            Named::Message => self.id() == Some(id),
            Named::Call => self.call(id).is_some(),
        }
    }
}

pub(crate) fn text_of<'a>(value: &'a Value, name: &str) -> Option<&'a [u8]> {
    value.get(name)?.as_text()?.as_whole()
}

impl Page {
    fn of(messages: Vec<Message>) -> Self {
        Self {
            len: messages.len(),
            body: OnceLock::from(Arc::new(messages)),
            ..Self::default()
        }
    }

    /// The messages; none when the piece is lost.
    pub(crate) fn body(&self, pieces: &dyn PieceSource) -> Arc<Vec<Message>> {
        if let Some(body) = self.body.get() {
            return body.clone();
        }
        let read = self
            .piece
            .get()
            .and_then(|id| pieces.piece(*id))
            .and_then(|bytes| super::checkpoint::page(&bytes));
        read.map_or_else(Arc::default, |body| self.body.get_or_init(|| Arc::new(body)).clone())
    }

    /// Hashes of all ids in it, in ascending order.
    pub(crate) fn hashes(&self, pieces: &dyn PieceSource) -> Arc<[u32]> {
        if let Some(hashes) = self.hashes.get() {
            return hashes.clone();
        }
        let stored = match (self.body.get(), self.piece.get()) {
            (None, Some(id)) => pieces.piece(id + 1).map(|bytes| super::checkpoint::hashes(&bytes)),
            _ => None,
        };
        let hashes = stored.unwrap_or_else(|| hashes_of(&self.body(pieces)));
        self.hashes.get_or_init(|| hashes.into()).clone()
    }

    fn may_hold(&self, hash: u32, pieces: &dyn PieceSource) -> bool {
        self.hashes(pieces).binary_search(&hash).is_ok()
    }
}

fn hashes_of(messages: &[Message]) -> Vec<u32> {
    let mut hashes = Vec::new();
    for message in messages {
        hashes.extend(message.id().map(|id| hash(Named::Message, id)));
        let calls = message.value.get("toolCalls").and_then(Value::as_list);
        for call in calls.into_iter().flat_map(super::value::List::iter) {
            hashes.extend(text_of(call, "id").map(|id| hash(Named::Call, id)));
        }
    }
    hashes.sort_unstable();
    hashes
}

/// FNV-1a, which is the same in every version that reads these pages.
fn hash(named: Named, id: &[u8]) -> u32 {
    let start = match named {
        Named::Message => 0x811c_9dc5,
        Named::Call => 0x9dc5_811c,
    };
    id.iter().fold(start, |hash: u32, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

impl Messages {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn from_pages(pages: Vector<Arc<Page>>) -> Self {
        let len = pages.iter().map(|page| page.len).sum();
        Self {
            pages,
            len,
            recent: Vec::new(),
        }
    }

    /// Messages from an index on, each with its index.
    pub(crate) fn read(&self, first: usize, count: usize, pieces: &dyn PieceSource) -> Vec<Message> {
        let mut wanted = Vec::new();
        let mut begins = 0;
        for page in &self.pages {
            let ends = begins + page.len;
            if ends > first && wanted.len() < count {
                let body = page.body(pieces);
                let rest = count - wanted.len();
                wanted.extend(body.iter().skip(first.saturating_sub(begins)).take(rest).cloned());
            }
            begins = ends;
        }
        wanted
    }

    /// Index in the list of what stands at a spot.
    pub(crate) fn index_of(&self, spot: Spot) -> usize {
        self.pages.iter().take(spot.page).map(|page| page.len).sum::<usize>() + spot.slot
    }

    pub(crate) fn get(&self, spot: Spot, pieces: &dyn PieceSource) -> Option<Message> {
        self.pages.get(spot.page)?.body(pieces).get(spot.slot).cloned()
    }

    /// The first match.
    pub(crate) fn find(&mut self, named: Named, id: &[u8], pieces: &dyn PieceSource) -> Option<Spot> {
        let known = self
            .recent
            .iter()
            .find(|(kind, known, _)| *kind == named && **known == *id);
        if let Some((_, _, spot)) = known {
            return Some(*spot);
        }
        let spot = self.search(named, id, &|_| true, pieces)?;
        if self.recent.len() == RECENT_LEN {
            self.recent.remove(0);
        }
        self.recent.push((named, id.into(), spot));
        Some(spot)
    }

    /// The first match that fits.
    pub(crate) fn search(
        &self,
        named: Named,
        id: &[u8],
        fits: &dyn Fn(&Message) -> bool,
        pieces: &dyn PieceSource,
    ) -> Option<Spot> {
        let hash = hash(named, id);
        let last = self.pages.len().wrapping_sub(1);
        self.pages.iter().enumerate().find_map(|(page, held)| {
            if page != last && !held.may_hold(hash, pieces) {
                return None;
            }
            let body = held.body(pieces);
            let slot = body
                .iter()
                .position(|message| message.matches(named, id) && fits(message))?;
            Some(Spot { page, slot })
        })
    }

    pub(crate) fn push(&mut self, message: Message, pieces: &dyn PieceSource) -> Spot {
        let fresh = self
            .pages
            .last()
            .is_none_or(|page| page.len >= PAGE_LEN || page.body.get().is_none());
        if fresh {
            self.pages.push_back(Arc::new(Page::of(Vec::new())));
        }
        let page = self.pages.len() - 1;
        let slot = self.page_mut(page, pieces, |body| {
            body.push(message);
            body.len() - 1
        });
        self.len += 1;
        Spot { page, slot }
    }

    /// Puts a message behind the one at a spot and the tool messages that
    /// follow it.
    pub(crate) fn insert_behind_tools(&mut self, owner: Spot, message: Message, pieces: &dyn PieceSource) {
        let mut spot = Spot {
            slot: owner.slot + 1,
            ..owner
        };
        loop {
            let body = self.pages[spot.page].body(pieces);
            while body.get(spot.slot).is_some_and(|message| message.is("tool")) {
                spot.slot += 1;
            }
            if spot.slot < body.len() || spot.page + 1 == self.pages.len() {
                break;
            }
            let follows = self.pages[spot.page + 1].body(pieces);
            if !follows.first().is_some_and(|message| message.is("tool")) {
                break;
            }
            spot = Spot {
                page: spot.page + 1,
                slot: 0,
            };
        }
        if spot.page + 1 == self.pages.len() && spot.slot == self.pages[spot.page].len {
            self.push(message, pieces);
            return;
        }
        self.recent.clear();
        self.page_mut(spot.page, pieces, |body| body.insert(spot.slot, message));
        self.len += 1;
        self.split(spot.page, pieces);
    }

    fn split(&mut self, page: usize, pieces: &dyn PieceSource) {
        if self.pages[page].len <= SPLIT_LEN {
            return;
        }
        let tail = self.page_mut(page, pieces, |body| body.split_off(body.len() / 2));
        self.pages.insert(page + 1, Arc::new(Page::of(tail)));
    }

    /// Changes a message and notes the frame.
    pub(crate) fn change<R>(
        &mut self,
        spot: Spot,
        seq: u32,
        pieces: &dyn PieceSource,
        change: impl FnOnce(&mut Value) -> R,
    ) -> Option<R> {
        // A new tool call changes the hashes, which page_mut drops anyway.
        self.page_mut(spot.page, pieces, |body| {
            let message = body.get_mut(spot.slot)?;
            message.last_seq = seq;
            Some(change(&mut message.value))
        })
    }

    /// Puts other messages in the place of all, page by page; pages that a
    /// page's messages leave as they are stay shared.
    pub(crate) fn replace_pages(&mut self, pieces: &dyn PieceSource, mut remake: impl FnMut(&Message) -> Remade) {
        let mut pages = Vector::new();
        for page in &self.pages {
            let body = page.body(pieces);
            let mut kept = Vec::new();
            let mut changed = false;
            for message in body.iter() {
                match remake(message) {
                    Remade::Same => kept.push(message.clone()),
                    Remade::Gone => changed = true,
                    Remade::Other(message) => {
                        changed = true;
                        kept.push(message);
                    }
                }
            }
            if !changed {
                pages.push_back(page.clone());
            } else if !kept.is_empty() {
                pages.push_back(Arc::new(Page::of(kept)));
            }
        }
        *self = Self::from_pages(pages);
    }

    fn page_mut<R>(&mut self, page: usize, pieces: &dyn PieceSource, change: impl FnOnce(&mut Vec<Message>) -> R) -> R {
        let held = self.pages.get_mut(page).expect("the caller looked");
        held.body(pieces);
        let held = Arc::make_mut(held);
        held.piece.take();
        held.hashes.take();
        if held.body.get().is_none() {
            held.body = OnceLock::from(Arc::default());
        }
        let body = Arc::make_mut(held.body.get_mut().expect("just filled"));
        let answer = change(body);
        held.len = body.len();
        answer
    }
}

/// What becomes of a message when a snapshot comes.
pub(crate) enum Remade {
    Same,
    Gone,
    Other(Message),
}

/// The new value, with parts of the old one where they say the same: so text
/// that a snapshot repeats still knows the frames that delivered it.
pub(crate) fn keeping(old: &Value, new: Value, pieces: &dyn PieceSource) -> Value {
    match (old.node(), new.node()) {
        (Node::Map(held), Node::Map(_)) => {
            let mut new = new;
            let names: Vec<_> = held.iter().map(|(name, _)| name.clone()).collect();
            for name in names {
                let old = held.get(&name).expect("a name of its own");
                let members = new.as_map_mut().expect("just seen");
                members.change(&name, |member| *member = keeping(old, member.clone(), pieces));
            }
            new
        }
        (Node::List(held), Node::List(_)) => {
            let mut new = new;
            let items = new.as_list_mut().expect("just seen");
            for (place, old) in held.iter().enumerate().take(items.len()) {
                items.change(place, |item| *item = keeping(old, item.clone(), pieces));
            }
            new
        }
        _ if old.same(&new, pieces) => old.clone(),
        _ => new,
    }
}
