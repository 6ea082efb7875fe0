//! The recordings that a first start shows. `build.rs` lists what lies in
//! `recordings/`, so adding a file there is all it takes.

use scrubjay_engine::{Engine, EngineError};

include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Puts the sample recordings into a store that has nothing in it.
///
/// # Errors
/// When the store cannot be written.
pub fn show_at_first_start(engine: &Engine) -> Result<(), EngineError> {
    engine.import_samples(SAMPLES)?;
    Ok(())
}
