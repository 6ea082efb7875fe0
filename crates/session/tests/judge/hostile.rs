//! Streams that nobody means well with: sequences of events torn apart and put
//! together at random, patches with any pointer on any value.
//!
//! What must hold: no panic, no finding twice over for one frame, a bounded
//! number of findings, the same findings whatever pieces the body came in.
//! `SCRUBJAY_HOSTILE_SECONDS` goes on for longer than a test should; a seed
//! that finds something is kept in [`SEEDS`].

#![expect(clippy::disallowed_methods, reason = "it runs for as many seconds as it is asked to")]

use std::time::{Duration, Instant};

use crate::{
    scenarios::sequences,
    stage::{INPUT, Stage},
};

/// Seeds that always run: the first hundred, and those that found something.
const SEEDS: std::ops::Range<u64> = 0..100;

/// A small generator of numbers (splitmix64), so that a seed says it all.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn word(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const VALUES: [&str; 14] = [
    "null",
    "true",
    "0",
    "-0.0",
    "1e400",
    "\"\"",
    "\"m\"",
    "\"c\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "\"\\ud83d\"",
    "9007199254740993",
    "{\"a\":{\"b\":[1,2,{\"c\":null}]}}",
];
const POINTERS: [&str; 18] = [
    "",
    "/",
    "/n",
    "/a",
    "/a/b",
    "/a/b/0",
    "/a/b/-",
    "/a/b/01",
    "/a/b/99",
    "/__proto__",
    "/constructor/prototype",
    "/toString",
    "/a/length",
    "/n/0",
    "/~0",
    "/~1",
    "/a/b/2/c",
    "/-",
];

fn patch(random: &mut Random) -> String {
    let ops = ["add", "remove", "replace", "move", "copy", "test", "merge"];
    let operations: Vec<String> = (0..random.below(5))
        .map(|_| {
            format!(
                r#"{{"op":"{}","path":"{}","from":"{}","value":{}}}"#,
                random.word(&ops),
                random.word(&POINTERS),
                random.word(&POINTERS),
                random.word(&VALUES)
            )
        })
        .collect();
    format!(r#"{{"type":"STATE_DELTA","delta":[{}]}}"#, operations.join(","))
}

/// One thing about a frame becomes another.
fn bend(frame: &str, random: &mut Random) -> String {
    let cut = random.below(frame.len() + 1);
    let cut = (0..=cut).rev().find(|at| frame.is_char_boundary(*at)).unwrap_or(0);
    match random.below(8) {
        0 => frame[..cut].to_owned(),
        1 => frame.replacen("\"m\"", random.word(&VALUES), 1),
        2 => frame.replacen("\"c\"", random.word(&VALUES), 1),
        3 => frame.replacen(
            ":\"",
            &format!(":{},\"x\":\"", random.word(&VALUES)),
            1 + random.below(2),
        ),
        4 => frame.replace('m', "c"),
        5 => frame.replacen('{', &format!("{{\"subagentRunId\":{},", random.word(&VALUES)), 1),
        6 => format!("{}{frame}", &frame[..cut]),
        _ => frame.replace("_", ""),
    }
}

fn stream(seed: u64, known: &[Vec<String>]) -> Vec<u8> {
    let mut random = Random(seed);
    let mut frames = Vec::new();
    for _ in 0..1 + random.below(4) {
        let sequence = random.of(known);
        let from = random.below(sequence.len());
        frames.extend_from_slice(&sequence[from..]);
    }
    let mut body = Vec::new();
    for _ in 0..frames.len() {
        let frame = match random.below(10) {
            0 => patch(&mut random),
            1 => bend(&frames[random.below(frames.len())], &mut random),
            2 => random.of(&frames).clone(),
            _ => frames[body.len() % frames.len()].clone(),
        };
        let ends = random.word(&["\n\n", "\n\n", "\n\n", "\n\n", "\n", "\r\n\r\n", "\n\n\n", ""]);
        body.extend_from_slice(format!("data: {frame}{ends}").as_bytes());
    }
    if random.below(6) == 0 {
        let at = random.below(body.len());
        body[at] ^= 1 << random.below(8);
    }
    body
}

fn run(seed: u64, known: &[Vec<String>]) {
    let body = stream(seed, known);
    let whole = Stage::new(INPUT, body.clone()).findings();
    let frames = Stage::new(INPUT, body.clone()).reader().summary().frames as usize;
    assert!(
        whole.len() <= 40 * (frames + 1),
        "seed {seed}: {} findings in {frames} frames",
        whole.len()
    );
    for pair in whole.windows(2) {
        assert!(pair[0].seq <= pair[1].seq, "seed {seed}: {pair:?}");
        assert!(pair[0] != pair[1], "seed {seed}: told twice: {pair:?}");
    }
    assert!(whole.iter().filter(|finding| finding.stop).count() <= 1, "seed {seed}");
    let mut pieces = Stage::new(INPUT, body);
    let at_us = |offset: u64| {
        pieces
            .chunks
            .iter()
            .find(|chunk| offset < chunk.offset + chunk.len)
            .unwrap()
            .at_us
    };
    let split = (0..pieces.body.len() as u64).map(|offset| scrubjay_session::exchange::Chunk {
        offset,
        len: 1,
        at_us: at_us(offset),
    });
    pieces.chunks = split.collect();
    assert_eq!(pieces.findings(), whole, "seed {seed}");
}

#[test]
fn torn_streams_are_judged_and_nothing_breaks() {
    let known = sequences();
    SEEDS.for_each(|seed| run(seed, &known));
    let seconds = std::env::var("SCRUBJAY_HOSTILE_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let Some(seconds) = seconds else { return };
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut seed = SEEDS.end;
    while Instant::now() < until {
        run(seed, &known);
        seed += 1;
    }
    assert!(seed > SEEDS.end, "{seconds} s were not enough for one seed");
}
