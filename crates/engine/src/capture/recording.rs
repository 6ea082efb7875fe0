//! What records in this process: the spool, and the threads that forward.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use scrubjay_store::{Incident, SizeCap, Spool, Store};

use crate::{EngineError, threads::Threads};

/// Made with the first source that runs, and shared by all.
#[derive(Default)]
pub(crate) struct Recording {
    open: Mutex<Option<Arc<Recorders>>>,
    /// The cap on the store's size that this process keeps to.
    cap: Mutex<Option<SizeCap>>,
    /// The last spool, which is kept when it is closed for its incidents.
    spool: Mutex<Option<Spool>>,
    pub(super) left_out: Arc<AtomicU64>,
}

/// A spool that is open, and threads that run.
pub(super) struct Recorders {
    pub(super) spool: Spool,
    pub(super) threads: Threads,
}

impl Recording {
    pub(super) fn open(&self, store: &Store) -> Result<Arc<Recorders>, EngineError> {
        let mut open = lock(&self.open);
        if let Some(open) = &*open {
            return Ok(Arc::clone(open));
        }
        let made = Arc::new(Recorders {
            spool: store.record()?,
            threads: Threads::start("capture")?,
        });
        if let Some(cap) = *lock(&self.cap) {
            made.spool.set_cap(cap);
        }
        *lock(&self.spool) = Some(made.spool.clone());
        *open = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Takes effect when the first source runs.
    pub(crate) fn set_cap(&self, cap: SizeCap) {
        *lock(&self.cap) = Some(cap);
    }

    /// Why what was recorded does not get into the store, in words; absent when all is well.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.open).as_ref()?.spool.trouble()
    }

    /// Why what passes is not recorded now, in words; absent when it is.
    pub(crate) fn outage(&self) -> Option<String> {
        lock(&self.spool).as_ref()?.outage()
    }

    /// What happened while recording, since this was last asked.
    pub(crate) fn incidents(&self) -> Vec<Incident> {
        lock(&self.spool).as_ref().map_or_else(Vec::new, Spool::incidents)
    }

    /// Bytes of the spool that have come into the store.
    pub(crate) fn absorbed_bytes(&self) -> u64 {
        lock(&self.spool).as_ref().map_or(0, Spool::absorbed_bytes)
    }

    /// Exchanges that passed without being recorded, because they were not asked for.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Ends the threads and moves everything into the store, unless that does not
    /// get on: what was forwarded is in the spool, and the next start takes it in.
    pub(super) fn close(&self, patience: Duration) -> bool {
        let open = lock(&self.open).take();
        open.is_none_or(|open| {
            open.threads.end(patience / 2);
            open.spool.finish(patience)
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
