//! The list of messages, in pages.
//!
//! Every lookup of the client is "the first match in list order", over all
//! roles. An index names the pages that may hold one, so a lookup reads only
//! those. A page that a checkpoint keeps as a piece (a chunk of stored bytes) is
//! loaded when something in it is asked for.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use imbl::OrdMap;

use super::{
    index::{Class, Facts, Index, PageKey},
    message::{Message, text_of},
    piece::PieceSource,
    value::Value,
};
use crate::steps::tick;

/// Messages after which a new page begins.
const PAGE_LEN: usize = 64;
/// Messages after which a page that grew in the middle is split.
const SPLIT_LEN: usize = 128;
/// Lookups remembered.
const RECENT_LEN: usize = 8;
/// Room between the keys of two pages that were appended one after the other.
const KEY_GAP: PageKey = 1 << 96;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) page: PageKey,
    pub(crate) slot: usize,
}

/// The kind of item that an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Message,
    /// A tool call, and with it the message that holds it.
    Call,
}

/// The list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    pages: OrdMap<PageKey, Arc<Page>>,
    len: usize,
    /// Made when something is looked for, and kept up from there on.
    index: OnceLock<Index>,
    /// Lookups that still hold; dropped when something is inserted, replaced or remade.
    recent: Vec<(Named, Arc<[u8]>, Spot)>,
}

/// Neighbouring messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) len: usize,
    /// Number of the piece that holds its messages; the next piece holds its facts.
    pub(crate) piece: OnceLock<u64>,
    pub(crate) body: OnceLock<Arc<Vec<Message>>>,
    facts: OnceLock<Arc<Facts>>,
}

impl Page {
    pub(crate) fn of(messages: Vec<Message>) -> Self {
        Self {
            len: messages.len(),
            body: OnceLock::from(Arc::new(messages)),
            ..Self::default()
        }
    }

    /// A page of so many messages that lies in a piece.
    pub(crate) fn stored(piece: u64, len: usize) -> Self {
        Self {
            len,
            piece: OnceLock::from(piece),
            ..Self::default()
        }
    }

    /// The messages; an empty list when the piece is lost.
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

    /// What the index says of it.
    pub(crate) fn facts(&self, pieces: &dyn PieceSource) -> Arc<Facts> {
        if let Some(facts) = self.facts.get() {
            return facts.clone();
        }
        let stored = match (self.body.get(), self.piece.get()) {
            (None, Some(id)) => pieces.piece(id + 1).and_then(|bytes| Facts::from_piece(&bytes).ok()),
            _ => None,
        };
        let facts = stored.unwrap_or_else(|| Facts::of(&self.body(pieces)));
        self.facts.get_or_init(|| Arc::new(facts)).clone()
    }
}

impl Messages {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn from_pages(pages: Vec<Arc<Page>>) -> Self {
        Self {
            len: pages.iter().map(|page| page.len).sum(),
            pages: (1..).map(|place| place * KEY_GAP).zip(pages).collect(),
            index: OnceLock::new(),
            recent: Vec::new(),
        }
    }

