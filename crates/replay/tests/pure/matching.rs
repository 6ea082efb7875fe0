//! What a request is answered with, case by case.

mod others;

use scrubjay_replay::{
    IncomingRequest, MatchOptions, Matcher,
    matching::{Answer, Hit},
};
use scrubjay_session::exchange::Ending;
use serde_json::{Value, json};

use crate::stage::{Take, corpus, matcher, renamed};

/// What is expected of a request: a recorded exchange by its place, or a miss
/// whose closest recording differs first at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Hit(usize),
    Miss(&'static str),
    /// The empty history that is none of the recorded ones.
    NoHistory,
}
use Expected::{Hit as Gives, Miss as Misses};

/// Asks as a client with its own ids, in a thread.
pub(crate) fn asked(take: &Take, thread: &str, change: impl FnOnce(&mut Value)) -> IncomingRequest {
    let mut asked = take.asked();
    let mut input = renamed(&take.input, thread, &format!("run-of-{thread}"));
    change(&mut input);
    if input.is_object() {
        asked.body = serde_json::to_vec(&input).unwrap();
    }
    asked
}

pub(crate) fn outcome(matcher: &Matcher, asked: &IncomingRequest) -> Expected {
    match matcher.ask(asked) {
        Answer::Hit(hit) => {
            assert!(!hit.why.is_empty());
            Gives(hit.recorded)
        }
        Answer::NoHistory(miss) => {
            assert!(miss.reason.contains("no history"), "{}", miss.reason);
            Expected::NoHistory
        }
        Answer::Miss(miss) => {
            assert!(!miss.reason.is_empty());
            let first = miss.nearest.first().and_then(|nearest| nearest.differences.first());
            Misses(first.map_or("", |difference| difference.pointer.clone().leak()))
        }
    }
}

pub(crate) fn hit(matcher: &Matcher, asked: &IncomingRequest) -> Hit {
    match matcher.ask(asked) {
        Answer::Hit(hit) => hit,
        Answer::NoHistory(miss) | Answer::Miss(miss) => panic!("{miss:?}"),
    }
}

/// A request of a table: a thread, what it repeats, what it changes, what it gets.
pub(crate) type Row<'a> = (&'a str, &'a Take, fn(&mut Value), Expected);

