//! Runs the `scrubjay` binary.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::agent::Agent;

/// A running `scrubjay record`.
pub(crate) struct Recorder {
    child: Child,
    sources: Vec<String>,
    binary: PathBuf,
    store: PathBuf,
}

/// A store after its recorder has ended.
pub(crate) struct Recorded {
    binary: PathBuf,
    store: PathBuf,
}

impl Recorder {
    /// Records from each agent under the name beside it.
    pub(crate) fn start<'a>(
        binary: &Path,
        store: &Path,
        agents: impl IntoIterator<Item = (String, &'a Agent)>,
    ) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["record", "--json", "--store"]).arg(store);
        for (name, agent) in agents {
            command
                .arg("--upstream")
                .arg(format!("{name}=http://{}", agent.address));
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let ready = lines.next().context("the recorder printed nothing")??;
        let ready: Value = serde_json::from_str(&ready).with_context(|| format!("no ready line: {ready}"))?;
        let sources = ready["sources"].as_array().context("the ready line has no sources")?;
        let sources = sources
            .iter()
            .filter_map(|source| source["url"].as_str())
            .map(address_of)
            .collect();
        // A recorder that logs must never block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self {
            child,
            sources,
            binary: binary.to_owned(),
            store: store.to_owned(),
        })
    }

    /// Where each worker's source listens.
    pub(crate) fn addresses(&self) -> Vec<String> {
        self.sources.clone()
    }

    /// Ends it with an interrupt, as Ctrl-C does.
    pub(crate) fn stop(mut self) -> Result<Recorded> {
        let status = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()?;
        if !status.success() {
            bail!("the recorder ended by itself");
        }
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the recorder ended with {status}");
        }
        Ok(Recorded {
            binary: self.binary.clone(),
            store: self.store.clone(),
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn address_of(url: &str) -> String {
    url.trim_start_matches("http://").trim_end_matches('/').to_owned()
}

impl Recorded {
    /// The output of a reading command.
    pub(crate) fn read(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let (command, rest) = arguments.split_first().expect("a command is named");
        let output = Command::new(&self.binary)
            .arg(command)
            .arg(&self.store)
            .args(rest)
            .output()?;
        if !output.status.success() {
            bail!(
                "`scrubjay {}` failed: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(output.stdout)
    }

    /// The JSON lines of a reading command.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let text = self.read(arguments)?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| serde_json::from_slice(line).context("a line is not JSON"))
            .collect()
    }
}