    /// The pages in order.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &Arc<Page>> {
        self.pages.values()
    }

    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    fn index(&self, pieces: &dyn PieceSource) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (key, page) in &self.pages {
                index.add_page(*key, &page.facts(pieces));
            }
            index
        })
    }

    /// Messages from an index on.
    pub(crate) fn read(&self, first: usize, count: usize, pieces: &dyn PieceSource) -> Vec<Message> {
        let mut wanted = Vec::new();
        let mut begins = 0;
        for page in self.pages.values() {
            tick();
            let ends = begins + page.len;
            if ends > first {
                let body = page.body(pieces);
                let rest = count - wanted.len();
                wanted.extend(body.iter().skip(first.saturating_sub(begins)).take(rest).cloned());
            }
            if wanted.len() >= count {
                break;
            }
            begins = ends;
        }
        wanted
    }

    /// Up to so many messages after a spot.
    pub(crate) fn following(&self, spot: Spot, count: usize, pieces: &dyn PieceSource) -> Vec<Message> {
        let mut found = Vec::new();
        let mut skip = spot.slot + 1;
        for (_, page) in self.pages.range(spot.page..) {
            tick();
            let rest = count - found.len();
            found.extend(page.body(pieces).iter().skip(skip).take(rest).cloned());
            skip = 0;
            if found.len() >= count {
                break;
            }
        }
        found
    }

    /// Up to so many messages, the last first.
    pub(crate) fn last(&self, count: usize, pieces: &dyn PieceSource) -> Vec<Message> {
        let mut found = Vec::new();
        for page in self.pages.values().rev() {
            tick();
            let rest = count - found.len();
            found.extend(page.body(pieces).iter().rev().take(rest).cloned());
            if found.len() >= count {
                break;
            }
        }
        found
    }

    pub(crate) fn get(&self, spot: Spot, pieces: &dyn PieceSource) -> Option<Message> {
        self.pages.get(&spot.page)?.body(pieces).get(spot.slot).cloned()
    }

    /// The first message that has this id, or holds the call of this id.
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

    /// The first message that has this id, or holds the call of this id, and for
    /// which `fits` holds.
    pub(crate) fn search(
        &self,
        named: Named,
        id: &[u8],
        fits: &dyn Fn(&Message) -> bool,
        pieces: &dyn PieceSource,
    ) -> Option<Spot> {
        self.index(pieces).pages_of(named, id).find_map(|page| {
            tick();
            let body = self.pages.get(&page)?.body(pieces);
            let slot = body
                .iter()
                .position(|message| message.matches(named, id) && fits(message))?;
            Some(Spot { page, slot })
        })
    }

    pub(crate) fn push(&mut self, message: Message, pieces: &dyn PieceSource) -> Spot {
        let last = self.pages.get_max().map(|(key, page)| (*key, page));
        let is_open = |page: &Page| page.len < PAGE_LEN && page.body.get().is_some();
        let page = match last {
            Some((key, page)) if is_open(page) => key,
            last => {
                let key = last.map_or(KEY_GAP, |(key, _)| key + KEY_GAP);
                self.pages.insert(key, Arc::new(Page::of(Vec::new())));
                key
            }
        };
        if let Some(index) = self.index.get_mut() {
            index.add_message(&message, page);
        }
        let slot = self.page_mut(page, pieces, |body| {
            body.push(message);
            body.len() - 1
        });
        self.len += 1;
        Spot { page, slot }
    }

    /// Puts a message after the one at a spot and the tool messages that
    /// follow it.
    pub(crate) fn insert_after_tools(&mut self, owner: Spot, message: Message, pieces: &dyn PieceSource) {
        let Some(spot) = self.after_tools(owner, pieces) else {
            self.push(message, pieces);
            return;
        };
        self.recent.clear();
        if let Some(index) = self.index.get_mut() {
            index.add_message(&message, spot.page);
        }
        self.page_mut(spot.page, pieces, |body| {
            body.insert(spot.slot.min(body.len()), message);
        });
        self.len += 1;
        self.split(spot.page, pieces);
    }

    /// The place after the tool messages that follow `owner`; none for the end of the list.
    fn after_tools(&self, owner: Spot, pieces: &dyn PieceSource) -> Option<Spot> {
        let tools_from = |page: PageKey, from: usize| {
            let body = self.pages.get(&page)?.body(pieces);
            let tools = body.iter().skip(from).take_while(|message| {
                tick();
                message.is("tool")
            });
            Some((from + tools.count(), body.len()))
        };
        let (slot, len) = tools_from(owner.page, owner.slot + 1)?;
        if slot < len {
            return Some(Spot { slot, ..owner });
        }
        let next = self.pages.range(owner.page + 1..).next().map(|(key, _)| *key)?;
        // All pages before this one hold results only.
        let mixed = self.index(pieces).mixed_from(next)?;
        match tools_from(mixed, 0)? {
            (0, _) => {
                let (before, page) = self.pages.range(..mixed).next_back()?;
                Some(Spot {
                    page: *before,
                    slot: page.len,
                })
            }
            (slot, _) => Some(Spot { page: mixed, slot }),
        }
    }

    fn split(&mut self, page: PageKey, pieces: &dyn PieceSource) {
        if self.pages.get(&page).is_none_or(|held| held.len <= SPLIT_LEN) {
            return;
        }
        let next = self.pages.range(page + 1..).next().map(|(key, _)| *key);
        let key = match next {
            Some(next) if next - page < 2 => return self.spread(page, pieces),
            Some(next) => page + (next - page) / 2,
            None => page + KEY_GAP,
        };
        let (tail, still) = self.page_mut(page, pieces, |body| {
            let tail = body.split_off(body.len() / 2);
            (tail, body.clone())
        });
        if let Some(index) = self.index.get_mut() {
            for message in &tail {
                index.forget(message, page, &still);
                index.add_message(message, key);
            }
        }
        self.pages.insert(key, Arc::new(Page::of(tail)));
    }

    /// Gives all pages room between them again; then splits.
    fn spread(&mut self, page: PageKey, pieces: &dyn PieceSource) {
        let place = self.pages.range(..page).count() as PageKey;
        let pages: Vec<Arc<Page>> = self.pages.values().cloned().collect();
        crate::steps::ticks(pages.len());
        *self = Self::from_pages(pages);
        self.split((place + 1) * KEY_GAP, pieces);
    }

    /// Changes a message and notes the frame. The change may append one tool call or
    /// alter the type of an activity; it must not alter an id.
    pub(crate) fn change<R>(
        &mut self,
        spot: Spot,
        seq: u32,
        pieces: &dyn PieceSource,
        change: impl FnOnce(&mut Value) -> R,
    ) -> Option<R> {
        let (answer, before, after, brought) = self.page_mut(spot.page, pieces, |body| {
            let message = body.get_mut(spot.slot)?;
            let (class, count) = (Class::of(message), message.call_count());
            message.last_seq = seq;
            let answer = change(&mut message.value);
            message.follow_calls();
            let calls = message.value.get("toolCalls").and_then(Value::as_list);
            let brought = calls.and_then(|calls| calls.get(count)).cloned();
            Some((answer, class, Class::of(message), brought))
        })?;
        if let Some(index) = self.index.get_mut() {
            if let Some(id) = brought.as_ref().and_then(|call| text_of(call, "id")) {
                index.add_name(Named::Call, id, spot.page);
            }
            if before != after {
                let still = self.pages.get(&spot.page).map(|page| page.body(pieces));
                index.add_class(after, spot.page);
                index.forget_class(&before, spot.page, still.as_deref().map_or(&[], Vec::as_slice));
            }
        }
        Some(answer)
    }

    /// Puts a message in the place of another of the same id.
    pub(crate) fn replace(&mut self, spot: Spot, seq: u32, value: Value, pieces: &dyn PieceSource) {
        self.recent.clear();
        let replaced = self.page_mut(spot.page, pieces, |body| {
            let message = body.get_mut(spot.slot)?;
            let fresh = Message::between(value, message.first_seq, seq);
            Some(std::mem::replace(message, fresh))
        });
        let still = self.pages.get(&spot.page).map(|page| page.body(pieces));
        if let (Some(index), Some(replaced), Some(still)) = (self.index.get_mut(), replaced, still) {
            index.forget(&replaced, spot.page, &still);
            if let Some(fresh) = still.get(spot.slot) {
                index.add_message(fresh, spot.page);
            }
        }
    }

    /// Pages that a snapshot says something about: those with the ids that it
    /// states, and those with messages that it takes away.
    pub(crate) fn pages_to_remake<'i>(
        &self,
        ids: impl Iterator<Item = &'i [u8]>,
        takes: &Takes<'_>,
        pieces: &dyn PieceSource,
    ) -> BTreeSet<PageKey> {
        let index = self.index(pieces);
        let mut keys: BTreeSet<PageKey> = index.pages_in(&Class::Tool).collect();
        keys.extend(index.pages_in(&Class::Other));
        if takes.reasoning {
            keys.extend(index.pages_in(&Class::Reasoning));
        }
        match takes.activities {
            None => keys.extend(index.pages_of_activities()),
            Some(types) => {
                for kind in types {
                    keys.extend(index.pages_in(&Class::Activity(kind.as_slice().into())));
                }
            }
        }
        // Most often these are all pages.
        if keys.len() < self.pages.len() {
            keys.extend(ids.flat_map(|id| index.pages_of(Named::Message, id)));
        }
        keys
    }

    /// The first message of each id.
    pub(crate) fn spots_of(&self, ids: &[&[u8]], pieces: &dyn PieceSource) -> Vec<Option<Spot>> {
        // To go through all messages takes less than to look for most of them.
        match ids.len() * 2 >= self.len {
            true => self.spots_among_all(ids, pieces),
            false => ids
                .iter()
                .map(|id| self.search(Named::Message, id, &|_| true, pieces))
                .collect(),
        }
    }

    fn spots_among_all(&self, ids: &[&[u8]], pieces: &dyn PieceSource) -> Vec<Option<Spot>> {
        let bodies: Vec<_> = self.pages.iter().map(|(key, page)| (*key, page.body(pieces))).collect();
        let mut spots: HashMap<&[u8], Spot> = HashMap::with_capacity(self.len);
        for (page, body) in &bodies {
            for (slot, message) in body.iter().enumerate() {
                tick();
                if let Some(id) = message.id() {
                    spots.entry(id).or_insert(Spot { page: *page, slot });
                }
            }
        }
        ids.iter().map(|id| spots.get(id).copied()).collect()
    }

    /// Puts other messages in the place of those of some pages; pages that
    /// stay as they are stay shared.
    pub(crate) fn remake(
        &mut self,
        keys: &BTreeSet<PageKey>,
        pieces: &dyn PieceSource,
        mut remake: impl FnMut(&Message) -> Remade,
    ) {
        self.recent.clear();
        for key in keys {
            let Some(body) = self.pages.get(key).map(|page| page.body(pieces)) else {
                continue;
            };
            let remade: Vec<Remade> = body.iter().map(&mut remake).collect();
            if remade.iter().all(|remade| matches!(remade, Remade::Same)) {
                continue;
            }
            let (mut kept, mut changed, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
            for (message, remade) in body.iter().zip(remade) {
                tick();
                match remade {
                    Remade::Same => kept.push(message.clone()),
                    Remade::Gone => changed.push(message),
                    Remade::Other(other) => {
                        changed.push(message);
                        fresh.push(kept.len());
                        kept.push(other);
                    }
                }
            }
            if let Some(index) = self.index.get_mut() {
                changed.iter().for_each(|message| index.forget(message, *key, &kept));
                fresh.iter().for_each(|slot| index.add_message(&kept[*slot], *key));
            }
            self.len -= body.len() - kept.len();
            if kept.is_empty() {
                self.pages.remove(key);
            } else {
                self.pages.insert(*key, Arc::new(Page::of(kept)));
            }
        }
    }

    fn page_mut<R>(
        &mut self,
        page: PageKey,
        pieces: &dyn PieceSource,
        change: impl FnOnce(&mut Vec<Message>) -> R,
    ) -> R {
        let held = self.pages.get_mut(&page).expect("the caller looked");
        held.body(pieces);
        let held = Arc::make_mut(held);
        held.piece.take();
        held.facts.take();
        if held.body.get().is_none() {
            held.body = OnceLock::from(Arc::default());
        }
        let body = Arc::make_mut(held.body.get_mut().expect("just filled"));
        let answer = change(body);
        held.len = body.len();
        answer
    }
}

/// Which messages a snapshot takes away beside those that no rule protects.
pub(crate) struct Takes<'a> {
    pub(crate) reasoning: bool,
    /// Types of activities; nothing for all of them.
    pub(crate) activities: Option<&'a BTreeSet<Vec<u8>>>,
}

/// What becomes of a message when a snapshot comes.
pub(crate) enum Remade {
    Same,
    Gone,
    Other(Message),
}
