//! Recording files to read, made from real captures and from made-up bodies.

use std::{fs, path::Path};

use scrubjay_protocol::{record, sse};
use scrubjay_recording::{Header, Layout, Outline, Writer, sha256};
use scrubjay_session::exchange::{Chunk, Ending, Exchange, RequestHead, ResponseHead};
use serde_json::Value;

/// An exchange and its bytes.
pub(crate) struct Captured {
    pub(crate) exchange: Exchange,
    pub(crate) request_body: Vec<u8>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) body: Vec<u8>,
}

/// One of the captures in `tests/corpus`, as `framework/scenario`.
pub(crate) fn capture(name: &str) -> Captured {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/corpus")
        .join(name);
    let read = |file: &str| {
        fs::read(folder.join(file)).unwrap_or_else(|error| panic!("the capture {name} has no {file}: {error}"))
    };
    let json = |file: &str| serde_json::from_slice::<Value>(&read(file)).unwrap();
    let (request, meta) = (json("request.json"), json("meta.json"));
    let chunks = String::from_utf8(read("chunks.jsonl")).unwrap();
    let chunks: Vec<Chunk> = chunks
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
    let body = read("response.body");
    let request_body = serde_json::to_vec(&request["body"]).unwrap();
    let exchange = Exchange {
        source: "agent".into(),
        upstream: "http://127.0.0.1:8000".into(),
        request: RequestHead {
            method: request["method"].as_str().unwrap().into(),
            target: request["url_path"].as_str().unwrap().into(),
            headers: vec![("accept".into(), b"text/event-stream".to_vec())],
            ..RequestHead::default()
        },
        request_len: request_body.len() as u64,
        response: Some(ResponseHead {
            status: u16::try_from(meta["status"].as_u64().unwrap()).unwrap(),
            headers: headers.collect(),
            ..ResponseHead::default()
        }),
        started_at_us: 1_790_769_600_000_000,
        response_at_us: chunks.first().map(|chunk| chunk.at_us),
        last_at_us: meta["duration_us"].as_u64().unwrap_or_default(),
        ending: if meta.get("error").is_some_and(|error| !error.is_null()) {
            Ending::UpstreamReset
        } else {
            Ending::Complete
        },
        body_len: body.len() as u64,
        chunk_count: chunks.len() as u64,
        ..Exchange::default()
    };
    Captured {
        exchange,
        request_body,
        chunks,
        body,
    }
}

/// An answer that streams this body, in one chunk a millisecond after the request.
pub(crate) fn made_up(body: &[u8]) -> Captured {
    Captured {
        exchange: Exchange {
            source: "agent".into(),
            upstream: "http://127.0.0.1:8000".into(),
            request: RequestHead {
                method: "POST".into(),
                target: "/".into(),
                ..RequestHead::default()
            },
            response: Some(ResponseHead {
                status: 200,
                headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
                ..ResponseHead::default()
            }),
            request_len: INPUT.len() as u64,
            started_at_us: 1_790_769_600_000_000,
            response_at_us: Some(500),
            last_at_us: 2_000,
            ending: Ending::Complete,
            body_len: body.len() as u64,
            chunk_count: 1,
            ..Exchange::default()
        },
        request_body: INPUT.to_vec(),
        chunks: vec![Chunk {
            offset: 0,
            len: body.len() as u64,
            at_us: 1_000,
        }],
        body: body.to_vec(),
    }
}

const INPUT: &[u8] =
    br#"{"threadId":"t","runId":"r","state":{},"messages":[],"tools":[],"context":[],"forwardedProps":{}}"#;

/// A file that holds them.
pub(crate) fn file_of(captured: &[Captured]) -> Vec<u8> {
    let header = Header {
        tool: "scrubjay test".into(),
        captured_at_us: 1_790_769_600_000_000,
        url: "http://127.0.0.1:8000".into(),
        exchanges: Some(captured.len() as u64),
        ..Header::default()
    };
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    for captured in captured {
        write(&mut writer, captured);
    }
    writer.finish().unwrap()
}

fn write(writer: &mut Writer<Vec<u8>>, captured: &Captured) {
    let frames = frames_of(captured);
    let protobuf = is_protobuf(captured);
    let tail = &captured.body[frames.last().map_or(0, |frame| frame.range.end as usize)..];
    writer
        .exchange(&Outline {
            exchange: &captured.exchange,
            request_body: &captured.request_body,
            chunks: &captured.chunks,
            frames: frames.len() as u64,
            sha256: sha256(&captured.body),
            layout: if protobuf || is_encoded(captured) {
                Layout::Whole { body: &captured.body }
            } else {
                Layout::Lines { tail }
            },
        })
        .unwrap();
    for frame in &frames {
        let end = frame.range.end;
        let chunk = captured.chunks.iter().find(|chunk| chunk.offset + chunk.len >= end);
        let bytes = &captured.body[frame.range.start as usize..end as usize];
        writer
            .frame(chunk.map_or(0, |chunk| chunk.at_us), frame, bytes)
            .unwrap();
    }
}

fn is_protobuf(captured: &Captured) -> bool {
    let head = captured.exchange.response.iter();
    head.flat_map(|head| &head.headers)
        .any(|(_, value)| value.starts_with(b"application/vnd.ag-ui"))
}

fn is_encoded(captured: &Captured) -> bool {
    let head = captured.exchange.response.iter();
    head.flat_map(|head| &head.headers)
        .any(|(name, _)| name == "content-encoding")
}

fn frames_of(captured: &Captured) -> Vec<scrubjay_protocol::frame::Frame> {
    // The lines of an encoded body are for readers only.
    if is_encoded(captured) {
        return Vec::new();
    }
    if is_protobuf(captured) {
        let mut decoder = record::Decoder::new();
        decoder.push(&captured.body);
        let mut frames: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
        frames.extend(decoder.finish());
        return frames;
    }
    let mut decoder = sse::Decoder::new();
    decoder.push(&captured.body);
    let mut frames: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
    frames.extend(decoder.finish());
    frames
}
