//! What a request is answered with, case by case.

use scrubjay_replay::{
    Asked, Deck, Rules,
    matching::{Answer, Hit},
};
use scrubjay_session::exchange::Ending;
use serde_json::{Value, json};

use crate::stage::{Take, corpus, deck, renamed};

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
pub(crate) fn asked(take: &Take, thread: &str, change: impl FnOnce(&mut Value)) -> Asked {
    let mut asked = take.asked();
    let mut input = renamed(&take.input, thread, &format!("run-of-{thread}"));
    change(&mut input);
    if input.is_object() {
        asked.body = serde_json::to_vec(&input).unwrap();
    }
    asked
}

pub(crate) fn outcome(deck: &Deck, asked: &Asked) -> Expected {
    match deck.ask(asked) {
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

pub(crate) fn hit(deck: &Deck, asked: &Asked) -> Hit {
    match deck.ask(asked) {
        Answer::Hit(hit) => hit,
        Answer::NoHistory(miss) | Answer::Miss(miss) => panic!("{miss:?}"),
    }
}

/// A request of a table: a thread, what it repeats, what it changes, what it gets.
pub(crate) type Row<'a> = (&'a str, &'a Take, fn(&mut Value), Expected);

pub(crate) fn check(name: &str, deck: &Deck, rows: &[Row<'_>]) {
    for (place, (thread, take, change, expected)) in rows.iter().enumerate() {
        let got = outcome(deck, &asked(take, thread, *change));
        assert_eq!(got, *expected, "{name}, request {place} of {thread}");
    }
}

pub(crate) fn same(_input: &mut Value) {}

#[test]
fn the_same_prompt_gets_its_answers_in_order() {
    let one = Take::of("mastra/01-chat").in_thread("recorded-1");
    let two = Take::of("mastra/01-chat").in_thread("recorded-2");
    let other = Take::of("mastra/07-reasoning");
    let loaded = deck(&[one.clone(), other, two], Rules::default());
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
    let loaded = deck(&[one.clone(), again], Rules::default());
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
    let loaded = deck([&chat], Rules::default());
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
    let loaded = deck([&chat], Rules::default());
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
    let loaded = deck(&takes, Rules::default());
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
        let loaded = deck(&takes, Rules::default());
        check(
            first,
            &loaded,
            &[("t-a", &takes[0], same, Gives(0)), ("t-a", &takes[1], same, Gives(1))],
        );
    }
    let takes = ["run1", "run2"].map(|run| Take::of(&format!("langgraph/08-interrupt-legacy-custom-{run}")));
    let loaded = deck(&takes, Rules::default());
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
        let loaded = deck(&takes, Rules::default());
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
    let loaded = deck(&takes, Rules::default());
    check(
        "calls and results agree, whatever they are called",
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
        let loaded = deck(&takes, Rules::default());
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
    let loaded = deck(&takes, Rules::default());
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
    let loaded = deck(
        &[one.clone(), two],
        Rules {
            strict: true,
            ..Rules::default()
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
fn a_strict_deck_gives_each_run_once() {
    let chat = Take::of("mastra/01-chat");
    let info = Take::of("copilotkit-runtime/13-info-get");
    let other = Take::of("mastra/07-reasoning");
    let loaded = deck(
        &[chat.clone(), info.clone(), other],
        Rules {
            strict: true,
            ..Rules::default()
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
fn what_else_the_agent_was_given_is_told_or_must_be_equal() {
    let chat = Take::of("copilotkit-runtime/03-frontend-tool-run1");
    let more_tools = |input: &mut Value| {
        let tool = json!({"name": "new_tool", "description": "", "parameters": {}});
        input["tools"].as_array_mut().unwrap().insert(0, tool);
    };
    let told = hit(&deck([&chat], Rules::default()), &asked(&chat, "t-a", more_tools));
    assert_eq!(told.differences.len(), 1);
    assert_eq!(told.differences[0].pointer, "/tools/0");
    assert_eq!(told.differences[0].recorded, None);
    assert!(told.why.ends_with("; differs in tools"), "{}", told.why);
    let whole = deck(
        [&chat],
        Rules {
            whole_input: true,
            ..Rules::default()
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
    let loaded = deck(&[one.clone(), two.clone()], Rules::default());
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
    let loaded = deck(
        [&chat],
        Rules {
            whole_input: true,
            ..Rules::default()
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

#[test]
fn what_a_copilotkit_page_asks_is_answered() {
    let names = [
        "13-info-get",
        "13-info-single-route",
        "12-connect-empty-thread",
        "14-run-single-route",
        "16-threads-list",
        "06-multi-turn-run1",
        "16-thread-events",
        "03-frontend-tool-run1",
    ];
    let takes: Vec<Take> = names
        .iter()
        .map(|name| Take::of(&format!("copilotkit-runtime/{name}")))
        .collect();
    let loaded = deck(&takes, Rules::default());
    let threads = ["", "", "t-new", "t-single", "", "t-a", "", "t-tool"];
    let rows: Vec<Row<'_>> = takes
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != 6)
        .map(|(place, take)| (threads[place], take, same as fn(&mut Value), Gives(place)))
        .collect();
    check("by route", &loaded, &rows);
    let mut events = takes[6].asked();
    events.target = "/api/copilotkit/threads/t-a/events".into();
    let found = hit(&loaded, &events);
    assert_eq!(found.recorded, 6, "{}", found.why);
    let mut other = asked(&takes[7], "t-b", same);
    other.target = "/api/copilotkit/agent/other/run".into();
    assert_eq!(outcome(&loaded, &other), Misses(""));
    let mut single = asked(&takes[3], "t-c", same);
    let mut envelope: Value = serde_json::from_slice(&single.body).unwrap();
    envelope["params"]["agentId"] = "other".into();
    single.body = serde_json::to_vec(&envelope).unwrap();
    assert_eq!(outcome(&loaded, &single), Misses(""));
}

#[test]
fn a_query_and_a_body_count_for_other_requests() {
    let list = Take::of("copilotkit-runtime/16-threads-list");
    let loaded = deck([&list], Rules::default());
    let mut other = list.asked();
    other.target = "/api/copilotkit/threads?agentId=other".into();
    assert_eq!(outcome(&loaded, &other), Misses(""));
    let Answer::Miss(miss) = loaded.ask(&other) else {
        panic!()
    };
    assert_eq!(miss.nearest[0].note, "its query was `agentId=default`");
    let mut posted = Take::of("copilotkit-runtime/16-threads-list");
    posted.exchange.request.method = "POST".into();
    posted.input = json!({"page": 1});
    let loaded = deck([&posted], Rules::default());
    check(
        "by body",
        &loaded,
        &[
            ("t-a", &posted, |input| input["page"] = 2.into(), Misses("/page")),
            ("t-a", &posted, same, Gives(0)),
        ],
    );
    let mut secret = list.clone();
    secret.exchange.request.target = "/api/copilotkit/threads?token=scrubjay-fp:0011223344556677".into();
    let loaded = deck(&[secret], Rules::default());
    let mut asked = list.asked();
    asked.target = "/api/copilotkit/threads?token=anything".into();
    assert_eq!(
        outcome(&loaded, &asked),
        Gives(0),
        "a secret was not kept, so any will do"
    );
}

#[test]
fn connects_that_were_given_up_answer_last() {
    let connect = Take::of("copilotkit-runtime/12-connect-empty-thread");
    let given_up = connect.clone().ending(Ending::ClientLeft);
    let loaded = deck(&[given_up.clone(), connect.clone(), given_up], Rules::default());
    check(
        "the answered one",
        &loaded,
        &[("t-a", &connect, same, Gives(1)), ("t-a", &connect, same, Gives(1))],
    );
    assert_eq!(loaded.unused(), [0; 0]);
}

#[test]
fn the_transport_is_what_the_client_reads() {
    let sse = Take::of("protobuf-encoder/sse-chat");
    let binary = Take::of("protobuf-encoder/proto-chat");
    let input = sse.input.clone();
    let binary = binary.with(|other| other["messages"] = input["messages"].clone());
    let mut target = binary.clone();
    target.exchange.request.target.clone_from(&sse.exchange.request.target);
    let loaded = deck(&[target, sse.clone()], Rules::default());
    for (accept, expected) in [
        ("text/event-stream", 1),
        ("application/vnd.ag-ui.event+proto", 0),
        ("text/event-stream", 1),
    ] {
        let mut asked = asked(&sse, &format!("t-{accept}-{expected}"), same);
        asked.headers = vec![("Accept".into(), accept.into())];
        assert_eq!(outcome(&loaded, &asked), Gives(expected), "{accept}");
    }
}

#[test]
fn a_refused_request_is_asked_again() {
    let takes = [
        Take::of("mastra/01-chat").in_thread("recorded-1"),
        Take::of("mastra/01-chat").in_thread("recorded-2"),
    ];
    let loaded = deck(
        &takes,
        Rules {
            strict: true,
            ..Rules::default()
        },
    );
    for refused in 0..3 {
        let found = hit(&loaded, &asked(&takes[0], "t-a", same));
        assert_eq!((found.recorded, found.refused, found.repeat), (0, refused, 0));
        loaded.refuse(&found);
    }
    assert_eq!(loaded.unused(), [0, 1]);
}

#[test]
fn a_repeated_answer_says_so_and_marks_the_ids_it_makes() {
    let takes = ["run1", "run2"].map(|run| Take::of(&format!("mastra/03-frontend-tool-{run}")));
    let loaded = deck(&takes[..1], Rules::default());
    let first = hit(&loaded, &asked(&takes[0], "t-a", same));
    let second = hit(&loaded, &asked(&takes[0], "t-a", same));
    assert_eq!((first.repeat, second.repeat), (0, 1));
    assert!(second.why.ends_with("given once more"), "{}", second.why);
    // The call that was handed out the second time comes back under its mark.
    let loaded = deck(&takes, Rules::default());
    for take in [&takes[0], &takes[0]] {
        hit(&loaded, &asked(take, "t-b", same));
    }
    check(
        "a marked call",
        &loaded,
        &[(
            "t-b",
            &takes[1],
            |input| {
                for message in input["messages"].as_array_mut().unwrap() {
                    let text = |value: &Value| format!("{}~2", value.as_str().unwrap());
                    if message["role"] == "tool" {
                        message["toolCallId"] = text(&message["toolCallId"]).into();
                    } else if message["role"] == "assistant" {
                        message["id"] = text(&message["id"]).into();
                        message["toolCalls"][0]["id"] = text(&message["toolCalls"][0]["id"]).into();
                    }
                }
            },
            Gives(1),
        )],
    );
}

#[test]
fn an_empty_deck_and_odd_requests_are_misses() {
    let empty = deck(&[], Rules::default());
    let chat = Take::of("mastra/01-chat");
    for body in [&b""[..], b"{", b"\xFF\xFE", b"[]", b"null"] {
        let mut asked = chat.asked();
        asked.body = body.to_vec();
        assert_eq!(outcome(&empty, &asked), Misses(""));
        let loaded = deck([&chat], Rules::default());
        assert!(matches!(loaded.ask(&asked), Answer::Miss(_)), "{body:?}");
    }
}

#[test]
fn every_captured_conversation_is_answered_by_itself() {
    let families: std::collections::BTreeSet<&str> = corpus()
        .iter()
        .filter_map(|captured| captured.name.split('/').next())
        .collect();
    for family in families {
        let captured: Vec<_> = corpus()
            .iter()
            .filter(|captured| captured.name.starts_with(&format!("{family}/")))
            .collect();
        let takes: Vec<Take> = captured.iter().map(|captured| Take::captured(captured)).collect();
        let loaded = deck(&takes, Rules::default());
        for (place, take) in takes.iter().enumerate() {
            let input = if take.input["body"].is_object() {
                &take.input["body"]
            } else {
                &take.input
            };
            let thread = format!("live-{}", input["threadId"].as_str().unwrap_or("none"));
            let asked = asked(take, &thread, same);
            // A page that knows its thread asks for it by its own name.
            let mut asked = asked;
            asked.target = asked.target.replace("/threads/t-multi/", "/threads/live-t-multi/");
            assert_eq!(outcome(&loaded, &asked), Gives(place), "{}", captured[place].name);
        }
        assert_eq!(loaded.unused(), [0; 0], "{family}");
    }
}

#[test]
fn an_agent_at_a_path_called_connect_is_an_agent() {
    let mut chat = Take::of("mastra/01-chat");
    chat.exchange.request.target = "/connect".into();
    let loaded = deck([&chat], Rules::default());
    let other: fn(&mut Value) = |input| input["messages"][0]["content"] = "else".into();
    check(
        "a run",
        &loaded,
        &[("t-a", &chat, other, Misses("/messages/0/content"))],
    );
}
