//! Orders for one stream, and the event they are about.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

/// Orders that may wait for one stream.
const WAITING: usize = 1000;

/// What to do with the next event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Send,
    Skip,
    Duplicate,
    /// Send it after this time.
    Delay(Duration),
    /// Send an event with this text in its place.
    Edit(String),
    /// Go on at the replay's pace; a stream that is stepped goes on as recorded.
    Go,
    Reset,
}

/// The event that goes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// Its frame in the recording.
    pub seq: u32,
    /// Event type; empty when the frame is no event.
    pub type_name: String,
    pub text: String,
    /// Whether another text can take its place: not in a binary stream.
    pub is_editable: bool,
}

/// The orders that wait for a stream.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    queue: Mutex<VecDeque<Order>>,
    /// So that a stream that is not steered need not lock.
    count: AtomicUsize,
    come: Notify,
}

impl Orders {
    /// Adds an order; false when too many wait already.
    pub(crate) fn give(&self, order: Order) -> bool {
        let mut orders = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if orders.len() >= WAITING {
            return false;
        }
        orders.push_back(order);
        self.count.store(orders.len(), Ordering::Release);
        self.come.notify_one();
        true
    }

    /// The next order, if there is one.
    pub(crate) fn take(&self) -> Option<Order> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut orders = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let order = orders.pop_front();
        self.count.store(orders.len(), Ordering::Release);
        order
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    pub(crate) async fn come(&self) {
        if !self.is_waiting() {
            self.come.notified().await;
        }
    }
}
