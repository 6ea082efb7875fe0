//! Signals that ask to stop, passing them on, and seeing to it that stopping
//! comes to an end.
//!
//! They are heard on a thread of their own, so that a program that hangs can
//! be stopped all the same: a second signal ends it at once, and so does the
//! clock when nothing gets on any more. What was forwarded is in the spool by then.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, mpsc};

use crate::{
    args::Format,
    failure::{Failure, note},
    lines::Lines,
};

/// Stopping may stand still for so long.
const GRACE: Duration = Duration::from_millis(1500);
/// Between looks at whether it does.
const LOOK: Duration = Duration::from_millis(50);

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopSignal {
    /// Ctrl-C.
    Interrupt,
    /// An orderly end.
    Terminate,
    /// The terminal has gone.
    HangUp,
}

impl StopSignal {
    /// As a shell gives it for a program that a signal ended.
    fn status(self) -> u8 {
        match self {
            Self::HangUp => 128 + 1,
            Self::Interrupt => 128 + 2,
            Self::Terminate => 128 + 15,
        }
    }
}

/// What the first signal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// That we stop, within a second or so.
    Stop,
    /// That we stop once what has come is worked up.
    StopInOwnTime,
    /// Nothing to us: it is passed on to a command, and we stop with that.
    PassOn,
}

/// Listens for signals, from its making on.
pub(crate) struct Signals {
    asked: mpsc::UnboundedReceiver<StopSignal>,
    stopping: Stopping,
}

/// The end of the program, once it has begun.
#[derive(Clone)]
pub(crate) struct Stopping {
    shared: Arc<Shared>,
}

struct Shared {
    format: Format,
    has_begun: AtomicBool,
    begun: Notify,
    /// The status when the clock ends it.
    status: AtomicU8,
    /// What grows while stopping gets on.
    progress: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Signals {
    /// `progress` grows while stopping gets on, for instance by the bytes that were stored.
    pub(crate) fn new(
        meaning: Meaning,
        format: Format,
        progress: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let stopping = Stopping {
            shared: Arc::new(Shared {
                format,
                has_begun: AtomicBool::new(false),
                begun: Notify::new(),
                status: AtomicU8::new(0),
                progress: Box::new(progress),
            }),
        };
        let (sender, asked) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // From here on a signal is heard, also before the thread runs.
        let heard = {
            let _inside = runtime.enter();
            Heard::new()?
        };
        let theirs = stopping.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || runtime.block_on(theirs.listen(heard, meaning, sender)))?;
        Ok(Self { asked, stopping })
    }

    pub(crate) async fn next(&mut self) -> StopSignal {
        match self.asked.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }

    /// Ends when one of them comes.
    pub(crate) async fn asked_to_stop(&mut self) {
        self.next().await;
    }

    /// The end that a signal begins.
    pub(crate) fn stopping(&self) -> Stopping {
        self.stopping.clone()
    }

    /// Hands a signal to a child. What is typed at a terminal reaches the
    /// child without us, and twice would be once too often.
    #[cfg(unix)]
    pub(crate) fn pass_on(&self, asked: StopSignal, child: Option<u32>) {
        use std::io::IsTerminal as _;
        let signal = match asked {
            StopSignal::Interrupt if io::stdin().is_terminal() => return,
            StopSignal::Interrupt => rustix::process::Signal::INT,
            StopSignal::Terminate => rustix::process::Signal::TERM,
            StopSignal::HangUp => rustix::process::Signal::HUP,
        };
        let pid = child
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // A child that has just ended needs no signal.
            rustix::process::kill_process(pid, signal).ok();
        }
    }

    /// Elsewhere Ctrl-C reaches children by itself.
    #[cfg(not(unix))]
    pub(crate) fn pass_on(&self, _: StopSignal, _: Option<u32>) {}
}

impl Stopping {
    /// It begins now, if it has not.
    pub(crate) fn begin(&self) {
        self.shared.has_begun.store(true, Ordering::Relaxed);
        self.shared.begun.notify_one();
    }

    /// The exit status if the clock has to end the program.
    pub(crate) fn set_status(&self, status: u8) {
        self.shared.status.store(status, Ordering::Relaxed);
    }

    async fn listen(self, mut heard: Heard, meaning: Meaning, sender: mpsc::UnboundedSender<StopSignal>) {
        let mut look = tokio::time::interval(LOOK);
        let mut stood_since: Option<(u64, Instant)> = None;
        loop {
            tokio::select! {
                asked = heard.next() => {
                    if self.has_begun() {
                        exit(asked.status());
                    }
                    if meaning != Meaning::PassOn {
                        self.begin();
                    }
                    // Without a receiver the program is about to end.
                    sender.send(asked).ok();
                }
                () = self.shared.begun.notified() => {}
                _ = look.tick(), if self.has_begun() && meaning != Meaning::StopInOwnTime => {
                    let progress = (self.shared.progress)();
                    match stood_since {
                        Some((at, since)) if at == progress => {
                            if since.elapsed() >= GRACE {
                                self.give_up();
                            }
                        }
                        _ => stood_since = Some((progress, Instant::now())),
                    }
                }
            }
        }
    }

    fn has_begun(&self) -> bool {
        self.shared.has_begun.load(Ordering::Relaxed)
    }

    fn give_up(&self) -> ! {
        note(
            "Stopping took too long and was cut short. Nothing that was forwarded is lost: what is not in the store yet is \
             in the spool, and the next start takes it in.",
            self.shared.format,
        );
        exit(self.shared.status.load(Ordering::Relaxed))
    }
}

fn exit(status: u8) -> ! {
    if let Some(lines) = Lines::stderr() {
        lines.finish();
    }
    std::process::exit(status.into())
}

#[cfg(unix)]
struct Heard {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Heard {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> StopSignal {
        tokio::select! {
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.hang_up.recv() => StopSignal::HangUp,
        }
    }
}

/// Elsewhere there is only Ctrl-C.
#[cfg(not(unix))]
struct Heard;

#[cfg(not(unix))]
impl Heard {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> StopSignal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => StopSignal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
