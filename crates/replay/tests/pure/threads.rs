//! Threads that ask the same: each gets its own answers, and nothing of another.

use scrubjay_replay::{
    IncomingRequest, MatchOptions, Matcher,
    matching::{Answer, Hit},
};
use scrubjay_session::exchange::{Chunk, Ending};
use serde_json::{Value, json};

use crate::{
    matching::{Expected, asked, check, hit, outcome, same},
    stage::{Take, matcher},
};
use Expected::{Hit as Gives, Miss as Misses, NoHistory};

const STRICT: MatchOptions = MatchOptions {
    strict: true,
    whole_input: false,
};

/// Three runs of a recorded thread, whose agent keeps the history: each request has the last message only.
fn runs(thread: &str) -> [Take; 3] {
    ["run1", "run2", "run3"].map(|run| {
        Take::of(&format!("mastra/06-multi-turn-{run}"))
            .in_thread(thread)
            .with(|input| {
                let messages = input["messages"].as_array_mut().unwrap();
                messages.drain(..messages.len() - 1);
                input["runId"] = format!("{run}-of-{thread}").into();
            })
    })
}

/// A connect to a recorded thread that was answered with these events.
fn connect(thread: &str, events: &[&str]) -> Take {
    let mut take = Take::of("copilotkit-runtime/12-connect-replays-history").in_thread(thread);
    take.body = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect::<String>()
        .into_bytes();
    take.exchange.body_len = take.body.len() as u64;
    take.chunks = vec![Chunk {
        offset: 0,
        len: take.body.len() as u64,
        at_us: 1_000,
    }];
    take
}

/// A run of a page at CopilotKit's runtime.
fn run(thread: &str, prompt: &str) -> Take {
    Take::of("copilotkit-runtime/01-chat").in_thread(thread).with(|input| {
        input["runId"] = format!("{prompt}-in-{thread}").into();
        input["messages"] = json!([{"id": "u1", "role": "user", "content": prompt}]);
    })
}

const HELLO: &str = r#"{"type":"TEXT_MESSAGE_CHUNK","messageId":"m","role":"assistant","delta":"hello"}"#;

/// As the recorded client sent it, ids and all.
fn again(take: &Take) -> IncomingRequest {
    take.asked()
}

#[test]
fn a_recorded_thread_is_answered_from_itself() {
    let (a, b) = (runs("recorded-a"), runs("recorded-b"));
    let takes = [a.clone(), b.clone()].concat();
    for rules in [MatchOptions::default(), STRICT] {
        let loaded = matcher(&takes, rules);
        // The second thread first; and then the two in turns.
        for (take, place) in [(&b[0], 3), (&a[0], 0), (&b[1], 4), (&b[2], 5), (&a[1], 1), (&a[2], 2)] {
            assert_eq!(outcome(&loaded, &again(take)), Gives(place));
        }
        assert_eq!(loaded.unused(), [0; 0]);
    }
}

#[test]
fn a_recorded_run_is_answered_by_itself_wherever_the_thread_is() {
    let takes = runs("recorded-a").map(|take| take.with(|input| input["messages"][0]["content"] = "again".into()));
    for order in [[2, 0, 1], [1, 2, 0]] {
        let loaded = matcher(&takes, STRICT);
        for place in order {
            assert_eq!(outcome(&loaded, &again(&takes[place])), Gives(place), "{order:?}");
        }
    }
    // Two runs of one id in one thread come in order.
    let twice = takes.map(|take| take.with(|input| input["runId"] = "the-run".into()));
    let loaded = matcher(&twice, STRICT);
    for (place, take) in twice.iter().enumerate() {
        assert_eq!(outcome(&loaded, &again(take)), Gives(place));
    }
}

#[test]
fn a_recorded_thread_gets_its_runs_though_another_has_had_them() {
    let takes = [runs("recorded-a"), runs("recorded-b")].concat();
    let loaded = matcher(&takes, STRICT);
    assert_eq!(outcome(&loaded, &asked(&takes[0], "live", same)), Gives(0));
    assert_eq!(
        outcome(&loaded, &again(&takes[0])),
        Gives(0),
        "the recorded thread wins"
    );
    assert_eq!(outcome(&loaded, &again(&takes[3])), Gives(3));
    assert_eq!(outcome(&loaded, &asked(&takes[1], "live", same)), Gives(1));
}

