//! Dev servers of frontends, each over a copy of its app that a test may edit.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Running, free_port, node::node};

/// A dev server that runs.
#[derive(Debug)]
pub struct DevServer {
    /// Where it listens.
    pub origin: String,
    /// The copy that it serves.
    pub app: PathBuf,
    server: Running,
    _copy: tempfile::TempDir,
}

impl DevServer {
    /// `next dev` over `tests/next`, whose runtime asks the agent at this address.
    pub fn next(agent_url: &str) -> Self {
        Self::start("next", "node_modules/next/dist/bin/next", |command, port| {
            command.args(["dev", "--hostname", "127.0.0.1", "--port", port]);
            command.env("AGENT_URL", agent_url);
        })
    }

    /// `vite` over `tests/vite`.
    pub fn vite() -> Self {
        Self::start("vite", "node_modules/vite/bin/vite.js", |command, port| {
            command.args(["--host", "127.0.0.1", "--port", port, "--strictPort"]);
        })
    }

    fn start(name: &str, script: &str, arguments: impl FnOnce(&mut Command, &str)) -> Self {
        // Packages are found from the copy upwards, so it lies beside them.
        let installed = std::path::absolute(format!("target/{name}")).expect("the test has a folder");
        let script = installed.join(script);
        assert!(
            script.exists(),
            "{} is missing: `cargo xtask setup` installs it",
            script.display()
        );
        let copy = tempfile::Builder::new()
            .prefix("app-")
            .tempdir_in(&installed)
            .expect("a temporary folder can be made");
        copy_into(&Path::new("tests").join(name), copy.path());
        let port = free_port().to_string();
        let mut command = Command::new(node());
        command.arg(script).current_dir(copy.path());
        arguments(&mut command, &port);
        command
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .env("COPILOTKIT_TELEMETRY_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            origin: format!("http://127.0.0.1:{port}"),
            app: copy.path().to_owned(),
            server: Running::start(&mut command),
            _copy: copy,
        }
    }

    /// Waits until a page is there: compiling it the first time takes what it takes.
    pub async fn compiles(&mut self, target: &str) {
        let address = self.origin.trim_start_matches("http://").to_owned();
        let mut stream = loop {
            match TcpStream::connect(&address).await {
                Ok(stream) => break stream,
                Err(_not_yet) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            let ended = self.server.0.try_wait().expect("a child can be waited for");
            assert_eq!(ended, None, "the dev server should not end");
        };
        let head = format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("the server reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the server answers");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 200"), "{target}: {answer}");
    }

    /// What `hot-reload.mjs` needs to edit a source file of the app.
    pub fn edit_in(&self, file: &str) -> String {
        let examples = std::path::absolute("target/examples/package.json").expect("the test has a folder");
        serde_json::json!({
            "playwright": examples,
            "chromium": "/usr/bin/chromium",
            "file": self.app.join(file),
            "from": "Before the edit",
            "to": "After the edit",
        })
        .to_string()
    }

    /// Puts other words into a source file.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.app.join(file);
        let text = fs::read_to_string(&path).expect("the file is in the copy");
        assert!(text.contains(from), "{file} says `{from}`");
        fs::write(&path, text.replace(from, to)).expect("the copy can be written");
    }
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the app is committed") {
        let entry = entry.expect("a folder can be read");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to).expect("a new folder can be made");
            copy_into(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file can be copied");
        }
    }
}
