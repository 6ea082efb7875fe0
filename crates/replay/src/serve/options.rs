//! How a replay serves.

use std::sync::Arc;

use scrubjay_session::exchange::{Exchange, field};

use super::{hold::Hold, misses::OnMiss};
use crate::{
    adapt::IdMap,
    fault::Faults,
    matching::Hit,
    pace::Pace,
    schedule::{Cut, ScheduleOptions},
};

/// How a replay serves; changed as a whole.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    pub pace: Pace,
    /// Bytes as recorded, without the ids of the request.
    pub exact: bool,
    /// Events' `timestamp` is moved by the time that has passed since the
    /// recording. Not with `exact`.
    pub shifts_timestamps: bool,
    /// What goes wrong on purpose.
    pub faults: Arc<Faults>,
    /// Where streams stop and wait for an order.
    pub hold: Hold,
    /// What a client is given where nothing recorded answers.
    pub on_miss: OnMiss,
}

impl ServeOptions {
    /// Where parts of a stream begin and end.
    pub(crate) fn cut(&self) -> Cut {
        if self.pace.is_by_event() || !self.hold.is_empty() {
            Cut::Frames
        } else {
            Cut::Recorded
        }
    }

    /// How the `request`th request is answered at `now_us` since 1970, with the faults that are meant for it.
    pub(crate) fn schedule_options(
        &self,
        hit: &Hit,
        exchange: &Exchange,
        faults: &Arc<Faults>,
        request: u64,
        now_us: i64,
    ) -> ScheduleOptions {
        let shifts = self.shifts_timestamps && !self.exact;
        // Where no id is put in and nothing decoded, the bytes stay, and so do the fields about them.
        let is_untouched = self.exact || !shifts && hit.ids == IdMap::default() && !is_encoded(exchange);
        ScheduleOptions {
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
