//! How fast a body is cut and read. `cargo run --release --example pace`
//! prints megabytes a second, the median of eleven rounds.

#![expect(clippy::print_stdout, reason = "the figures are the point")]
#![expect(clippy::disallowed_methods, reason = "it measures")]

use std::time::Instant;

use scrubjay_protocol::{
    frame::Detail,
    json, record,
    schema::{self, Boundary},
    sse,
};

fn body() -> Vec<u8> {
    let mut body = Vec::new();
    for number in 0..100_000 {
        let text = format!(
            r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"msg_01H{number:08}","delta":"some words of text, with a \"quote\" and ünïcode "}}"#
        );
        sse::write_event(&mut body, text.as_bytes());
    }
    body
}

/// The same events over the binary transport.
fn records() -> Vec<u8> {
    let mut body = Vec::new();
    for number in 0..100_000 {
        let id = format!("msg_01H{number:08}");
        let delta = "some words of text, with a \"quote\" and ünïcode ";
        let fields: [(u8, &[u8]); 3] = [(1, &[8, 1]), (2, id.as_bytes()), (3, delta.as_bytes())];
        let event: Vec<u8> = fields
            .iter()
            .flat_map(|(number, bytes)| sized(*number, bytes))
            .collect();
        let message = sized(2, &event);
        body.extend_from_slice(&(message.len() as u32).to_be_bytes());
        body.extend_from_slice(&message);
    }
    body
}

fn sized(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8], bytes].concat()
}

fn pace(name: &str, len: usize, mut round: impl FnMut()) {
    let mut paces: Vec<f64> = (0..11)
        .map(|_| {
            let start = Instant::now();
            round();
            len as f64 / 1e6 / start.elapsed().as_secs_f64()
        })
        .collect();
    paces.sort_by(f64::total_cmp);
    println!("{name:<24} {:>7.0} MB/s", paces[5]);
}

fn frames(body: &[u8], detail: Detail) -> usize {
    let mut decoder = sse::Decoder::new().with_detail(detail);
    let mut count = 0;
    for piece in body.chunks(16 * 1024) {
        decoder.push(piece);
        count += std::iter::from_fn(|| decoder.next_frame()).count();
    }
    count
}

fn main() {
    let body = body();
    let events: Vec<&[u8]> = body
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_prefix(b"data: "))
        .collect();
    pace("frames, types only", body.len(), || {
        assert_eq!(frames(&body, Detail::TypeOnly), 100_000);
    });
    pace("frames with values", body.len(), || {
        assert_eq!(frames(&body, Detail::Value), 100_000);
    });
    let records = records();
    pace("records with values", records.len(), || {
        let mut decoder = record::Decoder::new();
        decoder.push(&records);
        let values = std::iter::from_fn(|| decoder.next_frame()).filter(|frame| frame.value.is_some());
        assert_eq!(values.count(), 100_000);
    });
    pace("json::parse", body.len(), || {
        events.iter().for_each(|event| drop(json::parse(event)));
    });
    pace("json::scan", body.len(), || {
        events.iter().for_each(|event| drop(json::scan(event)));
    });
    let values: Vec<_> = events
        .iter()
        .map(|event| json::parse(event).expect("it was written above"))
        .collect();
    let mut boundary = Boundary::default();
    pace("schema::check + clone", body.len(), || {
        for value in &values {
            drop(schema::check(value.clone(), &mut boundary, &mut || "id".into()));
        }
    });
}
