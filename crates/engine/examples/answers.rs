//! Writes every answer about recordings into files, so that those of two
//! builds can be compared with `diff -r`.
//!
//! ```text
//! cargo run --release -p scrubjay-engine --example answers -- FOLDER FILE...
//! ```
//!
//! Each FILE, a recording or a store, is asked as it is, and all recordings
//! once more in one store. FOLDER gets a file for each: a line is a question
//! and its answer, or the report in its place. What changes from one moment to
//! the next (free room, ports, progress) is not asked.

#![expect(clippy::unwrap_used, reason = "a tool that stops where something is wrong")]

use std::{
    fs,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use scrubjay_engine::{Asker, Engine, Opening, Options};
use scrubjay_ipc::{AnyAsk, LanePicture, RibbonsView};
use serde_json::{Value, json};

/// Frames of an exchange at which is asked, spread over it.
const MOMENTS: u32 = 24;
/// Rows, spans or differences that are asked about, at most.
const MOST: u64 = 60;

/// The answers of one engine, on their way into a file.
struct Asking {
    engine: Engine,
    out: BufWriter<fs::File>,
}

impl Asking {
    fn new(path: &Path, opening: Opening, out: &Path) -> Self {
        let options = Options {
            path: Some(path.to_owned()),
            opening,
        };
        Self {
            engine: Engine::open(&options).unwrap(),
            out: BufWriter::new(fs::File::create(out).unwrap()),
        }
    }

    /// Asks, and gives the answer as JSON; `null` where there is none.
    fn read(&self, question: &Value) -> Value {
        let ask: AnyAsk =
            serde_json::from_value(question.clone()).unwrap_or_else(|error| panic!("{question}: {error}"));
        let bytes = match self.engine.ask(Asker::default(), &ask) {
            Ok(bytes) => bytes,
            Err(report) => return json!({ "report": report }),
        };
        match question["ask"].as_str() {
            Some("lanes") => json!(postcard::from_bytes::<LanePicture>(&bytes).unwrap()),
            Some("ribbons") => json!(postcard::from_bytes::<RibbonsView>(&bytes).unwrap()),
            _ => serde_json::from_slice(&bytes).unwrap(),
        }
    }

    /// Asks, and writes question and answer.
    fn ask(&mut self, question: &Value) -> Value {
        let answer = self.read(question);
        writeln!(self.out, "{question}\t{answer}").unwrap();
        answer
    }

    fn everything(&mut self) {
        let exchanges = self.library();
        for exchange in &exchanges {
            self.exchange(*exchange);
        }
        for pair in exchanges.windows(2) {
            for level in ["behaviour", "state", "text", "wire"] {
                self.compare(&json!({"exchange": pair[0]}), &json!({"exchange": pair[1]}), level);
            }
        }
        if let [first, ..] = exchanges[..] {
            self.compare(&json!({"exchange": first}), &json!({"exchange": first}), "wire");
            self.compare(
                &json!({"exchanges": exchanges}),
                &json!({"exchanges": [first]}),
                "behaviour",
            );
        }
        self.out.flush().unwrap();
    }

    /// Asks for the library; gives the numbers of its exchanges, the oldest first.
    fn library(&mut self) -> Vec<i64> {
        let library = |text: &str, sort: &str, others: bool, verdicts: &[&str]| {
            json!({"ask": "library", "text": text, "source": null, "verdicts": verdicts, "others": others,
                   "sort": sort, "first": 0, "count": 500})
        };
        for sort in [
            "newest_first",
            "longest_first",
            "shortest_first",
            "title_ascending",
            "title_descending",
            "soonest_text_first",
            "latest_text_first",
            "most_frames_first",
            "fewest_frames_first",
            "most_tools_first",
        ] {
            self.ask(&library("", sort, true, &[]));
        }
        for text in ["post", "agent", "weather run", "nothing that is there"] {
            self.ask(&library(text, "newest_first", true, &[]));
        }
        for verdict in ["live", "success", "interrupt", "cancelled", "error", "none", "no_run"] {
            self.ask(&library("", "newest_first", true, &[verdict]));
        }
        self.ask(&library("", "newest_first", false, &[]));
        let page = self.ask(&library("", "oldest_first", true, &[]));
        let rows = page["rows"].as_array().unwrap();
        rows.iter().map(|row| row["exchange"].as_i64().unwrap()).collect()
    }

    fn exchange(&mut self, exchange: i64) {
        let about = |mut question: Value| {
            question["exchange"] = exchange.into();
            question
        };
        let opened = self.ask(&about(json!({"ask": "open"})));
        let frames = opened["frames"].as_u64().unwrap() as u32;
        for name in ["input", "body", "problems"] {
            self.ask(&about(json!({ "ask": name })));
        }
        self.ask(&about(
            json!({"ask": "problem_rows", "rule": null, "first": 0, "count": MOST}),
        ));
        for view in ["spans", "events"] {
            for expanded in [vec![], vec![0, 1, 2]] {
                self.ask(&about(
                    json!({"ask": "rows", "view": view, "expanded": expanded, "first": 0, "count": 500}),
                ));
            }
        }
        for axis in ["clock", "collapsed", "index"] {
            let end = opened["extent"][axis].as_f64().unwrap();
            for (from, to) in [(0.0, end), (end * 0.25, end * 0.5)] {
                self.ask(&about(
                    json!({"ask": "lanes", "axis": axis, "from": from, "to": to, "width_px": 1000}),
                ));
            }
            for part in [0.0, 0.3, 1.0] {
                self.ask(&about(
                    json!({"ask": "locate", "axis": axis, "target": {"x": end * part}}),
                ));
            }
        }
        for span in 0..opened["spans"].as_u64().unwrap().min(MOST) {
            self.ask(&about(
                json!({"ask": "span_events", "span": span, "around": frames / 2, "count": 40}),
            ));
        }
        let step = (frames / MOMENTS).max(1);
        for at in (0..=frames).step_by(step as usize).chain([frames]) {
            self.moment(at, &about);
        }
    }

    fn moment(&mut self, at: u32, about: &dyn Fn(Value) -> Value) {
        self.ask(&about(json!({"ask": "detail", "seq": at})));
        for view in ["spans", "events"] {
            self.ask(&about(
                json!({"ask": "row_of", "view": view, "expanded": [], "seq": at}),
            ));
        }
        for to in ["problem", "tool", "state", "run", "turn", "gap"] {
            for backwards in [false, true] {
                self.ask(&about(
                    json!({"ask": "jump", "axis": "collapsed", "from": at, "to": to, "backwards": backwards}),
                ));
            }
        }
        let mut expanded = vec![String::new()];
        for changed_only in [false, true] {
            let state = self.ask(&about(
                json!({"ask": "state", "at": at, "expanded": expanded, "changed_only": changed_only, "first": 0, "count": 200}),
            ));
            let lines = state["lines"].as_array().cloned().unwrap_or_default();
            expanded = lines
                .iter()
                .filter_map(|line| Some(line["pointer"].as_str()?.to_owned()))
                .take(8)
                .collect();
        }
        for pointer in &expanded {
            self.ask(&about(json!({"ask": "read_value", "at": at, "pointer": pointer})));
            self.ask(&about(
                json!({"ask": "writes", "at": at, "pointer": pointer, "most": 10}),
            ));
        }
        let chat = self.ask(&about(json!({"ask": "chat", "at": at, "first": null, "count": 50})));
        for message in 0..chat["messages"].as_array().map_or(0, Vec::len).min(4) {
            for (tool, utf16_offset) in [(None, 0), (None, 5), (Some(0), 3)] {
                self.ask(&about(
                    json!({"ask": "cause", "at": at, "message": message, "tool": tool, "utf16_offset": utf16_offset}),
                ));
            }
        }
    }

    fn compare(&mut self, a: &Value, b: &Value, level: &str) {
        let started = self.ask(&json!({"ask": "compare", "a": a, "b": b, "level": level, "ignore": []}));
        let Some(comparison) = started["comparison"].as_u64() else {
            return;
        };
        let about = |mut question: Value| {
            question["comparison"] = comparison.into();
            question
        };
        let question = about(json!({"ask": "comparison"}));
        while self.read(&question)["stage"].get("working").is_some() {
            thread::sleep(Duration::from_millis(2));
        }
        self.ask(&question);
        for differences_only in [false, true] {
            self.ask(&about(
                json!({"ask": "pairs", "differences_only": differences_only, "downstream_open": true, "first": 0, "count": 200, "around": null}),
            ));
        }
        for pair in 0..MOST {
            if self
                .ask(&about(json!({"ask": "pair", "pair": pair})))
                .get("report")
                .is_some()
            {
                break;
            }
        }
        self.ask(&about(
            json!({"ask": "ribbons", "axis": "clock", "from": 0.0, "to": 2_000_000.0, "width_px": 800}),
        ));
        for of_b in [false, true] {
            self.ask(&about(
                json!({"ask": "map_moment", "of_b": of_b, "axis": "clock", "at": {"x": 300_000.0}}),
            ));
        }
        for as_json in [false, true] {
            self.ask(&about(json!({"ask": "compare_report", "json": as_json})));
        }
    }
}

fn main() {
    let mut args = std::env::args().skip(1).map(PathBuf::from);
    let folder = args.next().expect("the folder for the answers, and files to ask");
    let files: Vec<PathBuf> = args.collect();
    fs::create_dir_all(&folder).unwrap();
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy();
        Asking::new(file, Opening::Reading, &folder.join(format!("{name}.txt"))).everything();
    }
    let place = tempfile::tempdir().unwrap();
    let mut all = Asking::new(
        &place.path().join("all.db"),
        Opening::Importing,
        &folder.join("all.txt"),
    );
    for file in files
        .iter()
        .filter(|file| file.to_string_lossy().contains(".agui.jsonl"))
    {
        all.engine.import_file(file, None).unwrap();
    }
    all.everything();
}
