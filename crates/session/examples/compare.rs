//! How long it takes to compare two exchanges.
//!
//! ```text
//! cargo run --release -p scrubjay-session --example compare
//! ```
//!
//! Two made-up runs of 5,000 and of 100,000 events, of which B differs in a
//! tool argument every now and then, in ids everywhere, and in a long detour;
//! and two that share nothing. Prints the median of five at each level.

#![expect(clippy::disallowed_methods, reason = "it measures")]
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::{fmt::Write as _, sync::Arc, time::Instant};

use scrubjay_session::{
    diff::{Comparison, Level, Part, Rules},
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
};

type Shelf = Arc<MemoryShelf>;

/// A run of so many events. `side` names ids; every `every`th tool call of
/// B has another argument, and words differ with the seed.
fn run(events: u32, side: &str, every: u32, seed: u32) -> Shelf {
    let mut body = String::new();
    let mut ends = Vec::new();
    let mut put = |event: std::fmt::Arguments<'_>| {
        writeln!(body, "data: {event}\n").expect("a string takes all");
        ends.push(body.len());
    };
    put(format_args!(
        r#"{{"type":"RUN_STARTED","threadId":"{side}-thread","runId":"{side}-run"}}"#
    ));
    put(format_args!(
        r#"{{"type":"STATE_SNAPSHOT","snapshot":{{"n":0,"items":[]}}}}"#
    ));
    for n in 2..events - 1 {
        let turn = n / 40;
        let raw =
            format_args!(r#","rawEvent":{{"run_id":"{side}-{n:08}","metadata":{{"step":{turn},"node":"agent"}}}}"#)
                .to_string();
        match n % 40 {
            0 => put(format_args!(
                r#"{{"type":"STEP_STARTED","stepName":"turn {turn}"{raw}}}"#
            )),
            1 => put(format_args!(
                r#"{{"type":"TOOL_CALL_START","toolCallId":"{side}-call-{turn}","toolCallName":"look_up_{}"{raw}}}"#,
                turn % 7
            )),
            2 => {
                let max = if every > 0 && turn % every == 0 { seed } else { 0 };
                put(format_args!(
                    r#"{{"type":"TOOL_CALL_ARGS","toolCallId":"{side}-call-{turn}","delta":"{{\"query\":\"words {turn}\",\"max\":{max}}}"{raw}}}"#
                ));
            }
            3 => put(format_args!(
                r#"{{"type":"TOOL_CALL_END","toolCallId":"{side}-call-{turn}"{raw}}}"#
            )),
            4 => put(format_args!(
                r#"{{"type":"TOOL_CALL_RESULT","messageId":"{side}-res-{turn}","toolCallId":"{side}-call-{turn}","content":"{{\"found\":{turn}}}"{raw}}}"#
            )),
            5 => put(format_args!(
                r#"{{"type":"TEXT_MESSAGE_START","messageId":"{side}-msg-{turn}","role":"assistant"{raw}}}"#
            )),
            37 => put(format_args!(
                r#"{{"type":"TEXT_MESSAGE_END","messageId":"{side}-msg-{turn}"{raw}}}"#
            )),
            38 => put(format_args!(
                r#"{{"type":"STEP_FINISHED","stepName":"turn {turn}"{raw}}}"#
            )),
            m if m % 10 == 9 => put(format_args!(
                r#"{{"type":"STATE_DELTA","delta":[{{"op":"replace","path":"/n","value":{n}}}]{raw}}}"#
            )),
            _ => put(format_args!(
                r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"{side}-msg-{turn}","delta":"word {} and {} "{raw}}}"#,
                n % 97,
                (n + seed) % 89
            )),
        }
    }
    put(format_args!(
        r#"{{"type":"RUN_FINISHED","threadId":"{side}-thread","runId":"{side}-run"}}"#
    ));
    let mut from = 0;
    let chunks = ends.iter().zip(1..).map(|(end, n)| {
        let chunk = Chunk {
            offset: from as u64,
            len: (end - from) as u64,
            at_us: n * 500,
        };
        from = *end;
        chunk
    });
    let chunks = chunks.collect();
    let head = ResponseHead {
        status: 200,
        headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
        ..ResponseHead::default()
    };
    let facts = Exchange {
        response: Some(head),
        ending: Ending::Complete,
        ..Exchange::default()
    };
    Arc::new(MemoryShelf::new(facts, b"{}".to_vec(), chunks, body.into_bytes()))
}

fn bench(name: &str, a: &Shelf, b: &Shelf) {
    for level in Level::ALL {
        let mut times = Vec::new();
        let mut found = String::new();
        for _ in 0..5 {
            let side = |shelf: &Shelf| vec![Part::whole(0, Arc::clone(shelf))];
            let rules = Rules::new(level, &[]).expect("no rule is wrong");
            let began = Instant::now();
            let mut comparison =
                Comparison::of(side(a), side(b), rules, &[], &mut |_| true).expect("memory can be read");
            let first = comparison.first().expect("memory can be read");
            times.push(began.elapsed());
            found = format!(
                "{} differences, first at #{}",
                comparison.counts().differences(),
                first.map_or(0, |first| first.a.seq)
            );
        }
        times.sort_unstable();
        println!("{name:<28} {:<10} {:>9.1?}   {found}", level.as_str(), times[2]);
    }
}

fn main() {
    for events in [5_000, 100_000] {
        let a = run(events, "a", 0, 0);
        bench(
            &format!("{events} × {events}, ids only"),
            &a,
            &run(events, "other", 0, 0),
        );
        bench(
            &format!("{events} × {events}, some calls"),
            &a,
            &run(events, "b", 10, 7),
        );
        bench(&format!("{events} × {events}, every call"), &a, &run(events, "b", 1, 7));
    }
}
