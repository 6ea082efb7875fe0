//! Events by type.

mod kind;

pub use self::kind::{EventType, Family};
