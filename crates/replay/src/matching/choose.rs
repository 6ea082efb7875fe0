//! Which of several recorded answers is given.

use super::{
    card::Card,
    compare::Comparison,
    live::{Session, Thread},
    request::Kind,
};

/// A recorded exchange that could answer.
pub(super) struct Candidate {
    pub(super) place: usize,
    pub(super) comparison: Comparison,
}

/// How well a candidate fits; the least is the best. In the order of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// The client does not read what it sends.
    wrong_media: bool,
    /// The recorded client gave it up before it was answered.
    given_up: bool,
    /// The agent was given something else beside the conversation.
    differs: bool,
    turn: Turn,
    /// Runs between the one expected and this one.
    distance: usize,
    differences: usize,
    /// As recorded, or the last first when an answer is repeated.
    order: i64,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Next in the recorded thread that this client follows.
    Next,
    /// In that thread, passed over so far.
    Passed,
    /// First of a recorded thread that nobody follows yet.
    New,
    /// In that thread, once more.
    Again,
    /// Of a recorded thread that was given before.
    Shared,
    /// From the middle of a recorded thread.
    Middle,
}

/// Ranks a candidate for a request of `thread`.
pub(super) fn rank(candidate: &Candidate, card: &Card, session: &Session, thread: &Thread, accept: &str) -> Rank {
    let place = candidate.place;
    let is_own = card.thread_id.is_some() && card.thread_id == thread.recorded;
    let turn = match card.reading.kind {
        Kind::Run => turn_of_run(is_own, place, card, session, thread),
        Kind::Connect | Kind::Other => turn_of_other(is_own, place, session),
    };
    let expected = if is_own { thread.next } else { thread.runs };
    let repeats = matches!(turn, Turn::Again | Turn::Shared);
    let order = i64::try_from(place).unwrap_or(i64::MAX);
    Rank {
        wrong_media: !admits(accept, card.is_binary),
        given_up: card.is_given_up,
        differs: card.reading.kind == Kind::Run && !candidate.comparison.soft.is_empty(),
        turn,
        distance: if card.reading.kind == Kind::Other {
            0
        } else {
            card.place.abs_diff(expected)
        },
        differences: candidate.comparison.soft.len(),
        order: if repeats { -order } else { order },
    }
}

fn turn_of_run(is_own: bool, place: usize, card: &Card, session: &Session, thread: &Thread) -> Turn {
    match (is_own, thread.given(place) > 0, session.given(place) > 0) {
        (true, false, _) if card.place >= thread.next => Turn::Next,
        (true, false, _) => Turn::Passed,
        (true, true, _) => Turn::Again,
        // A thread begins where a recorded one does; only what has a history
        // can begin in its middle.
        (false, _, _) if thread.recorded.is_none() && card.place > 0 => Turn::Middle,
        (false, _, false) => Turn::New,
        (false, _, true) => Turn::Shared,
    }
}

fn turn_of_other(is_own: bool, place: usize, session: &Session) -> Turn {
    match (is_own, session.given(place) > 0) {
        (true, false) => Turn::Next,
        (false, false) => Turn::New,
        (true, true) => Turn::Again,
        (false, true) => Turn::Shared,
    }
}

impl Rank {
    pub(super) fn turn(self) -> Turn {
        self.turn
    }
}

/// Whether an `Accept` field admits an answer. Only the binary transport
/// is asked for by it; everything else goes to whoever asks.
fn admits(accept: &str, is_binary: bool) -> bool {
    let essence = |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let binary = scrubjay_protocol::record::MEDIA_TYPE;
    let wanted: Vec<String> = accept
        .split(',')
        .map(essence)
        .filter(|media| !media.is_empty())
        .collect();
    let names = |media: &str| wanted.iter().any(|wanted| wanted == media);
    let any = names("*/*") || names("application/*");
    if is_binary {
        names(binary) || any
    } else {
        !names(binary) || any || names("text/event-stream")
    }
}

#[cfg(test)]
mod tests {
    use super::admits;

    #[test]
    fn the_binary_transport_goes_to_who_asks_for_it() {
        let binary = scrubjay_protocol::record::MEDIA_TYPE;
        for (accept, takes_sse, takes_binary) in [
            ("", true, false),
            ("text/event-stream", true, false),
            ("*/*", true, true),
            (binary, false, true),
            ("application/vnd.ag-ui.event+proto, text/event-stream;q=0.5", true, true),
        ] {
            assert_eq!(
                (admits(accept, false), admits(accept, true)),
                (takes_sse, takes_binary),
                "{accept}"
            );
        }
    }
}
