//! Embeds `ui/dist` if the page was built there (`cargo xtask ui`).
//!
//! Without it the crate still compiles, and `serve` fails with a hint. The wasm
//! is packed once here, so that nothing is packed while a page waits.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

fn main() {
    let crate_dir = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    let dist = crate_dir.join("../../ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    // The bundler writes the wasm; a folder without it holds at most a placeholder.
    if dist.join("ui_bg.wasm").exists() {
        collect(&dist, &dist, &mut files);
    }
    files.sort();
    let mut table = String::from("pub(crate) const FILES: &[File] = &[\n");
    for (name, path) in &files {
        println!("cargo::rerun-if-changed={}", path.display());
        let packed = name.ends_with(".wasm") || name.ends_with(".js");
        let path = if packed { pack(path, name, &out) } else { path.clone() };
        let path = path.canonicalize().expect("it was just listed");
        table.push_str(&format!(
            "    File {{ name: {name:?}, packed: {packed}, bytes: include_bytes!({:?}) }},\n",
            path.display().to_string(),
        ));
    }
    table.push_str("];\n");
    fs::write(out.join("bundle.rs"), table).expect("cargo's folder is writable");
}

/// All files below `folder`, with their names as addresses have them.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.to_string_lossy().replace('\\', "/"), path));
        }
    }
}

/// A gzip of the file, in cargo's folder.
fn pack(path: &Path, name: &str, out: &Path) -> PathBuf {
    let target = out.join(format!("{}.gz", name.replace('/', "_")));
    let bytes = fs::read(path).expect("it was just listed");
    let file = fs::File::create(&target).expect("cargo's folder is writable");
    let mut packer = GzEncoder::new(file, Compression::best());
    packer
        .write_all(&bytes)
        .and_then(|()| packer.finish().map(drop))
        .expect("cargo's folder is writable");
    target
}
