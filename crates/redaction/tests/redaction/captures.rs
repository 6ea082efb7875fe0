//! Captures of real frameworks, redacted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use scrubjay_redaction::{Plan, Profile, Whole};
use scrubjay_session::exchange::{Chunk, Ending, Exchange, RequestHead, ResponseHead};
use serde_json::Value;

use crate::outline::{parted, redacted};

/// Bytes of a body from which on a capture takes too long to be folded that often.
const LONG: usize = 40_000;

fn folders() -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let mut folders: Vec<PathBuf> = below(&root).iter().flat_map(|folder| below(folder)).collect();
    folders.sort();
    folders
}

fn capture(folder: &Path) -> Whole {
    let json = |file: &str| serde_json::from_slice::<Value>(&fs::read(folder.join(file)).unwrap()).unwrap();
    let (request, meta) = (json("request.json"), json("meta.json"));
    let lines = fs::read_to_string(folder.join("chunks.jsonl")).unwrap();
    let chunks: Vec<Chunk> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| Chunk {
            offset: line["offset"].as_u64().unwrap(),
            len: line["len"].as_u64().unwrap(),
            at_us: line["t_us"].as_u64().unwrap(),
        })
        .collect();
    let headers = meta["headers"].as_array().unwrap().iter().map(|pair| {
        let text = |place: usize| pair[place].as_str().unwrap().to_owned();
        (text(0), text(1).into_bytes())
    });
    let body = fs::read(folder.join("response.body")).unwrap();
    let request_body = serde_json::to_vec(&request["body"]).unwrap();
    Whole {
        exchange: Exchange {
            request: RequestHead {
                method: request["method"].as_str().unwrap().into(),
                target: request["url_path"].as_str().unwrap().into(),
                ..RequestHead::default()
            },
            request_len: request_body.len() as u64,
            response: Some(ResponseHead {
                status: u16::try_from(meta["status"].as_u64().unwrap()).unwrap(),
                headers: headers.collect(),
                ..ResponseHead::default()
            }),
            last_at_us: meta["duration_us"].as_u64().unwrap_or_default(),
            ending: Ending::Complete,
            body_len: body.len() as u64,
            chunk_count: chunks.len() as u64,
            ..Exchange::default()
        },
        request_body,
        chunks,
        body,
    }
}

#[test]
fn a_redacted_capture_is_the_same_run() {
    let folders = folders();
    assert!(folders.len() > 100);
    for folder in folders {
        let whole = capture(&folder);
        if whole.body.len() > LONG {
            continue;
        }
        for profile in [Profile::Safe, Profile::Structure] {
            let plan = Plan::new(profile);
            let (once, _) = redacted(&plan, 1, &whole);
            let name = format!("{} {}", folder.display(), profile.as_str());
            assert_eq!(once.chunks, whole.chunks, "{name}");
            assert_eq!(once.body.len(), whole.body.len(), "{name}");
            assert_eq!(once.request_body.len(), whole.request_body.len(), "{name}");
            let mut parted = parted(&whole, &once);
            // Parts of a text are no longer compared where all of it is replaced.
            parted.retain(|line| profile == Profile::Safe || !line.contains("text.repeated"));
            assert_eq!(parted, [""; 0], "{name}");
            let (twice, report) = redacted(&plan, 2, &once);
            assert_eq!(report.findings, [], "{name}: nothing is found again");
            assert_eq!(twice, once, "{name}");
        }
    }
}

#[test]
fn nothing_a_user_or_model_said_is_left_in_the_structure() {
    for folder in folders() {
        let whole = capture(&folder);
        let (structure, report) = redacted(&Plan::new(Profile::Structure), 1, &whole);
        let mut rescan = report.secrets.rescan();
        rescan.push(&structure.body);
        rescan.end();
        rescan.push(&structure.request_body);
        let left = rescan.finish();
        assert_eq!(left, [], "{}", folder.display());
    }
}
