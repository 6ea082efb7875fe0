//! Settings of the webview, before it starts.
//!
//! It collects garbage in proportion to the machine's memory: with 24 GB,
//! every drag of the playhead left 10 MB of answers that were read.

/// Starts this program again, in the same process, with what makes the webview
/// collect as on a small machine. Only where the webview reads it; where it
/// cannot be done, the window merely takes more memory.
#[cfg(target_os = "linux")]
pub(crate) fn limit_memory() {
    use std::{env, os::unix::process::CommandExt as _, process::Command};

    /// Bytes of memory for which the collector is tuned.
    const RAM: (&str, &str) = ("JSC_forceRAMSize", "134217728");

    if env::var_os(RAM.0).is_some() {
        return;
    }
    let mut words = env::args_os();
    let name = words.next();
    if let (Ok(program), Some(name)) = (env::current_exe(), name) {
        // It returns only when it fails.
        let _error = Command::new(program).arg0(name).args(words).env(RAM.0, RAM.1).exec();
    }
}

/// Other webviews need no setting.
#[cfg(not(target_os = "linux"))]
pub(crate) fn limit_memory() {}
