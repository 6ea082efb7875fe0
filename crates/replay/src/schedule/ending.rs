//! How the answer of an exchange ends.

use scrubjay_session::exchange::{Ending, Exchange};

use super::{End, EndKind};

/// The recorded end, as itself.
pub(super) fn of(exchange: &Exchange) -> End {
    let (how, why) = match exchange.ending {
        Ending::Complete => (EndKind::Complete(exchange.trailers.clone()), ""),
        Ending::UpstreamReset | Ending::NoAnswer => (EndKind::Reset, ""),
        // The connection ends in an orderly way, and the body is not whole.
        Ending::UpstreamClosed => (EndKind::Unterminated, ""),
        // The recorded client left of its own accord, and so will this one:
        // a reset would show it an error that no client saw.
        Ending::ClientLeft => (
            EndKind::Never,
            "the recorded client left here, so what the agent would have said is not known",
        ),
        Ending::Open | Ending::RecorderStopped => (EndKind::Reset, "the recording stopped here, before the answer did"),
    };
    End {
        at_us: exchange.last_at_us,
        held_us: 0,
        how,
        why: why.into(),
    }
}
