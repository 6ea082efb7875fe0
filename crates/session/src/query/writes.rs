//! Who wrote a value of the state, and when.
//!
//! Each value knows the frame that set it. So the write before one is found by
//! looking at the value as it was before that frame, and the next write after
//! a moment by halving: as long as nothing wrote, the same frame is named.

use super::{
    Failed, Reader, describe,
    seek::ShelfPieces,
    state::{child_of, tokens_of},
};
use crate::{
    fold::value::{Node, Value, preview},
    shelf::Shelf,
};

/// Values below a branch that are looked at for the newest write among them.
const LOOKED_AT: usize = 20_000;

/// One write of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Write {
    /// The frame that wrote; 0 is the request's input.
    pub seq: u32,
    /// When it arrived.
    pub at_us: u64,
    /// Type of its event; empty for the input.
    pub type_name: String,
    /// The value after it, shortened.
    pub value: String,
}

/// Writes of a value up to a moment, and the next after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WriteHistory {
    /// The newest first.
    pub writes: Vec<Write>,
    /// There were earlier ones.
    pub more: bool,
    /// The frame that writes it next.
    pub next: Option<u32>,
}

impl<S: Shelf> Reader<S> {
    /// Writes of the value at a pointer: up to `most` until a frame, and the next after it.
    ///
    /// A branch is written when something in it is set; what is only taken out
    /// of it leaves no trace. What the value was before it was removed and
    /// added again is not followed.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn writes(&mut self, at: u32, pointer: &str, most: usize) -> Result<WriteHistory, Failed<S::Error>> {
        let tokens = tokens_of(pointer);
        // The fold asked for last is the one the playhead is at; keep it so.
        let kept = self.last_fold.clone();
        let mut writes = WriteHistory::default();
        let mut here = Some(at);
        while let Some(seq) = here {
            let Some((by, value)) = self.written(seq, &tokens)? else {
                break;
            };
            if writes.writes.len() == most {
                writes.more = true;
                break;
            }
            let write = self.write(by, value)?;
            writes.writes.push(write);
            here = by.checked_sub(1);
        }
        writes.next = self.next_write(at, &tokens)?;
        self.last_fold = kept;
        Ok(writes)
    }

    fn write(&mut self, seq: u32, value: String) -> Result<Write, Failed<S::Error>> {
        let (at_us, type_name) = match seq {
            0 => (0, String::new()),
            _ => {
                let entry = self.frame(seq)?;
                (entry.at_us, describe::type_name(&entry, None))
            }
        };
        Ok(Write {
            seq,
            at_us,
            type_name,
            value,
        })
    }

    /// The newest frame that wrote a value, as of a frame, and the value in short.
    fn written(&mut self, at: u32, tokens: &[Vec<u8>]) -> Result<Option<(u32, String)>, Failed<S::Error>> {
        let (fold, _) = self.fold_at(at)?;
        let value = tokens
            .iter()
            .try_fold(fold.state(), |value, token| child_of(value, token));
        Ok(value.map(|value| {
            let mut left = LOOKED_AT;
            (newest(value, &mut left), preview(value, &ShelfPieces(&self.shelf)))
        }))
    }

    fn next_write(&mut self, at: u32, tokens: &[Vec<u8>]) -> Result<Option<u32>, Failed<S::Error>> {
        let by = |reader: &mut Self, seq| Ok::<_, Failed<S::Error>>(reader.written(seq, tokens)?.map(|(by, _)| by));
        let (now, last) = (by(self, at)?, self.frame_count());
        if at >= last || by(self, last)? == now {
            return Ok(None);
        }
        let (mut same, mut other) = (at, last);
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            if by(self, middle)? == now {
                same = middle;
            } else {
                other = middle;
            }
        }
        Ok(Some(other))
    }
}

/// The newest frame that set something in a value.
fn newest(value: &Value, left: &mut usize) -> u32 {
    *left = left.saturating_sub(1);
    let below: &mut dyn Iterator<Item = &Value> = match value.node() {
        Node::Map(map) => &mut map.iter().map(|(_, child)| child),
        Node::List(list) => &mut list.iter(),
        _ => return value.by(),
    };
    let mut newest_by = value.by();
    for child in below {
        if *left == 0 {
            break;
        }
        newest_by = newest_by.max(newest(child, left));
    }
    newest_by
}
