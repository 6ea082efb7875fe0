//! How long a connection may be without a request: heads that never end, and
//! connections on which nothing is asked, would stay for ever. Only heads are
//! timed, and the time between requests; never a request or an answer.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::StatusCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

use crate::refusal::Refusal;

/// From its first byte on, a head may take this long.
const FOR_HEAD: Duration = Duration::from_secs(30);
/// A connection on which nothing is asked may stay this long. Longer than
/// clients keep one for the next request, so that none is closed under it.
const IDLE: Duration = Duration::from_secs(600);
/// Heads that are waited for at a time. One that comes in one piece, as heads
/// do, is never waited for.
pub(crate) const UNFINISHED: usize = 256;
/// What an HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What was waited for in vain.
pub(crate) enum Waited {
    /// The next request.
    Idle,
    /// The rest of a head. These bytes answer it.
    ForHead(Vec<u8>),
}

/// The clock of one connection while no request is under way on it.
pub(crate) struct HeadClock {
    sleep: Option<Pin<Box<Sleep>>>,
    /// The sleep is for what is waited for now.
    is_set: bool,
    /// When the first byte of a head came.
    head_began: Option<Instant>,
    requests: u64,
    /// Bytes of the preface that came, until another one came.
    preface: Option<usize>,
    unfinished: Arc<Semaphore>,
    /// Held while the rest of a head is waited for.
    permit: Option<OwnedSemaphorePermit>,
}

impl HeadClock {
    pub(crate) fn new(unfinished: Arc<Semaphore>) -> Self {
        Self {
            sleep: None,
            is_set: false,
            head_began: None,
            requests: 0,
            preface: Some(0),
            unfinished,
            permit: None,
        }
    }

    /// So many requests have begun. With another one, a head has come whole.
    pub(crate) fn requests(&mut self, begun: u64) {
        if begun != self.requests {
            self.requests = begun;
            self.is_set = false;
            self.head_began = None;
            self.permit = None;
        }
    }

    /// Bytes came while no request was under way.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        if let Some(seen) = self.preface.filter(|seen| *seen < PREFACE.len()) {
            let len = bytes.len().min(PREFACE.len() - seen);
            self.preface = (bytes[..len] == PREFACE[seen..seen + len]).then_some(seen + len);
        }
        if self.is_http2() {
            // Its frames come between requests, too; with each the waiting begins anew.
            self.head_began = None;
            self.permit = None;
            self.is_set = false;
        } else if self.head_began.is_none() && !bytes.is_empty() {
            self.head_began = Some(Instant::now());
            self.is_set = false;
        }
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.preface == Some(PREFACE.len())
    }

    /// Ready when there is nothing more to wait for.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Waited> {
        if self.head_began.is_some() && self.permit.is_none() {
            match Arc::clone(&self.unfinished).try_acquire_owned() {
                Ok(permit) => self.permit = Some(permit),
                Err(_all_taken) => return Poll::Ready(Waited::ForHead(too_many().bytes())),
            }
        }
        if !self.is_set {
            let until = match self.head_began {
                Some(began) => began + FOR_HEAD,
                None => Instant::now() + IDLE,
            };
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(until),
                None => self.sleep = Some(Box::pin(tokio::time::sleep_until(until))),
            }
            self.is_set = true;
        }
        if !self
            .sleep
            .as_mut()
            .is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready())
        {
            return Poll::Pending;
        }
        Poll::Ready(match self.head_began {
            Some(_) => Waited::ForHead(too_slow().bytes()),
            None => Waited::Idle,
        })
    }
}

fn too_slow() -> Refusal {
    Refusal {
        status: StatusCode::REQUEST_TIMEOUT,
        kind: "refused",
        sentence: format!("The head of the request was not whole within {} s.", FOR_HEAD.as_secs()),
        hint: "Send request line and fields at once; the body may take as long as it likes.".to_owned(),
    }
}

fn too_many() -> Refusal {
    Refusal {
        status: StatusCode::SERVICE_UNAVAILABLE,
        kind: "refused",
        sentence: format!(
            "{UNFINISHED} requests are waited for whose heads are not whole, and this would be one more."
        ),
        hint: "Close connections that do not end their requests, or ask again.".to_owned(),
    }
}
