//! What can go wrong with a door.

use std::{io, net::SocketAddr};

use scrubjay_engine::PortHolder;
use scrubjay_ipc::{Code, Report};

/// A failure of the door itself; failures of questions travel as reports.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    #[error("cannot listen on {address}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("cannot accept connections")]
    Serve { source: io::Error },
}

impl DoorError {
    /// As a person reads it.
    pub fn report(&self) -> Report {
        match self {
            Self::Bind { address, source } if source.kind() == io::ErrorKind::AddrInUse => Report::new(
                Code::PortInUse,
                match PortHolder::of(*address) {
                    Some(holder) => format!("The address {address} is already in use by {holder}."),
                    None => format!("Another program listens on {address}."),
                },
                "Choose another port with --listen, or port 0 to take any free one.",
            ),
            Self::Bind { address, source } => Report::new(
                Code::BadAddress,
                format!("Cannot listen on {address}: {source}."),
                "Use an address of this machine; 127.0.0.1 always works.",
            ),
            Self::Serve { source } => Report::new(Code::Internal, format!("Cannot accept connections: {source}."), ""),
        }
    }
}
