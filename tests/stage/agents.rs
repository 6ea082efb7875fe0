//! Live agents of Python frameworks, each in its own environment.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use super::Running;

/// The Python of the environment that the set-up made for `tests/agents/NAME`.
pub fn python(name: &str) -> PathBuf {
    // A virtual environment is found by the path of its Python: it must not be resolved further.
    let python = std::path::absolute(format!("target/agents/{name}/bin/python")).expect("the test has a folder");
    assert!(
        python.exists(),
        "{} is missing: `cargo xtask setup` makes it",
        python.display()
    );
    python
}

/// Starts `tests/agents/NAME/agent.py`, which prints its origin on its first
/// line once it listens.
pub fn start(name: &str, arguments: &[&str]) -> (Running, String) {
    let mut command = Command::new(python(name));
    command
        .arg(format!("tests/agents/{name}/agent.py"))
        .args(arguments)
        // No bytecode in the working copy, and no look-ups of accounts or telemetry.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env("OTEL_SDK_DISABLED", "true")
        .stdin(Stdio::null());
    let (running, mut lines) = Running::start_talking(&mut command);
    let origin = lines
        .next()
        .unwrap_or_else(|| panic!("the agent `{name}` ended before it named its address"))
        .expect("it is UTF-8");
    // An agent that logs must never block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (running, origin)
}
