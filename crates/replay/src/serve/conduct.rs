//! How a replay serves.

use std::sync::Arc;

use scrubjay_session::exchange::{Exchange, field};

use super::{hold::Hold, misses::OnMiss};
use crate::{
    adapt::IdMap,
    fault::Faults,
    matching::Hit,
    pace::Pace,
    schedule::{Cut, Manner},
};

/// How a replay serves. It is exchanged as a whole.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// How fast.
    pub pace: Pace,
    /// Bytes as recorded, without the ids of the request.
    pub exact: bool,
    /// Events' `timestamp` is moved by the time that has passed since the
    /// recording. Not with `exact`.
    pub shifts_timestamps: bool,
    /// What goes wrong on purpose.
    pub faults: Arc<Faults>,
    /// Where streams stop and wait for a hand.
    pub hold: Hold,
    /// What a client is given where nothing recorded answers.
    pub on_miss: OnMiss,
}

impl Conduct {
    /// Where parts of a stream begin and end.
    pub(crate) fn cut(&self) -> Cut {
        if self.pace.is_by_event() || !self.hold.is_empty() {
            Cut::Frames
        } else {
            Cut::Recorded
        }
    }

    /// The manner in which one request, the `request`th, is answered at `now_us`
    /// since 1970, with the faults that are meant for it.
    pub(crate) fn manner(
        &self,
        hit: &Hit,
        exchange: &Exchange,
        faults: &Arc<Faults>,
        request: u64,
        now_us: i64,
    ) -> Manner {
        let shifts = self.shifts_timestamps && !self.exact;
        // Where no id is to be put in and nothing decoded, the bytes stay, and so does what is said of them.
        let is_untouched = self.exact || !shifts && hit.ids == IdMap::default() && !is_encoded(exchange);
        Manner {
            ids: (!is_untouched).then(|| hit.ids.clone()),
            shift_us: if shifts {
                now_us.saturating_sub(exchange.started_at_us)
            } else {
                0
            },
            cut: self.cut(),
            faults: Arc::clone(faults),
            request,
        }
    }
}

fn is_encoded(exchange: &Exchange) -> bool {
    let head = exchange.response.as_ref();
    head.is_some_and(|head| !field(&head.headers, "content-encoding").is_empty())
}
