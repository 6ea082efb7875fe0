//! What to serve and how, from the words of the command line.

use std::{net::SocketAddr, sync::Arc};

use scrubjay_ipc::ReplayOptions;
use scrubjay_proxy::Hosts;
use scrubjay_replay::{
    Faults, MatchOptions, Pace,
    fault::{Overlay, SpecError},
    serve::{OnMiss, Origins, ServeOptions, UnknownOrigin},
};

use crate::{Engine, EngineError, TlsConfig};

/// A replay to run, as the command line gives it.
#[derive(Clone, Default)]
pub struct ReplayConfig {
    /// Which exchanges; empty means all.
    pub exchanges: Vec<i64>,
    /// Of which source, with what a fallback answered; empty means of all.
    pub source: String,
    /// Where to listen; empty means the next free port from 5291.
    pub listen: String,
    /// Listen on the next free port after this address instead.
    pub after: Option<SocketAddr>,
    /// How to serve.
    pub options: ReplayOptions,
    /// Events' `timestamp` is moved by the time since the recording.
    pub shifts_timestamps: bool,
    /// Where misses that the fallback answers are recorded; absent means the
    /// store that is served.
    pub misses_into: Option<Engine>,
    /// TLS with the fallback.
    pub tls: TlsConfig,
    /// Names that it answers to beside those of this machine.
    pub hosts: Hosts,
    /// Origins of pages that may ask, beside those of this machine.
    pub allow_origins: Vec<String>,
}

fn bad_fault(error: SpecError) -> EngineError {
    EngineError::BadReplayOption {
        message: error.message,
        hint: error.hint,
    }
}

impl ReplayConfig {
    /// Takes faults and seed from an overlay file's text.
    ///
    /// # Errors
    /// When it is none.
    pub fn take_overlay(&mut self, text: &[u8]) -> Result<(), EngineError> {
        let overlay = Overlay::read(text).map_err(bad_fault)?;
        self.options.faults = overlay.faults;
        self.options.seed = overlay.seed;
        Ok(())
    }

    /// Checks the words, before anything is opened or listened on.
    ///
    /// # Errors
    /// The first word that means nothing.
    pub fn check(&self) -> Result<(), EngineError> {
        match_options(&self.options)?;
        self.origins()?;
        serve_options(&self.options, self.shifts_timestamps)?;
        Ok(())
    }
}

impl ReplayConfig {
    /// Which pages may ask.
    pub(super) fn origins(&self) -> Result<Origins, EngineError> {
        let named = self.allow_origins.iter().map(|text| text.parse());
        let named = named.collect::<Result<_, UnknownOrigin>>();
        let named = named.map_err(|unknown| EngineError::BadReplayOption {
            message: unknown.to_string(),
            hint: unknown.hint().to_owned(),
        })?;
        Ok(Origins::with(named))
    }
}

/// What a request must have in common with a recorded one.
pub(super) fn match_options(options: &ReplayOptions) -> Result<MatchOptions, EngineError> {
    let whole_input = match options.matching.trim() {
        "" | "documented" => false,
        "exact" => true,
        other => {
            return Err(EngineError::BadReplayOption {
                message: format!("`{other}` is no way to match"),
                hint: "Say --match documented, or --match exact, which wants state, tools, context and forwarded \
                       properties as they were recorded."
                    .into(),
            });
        }
    };
    Ok(MatchOptions {
        strict: options.strict,
        whole_input,
    })
}

/// Reads the words.
pub(super) fn serve_options(options: &ReplayOptions, shifts_timestamps: bool) -> Result<ServeOptions, EngineError> {
    let pace = match options.pace.trim() {
        "" => Pace::default(),
        pace => pace.parse().map_err(
            |unknown: scrubjay_replay::pace::UnknownPace| EngineError::BadReplayOption {
                message: unknown.to_string(),
                hint: "Say --pace recorded, 2x, instant, fixed:50 or step.".into(),
            },
        )?,
    };
    let faults = Faults::parse(&options.faults, options.seed).map_err(bad_fault)?;
    let hold =
        options.hold.parse().map_err(
            |unknown: scrubjay_replay::serve::UnknownHold| EngineError::BadReplayOption {
                message: unknown.to_string(),
                hint: unknown.hint().to_owned(),
            },
        )?;
    let on_miss = options
        .on_miss
        .parse()
        .map_err(
            |unknown: scrubjay_replay::serve::UnknownOnMiss| EngineError::BadReplayOption {
                message: unknown.to_string(),
                hint: format!("Say --miss {}.", OnMiss::WORDS.join(", --miss ")),
            },
        )?;
    Ok(ServeOptions {
        pace,
        exact: options.exact,
        shifts_timestamps,
        faults: Arc::new(faults),
        hold,
        on_miss,
    })
}
