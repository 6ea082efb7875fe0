use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
    query::Reader,
};
use serde::de::DeserializeOwned;

use super::*;
use crate::{Axis, Kind, RowOf, Rows, RowsOf};
use crate::{
    Chat, ChatWindow, Detail, FrameDetail, Input, InputView, Jump, JumpTo, LanePicture, Lanes, Locate, Place,
    ReadValue, State, StateTree, Target, ValueView, Verdict,
};

const EVENTS: [&str; 9] = [
    r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#,
    r#"{"type":"STATE_SNAPSHOT","snapshot":{"cart":{"total":1},"list":[1,2]}}"#,
    r#"{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}"#,
    r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"one\u001b[31m two\u202e","timestamp":1700000000500}"#,
    r#"{"type":"STATE_DELTA","delta":[{"op":"replace","path":"/cart/total","value":2},{"op":"remove","path":"/list/0"}]}"#,
    r#"{"type":"STATE_DELTA","delta":[{"op":"test","path":"/cart/total","value":2},{"op":"replace","path":"/gone/x","value":2}]}"#,
    r#"{"type":"TEXT_MESSAGE_END","messageId":"m"}"#,
    r#"{"type":"TOOL_CALL_START","toolCallId":"c","toolCallName":"find","parentMessageId":"m"}"#,
    r#"{"type":"TOOL_CALL_ARGS","toolCallId":"c","delta":"{}"}"#,
];

fn reader() -> Reader<MemoryShelf> {
    let mut body = Vec::new();
    let mut chunks = Vec::new();
    for (place, event) in EVENTS.iter().enumerate() {
        let frame = format!("data: {event}\n\n");
        chunks.push(Chunk {
            offset: body.len() as u64,
            len: frame.len() as u64,
            at_us: 100_000 * (place as u64 + 1),
        });
        body.extend_from_slice(frame.as_bytes());
    }
    let head = ResponseHead {
        status: 200,
        headers: vec![("Content-Type".into(), b"text/event-stream; charset=utf-8".to_vec())],
        ..ResponseHead::default()
    };
    let exchange = Exchange {
        response: Some(head),
        started_at_us: 1_700_000_000_000_000,
        ending: Ending::Complete,
        ..Exchange::default()
    };
    let request = br#"{"threadId":"t","runId":"r","messages":[{"id":"u","role":"user","content":"hi"}],"tools":[{"name":"find"}]}"#;
    Reader::open(MemoryShelf::new(exchange, request.to_vec(), chunks, body)).unwrap()
}

fn asked<A: Ask + Into<ExchangeAsk>>(ask: A) -> A::Answer
where
    A::Answer: DeserializeOwned,
{
    let bytes = answer(&ask.into(), &mut reader(), |_, _| Ok(Beside::default())).unwrap();
    match A::ENCODING {
        Encoding::Json => serde_json::from_slice(&bytes).unwrap(),
        Encoding::Postcard => postcard::from_bytes(&bytes).unwrap(),
    }
}

#[test]
fn opening_tells_the_facts() {
    let opened: Opened = asked(Open { exchange: 7 });
    assert_eq!(
        (opened.exchange, opened.frames, opened.content_type.as_str()),
        (7, 9, "text/event-stream")
    );
    assert_eq!(
        (opened.started_at.as_str(), opened.ttft_us),
        ("2023-11-14T22:13:20.000000Z", Some(400_000))
    );
    assert_eq!((opened.runs[0].verdict, opened.extent.index), (Verdict::None, 9.0));
}

#[test]
fn rows_are_safe_to_show() {
    let page = asked(Rows {
        exchange: 7,
        view: RowsOf::Spans,
        expanded: vec![],
        first: 0,
        count: 50,
    });
    let text = page.rows.iter().find(|row| row.kind == Kind::Text).unwrap();
    assert_eq!(text.summary, "one␛[31m two⟨U+202E⟩");
    assert_eq!(
        asked(RowOf {
            exchange: 7,
            view: RowsOf::Events,
            expanded: vec![],
            seq: 4
        })
        .row,
        3
    );
}

#[test]
fn a_moment_has_its_time_of_day() {
    let moment: Place = asked(Locate {
        exchange: 7,
        axis: Axis::Clock,
        target: Target::AtMicros(450_000),
    });
    assert_eq!((moment.seq, moment.wall.as_str()), (4, "2023-11-14T22:13:20.400000Z"));
    let problem: Option<Place> = asked(Jump {
        exchange: 7,
        axis: Axis::Index,
        from: 0,
        to: JumpTo::Problem,
        backwards: false,
    });
    assert_eq!(problem.map(|moment| moment.seq), Some(6));
}

