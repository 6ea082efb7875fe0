//! Problems of an exchange, and what is muted.

use scrubjay_engine::{Engine, ExportFormat, Opening, Options};
use scrubjay_ipc::{Code, Mute, MutedIn, Open, ProblemRows, Problems, Verdict};

use crate::stage::{Agent, add_source, ask, library, open, run_agent, try_ask, until};

/// The sample in which a patch does not apply.
const SAMPLE: &[u8] = include_bytes!("../../../../recordings/state-with-failed-patch.agui.jsonl");

fn store(folder: &tempfile::TempDir) -> (Engine, i64) {
    let engine = open(&folder.path().join("store.db"));
    let imported = engine.import_bytes("sample.agui.jsonl", SAMPLE).unwrap();
    engine.catch_up().unwrap();
    (engine, imported.exchanges[0])
}

fn mute(rule: &str, exchange: Option<i64>, muted: bool) -> Mute {
    Mute {
        rule: rule.into(),
        exchange,
        muted,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_grouped_by_rule_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, exchange) = store(&folder);
    let view = ask(&engine, Problems { exchange }).await;
    let group = &view.groups[0];
    assert_eq!(
        (group.found.rule.as_str(), group.found.count, group.found.first_seq),
        ("patch.failed", 1, 8)
    );
    assert!(view.rules > 90 && !group.explanation.is_empty() && !group.fix.is_empty() && !group.clause.is_empty());
    assert_eq!(group.clients, ["@ag-ui/client 1.0.0"]);
    let rows = ask(
        &engine,
        ProblemRows {
            exchange,
            rule: Some("patch.failed".into()),
            first: 0,
            count: 10,
        },
    )
    .await;
    assert_eq!((rows.total, rows.rows[0].finding.seq), (1, 8));
    assert!(rows.rows[0].at_us > 0 && !rows.rows[0].muted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_muted_stays_and_is_not_counted_and_is_kept_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, exchange) = store(&folder);
    assert_eq!(library(&engine).await.rows[0].errors, 1);
    let mutes = ask(&engine, mute("patch.failed", Some(exchange), true)).await;
    assert_eq!(mutes.here, [(exchange, "patch.failed".to_owned())]);
    assert_eq!(library(&engine).await.rows[0].errors, 0);
    assert_eq!(ask(&engine, Open { exchange }).await.findings, [0; 3]);
    let group = &ask(&engine, Problems { exchange }).await.groups[0];
    assert_eq!((group.found.count, group.muted), (1, Some(MutedIn::Here)));
    engine.close();

    let again = Engine::open(&Options {
        path: Some(folder.path().join("store.db")),
        opening: Opening::Writing,
    })
    .unwrap();
    assert!(again.mutes().unwrap().is_muted(exchange, "patch.failed"));
    assert!(!again.mutes().unwrap().is_muted(exchange + 1, "patch.failed"));
    ask(&again, mute("patch.failed", Some(exchange), false)).await;
    ask(&again, mute("patch.failed", None, true)).await;
    assert_eq!(library(&again).await.rows[0].errors, 0);
    ask(&again, mute("patch.failed", None, false)).await;
    assert_eq!(library(&again).await.rows[0].errors, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_file_muting_lasts_while_it_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.agui.jsonl");
    std::fs::write(&path, SAMPLE).unwrap();
    let file = open(&path);
    ask(&file, mute("patch.failed", None, true)).await;
    assert_eq!(library(&file).await.rows[0].errors, 0);
    assert_eq!(library(&open(&path)).await.rows[0].errors, 1);
    assert_eq!(std::fs::read(&path).unwrap(), SAMPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = store(&folder);
    let report = try_ask(&engine, mute("nonsense", None, true)).await.unwrap_err();
    assert_eq!(report.code, Code::BadRequest);
    assert!(report.message.contains("nonsense"));
}

/// What a request says wrongly of the interrupts of its thread stands in the problems of the exchange and is counted
/// wherever findings are: in a store, and in a file of the same runs.
#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_thread_shows_is_a_problem_of_the_exchange() {
    const STARTED: &str = r#"{"type":"RUN_STARTED","threadId":"t1","runId":"r1"}"#;
    const RAISED: &str = r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1","outcome":{"type":"interrupt","interrupts":[{"id":"i1","reason":"approve"}]}}"#;
    const FINISHED: &str = r#"{"type":"RUN_FINISHED","threadId":"t1","runId":"r1"}"#;
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    // The second run has no resume for the interrupt of the first; the third, after one that finished, need not.
    for end in [RAISED, FINISHED, FINISHED] {
        agent.play(&[STARTED, end]);
        run_agent(&source, "r1").await;
    }
    let rows = until(&engine, async || {
        let rows = library(&engine).await.rows;
        let is_over = |verdict| matches!(verdict, Verdict::Success | Verdict::Interrupt);
        (rows.len() == 3 && rows.iter().all(|row| is_over(row.verdict))).then_some(rows)
    })
    .await;
    assert_eq!(rows.iter().map(|row| row.warnings).collect::<Vec<_>>(), [0, 1, 0]);
    let (first, second) = (rows[0].exchange, rows[1].exchange);
    check_resume_missing(&engine, first, second).await;

    ask(&engine, mute("resume.missing", Some(second), true)).await;
    assert_eq!(library(&engine).await.rows[1].warnings, 0);
    assert_eq!(ask(&engine, Open { exchange: second }).await.findings, [0; 3]);
    assert_eq!(
        ask(&engine, Problems { exchange: second }).await.groups[0].muted,
        Some(MutedIn::Here)
    );

    let path = folder.path().join("thread.agui.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    let exchanges: Vec<i64> = rows.iter().map(|row| row.exchange).collect();
    engine.export(&exchanges, ExportFormat::Recording, &mut file).unwrap();
    let file = open(&path);
    let rows = library(&file).await.rows;
    assert_eq!(rows.iter().map(|row| row.warnings).collect::<Vec<_>>(), [0, 1, 0]);
    check_resume_missing(&file, 0, 1).await;

    // Where the run that raised it is gone, nothing is known of it.
    assert_eq!(engine.erase(&[first]).unwrap(), [first]);
    ask(&engine, mute("resume.missing", Some(second), false)).await;
    assert_eq!(library(&engine).await.rows[0].warnings, 0);
}

async fn check_resume_missing(engine: &Engine, first: i64, second: i64) {
    assert_eq!(ask(engine, Open { exchange: first }).await.findings, [0; 3]);
    assert_eq!(ask(engine, Open { exchange: second }).await.findings, [0, 1, 0]);
    let view = ask(engine, Problems { exchange: second }).await;
    let group = &view.groups[0];
    assert_eq!(
        (group.found.rule.as_str(), group.found.first_seq),
        ("resume.missing", 0)
    );
    let message = format!("interrupt 'i1' of exchange {first} is open, and the request has no resume");
    assert_eq!(group.message, message);
    for rule in [None, Some("resume.missing".to_owned())] {
        let rows = ProblemRows {
            exchange: second,
            rule,
            first: 0,
            count: 10,
        };
        let rows = ask(engine, rows).await;
        assert_eq!((rows.total, rows.rows.len()), (1, 1));
        assert_eq!(
            (rows.rows[0].finding.message.as_str(), rows.rows[0].at_us),
            (message.as_str(), 0)
        );
    }
}
