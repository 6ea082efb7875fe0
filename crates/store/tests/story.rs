//! One life of a store, and its errors when it cannot go on.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs, path::PathBuf, time::Duration};

use scrubjay_session::{
    exchange::{Ending, Exchange, Headers, HttpVersion, RequestHead, ResponseHead},
    shelf::Shelf as _,
    verdict::Verdict,
};
use scrubjay_store::{Access, Incident, Note, Query, Row, SizeCap, Sort, Source, Spool, Store, StoreError, Wanted};

const PATIENCE: Duration = Duration::from_secs(60);

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn store(&self, name: &str) -> Store {
        Store::open(&self.path(name), Access::Create).unwrap()
    }
}

fn fields(pairs: &[(&str, &str)]) -> Headers {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect()
}

fn request(target: &str) -> RequestHead {
    RequestHead {
        method: "POST".into(),
        target: target.into(),
        version: HttpVersion::Http11,
        headers: fields(&[
            ("Accept", "text/event-stream"),
            ("authorization", "Bearer s3cret"),
            ("x-a", "1"),
            ("x-a", "2"),
        ]),
        delivered_headers: Some(fields(&[("host", "up"), ("authorization", "Bearer s3cret")])),
    }
}

fn response() -> ResponseHead {
    ResponseHead {
        status: 200,
        version: HttpVersion::Http2,
        headers: fields(&[
            ("content-type", "Text/Event-Stream; charset=utf-8"),
            ("set-cookie", "a=b"),
            ("set-cookie", "c=d"),
        ]),
        delivered_headers: None,
    }
}

/// Bytes that do not compress.
fn noise() -> Vec<u8> {
    let mut state = 1_u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(300_000)
    .collect()
}

fn capture(spool: &Spool, source: &str, started_at_us: i64, body: &[u8]) {
    let labels = [("team".to_owned(), source.to_owned())];
    let mut sink = spool.begin(
        source,
        "http://me:pw@up/",
        &request("/run?token=s3cret&x=1"),
        &labels,
        started_at_us,
    );
    sink.request_body(b"{\"threadId\":", 10);
    sink.request_body(b"\"t\"}", 20);
    sink.response(&response(), 30);
    for (number, chunk) in body.chunks(7.max(body.len() / 500)).enumerate() {
        sink.chunk(chunk, 100 + number as u64);
    }
    sink.trailers(&fields(&[("x-end", "yes")]), 900);
    sink.end(Ending::Complete, started_at_us.cast_unsigned());
}

/// Everything that can be read of an exchange, without its number.
fn all_of(store: &Store, index: i64) -> (Exchange, Vec<u8>, Vec<u8>, Vec<scrubjay_session::exchange::Chunk>) {
    let shelf = store.shelf(index);
    let exchange = Exchange {
        index: 0,
        ..shelf.exchange().unwrap()
    };
    let chunks = shelf.chunks(0..u64::MAX).unwrap();
    (
        exchange,
        shelf.request_body().unwrap(),
        shelf.body(0..u64::MAX).unwrap(),
        chunks,
    )
}

fn numbers(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.exchange).collect()
}

