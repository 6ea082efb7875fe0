//! Recording files: out of a store, into another, and opened by themselves.

use scrubjay_engine::{BodyOf, Engine, ExportFormat, Opening, Options};
use scrubjay_ipc::{Code, Delete, Erase, Health, Library, LibrarySort, Sample, TakeSample, Undelete};

use crate::{
    recording::{EVENTS, panes, the_finished_run},
    stage::{Agent, add_source, ask, frame, library, open, run_agent, try_ask, until},
};

/// A store with one run in it.
async fn recorded(folder: &tempfile::TempDir) -> (Engine, i64) {
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    agent.play(&EVENTS);
    run_agent(&source, "r1").await;
    let exchange = the_finished_run(&engine).await;
    (engine, exchange)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_survives_export_deletion_and_import() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, exchange) = recorded(&folder).await;
    let seen = panes(&engine, exchange).await;
    for format in [ExportFormat::Recording, ExportFormat::RecordingGzip] {
        let mut file = Vec::new();
        engine.export(&[exchange], format, &mut file).unwrap();
        let imported = engine.import_bytes("a.agui.jsonl", &file).unwrap();
        // The only remark: that it is still here.
        let [remark] = &imported.remarks[..] else {
            panic!("{:?}", imported.remarks);
        };
        assert!(remark.contains("here already"), "{remark}");
        let [again] = imported.exchanges[..] else {
            panic!("one exchange was exported, {:?} came back", imported.exchanges);
        };
        assert_ne!(again, exchange);
        let renumbered = panes(&engine, again)
            .await
            .replace(&format!("exchange: {again}"), &format!("exchange: {exchange}"));
        assert_eq!(renumbered, seen);
        let mut second = Vec::new();
        engine.export(&[again], format, &mut second).unwrap();
        assert_eq!(second, file);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_refused_and_the_source_beside_it_records() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let agent = Agent::start().await;
    let source = add_source(&engine, "agent", &agent.url()).await;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(b"{\"kind\":\"request\"}\n").unwrap();
    for _ in 0..64 {
        packer.write_all(&vec![b'\n'; 1 << 20]).unwrap();
    }
    let bomb = packer.finish().unwrap();
    let path = folder.path().join("bomb.agui.jsonl.gz");
    std::fs::write(&path, &bomb).unwrap();
    for refused in [
        engine.import_bytes("bomb", &bomb).unwrap_err(),
        engine.import_file(&path, Some("bomb")).unwrap_err(),
    ] {
        let report = refused.report();
        assert_eq!(report.code, Code::BadFile);
        assert!(
            report.message.starts_with("bomb was read up to line "),
            "{}",
            report.message
        );
        assert!(
            report.message.ends_with("to more than 200 times its size, the limit."),
            "{}",
            report.message
        );
        assert!(report.hint.contains("--max-size"), "{}", report.hint);
    }
    agent.play(&EVENTS);
    run_agent(&source, "r1").await;
    the_finished_run(&engine).await;
    assert_eq!(engine.exchanges().unwrap().len(), 1, "nothing of it is taken");
    // Opened, it shows what stands before.
    let opened = open(&path);
    assert_eq!(opened.exchanges().unwrap(), [0]);
    assert!(opened.is_damaged() && opened.is_too_large());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_opened_like_a_store_but_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, exchange) = recorded(&folder).await;
    let path = folder.path().join("a.agui.jsonl");
    engine
        .export(
            &[exchange],
            ExportFormat::Recording,
            &mut std::fs::File::create(&path).unwrap(),
        )
        .unwrap();

    let file = open(&path);
    assert!(ask(&file, Health {}).await.read_only);
    let (from_file, from_store) = (
        library(&file).await.rows.remove(0),
        library(&engine).await.rows.remove(0),
    );
    assert_eq!(
        from_file,
        scrubjay_ipc::LibraryRow {
            exchange: 0,
            ..from_store
        }
    );
    let seen = panes(&engine, exchange)
        .await
        .replace(&format!("exchange: {exchange}"), "exchange: 0");
    assert_eq!(panes(&file, 0).await, seen);
    let report = try_ask(&file, Delete { exchanges: vec![0] }).await.unwrap_err();
    assert_eq!(report.code, Code::BadRequest);
}

