//! Readers of the exchanges that are looked at, and what is asked of them.
//!
//! Each exchange has one reader behind a mutex. The few last used stay open,
//! because a reader's caches are what makes scrubbing quick; the rest is
//! dropped, so memory does not grow with the store.
//!
//! Questions of one kind from one page supersede each other: while a page
//! drags its playhead, a question that still waits for the reader when a newer
//! one arrives is answered with [`EngineError::Superseded`] and costs nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
};

use scrubjay_ipc::{
    ExchangeAsk,
    answer::{self, Beside},
};
use scrubjay_session::{exchange::Exchange as Facts, query::Summary};

use crate::{EngineError, Exchange, in_thread, library::mutes, shelf::AnyShelf, storage::Storage};

/// Readers kept. Each may hold 64 MB of folds and pages.
const KEPT: usize = 3;

/// Who asks: one page in one window. Zero stands for no page, and its questions
/// supersede nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asker(pub u64);

/// Kinds of questions of which only the newest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Lanes,
    State,
    Chat,
    Locate,
}

/// The department of one exchange: the last used readers.
pub(crate) struct Readers {
    storage: Storage,
    /// Most recently used last.
    slots: Mutex<Vec<Arc<Slot>>>,
}

/// One exchange that is open.
struct Slot {
    exchange: i64,
    reader: Mutex<Option<Exchange>>,
    newest: Mutex<HashMap<(Asker, Kind), u64>>,
}

/// A place in the row of waiting questions.
struct Ticket {
    key: (Asker, Kind),
    number: u64,
}

impl Readers {
    pub(crate) fn new(storage: Storage) -> Self {
        Self {
            storage,
            slots: Mutex::default(),
        }
    }

    /// Answers a question about one exchange from its reader.
    pub(crate) fn answer(&self, asker: Asker, ask: &ExchangeAsk) -> Result<Vec<u8>, EngineError> {
        let exchange = ask.exchange();
        let slot = self.slot(exchange);
        let ticket = kind_of(ask).map(|kind| slot.ticket(asker, kind));
        slot.with(
            || self.storage.shelf(exchange),
            ticket.as_ref(),
            |reader| {
                let beside =
                    |facts: &Facts, summary: &Summary| self.beside(exchange, facts, summary).map_err(Into::into);
                answer::answer(ask, reader, beside).map_err(|report| EngineError::Answer { report })
            },
        )
    }

    /// What is known of an exchange beside what its reader says.
    fn beside(&self, index: i64, facts: &Facts, summary: &Summary) -> Result<Beside, EngineError> {
        Ok(Beside {
            mutes: mutes::read(&self.storage)?,
            about_thread: in_thread::about(&self.storage, index, facts, summary)?,
        })
    }

    /// Uses the reader of an exchange, opening it if need be.
    ///
    /// # Errors
    /// When there is no such exchange, or `work` fails.
    pub(crate) fn with<R>(
        &self,
        exchange: i64,
        work: impl FnOnce(&mut Exchange) -> Result<R, EngineError>,
    ) -> Result<R, EngineError> {
        let slot = self.slot(exchange);
        slot.with(|| self.storage.shelf(exchange), None, work)
    }

    /// Frames and length of an exchange as of now, if its reader is open and free.
    pub(crate) fn extent_now(&self, exchange: i64) -> Option<(u32, u64)> {
        let slot = self.slots().iter().find(|slot| slot.exchange == exchange).cloned();
        slot?.extent_now()
    }

    /// The slot of an exchange. Opening happens under the slot's own lock, so
    /// one large exchange does not hold up the others.
    fn slot(&self, exchange: i64) -> Arc<Slot> {
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
    fn ticket(&self, asker: Asker, kind: Kind) -> Ticket {
        let key = (asker, kind);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = newest.entry(key).or_default();
        *number += 1;
        Ticket { key, number: *number }
    }

    /// Uses the reader, which is up to date with what is stored.
    ///
    /// # Errors
    /// When the exchange cannot be read, or the ticket is no longer the newest of its kind.
    fn with<R>(
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
                let reader = Exchange::open(shelf()?)?;
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

    fn extent_now(&self) -> Option<(u32, u64)> {
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

/// Whether newer questions of its kind supersede a question.
fn kind_of(ask: &ExchangeAsk) -> Option<Kind> {
    match ask {
        ExchangeAsk::Lanes(_) => Some(Kind::Lanes),
        ExchangeAsk::Locate(_) => Some(Kind::Locate),
        ExchangeAsk::State(_) => Some(Kind::State),
        ExchangeAsk::Chat(_) => Some(Kind::Chat),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use scrubjay_session::memory::MemoryShelf;

    use super::*;
    use crate::file::RecordingFile;

    fn readers() -> Readers {
        Readers::new(Storage::File(Arc::new(RecordingFile::default())))
    }

    fn use_it(slot: &Slot, ticket: &Ticket) -> Result<(), EngineError> {
        let shelf = AnyShelf::Memory(Arc::new(MemoryShelf::default()));
        slot.with(|| Ok(shelf), Some(ticket), |_| Ok(()))
    }

    #[test]
    fn a_newer_question_of_a_kind_supersedes_the_older() {
        let open = readers();
        let slot = open.slot(7);
        let (one, two) = (Asker(1), Asker(2));
        let old = slot.ticket(one, Kind::State);
        let other_kind = slot.ticket(one, Kind::Chat);
        let other_page = slot.ticket(two, Kind::State);
        let new = slot.ticket(one, Kind::State);
        assert!(matches!(use_it(&slot, &old), Err(EngineError::Superseded)));
        for ticket in [other_kind, other_page, new] {
            assert!(use_it(&slot, &ticket).is_ok());
        }
    }

    #[test]
    fn questions_of_no_page_are_all_answered() {
        let open = readers();
        let slot = open.slot(7);
        let tickets = [(); 2].map(|()| slot.ticket(Asker::default(), Kind::Lanes));
        for ticket in tickets {
            assert!(use_it(&slot, &ticket).is_ok());
        }
    }

    #[test]
    fn only_the_last_used_stay_open() {
        let open = readers();
        let first = open.slot(1);
        for exchange in 2..=KEPT as i64 {
            open.slot(exchange);
        }
        assert!(Arc::ptr_eq(&open.slot(1), &first));
        open.slot(99);
        let is_open = |exchange| open.slots().iter().any(|slot| slot.exchange == exchange);
        assert!(is_open(1));
        assert!(!is_open(2));
        open.forget(&[1]);
        assert!(!is_open(1));
    }
}
