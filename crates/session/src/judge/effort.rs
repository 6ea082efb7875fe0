//! How much of what is held may be looked at again.
//!
//! A text is looked through when it ends. A stream may end one text again and
//! again, each time with an event of a few bytes, so looking has to be paid
//! for: each frame pays for some looks at as much text as it has bytes. Any
//! text that was streamed has paid for itself. Without means a rule says
//! nothing, which is what a judge does in doubt.

/// Looks that a byte of the stream pays for.
const LOOKS: u64 = 16;

/// What has been paid and not been used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Effort(pub(super) u64);

impl Effort {
    pub(super) fn pay(&mut self, bytes: usize) {
        self.0 = self.0.saturating_add((bytes as u64).saturating_mul(LOOKS));
    }

    /// Whether so many bytes may be looked at.
    pub(super) fn spend(&mut self, bytes: u64) -> bool {
        match self.0.checked_sub(bytes) {
            Some(rest) => {
                self.0 = rest;
                crate::steps::ticks(bytes as usize / 64);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_paid_for_is_not_looked_at() {
        let mut effort = Effort::default();
        assert!(!effort.spend(1));
        effort.pay(10);
        assert!(effort.spend(100) && effort.spend(60) && !effort.spend(1));
    }
}
