//! Requests that nothing recorded answers, and what was decided about each.

use std::{
    collections::VecDeque,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::matching::{Difference, IncomingRequest};

/// Misses that are kept, unless more of them wait.
const KEPT: usize = 50;

/// What a client is given where nothing recorded answers and no agent is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMiss {
    /// Status 404, with the reason as JSON.
    #[default]
    NotFound,
    /// A `RUN_ERROR` with the reason, if it asked for an event stream; else as `NotFound`.
    RunError,
    /// Nothing until a recording is chosen for it ([`super::Serving::answer_miss`]).
    Wait,
}

impl OnMiss {
    /// The words for them.
    pub const WORDS: [&'static str; 3] = ["not-found", "run-error", "wait"];
}

impl FromStr for OnMiss {
    type Err = UnknownOnMiss;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "" | "not-found" => Ok(Self::NotFound),
            "run-error" => Ok(Self::RunError),
            "wait" => Ok(Self::Wait),
            other => Err(UnknownOnMiss { word: other.to_owned() }),
        }
    }
}

/// Text that names no way to answer a miss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is nothing to answer a miss with")]
pub struct UnknownOnMiss {
    pub word: String,
}

/// A request that nothing recorded answers.
#[derive(Clone, Debug)]
pub struct Missed {
    /// The request's number, from 1.
    pub request: u64,
    /// Wall clock, microseconds since 1970.
    pub at_us: i64,
    pub asked: IncomingRequest,
    /// What it asks, in a few words.
    pub asks: String,
    /// Why nothing answers, as a sentence without a full stop.
    pub reason: String,
    /// The recorded requests that come closest, closest first.
    pub nearest: Vec<Near>,
    /// The client waits for an answer.
    pub waits: bool,
    /// The exchange that was chosen for this request.
    pub chosen: Option<i64>,
}

/// A recorded request that comes close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its exchange's number.
    pub exchange: i64,
    /// Another difference, such as the path; may be empty.
    pub note: String,
    pub differences: Vec<Difference>,
}

struct Kept {
    missed: Missed,
    /// To the client that waits.
    decided: Option<oneshot::Sender<()>>,
}

/// All misses, as far as they are kept.
#[derive(Default)]
pub(crate) struct Misses {
    kept: Mutex<VecDeque<Kept>>,
}

impl Misses {
    /// Keeps a miss that is answered at once.
    pub(crate) fn note(&self, missed: Missed) {
        self.keep(Kept { missed, decided: None });
    }

    /// Keeps a miss whose client waits until something was decided.
    pub(crate) fn wait(&self, missed: Missed) -> Waiting<'_> {
        let (sender, decided) = oneshot::channel();
        let request = missed.request;
        self.keep(Kept {
            missed: Missed { waits: true, ..missed },
            decided: Some(sender),
        });
        Waiting {
            misses: self,
            request,
            decided,
        }
    }

    fn keep(&self, kept: Kept) {
        let mut all = self.kept();
        all.push_front(kept);
        while all.len() > KEPT {
            let Some(place) = all.iter().rposition(|kept| !kept.missed.waits) else {
                break;
            };
            all.remove(place);
        }
    }

    /// Newest first.
    pub(crate) fn list(&self) -> Vec<Missed> {
        self.kept().iter().map(|kept| kept.missed.clone()).collect()
    }

    /// What was asked with this request, if it is kept.
    pub(crate) fn asked(&self, request: u64) -> Option<IncomingRequest> {
        let kept = self.kept();
        let found = kept.iter().find(|kept| kept.missed.request == request);
        found.map(|kept| kept.missed.asked.clone())
    }

    /// Notes what was chosen (nothing means that it stays a miss), and lets the client go on.
    pub(crate) fn decide(&self, request: u64, chosen: Option<i64>) {
        let mut kept = self.kept();
        let Some(found) = kept.iter_mut().find(|kept| kept.missed.request == request) else {
            return;
        };
        found.missed.chosen = chosen;
        found.missed.waits = false;
        if let Some(decided) = found.decided.take() {
            // A client that has left needs no answer.
            decided.send(()).ok();
        }
    }

    fn left(&self, request: u64) {
        let mut kept = self.kept();
        if let Some(found) = kept.iter_mut().find(|kept| kept.missed.request == request) {
            found.missed.waits = false;
        }
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client that waits. Dropped before something was decided, it has left.
pub(crate) struct Waiting<'a> {
    misses: &'a Misses,
    request: u64,
    decided: oneshot::Receiver<()>,
}

impl Waiting<'_> {
    /// Gives when something was decided.
    pub(crate) async fn decided(mut self) {
        (&mut self.decided).await.ok();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.misses.left(self.request);
    }
}
