//! Work grows with what there is, and not with its square.
//!
//! Each kind of event comes 20,000 and 80,000 times. Counted are steps (what
//! goes through things one by one ticks for each) and allocated memory, which
//! also sees what is copied or gathered; instants say nothing. Four times as
//! many may take four times as much, and a little more: for logarithms, and
//! because checkpoints come at steps. With the square it would be sixteen.

#![expect(clippy::disallowed_methods, reason = "it prints how long the steps take")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test panics where it fails")]

mod counted;
mod kinds;

use std::sync::Arc;

use scrubjay_session::{
    diff::{Comparison, Ignore, Level, Part, Rules},
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
    query::{Axis, Direction, JumpTo, Reader, RowsOf, StateQuery},
};

use self::{counted::Counted, kinds::KINDS};

const FEW: u32 = 20_000;
const MANY: u32 = 80_000;
/// What four times as many may take.
pub(crate) const GROWTH: f64 = 4.0 * 1.6;
/// What is little for each event, whatever its ratio: checkpoints are few, so that
/// one more of them may double a small number. With the square an event takes
/// thousands of steps, and as many bytes more for each event there is.
pub(crate) const LITTLE_STEPS: u64 = 16;
pub(crate) const LITTLE_BYTES: u64 = 2_048;
/// Events that come together.
const TOGETHER: usize = 16;

/// The facts of a run and its frames: what goes before, and so many of a kind.
fn stream(kind: &kinds::Kind, count: u32) -> (Exchange, Vec<Chunk>, Vec<u8>) {
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
    let (mut bytes, mut chunks) = (Vec::new(), Vec::new());
    let mut frames: Vec<String> = kind.before.iter().map(|event| kinds::data(event)).collect();
    frames.extend((0..count).map(|place| (kind.frame)(place, count)));
    for (number, together) in frames.chunks(TOGETHER).enumerate() {
        let offset = bytes.len() as u64;
        together
            .iter()
            .for_each(|frame| bytes.extend_from_slice(frame.as_bytes()));
        chunks.push(Chunk {
            offset,
            len: bytes.len() as u64 - offset,
            at_us: number as u64 * 1_000,
        });
    }
    (exchange, chunks, bytes)
}

fn shelf(kind: &kinds::Kind, count: u32) -> MemoryShelf {
    let (exchange, chunks, bytes) = stream(kind, count);
    MemoryShelf::new(exchange, kinds::REQUEST.to_vec(), chunks, bytes)
}

/// Does the work for few and for many of each kind, on all processors.
fn assert_grows(what: &str, kinds: &[&kinds::Kind], work: impl Fn(&kinds::Kind, u32) -> Counted + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let wrong = std::sync::Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(kind) = kinds.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let begun = std::time::Instant::now();
                    let (few, many) = (work(kind, FEW), work(kind, MANY));
                    let (steps, memory) = many.over(&few);
                    let line = format!("{what}, {}: steps ×{steps:.2}, memory ×{memory:.2}", kind.name);
                    println!("{line}, {} steps, {:?}", many.steps, begun.elapsed());
                    if !many.is_bounded_by(&few, MANY) {
                        wrong.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn following_a_stream_grows_with_its_events() {
    let all: Vec<&kinds::Kind> = KINDS.iter().collect();
    assert_grows("derive", &all, |kind, count| {
        let (exchange, chunks, bytes) = stream(kind, count);
        counted::count(|| drop(MemoryShelf::new(exchange, kinds::REQUEST.to_vec(), chunks, bytes)))
    });
}

#[test]
fn answers_grow_with_the_stream_at_most() {
    let asked: Vec<&kinds::Kind> = KINDS.iter().filter(|kind| kind.is_asked).collect();
    assert_grows("ask", &asked, |kind, count| {
        let shelf = shelf(kind, count);
        counted::count(|| ask(shelf))
    });
}

/// One of each question, at the beginning, in the middle and at the end.
fn ask(shelf: MemoryShelf) {
    let mut reader = Reader::open(shelf).unwrap();
    let last = reader.summary().frames;
    for at in [1, last / 2, last] {
        reader.rows(RowsOf::Spans, &[0, 1], u64::from(at), 50).unwrap();
        reader.rows(RowsOf::Events, &[], u64::from(at), 50).unwrap();
        for first in [None, Some(0)] {
            reader.chat(at, first, 100).unwrap();
        }
        let query = StateQuery {
            at,
            expanded: vec!["/list".to_owned()],
            count: 50,
            ..StateQuery::default()
        };
        reader.state_tree(&query).unwrap();
        reader.state_at(at).unwrap();
        reader.blame_at(at).unwrap();
        reader.detail(at, 1_000).unwrap();
        for to in [JumpTo::Problem, JumpTo::Tool, JumpTo::State, JumpTo::Span] {
            reader.jump(Axis::Clock, at, to, Direction::Backwards).unwrap();
        }
    }
    let end = f64::from(last);
    reader.lanes(Axis::Index, 0.0, end, 800).unwrap();
    reader.lanes(Axis::Collapsed, 0.0, end * 10.0, 800).unwrap();
    reader.findings_of(Some("V09"), 0, 50).unwrap();
    let spans = reader.summary().spans;
    for ordinal in [0, spans / 2, spans - 1] {
        reader.span_text(ordinal, 1_000).unwrap();
        reader.span_events(ordinal, last / 2, 50, 20).unwrap();
    }
    drop(reader);
}

#[test]
fn comparing_grows_with_both_sides() {
    let compared: Vec<&kinds::Kind> = KINDS.iter().filter(|kind| kind.is_compared).collect();
    assert_grows("compare", &compared, |kind, count| {
        let one = vec![Part::whole(0, Arc::new(shelf(kind, count / 4)))];
        let changed = kinds::Kind {
            frame: kind.changed.unwrap_or(kind.frame),
            ..*kind
        };
        let other = vec![Part::whole(1, Arc::new(shelf(&changed, count / 4)))];
        counted::count(|| {
            let rules = Rules::new(Level::Text, &[Ignore::Pointer("/args/**/at".into())]).unwrap();
            let mut comparison = Comparison::of(one, other, rules, &[], &mut |_| true).unwrap();
            for number in 0..comparison.differences().len() {
                comparison.divergence(number).unwrap();
            }
        })
    });
}
