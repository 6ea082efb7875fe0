//! The examples of `docs/examples` do what they say, with the tools that
//! they are written for.

mod stage;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Once,
};

use stage::{binary, node::node};

/// Runs a command in a folder with what the examples ask of their surroundings; gives what it says.
fn said(command: &mut Command, folder: &Path) -> String {
    let root = std::env::current_dir().expect("a test knows its folder");
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .current_dir(folder)
        .env("SCRUBJAY", binary("scrubjay"))
        .env("RECORDING", root.join("recordings/tool-call-parallel.agui.jsonl"))
        .env("RECORDINGS", root.join("recordings"))
        .env("CHROMIUM", "/usr/bin/chromium")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("`{program}` could not be started ({error}); `cargo xtask setup` installs it"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    said
}

/// The Node examples beside their packages.
fn node_folder() -> &'static Path {
    let folder = Path::new("target/examples");
    assert!(
        folder.join("node_modules").exists(),
        "the examples' packages are missing: `cargo xtask setup` installs them"
    );
    static COPIED: Once = Once::new();
    COPIED.call_once(|| {
        for file in fs::read_dir("docs/examples/node").expect("the examples are committed") {
            let file = file.expect("a folder can be read");
            // The manifest there says what is installed.
            if file.file_name() != "package.json" {
                fs::copy(file.path(), folder.join(file.file_name())).expect("a file can be copied");
            }
        }
    });
    folder
}

#[test]
fn vitest_runs_on_a_recording() {
    let mut vitest = Command::new(node());
    let said = said(vitest.args(["node_modules/vitest/vitest.mjs", "run"]), node_folder());
    assert!(said.contains("2 passed"), "{said}");
}

#[test]
fn playwright_runs_on_a_recording() {
    let mut playwright = Command::new(node());
    let said = said(
        playwright.args(["node_modules/@playwright/test/cli.js", "test"]),
        node_folder(),
    );
    assert!(said.contains("2 passed"), "{said}");
}

#[test]
fn pytest_runs_on_a_recording() {
    let python = std::env::current_dir()
        .expect("a test knows its folder")
        .join("target/pytest/bin/python");
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    pytest.env("PYTHONDONTWRITEBYTECODE", "1");
    let said = said(&mut pytest, Path::new("docs/examples/pytest"));
    assert!(said.contains("2 passed"), "{said}");
}
