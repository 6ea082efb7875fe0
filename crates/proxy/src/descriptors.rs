//! File descriptors: every connection takes one, and another one to the upstream.

use std::{error::Error, io};

use crate::upstream_client::causes;

/// More than this is not asked for: programs that are started by this one get
/// the same limit, and some go through all numbers up to it.
#[cfg(unix)]
const ENOUGH: u64 = 65_536;

/// Raises the limit of this process as far as its user may. Where that does
/// not work, the limit stays.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let may = limit.maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
        if limit.current.is_some_and(|current| current < may) {
            // Nothing is lost when it is refused: it is what it was.
            let raised = Rlimit {
                current: Some(may),
                maximum: limit.maximum,
            };
            setrlimit(Resource::Nofile, raised).unwrap_or_default();
        }
    }
}

/// Whether this is why something failed: this process, or the whole system, has
/// no descriptor left.
pub(crate) fn are_out(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_out_of_descriptors))
}

const ENFILE: i32 = 23;
const EMFILE: i32 = 24;

/// Whether none is left now. A name cannot be resolved without one, and the
/// resolver's error does not name that cause.
pub(crate) fn none_is_left() -> bool {
    std::net::UdpSocket::bind(("127.0.0.1", 0)).is_err_and(|error| is_out_of_descriptors(&error))
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
}
