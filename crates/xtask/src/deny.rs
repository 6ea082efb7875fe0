//! `cargo xtask test deny`: licences, origins, versions and known weaknesses of all dependencies.
//!
//! `.deny.toml` holds the rules. The advisories come from `crates/xtask/deny/advisories.json`, which
//! has those of recent years for the crates that read foreign bytes: so the stage needs no network
//! and gives the same answer until a file changes. `.github/workflows/dependencies.yml` asks the
//! whole RustSec database every week.

use std::fs;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::step::{cargo, command, root, run_quietly};

const ADVISORIES: &str = "crates/xtask/deny/advisories.json";
/// Where cargo-deny looks for its copy of the RustSec database: a Git repository in `db-path` of
/// `.deny.toml`, whose name ends in a hash of the database's URL.
const DATABASE: &str = "target/advisories/advisory-db-3157b0e258782691";

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    date: String,
    patched: Vec<String>,
    unaffected: Vec<String>,
    title: String,
}

impl Advisory {
    /// The file format of the RustSec database: front matter in TOML, then Markdown.
    fn markdown(&self) -> Result<String> {
        Ok(format!(
            "```toml\n[advisory]\nid = {}\npackage = {}\ndate = {}\n\n[versions]\npatched = {}\nunaffected = {}\n```\n\n# {}\n",
            serde_json::to_string(&self.id)?,
            serde_json::to_string(&self.package)?,
            serde_json::to_string(&self.date)?,
            serde_json::to_string(&self.patched)?,
            serde_json::to_string(&self.unaffected)?,
            self.title,
        ))
    }
}

/// Runs all checks of `.deny.toml`.
pub(crate) fn check() -> Result<()> {
    write_database()?;
    // Of all platforms; without it cargo-deny cannot work offline.
    run_quietly(&mut cargo(&["fetch", "--locked", "--quiet"]))?;
    let options = ["--workspace", "--locked", "--offline", "check"];
    run_quietly(&mut command(root().join("target/deny/bin/cargo-deny"), &options))
}

fn write_database() -> Result<()> {
    let text = fs::read_to_string(root().join(ADVISORIES)).context(ADVISORIES)?;
    let advisories: Vec<Advisory> = serde_json::from_str(&text).context(ADVISORIES)?;
    let database = root().join(DATABASE);
    if database.exists() {
        fs::remove_dir_all(&database)?;
    }
    for advisory in &advisories {
        let folder = database.join("crates").join(&advisory.package);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{}.md", advisory.id)), advisory.markdown()?)?;
    }
    let git = |arguments: &[&str]| run_quietly(command("git", arguments).current_dir(&database));
    git(&["init", "--quiet"])?;
    git(&["add", "."])?;
    let author = ["-c", "user.name=xtask", "-c", "user.email=xtask@localhost"];
    let commit = [
        "-c",
        "commit.gpgsign=false",
        "commit",
        "--quiet",
        "--message=advisories",
    ];
    git(&[&author[..], &commit[..]].concat())
}