#[test]
fn a_fresh_thread_takes_a_recorded_one_that_no_other_has_and_keeps_to_it() {
    let (a, b) = (runs("recorded-a"), runs("recorded-b"));
    let only_b = b[1]
        .clone()
        .with(|input| input["messages"][0]["content"] = "only b was asked".into());
    let takes = [a.to_vec(), b.to_vec(), vec![only_b.clone()]].concat();
    let loaded = matcher(&takes, MatchOptions::default());
    check(
        "the recorded thread is there, so that it is taken",
        &loaded,
        &[
            ("recorded-a", &a[0], same, Gives(0)),
            ("t-x", &b[0], same, Gives(3)),
            ("t-x", &only_b, same, Gives(6)),
        ],
    );
    let loaded = matcher(&takes, MatchOptions::default());
    check(
        "what only the other thread was asked is a miss",
        &loaded,
        &[
            ("t-x", &a[0], same, Gives(0)),
            ("t-x", &only_b, same, Misses("")),
            ("t-x", &a[0], same, Gives(0)),
            ("t-x", &a[1], same, Gives(1)),
            ("t-y", &a[0], same, Gives(3)),
            ("t-y", &only_b, same, Gives(6)),
        ],
    );
    let Answer::Miss(miss) = loaded.ask(&asked(&only_b, "t-x", same)) else {
        panic!()
    };
    assert_eq!(
        miss.reason,
        "this thread has the answers of the recorded thread `recorded-a`, in which this was not asked; it was in `recorded-b`"
    );
    assert_eq!(miss.nearest[0].note, "it is of the recorded thread `recorded-b`");
}

#[test]
fn twenty_rounds_of_two_threads_in_any_order_do_not_mix() {
    let takes = [runs("recorded-a"), runs("recorded-b")].concat();
    // Every way to mix three runs with three others, and each thread may be called by either kind of name.
    let orders: Vec<u32> = (0_u32..64).filter(|order| order.count_ones() == 3).collect();
    assert_eq!(orders.len(), 20);
    for names in [["recorded-a", "recorded-b"], ["t-x", "t-y"], ["t-x", "recorded-b"]] {
        for order in &orders {
            let loaded = matcher(&takes, STRICT);
            let mut next = [0, 0];
            let mut first = [None, None];
            for step in 0..6 {
                let who = usize::from(order >> step & 1 == 1);
                let take = &takes[next[who]];
                let found = hit(&loaded, &asked(take, names[who], same));
                let base = *first[who].get_or_insert(found.recorded);
                assert_eq!(found.recorded, base + next[who], "{names:?} {order:06b} {step}");
                next[who] += 1;
            }
            assert_ne!(first[0], first[1], "{names:?} {order:06b}");
            for (who, name) in names
                .iter()
                .enumerate()
                .filter(|(_, name)| name.starts_with("recorded"))
            {
                assert_eq!(first[who], Some(3 * usize::from(*name == "recorded-b")));
            }
            assert_eq!(loaded.unused(), [0; 0]);
        }
    }
}

#[test]
fn threads_of_one_framework_with_one_question_do_not_mix() {
    let takes = ["weather-no-content-type-run1", "weather-other-thread-run1"]
        .map(|name| Take::of(&format!("ag2-autogen/{name}")));
    let loaded = matcher(&takes, STRICT);
    assert_eq!(outcome(&loaded, &again(&takes[1])), Gives(1));
    assert_eq!(outcome(&loaded, &asked(&takes[1], "t-x", same)), Gives(0));
    assert_eq!(outcome(&loaded, &again(&takes[0])), Gives(0));
    assert_eq!(outcome(&loaded, &asked(&takes[1], "t-y", same)), Misses(""));
}

