//! Makes sure that there is a page to embed, and lets Tauri prepare the rest.

use std::{fs, path::Path};

const PLACEHOLDER: &str = "<!doctype html><meta charset=utf-8><title>Scrubjay</title>\
<p>The page has not been built. Run <code>cargo xtask run</code>, or <code>cargo xtask ui</code> and build again.</p>";

fn main() {
    let page = Path::new("ui/dist/index.html");
    if !page.exists() {
        println!("cargo::warning=the page has not been built; run `cargo xtask ui` first");
        fs::create_dir_all("ui/dist").expect("ui/dist can be created");
        fs::write(page, PLACEHOLDER).expect("ui/dist/index.html can be written");
    }
    println!("cargo::rerun-if-changed=ui/dist");
    tauri_build::build();
    // Editor schemas that nobody reads here; they cannot be put elsewhere.
    drop(fs::remove_dir_all("gen"));
}
