//! What cannot be done is said in a sentence with a hint, exits with 2, and loses nothing.

use std::{fs, net::TcpListener};

use insta::assert_snapshot;

use crate::{
    files::{file_of, made_up},
    stage::{Stage, transcripts},
};

const BODY: &[u8] = b"data: {\"type\":\"RUN_STARTED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\ndata: {\"type\":\"RUN_FINISHED\",\"threadId\":\"t\",\"runId\":\"r\"}\n\n";

fn with_file() -> Stage {
    let stage = Stage::new();
    stage.put("one.agui.jsonl", &file_of(&[made_up(BODY)]));
    stage
}

#[test]
fn nothing_there() {
    assert_snapshot!(transcripts(
        &Stage::new(),
        &[
            "list nowhere.db",
            "list",
            "list nowhere.agui.jsonl --json",
            "delete --exchange 1 --store nowhere.db",
            "reindex --store nowhere.db"
        ]
    ));
}

#[test]
fn not_a_recording() {
    let stage = Stage::new();
    stage
        .put("notes.txt", b"hello\n")
        .put("page.json", b"{\"log\":{}}\n")
        .put("empty.agui.jsonl", b"")
        .put("txt", b"hello\n")
        .put("one.agui.jsonl", &file_of(&[made_up(BODY)]));
    stage.said("import one.agui.jsonl --store store.db");
    fs::create_dir(stage.path("folder")).unwrap();
    assert_snapshot!(transcripts(
        &stage,
        &[
            "list notes.txt",
            "events page.json --json",
            "import notes.txt --store s.db",
            "import nowhere.agui.jsonl --store s.db",
            "import empty.agui.jsonl --store s.db",
            "list empty.agui.jsonl",
            "list txt",
            "diff txt one.agui.jsonl",
            "list folder",
            "import store.db --store s.db",
        ]
    ));
    assert!(!stage.path("s.db").exists(), "nothing was there to put into a store");
    assert!(!stage.path("s.db.spool").exists());
}

#[test]
fn a_bad_file_keeps_no_good_one_from_being_taken() {
    let stage = with_file();
    stage.put("notes.txt", b"hello\n");
    assert_snapshot!(transcripts(
        &stage,
        &["import notes.txt one.agui.jsonl nowhere.agui.jsonl --store s.db"]
    ));
    assert_eq!(stage.json("list s.db --all --json").len(), 1);
}

#[test]
fn a_cut_file_is_no_truncated_run() {
    let stage = Stage::new();
    let file = file_of(&[made_up(BODY)]);
    stage.put("cut.agui.jsonl", &file[..file.len() - 20]);
    stage.run("import cut.agui.jsonl --store s.db");
    assert_snapshot!(transcripts(&stage, &["check cut.agui.jsonl", "check s.db"]));
}

#[test]
fn an_exchange_without_events_states_why_nothing_is_shown() {
    let stage = Stage::new();
    let mut captured = made_up(b"{\"agents\":[]}");
    let head = captured.exchange.response.as_mut().unwrap();
    head.headers = vec![("content-type".into(), b"application/json".to_vec())];
    stage.put("info.agui.jsonl", &file_of(&[captured]));
    assert_snapshot!(transcripts(
        &stage,
        &[
            "events info.agui.jsonl",
            "spans info.agui.jsonl",
            "spans info.agui.jsonl --json"
        ]
    ));
}

#[test]
fn a_database_of_another_program() {
    let stage = Stage::new();
    let mut page = b"SQLite format 3\0".to_vec();
    page.resize(4096, 0);
    stage.put("other.db", &page);
    assert_snapshot!(stage.transcript("list other.db"));
    assert_eq!(fs::read(stage.path("other.db")).unwrap(), page);
}

#[test]
fn a_store_from_a_newer_program() {
    let stage = with_file();
    stage.said("import one.agui.jsonl --store s.db");
    // SQLite keeps `user_version`, the shape of the store, in these bytes.
    let mut before = fs::read(stage.path("s.db")).unwrap();
    before[60..64].copy_from_slice(&999_u32.to_be_bytes());
    stage.put("s.db", &before);
    assert_snapshot!(transcripts(
        &stage,
        &[
            "list s.db",
            "import one.agui.jsonl --store s.db",
            "record --upstream http://127.0.0.1:1 --listen 127.0.0.1:0 --store s.db"
        ]
    ));
    assert_eq!(fs::read(stage.path("s.db")).unwrap(), before);
}

#[test]
fn a_cut_file_gives_what_it_has() {
    let stage = Stage::new();
    let file = file_of(&[made_up(BODY), made_up(BODY)]);
    stage.put("cut.agui.jsonl", &file[..file.len() - 20]);
    stage.put("cut-early.agui.jsonl", &file[..30]);
    assert_snapshot!(transcripts(
        &stage,
        &[
            "events cut.agui.jsonl --exchange 1",
            "list cut.agui.jsonl --json",
            "import cut.agui.jsonl --store s.db",
            "list cut-early.agui.jsonl",
        ]
    ));
    assert_eq!(stage.json("list s.db --all --json").len(), 2);
}