#[test]
fn a_life_create_capture_reopen_import_delete() {
    let home = Home::new();
    let store = home.store("deep/down/store.db");
    let spool = store.record().unwrap();
    capture(&spool, "first", 1000, b"data: {}\n\ndata: {}\n\n");
    capture(&spool, "second", 2000, &b"x".repeat(700_000));
    assert!(spool.settle(PATIENCE));

    // Another opening, while the recorder lives.
    let other = Store::open(&home.path("deep/down/store.db"), Access::Existing).unwrap();
    assert_eq!(other.indexes().unwrap(), [1, 2]);
    let (exchange, request_body, body, chunks) = all_of(&other, 1);
    assert_eq!(exchange.request.target.split('=').next(), Some("/run?token"));
    assert_eq!(exchange.request.headers[2..], fields(&[("x-a", "1"), ("x-a", "2")]));
    assert_eq!(
        exchange.response.as_ref().map(|head| (head.status, head.version)),
        Some((200, HttpVersion::Http2))
    );
    assert_eq!((exchange.response_at_us, exchange.last_at_us), (Some(30), 1000));
    assert_eq!(exchange.trailers, fields(&[("x-end", "yes")]));
    assert_eq!(exchange.labels, [("team".to_owned(), "first".to_owned())]);
    assert_eq!(request_body, b"{\"threadId\":\"t\"}");
    assert_eq!(body, b"data: {}\n\ndata: {}\n\n");
    assert_eq!(
        chunks
            .iter()
            .map(|chunk| (chunk.offset, chunk.len, chunk.at_us))
            .collect::<Vec<_>>(),
        [(0, 7, 100), (7, 7, 101), (14, 6, 102)]
    );

    // Into another store and back, all is the same.
    let copy = home.store("copy.db");
    let shelves = [other.shelf(1), other.shelf(2)];
    assert_eq!(copy.import(&shelves).unwrap(), [1, 2]);
    for index in [1, 2] {
        assert!(all_of(&copy, index) == all_of(&store, index));
    }
    assert_eq!(store.erase(&[1, 2, 77]).unwrap(), [1, 2]);
    assert_eq!(
        store.import(&[copy.shelf(2), copy.shelf(1)]).unwrap(),
        [3, 4],
        "numbers are never given twice"
    );
    assert!(all_of(&copy, 2) == all_of(&store, 3));
    assert!(matches!(
        store.exchange(1),
        Err(StoreError::NoSuchExchange { index: 1 })
    ));
    assert!(spool.finish(PATIENCE));
    let left: Vec<_> = fs::read_dir(home.path("deep/down/store.db.spool"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["making"], "nothing of the spool stays");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[test]
fn an_import_that_fails_leaves_nothing() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    capture(&spool, "first", 1000, b"data: {}\n\n");
    spool.finish(PATIENCE);
    let copy = home.store("b.db");
    let result = copy.import(&[store.shelf(1), store.shelf(99)]);
    assert!(matches!(result, Err(StoreError::Import { .. })), "{result:?}");
    assert_eq!(copy.indexes().unwrap(), Vec::<i64>::new());
}

#[test]
fn secrets_are_in_no_file_unless_they_are_kept_on_purpose() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    capture(&spool, "first", 1000, b"data: {}\n\n");
    let mut sink = spool.begin("first", "http://me:pw@up/", &request("/"), &[], 5);
    sink.response(&response(), 6);
    let everything = || -> Vec<u8> {
        let spools = fs::read_dir(home.path("a.db.spool"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let files = spools.chain([home.path("a.db"), home.path("a.db-wal")]);
        files.flat_map(|path| fs::read(path).unwrap_or_default()).collect()
    };
    let holds = |needle: &[u8]| everything().windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"scrubjay-fp:"), "the spool is where it is looked for");
    for secret in ["s3cret", "me:pw", "a=b"] {
        assert!(!holds(secret.as_bytes()), "{secret} in the spool");
    }
    assert!(spool.settle(PATIENCE));
    for secret in ["s3cret", "me:pw", "a=b"] {
        assert!(!holds(secret.as_bytes()), "{secret} in the store");
    }
    let first = store.exchange(1).unwrap();
    let sent = &first.request.headers[1].1;
    assert_eq!(
        Some(sent),
        first.request.delivered_headers.as_ref().map(|fields| &fields[1].1),
        "equal stays equal"
    );
    spool.set_keep_secrets("first", true);
    capture(&spool, "first", 3000, b"data: {}\n\n");
    assert!(spool.settle(PATIENCE));
    assert!(holds(b"s3cret"));
}

