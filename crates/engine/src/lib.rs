//! The engine: opens the store, runs sources, answers the ipc vocabulary.
// The public API is in engine.rs, import.rs, export.rs (all `impl Engine`),
// open.rs (Asker), news.rs (NewsFeed), sources/mod.rs (SourcePlan), bytes.rs
// (BodyOf) and shelf.rs (AnyShelf); they are joined here as what they need lands.
pub mod clock;
mod error;
pub use error::EngineError;
