//! `cargo xtask test`: all that CI runs, as stages.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Result, bail};

use crate::{
    bundle, corpus, deny, need,
    progress::run_tests,
    step::{cargo, root, run, say},
};

/// Crates that also compile for the browser.
const WASM_PACKAGES: [&str; 6] = [
    "--package=scrubjay-protocol",
    "--package=scrubjay-session",
    "--package=scrubjay-recording",
    "--package=scrubjay-ipc",
    "--package=scrubjay-timeline",
    "--package=scrubjay-ui",
];

type Stage = (&'static str, fn(&Path) -> Result<()>);

/// Cheap ones first. A stage runs also after another one failed.
const STAGES: [Stage; 8] = [
    ("format", |_| run(&mut cargo(&["fmt", "--all", "--check"]))),
    ("deny", |_| deny::check()),
    ("page", |_| bundle::build()),
    ("clippy", |_| {
        run(&mut clippy(&["--workspace", "--exclude=scrubjay-ui", "--all-targets"]))
    }),
    ("clippy-wasm", |_| {
        let target = ["--lib", "--target=wasm32-unknown-unknown", "--target-dir=target/wasm"];
        run(&mut clippy(&[&WASM_PACKAGES[..], &target[..]].concat()))
    }),
    ("docs", |_| {
        let mut docs = cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"]);
        run(docs.args(["--exclude=scrubjay-ui"]).env("RUSTDOCFLAGS", "-D warnings"))
    }),
    ("tests", tests),
    ("corpus", |node| {
        corpus::drive(
            &[root().join("tests/corpus")],
            node,
            &root().join("target/debug/scrubjay"),
        )
    }),
];

/// Installs what is missing, then runs all stages, or those named.
pub(crate) fn test(only: &[String]) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| STAGES.iter().all(|(stage, _)| stage != name)) {
        let known: Vec<&str> = STAGES.iter().map(|(stage, _)| *stage).collect();
        bail!("there is no stage `{unknown}`; the stages are: {}", known.join(", "));
    }
    let node = need::for_test()?;
    let chosen: Vec<&Stage> = STAGES
        .iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|wanted| wanted == name))
        .collect();
    let (mut failed, mut times) = (Vec::new(), Vec::new());
    for (place, (name, stage)) in chosen.iter().enumerate() {
        say(&format!("{}/{} {name} …", place + 1, chosen.len()));
        let began = Instant::now();
        let outcome = stage(&node);
        let secs = began.elapsed().as_secs();
        times.push((secs, *name));
        match outcome {
            Ok(()) => say(&format!("{name}: passed in {secs} s")),
            Err(error) => {
                say(&format!("{name}: FAILED after {secs} s: {error:#}"));
                failed.push(*name);
            }
        }
    }
    say(&summary(times));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

/// The time of all stages, and the three that took the longest.
fn summary(mut times: Vec<(u64, &str)>) -> String {
    let total: u64 = times.iter().map(|(secs, _)| secs).sum();
    times.sort_by_key(|(secs, _)| std::cmp::Reverse(*secs));
    let slowest: Vec<String> = times
        .iter()
        .take(3)
        .map(|(secs, name)| format!("{name} {secs} s"))
        .collect();
    format!("{total} s in all; the slowest: {}", slowest.join(", "))
}

/// Writes the output of the snapshot tests over their snapshots.
pub(crate) fn bless(packages: &[String]) -> Result<()> {
    let mut tests = cargo(&["test", "--quiet"]);
    for package in packages {
        tests.arg(format!(
            "--package=scrubjay-{}",
            package.trim_start_matches("scrubjay-")
        ));
    }
    run(tests.env("INSTA_UPDATE", "always").env("SCRUBJAY_BLESS", "1"))
}

fn clippy(arguments: &[&str]) -> Command {
    let mut clippy = cargo(&["clippy", "--quiet"]);
    clippy.args(arguments).args(["--", "-D", "warnings"]);
    clippy
}

fn tests(node: &Path) -> Result<()> {
    let mut tests = cargo(&["test", "--workspace", "--exclude=scrubjay-ui", "--no-fail-fast"]);
    run_tests(tests.env("SCRUBJAY_NODE", node).env("INSTA_UPDATE", "no"))?;
    run_tests(cargo(&["test", "--package=scrubjay-ui", "--no-fail-fast"]).env("INSTA_UPDATE", "no"))
}
