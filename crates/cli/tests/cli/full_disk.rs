//! A full disk, and one that may only be read: a file system of its own,
//! mounted where nothing else sees it, and the real program on it.

use std::{
    cell::{Cell, RefCell},
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use scrubjay_testkit::Step;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    agent::{self, ask},
    process::Process,
    stage::Stage,
};

/// Bytes of the disk, of what is in its way at first, and of what streams over it.
const DISK: usize = 48 << 20;
const BALLAST: usize = 24 << 20;
const STREAM: usize = 48 << 20;
const CHUNK: usize = 32 << 10;

/// A small disk, in a mount namespace that lives as long as the value.
struct Disk<'a> {
    stage: &'a Stage,
    holder: Child,
    how: &'static [&'static str],
}

impl<'a> Disk<'a> {
    /// As root, or else as root of a user namespace.
    fn mount(stage: &'a Stage) -> Self {
        fs::create_dir(stage.path("disk")).unwrap();
        let ways: [(&[&str], &'static [&'static str]); 2] = [
            (&["--mount"], &["--mount"]),
            (
                &["--user", "--map-root-user", "--mount"],
                &["--user", "--preserve-credentials", "--mount"],
            ),
        ];
        let mut whys = Vec::new();
        for (unshare, how) in ways {
            match Self::try_mount(stage, unshare) {
                Ok(holder) => return Self { stage, holder, how },
                Err(why) => whys.push(format!("unshare {}: {why}", unshare.join(" "))),
            }
        }
        panic!(
            "NOT TESTED: a full disk needs a file system of its own. Run this test as root, or where users may \
             make namespaces. {whys:?}"
        );
    }

    fn try_mount(stage: &Stage, unshare: &[&str]) -> Result<Child, String> {
        let place = stage.path("disk").display().to_string();
        let script = format!("mount -t tmpfs -o size={DISK},mode=700 small {place} && echo mounted && exec cat");
        let mut holder = Command::new("unshare")
            .args(unshare)
            .args(["sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut line = String::new();
        let mut stdout = BufReader::new(holder.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        if line == "mounted\n" {
            return Ok(holder);
        }
        let mut said = String::new();
        holder.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        holder.wait().unwrap();
        Err(said)
    }

    /// A command that sees the disk.
    fn inside(&self, program: &str, args: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.holder.id().to_string()])
            .args(self.how)
            .args(["--", program])
            .args(args.split_whitespace())
            .env_clear()
            .env("HOME", self.stage.path("home"))
            .env("TZ", "UTC")
            .env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    fn scrubjay(&self, args: &str) -> Command {
        let args = args.replace("DISK", &self.stage.path("disk").display().to_string());
        self.inside(env!("CARGO_BIN_EXE_scrubjay"), &args)
    }

    /// Runs the program, which must end well.
    fn said(&self, args: &str) -> Vec<u8> {
        let output = self.output(args);
        assert!(output.status.success(), "{args}: {output:?}");
        output.stdout
    }

    fn output(&self, args: &str) -> Output {
        self.scrubjay(args).output().unwrap()
    }

    fn json(&self, args: &str) -> Vec<Value> {
        let said = String::from_utf8(self.said(args)).unwrap();
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A file of the disk, as it is seen from outside.
    fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        let inside = self.stage.path("disk").join(name);
        root.join(inside.strip_prefix("/").unwrap())
    }

    fn fill(&self, name: &str, len: usize) {
        let mut file = fs::File::create(self.path(name)).unwrap();
        // What does not fit is the point.
        file.write_all(&vec![7; len]).ok();
    }

    fn remount_read_only(&self) {
        let place = self.stage.path("disk").display().to_string();
        let mounted = self.inside("mount", &format!("-o remount,ro {place}")).status();
        assert!(mounted.unwrap().success());
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.holder.stdin.take());
        self.holder.wait().ok();
    }
}

