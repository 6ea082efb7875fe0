//! `scrubjay replay`, driven from outside.

use std::{
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{PATIENCE, Running, binary};

/// A replay that runs.
#[derive(Debug)]
pub struct Replaying {
    /// Origin to point a frontend at.
    pub url: String,
    answers: Arc<Mutex<Vec<Value>>>,
    child: Running,
}

impl Replaying {
    /// Serves a recording on a free port and waits until it is ready.
    pub fn start(source: &Path, more: &[&str]) -> Self {
        Self::start_with(Stdio::null(), source, more)
    }

    /// The same with a terminal's keys: what is written to the second value.
    pub fn start_by_hand(source: &Path, more: &[&str]) -> (Self, ChildStdin) {
        let mut replaying = Self::start_with(Stdio::piped(), source, more);
        let keys = replaying.child.0.stdin.take().expect("stdin is piped");
        (replaying, keys)
    }

    fn start_with(stdin: Stdio, source: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(binary("scrubjay"));
        command.arg("replay").arg(source);
        command.args(["--json", "--listen", "127.0.0.1:0"]).args(more);
        let (child, mut lines) = Running::start_talking(command.stdin(stdin));
        let ready = lines
            .next()
            .expect("the replay says that it is ready")
            .expect("it says it in UTF-8");
        let ready: Value =
            serde_json::from_str(&ready).unwrap_or_else(|error| panic!("no ready line ({error}): {ready}"));
        let answers = Arc::<Mutex<Vec<Value>>>::default();
        let heard = Arc::clone(&answers);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("a line is JSON");
                heard.lock().expect("no holder panics").push(line);
            }
        });
        Self {
            url: ready["url"].as_str().expect("the ready line has an address").to_owned(),
            answers,
            child,
        }
    }

    /// Lines that came behind the ready line.
    pub fn answers(&self) -> Vec<Value> {
        self.answers.lock().expect("no holder panics").clone()
    }

    /// Waits for the next stream that waits for a key and was not seen before.
    pub async fn held(&self, seen: &mut usize) -> Value {
        let began = Instant::now();
        loop {
            let held: Vec<Value> = self
                .answers()
                .into_iter()
                .filter(|line| line.get("held").is_some())
                .collect();
            if let Some(line) = held.get(*seen) {
                *seen += 1;
                return line.clone();
            }
            assert!(began.elapsed() < PATIENCE, "no stream waits: {:?}", self.answers());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Interrupts it and gives its exit status.
    pub fn stop(self) -> i32 {
        self.child.interrupt()
    }
}
