//! Signals that ask to stop, and passing them on.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Ctrl-C.
    Interrupt,
    /// An orderly end.
    Terminate,
    /// The terminal has gone.
    HangUp,
}

/// Listens for signals, from its making on.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn new() -> Result<Self, Failure> {
        let listen = || -> io::Result<Self> {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        };
        Ok(listen()?)
    }

    /// The next signal.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
            _ = self.hang_up.recv() => Asked::HangUp,
        }
    }

    /// Hands a signal to a child. What is typed at a terminal reaches the
    /// child without us, and twice would be once too often.
    pub(crate) fn pass_on(&self, asked: Asked, child: Option<u32>) {
        use std::io::IsTerminal as _;
        let signal = match asked {
            Asked::Interrupt if io::stdin().is_terminal() => return,
            Asked::Interrupt => rustix::process::Signal::INT,
            Asked::Terminate => rustix::process::Signal::TERM,
            Asked::HangUp => rustix::process::Signal::HUP,
        };
        let pid = child
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // A child that has just ended needs no signal.
            rustix::process::kill_process(pid, signal).ok();
        }
    }
}

/// Elsewhere there is only Ctrl-C, which reaches children by itself.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> Asked {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Asked::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }

    pub(crate) fn pass_on(&self, _: Asked, _: Option<u32>) {}
}

impl Signals {
    /// Ends when one of them comes.
    pub(crate) async fn asked_to_stop(&mut self) {
        self.next().await;
    }
}
