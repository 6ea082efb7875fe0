//! Commands of `scrubjay` that end by themselves.

use std::{ffi::OsStr, process::Command};

use super::binary;

/// What a command left.
#[derive(Debug)]
pub struct Done {
    /// Its exit status.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end.
pub fn scrubjay<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Done {
    let output = Command::new(binary("scrubjay"))
        .args(arguments)
        .output()
        .expect("the command line can be started");
    Done {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs a command that must succeed, and gives what it prints.
pub fn fine<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> String {
    let done = scrubjay(arguments);
    assert_eq!(done.status, Some(0), "{done:?}");
    done.stdout
}
