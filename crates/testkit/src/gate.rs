//! A gate between a test and what it tests: no sleep makes a race pass.

use std::sync::Arc;

use tokio::sync::watch;

/// Closed at first; once opened it stays open.
#[derive(Clone, Debug)]
pub struct Gate {
    is_open: Arc<watch::Sender<bool>>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            is_open: Arc::new(watch::Sender::new(false)),
        }
    }
}

impl Gate {
    pub fn open(&self) {
        self.is_open.send_replace(true);
    }

    pub fn is_open(&self) -> bool {
        *self.is_open.borrow()
    }

    /// Waits until it is open.
    ///
    /// # Panics
    /// After 30 seconds, because then the test hangs.
    pub async fn passed(&self) {
        let mut watcher = self.is_open.subscribe();
        let open = watcher.wait_for(|is_open| *is_open);
        let waited = tokio::time::timeout(crate::PATIENCE, open).await;
        assert!(
            matches!(waited, Ok(Ok(_))),
            "the gate should open within {:?}",
            crate::PATIENCE
        );
    }
}
