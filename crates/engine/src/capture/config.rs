//! What to run as a source, and the address that it listens on.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use scrubjay_proxy::{Hosts, Listener, Tls};
use scrubjay_store::Source as Stored;

use super::{address, checked_name, listening, path_filter::PathFilter};
use crate::{EngineError, tls::TlsConfig};

/// The first port that is tried when none was asked for.
const FIRST_PORT: u16 = 5290;
/// The last one.
const LAST_PORT: u16 = 5389;
/// Ports that belong to `replay` and `serve`.
const OTHERS_PORTS: [u16; 2] = [5291, 5292];

/// A source to run now, as the command line gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceConfig {
    /// Its name; absent makes one from the upstream's host.
    pub name: Option<String>,
    /// Where to listen; absent takes the next free port from 5290.
    pub listen: Option<String>,
    /// Where to forward: a URL or `host:port`.
    pub upstream: String,
    /// Values of secret headers are stored as they are.
    pub keep_secrets: bool,
    /// `Host` is forwarded as the client sent it.
    pub keep_host: bool,
    /// Upstream is read to its end when the client leaves.
    pub drain: bool,
    /// Labels for everything that comes through it.
    pub labels: Vec<(String, String)>,
    /// Which of its exchanges are recorded.
    pub paths: PathFilter,
    pub tls: TlsConfig,
    /// Names that it answers to beside those of this machine.
    pub hosts: Hosts,
}

/// What is in a config and not in the store.
#[derive(Clone, Default)]
pub(super) struct Unstored {
    pub(super) labels: Vec<(String, String)>,
    pub(super) paths: PathFilter,
    pub(super) tls: Tls,
    pub(super) hosts: Hosts,
}

impl Unstored {
    /// Of a source that was started in a window: no command allowed names for it.
    pub(super) fn of_a_page() -> Self {
        Self {
            hosts: Hosts::of_containers(),
            ..Self::default()
        }
    }
}

/// A source that has its address and does not run yet, so that a port that is
/// taken is known before a store is made.
#[derive(Debug)]
pub struct BoundSource {
    pub(super) config: SourceConfig,
    pub(super) listener: Listener,
}

impl SourceConfig {
    /// Listens at the config's address, and checks what can be checked without a store.
    ///
    /// # Errors
    /// When the config makes no sense or its address cannot be listened on.
    pub fn bind(&self) -> Result<BoundSource, EngineError> {
        listening::checked_upstream(&self.upstream)?;
        self.tls.load()?;
        if let Some(name) = &self.name {
            checked_name(name, |_| false)?;
        }
        // Of ports that are free now none is kept for sources that do not run:
        // "next free port from 5290" is just that.
        Ok(BoundSource {
            config: self.clone(),
            listener: bind(self.listen.as_deref().unwrap_or_default(), &[])?,
        })
    }

    pub(super) fn unstored(&self) -> Result<Unstored, EngineError> {
        Ok(Unstored {
            labels: self.labels.clone(),
            paths: self.paths.clone(),
            tls: self.tls.load()?,
            hosts: self.hosts.clone(),
        })
    }
}

/// Binds the address that was asked for, or else the next free port. A source
/// that is stopped keeps its port, because frontends point at it.
pub(super) fn bind(listen: &str, known: &[Stored]) -> Result<Listener, EngineError> {
    if !listen.trim().is_empty() {
        return Ok(Listener::bind(address::listen_address(listen)?)?);
    }
    let kept = known
        .iter()
        .filter_map(|source| Some(source.listen.parse::<SocketAddr>().ok()?.port()));
    let except: Vec<u16> = kept.chain(OTHERS_PORTS).collect();
    let ip = IpAddr::from(Ipv4Addr::LOCALHOST);
    Ok(Listener::bind_free(ip, FIRST_PORT, LAST_PORT, &except)?)
}

/// What to put into a frontend: "everywhere" is no address to call.
pub(crate) fn url_of(listen: &str) -> String {
    match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => {
            format!("http://{}", SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()))
        }
        _ => format!("http://{listen}"),
    }
}
