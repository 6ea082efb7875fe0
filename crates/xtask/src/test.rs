//! `cargo xtask test`: everything that CI runs, on this machine.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Result, bail};

use crate::{
    bundle, corpus, need,
    progress::run_tests,
    step::{cargo, root, run, say},
};

/// Crates that must also compile for the browser.
const WASM_PACKAGES: [&str; 6] = [
    "--package=scrubjay-protocol",
    "--package=scrubjay-session",
    "--package=scrubjay-recording",
    "--package=scrubjay-ipc",
    "--package=scrubjay-timeline",
    "--package=scrubjay-ui",
];

type Stage = (&'static str, fn(&Path) -> Result<()>);

/// In the order of cost; a later stage runs although an earlier one failed.
const STAGES: [Stage; 7] = [
    ("format", |_| run(&mut cargo(&["fmt", "--all", "--check"]))),
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

/// Sets up what is missing, then runs the stages (all, or those named).
pub(crate) fn test(only: &[String]) -> Result<()> {
    if let Some(unknown) = only.iter().find(|name| STAGES.iter().all(|(stage, _)| stage != name)) {
        let known: Vec<&str> = STAGES.iter().map(|(stage, _)| *stage).collect();
        bail!("there is no stage `{unknown}`; the stages are: {}", known.join(", "));
    }
    let node = need::for_test()?;
    let mut failed = Vec::new();
    for (name, stage) in STAGES
        .iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|wanted| wanted == name))
    {
        say(&format!("{name} …"));
        let began = Instant::now();
        let outcome = stage(&node);
        let secs = began.elapsed().as_secs();
        match outcome {
            Ok(()) => say(&format!("{name}: fine ({secs} s)")),
            Err(error) => {
                say(&format!("{name}: FAILED ({secs} s): {error:#}"));
                failed.push(*name);
            }
        }
    }
    if failed.is_empty() {
        say("all stages are fine");
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

/// Accepts what the snapshot tests print now.
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
