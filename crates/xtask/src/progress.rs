//! Turns the output of `cargo test` into a line for each test binary, with its time.
//!
//! The output of a binary whose tests pass is dropped, that of another one is
//! printed in full. Warnings, errors and the names of tests that take over a
//! minute are printed at once.

use std::{
    io::{BufRead as _, BufReader},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::step::{line_of, show};

/// The words with which cargo reports its own work, which is not printed.
const WORK: [&str; 9] = [
    "Compiling",
    "Downloading",
    "Downloaded",
    "Updating",
    "Locking",
    "Blocking",
    "Fresh",
    "Dirty",
    "Checking",
];

/// With this cargo reports that all is compiled.
const FINISHED: &str = "Finished ";

/// Runs `cargo test` and prints its progress; `built` is called when all is compiled.
///
/// # Errors
/// When it cannot be started, or a test fails.
pub(crate) fn run_tests(command: &mut Command, built: &mut dyn FnMut()) -> Result<()> {
    let line = line_of(command);
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("could not start `{line}`"))?;
    // The command holds ends of the pipe, which would keep it open.
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut progress = Progress::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        progress.line(&line, &mut show);
        if line.trim_start().starts_with(FINISHED) {
            built();
        }
    }
    progress.end(&mut show);
    let status = child.wait()?;
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// The state between two lines of output.
#[derive(Default)]
struct Progress {
    /// The binary whose tests run; empty while cargo builds.
    binary: String,
    held: Vec<String>,
}

impl Progress {
    fn line(&mut self, line: &str, show: &mut dyn FnMut(&str)) {
        let words = line.trim_start();
        if let Some(name) = binary_in(words) {
            self.end(show);
            self.binary = name;
        } else if let Some(result) = words.strip_prefix("test result: ") {
            self.result(result, line, show);
        } else if words.ends_with("has been running for over 60 seconds") {
            show(&format!("  {}: {words}", self.binary));
        } else if !self.binary.is_empty() {
            self.held.push(line.to_owned());
        } else if let Some(rest) = words.strip_prefix(FINISHED) {
            show(&format!("  built{}", rest.rfind(" in ").map_or("", |at| &rest[at..])));
        } else if !WORK.iter().any(|work| words.starts_with(work)) && !words.is_empty() {
            show(line);
        }
    }

    /// A binary, or one that it started, has reported its result.
    fn result(&mut self, result: &str, line: &str, show: &mut dyn FnMut(&str)) {
        if result.starts_with("ok.") {
            let passed = result.split_whitespace().nth(1).unwrap_or("0");
            let took = result.rsplit("finished in ").next().unwrap_or_default();
            if passed != "0" {
                show(&format!("  {}: {passed} passed in {took}", self.binary));
            }
            self.held.clear();
        } else {
            self.held.push(line.to_owned());
            self.end(show);
        }
    }

    /// Prints the lines of a binary that ended without a good result.
    fn end(&mut self, show: &mut dyn FnMut(&str)) {
        if self.held.iter().any(|line| !line.trim().is_empty()) {
            show(&format!("  {}:", self.binary));
            self.held.iter().for_each(|line| show(line));
        }
        self.held.clear();
    }
}

/// The name of a test binary that begins: `Running tests/cli/main.rs
/// (target/debug/deps/cli-0123)` is `cli`, `Doc-tests scrubjay_ipc` the docs of that.
fn binary_in(words: &str) -> Option<String> {
    if let Some(package) = words.strip_prefix("Doc-tests ") {
        return Some(format!("docs of {package}"));
    }
    let file = words
        .strip_prefix("Running ")?
        .rsplit_once('(')?
        .1
        .trim_end_matches(')');
    let name = file.rsplit('/').next()?;
    Some(name.rsplit_once('-').map_or(name, |(name, _hash)| name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(printed: &str) -> Vec<String> {
        let (mut progress, mut lines) = (Progress::default(), Vec::new());
        let mut show = |line: &str| lines.push(line.to_owned());
        printed.lines().for_each(|line| progress.line(line, &mut show));
        progress.end(&mut show);
        lines
    }

    #[test]
    fn a_binary_whose_tests_pass_is_a_line() {
        let printed = "   Compiling a v0.1.0\n\
            warning: unused variable\n\
            \x20   Finished `test` profile [unoptimized + debuginfo] target(s) in 1m 42s\n\
            \x20    Running tests/cli/main.rs (target/debug/deps/cli-0123abcd)\n\
            \n\
            running 2 tests\n\
            test one ... ok\n\
            test two has been running for over 60 seconds\n\
            test two ... ok\n\
            \n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 61.20s\n\
            \n\
            \x20  Doc-tests scrubjay_ipc\n\
            \n\
            running 0 tests\n\
            \n\
            test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            \n";
        assert_eq!(
            shown(printed),
            [
                "warning: unused variable",
                "  built in 1m 42s",
                "  cli: test two has been running for over 60 seconds",
                "  cli: 2 passed in 61.20s",
            ]
        );
    }

    #[test]
    fn a_binary_that_fails_or_ends_early_is_shown_in_full() {
        let failed = "     Running unittests src/lib.rs (target/debug/deps/scrubjay_engine-77)\n\
            test one ... FAILED\n\
            \n\
            ---- one stdout ----\n\
            it panicked\n\
            \n\
            test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            \n\
            error: test failed, to rerun pass `-p scrubjay-engine --lib`\n";
        let lines = shown(failed);
        assert_eq!(lines[0], "  scrubjay_engine:");
        assert!(lines.iter().any(|line| line == "it panicked"), "{lines:?}");
        assert!(
            lines.last().is_some_and(|line| line.starts_with("error: test failed")),
            "{lines:?}"
        );
        let aborted = "     Running unittests src/lib.rs (target/debug/deps/x-1)\n\
            error: test failed\n\
            process didn't exit successfully (signal: 6, SIGABRT)\n";
        assert_eq!(shown(aborted).len(), 3);
    }
}
