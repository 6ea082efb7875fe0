//! Sides made of streams.

use std::sync::Arc;

use scrubjay_session::{
    diff::{Comparison, Ignore, Level, Part, Rules, Side},
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
};

pub(crate) type Shelf = Arc<MemoryShelf>;

/// An exchange whose chunks are those cuts of its body, a millisecond apart.
pub(crate) fn exchange(request: &[u8], body: &[u8], cuts: &[usize]) -> Shelf {
    let mut cuts: Vec<usize> = cuts
        .iter()
        .copied()
        .filter(|cut| *cut > 0 && *cut < body.len())
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let ends = cuts.iter().copied().chain([body.len()]);
    let begins = [0].into_iter().chain(cuts.iter().copied());
    let chunks: Vec<Chunk> = begins
        .zip(ends)
        .zip(1..)
        .filter(|((begin, end), _)| end > begin)
        .map(|((begin, end), n)| Chunk {
            offset: begin as u64,
            len: (end - begin) as u64,
            at_us: n * 1_000,
        })
        .collect();
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
    Arc::new(MemoryShelf::new(facts, request.to_vec(), chunks, body.to_vec()))
}

/// A chunk a frame.
pub(crate) fn by_frames(request: &[u8], body: &[u8]) -> Shelf {
    let ends: Vec<usize> = body
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair == b"\n\n")
        .map(|(at, _)| at + 2)
        .collect();
    exchange(request, body, &ends)
}

pub(crate) fn side(shelf: &Shelf) -> Side<Shelf> {
    vec![Part::whole(0, Arc::clone(shelf))]
}

pub(crate) fn compare(a: &Shelf, b: &Shelf, level: Level) -> Comparison<Shelf> {
    compare_ignoring(a, b, level, &[])
}

pub(crate) fn compare_ignoring(a: &Shelf, b: &Shelf, level: Level, ignored: &[Ignore]) -> Comparison<Shelf> {
    let rules = Rules::new(level, ignored).unwrap();
    Comparison::of(side(a), side(b), rules, &[], &mut |_| true).unwrap()
}
