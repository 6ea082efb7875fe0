//! `scrubjay record`, driven from outside.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{Running, binary};

/// A recorder that runs.
#[derive(Debug)]
pub struct Recording {
    /// Origin of the first source.
    pub url: String,
    child: Running,
}

impl Recording {
    /// Starts a recorder with one upstream and waits until it is ready.
    pub fn start(store: &Path, upstream: &str, more: &[&str]) -> Self {
        let mut command = Command::new(binary("scrubjay"));
        command
            .args([
                "record",
                "--json",
                "--upstream",
                upstream,
                "--listen",
                "127.0.0.1:0",
                "--store",
            ])
            .arg(store);
        let (child, mut lines) = Running::start_talking(command.args(more).stdin(Stdio::null()));
        let ready = lines
            .next()
            .expect("the recorder says that it is ready")
            .expect("it says it in UTF-8");
        let ready: Value =
            serde_json::from_str(&ready).unwrap_or_else(|error| panic!("no ready line ({error}): {ready}"));
        // A recorder that logs must never block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            url: ready["url"].as_str().expect("the ready line has an address").to_owned(),
            child,
        }
    }

    /// Interrupts it and gives its exit status.
    pub fn stop(self) -> i32 {
        self.child.interrupt()
    }

    /// Kills it the hard way.
    pub fn kill(self) {
        self.child.kill();
    }
}

/// What a reading command prints, as JSON lines.
pub fn read(store: &Path, command: &str, more: &[&str]) -> Vec<Value> {
    let text = read_text(store, command, more);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

/// What a reading command prints with `--json`.
pub fn read_text(store: &Path, command: &str, more: &[&str]) -> String {
    let output = Command::new(binary("scrubjay"))
        .args([command, "--json"])
        .arg(store)
        .args(more)
        .output()
        .expect("the command line can be started");
    assert!(
        output.status.success(),
        "`scrubjay {command}` failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("JSON is UTF-8")
}
