//! Binding an address, and why that fails.

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
};

use socket2::SockRef;

use crate::{Holder, Hosts};

/// Connections that may wait to be accepted; the system's own limit may be lower.
const BACKLOG: i32 = 4096;

/// A bound address that does not accept yet.
#[derive(Debug)]
pub struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) hosts: Hosts,
    address: SocketAddr,
}

/// Why an address could not be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "port {} on {} is already in use{}",
        address.port(),
        address.ip(),
        holder.as_ref().map_or_else(String::new, |holder| format!(" by {holder}"))
    )]
    InUse {
        address: SocketAddr,
        /// The Scrubjay process that listens there, if it is one.
        holder: Option<Holder>,
    },
    #[error("this user may not listen on {address}")]
    Forbidden { address: SocketAddr },
    #[error("{} is not an address of this machine", address.ip())]
    NotOurs { address: SocketAddr },
    #[error("no port from {first} to {last} is free on {ip}")]
    NoneFree { ip: IpAddr, first: u16, last: u16 },
    #[error("cannot listen on {address}")]
    Bind { address: SocketAddr, source: io::Error },
}

impl BindError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::InUse { holder: Some(_), .. } => "stop it, or choose another port; port 0 takes any free one",
            Self::InUse { .. } => "choose another port, or port 0 for any free one",
            Self::Forbidden { .. } => "choose a port above 1023",
            Self::NotOurs { .. } => "listen on 127.0.0.1, or on 0.0.0.0 for every interface",
            Self::NoneFree { .. } => "stop a source that is not needed, or choose a port",
            Self::Bind { .. } => "choose another address",
        }
    }
}

/// A listening socket that does not block, with room for `BACKLOG` connections.
///
/// # Errors
/// What the system answers.
pub fn bind_socket(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    // `bind` lets 128 wait; a second `listen` replaces that number.
    SockRef::from(&socket).listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

impl Listener {
    /// Binds an address; port 0 takes any free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn bind(address: SocketAddr) -> Result<Self, BindError> {
        Self::try_bind(address).map_err(|error| match error {
            BindError::InUse { address, .. } => BindError::InUse {
                address,
                holder: Holder::of(address),
            },
            error => error,
        })
    }

    /// As [`Listener::bind`], without asking who holds the address.
    fn try_bind(address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { address, holder: None },
            io::ErrorKind::PermissionDenied => BindError::Forbidden { address },
            io::ErrorKind::AddrNotAvailable => BindError::NotOurs { address },
            _ => BindError::Bind { address, source },
        };
        let socket = bind_socket(address).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            hosts: Hosts::default(),
            address,
        })
    }

    /// With these hosts answered beside those of this machine.
    pub fn answering_to(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// Binds the first free port of a range, both ends included, leaving out some.
    ///
    /// # Errors
    /// When none is free, or when the interface cannot be listened on at all.
    pub fn bind_free(ip: IpAddr, first: u16, last: u16, except: &[u16]) -> Result<Self, BindError> {
        for port in (first..=last).filter(|port| !except.contains(port)) {
            match Self::try_bind(SocketAddr::new(ip, port)) {
                Err(BindError::InUse { .. }) => {}
                bound => return bound,
            }
        }
        Err(BindError::NoneFree { ip, first, last })
    }

    /// The address that was bound, with the port that port 0 became.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What other machines can do, if they can reach this address.
    pub fn exposure(&self) -> Option<String> {
        (!self.address.ip().is_loopback()).then(|| {
            format!(
                "{} can be reached from other machines: whoever reaches it can call the agent, and is recorded",
                self.address
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_a_sentence_with_a_hint() {
        let first = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = Listener::bind(first.address()).unwrap_err();
        let port = first.address().port();
        assert_eq!(error.to_string(), format!("port {port} on 127.0.0.1 is already in use"));
        assert!(error.hint().contains("another port"));
    }

    #[test]
    fn the_next_free_port_is_taken() {
        let ip: IpAddr = "127.0.0.1".parse().unwrap();
        let first = Listener::bind(SocketAddr::new(ip, 0)).unwrap();
        let port = first.address().port();
        let error = Listener::bind_free(ip, port, port, &[]).unwrap_err();
        assert!(matches!(error, BindError::NoneFree { .. }));
        let error = Listener::bind_free(ip, port, port, &[port]).unwrap_err();
        assert!(matches!(error, BindError::NoneFree { .. }));
    }

    #[test]
    fn only_loopback_is_no_exposure() {
        let exposure = |text: &str| Listener::bind(text.parse().unwrap()).unwrap().exposure();
        assert_eq!(exposure("127.0.0.1:0"), None);
        assert!(exposure("0.0.0.0:0").unwrap().contains("other machines"));
    }
}