/// A frame of a stream in which no two are alike, and which does not compress.
fn frame(number: usize) -> String {
    let mut state = number as u64 + 1;
    let mut text = format!("data: {{\"type\":\"CUSTOM\",\"name\":\"{number}\",\"value\":\"");
    while text.len() < CHUNK {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(b'a' + (state >> 40) as u8 % 26));
        text.push(char::from(b'A' + (state >> 50) as u8 % 26));
    }
    text.push_str("\"}\n\n");
    text
}

/// An agent that streams so many frames each time it is asked to, and ends with zero.
struct Agent {
    url: String,
    frames: RefCell<Option<UnboundedSender<Vec<u8>>>>,
    next: Cell<usize>,
    _agent: agent::Agent,
}

impl Agent {
    fn start() -> Self {
        let (frames, relay) = Step::relay();
        let agent = agent::Agent::playing(vec![relay, Step::end()]);
        Self {
            url: agent.url(),
            frames: RefCell::new(Some(frames)),
            next: Cell::new(0),
            _agent: agent,
        }
    }

    fn stream(&self, frames: usize) {
        if frames == 0 {
            self.frames.take();
        }
        for _ in 0..frames {
            let sender = self.frames.borrow();
            let sent = sender.as_ref().unwrap().send(frame(self.next.get()).into_bytes());
            sent.unwrap();
            self.next.set(self.next.get() + 1);
        }
    }
}

/// Reads frames of an answer, each of which must be the next one.
struct Client {
    stream: BufReader<TcpStream>,
    number: usize,
}

impl Client {
    fn start(url: &str) -> Self {
        let mut stream = BufReader::new(ask(url));
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0, "no answer");
        }
        Self { stream, number: 0 }
    }

    fn read(&mut self, frames: usize) {
        for _ in 0..frames {
            let expected = frame(self.number);
            let mut got = Vec::new();
            while got.len() < expected.len() {
                got.extend(self.chunk().expect("the answer goes on"));
            }
            assert!(got == expected.as_bytes(), "frame {} came otherwise", self.number);
            self.number += 1;
        }
    }

    fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut size = String::new();
        self.stream.read_line(&mut size).unwrap();
        let len = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut bytes = vec![0; len + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes.truncate(len);
        (len > 0).then_some(bytes)
    }
}

/// What is left of the bytes without those in holes.
fn without(whole: &[u8], holes: &[Value]) -> Vec<u8> {
    let number = |hole: &Value, key: &str| usize::try_from(hole[key].as_u64().unwrap()).unwrap();
    let mut left = Vec::new();
    let mut at = 0;
    for hole in holes {
        let offset = number(hole, "offset");
        left.extend_from_slice(&whole[at..offset]);
        at = offset + number(hole, "len");
    }
    left.extend_from_slice(&whole[at..]);
    left
}

