//! Threads of their own for what serves sockets: no question, import or export
//! takes one from it, and calls work from any thread.

use std::{
    sync::{Mutex, PoisonError, mpsc},
    time::Duration,
};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::EngineError;

/// More would not help: they only copy bytes.
const MAX_THREADS: usize = 4;

/// A few threads, until they are ended.
pub(crate) struct Threads {
    pub(crate) handle: Handle,
    /// Gone once ended.
    runtime: Mutex<Option<Runtime>>,
}

impl Threads {
    /// Starts threads of this name.
    pub(crate) fn start(name: &str) -> Result<Self, EngineError> {
        let threads = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MAX_THREADS);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name(name)
            .enable_all()
            .build()
            .map_err(|source| EngineError::Threads { source })?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
        })
    }

    /// Ends them, from any thread; those that do not end in time are left behind.
    pub(crate) fn end(&self, patience: Duration) {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(runtime) = runtime else { return };
        // A runtime may not be waited for on a thread of another one.
        let ending = std::thread::Builder::new()
            .name("threads end".into())
            .spawn(move || runtime.shutdown_timeout(patience));
        if let Ok(ending) = ending {
            let _panicked = ending.join();
        }
    }
}

/// Runs a future on these threads and waits for it, from any thread.
pub(crate) fn wait_for<T: Send + 'static>(
    handle: &Handle,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, EngineError> {
    started(handle, future)
        .recv()
        .map_err(|_ended| EngineError::ThreadEnded)
}

/// As [`wait_for`], but no longer than this.
pub(crate) fn wait_at_most<T: Send + 'static>(
    handle: &Handle,
    patience: Duration,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, EngineError> {
    let answer = started(handle, future).recv_timeout(patience);
    answer.map_err(|_late_or_ended| EngineError::ThreadEnded)
}

fn started<T: Send + 'static>(handle: &Handle, future: impl Future<Output = T> + Send + 'static) -> mpsc::Receiver<T> {
    let (tx, rx) = mpsc::sync_channel(1);
    handle.spawn(async move {
        // The receiver is gone when the wait was too long.
        let _too_late = tx.send(future.await);
    });
    rx
}
