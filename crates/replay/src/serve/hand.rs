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
    /// Send it now.
    Send,
    /// Leave it out.
    Skip,
    /// Send it twice.
    Duplicate,
    /// Send it after this time.
    Delay(Duration),
    /// Send an event with this text in its place.
    Edit(String),
    /// Go on at the replay's pace; a stream that is stepped goes on as recorded.
    Go,
    /// Break the connection off.
    Reset,
}

/// The event that goes next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// Its frame in the recording.
    pub seq: u32,
    /// Event type; empty when the frame is no event.
    pub type_name: String,
    /// Its text.
    pub text: String,
    /// Whether another text can take its place: not in a binary stream.
    pub is_editable: bool,
}

/// Orders on their way to a stream.
#[derive(Debug, Default)]
pub(crate) struct Hand {
    orders: Mutex<VecDeque<Order>>,
    /// So that a stream that nobody steers need not lock.
    count: AtomicUsize,
    come: Notify,
}

impl Hand {
    /// Adds an order; false when too many wait already.
    pub(crate) fn give(&self, order: Order) -> bool {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order = orders.pop_front();
        self.count.store(orders.len(), Ordering::Release);
        order
    }

    /// Whether there is an order.
    pub(crate) fn is_waiting(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Waits for an order.
    pub(crate) async fn come(&self) {
        if !self.is_waiting() {
            self.come.notified().await;
        }
    }
}
