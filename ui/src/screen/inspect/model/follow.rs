//! Whether the playhead is glued to the newest frame.
//!
//! Three words that are never mixed: *following*, *detached*, and, for an
//! exchange that does not grow, neither. Whether the source records is another
//! question, answered beside it.

/// Whether the playhead moves with what arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// The exchange has ended; nothing arrives.
    #[default]
    Still,
    /// Glued to the newest frame.
    Following,
    /// Frames arrive, the playhead stays; how many frames and problems there
    /// were when it let go.
    Detached { frames: u32, problems: u32 },
}

/// What an exchange has now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    pub live: bool,
    pub frames: u32,
    pub problems: u32,
}

impl Follow {
    /// On opening: a live exchange is followed.
    pub fn opened(tail: Tail) -> Self {
        if tail.live { Self::Following } else { Self::Still }
    }

    /// Any move away from the end lets go.
    pub fn let_go(self, tail: Tail) -> Self {
        match self {
            Self::Following if tail.live => Self::Detached {
                frames: tail.frames,
                problems: tail.problems,
            },
            Self::Following => Self::Still,
            other => other,
        }
    }

    /// `End`, or the pill. At the end of an exchange that has ended it is the next run that is waited for.
    pub fn glue(self) -> Self {
        Self::Following
    }

    /// The exchange grew or ended.
    pub fn grown(self, tail: Tail) -> Self {
        match self {
            Self::Still if tail.live => Self::Detached {
                frames: tail.frames,
                problems: tail.problems,
            },
            // Nothing more comes, so there is nothing to be detached from.
            Self::Detached { .. } if !tail.live => Self::Still,
            other => other,
        }
    }

    /// New frames and problems since the playhead let go.
    pub fn news(self, tail: Tail) -> Option<(u32, u32)> {
        match self {
            Self::Detached { frames, problems } => Some((
                tail.frames.saturating_sub(frames),
                tail.problems.saturating_sub(problems),
            )),
            Self::Still | Self::Following => None,
        }
    }

    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Still => "RECORDED",
            Self::Following => "FOLLOW",
            Self::Detached { .. } => "DETACHED",
        }
    }
}

/// The pill's words for new frames: `+312 new, 2 problems`.
pub fn news_words(frames: u32, problems: u32) -> String {
    let new = format!("+{} new", scrubjay_ipc::words::count(u64::from(frames)));
    match problems {
        0 => new,
        _ => format!("{new}, {}", scrubjay_ipc::words::many(u64::from(problems), "problem")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Tail = Tail {
        live: true,
        frames: 100,
        problems: 1,
    };

    #[test]
    fn moving_back_lets_go_and_counts_what_comes() {
        let follow = Follow::opened(LIVE);
        assert_eq!(follow, Follow::Following);
        let detached = follow.let_go(LIVE);
        let later = Tail {
            frames: 412,
            problems: 3,
            ..LIVE
        };
        assert_eq!(detached.news(later), Some((312, 2)));
        assert_eq!(news_words(312, 2), "+312 new, 2 problems");
        // Letting go again does not forget what is new.
        assert_eq!(detached.let_go(later), detached);
        assert_eq!(detached.glue(), Follow::Following);
    }

    #[test]
    fn an_exchange_that_ended_is_neither() {
        let ended = Tail { live: false, ..LIVE };
        assert_eq!(Follow::opened(ended), Follow::Still);
        assert_eq!(Follow::Still.let_go(ended), Follow::Still);
        // From its end, the next run is followed, until the playhead is moved.
        assert_eq!(Follow::Still.glue(), Follow::Following);
        assert_eq!(Follow::Still.glue().let_go(ended), Follow::Still);
        // The one that is followed stays glued when it ends: a next run may begin.
        assert_eq!(Follow::Following.grown(ended), Follow::Following);
        // One that was let go stays where it is, and has nothing more to wait for.
        assert_eq!(Follow::Following.let_go(LIVE).grown(ended), Follow::Still);
    }
}