#[test]
fn the_library_filters_sorts_pages_and_hides() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    for number in 0..30 {
        let source = if number % 3 == 0 { "alpha" } else { "be_ta" };
        capture(&spool, source, 1000 - number, b"data: {}\n\n");
    }
    let open = spool.begin("gamma", "", &request("/open"), &[], 5000);
    assert!(spool.settle(PATIENCE));
    let query = Query {
        count: 4,
        ..Query::default()
    };
    let page = store.list(&query).unwrap();
    assert_eq!((page.total, page.total_unfiltered), (31, 31));
    assert_eq!(numbers(&page.rows), [31, 1, 2, 3], "newest first");
    assert_eq!(page.rows[0].verdict, Verdict::Live);
    assert_eq!(
        (page.rows[1].verdict, page.rows[1].content_type.as_str()),
        (Verdict::None, "text/event-stream")
    );
    assert_eq!(
        page.by_source,
        [
            ("alpha".to_owned(), 10),
            ("be_ta".to_owned(), 20),
            ("gamma".to_owned(), 1)
        ]
    );
    assert_eq!(page.by_verdict, [(Verdict::Live, 1), (Verdict::None, 30)]);

    let asked = |query: Query| numbers(&store.list(&query).unwrap().rows);
    assert_eq!(
        asked(Query {
            first: 3,
            ..query.clone()
        }),
        [3, 4, 5, 6]
    );
    assert_eq!(
        asked(Query {
            sort: Sort::OldestFirst,
            ..query.clone()
        }),
        [30, 29, 28, 27]
    );
    assert_eq!(
        asked(Query {
            source: Some("alpha".into()),
            ..query.clone()
        }),
        [1, 4, 7, 10]
    );
    assert_eq!(
        asked(Query {
            verdicts: vec![Verdict::Live],
            ..query.clone()
        }),
        [31]
    );
    assert_eq!(
        asked(Query {
            text: "TEAM=be_ta /run".into(),
            ..query.clone()
        }),
        [2, 3, 5, 6]
    );
    assert_eq!(
        asked(Query {
            text: "be%ta".into(),
            ..query.clone()
        }),
        Vec::<i64>::new(),
        "no wildcards"
    );

    assert_eq!(store.hide(&[1, 2, 2, 99]).unwrap(), [1, 2]);
    assert_eq!(asked(query.clone()), [31, 3, 4, 5]);
    assert_eq!(store.unhide(&[2]).unwrap(), [2]);
    assert_eq!(asked(query.clone()), [31, 2, 3, 4]);
    assert_eq!(store.erase_hidden().unwrap(), [1]);
    assert_eq!(
        store.erase(&store.started_before(980).unwrap()).unwrap(),
        (22..=30).collect::<Vec<_>>()
    );
    assert_eq!(
        store.erase(&[31]).unwrap(),
        Vec::<i64>::new(),
        "open ones are left alone"
    );
    store.label(2, "team", "x").unwrap();
    store.label(2, "why", "y").unwrap();
    assert_eq!(
        store.exchange(2).unwrap().labels,
        [("team".into(), "x".into()), ("why".into(), "y".into())]
    );
    store.unlabel(2, "team").unwrap();
    assert_eq!(store.exchange(2).unwrap().labels, [("why".to_owned(), "y".to_owned())]);
    assert!(matches!(
        store.label(99, "a", "b"),
        Err(StoreError::NoSuchExchange { index: 99 })
    ));
    drop(open);
}

#[test]
fn followers_hear_of_what_others_do() {
    let home = Home::new();
    let store = home.store("a.db");
    let mut changes = store.changes().unwrap();
    assert_eq!(changes.poll().unwrap(), None);
    let other = home.store("a.db");
    let spool = other.record().unwrap();
    let mut sink = spool.begin("main", "", &request("/"), &[], 5);
    sink.chunk(b"abc", 7);
    assert!(spool.settle(PATIENCE));
    let changed = changes.poll().unwrap().unwrap();
    assert_eq!(changed.len(), 1);
    assert!(changed[0].began && changed[0].ending == Ending::Open && changed[0].body_len == 3);
    assert_eq!(changes.poll().unwrap(), None);
    sink.end(Ending::ClientLeft, 9);
    assert!(spool.settle(PATIENCE));
    let changed = changes.poll().unwrap().unwrap();
    assert!(!changed[0].began && changed[0].ending == Ending::ClientLeft && changed[0].last_at_us == 9);
    other
        .add_source(&Source {
            name: "main".into(),
            ..Source::default()
        })
        .unwrap();
    assert_eq!(changes.poll().unwrap(), Some(Vec::new()));
}

#[test]
fn sources_have_one_name_and_one_owner() {
    let home = Home::new();
    let store = home.store("a.db");
    let main = Source {
        name: "main".into(),
        listen: "127.0.0.1:5290".into(),
        upstream: "http://up".into(),
        ..Source::default()
    };
    let second = Source {
        name: "second".into(),
        wanted: Wanted::Paused,
        drain: true,
        ..main.clone()
    };
    store.add_source(&main).unwrap();
    store.add_source(&second).unwrap();
    assert!(matches!(store.add_source(&main), Err(StoreError::SourceExists { name }) if name == "main"));
    let renamed = Source {
        name: "third".into(),
        keep_host: true,
        ..main.clone()
    };
    assert!(matches!(
        store.edit_source("main", &second),
        Err(StoreError::SourceExists { .. })
    ));
    assert!(matches!(
        store.edit_source("none", &renamed),
        Err(StoreError::NoSuchSource { .. })
    ));
    store.edit_source("main", &renamed).unwrap();
    assert_eq!(store.sources().unwrap(), [renamed, second]);
    store.remove_source("third").unwrap();
    assert!(store.remove_source("third").is_err());

    let claim = store.claim_source("second").unwrap();
    assert!(claim.is_some());
    assert!(store.claim_source("second").unwrap().is_none());
    assert!(store.source_is_claimed("second").unwrap());
    drop(claim);
    assert!(!store.source_is_claimed("second").unwrap());
}

