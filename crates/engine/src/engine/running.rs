//! Sources and replays that run.

use std::net::SocketAddr;

use scrubjay_ipc::{ReplayAnswer, ReplayView, Source, SourceList};
use scrubjay_store::{Incident, SizeCap};

use crate::{BoundSource, Engine, EngineError, HitCounts, ReplayConfig, SourceConfig, capture::Capture};

/// Sources.
impl Engine {
    pub(crate) fn capture(&self) -> &Capture {
        &self.departments.capture
    }

    /// Runs a source until it is switched off or the engine closes. It is kept
    /// in the store, but no window starts it later by itself.
    ///
    /// # Errors
    /// When the config makes no sense or its address cannot be listened on.
    pub fn run_source(&self, config: &SourceConfig) -> Result<Source, EngineError> {
        self.run_bound(config.bind()?)
    }

    /// As [`Engine::run_source`], with an address that is listened on already.
    ///
    /// # Errors
    /// When the store cannot be written, or another process runs the source.
    pub fn run_bound(&self, bound: BoundSource) -> Result<Source, EngineError> {
        self.capture().run_bound(bound)
    }

    /// All sources with their live state.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sources(&self) -> Result<SourceList, EngineError> {
        self.capture().list()
    }

    /// What happened while recording, since this was last asked: also after
    /// [`Engine::close`].
    pub fn incidents(&self) -> Vec<Incident> {
        self.capture().recording.incidents()
    }

    /// How far what was captured has come into the store, in bytes of the spool:
    /// grows while closing gets on.
    pub fn absorbed_bytes(&self) -> u64 {
        self.capture().recording.absorbed_bytes()
    }

    /// Exchanges that passed unrecorded, because a [`SourceConfig::paths`] left them out.
    pub fn left_out(&self) -> u64 {
        self.capture().recording.left_out()
    }

    /// Keeps the store below a size for as long as this engine records. Takes
    /// effect when the first source runs.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_cap(&self, cap: SizeCap) -> Result<(), EngineError> {
        self.departments.storage.writable()?;
        self.capture().recording.set_cap(cap);
        Ok(())
    }
}

/// Replays.
impl Engine {
    /// Serves recordings as the agent until stopped, or until the engine closes.
    ///
    /// # Errors
    /// When the config makes no sense, there is nothing to serve, or its address
    /// cannot be listened on.
    pub fn run_replay(&self, config: &ReplayConfig) -> Result<ReplayView, EngineError> {
        self.departments.replays.run(config)
    }

    /// Names of the sources whose recordings can be served, of these exchanges or of all.
    ///
    /// # Errors
    /// When the recordings cannot be read.
    pub fn replay_sources(&self, exchanges: &[i64]) -> Result<Vec<String>, EngineError> {
        self.departments.replays.sources(exchanges)
    }

    /// A replay as it stands.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay(&self, replay: u64) -> Result<ReplayView, EngineError> {
        self.departments.replays.one(replay)
    }

    /// What a replay answered, oldest first, without the first `seen` answers.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay_answers(&self, replay: u64, seen: u64) -> Result<Vec<ReplayAnswer>, EngineError> {
        self.departments.replays.answers_after(replay, seen)
    }

    /// How often a replay's faults struck and its breakpoints stopped a stream so far.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay_struck(&self, replay: u64) -> Result<HitCounts, EngineError> {
        self.departments.replays.struck(replay)
    }

    /// Where a replay listens.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn replay_address(&self, replay: u64) -> Result<SocketAddr, EngineError> {
        self.departments.replays.address(replay)
    }
}
