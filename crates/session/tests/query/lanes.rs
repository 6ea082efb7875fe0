//! Lanes. The snapshots record our own output: a person reads each difference
//! before it is committed.

use std::{collections::BTreeMap, fmt::Write as _};

use scrubjay_session::{
    exchange::Ending,
    memory::MemoryShelf,
    query::{Axis, Form, LaneId, LanePicture, Reader},
};

use crate::stream::{Stream, everything};

fn lines(picture: &LanePicture) -> String {
    let mut text = String::new();
    for lane in &picture.lanes {
        writeln!(text, "{:?} × {}", lane.id, lane.rows).unwrap();
        for shape in &lane.shapes {
            writeln!(
                text,
                "  {:?} {:.0}..{:.0} row {} #{}..{} {}{}{}",
                shape.form,
                shape.from / 1000.0,
                shape.to / 1000.0,
                shape.row,
                shape.first_seq,
                shape.last_seq,
                shape.strength,
                shape
                    .severity
                    .map_or(String::new(), |severity| format!(" {severity:?}")),
                if shape.label.is_empty() {
                    String::new()
                } else {
                    format!(" {:?}", shape.label)
                },
            )
            .unwrap();
        }
    }
    writeln!(text, "gaps {:?}", picture.gaps).unwrap();
    text
}

#[test]
fn a_run_from_near() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    insta::assert_snapshot!(lines(&reader.lanes(Axis::Clock, 0.0, 1_300_000.0, 1200).unwrap()));
}

#[test]
fn all_of_it_with_idle_collapsed() {
    let mut reader = everything().reader(Ending::UpstreamReset);
    let end = reader.extent().unwrap().collapsed;
    insta::assert_snapshot!(lines(&reader.lanes(Axis::Collapsed, 0.0, end, 600).unwrap()));
}