#[test]
fn a_failed_patch_shows_which_operation() {
    let detail: FrameDetail = asked(Detail { exchange: 7, seq: 6 });
    let fates: Vec<crate::Fate> = detail.operations.iter().map(|operation| operation.fate).collect();
    assert_eq!(fates, [crate::Fate::Skipped, crate::Fate::Failed]);
    assert!(!detail.operations[1].reason.is_empty());
    let text: FrameDetail = asked(Detail { exchange: 7, seq: 4 });
    assert_eq!(text.timestamp, Some(("1700000000500".to_owned(), Some(100_000))));
    assert!(text.raw.contains("\\u001b"));
}

#[test]
fn the_state_tree_marks_what_changed() {
    let ask = |at| State {
        exchange: 7,
        at,
        expanded: vec!["/cart".into(), "/list".into()],
        changed_only: false,
        first: 0,
        count: 50,
    };
    let view: StateTree = asked(ask(5));
    let shown: Vec<(&str, Option<ChangeOf>)> = view
        .lines
        .iter()
        .map(|line| (line.pointer.as_str(), line.change))
        .collect();
    assert_eq!(
        shown,
        [
            ("/cart", None),
            ("/cart/total", Some(ChangeOf::Changed)),
            ("/list", None),
            ("/list/0", Some(ChangeOf::Changed)),
            ("/list/1", Some(ChangeOf::Removed)),
        ]
    );
    assert_eq!(
        (view.lines[1].old.as_deref(), view.lines[1].preview.as_str()),
        (Some("1"), "2")
    );
    assert_eq!(
        (view.lines[0].changes_below, view.lines[1].set_by, view.total),
        (1, 5, 5)
    );
    assert_eq!(asked(ask(6)).dropped.unwrap().seq, 6);
    assert_eq!(asked(ask(1)).lines, []);
    let value: ValueView = asked(ReadValue {
        exchange: 7,
        at: 2,
        pointer: "/list".into(),
    });
    assert_eq!(value.text, "[\n  1,\n  2\n]");
}

#[test]
fn the_conversation_ends_where_the_moment_is() {
    let chat: ChatWindow = asked(Chat {
        exchange: 7,
        at: 4,
        first: None,
        count: 10,
    });
    assert_eq!((chat.total, chat.messages[0].from_input), (2, true));
    assert_eq!(
        (chat.messages[1].open, chat.messages[1].text.as_str()),
        (true, "one\u{1b}[31m two\u{202e}")
    );
    let late: ChatWindow = asked(Chat {
        exchange: 7,
        at: 9,
        first: Some(1),
        count: 10,
    });
    assert_eq!(
        (
            late.messages[0].tools[0].name.as_str(),
            late.messages[0].tools[0].arguments.as_str()
        ),
        ("find", "{}")
    );
    let cause = asked(crate::Cause {
        exchange: 7,
        at: 9,
        message: 1,
        tool: None,
        utf16_offset: 2,
    });
    assert_eq!(cause.seq, 4);
}

#[test]
fn the_input_is_indented_and_counted() {
    let input: InputView = asked(Input { exchange: 7 });
    assert_eq!(
        (input.messages, input.tools),
        (vec![("user".to_owned(), 1)], vec!["find".to_owned()])
    );
    assert!(input.body.starts_with("{\n  \"threadId\": \"t\",\n"));
}

#[test]
fn lanes_travel_as_postcard() {
    let view: LanePicture = asked(Lanes {
        exchange: 7,
        axis: Axis::Clock,
        from: 0.0,
        to: 1e6,
        width_px: 300,
    });
    assert_eq!(view.overview.len(), 300);
    assert!(
        view.lanes
            .iter()
            .any(|lane| lane.id == crate::LaneId::Text && !lane.shapes.is_empty())
    );
}

#[test]
fn what_is_not_there_is_a_report() {
    let ask = ExchangeAsk::from(Detail { exchange: 7, seq: 99 });
    let report = answer(&ask, &mut reader(), |_, _| Ok(Beside::default())).unwrap_err();
    assert_eq!(
        (report.code, report.message.as_str()),
        (Code::NotFound, "There is no frame 99; the last is 9.")
    );
}

use crate::ChangeKind as ChangeOf;
