//! Which recorded requests come close to one that nothing answers.

use super::{
    Nearest,
    compare::{self, Comparison},
    digest::{self, Ids, RequestDigest},
    live::Thread,
    request::{Kind, Reading},
    route, why,
};
use crate::{adapt::IdMap, recorded::Recorded};

/// Recorded requests that are named.
const NAMED: usize = 3;
/// Recorded requests that are read to find them.
const READ: usize = 24;

/// What keeps a recorded request back, the coarsest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apart {
    /// It went to another place.
    Elsewhere,
    /// One of the two is no run.
    Kind,
    /// It asked for something else in an envelope.
    Envelope,
    Query,
    /// Nothing answered it.
    Unanswered,
    /// Its body, or nothing.
    Body,
}

impl Apart {
    /// As much as so many differences that do not keep an answer back.
    fn weight(self) -> usize {
        match self {
            Self::Elsewhere => 10_000,
            Self::Kind | Self::Envelope => 1000,
            Self::Query => 1,
            Self::Unanswered | Self::Body => 0,
        }
    }
}

/// The closest recorded requests and what keeps each back, closest first.
pub(super) fn find(
    recorded: &[Recorded],
    digests: &[RequestDigest],
    live: &Reading,
    thread: &Thread,
) -> Vec<(Apart, Nearest)> {
    let conversation = digest::conversation(live, &Ids::None);
    let mut places: Vec<usize> = (0..digests.len())
        .filter(|place| digests[*place].reading.method != "OPTIONS")
        .collect();
    let closeness = |digest: &RequestDigest| {
        let common = digest
            .conversation
            .iter()
            .zip(&conversation)
            .take_while(|(one, other)| one.may_be(**other))
            .count();
        let same = [
            digest.reading.kind == live.kind,
            digest.reading.path.trim_end_matches('/') == live.path.trim_end_matches('/'),
            digest.reading.method == live.method,
            digest.reading.envelope == live.envelope,
        ];
        let same = same.into_iter().filter(|same| *same).count();
        (
            same,
            common,
            usize::MAX - digest.conversation.len().abs_diff(conversation.len()),
        )
    };
    places.sort_by_key(|place| std::cmp::Reverse(closeness(&digests[*place])));
    places.truncate(READ);
    let mut nearest: Vec<(usize, Apart, Nearest)> = places
        .into_iter()
        .map(|place| nearest_at(place, &recorded[place], &digests[place], live, thread))
        .collect();
    nearest.sort_by_key(|(weight, ..)| *weight);
    let named = nearest.into_iter().take(NAMED);
    named.map(|(_, apart, nearest)| (apart, nearest)).collect()
}

fn nearest_at(
    place: usize,
    recorded: &Recorded,
    digest: &RequestDigest,
    live: &Reading,
    thread: &Thread,
) -> (usize, Apart, Nearest) {
    let ids = &thread.ids;
    let apart = apart(digest, live, ids);
    let both_talk = digest.reading.kind != Kind::Other && live.kind != Kind::Other;
    let is_comparable = !matches!(apart, Apart::Elsewhere | Apart::Envelope) && digest.reading.kind == live.kind;
    let comparison = if both_talk || is_comparable {
        compare::compare(&digest::read(recorded), live, ids)
    } else {
        Comparison::default()
    };
    let mut differences = comparison.hard;
    // What keeps the answer back weighs more than what does not.
    let weight = apart.weight() + differences.len() * 2 + comparison.soft.len();
    differences.extend(comparison.soft);
    differences.truncate(compare::DIFFERENCES);
    let nearest = Nearest {
        recorded: place,
        note: note(digest, live, thread),
        differences,
    };
    (weight, apart, nearest)
}

fn apart(digest: &RequestDigest, live: &Reading, ids: &IdMap) -> Apart {
    let recorded = &digest.reading;
    if recorded.method != live.method || recorded.path != live.path {
        Apart::Elsewhere
    } else if recorded.envelope != live.envelope {
        Apart::Envelope
    } else if recorded.kind != live.kind {
        Apart::Kind
    } else if !route::queries(&recorded.query, &live.query, ids) {
        Apart::Query
    } else if digest.is_unanswered {
        Apart::Unanswered
    } else {
        Apart::Body
    }
}

/// Where two requests differ before their bodies do.
fn note(digest: &RequestDigest, live: &Reading, thread: &Thread) -> String {
    let ids = &thread.ids;
    let recorded = &digest.reading;
    let mut notes = Vec::new();
    if recorded.method != live.method || recorded.path != live.path {
        notes.push(format!("it was {} {}", recorded.method, recorded.path));
    }
    if !route::queries(&recorded.query, &live.query, ids) && recorded.path == live.path {
        notes.push(query(&recorded.query));
    }
    if recorded.envelope != live.envelope {
        let envelope = if recorded.envelope.is_empty() {
            "no envelope"
        } else {
            recorded.envelope.trim()
        };
        notes.push(format!("it asked for {envelope}"));
    } else if recorded.kind != live.kind {
        let kind = match recorded.kind {
            Kind::Run => "a run's input",
            Kind::Connect => "a thread's input",
            Kind::Other => "no run's input",
        };
        notes.push(format!("its body was {kind}"));
    }
    if digest.is_unanswered {
        notes.push("the agent did not answer it".to_owned());
    }
    if let (Some(of), Some(followed)) = (&digest.thread_id, &thread.recorded)
        && of != followed
    {
        notes.push(format!("it is of the recorded thread `{}`", why::quoted(of)));
    }
    notes.join(", and ")
}

fn query(pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return "it had no query".to_owned();
    }
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("its query was `{}`", pairs.join("&"))
}
