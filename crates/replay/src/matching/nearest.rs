//! Which recorded requests come close to one that nothing answers.

use super::{
    Nearest,
    card::{self, Card},
    compare::{self, Comparison},
    request::{Kind, Reading},
};
use crate::{adapt::IdMap, recorded::Recorded};

/// Recorded requests that are named.
const NAMED: usize = 3;
/// Recorded requests that are read to find them.
const READ: usize = 24;

/// The closest recorded requests, closest first.
pub(super) fn find(recorded: &[Recorded], cards: &[Card], live: &Reading, ids: &IdMap) -> Vec<Nearest> {
    let talk = card::talk(live, &[]);
    let mut places: Vec<usize> = (0..cards.len())
        .filter(|place| cards[*place].reading.method != "OPTIONS")
        .collect();
    let closeness = |card: &Card| {
        let common = card
            .talk
            .iter()
            .zip(&talk)
            .take_while(|(one, other)| one.may_be(**other))
            .count();
        let same = [
            card.reading.kind == live.kind,
            card.reading.path.trim_end_matches('/') == live.path.trim_end_matches('/'),
            card.reading.method == live.method,
            card.reading.envelope == live.envelope,
        ];
        let same = same.into_iter().filter(|same| *same).count();
        (same, common, usize::MAX - card.talk.len().abs_diff(talk.len()))
    };
    places.sort_by_key(|place| std::cmp::Reverse(closeness(&cards[*place])));
    places.truncate(READ);
    let mut nearest: Vec<(usize, Nearest)> = places
        .into_iter()
        .map(|place| tell(place, &recorded[place], &cards[place], live, ids))
        .collect();
    nearest.sort_by_key(|(differences, nearest)| (!nearest.note.is_empty(), *differences));
    nearest.into_iter().take(NAMED).map(|(_, nearest)| nearest).collect()
}

fn tell(place: usize, recorded: &Recorded, card: &Card, live: &Reading, ids: &IdMap) -> (usize, Nearest) {
    let note = note(&card.reading, live);
    let both_talk = card.reading.kind != Kind::Other && live.kind != Kind::Other;
    let comparison = if both_talk || card.reading.kind == live.kind && note.is_empty() {
        compare::compare(&card::read(recorded), live, ids)
    } else {
        Comparison::default()
    };
    let mut differences = comparison.hard;
    // What keeps the answer back weighs more than what does not.
    let weight = differences.len() * 2 + comparison.soft.len();
    differences.extend(comparison.soft);
    differences.truncate(compare::DIFFERENCES);
    (
        weight,
        Nearest {
            recorded: place,
            note,
            differences,
        },
    )
}

/// What tells two requests apart before their bodies do.
fn note(recorded: &Reading, live: &Reading) -> String {
    let mut notes = Vec::new();
    if recorded.method != live.method || recorded.path != live.path {
        notes.push(format!("it was {} {}", recorded.method, recorded.path));
    }
    if recorded.query != live.query && recorded.path == live.path {
        let pairs: Vec<String> = recorded
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        notes.push(format!("its query was `{}`", pairs.join("&")));
    }
    if recorded.envelope != live.envelope {
        let envelope = if recorded.envelope.is_empty() {
            "no envelope"
        } else {
            recorded.envelope.trim()
        };
        notes.push(format!("it asked for {envelope}"));
    }
    notes.join(", and ")
}
