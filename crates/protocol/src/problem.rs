//! What can be wrong with a frame.

/// Something wrong with a frame as a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable id, `framing.crlf` and the like.
    pub rule: &'static str,
    /// One sentence.
    pub message: String,
}
