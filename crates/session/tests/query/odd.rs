//! Questions with odd arguments about odd exchanges: an answer or a refusal,
//! and never a panic.

use scrubjay_session::{
    exchange::{Ending, Hole},
    memory::MemoryShelf,
    query::{Axis, Direction, JumpTo, Reader, RowsOf, StateQuery, Target},
};

use crate::stream::{REQUEST, Stream, everything};

const QUESTIONS: usize = 3_000;
/// The seed that is kept.
const SEED: u64 = 0x5eed_0009;

/// Numbers in no order, the same every time (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A number near an end of what there may be, or anywhere.
    fn number(&mut self) -> u32 {
        let near = self.below(60) as u32;
        self.pick(&[0, 1, near, near + 100, u32::MAX, u32::MAX - 1, u32::MAX / 2])
    }

    fn place(&mut self) -> f64 {
        let near = f64::from(self.number());
        self.pick(&[
            0.0,
            -1.0,
            near,
            near * 1e3,
            1e300,
            -1e300,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
        ])
    }

    fn pointer(&mut self) -> String {
        let pointers = [
            "",
            "/",
            "/cart",
            "/cart/total",
            "/items/0",
            "/items/-",
            "/~2",
            "no",
            "//",
            "/é\u{202e}",
        ];
        self.pick(&pointers).to_owned()
    }
}

/// Exchanges of every odd sort.
fn exchanges() -> Vec<MemoryShelf> {
    let mut shelves = vec![everything().shelf(Ending::Complete), everything().shelf(Ending::Open)];
    let mut copied = Stream::default();
    let operations: Vec<String> = (0..18)
        .map(|place| format!(r#"{{"op":"copy","from":"","path":"/k{place}"}}"#))
        .collect();
    copied
        .event(
            1_000,
            r#"{"type":"STATE_SNAPSHOT","snapshot":{"cart":{"total":1},"items":[1]}}"#,
        )
        .event(
            1_000,
            &format!(r#"{{"type":"STATE_DELTA","delta":[{}]}}"#, operations.join(",")),
        )
        .event(
            3_000_000,
            &format!(
                r#"{{"type":"STATE_SNAPSHOT","snapshot":{}{}}}"#,
                "[".repeat(500),
                "]".repeat(500)
            ),
        )
        .event(
            1,
            &format!(
                r#"{{"type":"RUN_STARTED","threadId":"{0}","runId":"{0}"}}"#,
                "i".repeat(9_000)
            ),
        );
    shelves.push(copied.shelf(Ending::UpstreamReset));
    let mut bytes = Stream::default();
    bytes
        .raw(0, b"\xff\xfe\0\0data: {\"type\":\n\n")
        .raw(u64::MAX / 4, b":\n\n\r\r\n\ndata\n\nid: 1\n\n");
    shelves.push(bytes.shelf(Ending::ClientLeft));
    shelves.push(Stream::default().shelf(Ending::NoAnswer));
    let stream = everything();
    let mut exchange = stream.exchange(Ending::RecorderStopped);
    exchange.holes = vec![
        Hole {
            offset: 0,
            len: Some(u64::MAX / 2),
        },
        Hole { offset: 40, len: None },
    ];
    shelves.push(MemoryShelf::new(
        exchange,
        REQUEST.to_vec(),
        stream.chunks.clone(),
        stream.bytes,
    ));
    shelves
}

fn ask(reader: &mut Reader<MemoryShelf>, dice: &mut Dice) {
    let axis = dice.pick(&[Axis::Clock, Axis::Collapsed, Axis::Index]);
    let (one, other) = (dice.number(), dice.number());
    let count = dice.number().min(5_000);
    // Whatever comes back: an answer, or that there is none.
    match dice.below(16) {
        0 => drop(reader.rows(RowsOf::Spans, &[one, other, one], u64::from(dice.number()), count)),
        1 => drop(reader.rows(RowsOf::Events, &[], u64::from(one), count)),
        2 => drop(reader.row_of(RowsOf::Spans, &[other], one)),
        3 => {
            let (from, to, width) = (dice.place(), dice.place(), dice.number());
            drop(reader.lanes(axis, from, to, width));
        }
        4 => drop(reader.state_at(one)),
        5 => drop(reader.blame_at(one)),
        6 => {
            let query = StateQuery {
                at: one,
                expanded: vec![dice.pointer(), dice.pointer()],
                changed_only: dice.below(2) == 0,
                first: u64::from(other),
                count,
            };
            drop(reader.state_tree(&query));
        }
        7 => drop(reader.state_value(one, &dice.pointer(), count as usize)),
        8 => {
            let jump = dice.pick(&[
                JumpTo::Problem,
                JumpTo::Tool,
                JumpTo::State,
                JumpTo::Run,
                JumpTo::Turn,
                JumpTo::Gap,
                JumpTo::Span,
                JumpTo::Frame,
            ]);
            drop(reader.jump(axis, one, jump, dice.pick(&[Direction::Forwards, Direction::Backwards])));
        }
        9 => {
            let target = match dice.below(3) {
                0 => Target::X(dice.place()),
                1 => Target::Seq(one),
                _ => Target::AtMicros(dice.next()),
            };
            drop(reader.locate(axis, target));
        }
        10 => drop(reader.detail(one, u64::from(other))),
        11 => {
            let first = (dice.below(2) == 0).then_some(other);
            drop(reader.chat(one, first, count));
        }
        12 => drop(reader.span_text_until(one, other, count as usize)),
        13 => drop(reader.span_events(one, other, count, dice.below(200) as u32)),
        14 => drop(reader.writes(one, &dice.pointer(), 5)),
        _ => drop(reader.findings_of(None, u64::from(one), other)),
    }
}

#[test]
fn odd_questions_are_answered_or_refused() {
    let mut dice = Dice(SEED);
    let shelves = exchanges();
    let each = QUESTIONS / shelves.len();
    for shelf in shelves {
        let mut reader = Reader::open(shelf).unwrap();
        for _ in 0..each {
            ask(&mut reader, &mut dice);
        }
    }
}
