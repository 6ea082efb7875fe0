//! Which of several recorded answers is given.

use super::{
    compare::Comparison,
    digest::RequestDigest,
    live::{Session, Thread},
    request::{Kind, Reading},
};

/// A recorded exchange that could answer.
pub(super) struct Candidate {
    pub(super) place: usize,
    pub(super) comparison: Comparison,
    /// The user chose it.
    pub(super) is_chosen: bool,
}

/// How well a candidate fits; the least is the best. In the order of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// The client does not read what it sends.
    wrong_media: bool,
    /// The recorded client gave it up before it was answered.
    given_up: bool,
    /// It is not the run that the request names by the recorded ids of thread and run.
    other_run: bool,
    /// The agent was given something else beside the conversation.
    differs: bool,
    /// It is of another recorded thread than the one that is followed.
    is_foreign: bool,
    /// How far from the client's place in the thread it was asked; what came later, after all that came before.
    away: (bool, usize),
    turn: Turn,
    /// Another client's thread follows its recorded thread.
    is_taken: bool,
    /// Runs between the one expected and this one.
    distance: usize,
    differences: usize,
    /// As recorded, or the last first when an answer is repeated.
    order: i64,
}

/// How a recorded run is given to a client: the first that fits best comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Next in the recorded thread that this client follows.
    Next,
    /// In that thread, passed over so far.
    Passed,
    /// First of a recorded thread that no client follows yet.
    New,
    /// In that thread, once more.
    Again,
    /// Of a recorded thread that was given before.
    Shared,
    /// From the middle of a recorded thread.
    Middle,
}

/// What is known of the request and of what was answered before.
pub(super) struct Here<'a> {
    pub(super) live: &'a Reading,
    pub(super) accept: &'a str,
    pub(super) session: &'a Session,
    pub(super) thread_id: Option<&'a str>,
    pub(super) thread: &'a Thread,
}

impl Here<'_> {
    pub(super) fn rank(&self, candidate: &Candidate, digest: &RequestDigest) -> Rank {
        let (place, thread) = (candidate.place, self.thread);
        let is_run = digest.reading.kind == Kind::Run;
        let is_own = digest.thread_id.is_some() && digest.thread_id == thread.recorded;
        let is_taken = match &digest.thread_id {
            Some(recorded) => !is_own && self.session.is_taken(recorded, self.thread_id),
            None => self.session.given(place) > 0,
        };
        let turn = if is_run {
            self.turn_of_run(is_own, is_taken, place, digest)
        } else {
            self.turn_of_other(is_own, place)
        };
        let expected = if is_own { thread.next } else { thread.runs };
        let repeats = matches!(turn, Turn::Again | Turn::Shared);
        let order = i64::try_from(place).unwrap_or(i64::MAX);
        Rank {
            wrong_media: !admits(self.accept, digest.is_binary),
            given_up: digest.is_given_up,
            other_run: is_run && !self.names(digest),
            differs: is_run && !candidate.comparison.soft.is_empty(),
            is_foreign: digest.thread_id.is_some() && !is_own,
            away: if is_own && !is_run {
                (digest.place > thread.next, digest.place.abs_diff(thread.next))
            } else {
                (false, 0)
            },
            turn,
            is_taken,
            distance: if is_run { digest.place.abs_diff(expected) } else { 0 },
            differences: candidate.comparison.soft.len(),
            order: if repeats { -order } else { order },
        }
    }

    /// Whether the request names this very run.
    fn names(&self, digest: &RequestDigest) -> bool {
        let named = |recorded: &Option<String>, live: Option<&str>| live.is_some() && recorded.as_deref() == live;
        named(&digest.thread_id, self.live.thread_id()) && named(&digest.run_id, self.live.run_id())
    }

    fn turn_of_run(&self, is_own: bool, is_taken: bool, place: usize, digest: &RequestDigest) -> Turn {
        match (is_own, self.thread.given(place) > 0) {
            (true, false) if digest.place >= self.thread.next => Turn::Next,
            (true, false) => Turn::Passed,
            (true, true) => Turn::Again,
            // A thread begins where a recorded one does; only what has a history
            // can begin in its middle.
            (false, _) if digest.place > 0 => Turn::Middle,
            (false, _) if is_taken => Turn::Shared,
            (false, _) => Turn::New,
        }
    }

    fn turn_of_other(&self, is_own: bool, place: usize) -> Turn {
        match (is_own, self.session.given(place) > 0) {
            (true, false) => Turn::Next,
            (false, false) => Turn::New,
            (true, true) => Turn::Again,
            (false, true) => Turn::Shared,
        }
    }
}

impl Rank {
    pub(super) fn turn(self) -> Turn {
        self.turn
    }
}

/// Whether an `Accept` field admits an answer. Only the binary transport
/// is asked for by it; everything else answers any request.
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
