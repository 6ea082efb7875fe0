//! A made-up exchange of a million events: what opening, seeking, rows and
//! pictures cost. Prints medians and 95th percentiles and asserts nothing.
//!
//! ```text
//! cargo run --release -p scrubjay-session --example million [events]
//! ```

#![expect(clippy::disallowed_methods, reason = "it measures")]
#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::time::Instant;

use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
    query::{Axis, Direction, JumpTo, Reader, RowsOf},
    shelf::PageKind,
};

/// Messages, tool calls, state deltas on about 100 KB of state, pauses.
fn body(events: u64) -> (Vec<Chunk>, Vec<u8>) {
    let mut chunks = Vec::new();
    let mut bytes = Vec::new();
    let mut at_us = 40_000;
    let mut push = |after_us: u64, json: String| {
        at_us += after_us;
        let offset = bytes.len() as u64;
        bytes.extend_from_slice(format!("data: {json}\n\n").as_bytes());
        chunks.push(Chunk {
            offset,
            len: bytes.len() as u64 - offset,
            at_us,
        });
    };
    push(0, r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#.to_owned());
    let items: Vec<String> = (0..1_000)
        .map(|n| format!(r#"{{"id":"item-{n}","name":"Something with a name","price":{n}.5,"tags":["a","b"]}}"#))
        .collect();
    push(
        9,
        format!(
            r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"cart":{{"total":0}},"items":[{}]}}}}"#,
            items.join(",")
        ),
    );
    let words =
        "the quick brown fox jumps over the lazy dog and then it does so again because nobody said stop ".repeat(2);
    for n in 0..events.saturating_sub(3) {
        let message = n / 400;
        let pause = if n % 50_000 == 0 { 7_000_000 } else { 2_000 };
        match n % 400 {
            0 => push(
                pause,
                format!(r#"{{"type":"TEXT_MESSAGE_START","messageId":"msg-{message:08}","role":"assistant"}}"#),
            ),
            300 => push(
                pause,
                format!(r#"{{"type":"TEXT_MESSAGE_END","messageId":"msg-{message:08}"}}"#),
            ),
            301 => push(
                pause,
                format!(
                    r#"{{"type":"TOOL_CALL_START","toolCallId":"call-{message:08}","toolCallName":"search_things"}}"#
                ),
            ),
            398 => push(
                pause,
                format!(r#"{{"type":"TOOL_CALL_END","toolCallId":"call-{message:08}"}}"#),
            ),
            399 => push(
                400_000,
                format!(
                    r#"{{"type":"TOOL_CALL_RESULT","messageId":"result-{message:08}","toolCallId":"call-{message:08}","content":"{words}"}}"#
                ),
            ),
            place if place % 10 == 5 => push(
                pause,
                format!(
                    r#"{{"type":"STATE_DELTA","delta":[{{"op":"replace","path":"/items/{}/price","value":{n}}},{{"op":"replace","path":"/cart/total","value":{n}}}]}}"#,
                    n % 1_000
                ),
            ),
            place if place < 300 => push(
                pause,
                format!(
                    r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"msg-{message:08}","delta":"{words}","timestamp":{n}}}"#
                ),
            ),
            place => push(
                pause,
                format!(
                    r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"call-{message:08}","delta":"{place} {}"}}"#,
                    &words[..150]
                ),
            ),
        }
    }
    push(9, r#"{"type":"RUN_FINISHED","threadId":"t","runId":"r"}"#.to_owned());
    (chunks, bytes)
}

