//! Exchanges to write, and how to compare them with what is read.

use scrubjay_protocol::sse::Decoder;
use scrubjay_recording::{Header, Layout, Origin, Outline, Recorded, Writer, sha256};
use scrubjay_session::exchange::{Chunk, Ending, Exchange, RequestHead, ResponseHead};

#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) exchange: Exchange,
    pub(crate) request_body: Vec<u8>,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) body: Vec<u8>,
    pub(crate) stands_once: bool,
}

impl Sample {
    /// An exchange with this body, split at these places; the n-th chunk comes after n milliseconds.
    pub(crate) fn of_body(body: &[u8], splits: &[usize]) -> Self {
        let mut chunks: Vec<Chunk> = Vec::new();
        for end in splits {
            let offset = chunks.last().map_or(0, |chunk| chunk.offset + chunk.len);
            chunks.push(Chunk {
                offset,
                len: *end as u64 - offset,
                at_us: (chunks.len() as u64 + 1) * 1000,
            });
        }
        let mut sample = Self {
            exchange: Exchange {
                source: "agent".into(),
                upstream: "http://127.0.0.1:8000".into(),
                request: RequestHead {
                    method: "POST".into(),
                    target: "/run?a=b".into(),
                    headers: vec![("accept".into(), b"text/event-stream".to_vec())],
                    ..RequestHead::default()
                },
                response: Some(ResponseHead {
                    status: 200,
                    headers: vec![("x".into(), b"1".to_vec()), ("x".into(), b"\xff".to_vec())],
                    ..ResponseHead::default()
                }),
                started_at_us: 1_790_769_600_123_456,
                response_at_us: Some(900),
                last_at_us: 9_000,
                ending: Ending::Complete,
                labels: vec![("who".into(), "me".into())],
                body_len: body.len() as u64,
                chunk_count: chunks.len() as u64,
                ..Exchange::default()
            },
            request_body: Vec::new(),
            chunks,
            body: body.to_vec(),
            stands_once: false,
        };
        sample.set_request_body(br#"{"threadId":"thread-1","runId":"r"}"#);
        sample
    }

    pub(crate) fn set_request_body(&mut self, body: &[u8]) {
        self.request_body = body.to_vec();
        self.exchange.request_len = body.len() as u64;
    }

    pub(crate) fn standing_once(mut self) -> Self {
        self.stands_once = true;
        self
    }

    fn write<W: std::io::Write>(&self, writer: &mut Writer<W>) {
        let mut decoder = Decoder::new();
        decoder.push(&self.body);
        let mut frames: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
        frames.extend(decoder.finish());
        let tail = &self.body[frames.last().map_or(0, |frame| frame.range.end as usize)..];
        let outline = Outline {
            exchange: &self.exchange,
            request_body: &self.request_body,
            chunks: &self.chunks,
            frames: frames.len() as u64,
            sha256: sha256(&self.body),
            layout: if self.stands_once {
                Layout::Whole { body: &self.body }
            } else {
                Layout::Lines { tail }
            },
        };
        writer.exchange(&outline).unwrap();
        for frame in &frames {
            let bytes = &self.body[frame.range.start as usize..frame.range.end as usize];
            let at_us = self
                .chunks
                .iter()
                .find(|chunk| chunk.offset + chunk.len >= frame.range.end)
                .map_or(0, |chunk| chunk.at_us);
            writer.frame(at_us, frame, bytes).unwrap();
        }
    }

    /// Panics unless this is what was read.
    pub(crate) fn assert_is(&self, recorded: &Recorded, index: i64) {
        let expected = Exchange {
            index,
            ..self.exchange.clone()
        };
        assert_eq!(recorded.exchange, expected);
        assert_eq!(recorded.request_body, self.request_body);
        assert_eq!(recorded.chunks, self.chunks);
        assert_eq!(recorded.body, self.body);
        assert_eq!(recorded.origin, Origin::Exact);
    }
}

/// A file that holds these exchanges.
pub(crate) fn written(samples: &[Sample]) -> Vec<u8> {
    let header = Header {
        tool: "scrubjay 0.0.0".into(),
        captured_at_us: 1_790_769_600_000_000,
        url: "http://127.0.0.1:8000".into(),
        exchanges: Some(samples.len() as u64),
        ..Header::default()
    };
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    for sample in samples {
        sample.write(&mut writer);
    }
    writer.finish().unwrap()
}