#[test]
fn a_page_that_is_loaded_again_gets_its_own_history() {
    let takes = [
        connect("recorded-a", &[]),
        connect("recorded-b", &[]),
        run("recorded-b", "hi"),
        run("recorded-a", "hi"),
        connect("recorded-b", &[HELLO]),
        connect("recorded-a", &[HELLO]),
    ];
    let [empty_a, empty_b, run_b, run_a, full_b, full_a] = &takes;
    for _ in 0..20 {
        let loaded = matcher(&takes, STRICT);
        let rows = [
            // Doubled, as pages in development do; before the run it is the empty one again.
            (full_b, "recorded-b", 1),
            (full_b, "recorded-b", 1),
            (empty_a, "recorded-a", 0),
            (run_a, "recorded-a", 3),
            (full_a, "recorded-a", 5),
            (empty_b, "recorded-b", 1),
            (run_b, "recorded-b", 2),
            (full_b, "recorded-b", 4),
            (full_a, "recorded-a", 5),
        ];
        for (step, (take, thread, place)) in rows.into_iter().enumerate() {
            assert_eq!(outcome(&loaded, &asked(take, thread, same)), Gives(place), "{step}");
        }
        // A thread of another name has no history until it has run; then that of the one it follows.
        let loaded = matcher(&takes, STRICT);
        assert_eq!(outcome(&loaded, &asked(run_a, "recorded-b", same)), Gives(2));
        let first = hit(&loaded, &asked(full_a, "t-x", same));
        assert!([0, 1].contains(&first.recorded), "{}", first.why);
        assert!(first.why.contains("an empty history"), "{}", first.why);
        assert_eq!(outcome(&loaded, &asked(run_a, "t-x", same)), Gives(3));
        assert_eq!(outcome(&loaded, &asked(full_a, "t-x", same)), Gives(5));
    }
}

