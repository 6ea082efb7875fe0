//! TLS with upstreams, as the command line gives it: files, not bytes.

use std::path::PathBuf;

use scrubjay_proxy::Tls;

use crate::EngineError;

/// How TLS with `https://` upstreams is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// A PEM file of certificates that are trusted beside the system's.
    pub cacert: Option<PathBuf>,
    /// PEM files: what is shown to an upstream that asks who we are, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The upstream's certificate is not verified.
    pub insecure: bool,
}

impl TlsConfig {
    /// Reads the files.
    pub(crate) fn load(&self) -> Result<Tls, EngineError> {
        let mut tls = Tls {
            is_unverified: self.insecure,
            ..Tls::default()
        };
        if let Some(path) = &self.cacert {
            tls.trust(path)?;
        }
        if let Some((certificate, key)) = &self.identity {
            tls.identify(certificate, key)?;
        }
        Ok(tls)
    }
}
