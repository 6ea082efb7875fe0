//! How an answer ends: in an orderly way, never, or broken off.

use std::{future::poll_fn, time::Duration};

use bytes::Bytes;
use http_body::Frame;
use scrubjay_proxy::BoxError;
use tokio::time::{Instant, timeout};

use super::Player;
use crate::{
    pace::Pace,
    schedule::{End, EndKind},
    serve::{clients::StreamStage, fields::sendable, orders::Order},
};

/// How long the bytes before a broken HTTP/2 stream are waited for.
const LATER_FLUSH: Duration = Duration::from_millis(50);

/// The answer breaks off here, as it was recorded or as it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the answer breaks off here")]
struct BrokenOff;

impl Player {
    pub(super) async fn end(&mut self, end: End) -> Option<Result<Frame<Bytes>, BoxError>> {
        let held = Duration::from_micros(end.held_us);
        let due = match self.pace() {
            Pace::Recorded { .. } | Pace::Instant => self.pace().due(end.at_us, 0).unwrap_or_default() + held,
            // Paced by event, and the end is none.
            Pace::Fixed(_) | Pace::Step => {
                self.origin.elapsed() + held.saturating_sub(Duration::from_micros(self.held_us))
            }
        };
        let due = if matches!(end.how, EndKind::Never) {
            None
        } else {
            Some(self.origin + due)
        };
        if self.is_cut_short(due).await {
            return Some(Err(self.break_off(true).await));
        }
        match end.how {
            EndKind::Complete(trailers) => {
                self.over(StreamStage::Done);
                // The answer to the head has counted those that cannot be sent.
                let (trailers, _missing) = sendable(&trailers);
                (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
            }
            EndKind::Reset => Some(Err(self.break_off(true).await)),
            EndKind::Unterminated | EndKind::Never => Some(Err(self.break_off(false).await)),
        }
    }

    /// Waits for the end; true when an order breaks the connection off before it.
    async fn is_cut_short(&mut self, due: Option<Instant>) -> bool {
        while due.is_none_or(|due| due > Instant::now()) {
            self.wait(due).await;
            if self.client.as_ref().and_then(|client| client.orders.take()) == Some(Order::Reset) {
                return true;
            }
            self.changes.borrow_and_update();
        }
        false
    }

    pub(super) async fn break_off(&mut self, with_reset: bool) -> BoxError {
        self.flushed().await;
        if self.is_http2 {
            // The flush may have been another stream's, begun before our bytes
            // were in line. One that begins now takes them along; when none
            // comes, they are gone already.
            let mark = self.connection.flushes() + 1;
            let later = poll_fn(|cx| self.connection.poll_flushed_after(mark, cx));
            timeout(LATER_FLUSH, later).await.ok();
        }
        if (with_reset || self.is_until_closed) && !self.is_http2 {
            self.connection.close_abruptly();
        }
        self.over(StreamStage::Done);
        BrokenOff.into()
    }
}