#[test]
fn notes_stay_with_their_moment() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    capture(&spool, "main", 1, b"data: {}\n\n");
    spool.finish(PATIENCE);
    let note = Note {
        exchange: 1,
        seq: 4,
        text: "here".into(),
        ..Note::default()
    };
    let id = store.add_note(&note).unwrap();
    store
        .add_note(&Note {
            seq: 0,
            tag: "bug".into(),
            ..note.clone()
        })
        .unwrap();
    let notes = store.notes(1).unwrap();
    assert_eq!(notes[1], Note { id, ..note.clone() });
    assert_eq!(notes[0].tag, "bug");
    assert!(store.remove_note(id).unwrap());
    assert!(!store.remove_note(id).unwrap());
    assert!(store.add_note(&Note { exchange: 9, ..note }).is_err());
}

#[test]
fn the_oldest_go_when_the_store_is_full_unless_they_are_pinned() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    for number in 0..8 {
        capture(&spool, "main", number, &noise());
    }
    assert!(spool.settle(PATIENCE));
    store.pin(1, true).unwrap();
    assert_eq!(store.excess(1 << 30).unwrap(), None);
    let excess = store.excess(1_500_000).unwrap().unwrap();
    let pruned = store.prune_to(1_500_000).unwrap().unwrap();
    assert_eq!(pruned.exchanges, excess.would_go.exchanges, "what was announced");
    assert_eq!((pruned.oldest_us, excess.would_go.oldest_us), (1, 1));
    assert!(pruned.bytes > 900_000, "{pruned:?}");
    let left = store.indexes().unwrap();
    assert_eq!(left.first(), Some(&1), "pinned");
    assert_eq!(left.last(), Some(&8), "newest");
    assert!(left.len() < 6 && left.len() > 2, "{left:?}");
    assert_eq!(store.prune_to(1_500_000).unwrap(), None);
    assert!(spool.finish(PATIENCE));
    assert!(store.health().unwrap().store_bytes < 3_000_000);
}

