//! Whether two requests go to the same place.

use scrubjay_session::exchange::FINGERPRINT_PREFIX;

use super::request::Reading;
use crate::adapt::{IdKind, IdMap};

/// The ids under which a request goes where a recorded one went, if it does.
pub(super) fn ids(recorded: &Reading, live: &Reading, is_thread: impl Fn(&str) -> bool, ids: &IdMap) -> Option<IdMap> {
    let same = recorded.method == live.method && recorded.kind == live.kind && recorded.envelope == live.envelope;
    if !same {
        return None;
    }
    let mut ids = ids.clone();
    if let (Some(one), Some(other)) = (recorded.thread_id(), live.thread_id()) {
        ids.set(IdKind::Thread, one, other);
    }
    let same = paths(&recorded.path, &live.path, is_thread, &mut ids) && queries(&recorded.query, &live.query, &ids);
    same.then_some(ids)
}

/// Whether two paths lead to the same place. A segment that is a recorded
/// thread's id may be another thread's, and stands for it then.
fn paths(recorded: &str, live: &str, is_thread: impl Fn(&str) -> bool, ids: &mut IdMap) -> bool {
    let clean = |path: &str| -> Vec<String> { path.trim_end_matches('/').split('/').map(str::to_owned).collect() };
    let (one, other) = (clean(recorded), clean(live));
    // A trailing slash is what some servers redirect about.
    if one.len() != other.len() || recorded.ends_with('/') != live.ends_with('/') {
        return false;
    }
    for (one, other) in one.iter().zip(&other) {
        if one == other || is_covered(one, other) {
            continue;
        }
        let known = ids.get(IdKind::Thread, one);
        if !is_thread(one) || known.is_some_and(|known| known != other) {
            return false;
        }
        ids.insert(IdKind::Thread, one, other);
    }
    true
}

/// Whether two sorted queries ask the same. What was kept as a fingerprint may be anything.
pub(super) fn queries(recorded: &[(String, String)], live: &[(String, String)], ids: &IdMap) -> bool {
    let same = |one: &(String, String), other: &(String, String)| {
        let secret = is_covered(&one.1, &other.1);
        let stands = [IdKind::Thread, IdKind::Run]
            .into_iter()
            .any(|kind| ids.get(kind, &one.1) == Some(&other.1));
        one.0 == other.0 && (one.1 == other.1 || secret || stands)
    };
    recorded.len() == live.len() && recorded.iter().zip(live).all(|(one, other)| same(one, other))
}

/// Whether what was recorded holds a fingerprint, and the live text begins as
/// it does: what stood in its place may have been anything.
fn is_covered(recorded: &str, live: &str) -> bool {
    let place = [FINGERPRINT_PREFIX, "scrubjay-fp%3A"]
        .iter()
        .filter_map(|mark| recorded.find(mark))
        .min();
    place.is_some_and(|place| live.as_bytes().starts_with(&recorded.as_bytes()[..place]))
}
