//! Makes sure that there is a page to embed, lists the samples, and lets Tauri
//! prepare the rest.

use std::{
    env, fs,
    io::{Result, Write as _},
    path::{Path, PathBuf},
};

const PLACEHOLDER: &str = "<!doctype html><meta charset=utf-8><title>Scrubjay</title>\
<p>The page has not been built. Run <code>cargo xtask run</code>, or <code>cargo xtask ui</code> and build again.</p>";

fn main() -> Result<()> {
    make_placeholder_page()?;
    list_samples()?;
    tauri_build::build();
    // Editor schemas without a use here; they cannot be put elsewhere.
    if Path::new("gen").exists() {
        fs::remove_dir_all("gen")?;
    }
    Ok(())
}

fn make_placeholder_page() -> Result<()> {
    println!("cargo::rerun-if-changed=ui/dist");
    let page = Path::new("ui/dist/index.html");
    if page.exists() {
        return Ok(());
    }
    println!("cargo::warning=the page has not been built; run `cargo xtask ui` first");
    fs::create_dir_all("ui/dist")?;
    fs::write(page, PLACEHOLDER)
}

fn list_samples() -> Result<()> {
    println!("cargo::rerun-if-changed=recordings");
    let mut names: Vec<String> = fs::read_dir("recordings")?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.retain(|name| name.ends_with(".agui.jsonl") || name.ends_with(".agui.jsonl.gz"));
    names.sort();
    let folder = fs::canonicalize("recordings")?;
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("samples.rs");
    let mut file = fs::File::create(out)?;
    writeln!(file, "/// Name and bytes of each sample.")?;
    writeln!(file, "pub const SAMPLES: &[(&str, &[u8])] = &[")?;
    for name in names {
        writeln!(file, "    ({name:?}, include_bytes!({:?})),", folder.join(&name))?;
    }
    writeln!(file, "];")
}
