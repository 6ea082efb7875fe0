//! `cargo xtask run`: from a fresh machine to the open window.

use anyhow::{Result, bail};

use crate::{
    bundle, need,
    step::{cargo, run as run_command, say},
};

/// Installs what is missing, builds the window and opens it.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    if !has_display() {
        bail!(
            "this machine has no display, so no window can open.\n\
             Scrubjay in a browser: cargo xtask ui && cargo run --release -p scrubjay-cli -- serve"
        );
    }
    need::for_run()?;
    bundle::build()?;
    say("building the window; the first time takes some minutes");
    let passed = arguments
        .iter()
        .map(String::as_str)
        .skip_while(|argument| *argument == "--");
    let mut words = vec!["run", "--quiet", "--release", "--package=scrubjay-desktop", "--"];
    words.extend(passed);
    run_command(&mut cargo(&words))
}

fn has_display() -> bool {
    cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
