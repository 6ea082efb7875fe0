//! Wakes the watching thread from the capture path.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::Thread,
};

/// Raising it costs one atomic swap, and a wake when the watch has looked since it
/// was last raised: at most twenty times a second.
#[derive(Default)]
pub(crate) struct Signal {
    raised: AtomicBool,
    watch: Mutex<Option<Thread>>,
}

impl Signal {
    /// Something happened.
    pub(crate) fn raise(&self) {
        if !self.raised.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Whether it was raised since this was last asked.
    pub(super) fn take(&self) -> bool {
        self.raised.swap(false, Ordering::AcqRel)
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
    fn a_signal_stays_raised_until_it_is_taken() {
        let signal = Signal::default();
        assert!(!signal.take());
        signal.raise();
        signal.raise();
        assert!(signal.take());
        assert!(!signal.take());
    }
}
