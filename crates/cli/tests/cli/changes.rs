//! Small changes of one recording, and the report that each gets.
//!
//! `changes/base` holds requests and answers of two threads. Each file
//! `changes/NAME.json` says what is otherwise in B (see [`Change`]), and
//! `changes/NAME.snap` is the report of `diff` on the two, as a person reads
//! it: a new file is a new test.

use std::{fs, path::PathBuf};

use insta::assert_snapshot;
use scrubjay_session::exchange::Ending;
use serde::Deserialize;

use crate::{
    files::{Captured, file_of, made_up},
    stage::Stage,
};

/// What is otherwise in B.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The same in a sentence.
    about: String,
    /// In which exchange.
    #[serde(default)]
    exchange: usize,
    /// Texts that stand in the place of others in the answer.
    #[serde(default)]
    body: Vec<(String, String)>,
    /// Likewise in the request.
    #[serde(default)]
    request: Vec<(String, String)>,
    /// What stands in place of others in the body does so in all exchanges, requests too.
    #[serde(default)]
    ids: bool,
    /// Two calls that change places.
    swap: Option<(String, String)>,
    /// A call that is not there.
    drop: Option<String>,
    /// A call that comes again, under this id.
    repeat: Option<(String, String)>,
    /// The answer's status, and its text.
    status: Option<u16>,
    answer: Option<String>,
    /// The request comes a second time and is answered as in A.
    #[serde(default)]
    again: bool,
    /// The answer ends before this text.
    cut: Option<String>,
    /// How the exchange ends.
    ending: Option<String>,
    /// Only these exchanges are there.
    only: Option<Vec<usize>>,
    /// Further arguments of the command.
    #[serde(default)]
    args: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cli/changes")
}

/// Requests and answers of the base.
fn base() -> Vec<(String, String)> {
    let read = |name: String| fs::read_to_string(folder().join("base").join(name)).unwrap();
    (0..3)
        .map(|n| (read(format!("{n}.request.json")), read(format!("{n}.sse"))))
        .collect()
}

fn captured(request: &str, body: &str, n: usize) -> Captured {
    let mut captured = made_up(body.as_bytes());
    captured.request_body = request.as_bytes().to_vec();
    captured.exchange.request_len = request.len() as u64;
    captured.exchange.started_at_us += n as i64 * 60_000_000;
    captured
}

fn replaced(text: &str, edits: &[(String, String)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the base should hold {from}");
        text.replace(from, to)
    })
}

/// The frames of a call.
fn frames_of(body: &str, call: &str) -> String {
    let id = format!("\"toolCallId\": \"{call}\"");
    let frames = body.split_inclusive("\n\n").filter(|frame| frame.contains(&id));
    frames.collect()
}

impl Change {
    fn body(&self, body: &str) -> String {
        let mut body = replaced(body, &self.body);
        if let Some((one, other)) = &self.swap {
            let (one, other) = (frames_of(&body, one), frames_of(&body, other));
            body = body.replace(&other, "").replace(&one, &format!("{other}{one}"));
        }
        if let Some(call) = &self.drop {
            body = body.replace(&frames_of(&body, call), "");
        }
        if let Some((call, id)) = &self.repeat {
            let frames = frames_of(&body, call);
            let again = frames.replace(&format!("\"{call}"), &format!("\"{id}"));
            body = body.replace(&frames, &format!("{frames}{again}"));
        }
        if let Some(cut) = &self.cut {
            let at = body.find(cut.as_str()).expect("the base holds it");
            body.truncate(body[..at].rfind("data: ").expect("it stands in a frame"));
        }
        body
    }

    fn failing(&self, captured: &mut Captured) {
        if let Some(ending) = &self.ending {
            captured.exchange.ending = Ending::parse(ending).expect("an ending");
        }
        if captured.exchange.ending == Ending::NoAnswer {
            captured.exchange.response = None;
        }
        if let Some(head) = captured.exchange.response.as_mut()
            && let Some(status) = self.status
        {
            head.status = status;
            head.headers = vec![("content-type".into(), b"text/html".to_vec())];
        }
    }

    /// The exchanges of B.
    fn made(&self) -> Vec<Captured> {
        let mut made = Vec::new();
        for (n, (request, body)) in base().iter().enumerate() {
            if self.only.as_ref().is_some_and(|only| !only.contains(&n)) {
                continue;
            }
            let is_here = n == self.exchange && self.only.is_none();
            let everywhere = |text: &str| {
                let edits = self.body.iter().filter(|_| self.ids);
                edits.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
            };
            if !is_here || self.ids {
                made.push(captured(&everywhere(request), &everywhere(body), n));
                continue;
            }
            let asked = replaced(request, &self.request);
            let answer = match (&self.answer, self.ending.as_deref()) {
                (Some(answer), _) => answer.clone(),
                (None, Some("no_answer")) => String::new(),
                (None, _) => self.body(body),
            };
            let mut changed = captured(&asked, &answer, n);
            if answer.is_empty() {
                changed.chunks.clear();
                changed.exchange.chunk_count = 0;
            }
            self.failing(&mut changed);
            made.push(changed);
            if self.again {
                made.push(captured(request, body, n));
            }
        }
        made
    }
}

#[test]
fn each_change_is_reported_where_it_is() {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    files.sort();
    assert!(files.len() >= 20, "the changes should be there");
    let stage = Stage::new();
    let all: Vec<Captured> = (0..)
        .zip(base())
        .map(|(n, (request, body))| captured(&request, &body, n))
        .collect();
    stage.put("a.agui.jsonl", &file_of(&all));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("changes");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let change: Change =
            serde_json::from_slice(&fs::read(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        stage.put("b.agui.jsonl", &file_of(&change.made()));
        let report = stage.transcript(format!("diff a.agui.jsonl b.agui.jsonl {}", change.args).trim_end());
        settings.set_description(change.about.clone());
        settings.bind(|| assert_snapshot!(name.as_str(), report));
    }
}
