//! How the store is: room, backlog, trouble.

use std::sync::Arc;

use scrubjay_ipc::{HealthAsk, HealthView};
use scrubjay_store::Store;

use crate::{EngineError, ask::json, capture::Capture, storage::Storage};

/// The department of health.
#[derive(Clone)]
pub(crate) struct Health {
    storage: Storage,
    capture: Arc<Capture>,
}

impl Health {
    pub(crate) fn new(storage: Storage, capture: Arc<Capture>) -> Self {
        Self { storage, capture }
    }

    pub(crate) fn answer(&self, ask: &HealthAsk) -> Result<Vec<u8>, EngineError> {
        match ask {
            HealthAsk::Health(_) => Ok(json(&self.view()?)),
        }
    }

    pub(crate) fn view(&self) -> Result<HealthView, EngineError> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let path = self.storage.path().display().to_string();
        match &self.storage {
            Storage::Store(store) => {
                let health = store.health()?;
                Ok(HealthView {
                    store: path,
                    read_only: store.read_only(),
                    store_bytes: health.store_bytes,
                    passing_bytes: health.passing_bytes,
                    free_bytes: Some(health.free_bytes),
                    low_disk: health.low_disk,
                    backlog_bytes: health.backlog_bytes,
                    trouble: self.capture.recording.trouble().or_else(|| lost(store, health.loss)),
                    outage: self.capture.recording.outage(),
                    version,
                })
            }
            Storage::File(file) => Ok(HealthView {
                store: path,
                read_only: true,
                store_bytes: file.len,
                passing_bytes: 0,
                free_bytes: None,
                low_disk: false,
                backlog_bytes: 0,
                trouble: None,
                outage: None,
                version,
            }),
        }
    }
}

/// Why what is shown is not what lies at the path.
fn lost(store: &Store, loss: Option<&str>) -> Option<String> {
    let loss = loss?;
    let path = store.path().display();
    Some(format!(
        "the store {path} {loss} while it was open; what is shown is what was in it, and opening it again shows what \
         is there now"
    ))
}
