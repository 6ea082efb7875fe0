//! The feed: listeners get a line for each thing that changed.
//!
//! - `news`: the feeds of listeners.
//! - `watch`: the thread that notices what changed, here and in other processes.
//! - `signal`: wakes that thread from the capture path. `rates`: what passes at each source.

mod news;
mod rates;
mod signal;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};

pub use self::news::NewsFeed;
use self::watch::Watched;
pub(crate) use self::{news::Hub, rates::Rates, signal::Signal};
use crate::{EngineError, capture::Capture, health::Health, readers::Readers, storage::Storage};

/// The department that sends news. Its thread runs only while there are listeners.
pub(crate) struct Feed {
    watched: Arc<Watched>,
}

impl Feed {
    pub(crate) fn new(
        storage: Storage,
        readers: Arc<Readers>,
        capture: Arc<Capture>,
        hub: Arc<Hub>,
        signal: Arc<Signal>,
        rates: Arc<Rates>,
    ) -> Self {
        Self {
            watched: Arc::new(Watched {
                health: Health::new(storage.clone(), Arc::clone(&capture)),
                storage,
                readers,
                capture,
                hub,
                signal,
                rates,
                has_thread: Mutex::new(false),
            }),
        }
    }

    /// A feed of what changes from now on.
    pub(crate) fn listen(&self) -> Result<NewsFeed, EngineError> {
        let watched = &self.watched;
        let mut has_thread = watched.has_thread.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = watched.hub.listen();
        if let (false, Storage::Store(store)) = (*has_thread, &watched.storage) {
            watch::start(watched, store.changes()?)?;
            *has_thread = true;
        }
        Ok(feed)
    }

    /// Ends all feeds, and the thread.
    pub(crate) fn close(&self) {
        self.watched.hub.close();
        self.watched.signal.wake();
    }
}
