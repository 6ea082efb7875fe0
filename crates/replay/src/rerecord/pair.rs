//! Which recorded message, call and interrupt is which live one.

use super::answer::{Call, Interrupt, Message};
use crate::adapt::{IdKind, IdMap};

/// What was found for two lists of messages.
pub(super) struct Pairs {
    /// Recorded calls, and the id of the live one.
    pub(super) calls: Vec<(Call, Option<String>)>,
    /// Of each live message, the place of the recorded one.
    pub(super) messages: Vec<Option<usize>>,
}

impl Pairs {
    pub(super) fn of(recorded: &[Message], live: &[Message]) -> Self {
        let calls = calls(recorded, live);
        let call_of = |result: &Message| {
            let known = calls.iter().find(|(call, _)| call.id == result.call_id);
            known.and_then(|(_, live)| live.clone())
        };
        let pairs = matched(
            recorded,
            live,
            &[
                &|one, other| one.is_result() && other.is_result() && call_of(one).as_ref() == Some(&other.call_id),
                &|one, other| one.role == other.role && !one.is_result() && one.tools() == other.tools(),
                &|one, other| one.role == other.role,
            ],
        );
        let mut messages = vec![None; live.len()];
        for (place, partner) in pairs.into_iter().enumerate() {
            if let Some(partner) = partner {
                messages[partner] = Some(place);
            }
        }
        Self { calls, messages }
    }
}

/// Calls of one tool belong together, those with the same arguments first.
fn calls(recorded: &[Message], live: &[Message]) -> Vec<(Call, Option<String>)> {
    let of =
        |messages: &[Message]| -> Vec<Call> { messages.iter().flat_map(|message| message.calls.clone()).collect() };
    let (recorded, live) = (of(recorded), of(live));
    let pairs = matched(
        &recorded,
        &live,
        &[
            &|one, other| one.name == other.name && one.arguments == other.arguments,
            &|one, other| one.name == other.name,
        ],
    );
    let live_id = |place: usize| live.get(place).map(|call| call.id.clone());
    let partners = pairs
        .into_iter()
        .map(|place| place.and_then(live_id))
        .collect::<Vec<_>>();
    recorded.into_iter().zip(partners).collect()
}

/// Interrupts of one call belong together, then those with one reason: the answer to one
/// question is none to another.
pub(super) fn interrupts(recorded: &[Interrupt], live: &[Interrupt], ids: &IdMap) -> Vec<(Interrupt, Option<String>)> {
    let pairs = matched(
        recorded,
        live,
        &[
            &|one, other| !one.call_id.is_empty() && ids.get(IdKind::Other, &one.call_id) == Some(&other.call_id),
            &|one, other| one.reason == other.reason,
        ],
    );
    let live_id = |place: Option<usize>| place.and_then(|place| live.get(place)).map(|other| other.id.clone());
    let partners = pairs.into_iter().map(live_id);
    recorded.iter().cloned().zip(partners).collect()
}

type Likeness<'a, T> = &'a dyn Fn(&T, &T) -> bool;

/// Of each recorded item the place of the live one: the first that is like
/// it and taken by none before, by the first likeness that finds one.
fn matched<T>(recorded: &[T], live: &[T], likenesses: &[Likeness<'_, T>]) -> Vec<Option<usize>> {
    let mut partners = vec![None; recorded.len()];
    let mut is_taken = vec![false; live.len()];
    for is_like in likenesses {
        for (one, partner) in recorded.iter().zip(&mut partners) {
            if partner.is_some() {
                continue;
            }
            let mut others = live.iter().zip(&mut is_taken).enumerate();
            if let Some((place, (_, taken))) = others.find(|(_, (other, taken))| !**taken && is_like(one, other)) {
                *taken = true;
                *partner = Some(place);
            }
        }
    }
    partners
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, name: &str, arguments: &str) -> Call {
        Call {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    fn calling(calls: Vec<Call>) -> Vec<Message> {
        vec![Message {
            role: "assistant".into(),
            calls,
            ..Message::default()
        }]
    }

    #[test]
    fn calls_pair_by_tool_and_arguments_first() {
        let recorded = calling(vec![
            call("1", "ask", "a"),
            call("2", "ask", "b"),
            call("3", "find", "x"),
        ]);
        let live = calling(vec![
            call("7", "ask", "b"),
            call("8", "ask", "c"),
            call("9", "look", "x"),
        ]);
        let pairs = Pairs::of(&recorded, &live);
        let partners: Vec<_> = pairs.calls.iter().map(|(_, live)| live.as_deref()).collect();
        assert_eq!(partners, [Some("8"), Some("7"), None]);
        assert_eq!(pairs.messages, [Some(0)]);
    }

    #[test]
    fn interrupts_pair_by_reason() {
        let interrupt = |id: &str, reason: &str| Interrupt {
            id: id.into(),
            reason: reason.into(),
            ..Interrupt::default()
        };
        let recorded = [
            interrupt("1", "input"),
            interrupt("2", "approve"),
            interrupt("3", "other"),
        ];
        let live = [interrupt("7", "approve"), interrupt("8", "input")];
        let pairs = interrupts(&recorded, &live, &IdMap::default());
        let partners: Vec<_> = pairs.iter().map(|(_, live)| live.as_deref()).collect();
        assert_eq!(partners, [Some("8"), Some("7"), None]);
    }
}
