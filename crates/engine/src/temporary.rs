//! An engine that records into a store of its own, which is gone with its folder.

use std::{net::SocketAddr, path::PathBuf};

use tempfile::TempDir;

use crate::{Engine, EngineError, Opening, Options, SourceConfig, TlsConfig};

/// An engine and the folder of its store.
pub(crate) struct Temporary {
    pub(crate) engine: Engine,
    path: PathBuf,
    folder: TempDir,
}

impl Temporary {
    /// Makes a store of this name.
    ///
    /// # Errors
    /// When there is no room for it.
    pub(crate) fn open(name: &str) -> Result<Self, EngineError> {
        let folder = tempfile::tempdir().map_err(|source| EngineError::ReadFile {
            path: std::env::temp_dir(),
            source,
        })?;
        let path = folder.path().join(name);
        Ok(Self {
            engine: open(&path, Opening::Writing)?,
            path,
            folder,
        })
    }

    /// Runs a source in front of an upstream; gives the address that it listens on.
    pub(crate) fn run_source(&self, name: &str, upstream: &str, tls: &TlsConfig) -> Result<SocketAddr, EngineError> {
        let source = self.engine.run_source(&SourceConfig {
            name: Some(name.to_owned()),
            listen: Some("127.0.0.1:0".into()),
            upstream: upstream.to_owned(),
            tls: tls.clone(),
            ..SourceConfig::default()
        })?;
        let address = source.listen.parse();
        address.map_err(|_not_an_address: std::net::AddrParseError| EngineError::ThreadEnded)
    }

    /// Ends the recording, and opens it for reading; false if not everything has reached the store.
    pub(crate) fn finish(self) -> Result<(bool, Engine, TempDir), EngineError> {
        let is_whole = self.engine.close();
        Ok((is_whole, open(&self.path, Opening::Reading)?, self.folder))
    }
}

fn open(path: &std::path::Path, opening: Opening) -> Result<Engine, EngineError> {
    Engine::open(&Options {
        path: Some(path.to_owned()),
        opening,
    })
}
