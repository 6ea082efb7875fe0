//! Recordings that come with the program, so that a first run has something to look at and to serve.

use scrubjay_ipc::Sample;

use super::{Library, import::parse};
use crate::EngineError;

/// Name and bytes of a sample's file.
macro_rules! sample {
    ($name:literal) => {
        (
            concat!($name, ".agui.jsonl"),
            include_bytes!(concat!("../../../../recordings/", $name, ".agui.jsonl")),
        )
    };
}

fn file_of(sample: Sample) -> (&'static str, &'static [u8]) {
    match sample {
        Sample::FailedPatch => sample!("state-with-failed-patch"),
        Sample::Interrupt => sample!("interrupt-and-resume"),
        Sample::SubAgents => sample!("sub-agents"),
        Sample::CutBody => sample!("cut-body"),
    }
}

impl Library {
    /// Takes a sample into the store, and gives its exchanges. One that is there already is not taken again.
    pub(crate) fn take_sample(&self, sample: Sample) -> Result<Vec<i64>, EngineError> {
        let store = self.storage.writable()?;
        let _one_at_a_time = self.lock_importing();
        let (name, bytes) = file_of(sample);
        let recording = parse(name, bytes, self.limits)?;
        let facts = recording.exchanges.iter().map(|recorded| &recorded.exchange);
        let known = store.twins(facts)?;
        if known.len() == recording.exchanges.len() {
            return Ok(known);
        }
        Ok(self.import_sample(recording)?.exchanges)
    }
}
