//! Wakes the watching thread from the capture path.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
};

/// Ringing costs one atomic swap unless the watch has looked since the last
/// ring, which it does at most twenty times a second.
#[derive(Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    watch: Mutex<Option<Thread>>,
}

impl Bell {
    /// Something happened.
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Whether it rang since the last look.
    pub(super) fn look(&self) -> bool {
        self.rung.swap(false, Ordering::AcqRel)
    }

    /// Names the thread to wake.
    pub(super) fn belongs_to(&self, thread: Thread) {
        *self.watch.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    }

    /// Wakes the watch whether or not anything happened.
    pub(super) fn wake(&self) {
        if let Some(thread) = &*self.watch.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_stays_rung_until_a_look() {
        let bell = Bell::default();
        assert!(!bell.look());
        bell.ring();
        bell.ring();
        assert!(bell.look());
        assert!(!bell.look());
    }
}
