//! A folder of its own for each test, and the program in it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// A folder that goes with the test.
pub(crate) struct Stage {
    dir: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> &Self {
        std::fs::write(self.path(name), bytes).unwrap();
        self
    }

    /// The program with these arguments, not started yet. Its default store is in the folder too.
    pub(crate) fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scrubjay"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TZ", "UTC")
            .env("COLUMNS", "100");
        command
    }

    /// Runs the program with arguments separated by spaces.
    pub(crate) fn run(&self, args: &str) -> Output {
        self.command(args.split_whitespace()).output().unwrap()
    }

    /// Runs it and gives what it said; it must end well and say nothing on standard error.
    pub(crate) fn said(&self, args: &str) -> String {
        let output = self.run(args);
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{args}: {} {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it and gives its bytes.
    pub(crate) fn bytes(&self, args: &str) -> Vec<u8> {
        let output = self.run(args);
        assert!(output.status.success(), "{args}: {}", output.status);
        output.stdout
    }

    /// Runs it and gives lines of JSON.
    pub(crate) fn json(&self, args: &str) -> Vec<serde_json::Value> {
        let said = self.said(args);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs it and gives the whole transcript, redacted.
    pub(crate) fn transcript(&self, args: &str) -> String {
        self.transcript_of(args, &self.run(args))
    }

    fn transcript_of(&self, args: &str, output: &Output) -> String {
        let mut text = format!("$ scrubjay {args}\n");
        text.push_str(&String::from_utf8_lossy(&output.stdout));
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            text.push_str(&format!("[stderr] {line}\n"));
        }
        text.push_str(&format!("[exit {}]\n", output.status.code().unwrap()));
        self.redact(&text)
    }

    fn redact(&self, text: &str) -> String {
        let shown = |path: &Path| path.display().to_string();
        let real = self.dir.path().canonicalize().unwrap();
        text.replace(&shown(&real), "[DIR]")
            .replace(&shown(self.dir.path()), "[DIR]")
            .replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
    }
}

/// Several transcripts under each other.
pub(crate) fn transcripts(stage: &Stage, commands: &[&str]) -> String {
    let all: Vec<String> = commands.iter().map(|command| stage.transcript(command)).collect();
    all.join("\n")
}
