//! The feeds of listeners.
//!
//! A feed never queues: what was not fetched yet is one entry per subject, and
//! a newer piece of news about it replaces the older. So a page that sleeps
//! costs nothing and finds the latest when it wakes. Of very many exchanges it
//! finds those of the latest, and the news that the library changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use scrubjay_ipc::{HealthView, News};
use tokio::sync::Notify;

/// Exchanges of which a feed keeps news that it did not fetch yet, of either
/// kind; of more the oldest are dropped.
const KEPT: usize = 2_000;

/// News not fetched yet.
#[derive(Default)]
struct Pending {
    library: bool,
    sources: bool,
    replays: bool,
    compared: BTreeSet<u64>,
    began: BTreeSet<i64>,
    grown: BTreeMap<i64, News>,
    health: Option<HealthView>,
    /// Some were dropped.
    missed: bool,
    closed: bool,
}

impl Pending {
    fn put(&mut self, news: &News) {
        match news {
            News::Library => self.library = true,
            News::Sources => self.sources = true,
            News::Replays => self.replays = true,
            News::Compared { comparison } => {
                self.compared.insert(*comparison);
            }
            News::Began { exchange } => {
                self.began.insert(*exchange);
                if self.began.len() > KEPT {
                    self.began.pop_first();
                    self.missed = true;
                }
            }
            News::Grown { exchange, .. } => {
                self.grown.insert(*exchange, news.clone());
                if self.grown.len() > KEPT {
                    self.grown.pop_first();
                    self.missed = true;
                }
            }
            News::Health(health) => self.health = Some(health.clone()),
        }
    }

    /// The most urgent first: a window that follows goes to a new run before it gets the run's growth.
    fn take(&mut self) -> Option<News> {
        if let Some(exchange) = self.began.pop_first() {
            return Some(News::Began { exchange });
        }
        if let Some((_, news)) = self.grown.pop_first() {
            return Some(news);
        }
        if std::mem::take(&mut self.library) {
            return Some(News::Library);
        }
        if std::mem::take(&mut self.sources) {
            return Some(News::Sources);
        }
        if std::mem::take(&mut self.replays) {
            return Some(News::Replays);
        }
        if let Some(comparison) = self.compared.pop_first() {
            return Some(News::Compared { comparison });
        }
        self.health.take().map(News::Health)
    }
}

#[derive(Default)]
struct Inbox {
    pending: Mutex<Pending>,
    ready: Notify,
}

impl Inbox {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One listener's news. Dropping it ends the listening.
pub struct NewsFeed {
    inbox: Arc<Inbox>,
}

impl NewsFeed {
    /// The next piece of news; `None` once the engine was closed.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            let ready = self.inbox.ready.notified();
            {
                let mut pending = self.inbox.pending();
                if let Some(news) = pending.take() {
                    return Some(news);
                }
                if pending.closed {
                    return None;
                }
            }
            ready.await;
        }
    }
}

impl NewsFeed {
    /// Whether news of exchanges were dropped since this was last asked,
    /// because too many came while none were fetched.
    pub fn has_missed(&self) -> bool {
        std::mem::take(&mut self.inbox.pending().missed)
    }
}

/// All listeners.
#[derive(Default)]
pub(crate) struct Hub {
    inboxes: Mutex<Vec<Weak<Inbox>>>,
}

impl Hub {
    /// A new listener.
    pub(crate) fn listen(&self) -> NewsFeed {
        let inbox = Arc::new(Inbox::default());
        self.inboxes().push(Arc::downgrade(&inbox));
        NewsFeed { inbox }
    }

    pub(crate) fn has_listeners(&self) -> bool {
        let mut inboxes = self.inboxes();
        inboxes.retain(|inbox| inbox.strong_count() > 0);
        !inboxes.is_empty()
    }

    /// Puts a piece of news into all feeds.
    pub(crate) fn publish(&self, news: &News) {
        for inbox in self.inboxes().iter().filter_map(Weak::upgrade) {
            inbox.pending().put(news);
            inbox.ready.notify_one();
        }
    }

    /// Ends all feeds.
    pub(crate) fn close(&self) {
        for inbox in self.inboxes().drain(..).filter_map(|inbox| inbox.upgrade()) {
            inbox.pending().closed = true;
            inbox.ready.notify_one();
        }
    }

    fn inboxes(&self) -> MutexGuard<'_, Vec<Weak<Inbox>>> {
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(frames: u32) -> News {
        News::Grown {
            exchange: 7,
            frames,
            duration_us: 0,
            live: true,
        }
    }

    #[tokio::test]
    async fn a_sleeping_listener_finds_only_the_latest() {
        let hub = Hub::default();
        let mut feed = hub.listen();
        for frames in 1..=1000 {
            hub.publish(&grown(frames));
            hub.publish(&News::Library);
        }
        hub.publish(&News::Began { exchange: 7 });
        hub.close();
        let mut seen = Vec::new();
        while let Some(news) = feed.next().await {
            seen.push(news);
        }
        assert_eq!(seen, [News::Began { exchange: 7 }, grown(1000), News::Library]);
    }

    #[tokio::test]
    async fn a_listener_that_sleeps_for_long_finds_the_latest_of_many() {
        let hub = Hub::default();
        let mut feed = hub.listen();
        for exchange in 0..3 * KEPT as i64 {
            hub.publish(&News::Began { exchange });
            hub.publish(&News::Grown {
                exchange,
                frames: 1,
                duration_us: 0,
                live: false,
            });
        }
        assert!(feed.has_missed());
        assert!(!feed.has_missed(), "it is reported once");
        hub.close();
        let mut count = 0;
        while let Some(news) = feed.next().await {
            let (News::Began { exchange } | News::Grown { exchange, .. }) = news else {
                panic!("{news:?}")
            };
            assert!(exchange >= 2 * KEPT as i64);
            count += 1;
        }
        assert_eq!(count, 2 * KEPT);
    }

    #[tokio::test]
    async fn a_dropped_feed_listens_no_more() {
        let hub = Hub::default();
        assert!(!hub.has_listeners());
        let feed = hub.listen();
        assert!(hub.has_listeners());
        drop(feed);
        assert!(!hub.has_listeners());
    }
}