#[test]
fn at_most_two_shapes_begin_in_a_column() {
    let mut stream = Stream::default();
    stream.event(0, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#);
    for n in 0..4_000 {
        let id = n % 700;
        stream
            .event(
                n % 7,
                &format!(r#"{{"type":"TEXT_MESSAGE_CHUNK","messageId":"m{id}","delta":"x"}}"#),
            )
            .event(
                3,
                &format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"c{n}","toolCallName":"f"}}"#),
            )
            .event(3, &format!(r#"{{"type":"TOOL_CALL_END","toolCallId":"c{n}"}}"#))
            .event(
                3,
                &format!(r#"{{"type":"TOOL_CALL_RESULT","messageId":"x{n}","toolCallId":"c{n}","content":"y"}}"#),
            )
            .event(2, r#"{"type":"STATE_DELTA","delta":[]}"#)
            .event(2, &format!(r#"{{"type":"CUSTOM","name":"n{n}","value":1}}"#));
    }
    let mut reader = stream.reader(Ending::Complete);
    for axis in [Axis::Clock, Axis::Collapsed, Axis::Index] {
        let extent = reader.extent().unwrap();
        let end = if axis == Axis::Index {
            extent.index
        } else {
            extent.clock
        };
        for (from, to, width) in [
            (0.0, end, 500),
            (end * 0.2, end * 0.9, 64),
            (end * 0.5, end * 0.51, 900),
            (-end, 2.0 * end, 300),
        ] {
            let picture = reader.lanes(axis, from, to, width).unwrap();
            let step = (picture.to - picture.from) / f64::from(width);
            for lane in &picture.lanes {
                let mut begun: BTreeMap<(u8, i64), u32> = BTreeMap::new();
                for shape in &lane.shapes {
                    let column = ((shape.from - picture.from) / step).floor() as i64;
                    *begun.entry((shape.row, column)).or_default() += 1;
                }
                assert!(
                    begun.values().all(|count| *count <= 2),
                    "{axis:?} {from} {to} {:?}",
                    lane.id
                );
            }
        }
    }
}

#[test]
fn one_failure_in_many_frames_shows_in_overview_and_lane() {
    let mut stream = Stream::default();
    stream.event(0, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#);
    for n in 0..20_000 {
        match n {
            13_000 => stream.raw(1_000, b"data: {not json\n\n"),
            _ => stream.event(1_000, r#"{"type":"CUSTOM","name":"n","value":1}"#),
        };
    }
    let mut reader = stream.reader(Ending::Complete);
    let picture = reader.lanes(Axis::Clock, 0.0, 20_000_000.0, 400).unwrap();
    // 20 s on 400 px: frame 13,002 came at 13.001 s, a column more or less.
    assert!(
        picture
            .overview_marks
            .iter()
            .any(|(column, _)| (259..=261).contains(column))
    );
    let problems = picture.lanes.iter().find(|lane| lane.id == LaneId::Problems).unwrap();
    assert!(
        problems
            .shapes
            .iter()
            .any(|shape| shape.form == Form::Tick && shape.first_seq == 13_002)
    );
}

#[test]
fn an_empty_exchange_has_an_empty_picture() {
    let mut reader = Stream::default().reader(Ending::Complete);
    let picture = reader.lanes(Axis::Clock, 0.0, 0.0, 100).unwrap();
    assert_eq!((picture.lanes.len(), picture.overview.len()), (0, 100));
    assert_eq!(
        reader
            .lanes(Axis::Index, f64::NAN, f64::INFINITY, 0)
            .unwrap()
            .lanes
            .len(),
        0
    );
}

/// 200 events of one size, so far apart.
fn even(apart_us: u64) -> Reader<MemoryShelf> {
    let mut stream = Stream::default();
    stream.event(0, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#);
    for _ in 0..200 {
        stream.event(apart_us, r#"{"type":"CUSTOM","name":"n","value":1}"#);
    }
    stream.reader(Ending::Complete)
}

fn most(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(0.0, f64::max)
}

#[test]
fn a_rate_needs_a_duration() {
    // All at one time: no rate on a time axis, sizes on the index axis.
    let mut reader = even(0);
    let end = reader.extent().unwrap().clock;
    assert_eq!(
        reader.lanes(Axis::Clock, 0.0, end.max(1.0), 500).unwrap().throughput,
        []
    );
    let sizes = reader.lanes(Axis::Index, 0.0, 201.0, 500).unwrap().throughput;
    assert!((10.0..200.0).contains(&most(&sizes)), "{sizes:?}");
    // One event each 10 ms is a few kB a second, from near too.
    let mut reader = even(10_000);
    for (from, to) in [(0.0, 2_000_000.0), (500_000.0, 550_000.0)] {
        let rates = reader.lanes(Axis::Clock, from, to, 500).unwrap().throughput;
        assert!((1_000.0..20_000.0).contains(&most(&rates)), "{from}: {rates:?}");
    }
    assert_eq!(
        reader.lanes(Axis::Clock, 500_000.0, 501_000.0, 500).unwrap().throughput,
        []
    );
}

#[test]
fn what_goes_on_has_no_end() {
    let forms = |ending| {
        let mut stream = Stream::default();
        stream
            .event(0, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#)
            .event(1_000, r#"{"type":"STEP_STARTED","stepName":"s"}"#)
            .event(
                1_000,
                r#"{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}"#,
            )
            .event(
                1_000,
                r#"{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"so it begins"}"#,
            );
        let mut reader = stream.reader(ending);
        let picture = reader.lanes(Axis::Clock, 0.0, 3_000.0, 500).unwrap();
        let of = |id| picture.lanes.iter().find(|lane| lane.id == id).unwrap().shapes.clone();
        [LaneId::Runs, LaneId::Text].map(|id| of(id).last().map(|shape| (shape.form, shape.label.clone())).unwrap())
    };
    let live = forms(Ending::Open);
    assert_eq!(live[0], (Form::TornBar, "r so far".to_owned()));
    assert_eq!(live[1], (Form::TornBar, "so it begins".to_owned()));
    assert_eq!(forms(Ending::UpstreamReset)[1].0, Form::TornBar);
}

#[test]
fn a_label_is_whole_on_the_narrowest_bar() {
    let mut stream = Stream::default();
    stream.event(
        0,
        r#"{"type":"RUN_STARTED","threadId":"t","runId":"a run with a name that is longer than its bar"}"#,
    );
    for _ in 0..20 {
        stream.event(1_000_000, r#"{"type":"CUSTOM","name":"n","value":1}"#);
    }
    let mut reader = stream.reader(Ending::Complete);
    let picture = reader.lanes(Axis::Clock, 0.0, 2_000_000_000.0, 100).unwrap();
    let label = &picture.lanes[0].shapes[0].label;
    assert!(
        label.starts_with("a run with a name that is longer than its bar"),
        "{label}"
    );
}

#[test]
fn text_for_which_there_is_no_room_is_cut_where_it_is_much() {
    let mut stream = Stream::default();
    stream.event(0, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#);
    for n in 0..1_000 {
        let text = "words of a message that are many more than its bar has room for, again and again ".repeat(2);
        stream
            .event(
                1_000,
                &format!(r#"{{"type":"TEXT_MESSAGE_START","messageId":"m{n}","role":"assistant"}}"#),
            )
            .event(
                0,
                &format!(r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m{n}","delta":"{text}"}}"#),
            )
            .event(0, &format!(r#"{{"type":"TEXT_MESSAGE_END","messageId":"m{n}"}}"#));
    }
    let mut reader = stream.reader(Ending::Complete);
    let mut longest = |to: f64| {
        let picture = reader.lanes(Axis::Index, 0.0, to, 1_200).unwrap();
        let text = picture.lanes.iter().find(|lane| lane.id == LaneId::Text).unwrap();
        let labels = text.shapes.iter().map(|shape| shape.label.chars().count());
        (text.shapes.len(), labels.max().unwrap_or(0))
    };
    assert_eq!(longest(3_001.0), (1_000, 24));
    assert!(longest(30.0).1 > 24, "here each bar has room");
}
