//! Sides of several exchanges, corrections by hand, one against many, and
//! work that is given up.

use std::sync::Arc;

use scrubjay_session::diff::{Comparison, Ignore, Level, Many, Moment, PairKind, Part, Rules, Side, Stopped};

use crate::side::{Shelf, by_frames, compare, compare_ignoring, side};

/// An exchange of a thread: what was asked before, what is asked now, and the calls that answer.
fn exchange(said: &[&str], asked: &str, calls: &[(&str, u32)]) -> Shelf {
    let mut messages: Vec<String> = Vec::new();
    for (n, said) in said.iter().enumerate() {
        let role = if n % 2 == 0 { "user" } else { "assistant" };
        messages.push(format!(r#"{{"id":"m{n}","role":"{role}","content":"{said}"}}"#));
    }
    messages.push(format!(r#"{{"id":"now","role":"user","content":"{asked}"}}"#));
    let request = format!(
        r#"{{"threadId":"t","runId":"r","messages":[{}],"state":{{}}}}"#,
        messages.join(",")
    );
    let mut body = String::from("data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n");
    for (n, (name, max)) in calls.iter().enumerate() {
        body.push_str(&format!(
            "data: {{\"type\":\"TOOL_CALL_START\",\"toolCallId\":\"call-{n}\",\"toolCallName\":\"{name}\"}}\n\n\
             data: {{\"type\":\"TOOL_CALL_ARGS\",\"toolCallId\":\"call-{n}\",\"delta\":\"{{\\\"max\\\":{max}}}\"}}\n\n\
             data: {{\"type\":\"TOOL_CALL_END\",\"toolCallId\":\"call-{n}\"}}\n\n"
        ));
    }
    body.push_str("data: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n");
    by_frames(request.as_bytes(), body.as_bytes())
}

fn thread(exchanges: &[Shelf]) -> Side<Shelf> {
    (0..)
        .zip(exchanges)
        .map(|(n, shelf)| Part::whole(n, Arc::clone(shelf)))
        .collect()
}

fn compared(a: Side<Shelf>, b: Side<Shelf>) -> Comparison<Shelf> {
    Comparison::of(a, b, Rules::default(), &[], &mut |_| true).unwrap()
}

#[test]
fn a_split_does_not_outlast_its_turn() {
    let first = |max| exchange(&[], "one", &[("search", max), ("book", max)]);
    let second = exchange(&["one", "done"], "two", &[("pay", 1)]);
    let third = |max| exchange(&["one", "done", "two", "paid"], "three", &[("mail", max)]);
    let a = thread(&[first(1), second.clone(), third(1)]);
    let b = thread(&[first(2), second, third(2)]);
    let mut comparison = compared(a, b);
    let found: Vec<(PairKind, Moment)> = (0..comparison.differences().len())
        .map(|number| {
            let found = comparison.divergence(number).unwrap();
            (found.difference.kind, found.a)
        })
        .collect();
    let at = |exchange, seq| Moment { exchange, seq };
    assert_eq!(found, [(PairKind::Changed, at(0, 3)), (PairKind::Changed, at(2, 3))]);
    assert!(comparison.counts().downstream > 0);
}

#[test]
fn a_turn_that_only_one_side_has_is_one_difference() {
    let one = exchange(&[], "one", &[("search", 1)]);
    let extra = exchange(&["one", "done"], "and?", &[("ask", 1), ("wait", 2)]);
    let last = exchange(&["one", "done"], "two", &[("pay", 1)]);
    let mut comparison = compared(thread(&[one.clone(), last.clone()]), thread(&[one, extra, last]));
    let first = comparison.first().unwrap().unwrap();
    assert_eq!(comparison.differences().len(), 1, "{first:?}");
    assert_eq!(first.b, Moment { exchange: 1, seq: 0 });
}

#[test]
fn what_is_paired_by_hand_stays_paired() {
    let a = exchange(&[], "one", &[("search", 1), ("look", 2)]);
    let b = exchange(&[], "one", &[("look", 2), ("search", 3)]);
    let by_hand = [((0, 1), (0, 1))];
    let mut comparison = Comparison::of(side(&a), side(&b), Rules::default(), &by_hand, &mut |_| true).unwrap();
    let rows: Vec<_> = (0..comparison.row_count())
        .map(|row| comparison.row_at(row, false).unwrap())
        .collect();
    let row = rows.iter().find(|row| row.by_hand).unwrap();
    let names = (
        row.a.as_ref().unwrap().name.as_str(),
        row.b.as_ref().unwrap().name.as_str(),
    );
    assert_eq!((names, row.kind), (("search", "look"), PairKind::Changed));
}

#[test]
fn many_runs_part_where_they_part() {
    let run = |second, third| {
        side(&exchange(
            &[],
            "one",
            &[("search", 1), ("look", second), ("book", third)],
        ))
    };
    let others = vec![run(2, 3), run(9, 3), run(2, 9), run(8, 8)];
    let many = Many::of(&run(2, 3), others, &Rules::default(), &mut |_| true).unwrap();
    assert!(many.partings[0].first.is_none());
    let places: Vec<(u32, &[usize])> = many
        .histogram
        .iter()
        .map(|(moment, _, which)| (moment.seq, which.as_slice()))
        .collect();
    assert_eq!(places, [(6, &[1, 3][..]), (9, &[2][..])]);
}

#[test]
fn work_can_be_given_up() {
    let run = exchange(&[], "one", &[("search", 1)]);
    let mut told = Vec::new();
    let stopped = Comparison::of(side(&run), side(&run), Rules::default(), &[], &mut |part| {
        told.push(part);
        false
    });
    assert!(matches!(stopped, Err(Stopped::Cancelled)));
    assert_eq!(told.len(), 1);
}

#[test]
fn one_run_of_an_exchange_can_be_compared_with_another() {
    let run = |id: &str, max: u32| {
        format!(
            "data: {{\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"{id}\"}}\n\n\
             data: {{\"type\":\"CUSTOM\",\"name\":\"n\",\"value\":{max}}}\n\n\
             data: {{\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"{id}\"}}\n\n"
        )
    };
    let shelf = by_frames(
        b"",
        format!("{}{}{}", run("r1", 1), run("r2", 2), run("r3", 1)).as_bytes(),
    );
    let one = |run| {
        vec![Part {
            run: Some(run),
            ..Part::whole(0, Arc::clone(&shelf))
        }]
    };
    assert!(compared(one(0), one(2)).is_same());
    let first = compared(one(0), one(1)).first().unwrap().unwrap();
    assert_eq!((first.a.seq, first.b.seq, first.path.as_str()), (2, 5, "/value"));
}

#[test]
fn deep_and_large_values_are_compared() {
    let deep = |leaf: &str| {
        let mut text = leaf.to_owned();
        for _ in 0..5 {
            let quoted = serde_json::to_string(&text).unwrap();
            text = format!("{}{quoted}{}", "[".repeat(120), "]".repeat(120));
        }
        let args = serde_json::to_string(&text).unwrap();
        let body = format!(
            "data: {{\"type\":\"TOOL_CALL_CHUNK\",\"toolCallId\":\"c\",\"toolCallName\":\"f\",\"delta\":{args}}}\n\n\
             data: {{\"type\":\"STATE_SNAPSHOT\",\"snapshot\":{}1{}}}\n\n",
            "[".repeat(500),
            "]".repeat(500),
        );
        by_frames(b"", body.as_bytes())
    };
    let (one, other) = (deep("one"), deep("other"));
    for level in Level::ALL {
        assert!(compare(&one, &one, level).is_same());
        let mut comparison = compare(&one, &other, level);
        assert!(comparison.first().unwrap().is_some());
        for row in 0..comparison.row_count() {
            comparison.detail(row).unwrap();
        }
    }
    let ignored = [Ignore::Pointer("/**".into())];
    assert!(compare_ignoring(&one, &other, Level::Text, &ignored).is_same());
}
