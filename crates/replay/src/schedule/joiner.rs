//! From fragments back to chunks.

use bytes::Bytes;

use super::{Cut, Mark, Part};
use crate::fragment::{Fragment, What, joined};

/// Joins what came in one chunk, or gives frame by frame.
pub(super) struct Joiner {
    cut: Cut,
    draft: Option<Draft>,
    /// Of the last part begun: parts never go back in time.
    at_us: u64,
    /// All waiting put in so far.
    held_us: u64,
}

/// A part that may go on.
struct Draft {
    chunk: Option<u64>,
    bytes: Vec<Bytes>,
    len: usize,
    part: Part,
}

impl Joiner {
    pub(super) fn new(cut: Cut) -> Self {
        Self {
            cut,
            draft: None,
            at_us: 0,
            held_us: 0,
        }
    }

    pub(super) fn cut(&self) -> Cut {
        self.cut
    }

    pub(super) fn at_us(&self) -> u64 {
        self.at_us
    }

    pub(super) fn held_us(&self) -> u64 {
        self.held_us
    }

    /// Changes the cut for what follows; gives what was begun.
    pub(super) fn set_cut(&mut self, cut: Cut) -> Vec<Part> {
        self.cut = cut;
        self.flush().into_iter().collect()
    }

    /// Takes a fragment; gives the parts that are whole.
    pub(super) fn take(&mut self, fragment: &Fragment) -> Vec<Part> {
        let mut parts = Vec::new();
        if fragment.held_us > 0 {
            parts.extend(self.flush());
        }
        self.held_us += fragment.held_us;
        match self.cut {
            Cut::Frames => self.add(None, fragment.at_us(), fragment.bytes.clone(), &mut parts),
            Cut::Recorded => {
                let mut from = 0;
                for piece in &fragment.pieces {
                    let bytes = fragment.bytes.slice(from..from + piece.len);
                    self.add(piece.chunk, piece.at_us, bytes, &mut parts);
                    from += piece.len;
                }
            }
        }
        self.mark(fragment);
        if self.cut == Cut::Frames {
            parts.extend(self.flush());
        }
        parts
    }

    /// What was begun.
    pub(super) fn flush(&mut self) -> Option<Part> {
        let Draft { bytes, mut part, .. } = self.draft.take()?;
        part.bytes = joined(bytes);
        Some(part)
    }

    fn add(&mut self, chunk: Option<u64>, at_us: u64, bytes: Bytes, parts: &mut Vec<Part>) {
        if bytes.is_empty() {
            return;
        }
        let goes_on = self
            .draft
            .as_ref()
            .is_some_and(|draft| draft.chunk.is_some() && draft.chunk == chunk);
        if !goes_on {
            parts.extend(self.flush());
        }
        self.at_us = self.at_us.max(at_us);
        let draft = self.draft.get_or_insert_with(|| Draft {
            chunk,
            bytes: Vec::new(),
            len: 0,
            part: Part {
                at_us: self.at_us,
                held_us: self.held_us,
                ..Part::default()
            },
        });
        draft.len += bytes.len();
        draft.bytes.push(bytes);
    }

    /// Notes the frames that end with the fragment.
    fn mark(&mut self, fragment: &Fragment) {
        let Some(draft) = &mut self.draft else { return };
        let ended = match &fragment.what {
            What::Frame { seq, event_type, .. } => vec![(*seq, event_type.clone())],
            What::Text => Vec::new(),
            What::Opaque(ended) => ended.clone(),
        };
        for (seq, event_type) in ended {
            draft.part.marks.push(Mark {
                seq,
                event_type,
                end: draft.len,
                made: fragment.made,
            });
        }
    }
}
