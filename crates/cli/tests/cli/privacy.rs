//! Who may read what is kept: another user of the machine, a real one, tries.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use crate::{
    agent::{Agent, post},
    process::Process,
    serving::has_page,
    stage::Stage,
};

/// Another user, for as long as the value lives.
struct Other {
    name: String,
}

/// As root, or by `sudo` where that asks for no password.
fn as_root(program: &str, args: &[&str]) -> std::io::Result<Output> {
    let id = Command::new("id").arg("-u").output()?;
    match id.stdout.as_slice() {
        b"0\n" => Command::new(program).args(args).output(),
        _ => Command::new("sudo").args(["-n", program]).args(args).output(),
    }
}

impl Other {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("scrubjay-t{}-{}", std::process::id(), MADE.fetch_add(1, Relaxed));
        let made = as_root(
            "useradd",
            &["--system", "--no-create-home", "--shell", "/bin/sh", &name],
        );
        match &made {
            Ok(output) if output.status.success() => Self { name },
            made => panic!(
                "NOT TESTED: a second user of the machine has to be made. Run this test as root, or where sudo asks \
                 for no password, with useradd and runuser installed. {made:?}"
            ),
        }
    }

    /// Whether a command of that user succeeds.
    fn can(&self, command: &str) -> bool {
        let run = as_root("runuser", &["-u", &self.name, "--", "sh", "-c", command]).unwrap();
        run.status.success()
    }

    fn can_read(&self, path: &Path) -> bool {
        let read = if path.is_dir() { "ls" } else { "cat" };
        self.can(&format!("{read} '{}'", path.display()))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        as_root("userdel", &[&self.name]).ok();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// All files below a folder, and the folders themselves.
fn all_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_below(&path));
        }
        found.push(path);
    }
    found
}

/// A folder that all may enter, so that only the modes of what is in it keep others out.
fn open_stage() -> Stage {
    let stage = Stage::new();
    set_mode(&stage.path(""), 0o755);
    stage
}

fn record(stage: &Stage, agent: &Agent) -> Process {
    let mut process = Process::record(stage, agent, "");
    process.read_on();
    process
}

#[test]
fn a_second_user_reads_neither_store_nor_spool_nor_exports_nor_token() {
    let other = Other::new();
    let stage = open_stage();
    let agent = Agent::start();
    stage.put("everybody", b"can read this");
    set_mode(&stage.path("everybody"), 0o644);
    assert!(
        other.can_read(&stage.path("everybody")),
        "what others may read, they can"
    );

    let mut recording = record(&stage, &agent);
    post(&recording.url());
    recording.next_with("ending");
    stage.said("export s.db --redact none -o out.agui.jsonl");
    stage.said("export s.db --redact none -o out.agui.jsonl.gz");
    let serving =
        has_page(&stage).then(|| Process::start(stage.command(["serve", "s.db", "--json", "--listen", "127.0.0.1:0"])));

    let names = [
        "s.db",
        "s.db-wal",
        "s.db-shm",
        "s.db.spool",
        "out.agui.jsonl",
        "out.agui.jsonl.gz",
    ];
    for name in names {
        assert!(stage.path(name).exists(), "{name}");
    }
    let kept = all_below(&stage.path(""));
    let spools = kept
        .iter()
        .filter(|path| path.extension().is_some_and(|name| name == "spool"));
    assert!(spools.count() >= 2, "the folder and a file: {kept:?}");
    for path in kept.iter().filter(|path| !path.ends_with("everybody")) {
        assert!(!other.can_read(path), "{} {:o}", path.display(), mode(path));
    }

    if let Some(serving) = &serving {
        let url = serving.url();
        let token = url.split(['=', '#', '?', '/']).next_back().unwrap();
        assert!(token.len() >= 16, "{url}");
        let files = |process: u32| ["cmdline", "environ", "maps", "mem"].map(|name| format!("/proc/{process}/{name}"));
        for file in files(serving.id()).into_iter().chain(files(recording.id())) {
            assert!(!other.can(&format!("grep -a -q -e '{token}' '{file}'")), "{file}");
        }
        assert!(!other.can(&format!("ls /proc/{}/fd", serving.id())));
    }
    assert!(recording.stop("-TERM").status.success());
}

