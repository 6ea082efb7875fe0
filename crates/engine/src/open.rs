//! Exchanges that are being looked at.
//!
//! Each has one reader behind a mutex. The few last used stay open, because a
//! reader's caches are what makes scrubbing quick; the rest is dropped, so
//! memory does not grow with the store.
//!
//! Questions of one kind from one page supersede each other: while a page
//! drags its playhead, a question that still waits for the reader when a newer
//! one arrives is answered with [`EngineError::Superseded`] and costs nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
};

use scrubjay_session::query::Reader;

use crate::{EngineError, Exchange, shelf::AnyShelf};

/// Readers kept. Each may hold 64 MB of folds and pages.
const KEPT: usize = 3;

/// Who asks: one page in one window. Zero is nobody in particular, and its
/// questions supersede nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asker(pub u64);

/// Kinds of questions of which only the newest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Lanes,
    State,
    Chat,
    Locate,
}

/// The last used readers, most recent last.
#[derive(Default)]
pub(crate) struct OpenExchanges {
    slots: Mutex<Vec<Arc<Slot>>>,
}

/// One exchange that is open.
pub(crate) struct Slot {
    exchange: i64,
    reader: Mutex<Option<Reader<AnyShelf>>>,
    newest: Mutex<HashMap<(Asker, Lane), u64>>,
}

/// A place in the row of waiting questions.
pub(crate) struct Ticket {
    key: (Asker, Lane),
    number: u64,
}

impl OpenExchanges {
    /// The slot of an exchange. Opening happens under the slot's own lock, so
    /// one large exchange does not hold up the others.
    pub(crate) fn slot(&self, exchange: i64) -> Arc<Slot> {
        let mut slots = self.slots();
        let slot = match slots.iter().position(|slot| slot.exchange == exchange) {
            Some(place) => slots.remove(place),
            None => Arc::new(Slot {
                exchange,
                reader: Mutex::new(None),
                newest: Mutex::new(HashMap::new()),
            }),
        };
        slots.push(Arc::clone(&slot));
        let surplus = slots.len().saturating_sub(KEPT);
        slots.drain(..surplus);
        slot
    }

    /// Whether somebody looks at it, and as what it is known.
    pub(crate) fn peek(&self, exchange: i64) -> Option<Arc<Slot>> {
        self.slots().iter().find(|slot| slot.exchange == exchange).cloned()
    }

    /// Forgets exchanges that are gone.
    pub(crate) fn forget(&self, exchanges: &[i64]) {
        self.slots().retain(|slot| !exchanges.contains(&slot.exchange));
    }

    /// Forgets everything, because the pages were made anew.
    pub(crate) fn clear(&self) {
        self.slots().clear();
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Stands in line.
    pub(crate) fn ticket(&self, asker: Asker, lane: Lane) -> Ticket {
        let key = (asker, lane);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = newest.entry(key).or_default();
        *number += 1;
        Ticket { key, number: *number }
    }

    /// Uses the reader, which is up to date with what is stored.
    ///
    /// # Errors
    /// When the exchange cannot be read, or the ticket is no longer the newest of its kind.
    pub(crate) fn with<R>(
        &self,
        shelf: impl FnOnce() -> Result<AnyShelf, EngineError>,
        ticket: Option<&Ticket>,
        work: impl FnOnce(&mut Exchange) -> Result<R, EngineError>,
    ) -> Result<R, EngineError> {
        let mut guard = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if ticket.is_some_and(|ticket| !self.is_newest(ticket)) {
            return Err(EngineError::Superseded);
        }
        let result = match guard.take() {
            Some(reader) => self.use_reader(reader, &mut guard, work),
            None => {
                let reader = Reader::open(shelf()?)?;
                self.use_reader(reader, &mut guard, work)
            }
        };
        drop(guard);
        result
    }

    /// The reader is put back only when the work ended without a panic: one
    /// that broke off half way is opened anew.
    fn use_reader<R>(
        &self,
        mut reader: Exchange,
        place: &mut Option<Exchange>,
        work: impl FnOnce(&mut Exchange) -> Result<R, EngineError>,
    ) -> Result<R, EngineError> {
        reader.refresh()?;
        let result = work(&mut reader);
        *place = Some(reader);
        result
    }

    /// Frames and length as of now, if the reader is free.
    pub(crate) fn extent_now(&self) -> Option<(u32, u64)> {
        let mut guard = match self.reader.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let reader = guard.as_mut()?;
        reader.refresh().ok()?;
        Some((reader.summary().frames, reader.exchange().last_at_us))
    }

    fn is_newest(&self, ticket: &Ticket) -> bool {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        ticket.key.0 == Asker::default() || newest.get(&ticket.key) == Some(&ticket.number)
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_session::memory::MemoryShelf;

    use super::*;

    fn use_it(slot: &Slot, ticket: &Ticket) -> Result<(), EngineError> {
        let shelf = AnyShelf::Memory(Arc::new(MemoryShelf::default()));
        slot.with(|| Ok(shelf), Some(ticket), |_| Ok(()))
    }

    #[test]
    fn a_newer_question_of_a_kind_supersedes_the_older() {
        let open = OpenExchanges::default();
        let slot = open.slot(7);
        let (one, two) = (Asker(1), Asker(2));
        let old = slot.ticket(one, Lane::State);
        let other_kind = slot.ticket(one, Lane::Chat);
        let other_page = slot.ticket(two, Lane::State);
        let new = slot.ticket(one, Lane::State);
        assert!(matches!(use_it(&slot, &old), Err(EngineError::Superseded)));
        for ticket in [other_kind, other_page, new] {
            assert!(use_it(&slot, &ticket).is_ok());
        }
    }

    #[test]
    fn questions_of_nobody_in_particular_are_all_answered() {
        let open = OpenExchanges::default();
        let slot = open.slot(7);
        let tickets = [(); 2].map(|()| slot.ticket(Asker::default(), Lane::Lanes));
        for ticket in tickets {
            assert!(use_it(&slot, &ticket).is_ok());
        }
    }

    #[test]
    fn only_the_last_used_stay_open() {
        let open = OpenExchanges::default();
        let first = open.slot(1);
        for exchange in 2..=KEPT as i64 {
            open.slot(exchange);
        }
        assert!(Arc::ptr_eq(&open.slot(1), &first));
        open.slot(99);
        assert!(open.peek(1).is_some());
        assert!(open.peek(2).is_none());
        open.forget(&[1]);
        assert!(open.peek(1).is_none());
    }
}