pub(crate) fn check(name: &str, matcher: &Matcher, rows: &[Row<'_>]) {
    for (place, (thread, take, change, expected)) in rows.iter().enumerate() {
        let got = outcome(matcher, &asked(take, thread, *change));
        assert_eq!(got, *expected, "{name}, request {place} of {thread}");
    }
}

pub(crate) fn same(_input: &mut Value) {}

#[test]
fn the_same_prompt_gets_its_answers_in_order() {
    let one = Take::of("mastra/01-chat").in_thread("recorded-1");
    let two = Take::of("mastra/01-chat").in_thread("recorded-2");
    let other = Take::of("mastra/07-reasoning");
    let loaded = matcher(&[one.clone(), other, two], MatchOptions::default());
    check(
        "two threads, then the last again",
        &loaded,
        &[
            ("t-a", &one, same, Gives(0)),
            ("t-b", &one, same, Gives(2)),
            ("t-c", &one, same, Gives(2)),
        ],
    );
    let again = Take::of("mastra/01-chat").in_thread("recorded-1");
    let loaded = matcher(&[one.clone(), again], MatchOptions::default());
    check(
        "one thread whose agent keeps the history, asked by two at once",
        &loaded,
        &[
            ("t-a", &one, same, Gives(0)),
            ("t-b", &one, same, Gives(0)),
            ("t-a", &one, same, Gives(1)),
            ("t-b", &one, same, Gives(1)),
            ("t-a", &one, same, Gives(1)),
        ],
    );
}

#[test]
fn a_prompt_is_not_answered_by_another() {
    let chat = Take::of("langgraph/01-chat-no-raw-run1").with(|input| input["messages"][0]["content"] = "a".into());
    let loaded = matcher([&chat], MatchOptions::default());
    check(
        "a, ab, the empty text, another role, one message more",
        &loaded,
        &[
            (
                "t-1",
                &chat,
                |input| input["messages"][0]["content"] = "ab".into(),
                Misses("/messages/0/content"),
            ),
            (
                "t-2",
                &chat,
                |input| input["messages"][0]["content"] = "".into(),
                Misses("/messages/0/content"),
            ),
            (
                "t-3",
                &chat,
                |input| input["messages"][0]["role"] = "system".into(),
                Misses("/messages/0"),
            ),
            (
                "t-4",
                &chat,
                |input| {
                    let more = json!({"id": "x", "role": "user", "content": "more"});
                    input["messages"].as_array_mut().unwrap().push(more);
                },
                Misses("/messages/1"),
            ),
            ("t-5", &chat, same, Gives(0)),
        ],
    );
}

#[test]
fn parts_of_a_message_are_text_too() {
    let chat = Take::of("mastra/01-chat").with(|input| {
        input["messages"][0]["content"] = json!([{"type": "text", "text": "a", "id": "part-1"}]);
    });
    let loaded = matcher([&chat], MatchOptions::default());
    check(
        "an id of a part means nothing, its text does",
        &loaded,
        &[
            (
                "t-1",
                &chat,
                |input| input["messages"][0]["content"][0]["id"] = "part-9".into(),
                Gives(0),
            ),
            (
                "t-2",
                &chat,
                |input| input["messages"][0]["content"][0]["text"] = "ab".into(),
                Misses("/messages/0/content/0/text"),
            ),
        ],
    );
}

#[test]
fn a_resume_gets_the_resumed_run() {
    let takes: Vec<Take> = [
        "mastra/08-interrupt-cancelled-run1",
        "mastra/08-interrupt-cancelled-run2",
        "mastra/08-interrupt-resolved-run1",
        "mastra/08-interrupt-resolved-run2",
    ]
    .map(Take::of)
    .into();
    let loaded = matcher(&takes, MatchOptions::default());
    check(
        "mastra",
        &loaded,
        &[
            ("t-a", &takes[0], same, Gives(0)),
            ("t-b", &takes[2], same, Gives(2)),
            (
                "t-b",
                &takes[3],
                |input| input["resume"][0]["payload"]["chosen_time"] = "2026-11-22T09:00".into(),
                Misses("/resume/0/payload/chosen_time"),
            ),
            (
                "t-b",
                &takes[3],
                |input| input["resume"][0]["interruptId"] = "other".into(),
                Misses("/resume/0/interruptId"),
            ),
            ("t-b", &takes[3], same, Gives(3)),
            ("t-a", &takes[1], same, Gives(1)),
        ],
    );
}

#[test]
fn an_older_adapters_resume_gets_the_resumed_run() {
    for (first, second) in [
        (
            "langgraph/08-interrupt-legacy-custom-run1",
            "langgraph/08-interrupt-legacy-custom-run2",
        ),
        (
            "langgraph/08-interrupt-outcome-run1",
            "langgraph/08-interrupt-outcome-run2",
        ),
        (
            "langgraph/08-interrupt-two-at-once-run1",
            "langgraph/08-interrupt-two-at-once-run2",
        ),
    ] {
        let takes = [Take::of(first), Take::of(second)];
        let loaded = matcher(&takes, MatchOptions::default());
        check(
            first,
            &loaded,
            &[("t-a", &takes[0], same, Gives(0)), ("t-a", &takes[1], same, Gives(1))],
        );
    }
    let takes = ["run1", "run2"].map(|run| Take::of(&format!("langgraph/08-interrupt-legacy-custom-{run}")));
    let loaded = matcher(&takes, MatchOptions::default());
    check(
        "another answer to the interrupt",
        &loaded,
        &[
            ("t-a", &takes[0], same, Gives(0)),
            (
                "t-a",
                &takes[1],
                |input| input["forwardedProps"]["command"]["resume"] = "Friday".into(),
                Misses("/forwardedProps/command/resume"),
            ),
        ],
    );
}

#[test]
fn a_changed_tool_result_does_not_get_the_old_answer() {
    for family in ["copilotkit-runtime", "mastra"] {
        let takes = ["run1", "run2"].map(|run| Take::of(&format!("{family}/03-frontend-tool-{run}")));
        let loaded = matcher(&takes, MatchOptions::default());
        let result = |input: &Value| input["messages"].as_array().unwrap().len() - 1;
        let at = result(&takes[1].input);
        let pointer: &'static str = format!("/messages/{at}/content").leak();
        let call: &'static str = format!("/messages/{at}/toolCallId").leak();
        fn last(input: &mut Value) -> &mut Value {
            input["messages"].as_array_mut().unwrap().last_mut().unwrap()
        }
        check(
            family,
            &loaded,
            &[
                ("t-a", &takes[0], same, Gives(0)),
                (
                    "t-a",
                    &takes[1],
                    |input| last(input)["content"] = "{\"status\":\"refused\"}".into(),
                    Misses(pointer),
                ),
                (
                    "t-a",
                    &takes[1],
                    |input| last(input)["toolCallId"] = "call_of_another".into(),
                    Misses(call),
                ),
                (
                    "t-a",
                    &takes[1],
                    // The same JSON in other clothes is the same result.
                    |input| last(input)["content"] = "{ \"background\":\"orange\", \"status\":\"ok\" }".into(),
                    Gives(1),
                ),
                ("t-a", &takes[1], same, Gives(1)),
            ],
        );
    }
}

#[test]
fn a_client_may_name_its_history_anew() {
    let takes = ["run1", "run2"].map(|run| Take::of(&format!("mastra/03-frontend-tool-{run}")));
    let loaded = matcher(&takes, MatchOptions::default());
    check(
        "calls and results agree under any names",
        &loaded,
        &[(
            "t-a",
            &takes[1],
            |input| {
                input["messages"][1]["toolCalls"][0]["id"] = "mine".into();
                input["messages"][2]["toolCallId"] = "mine".into();
            },
            Gives(1),
        )],
    );
}

#[test]
fn threads_with_the_same_prompts_do_not_mix() {
    let runs = |thread: &str| {
        ["run1", "run2", "run3"].map(|run| Take::of(&format!("mastra/06-multi-turn-{run}")).in_thread(thread))
    };
    let takes: Vec<Take> = [runs("recorded-1"), runs("recorded-2")].concat();
    let rows = |takes: &[Take]| -> Vec<(&'static str, Take, Expected)> {
        vec![
            ("t-a", takes[0].clone(), Gives(0)),
            ("t-b", takes[0].clone(), Gives(3)),
            ("t-b", takes[1].clone(), Gives(4)),
            ("t-a", takes[1].clone(), Gives(1)),
            ("t-a", takes[2].clone(), Gives(2)),
            ("t-b", takes[2].clone(), Gives(5)),
        ]
    };
    let last_only = |take: &Take| {
        take.clone().with(|input| {
            let messages = input["messages"].as_array_mut().unwrap();
            messages.drain(..messages.len() - 1);
        })
    };
    let without_history: Vec<Take> = takes.iter().map(last_only).collect();
    for (name, takes) in [("whole history", takes), ("the last message only", without_history)] {
        let loaded = matcher(&takes, MatchOptions::default());
        for (thread, take, expected) in rows(&takes) {
            assert_eq!(
                outcome(&loaded, &asked(&take, thread, same)),
                expected,
                "{name}, {thread}"
            );
        }
        assert_eq!(loaded.unused(), [0; 0], "{name}");
    }
}

#[test]
fn an_edited_history_gets_the_run_that_it_had() {
    let takes = ["run1", "run2", "run3"].map(|run| Take::of(&format!("langgraph/06-edit-earlier-message-{run}")));
    let loaded = matcher(&takes, MatchOptions::default());
    let rows: Vec<Row<'_>> = takes
        .iter()
        .enumerate()
        .map(|(place, take)| ("t-a", take, same as fn(&mut Value), Gives(place)))
        .collect();
    check("in order", &loaded, &rows);
}

#[test]
fn sessions_do_not_see_each_other() {
    let one = Take::of("mastra/01-chat").in_thread("recorded-1");
    let two = Take::of("mastra/01-chat").in_thread("recorded-2");
    let loaded = matcher(
        &[one.clone(), two],
        MatchOptions {
            strict: true,
            ..MatchOptions::default()
        },
    );
    for session in [None, Some("worker-1"), Some("worker-2")] {
        for (thread, expected) in [("t-a", Gives(0)), ("t-b", Gives(1))] {
            let mut asked = asked(&one, thread, same);
            asked.isolation = session.map(str::to_owned);
            assert_eq!(outcome(&loaded, &asked), expected, "{session:?}");
        }
    }
}

#[test]
fn a_strict_matcher_gives_each_run_once() {
    let chat = Take::of("mastra/01-chat");
    let info = Take::of("copilotkit-runtime/13-info-get");
    let other = Take::of("mastra/07-reasoning");
    let loaded = matcher(
        &[chat.clone(), info.clone(), other],
        MatchOptions {
            strict: true,
            ..MatchOptions::default()
        },
    );
    assert_eq!(loaded.unused(), [0, 1, 2]);
    check(
        "a run once, information as often as asked",
        &loaded,
        &[
            ("t-a", &chat, same, Gives(0)),
            ("t-b", &chat, same, Misses("")),
            ("t-b", &info, same, Gives(1)),
            ("t-b", &info, same, Gives(1)),
        ],
    );
    assert_eq!(loaded.unused(), [2]);
    let Answer::Miss(miss) = loaded.ask(&asked(&chat, "t-c", same)) else {
        panic!()
    };
    assert!(miss.reason.contains("given already"), "{}", miss.reason);
}

#[test]
fn what_else_the_agent_was_given_is_listed_or_must_be_equal() {
    let chat = Take::of("copilotkit-runtime/03-frontend-tool-run1");
    let more_tools = |input: &mut Value| {
        let tool = json!({"name": "new_tool", "description": "", "parameters": {}});
        input["tools"].as_array_mut().unwrap().insert(0, tool);
    };
    let found = hit(
        &matcher([&chat], MatchOptions::default()),
        &asked(&chat, "t-a", more_tools),
    );
    assert_eq!(found.differences.len(), 1);
    assert_eq!(found.differences[0].pointer, "/tools/0");
    assert_eq!(found.differences[0].recorded, None);
    assert!(found.why.ends_with("; differs in tools"), "{}", found.why);
    let whole = matcher(
        [&chat],
        MatchOptions {
            whole_input: true,
            ..MatchOptions::default()
        },
    );
    check(
        "every part of the input counts",
        &whole,
        &[
            ("t-a", &chat, more_tools, Misses("/tools/0")),
            ("t-a", &chat, |input| input["state"] = json!({"n": 1}), Misses("/state")),
            (
                "t-a",
                &chat,
                |input| input["forwardedProps"] = json!({"model": "x"}),
                Misses("/forwardedProps"),
            ),
            (
                "t-a",
                &chat,
                |input| input["context"] = json!([{"description": "d", "value": "v"}]),
                Misses("/context"),
            ),
            ("t-a", &chat, same, Gives(0)),
        ],
    );
}

#[test]
fn of_several_the_one_that_was_given_the_same_answers() {
    let one = Take::of("mastra/01-chat")
        .in_thread("recorded-1")
        .with(|input| input["state"] = json!({"n": 1}));
    let two = Take::of("mastra/01-chat")
        .in_thread("recorded-2")
        .with(|input| input["state"] = json!({"n": 2}));
    let loaded = matcher(&[one.clone(), two.clone()], MatchOptions::default());
    check(
        "by state",
        &loaded,
        &[
            ("t-a", &two, same, Gives(1)),
            ("t-b", &two, same, Gives(1)),
            ("t-c", &one, same, Gives(0)),
        ],
    );
}

#[test]
fn instants_and_own_ids_in_settings_do_not_count() {
    let chat = Take::of("mastra/01-chat").with(|input| {
        input["state"] = json!({"startedAt": "2026-11-20T10:00:00Z", "now": 1_763_600_000_000_u64});
        input["context"] = json!([{"description": "thread", "value": input["threadId"]}]);
    });
    let loaded = matcher(
        [&chat],
        MatchOptions {
            whole_input: true,
            ..MatchOptions::default()
        },
    );
    check(
        "later, in another thread",
        &loaded,
        &[(
            "t-a",
            &chat,
            |input| {
                input["state"] = json!({"startedAt": "2027-01-01T00:00:00.5Z", "now": 1_800_000_000_000_u64});
                input["context"][0]["value"] = "t-a".into();
            },
            Gives(0),
        )],
    );
}
