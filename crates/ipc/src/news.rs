//! What the engine tells without being asked.

use serde::{Deserialize, Serialize};

use crate::HealthView;

/// One piece of news. The engine batches: at most ten of a kind a second, and
/// a page that missed some only has to ask again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "news")]
pub enum News {
    /// Rows of the library changed.
    Library,
    /// A source changed; ask for the list.
    Sources,
    /// An exchange has more than before (or ended).
    Grown {
        exchange: i64,
        /// Frames now.
        frames: u32,
        /// Length now.
        duration_us: u64,
        /// Still open.
        live: bool,
    },
    /// A run began; a window that follows may go there.
    Began {
        /// In which exchange.
        exchange: i64,
    },
    /// A comparison is further, or done.
    Compared { comparison: u64 },
    /// A replay started, ended, answered or moved on.
    Replays,
    /// Disk, backlog.
    Health(HealthView),
}