#[test]
fn no_history_is_made_up_and_none_is_given_away() {
    let started = r#"{"type":"RUN_STARTED","threadId":"recorded-b","runId":"r"}"#;
    let finished = r#"{"type":"RUN_FINISHED","threadId":"recorded-b","runId":"r","outcome":{"type":"success"}}"#;
    let snapshot = r#"{"type":"MESSAGES_SNAPSHOT","messages":[]}"#;
    for (events, is_empty) in [
        (vec![], true),
        (vec![started, snapshot, finished], true),
        (vec![started, HELLO, finished], false),
        (vec![r#"{"type":"STATE_SNAPSHOT","snapshot":{"name":"Ada"}}"#], false),
        (vec!["not an event"], false),
    ] {
        let takes = [run("recorded-b", "hi"), connect("recorded-b", &events)];
        let loaded = matcher(&takes, MatchOptions::default());
        let expected = if is_empty { Gives(1) } else { NoHistory };
        let fresh = asked(&takes[1], "t-x", same);
        assert_eq!(outcome(&loaded, &fresh), expected, "{events:?}");
        assert_eq!(outcome(&loaded, &again(&takes[1])), Gives(1), "{events:?}");
    }
    let failed = |change: fn(&mut Take)| {
        let mut take = connect("recorded-b", &[]);
        change(&mut take);
        let loaded = matcher(&[take.clone()], MatchOptions::default());
        outcome(&loaded, &asked(&take, "t-x", same))
    };
    assert_eq!(
        failed(|take| take.exchange.response.as_mut().unwrap().status = 500),
        NoHistory
    );
    assert_eq!(failed(|take| take.exchange.ending = Ending::NoAnswer), Misses(""));
}

#[test]
fn what_is_asked_about_a_thread_by_its_path_is_its_own() {
    let history = Take::of("copilotkit-runtime/16-thread-events");
    let named = |thread: &str| {
        let mut take = history.clone();
        take.exchange.request.target = format!("/api/copilotkit/threads/{thread}/events");
        take
    };
    let takes = [
        run("recorded-a", "hi"),
        run("recorded-b", "hi"),
        named("recorded-a"),
        named("recorded-b"),
    ];
    let loaded = matcher(&takes, MatchOptions::default());
    let events = |thread: &str| named(thread).asked();
    assert_eq!(outcome(&loaded, &events("recorded-b")), Gives(3));
    assert_eq!(outcome(&loaded, &events("t-x")), Misses(""));
    assert_eq!(outcome(&loaded, &asked(&takes[0], "t-x", same)), Gives(0));
    assert_eq!(outcome(&loaded, &events("t-x")), Gives(2));
    assert_eq!(outcome(&loaded, &events("recorded-a")), Gives(2));
}

/// A request in CopilotKit's single envelope.
fn single(method: &str, body: Value, params: &Value) -> Take {
    let mut take = Take::of("copilotkit-runtime/14-run-single-route");
    take.input = json!({"method": method, "params": params});
    if !body.is_null() {
        take.input["body"] = body;
    }
    take
}

#[test]
fn the_single_endpoint_keeps_threads_apart_too() {
    let input = |thread: &str| run(thread, "hi").input;
    let agent = json!({"agentId": "default"});
    let of = |thread: &str| json!({"agentId": "default", "threadId": thread});
    let empty = |thread: &str| Take {
        body: Vec::new(),
        chunks: Vec::new(),
        ..single("agent/connect", input(thread), &agent)
    };
    let takes = [
        empty("recorded-a"),
        single("agent/run", input("recorded-a"), &agent),
        single("agent/run", input("recorded-b"), &agent),
        single("agent/connect", input("recorded-a"), &agent),
        single("agent/connect", input("recorded-b"), &agent),
        single("threads/events", Value::Null, &of("recorded-a")),
        single("threads/events", Value::Null, &of("recorded-b")),
    ];
    let loaded = matcher(&takes, STRICT);
    let live = |place: usize, thread: &str| {
        let mut asked = asked(&takes[place], thread, same);
        let text = String::from_utf8(asked.body).unwrap();
        let text = text.replace("\"threadId\":\"recorded-a\"", &format!("\"threadId\":\"{thread}\""));
        asked.body = text.into_bytes();
        asked
    };
    for (place, thread, expected) in [
        (3, "t-x", Gives(0)),
        (2, "recorded-b", Gives(2)),
        (4, "recorded-b", Gives(4)),
        (5, "t-x", Misses("/params/threadId")),
        (1, "t-x", Gives(1)),
        (3, "t-x", Gives(3)),
        (5, "t-x", Gives(5)),
        (6, "recorded-b", Gives(6)),
        (4, "recorded-b", Gives(4)),
    ] {
        assert_eq!(outcome(&loaded, &live(place, thread)), expected, "{place} in {thread}");
    }
}

#[test]
fn a_thread_that_a_fallback_went_on_with_goes_on() {
    let first = Take::of("mastra/03-frontend-tool-run1").in_thread("recorded-a");
    // The second run was answered by an agent, and recorded under the live thread's id.
    let second = Take::of("mastra/03-frontend-tool-run2").in_thread("live-1");
    let loaded = matcher(&[first.clone(), second.clone()], STRICT);
    assert_eq!(outcome(&loaded, &asked(&first, "live-2", same)), Gives(0));
    assert_eq!(outcome(&loaded, &asked(&second, "live-2", same)), Gives(1));
    let loaded = matcher(&[first.clone(), second.clone()], STRICT);
    assert_eq!(outcome(&loaded, &again(&first)), Gives(0));
    let mut other: IncomingRequest = again(&second);
    other.body = serde_json::to_vec(&second.in_thread("recorded-a").input).unwrap();
    assert_eq!(
        outcome(&loaded, &other),
        Misses(""),
        "a recorded thread is answered from itself alone"
    );
}

#[test]
fn sessions_follow_threads_of_their_own() {
    let takes = [runs("recorded-a"), runs("recorded-b")].concat();
    let loaded: Matcher = matcher(&takes, STRICT);
    for session in [None, Some("one"), Some("two")] {
        for (thread, place) in [("t-x", 0), ("t-y", 3)] {
            let mut asked = asked(&takes[0], thread, same);
            asked.isolation = session.map(str::to_owned);
            let found: Hit = hit(&loaded, &asked);
            assert_eq!(found.recorded, place, "{session:?}");
        }
    }
}