/// The samples in a store, wholly derived, and in one file.
async fn samples_in_both(folder: &tempfile::TempDir) -> (Engine, Engine) {
    let store = open(&folder.path().join("store.db"));
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recordings");
    let mut names: Vec<_> = std::fs::read_dir(samples)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    for path in names
        .iter()
        .filter(|path| path.to_string_lossy().contains(".agui.jsonl"))
    {
        store.import_file(path, None).unwrap();
    }
    let path = folder.path().join("all.agui.jsonl");
    let all: Vec<i64> = store.exchanges().unwrap();
    store
        .export(
            &all,
            ExportFormat::Recording,
            &mut std::fs::File::create(&path).unwrap(),
        )
        .unwrap();
    let file = open(&path);
    // The store derives after the import.
    let whole = in_order(&file, LibrarySort::NewestFirst).await;
    until(&store, async || {
        (in_order(&store, LibrarySort::NewestFirst).await == whole).then_some(())
    })
    .await;
    (store, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_in_the_same_order_as_a_store() {
    use LibrarySort as By;
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = samples_in_both(&folder).await;
    let mut orders = std::collections::HashSet::new();
    for sort in [
        By::NewestFirst,
        By::OldestFirst,
        By::LongestFirst,
        By::ShortestFirst,
        By::TitleAscending,
        By::TitleDescending,
        By::SoonestTextFirst,
        By::LatestTextFirst,
        By::MostFramesFirst,
        By::FewestFramesFirst,
        By::MostToolsFirst,
        By::FewestToolsFirst,
        By::LargestFirst,
        By::SmallestFirst,
        By::MostFindingsFirst,
        By::FewestFindingsFirst,
    ] {
        let by_store = in_order(&store, sort).await;
        assert_eq!(by_store, in_order(&file, sort).await, "{sort:?}");
        assert!(by_store.len() > 10, "there should be enough samples to put in order");
        orders.insert(by_store);
    }
    assert_eq!(orders.len(), 16, "each order should be another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_searched_like_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, file) = samples_in_both(&folder).await;
    for (text, is_found) in [
        ("post", true),
        ("GET", true),
        ("post /", true),
        ("100%", false),
        ("nothing that is there", false),
    ] {
        let asked = || Library {
            text: text.to_owned(),
            ..everything(LibrarySort::NewestFirst)
        };
        let (by_store, by_file) = (ask(&store, asked()).await, ask(&file, asked()).await);
        assert_eq!(by_store.total, by_file.total, "{text}");
        assert_eq!(by_store.total > 0, is_found, "{text}");
        assert_eq!(by_store.by_verdict, by_file.by_verdict);
        let titles = |page: scrubjay_ipc::LibraryPage| page.rows.into_iter().map(|row| row.title).collect::<Vec<_>>();
        assert_eq!(titles(by_store), titles(by_file), "{text}");
    }
}

/// Start and title of all runs, in an order.
async fn in_order(engine: &Engine, sort: LibrarySort) -> Vec<(String, String)> {
    let rows = ask(engine, everything(sort)).await.rows;
    rows.into_iter().map(|row| (row.started_at, row.title)).collect()
}

fn everything(sort: LibrarySort) -> Library {
    Library {
        text: String::new(),
        source: None,
        verdicts: Vec::new(),
        others: true,
        sort,
        first: 0,
        count: 500,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_comes_back_until_it_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, exchange) = recorded(&folder).await;
    let exchanges = vec![exchange];
    ask(
        &engine,
        Delete {
            exchanges: exchanges.clone(),
        },
    )
    .await;
    assert!(library(&engine).await.rows.is_empty());
    ask(
        &engine,
        Undelete {
            exchanges: exchanges.clone(),
        },
    )
    .await;
    assert_eq!(library(&engine).await.rows.len(), 1);
    ask(
        &engine,
        Erase {
            exchanges: exchanges.clone(),
        },
    )
    .await;
    ask(&engine, Undelete { exchanges }).await;
    assert!(library(&engine).await.rows.is_empty());
    let report = try_ask(&engine, scrubjay_ipc::Open { exchange }).await.unwrap_err();
    assert_eq!(report.code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_come_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, exchange) = recorded(&folder).await;
    for of in [BodyOf::Wire, BodyOf::Decoded] {
        let mut body = Vec::new();
        engine.write_body(exchange, of, &mut body).unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), EVENTS.map(frame).concat());
    }
    let mut body = Vec::new();
    engine.write_body(exchange, BodyOf::Request, &mut body).unwrap();
    assert!(body.starts_with(br#"{"threadId":"t1""#));
}

#[test]
fn samples_come_into_an_empty_store_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let file = br#"{"kind":"header","schemaVersion":1,"tool":"t","capturedAt":"2026-01-01T00:00:00Z","url":"http://h","transport":"sse","redacted":[]}
{"kind":"request","connId":"c1","tMs":0,"method":"POST","url":"http://h/agent","input":{"threadId":"t","runId":"r"}}
{"kind":"event","connId":"c1","seq":1,"tMs":5,"event":{"type":"RUN_STARTED","threadId":"t","runId":"r"}}
"#;
    let samples: [(&str, &[u8]); 1] = [("one.agui.jsonl", file)];
    let first = engine.import_samples(&samples).unwrap();
    assert_eq!(first.len(), 1);
    let facts = scrubjay_session::shelf::Shelf::exchange(&engine.shelf(first[0]).unwrap()).unwrap();
    assert!(facts.labels.contains(&("sample".into(), "true".into())));
    assert_eq!(engine.import_samples(&samples).unwrap(), [0i64; 0]);
}

/// A sample that is there is given again; one that was deleted is taken anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder.path().join("store.db"));
    let take = async |sample| ask(&engine, TakeSample { sample }).await.exchanges;
    for sample in Sample::ALL {
        let exchanges = take(sample).await;
        assert!(!exchanges.is_empty(), "{sample:?}");
        let facts = scrubjay_session::shelf::Shelf::exchange(&engine.shelf(exchanges[0]).unwrap()).unwrap();
        assert!(facts.labels.contains(&("sample".into(), "true".into())));
        assert_eq!(take(sample).await, exchanges, "{sample:?}");
    }
    assert_eq!(library(&engine).await.total, 6);
    let exchanges = take(Sample::FailedPatch).await;
    ask(&engine, Delete { exchanges }).await;
    assert_eq!(library(&engine).await.total, 5);
    take(Sample::FailedPatch).await;
    assert_eq!(library(&engine).await.total, 6);
}

#[test]
fn what_cannot_be_opened_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, content: Option<&[u8]>, code: Code| {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let options = Options {
            path: Some(path),
            opening: Opening::Reading,
        };
        let report = Engine::open(&options).err().unwrap().report();
        assert_eq!(report.code, code, "{report:?}");
        assert!(report.message.ends_with('.') && !report.hint.is_empty(), "{report:?}");
    };
    check("absent", None, Code::NotFound);
    check("text.txt", Some(b"hello"), Code::BadFile);
    check("other.db", Some(b"SQLite format 3\0 but nothing else"), Code::BadFile);
}
