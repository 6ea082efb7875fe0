//! `cargo xtask test`: all that CI runs, as stages.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
    time::Instant,
};

use anyhow::{Result, anyhow, bail};

use crate::{
    bundle, corpus, deny, need,
    progress::run_tests,
    step::{cargo, root, run, say},
};

/// Crates that also compile for the browser.
const WASM_PACKAGES: [&str; 7] = [
    "--package=scrubjay-protocol",
    "--package=scrubjay-session",
    "--package=scrubjay-recording",
    "--package=scrubjay-ipc",
    "--package=scrubjay-answers",
    "--package=scrubjay-timeline",
    "--package=scrubjay-ui",
];

type Stage = (&'static str, fn(&Path) -> Result<()>);

/// Stages that only compile, cheap ones first. A stage runs also after another one failed.
const COMPILING: [Stage; 5] = [
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
];

/// Stages that need the packages of [`need::packages_of_tests`], which are installed during the others.
const RUNNING: [Stage; 3] = [
    ("deny", |_| deny::check()),
    ("tests", tests),
    ("corpus", |node| {
        corpus::drive(
            &[root().join("tests/corpus")],
            node,
            &root().join("target/debug/scrubjay"),
        )
    }),
];

/// Installs what is missing and runs all stages, or those named.
pub(crate) fn test(only: &[String]) -> Result<()> {
    let all = || COMPILING.iter().chain(&RUNNING);
    if let Some(unknown) = only.iter().find(|name| all().all(|(stage, _)| stage != name)) {
        let known: Vec<&str> = all().map(|(stage, _)| *stage).collect();
        bail!("there is no stage `{unknown}`; the stages are: {}", known.join(", "));
    }
    let is_chosen = |(name, _): &&Stage| only.is_empty() || only.iter().any(|wanted| wanted == name);
    let mut stages = Stages {
        count: all().filter(is_chosen).count(),
        node: need::for_build()?,
        times: Vec::new(),
        failed: Vec::new(),
    };
    let packages = RUNNING
        .iter()
        .any(|stage| is_chosen(&stage))
        .then(|| std::thread::spawn(need::packages_of_tests));
    COMPILING.iter().filter(is_chosen).for_each(|stage| stages.run(stage));
    if let Some(packages) = packages {
        let outcome = packages.join();
        outcome.map_err(|_panic| anyhow!("the packages of the tests could not be installed"))??;
    }
    RUNNING.iter().filter(is_chosen).for_each(|stage| stages.run(stage));
    say(&summary(stages.times));
    if stages.failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", stages.failed.join(", "))
}

/// The stages that have run, of so many.
struct Stages {
    count: usize,
    node: PathBuf,
    times: Vec<(u64, &'static str)>,
    failed: Vec<&'static str>,
}

impl Stages {
    fn run(&mut self, (name, stage): &Stage) {
        say(&format!("{}/{} {name} …", self.times.len() + 1, self.count));
        let began = Instant::now();
        let outcome = stage(&self.node);
        let secs = began.elapsed().as_secs();
        self.times.push((secs, name));
        match outcome {
            Ok(()) => say(&format!("{name}: passed in {secs} s")),
            Err(error) => {
                say(&format!("{name}: FAILED after {secs} s: {error:#}"));
                self.failed.push(name);
            }
        }
    }
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

/// Runs all tests. Those of the page are compiled with other features: that is done while the others run.
fn tests(node: &Path) -> Result<()> {
    let mut tests = cargo(&["test", "--workspace", "--exclude=scrubjay-ui", "--no-fail-fast"]);
    tests.env("SCRUBJAY_NODE", node).env("INSTA_UPDATE", "no");
    let mut of_page = cargo(&["test", "--package=scrubjay-ui", "--no-fail-fast"]);
    of_page.env("INSTA_UPDATE", "no");
    let (built, when_built) = mpsc::channel();
    std::thread::scope(|scope| {
        let page = scope.spawn(move || {
            // An error: the others could not be compiled, and the sender is gone.
            let _is_built = when_built.recv();
            run_tests(&mut of_page, &mut || {})
        });
        let rest = run_tests(&mut tests, &mut || built.send(()).unwrap_or_default());
        drop(built);
        let page = page
            .join()
            .map_err(|_panic| anyhow!("the tests of the page could not be run"))?;
        rest.and(page)
    })
}
