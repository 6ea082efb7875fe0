//! At most one question on its way; the newest that waits replaces the others.

/// What is on its way, and what comes after it.
#[derive(Debug)]
pub struct Latest<A> {
    busy: bool,
    waiting: Option<A>,
}

impl<A> Default for Latest<A> {
    fn default() -> Self {
        Self {
            busy: false,
            waiting: None,
        }
    }
}

impl<A> Latest<A> {
    /// Wants an answer: gives the question back if it may be asked now, else
    /// keeps it in place of any that waits.
    pub fn want(&mut self, ask: A) -> Option<A> {
        if self.busy {
            self.waiting = Some(ask);
            return None;
        }
        self.busy = true;
        Some(ask)
    }

    /// The newest question, in place of one that was not asked yet.
    pub fn newest(&mut self, ask: A) -> A {
        self.waiting.take().unwrap_or(ask)
    }

    /// An answer came: gives the next question, if one waits.
    pub fn done(&mut self) -> Option<A> {
        let next = self.waiting.take();
        self.busy = next.is_some();
        next
    }

    /// Whether a newer question waits, which makes an answer that comes now a
    /// step on the way.
    pub fn is_overtaken(&self) -> bool {
        self.waiting.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intermediate_targets_are_skipped() {
        let mut latest = Latest::default();
        assert_eq!(latest.want(1), Some(1));
        assert_eq!(latest.want(2), None);
        assert_eq!(latest.want(3), None);
        assert!(latest.is_overtaken());
        assert_eq!(latest.done(), Some(3));
        assert_eq!(latest.newest(3), 3);
        assert_eq!(latest.want(4), None);
        assert_eq!(latest.newest(3), 4);
        assert!(!latest.is_overtaken());
        assert_eq!(latest.done(), None);
        assert_eq!(latest.want(4), Some(4));
    }
}