#[test]
fn files_that_others_could_read_are_taken_from_them_and_that_is_said() {
    let stage = open_stage();
    let agent = Agent::start();
    let mut recording = record(&stage, &agent);
    post(&recording.url());
    recording.next_with("ending");
    let files = ["s.db", "s.db-wal", "s.db-shm"].map(|name| stage.path(name));
    for file in &files {
        set_mode(file, 0o644);
    }
    set_mode(&stage.path("s.db.spool"), 0o755);
    let listed = stage.run("list s.db");
    assert!(listed.status.success());
    let said = String::from_utf8(listed.stderr).unwrap();
    assert!(said.contains("from now on only you can"), "{said}");
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&stage.path("s.db.spool")), 0o700);
    assert!(stage.run("list s.db").stderr.is_empty(), "it is said once");
    assert!(recording.stop("-TERM").status.success());
}

/// What a command said on standard error before it ended with 2.
fn refused(stage: &Stage, args: &str) -> String {
    let output = stage.run(args);
    assert_eq!(output.status.code(), Some(2), "{args}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_spool_that_is_not_ours_alone_is_refused() {
    let record = "record --upstream 127.0.0.1:9 --listen 127.0.0.1:0 --store s.db -- true";
    let stage = open_stage();
    fs::create_dir(stage.path("s.db.spool")).unwrap();
    set_mode(&stage.path("s.db.spool"), 0o777);
    let said = refused(&stage, record);
    assert!(said.contains("other users may write into it"), "{said}");
    fs::remove_dir(stage.path("s.db.spool")).unwrap();

    fs::create_dir(stage.path("elsewhere")).unwrap();
    symlink(stage.path("elsewhere"), stage.path("s.db.spool")).unwrap();
    let said = refused(&stage, record);
    assert!(said.contains("it is a symbolic link"), "{said}");
    assert_eq!(fs::read_dir(stage.path("elsewhere")).unwrap().count(), 0);
    fs::remove_file(stage.path("s.db.spool")).unwrap();

    stage.put("s.db.spool", b"a file");
    let said = refused(&stage, record);
    assert!(said.contains("it is no folder"), "{said}");
}

#[test]
fn what_belongs_to_another_user_is_read_and_not_recorded_into() {
    let other = Other::new();
    let stage = open_stage();
    let agent = Agent::start();
    let mut recording = record(&stage, &agent);
    post(&recording.url());
    recording.next_with("ending");
    assert!(recording.stop("-TERM").status.success());
    let store = stage.path("s.db").display().to_string();
    assert!(as_root("chown", &[&other.name, &store]).unwrap().status.success());
    set_mode(Path::new(&store), 0o644);
    let said = refused(
        &stage,
        "record --upstream 127.0.0.1:9 --listen 127.0.0.1:0 --store s.db -- true",
    );
    assert!(said.contains("belongs to another user"), "{said}");
    let listed = stage.run("list s.db --json");
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(listed.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert!(String::from_utf8_lossy(&listed.stderr).contains("it is only read"));
    assert_eq!(mode(Path::new(&store)), 0o644, "what is theirs stays as it is");
}

/// Pipes, devices and sockets would be waited for.
#[test]
fn what_is_no_file_gets_a_sentence() {
    let stage = Stage::new();
    let made = Command::new("mkfifo").arg(stage.path("pipe")).status();
    assert!(made.unwrap().success());
    let socket = std::os::unix::net::UnixListener::bind(stage.path("socket")).unwrap();
    let mut commands = vec!["list", "show", "events", "check", "replay --listen 127.0.0.1:0"];
    if has_page(&stage) {
        commands.push("serve --listen 127.0.0.1:0");
    }
    let things = [
        ("pipe", "it is a pipe"),
        ("socket", "it is a socket"),
        ("/dev/zero", "it is a device"),
    ];
    for (name, what) in things {
        for command in &commands {
            let said = refused(&stage, &format!("{command} {name}"));
            assert!(said.contains(what), "{command} {name}: {said}");
        }
    }
    drop(socket);
}

#[test]
fn a_pipe_in_the_spool_is_passed_by() {
    let stage = Stage::new();
    let agent = Agent::start();
    let mut recording = record(&stage, &agent);
    post(&recording.url());
    recording.next_with("ending");
    assert!(recording.stop("-TERM").status.success());
    for name in ["0123456789abcdef-000000.spool", "0123456789abcdef.lock"] {
        let made = Command::new("mkfifo").arg(stage.path("s.db.spool").join(name)).status();
        assert!(made.unwrap().success());
    }
    assert_eq!(stage.json("list s.db --json").len(), 1);
}