fn times(label: &str, count: u32, mut run: impl FnMut(u64)) {
    let mut spent: Vec<f64> = (0..count)
        .map(|n| {
            let begin = Instant::now();
            // A fixed sequence that jumps all over.
            run(u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33);
            begin.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    spent.sort_by(f64::total_cmp);
    let at = |share: f64| spent[((spent.len() - 1) as f64 * share) as usize];
    println!(
        "{label:<44} best {:>9.3}   median {:>9.3}   p95 {:>9.3}   max {:>9.3} ms",
        at(0.0),
        at(0.5),
        at(0.95),
        at(1.0)
    );
}

fn main() {
    let events = std::env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let (chunks, bytes) = body(events);
    let len = bytes.len();
    println!("{events} events, {:.1} MB", len as f64 / 1e6);
    let head = ResponseHead {
        status: 200,
        headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
        ..ResponseHead::default()
    };
    let exchange = Exchange {
        response: Some(head),
        ending: Ending::Complete,
        ..Exchange::default()
    };
    let begin = Instant::now();
    let shelf = MemoryShelf::new(exchange, b"{}".to_vec(), chunks, bytes);
    let spent = begin.elapsed().as_secs_f64();
    println!(
        "derive {spent:.2} s, {:.0} MB/s, {:.0} events/s",
        len as f64 / 1e6 / spent,
        events as f64 / spent
    );
    for kind in [
        PageKind::Summary,
        PageKind::Frames,
        PageKind::Spans,
        PageKind::Findings,
        PageKind::Checkpoint,
        PageKind::Piece,
        PageKind::Buckets,
        PageKind::Marks,
    ] {
        let sizes: Vec<usize> = shelf
            .pages()
            .filter(|(of, ..)| *of == kind)
            .map(|(.., bytes)| bytes.len())
            .collect();
        let sum: usize = sizes.iter().sum();
        println!(
            "  {kind:?}: {} pages, {:.2} MB, {:.1} % of the body",
            sizes.len(),
            sum as f64 / 1e6,
            100.0 * sum as f64 / len as f64
        );
    }
    let begin = Instant::now();
    let mut reader = Reader::open(shelf).expect("memory can be read");
    println!("open {:.3} ms", begin.elapsed().as_secs_f64() * 1e3);
    let last = u64::from(reader.summary().frames);
    let spans = u64::from(reader.summary().spans);
    let end = reader.extent().expect("memory can be read").clock;
    let seq_of = |random: u64| (1 + random % last) as u32;
    times("first picture, 1,600 px, everything", 1, |_| {
        drop(reader.lanes(Axis::Clock, 0.0, end, 1_600));
    });
    times("picture, 1,600 px, everything", 30, |_| {
        drop(reader.lanes(Axis::Clock, 0.0, end, 1_600));
    });
    for (share, words) in [(0.3, "30 %"), (0.03, "3 %"), (0.003, "0.3 %"), (0.000_03, "0.003 %")] {
        times(&format!("picture, 1,600 px, {words} of the clock"), 60, |random| {
            let from = end * (1.0 - share) * (random % 1_000) as f64 / 1_000.0;
            drop(reader.lanes(Axis::Clock, from, from + end * share, 1_600));
        });
    }
    times("picture, index axis, 30 %", 60, |random| {
        let from = last as f64 * 0.7 * (random % 1_000) as f64 / 1_000.0;
        drop(reader.lanes(Axis::Index, from, from + last as f64 * 0.3, 1_600));
    });
    times("fold at a random event", 400, |random| {
        drop(reader.fold_at(seq_of(random)));
    });
    let mut at = 0;
    times("fold at the next event", 400, |_| {
        at += 1;
        drop(reader.fold_at((last / 2) as u32 + at));
    });
    times("rows of spans, 80, random", 200, |random| {
        drop(reader.rows(RowsOf::Spans, &[3, 40, 700], random % spans, 80));
    });
    times("rows of events, 80, random", 200, |random| {
        drop(reader.rows(RowsOf::Events, &[], random % last, 80));
    });
    times("locate", 400, |random| {
        drop(reader.place(Axis::Collapsed, seq_of(random)));
    });
    times("jump to the next state event", 400, |random| {
        drop(reader.jump(Axis::Clock, seq_of(random), JumpTo::State, Direction::Forwards));
    });
    times("detail", 200, |random| drop(reader.detail(seq_of(random), 1 << 18)));
}
