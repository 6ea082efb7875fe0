//! Odd requests at the door of `scrubjay serve`, byte by byte.
//!
//! Each is answered with a status that is written beside it in
//! `door/requests.txt`, none is answered with what was recorded, and all that is
//! recorded is still there behind them.

mod stage;

use serde_json::Value;
use stage::{
    PATIENCE,
    raw::{self, Answer},
    record,
    serve::{enter, serve_at, take_in},
};

const OPEN: &str = r#"{"ask":"open","exchange":1}"#;
/// What only an answer with recorded content holds.
const SECRET: &str = "thread-mastra-07-reasoning";

/// One of `door/requests.txt`.
#[derive(Debug, Default)]
struct Attack {
    name: String,
    /// Request line and fields.
    lines: Vec<String>,
    body: String,
    expected: Vec<u16>,
}

/// What stands in the place of words in them.
struct Words(Vec<(&'static str, String)>);

impl Words {
    fn put_in(&self, text: &str) -> String {
        let put = |text: String, (word, value): &(&str, String)| text.replace(word, value);
        self.0.iter().fold(text.to_owned(), put)
    }

    fn attacks(&self) -> Vec<Attack> {
        let text = self.put_in(include_str!("door/requests.txt"));
        let mut attacks = Vec::new();
        let mut attack = Attack::default();
        for line in text.lines() {
            if let Some(statuses) = line.strip_prefix("=> ") {
                let statuses = statuses
                    .split(' ')
                    .map(|status| status.parse().expect("a status is a number"));
                attack.expected = statuses.collect();
                attacks.push(std::mem::take(&mut attack));
            } else if let Some(name) = line.strip_prefix("# ") {
                attack.name = name.to_owned();
            } else if let Some(body) = line.strip_prefix("> ") {
                attack.body = body.replace("\\r\\n", "\r\n");
            } else if !line.is_empty() && !line.starts_with('#') {
                attack.lines.push(line.to_owned());
            }
        }
        attacks
    }

    /// A request with the token of the session.
    fn ask(&self, line: &str, body: &str) -> Answer {
        let fields = ["host: HOST", "x-scrubjay-token: TOKEN"].map(|field| self.put_in(field));
        let attack = Attack {
            lines: [vec![line.to_owned()], fields.to_vec()].concat(),
            body: body.to_owned(),
            ..Attack::default()
        };
        raw::send(&self.put_in("HOST"), &attack.bytes())
    }
}

impl Attack {
    fn bytes(&self) -> Vec<u8> {
        let (line, fields) = self.lines.split_first().expect("a request has a line");
        let mut head = format!("{line} HTTP/1.1\r\n");
        for field in fields {
            head.push_str(&format!("{field}\r\n"));
        }
        if !self.body.is_empty() && !head.contains("content-length:") {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        format!("{head}connection: close\r\n\r\n{}", self.body).into_bytes()
    }

    fn check(&self, answer: &Answer) {
        let name = &self.name;
        let status = answer.status.unwrap_or_default();
        assert!(
            self.expected.contains(&status),
            "`{name}` was answered with {status}: {answer:?}"
        );
        gives_nothing_away(name, answer);
        let is_told = ["scrubjay serve", "download"]
            .iter()
            .any(|words| answer.body.contains(words));
        assert!(
            status != 403 || is_told,
            "`{name}` does not hear what to do: {answer:?}"
        );
    }
}

fn gives_nothing_away(name: &str, answer: &Answer) {
    assert!(
        !answer.body.contains(SECRET),
        "`{name}` was answered with what was recorded: {answer:?}"
    );
    for field in ["set-cookie", "access-control-allow"] {
        assert!(!answer.head.contains(field), "`{name}` got {field}: {answer:?}");
    }
}

/// What there is to attack. `url` is used up, `next_url` is not.
fn words(url: &str, token: String, next_url: &str) -> Words {
    let (origin, old) = url.split_once("/?token=").expect("the address has a token");
    let host = origin.trim_start_matches("http://");
    let port = host.rsplit_once(':').expect("it has a port").1;
    let next = next_url.rsplit_once("token=").expect("it has a token").1;
    let mut words = Words(vec![
        ("HOST", host.to_owned()),
        ("PORT", port.to_owned()),
        ("OLD", old.to_owned()),
        ("NEXT", next.to_owned()),
        ("TOKEN", token),
    ]);
    let made = words.ask("POST /api/ticket", "/api/export?exchange=1");
    let made: Value = serde_json::from_str(&made.body).unwrap_or_else(|error| panic!("{error}: {made:?}"));
    let address = made["address"].as_str().expect("it is an address");
    let ticket = address.rsplit_once("ticket=").expect("it carries the ticket").1;
    words.0.push(("TICKET", ticket.to_owned()));
    words
}

#[test]
fn odd_requests_get_nothing_and_change_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    take_in(&store, "reasoning.agui.jsonl");
    let before = record::read_text(&store, "list", &["--all"]);
    let (served, url, later) = serve_at(&store, "127.0.0.1:0");
    let token = enter(&url);
    let next_url = later.recv_timeout(PATIENCE).expect("another address is printed");
    let words = words(&url, token, &next_url);
    let host = words.put_in("HOST");
    let open = words.ask("POST /api/ask", OPEN);
    assert!(
        open.status == Some(200) && open.body.contains(SECRET),
        "a question is answered: {open:?}"
    );

    let attacks = words.attacks();
    assert!(attacks.len() >= 100, "{}", attacks.len());
    for attack in &attacks {
        attack.check(&raw::send(&host, &attack.bytes()));
    }
    bodies_that_are_too_much(&words);

    // None of these used anything up.
    let download = words.put_in("GET /api/export?exchange=1&ticket=TICKET");
    let follow = Attack {
        lines: vec![download, words.put_in("host: HOST")],
        ..Attack::default()
    };
    let saved = raw::send(&host, &follow.bytes());
    assert!(saved.status == Some(200) && saved.body.contains(SECRET), "{saved:?}");
    assert_eq!(raw::send(&host, &follow.bytes()).status, Some(403));
    assert_eq!(words.ask("POST /api/ask", OPEN).status, Some(200));
    enter(&next_url);
    assert_eq!(served.interrupt(), 0, "serve should end cleanly");
    assert_eq!(record::read_text(&store, "list", &["--all"]), before, "nothing changed");
}

fn bodies_that_are_too_much(words: &Words) {
    for (token, right) in [("TOKEN", 413), ("0000", 403)] {
        let field = words.put_in(&format!("x-scrubjay-token: {token}"));
        let attack = Attack {
            lines: vec!["POST /api/ask".to_owned(), words.put_in("host: HOST"), field],
            body: " ".repeat(8 << 20),
            ..Attack::default()
        };
        let answer = raw::send(&words.put_in("HOST"), &attack.bytes());
        // A server that does not read on may close before its answer is read.
        assert!(answer.status.is_none_or(|status| status == right), "{answer:?}");
        gives_nothing_away("a huge body", &answer);
    }
    let nested = words.ask("POST /api/ask", &"[".repeat(1_000_000));
    assert_eq!(nested.status, Some(400), "{nested:?}");
}