#[test]
fn a_cap_takes_only_what_was_recorded_under_it() {
    let home = Home::new();
    let store = home.store("a.db");
    let before = store.record().unwrap();
    for number in 0..3 {
        capture(&before, "main", number, &noise());
    }
    assert!(before.finish(PATIENCE));
    let spool = store.record().unwrap();
    spool.set_cap(SizeCap {
        max_bytes: 1_500_000,
        takes_any: false,
    });
    for number in 10..16 {
        capture(&spool, "main", number, &noise());
        assert!(spool.settle(PATIENCE));
    }
    assert!(spool.finish(PATIENCE));
    let left = store.indexes().unwrap();
    assert!(left.starts_with(&[1, 2, 3]) && left.len() < 6, "{left:?}");
    let mut gone = Vec::new();
    for incident in spool.incidents() {
        match incident {
            Incident::Pruned(pruned) => gone.extend(pruned.exchanges),
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<i64> = (4..10).filter(|index| !left.contains(index)).collect();
    assert_eq!(gone, expected, "what went was reported");
}

#[test]
fn what_cannot_be_opened_is_an_error_and_left_as_it_was() {
    let home = Home::new();
    let text = home.path("notes.txt");
    fs::write(&text, "not a database, but longer than a header would be ".repeat(9)).unwrap();
    assert!(!Store::is_store(&text).unwrap());
    for access in [Access::Create, Access::Existing, Access::ReadOnly] {
        let error = Store::open(&text, access).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error:?}");
    }
    assert!(fs::read_to_string(&text).unwrap().starts_with("not a database"));

    let foreign = home.path("foreign.db");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE mine (a)")
        .unwrap();
    assert!(!Store::is_store(&foreign).unwrap());
    assert!(matches!(
        Store::open(&foreign, Access::Create),
        Err(StoreError::NotAStore { .. })
    ));

    let missing = home.path("missing.db");
    assert!(matches!(
        Store::open(&missing, Access::Existing),
        Err(StoreError::Missing { .. })
    ));
    assert!(Store::is_store(&missing).is_err());
    assert!(!missing.exists());

    let newer = home.path("newer.db");
    drop(home.store("newer.db"));
    rusqlite::Connection::open(&newer)
        .unwrap()
        .execute_batch("PRAGMA user_version = 1000; UPDATE settings SET value = '9.9.9' WHERE name = 'needs';")
        .unwrap();
    assert!(Store::is_store(&newer).unwrap());
    let error = Store::open(&newer, Access::Create).unwrap_err();
    assert!(error.to_string().contains("needs version 9.9.9 or later"), "{error}");

    let damaged = home.path("damaged.db");
    drop(home.store("damaged.db"));
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[200..].fill(0x5a);
    fs::write(&damaged, &bytes).unwrap();
    let error = Store::open(&damaged, Access::Existing).unwrap_err();
    assert!(error.is_damage(), "{error:?}");
}

#[test]
fn a_read_only_store_reads_and_refuses_the_rest() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    capture(&spool, "main", 1, b"data: {}\n\n");
    spool.finish(PATIENCE);
    drop((spool, store));
    let store = Store::open(&home.path("a.db"), Access::ReadOnly).unwrap();
    assert!(store.read_only());
    assert_eq!(store.shelf(1).body(0..99).unwrap(), b"data: {}\n\n");
    assert!(matches!(store.record(), Err(StoreError::ReadOnly { .. })));
    assert!(matches!(store.hide(&[1]), Err(StoreError::ReadOnly { .. })));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let store = home.store("new/a.db");
    let spool = store.record().unwrap();
    capture(&spool, "main", 1, b"data: {}\n\n");
    assert!(spool.settle(PATIENCE));
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.path("new")), 0o700);
    assert_eq!(mode(home.path("new/a.db")), 0o600);
    assert_eq!(mode(home.path("new/a.db-wal")), 0o600);
    assert_eq!(mode(home.path("new/a.db.spool")), 0o700);
    for entry in fs::read_dir(home.path("new/a.db.spool")).unwrap() {
        assert_eq!(mode(entry.unwrap().path()), 0o600);
    }
}

#[test]
fn many_may_make_the_store_at_once() {
    let home = Home::new();
    for round in 0..5 {
        let name = format!("{round}.db");
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let store = home.store(&name);
                    let spool = store.record().unwrap();
                    capture(&spool, "main", 1, b"data: {}\n\n");
                    assert!(spool.finish(PATIENCE));
                });
            }
        });
        let store = home.store(&name);
        assert_eq!(store.indexes().unwrap().len(), 6);
        assert_eq!(store.check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn the_backlog_of_any_process_is_known_while_the_database_is_locked() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    let holder = rusqlite::Connection::open(home.path("a.db")).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    capture(&spool, "main", 1, &[7; 20_000]);
    assert!(spool.backlog_bytes() > 20_000);
    assert_eq!(store.health().unwrap().backlog_bytes, spool.backlog_bytes());
    assert!(!spool.settle(Duration::from_millis(1)));
    holder.execute_batch("COMMIT").unwrap();
    assert!(spool.settle(PATIENCE));
    assert_eq!(store.health().unwrap().backlog_bytes, 0);
    assert_eq!(spool.trouble(), None);
    assert!(!store.health().unwrap().low_disk || store.health().unwrap().free_bytes < 1 << 30);
}

#[test]
fn a_store_that_stays_locked_does_not_hold_up_the_end_and_nothing_is_lost() {
    let home = Home::new();
    let store = home.store("a.db");
    let spool = store.record().unwrap();
    let holder = rusqlite::Connection::open(home.path("a.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    capture(&spool, "main", 1, b"data: {}\n\n");
    // Were the lock waited for, this would not come back.
    assert!(!spool.finish(Duration::from_millis(200)));
    holder.execute_batch("ROLLBACK").unwrap();
    drop((spool, store));
    // Its thread may still be letting go of the spool, which ends with a process at once.
    let mut store = home.store("a.db");
    while store.indexes().unwrap().is_empty() {
        store = home.store("a.db");
    }
    assert_eq!(store.shelf(1).body(0..u64::MAX).unwrap(), b"data: {}\n\n");
    assert_eq!(store.exchange(1).unwrap().ending, Ending::Complete);
}
