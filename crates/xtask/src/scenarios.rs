//! `cargo xtask scenarios`: records the official client's verdict on each sequence, and that of its releases.
//!
//! The sequences lie in `crates/session/tests/judge/scenarios`, a file for each
//! family; the verdicts are written beside them, as `.client.jsonl`. Where each
//! release gives up is written into [`CLIENTS`].

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    need,
    step::{command, root, say},
};

const FOLDER: &str = "crates/session/tests/judge/scenarios";
const GOLDEN: &str = ".client.jsonl";
const CLIENTS: &str = "crates/session/tests/judge/clients.jsonl";

/// Writes all goldens again.
pub(crate) fn record_verdicts() -> Result<()> {
    let node = need::for_test()?;
    let families = families()?;
    for family in &families {
        say(&format!("asking the official client about {}", family.display()));
        ask(&node, family)?;
    }
    need::releases_of_client()?;
    say("asking its releases");
    let mut command = command(&node, &["tests/oracle/clients.mjs"]);
    let status = command
        .args(&families)
        .stdout(Stdio::from(File::create(root().join(CLIENTS))?))
        .status()
        .context("node could not be started")?;
    if !status.success() {
        bail!("the releases of the client could not be asked");
    }
    Ok(())
}

fn families() -> Result<Vec<PathBuf>> {
    let mut families = Vec::new();
    for entry in fs::read_dir(root().join(FOLDER)).context(FOLDER)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".jsonl") && !name.ends_with(GOLDEN) {
            families.push(path);
        }
    }
    families.sort();
    Ok(families)
}

fn ask(node: &Path, family: &Path) -> Result<()> {
    let golden = family.with_extension("client.jsonl");
    let status = command(node, &["tests/oracle/judge.mjs"])
        .stdin(File::open(family)?)
        .stdout(Stdio::from(File::create(&golden)?))
        .status()
        .context("node could not be started")?;
    if !status.success() {
        bail!("the official client could not be asked about {}", family.display());
    }
    Ok(())
}
