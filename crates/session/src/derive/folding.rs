//! The seam to the fold: its findings as entries, its bytes as pages.
use std::sync::Arc;

use scrubjay_protocol::frame::Frame;

use super::finding::FindingEntry;
use crate::{exchange::Ending, fold::Fold, shelf::Page};

/// What folding a frame gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed {
    pub(crate) findings: Vec<FindingEntry>,
    /// A state patch failed.
    pub(crate) patch_failed: bool,
}

pub(crate) fn begin(request_body: &[u8]) -> (Fold, Vec<FindingEntry>) {
    (Fold::new(request_body), Vec::new())
}
pub(crate) fn push(fold: &mut Fold, seq: u32, frame: &Frame) -> Followed {
    fold.push(seq, frame);
    Followed::default()
}
pub(crate) fn end(_fold: &mut Fold, _seq: u32, _ending: Ending) -> Vec<FindingEntry> {
    Vec::new()
}
pub(crate) fn write(fold: &Fold, _seq: u32, _pages: &mut Vec<Page>) -> Vec<u8> {
    fold.0.to_le_bytes().to_vec()
}
pub(crate) fn read<E>(bytes: &[u8], mut _piece: impl FnMut(u64) -> Result<Option<Arc<[u8]>>, E>) -> Result<Option<Fold>, E> {
    Ok(Some(Fold(u32::from_le_bytes(bytes.try_into().unwrap_or_default()))))
}

pub(crate) fn is_failed_patch(rule: &str) -> bool { rule == "patch.failed" }