#[test]
fn a_full_disk_is_reported_and_recording_goes_on_when_there_is_room() {
    let stage = Stage::new();
    let disk = Disk::mount(&stage);
    disk.fill("ballast", BALLAST);
    let agent = Agent::start();
    let mut recorder = Process::start(disk.scrubjay(&format!(
        "record --upstream a={} --listen 127.0.0.1:0 --store DISK/s.db --json",
        agent.url
    )));
    recorder.read_on();
    agent.stream(4);
    let mut client = Client::start(&recorder.url());
    client.read(4);

    let many = STREAM / CHUNK;
    agent.stream(many);
    client.read(many);
    let stopped = recorder.next_with("recording");
    assert_eq!(stopped["recording"], "stopped", "{stopped}");
    assert_eq!(stopped["exchange"], 1);
    assert_eq!(stopped["request"], "POST /run");
    assert_eq!(stopped["body"], "response");
    assert!(stopped["why"].as_str().unwrap().contains("space"), "{stopped}");
    let offset = stopped["offset"].as_u64().unwrap();
    assert!(offset > 4 * CHUNK as u64 && offset < STREAM as u64, "{offset}");

    // Nothing is left, and everything can be read all the same.
    disk.fill("rest", DISK);
    let listed = disk.json("list DISK/s.db --json");
    assert_eq!((listed.len(), &listed[0]["ending"]), (1, &"open".into()));
    let events = disk.json("events DISK/s.db --json");
    assert!(
        events.len() > 4 && events[3]["event"]["name"] == "3",
        "{}",
        events.len()
    );
    assert_eq!(disk.json("state DISK/s.db --at 4 --json")[0]["seq"], 4);

    fs::remove_file(disk.path("rest")).unwrap();
    fs::remove_file(disk.path("ballast")).unwrap();
    agent.stream(4);
    client.read(4);
    let goes_on = recorder.next_with("recording");
    assert_eq!(
        (&goes_on["recording"], &goes_on["exchanges"]),
        (&"goes on".into(), &1.into())
    );
    let lost = goes_on["lostBytes"].as_u64().unwrap();
    agent.stream(4);
    client.read(4);
    agent.stream(0);
    assert_eq!(client.chunk(), None, "the answer ends as the agent's did");
    let ended = recorder.next_with("index");
    assert_eq!(ended["ending"], "complete");
    let ended = recorder.stop("-INT");
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);

    let shown = &disk.json("show DISK/s.db --json")[0];
    let holes = shown["holes"].as_array().unwrap();
    assert_eq!(holes[0]["offset"], offset, "{holes:?}");
    let missing: u64 = holes.iter().map(|hole| hole["len"].as_u64().unwrap()).sum();
    assert_eq!(missing, lost, "{holes:?}");
    let whole: String = (0..many + 12).map(frame).collect();
    let body = disk.said("body DISK/s.db");
    assert!(body == without(whole.as_bytes(), holes), "{holes:?}");
    let last = frame(many + 11);
    assert!(body.ends_with(last.as_bytes()), "what came when there was room again");
}

#[test]
fn a_recorder_on_a_full_disk_can_be_stopped_and_what_it_has_can_be_read() {
    for second_signal in [false, true] {
        let stage = Stage::new();
        let disk = Disk::mount(&stage);
        disk.fill("ballast", BALLAST);
        let agent = Agent::start();
        let mut recorder = Process::start_text(
            disk.scrubjay(&format!(
                "record --upstream a={} --listen 127.0.0.1:0 --store DISK/s.db",
                agent.url
            )),
            1,
        );
        let many = STREAM / CHUNK;
        agent.stream(4);
        let mut client = Client::start(&recorder.url());
        client.read(4);
        agent.stream(many);
        client.read(many);
        disk.fill("rest", DISK);
        recorder.signal("-INT");
        // The second comes while the first is followed.
        let ended = recorder.end(|process| {
            if second_signal {
                process.signal("-INT");
            }
        });
        match second_signal {
            // It may have ended by itself before the second came; else it ends without a word.
            true => assert!([Some(0), Some(130)].contains(&ended.status.code()), "{}", ended.status),
            false => {
                assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
                assert!(
                    ended.stderr.contains("Recording stopped at ") && ended.stderr.contains("(POST /run) on."),
                    "{}",
                    ended.stderr
                );
                assert!(ended.stderr.contains("of exchange 1 "), "{}", ended.stderr);
                assert!(
                    ended.stderr.contains("Recording had stopped and ended so"),
                    "{}",
                    ended.stderr
                );
            }
        }

        let listed = disk.json("list DISK/s.db --json");
        assert_eq!(listed.len(), 1);
        assert!(disk.json("events DISK/s.db --json").len() > 4);
        assert_eq!(disk.json("state DISK/s.db --at 4 --json")[0]["seq"], 4);

        fs::remove_file(disk.path("rest")).unwrap();
        fs::remove_file(disk.path("ballast")).unwrap();
        let whole: String = (0..many + 4).map(frame).collect();
        let body = disk.said("body DISK/s.db");
        let shown = &disk.json("show DISK/s.db --json")[0];
        assert_eq!(shown["ending"], "recorder_stopped");
        let holes = shown["holes"].as_array().unwrap();
        let expected = without(whole.as_bytes(), holes);
        // How much fits depends on what the store had taken from the spool when the disk was full.
        assert!(
            body.len() > BALLAST / 8 && expected.starts_with(&body),
            "{} {holes:?}",
            body.len()
        );
        if !second_signal {
            assert_eq!(
                body.len(),
                expected.len(),
                "the last hole reaches to the end: {holes:?}"
            );
        }
    }
}

