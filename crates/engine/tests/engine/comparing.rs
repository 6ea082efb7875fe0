//! Two sides beside each other: started, announced, read by windows, corrected by hand.

use scrubjay_engine::{Engine, Opening, Options};
use scrubjay_ipc::{
    Axis, CancelCompare, Code, Compare, CompareReport, CompareResult, CompareStage, Comparison, Ignore, Level, MapAt,
    MapMoment, News, Pair, PairByHand, PairKind, Pairs, Ribbons, Side, WordPlace,
};

use crate::stage::{Agent, add_source, ask, hear, open, run_agent, try_ask, until};

/// A run that calls a tool and reports the result.
fn events(side: &str, max: u32, words: &str) -> Vec<String> {
    [
        format!(r#"{{"type":"RUN_STARTED","threadId":"{side}-thread","runId":"{side}-run"}}"#),
        format!(r#"{{"type":"TOOL_CALL_START","toolCallId":"{side}-call","toolCallName":"search"}}"#),
        format!(r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"{side}-call","delta":"{{\"max\":{max},"}}"#),
        format!(r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"{side}-call","delta":"\"to\":\"Oslo\"}}"}}"#),
        format!(r#"{{"type":"TOOL_CALL_END","toolCallId":"{side}-call"}}"#),
        format!(r#"{{"type":"TEXT_MESSAGE_START","messageId":"{side}-msg","role":"assistant"}}"#),
        format!(r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{side}-msg","delta":"{words}"}}"#),
        format!(r#"{{"type":"TEXT_MESSAGE_END","messageId":"{side}-msg"}}"#),
        format!(r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"found":{max}}}}}"#),
        format!(r#"{{"type":"RUN_FINISHED","threadId":"{side}-thread","runId":"{side}-run"}}"#),
    ]
    .to_vec()
}

/// A store with two runs; gives the engine and the exchanges.
async fn two_runs(folder: &tempfile::TempDir) -> (Engine, i64, i64) {
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    for (side, max, words) in [("a", 200, "I found three."), ("b", 300, "I found two.")] {
        let events = events(side, max, words);
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        agent.play(&events);
        run_agent(&source, side).await;
    }
    let exchanges = until(&engine, async || {
        let page = crate::stage::library(&engine).await;
        let ended = page
            .rows
            .iter()
            .all(|row| row.verdict == scrubjay_ipc::Verdict::Success);
        (page.rows.len() == 2 && ended).then(|| [page.rows[0].exchange, page.rows[1].exchange])
    })
    .await;
    (engine, exchanges[0], exchanges[1])
}

fn question(a: i64, b: i64, level: Level) -> Compare {
    Compare {
        a: Side::Exchange(a),
        b: Side::Exchange(b),
        level,
        ignore: Vec::new(),
    }
}

async fn done(engine: &Engine, comparison: u64) -> CompareResult {
    let mut feed = engine.news().unwrap();
    loop {
        match ask(engine, Comparison { comparison }).await.stage {
            CompareStage::Done(result) => return *result,
            CompareStage::Working(_) => {
                hear(
                    &mut feed,
                    |news| matches!(news, News::Compared { comparison: done } if *done == comparison),
                )
                .await;
            }
            other => panic!("it should have been done: {other:?}"),
        }
    }
}

/// How many rows are there that a person paired.
async fn rows_by_hand(engine: &Engine, comparison: u64) -> usize {
    let window = Pairs {
        comparison,
        differences_only: false,
        downstream_open: true,
        first: 0,
        count: 100,
        around: None,
    };
    let rows = ask(engine, window).await.rows;
    rows.into_iter().filter(|row| row.by_hand).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_are_compared_and_read_by_windows() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let started = ask(&engine, question(a, b, Level::Text)).await;
    let result = done(&engine, started.comparison).await;
    let first = result.first.clone().unwrap();
    assert_eq!((first.a, first.b), (Some((a, 3)), Some((b, 3))));
    assert_eq!(first.path, "/args/max");
    assert_eq!(
        (first.a_value.as_deref(), first.b_value.as_deref()),
        (Some("200"), Some("300"))
    );
    let again = ask(&engine, question(a, b, Level::Text)).await;
    assert_eq!(
        again.comparison, started.comparison,
        "the same question gives the same comparison"
    );
    let window = Pairs {
        comparison: started.comparison,
        differences_only: false,
        downstream_open: true,
        first: 0,
        count: 100,
        around: None,
    };
    let page = ask(&engine, window).await;
    assert_eq!(page.total, page.rows.len() as u64);
    let row = page.rows.iter().find(|row| row.first).unwrap();
    assert_eq!(row.pair, first.pair);
    assert_eq!(row.summary, "/args/max: 200 → 300");
    let around = Pairs {
        around: Some(first.pair),
        count: 1,
        ..window
    };
    assert_eq!(ask(&engine, around).await.rows[0].pair, first.pair);
    let pair = |pair| Pair {
        comparison: started.comparison,
        pair,
    };
    let view = ask(&engine, pair(first.pair)).await;
    let line = view.tree.iter().find(|line| line.pointer == "/args/max").unwrap();
    assert_eq!((line.kind, line.note.as_str()), (PairKind::Changed, "+100"));
    assert!(view.timing.iter().any(|row| row.part == "arguments"));
    let message = page
        .rows
        .iter()
        .find(|row| row.a.as_ref().is_some_and(|side| side.name == "assistant"))
        .unwrap();
    let words = ask(&engine, pair(message.pair)).await.words;
    assert!(
        words
            .iter()
            .any(|run| run.place == WordPlace::OnlyA && run.text == "three"),
        "{words:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_drawn_and_share_a_playhead() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let comparison = ask(&engine, question(a, b, Level::Behaviour)).await.comparison;
    done(&engine, comparison).await;
    let drawn = ask(
        &engine,
        Ribbons {
            comparison,
            axis: Axis::Index,
            from: 0.0,
            to: 1.0,
            width_px: 400,
        },
    )
    .await;
    assert!(!drawn.a.lanes.is_empty() && !drawn.b.lanes.is_empty());
    let changed = drawn
        .ribbons
        .iter()
        .find(|ribbon| ribbon.kind == PairKind::Changed)
        .unwrap();
    assert_eq!((changed.a, changed.b), (Some((2.0, 5.0)), Some((2.0, 5.0))));
    let map = MapMoment {
        comparison,
        of_b: false,
        axis: Axis::Index,
        at: MapAt::Frame(a, 7),
    };
    let mapped = ask(&engine, map).await;
    assert_eq!((mapped.a, mapped.b), ((a, 7), (b, 7)));
    let mapped = ask(
        &engine,
        MapMoment {
            of_b: true,
            at: MapAt::X(3.5),
            ..map
        },
    )
    .await;
    assert_eq!((mapped.a, mapped.b_x), ((a, 3), 3.0));
    let text = ask(
        &engine,
        CompareReport {
            comparison,
            json: false,
        },
    )
    .await
    .text;
    assert!(text.contains("`/args/max`"), "{text}");
    let lines = ask(&engine, CompareReport { comparison, json: true }).await.text;
    assert!(
        lines
            .lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paired_by_hand_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let comparison = ask(&engine, question(a, b, Level::Behaviour)).await.comparison;
    done(&engine, comparison).await;
    let by_hand = |comparison, paired| PairByHand {
        comparison,
        a: (a, 1),
        b: (b, 2),
        paired,
    };
    let corrected = ask(&engine, by_hand(comparison, true)).await.comparison;
    assert_ne!(corrected, comparison);
    done(&engine, corrected).await;
    assert_eq!(rows_by_hand(&engine, corrected).await, 1);
    assert!(engine.close());
    let engine = open(&folder.path().join("store.db"));
    let comparison = ask(&engine, question(a, b, Level::Behaviour)).await.comparison;
    done(&engine, comparison).await;
    assert_eq!(rows_by_hand(&engine, comparison).await, 1);
    let undone = ask(&engine, by_hand(comparison, false)).await.comparison;
    done(&engine, undone).await;
    assert_eq!(rows_by_hand(&engine, undone).await, 0);
}

/// A run that is chosen in the window is the exchange that the command line
/// compares: how it was answered and what stands around the run count too.
#[tokio::test(flavor = "multi_thread")]
async fn the_only_run_of_an_exchange_is_compared_as_the_exchange() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    for level in [Level::Behaviour, Level::Wire] {
        let exchanges = ask(&engine, question(a, b, level)).await.comparison;
        let runs = Compare {
            a: Side::Run(a, 0),
            b: Side::Run(b, 0),
            ..question(a, b, level)
        };
        let runs = ask(&engine, runs).await.comparison;
        let exchanges = done(&engine, exchanges).await;
        assert_eq!(done(&engine, runs).await, exchanges, "{level:?}");
        assert!(exchanges.counts.changed > 0);
    }
}

/// Several exchanges are their threads, which are paired.
#[tokio::test(flavor = "multi_thread")]
async fn exchanges_of_several_threads_are_compared_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let both = |a: &[i64], b: &[i64]| Compare {
        a: Side::Exchanges(a.to_vec()),
        b: Side::Exchanges(b.to_vec()),
        level: Level::Wire,
        ignore: Vec::new(),
    };
    let comparison = ask(&engine, both(&[a, b], &[b, a])).await.comparison;
    let result = done(&engine, comparison).await;
    assert_eq!(result.first, None);
    let by: Vec<&str> = result.threads.iter().map(|pair| pair.paired_by.as_str()).collect();
    assert_eq!(by, ["id", "id"]);
    let comparison = ask(&engine, both(&[a, b], &[b])).await.comparison;
    let result = done(&engine, comparison).await;
    let alone = result.threads.iter().find(|pair| pair.b.is_none()).unwrap();
    assert_eq!((alone.a.as_deref(), alone.differences), (Some("a-thread"), 1));
    assert_eq!(result.first.unwrap().sentence, "thread a-thread is only in A");
}

/// A second is as wide on one side as on the other.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_drawn_to_one_scale() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let comparison = ask(&engine, question(a, b, Level::Behaviour)).await.comparison;
    done(&engine, comparison).await;
    for axis in [Axis::Clock, Axis::Collapsed, Axis::Index] {
        for (from, to) in [(0.0, 1.0), (0.25, 0.75)] {
            let view = ask(
                &engine,
                Ribbons {
                    comparison,
                    axis,
                    from,
                    to,
                    width_px: 800,
                },
            )
            .await;
            let (len_a, len_b) = (view.a.to - view.a.from, view.b.to - view.b.from);
            assert!((len_a - len_b).abs() < 1e-6 * len_a, "{axis:?} {len_a} {len_b}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_compared_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let missing = try_ask(&engine, question(a, 999, Level::State)).await.unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
    let thread = Compare {
        a: Side::Thread("another-thread".into()),
        ..question(a, b, Level::State)
    };
    assert_eq!(try_ask(&engine, thread).await.unwrap_err().code, Code::NotFound);
    let rule = Compare {
        ignore: vec![Ignore::Pattern("(".into())],
        ..question(a, b, Level::State)
    };
    assert_eq!(try_ask(&engine, rule).await.unwrap_err().code, Code::BadRequest);
    let gone = try_ask(&engine, Comparison { comparison: 999 }).await.unwrap_err();
    assert_eq!(gone.code, Code::NotFound);
    let threads = Compare {
        a: Side::Thread("a-thread".into()),
        b: Side::Run(b, 0),
        ..question(a, b, Level::Behaviour)
    };
    let comparison = ask(&engine, threads).await.comparison;
    assert!(done(&engine, comparison).await.first.is_some());
    let view = ask(&engine, CancelCompare { comparison }).await;
    assert!(matches!(view.stage, CompareStage::Done(_)), "what is done stays done");
    let bad = PairByHand {
        comparison,
        a: (a, u32::MAX),
        b: (b, 0),
        paired: true,
    };
    assert_eq!(try_ask(&engine, bad).await.unwrap_err().code, Code::BadRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_in_a_file_are_compared_too() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, a, b) = two_runs(&folder).await;
    let path = folder.path().join("two.agui.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    engine
        .export(&[a, b], scrubjay_engine::ExportFormat::Recording, &mut file)
        .unwrap();
    drop(file);
    let options = Options {
        path: Some(path),
        opening: Opening::Reading,
    };
    let file = Engine::open(&options).unwrap();
    let comparison = ask(&file, question(0, 1, Level::Behaviour)).await.comparison;
    let first = done(&file, comparison).await.first.unwrap();
    assert_eq!(first.a, Some((0, 3)));
    let by_hand = PairByHand {
        comparison,
        a: (0, 1),
        b: (1, 2),
        paired: true,
    };
    let corrected = ask(&file, by_hand).await.comparison;
    done(&file, corrected).await;
    assert_eq!(rows_by_hand(&file, corrected).await, 1);
}
