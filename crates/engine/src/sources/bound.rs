//! A plan whose address is listened on already, so that a port that is taken
//! is known before a store is made.

use std::net::Ipv4Addr;

use scrubjay_proxy::Listener;

use super::{FIRST_PORT, LAST_PORT, OTHERS_PORTS, SourcePlan, address, live};
use crate::EngineError;

/// A source that has its address and does not run yet.
#[derive(Debug)]
pub struct BoundSource {
    pub(super) plan: SourcePlan,
    pub(super) listener: Listener,
}

impl SourcePlan {
    /// Listens where the plan says, and checks what can be checked without a store.
    ///
    /// # Errors
    /// When the plan makes no sense or its address cannot be listened on.
    pub fn bind(&self) -> Result<BoundSource, EngineError> {
        live::checked_upstream(&self.upstream)?;
        self.tls.load()?;
        if let Some(name) = &self.name {
            super::checked_name(name, |_| false)?;
        }
        // Of ports that are free now none is kept for sources that do not run:
        // whoever reads "next free port from 5290" expects just that.
        let listener = match self.listen.as_deref().map(str::trim) {
            None | Some("") => Listener::bind_free(Ipv4Addr::LOCALHOST.into(), FIRST_PORT, LAST_PORT, &OTHERS_PORTS)?,
            Some(listen) => Listener::bind(address::listen_address(listen)?)?,
        };
        Ok(BoundSource {
            plan: self.clone(),
            listener,
        })
    }
}
