//! Builds the page into `ui/dist`.
//!
//! wasm-bindgen is called as a library, so its version and that of the
//! `wasm-bindgen` crate come from one lock file and nothing is installed.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::step::{cargo, root, run, say};

const WASM: &str = "target/wasm/wasm32-unknown-unknown/ui/scrubjay_ui.wasm";

/// Builds the page. Writes only files that changed, so that the crates which
/// embed them are compiled again only then.
pub(crate) fn build() -> Result<()> {
    run(&mut cargo(&[
        "build",
        "--quiet",
        "--package=scrubjay-ui",
        "--lib",
        "--target=wasm32-unknown-unknown",
        "--target-dir=target/wasm",
        "--profile=ui",
    ]))?;
    let root = root();
    let dist = root.join("ui/dist");
    fs::create_dir_all(&dist)?;
    let wasm = fs::read(root.join(WASM)).with_context(|| format!("{WASM} should have been built"))?;
    let stamp = root.join("target/wasm/bundled.wasm");
    let is_new = fs::read(&stamp).map_or(true, |known| known != wasm) || !dist.join("ui_bg.wasm").exists();
    if is_new {
        say("bundling the page into ui/dist");
        Bindgen::new()
            .input_bytes("ui", wasm.clone())
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(&dist)?;
        fs::write(&stamp, wasm)?;
    }
    for file in ["index.html", "boot.js", "report.js", "report.css"] {
        copy_if_changed(&root.join("ui").join(file), &dist.join(file))?;
    }
    copy_folder(&root.join("ui/style"), &dist.join("style"))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        copy_if_changed(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| from.display().to_string())?;
    if fs::read(to).map_or(true, |known| known != bytes) {
        fs::write(to, bytes)?;
    }
    Ok(())
}
