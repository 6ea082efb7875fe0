//! Who may depend on whom, checked against what cargo sees.
//!
//! The table is the truth; `crates/README.md` explains it. An edge that is not
//! in the table fails here, and so does an entry that nothing uses any more.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Ours: crate, and which of ours it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("session", &["protocol"]),
    ("recording", &["protocol", "session"]),
    ("ipc", &["protocol", "session"]),
    ("timeline", &["ipc"]),
    ("ui", &["ipc", "timeline"]),
    ("store", &["protocol", "session"]),
    ("proxy", &["protocol", "session"]),
    ("httpdate", &[]),
    ("replay", &["protocol", "proxy", "session"]),
    (
        "engine",
        &["ipc", "protocol", "proxy", "recording", "replay", "session", "store"],
    ),
    ("door", &["engine", "ipc"]),
    ("cli", &["door", "engine", "ipc", "protocol", "recording", "session"]),
    ("desktop", &["engine", "ipc"]),
    ("testkit", &["protocol", "proxy", "session"]),
    ("xtask", &[]),
];

/// Theirs that only some of ours may name.
const WRAPPED: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("rfd", &["desktop"]),
    ("tauri", &["desktop"]),
    ("tauri-build", &["desktop"]),
    ("leptos", &["ui"]),
    ("web-sys", &["ui"]),
    ("wasm-bindgen", &["ui"]),
    ("eframe", &["ui"]),
    ("egui", &["timeline", "ui"]),
    ("egui_plot", &["timeline"]),
    ("axum", &["door"]),
    ("hyper", &["proxy", "replay"]),
    ("reqwest", &["proxy"]),
    ("clap", &["cli"]),
    ("wasm-bindgen-cli-support", &["xtask"]),
];

/// Crates that the one-file report will answer from: no IO may creep in.
const PURE: &[&str] = &["protocol", "session", "recording", "ipc"];

/// What would bring IO, clocks or threads into a pure crate.
const IMPURE: &[&str] = &[
    "tokio",
    "hyper",
    "reqwest",
    "rusqlite",
    "axum",
    "rustix",
    "directories",
    "getrandom",
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata should run here")
}

fn short(package: &Package) -> String {
    package.name.trim_start_matches("scrubjay-").to_owned()
}

/// Names a package depends on outside of its tests.
fn dependencies(package: &Package) -> BTreeSet<String> {
    let normal = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development);
    normal.map(|dependency| dependency.name.clone()).collect()
}

#[test]
fn our_crates_use_just_what_the_table_says() {
    let known: BTreeMap<&str, BTreeSet<String>> = EDGES
        .iter()
        .map(|(name, uses)| (*name, uses.iter().map(|&used| used.to_owned()).collect()))
        .collect();
    let mut seen = BTreeSet::new();
    for package in &metadata().packages {
        let name = short(package);
        let allowed = known
            .get(name.as_str())
            .unwrap_or_else(|| panic!("crate `{name}` is not in the table"));
        let used: BTreeSet<String> = dependencies(package)
            .iter()
            .filter_map(|dependency| dependency.strip_prefix("scrubjay-").map(str::to_owned))
            .collect();
        let beyond: Vec<_> = used.difference(allowed).collect();
        assert!(
            beyond.is_empty(),
            "`{name}` uses {beyond:?}, which the table does not allow"
        );
        seen.insert(name);
    }
    let gone: Vec<_> = known.keys().filter(|name| !seen.contains(**name)).collect();
    assert!(
        gone.is_empty(),
        "the table speaks of crates that do not exist: {gone:?}"
    );
}

#[test]
fn wrapped_libraries_are_named_only_by_their_wrappers() {
    for package in &metadata().packages {
        let name = short(package);
        for (library, wrappers) in WRAPPED {
            let names_it = dependencies(package).contains(*library);
            assert!(
                !names_it || wrappers.contains(&name.as_str()),
                "`{name}` names {library}; only {wrappers:?} may"
            );
        }
    }
}

#[test]
fn pure_crates_have_no_way_to_the_outside() {
    for package in metadata()
        .packages
        .iter()
        .filter(|package| PURE.contains(&short(package).as_str()))
    {
        let found: Vec<_> = dependencies(package)
            .into_iter()
            .filter(|name| IMPURE.contains(&name.as_str()))
            .collect();
        assert!(found.is_empty(), "`{}` is pure but depends on {found:?}", package.name);
    }
}

#[test]
fn the_map_names_every_crate() {
    let map = std::fs::read_to_string("crates/README.md").expect("crates/README.md should exist");
    for package in &metadata().packages {
        let name = short(package);
        assert!(
            map.contains(&format!("`{name}`")),
            "crates/README.md does not name `{name}`"
        );
    }
}

#[test]
fn every_crate_takes_the_shared_lints() {
    for package in &metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest should be readable");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "`{}` does not take the shared lints",
            package.name
        );
    }
}
