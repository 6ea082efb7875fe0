//! What a reader makes of our files that knows only the four kinds and their
//! own keys, and of real streams.

#![expect(clippy::disallowed_methods, reason = "captures are files")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use scrubjay_recording::read;
use scrubjay_session::exchange::Chunk;
use serde::Deserialize;

use crate::sample::{Sample, written};

/// The keys that others write and read, as they type them; all others are passed over.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Line {
    Header {
        schema_version: u32,
        tool: String,
        captured_at: String,
        url: String,
        transport: Transport,
        redacted: Vec<String>,
    },
    Request {
        conn_id: String,
        t_ms: f64,
        method: String,
        url: String,
        input: serde_json::Value,
    },
    Event {
        conn_id: String,
        seq: u32,
        t_ms: f64,
        event: serde_json::Value,
        sse_event: Option<String>,
    },
    Keepalive {
        conn_id: String,
        seq: u32,
        t_ms: f64,
        comment: String,
    },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Transport {
    Sse,
    Binary,
}

/// Panics at the first line that another reader would complain about.
fn read_as_a_stranger(file: &[u8]) -> Vec<Line> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.ends_with('\n'));
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut open = None;
    let mut frames = 0;
    for (number, line) in lines.iter().enumerate() {
        match line {
            Line::Header {
                schema_version,
                tool,
                captured_at,
                url,
                transport,
                redacted,
            } => {
                assert_eq!((number, *schema_version), (0, 1));
                assert!(!tool.is_empty() && !captured_at.is_empty() && !url.is_empty() && redacted.is_empty());
                assert_eq!(*transport, Transport::Sse);
            }
            Line::Request {
                conn_id,
                t_ms,
                method,
                url,
                input,
            } => {
                assert!(*t_ms >= 0.0 && method == "POST" && url.starts_with("http://"));
                assert!(input.is_object());
                (open, frames) = (Some(conn_id.clone()), 0);
            }
            Line::Event { conn_id, seq, t_ms, .. } | Line::Keepalive { conn_id, seq, t_ms, .. } => {
                frames += 1;
                assert_eq!((Some(conn_id), *seq), (open.as_ref(), frames));
                assert!(*t_ms >= 0.0);
            }
        }
        if let Line::Event { event, sse_event, .. } = line {
            assert!(event.is_null() || event.is_object() || sse_event.is_some());
        }
        if let Line::Keepalive { comment, .. } = line {
            assert!(!comment.contains('\0'));
        }
    }
    lines
}

#[test]
fn a_reader_that_knows_only_the_four_kinds_has_no_complaint() {
    let body = b"data: {\"type\":\"RUN_STARTED\"}\n\n: ping\n\nid: 1\n\ndata: oops\n\nevent: e\ndata: {\"type\":\"RAW\"}\n\n\xff\n\n";
    let sample = Sample::of_body(body, &[body.len()]);
    let once = sample.clone().standing_once();
    let lines = read_as_a_stranger(&written(&[sample, once]));
    assert_eq!(lines.len(), 1 + 2 * (1 + 6));
}

/// The captures that are committed, as exchanges.
fn captures() -> Vec<(PathBuf, Sample)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let mut captures = Vec::new();
    let folders = |path: &Path| {
        let mut folders: Vec<PathBuf> = fs::read_dir(path)
            .unwrap_or_else(|error| panic!("the captures in tests/corpus are missing: {error}"))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        folders.sort();
        folders
    };
    for framework in folders(&root) {
        for folder in folders(&framework) {
            captures.push((folder.clone(), capture(&folder)));
        }
    }
    captures
}

fn capture(folder: &Path) -> Sample {
    #[derive(Deserialize)]
    struct Read {
        t_us: u64,
        offset: u64,
        len: u64,
    }
    let body = fs::read(folder.join("response.body")).unwrap();
    let mut sample = Sample::of_body(&body, &[]);
    let reads = fs::read_to_string(folder.join("chunks.jsonl")).unwrap();
    sample.chunks = reads
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|Read { t_us, offset, len }| Chunk {
            offset,
            len,
            at_us: t_us,
        })
        .collect();
    sample.exchange.chunk_count = sample.chunks.len() as u64;
    sample.stands_once = folder.to_string_lossy().contains("protobuf-encoder/proto");
    sample
}

#[test]
fn real_streams_come_back_to_the_byte() {
    let captures = captures();
    assert!(captures.len() > 100, "the captures in tests/corpus");
    for (folder, sample) in captures {
        let file = written(std::slice::from_ref(&sample));
        let recording = read(&file[..]).unwrap();
        assert_eq!(recording.damage, None, "{}", folder.display());
        sample.assert_is(&recording.exchanges[0], 0);
        read_as_a_stranger(&file);
    }
}
