//! Scripts of the official client and of CopilotKit.

use std::process::{Command, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use super::Running;

/// The `node` that the set-up found.
pub fn node() -> String {
    std::env::var("SCRUBJAY_NODE").unwrap_or_else(|_absent| "node".to_owned())
}

/// Starts a script that serves, and gives the origin that it prints first.
pub fn serve(script: &str, arguments: &[&str]) -> (Running, String) {
    let mut command = Command::new(node());
    command.arg(script).args(arguments).stdin(Stdio::null());
    let (running, mut lines) = Running::start_talking(command.env("COPILOTKIT_TELEMETRY_DISABLED", "true"));
    let origin = lines
        .next()
        .unwrap_or_else(|| panic!("`{script}` ended before it named its address"))
        .expect("it is UTF-8");
    std::thread::spawn(move || lines.for_each(drop));
    (running, origin)
}

/// Runs a script with this input, and gives the JSON that it prints.
pub async fn run(script: &str, url: &str, input: &str) -> Value {
    let node = node();
    let mut command = Command::new(&node);
    command.args([script, url]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("`{node}` could not be started ({error}); `cargo xtask setup` installs it"));
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin.write_all(input.as_bytes()).await.expect("node reads its input");
    drop(stdin);
    let output = child.wait_with_output().await.expect("node ends");
    assert!(
        output.status.success(),
        "node failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}
