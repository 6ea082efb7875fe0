//! A shelf on which another process stores a commit between two reads.

use std::{cell::Cell, convert::Infallible, ops::Range, sync::Arc};

use scrubjay_session::{
    derive::{self, CHECKPOINT_SPACING, Deriver, Purpose},
    exchange::{Chunk, Ending, Exchange, ResponseHead},
    memory::MemoryShelf,
    shelf::{Page, PageKind, Shelf, Watermark},
};

/// It is as before up to so many reads, and as after from there on.
struct MovingShelf<'a> {
    before: &'a MemoryShelf,
    after: &'a MemoryShelf,
    moves_after: usize,
    reads: Cell<usize>,
}

impl MovingShelf<'_> {
    /// What the next read finds.
    fn now(&self) -> &MemoryShelf {
        self.reads.set(self.reads.get() + 1);
        if self.reads.get() <= self.moves_after {
            self.before
        } else {
            self.after
        }
    }
}

impl Shelf for MovingShelf<'_> {
    type Error = Infallible;

    fn exchange(&self) -> Result<Exchange, Infallible> {
        self.now().exchange()
    }

    fn request_body(&self) -> Result<Vec<u8>, Infallible> {
        self.now().request_body()
    }

    fn body(&self, range: Range<u64>) -> Result<Vec<u8>, Infallible> {
        self.now().body(range)
    }

    fn chunks(&self, numbers: Range<u64>) -> Result<Vec<Chunk>, Infallible> {
        self.now().chunks(numbers)
    }

    fn chunk_at(&self, offset: u64) -> Result<Option<u64>, Infallible> {
        self.now().chunk_at(offset)
    }

    fn watermark(&self) -> Result<Watermark, Infallible> {
        self.now().watermark()
    }

    fn page(&self, kind: PageKind, number: u64) -> Result<Option<Arc<[u8]>>, Infallible> {
        self.now().page(kind, number)
    }

    fn page_at_or_before(&self, kind: PageKind, number: u64) -> Result<Option<(u64, Arc<[u8]>)>, Infallible> {
        self.now().page_at_or_before(kind, number)
    }
}

/// A long message, as of its first commit and as of the second.
fn two_commits() -> [MemoryShelf; 2] {
    let delta = format!(
        r#"{{"type":"TEXT_MESSAGE_CONTENT","messageId":"m","delta":"{}"}}"#,
        "word ".repeat(2_000)
    );
    let mut events = vec![
        r#"{"type":"RUN_STARTED","threadId":"t","runId":"r"}"#,
        r#"{"type":"TEXT_MESSAGE_START","messageId":"m","role":"assistant"}"#,
    ];
    events.resize(2 * CHECKPOINT_SPACING as usize / delta.len() + 10, &delta);
    let (mut body, mut chunks) = (Vec::new(), Vec::new());
    for (event, at_us) in events.into_iter().zip(1..) {
        let frame = format!("data: {event}\n\n");
        chunks.push(Chunk {
            offset: body.len() as u64,
            len: frame.len() as u64,
            at_us,
        });
        body.extend_from_slice(frame.as_bytes());
    }
    let head = ResponseHead {
        status: 200,
        headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
        ..ResponseHead::default()
    };
    let exchange = Exchange {
        response: Some(head),
        ..Exchange::default()
    };
    let mut shelf = MemoryShelf::bare(exchange, b"{}".to_vec(), chunks, body);
    let mut deriver = Deriver::new(shelf.facts(), b"{}", Purpose::Store);
    [(); 2].map(|()| {
        let Ok(commits) = derive::catch_up(&mut deriver, &shelf, u64::MAX, u64::MAX);
        assert_eq!(commits.len(), 1);
        commits.into_iter().for_each(|commit| shelf.commit(commit));
        shelf.clone()
    })
}

/// What a deriver knows, as the pages of its end.
fn pages_of(mut deriver: Deriver, shelf: &MemoryShelf) -> Vec<Page> {
    derive::end(&mut deriver, shelf, Ending::Complete).unwrap().pages
}

#[test]
fn a_commit_between_two_reads_does_not_mix_pages_of_two_moments() {
    let [before, after] = two_commits();
    let resumed = |shelf: &MemoryShelf| pages_of(Deriver::resume(shelf, Purpose::Store).unwrap(), &after);
    let (as_before, as_after) = (resumed(&before), resumed(&after));
    assert!(as_before != as_after);
    for moves_after in 0.. {
        let shelf = MovingShelf {
            before: &before,
            after: &after,
            moves_after,
            reads: Cell::new(0),
        };
        let deriver = Deriver::resume(&shelf, Purpose::Store).unwrap();
        let has_moved = shelf.reads.get() > moves_after;
        let pages = pages_of(deriver, &after);
        if !has_moved {
            assert!(pages == as_before, "nothing moved");
            assert!(moves_after > 5, "it reads the watermark, a checkpoint and pages");
            break;
        }
        assert!(pages == as_after, "the commit came after {moves_after} reads");
    }
}