#[test]
fn a_store_on_a_disk_that_may_only_be_read_can_be_read() {
    let stage = Stage::new();
    let disk = Disk::mount(&stage);
    let mut stopped = Vec::new();
    for (number, signal) in ["-INT", "-KILL"].into_iter().enumerate() {
        let agent = Agent::start();
        let mut recorder = Process::start(disk.scrubjay(&format!(
            "record --upstream a={} --listen 127.0.0.1:0 --store DISK/s.db --json",
            agent.url
        )));
        recorder.read_on();
        agent.stream(4);
        let mut client = Client::start(&recorder.url());
        client.read(4);
        agent.stream(0);
        assert_eq!(client.chunk(), None);
        // What is in the store now lies in its WAL when the recorder is killed.
        assert_eq!(recorder.next_with("index")["index"], number + 1);
        stopped.push(recorder.stop(signal));
    }
    let left: Vec<_> = fs::read_dir(disk.path(""))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert!(left.contains(&"s.db-wal".into()), "{left:?}");
    disk.remount_read_only();
    for command in [
        "list",
        "show --exchange 2",
        "events --exchange 2",
        "state --exchange 2 --at 4",
    ] {
        let output = disk.output(&format!("{command} --json --store DISK/s.db"));
        assert!(output.status.success(), "{command}: {output:?}");
        assert!(!output.stdout.is_empty(), "{command}");
    }
    assert_eq!(disk.json("list DISK/s.db --json").len(), 2);
    assert_eq!(disk.json("events DISK/s.db --exchange 2 --json").len(), 4);
    let whole: String = (0..4).map(frame).collect();
    assert!(disk.said("body DISK/s.db --exchange 2") == whole.as_bytes());
    // The shared memory of the WAL may be gone, as in a copy of store and WAL.
    let copy = stage.path("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["s.db", "s.db-wal"] {
        fs::copy(disk.path(name), copy.join(name)).unwrap();
    }
    let place = stage.path("disk").display().to_string();
    let over = disk
        .inside("mount", &format!("-o bind {} {place}", copy.display()))
        .status();
    assert!(over.unwrap().success());
    let over = disk.inside("mount", &format!("-o remount,bind,ro {place}")).status();
    assert!(over.unwrap().success());
    assert_eq!(disk.json("list DISK/s.db --json").len(), 2);
    assert!(disk.said("body DISK/s.db --exchange 2") == whole.as_bytes());
}

#[cfg(unix)]
#[test]
fn a_folder_and_a_file_that_may_only_be_read_can_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    let agent = agent::Agent::start();
    fs::create_dir(stage.path("kept")).unwrap();
    let args = format!(
        "record --upstream a={} --listen 127.0.0.1:0 --store kept/s.db --json",
        agent.url()
    );
    let mut recorder = Process::start(stage.command(args.split(' ')));
    agent::post(&recorder.url());
    assert_eq!(recorder.stop("-INT").status.code(), Some(0));
    let mode = |name: &str, mode| fs::set_permissions(stage.path(name), fs::Permissions::from_mode(mode)).unwrap();
    // To root this says nothing; the disk that may only be read does.
    mode("kept/s.db", 0o444);
    mode("kept", 0o555);
    for command in ["list", "events", "show", "state --at 5"] {
        assert!(
            !stage.json(&format!("{command} --store kept/s.db --json")).is_empty(),
            "{command}"
        );
    }
    mode("kept", 0o755);
}
