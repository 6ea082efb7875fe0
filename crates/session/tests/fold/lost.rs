//! What dropped patches lose, against two documents that the client's JSON
//! Patch holds: the client's own, and the agent's, which takes each operation
//! by itself. `tests/oracle/lost.mjs` makes the runs and says where they differ.

use scrubjay_protocol::json::{self, Value};
use scrubjay_session::fold::{Fold, LostPath};

use crate::{cut, lines};

const RUN: &[u8] = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).unwrap().as_array().unwrap()
}

fn is_at_or_below(pointer: &str, around: &str) -> bool {
    let rest = pointer.strip_prefix(around);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path says of a difference that it is there. Of an array that an
/// item was put into or taken out of, all items have moved.
fn covers(path: &LostPath, difference: &str) -> bool {
    let around = match path.is_item {
        true => path.pointer.rsplit_once('/').unwrap().0,
        false => &path.pointer,
    };
    is_at_or_below(difference, around) || is_at_or_below(around, difference)
}

/// What holds the documents: the state, or an activity.
#[derive(Clone, Copy, PartialEq)]
enum Holder {
    State,
    Activity,
}

impl Holder {
    /// A fold whose document is that of the run.
    fn begin(self, run: &Value) -> Fold {
        let mut fold = Fold::from_input(run);
        fold.push(1, &cut(RUN)[0]);
        if self == Self::Activity {
            let content = json::to_json(run.get("state").unwrap());
            let snapshot = format!(
                "data: {{\"type\":\"ACTIVITY_SNAPSHOT\",\"messageId\":\"a\",\"activityType\":\"A\",\"content\":{content}}}\n\n"
            );
            fold.push(2, &cut(snapshot.as_bytes())[0]);
        }
        fold
    }

    fn delta(self, operations: &Value) -> Vec<u8> {
        let operations = json::to_json(operations);
        let event = match self {
            Self::State => format!("\"type\":\"STATE_DELTA\",\"delta\":{operations}"),
            Self::Activity => {
                format!("\"type\":\"ACTIVITY_DELTA\",\"messageId\":\"a\",\"activityType\":\"A\",\"patch\":{operations}")
            }
        };
        format!("data: {{{event}}}\n\n").into_bytes()
    }

    fn lost(self, fold: &Fold) -> Vec<LostPath> {
        match self {
            Self::State => fold.lost_paths(),
            Self::Activity => fold.lost_paths_of(b"a"),
        }
    }
}

#[test]
fn where_the_clients_state_differs_from_the_agents_is_known_and_nowhere_else() {
    check(Holder::State);
}

/// The client patches activities as it patches the state.
#[test]
fn where_an_activity_differs_from_the_agents_is_known_and_nowhere_else() {
    check(Holder::Activity);
}

fn check(holder: Holder) {
    let mut silent = Vec::new();
    let mut wrong = Vec::new();
    let mut differing = 0;
    for (number, run) in lines(include_str!("lost.client.jsonl")).iter().enumerate() {
        let mut fold = holder.begin(run);
        let mut pieces = crate::Pieces::default();
        let steps = array(run, "deltas").iter().zip(array(run, "differs"));
        for (seq, (operations, differs)) in (3..).zip(steps) {
            fold.push_with(seq, &cut(&holder.delta(operations))[0], &pieces);
            let mut sealed = crate::Pieces::default();
            let page = fold.write(&mut sealed, &pieces);
            pieces.extend(sealed);
            fold = Fold::read(&page).unwrap();
            let lost = holder.lost(&fold);
            let differs: Vec<&str> = differs
                .as_array()
                .unwrap()
                .iter()
                .map(|path| path.as_str().unwrap())
                .collect();
            differing += usize::from(!differs.is_empty());
            let place = format!("run {number}, patch {}", seq - 2);
            for difference in &differs {
                if !lost.iter().any(|path| covers(path, difference)) {
                    silent.push(format!("{place}: {difference} is not among {lost:?}"));
                }
            }
            for path in &lost {
                if !differs.iter().any(|difference| covers(path, difference)) {
                    wrong.push(format!("{place}: {path:?}, and what differs is {differs:?}"));
                }
            }
        }
    }
    assert!(differing > 100, "{differing} moments differ");
    assert!(silent.is_empty(), "{} silent:\n{}", silent.len(), silent.join("\n"));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
