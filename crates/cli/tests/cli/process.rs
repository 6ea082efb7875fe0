//! A command that runs until it is stopped, with a clock that ends the test
//! when the command does not end.

use std::{
    cell::RefCell,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{agent::Agent, stage::Stage};

/// Longer than anything here takes, and shorter than for ever.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command that said its first line.
pub(crate) struct Process {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    lines: Option<mpsc::Receiver<String>>,
    /// Lines that were read over.
    seen: RefCell<Vec<Value>>,
    pub(crate) ready: Value,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts a command that prints JSON, and reads its ready line and no other.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut process = Self::spawn(&mut command);
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        stdout.read_line(&mut line).unwrap();
        process.ready = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut said = String::new();
            process.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("{command:?} says {line:?} first, and {said:?}")
        });
        process
    }

    /// Records what passes to an agent into `s.db`, with further arguments.
    pub(crate) fn record(stage: &Stage, agent: &Agent, rest: &str) -> Self {
        let args = format!(
            "record --upstream agent={} --listen 127.0.0.1:0 --store s.db --json {rest}",
            agent.url()
        );
        Self::start(stage.command(args.split_whitespace()))
    }

    /// Starts a command that is for people; `line` picks the line of its greeting that has the address.
    pub(crate) fn start_text(mut command: Command, line: usize) -> Self {
        let mut process = Self::spawn(&mut command);
        let stdout = process.stdout.as_mut().unwrap();
        let greeting: Vec<String> = stdout.lines().take(line + 1).map(Result::unwrap).collect();
        let url = greeting[line]
            .split_whitespace()
            .find(|word| word.starts_with("http://"));
        process.ready = serde_json::json!({ "url": url.unwrap() });
        process
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdout: Some(BufReader::new(child.stdout.take().unwrap())),
            child,
            lines: None,
            seen: RefCell::default(),
            ready: Value::Null,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.ready["url"].as_str().unwrap().to_owned()
    }

    /// The address of a source.
    pub(crate) fn url_of(&self, source: usize) -> String {
        self.ready["sources"][source]["url"].as_str().unwrap().to_owned()
    }

    /// Closes the pipe that it prints into.
    pub(crate) fn stop_reading(&mut self) {
        self.stdout = None;
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// From here on its lines are read.
    pub(crate) fn read_on(&mut self) {
        let (sender, lines) = mpsc::channel();
        let stdout = self.stdout.take().unwrap();
        thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        self.lines = Some(lines);
    }

    /// The next line that has this key.
    pub(crate) fn next_with(&self, key: &str) -> Value {
        let lines = self.lines.as_ref().expect("its lines are read");
        loop {
            let line = lines
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("no line with {key}"));
            let value: Value = serde_json::from_str(&line).unwrap();
            if value.get(key).is_some() {
                return value;
            }
            self.seen.borrow_mut().push(value);
        }
    }

    /// Lines that were read over on the way to another.
    pub(crate) fn seen(&self) -> Vec<Value> {
        self.seen.take()
    }

    /// Lines that are left once it has ended.
    pub(crate) fn last_lines(&self) -> Vec<Value> {
        let lines = self.lines.as_ref().expect("its lines are read");
        let values = lines.iter().map(|line| serde_json::from_str(&line).unwrap());
        values.collect()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .stderr(Stdio::null())
            .status();
        sent.unwrap();
    }

    /// Signals it, and waits for its end.
    pub(crate) fn stop(&mut self, signal: &str) -> Ended {
        self.signal(signal);
        self.end(|_| {})
    }

    /// Waits for its end; `meanwhile` is called now and then until it comes.
    pub(crate) fn end(&mut self, meanwhile: impl Fn(&Self)) -> Ended {
        let mut stderr = self.child.stderr.take().unwrap();
        let reading = thread::spawn(move || {
            let mut said = String::new();
            stderr.read_to_string(&mut said).unwrap();
            said
        });
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            meanwhile(self);
            thread::sleep(Duration::from_millis(10));
        };
        Ended {
            status,
            stderr: reading.join().unwrap(),
        }
    }
}

/// Sends a signal.
pub(crate) fn kill(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing of a test that failed goes on running.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