#[test]
fn a_damaged_file_gives_what_stands_before_the_damage() {
    let stage = Stage::new();
    let mut file = file_of(&[made_up(BODY), made_up(BODY)]);
    let fifth_line = file
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(3)
        .unwrap()
        .0
        + 1;
    file.splice(fifth_line..fifth_line + 1, *b"\xff\xff");
    stage.put("damaged.agui.jsonl", &file);
    assert_snapshot!(stage.transcript("events damaged.agui.jsonl"));
}

#[test]
fn an_edited_file_is_said_to_be_edited() {
    let stage = Stage::new();
    let file = String::from_utf8(file_of(&[made_up(BODY)])).unwrap();
    let file = file.replace(
        r#""event":{"type":"RUN_STARTED","threadId":"t""#,
        r#""event":{"type":"RUN_STARTED","threadId":"edited""#,
    );
    stage.put("edited.agui.jsonl", file.as_bytes());
    assert_snapshot!(stage.transcript("body edited.agui.jsonl"));
}

#[test]
fn past_the_end() {
    let stage = with_file();
    assert_snapshot!(transcripts(
        &stage,
        &[
            "state one.agui.jsonl --at 3",
            "state one.agui.jsonl --at 3 --json",
            "state one.agui.jsonl --at 4294967295",
            "state one.agui.jsonl --at -1"
        ]
    ));
}

#[test]
fn an_unknown_exchange() {
    let stage = with_file();
    stage.said("import one.agui.jsonl --store s.db");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "show one.agui.jsonl --exchange 7",
            "events s.db --exchange 99",
            "body one.agui.jsonl --exchange -1",
            "export one.agui.jsonl --exchange 3 -o out.agui.jsonl --redact none",
            "delete --store s.db --exchange 99",
        ]
    ));
    assert!(!stage.path("out.agui.jsonl").exists());
    assert_eq!(stage.json("list s.db --all --json").len(), 1);
}

#[test]
fn an_export_that_cannot_be_written() {
    let stage = with_file();
    stage.put("kept.agui.jsonl", b"precious");
    assert_snapshot!(transcripts(
        &stage,
        &[
            "export one.agui.jsonl -o out.zip --redact none",
            "export one.agui.jsonl -o no/such/folder/out.agui.jsonl --redact none",
            "export nowhere.db -o kept.agui.jsonl --redact none",
            "export one.agui.jsonl -o out.agui.jsonl",
        ]
    ));
    assert_eq!(fs::read(stage.path("kept.agui.jsonl")).unwrap(), b"precious");
}

#[test]
fn addresses_that_make_no_sense() {
    let stage = Stage::new();
    assert_snapshot!(transcripts(
        &stage,
        &[
            "record --upstream ftp://x --store s.db",
            "record --upstream = --store s.db",
            "record --upstream http://127.0.0.1:1 --listen nowhere --store s.db",
            "record --upstream http://127.0.0.1:1 --listen 127.0.0.1:0 --listen 127.0.0.1:0 --store s.db",
            "record --upstream a=http://127.0.0.1:1 --upstream a=http://127.0.0.1:2 --store s.db",
            "record --upstream http://127.0.0.1:1 --upstream http://127.0.0.1:2 --name x --store s.db",
            "record --upstream http://127.0.0.1:1 --name Bad/Name --store s.db",
            "record --upstream a=http://127.0.0.1:1 --name b --store s.db",
            "record --upstream http://127.0.0.1:1/agent?key=1 --store s.db",
            "replay x.db --store y.db",
            "diff x.db y.db --format sarif",
            "record --upstream http://127.0.0.1:1 --label nope --store s.db",
            "record --upstream http://127.0.0.1:1 --max-store much --store s.db",
            "delete --before soon --store s.db",
        ]
    ));
}

#[test]
fn a_port_in_use() {
    let stage = Stage::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let said = stage.transcript(&format!(
        "record --upstream http://127.0.0.1:1 --listen 127.0.0.1:{port} --store s.db"
    ));
    assert_snapshot!(said.replace(&port, "[PORT]"));
}

#[test]
fn a_command_that_cannot_be_started() {
    let stage = Stage::new();
    let said =
        stage.transcript("record --upstream http://127.0.0.1:1 --listen 127.0.0.1:0 --store s.db -- ./no-such-program");
    let port: String = said
        .split("http://127.0.0.1:")
        .filter_map(|part| part.split(' ').next())
        .find(|port| port.len() == 5 && port.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or("[PORT]")
        .to_owned();
    assert_snapshot!(said.replace(&port, "[PORT]"));
}

#[test]
fn a_file_cannot_be_written_to() {
    let stage = with_file();
    assert_snapshot!(transcripts(
        &stage,
        &[
            "import one.agui.jsonl --store one.agui.jsonl",
            "delete --exchange 0 --store one.agui.jsonl",
            "reindex --store one.agui.jsonl",
            "record --upstream http://127.0.0.1:1 --listen 127.0.0.1:0 --store one.agui.jsonl",
        ]
    ));
}
