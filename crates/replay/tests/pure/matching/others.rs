//! Requests that are no runs, media types, refusals, and odd requests.

use super::*;

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
    let loaded = matcher(&takes, MatchOptions::default());
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
    let loaded = matcher([&list], MatchOptions::default());
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
    let loaded = matcher([&posted], MatchOptions::default());
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
    let loaded = matcher(&[secret], MatchOptions::default());
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
    let loaded = matcher(&[given_up.clone(), connect.clone(), given_up], MatchOptions::default());
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
    let loaded = matcher(&[target, sse.clone()], MatchOptions::default());
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
    let loaded = matcher(
        &takes,
        MatchOptions {
            strict: true,
            ..MatchOptions::default()
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
fn a_repeated_answer_gives_the_reason_and_marks_the_ids_it_makes() {
    let takes = ["run1", "run2"].map(|run| Take::of(&format!("mastra/03-frontend-tool-{run}")));
    let loaded = matcher(&takes[..1], MatchOptions::default());
    let first = hit(&loaded, &asked(&takes[0], "t-a", same));
    let second = hit(&loaded, &asked(&takes[0], "t-a", same));
    assert_eq!((first.repeat, second.repeat), (0, 1));
    assert!(second.why.ends_with("given once more"), "{}", second.why);
    // The call that was handed out the second time comes back under its mark.
    let loaded = matcher(&takes, MatchOptions::default());
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
fn an_empty_matcher_and_odd_requests_are_misses() {
    let empty = matcher(&[], MatchOptions::default());
    let chat = Take::of("mastra/01-chat");
    for body in [&b""[..], b"{", b"\xFF\xFE", b"[]", b"null"] {
        let mut asked = chat.asked();
        asked.body = body.to_vec();
        assert_eq!(outcome(&empty, &asked), Misses(""));
        let loaded = matcher([&chat], MatchOptions::default());
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
        let loaded = matcher(&takes, MatchOptions::default());
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
    let loaded = matcher([&chat], MatchOptions::default());
    let other: fn(&mut Value) = |input| input["messages"][0]["content"] = "else".into();
    check(
        "a run",
        &loaded,
        &[("t-a", &chat, other, Misses("/messages/0/content"))],
    );
}
