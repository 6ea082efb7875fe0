//! Which crate may depend on which, checked against what cargo sees, and the
//! order of the modules inside `session`, checked against their sources.
//!
//! `crates/README.md` explains the tables. An edge that is not in a table
//! fails, and so does an entry that nothing uses any more.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use proc_macro2::{TokenStream, TokenTree};
use walkdir::WalkDir;

/// Ours: crate, and which of ours it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("session", &["protocol"]),
    ("recording", &["protocol", "session"]),
    ("redaction", &["protocol", "session"]),
    ("ipc", &["protocol", "session"]),
    ("answers", &["ipc", "session"]),
    ("timeline", &["ipc"]),
    ("ui", &["answers", "ipc", "recording", "timeline"]),
    ("store", &["protocol", "session"]),
    ("proxy", &["session"]),
    ("httpdate", &[]),
    ("replay", &["protocol", "proxy", "session"]),
    (
        "engine",
        &[
            "answers",
            "ipc",
            "protocol",
            "proxy",
            "recording",
            "redaction",
            "replay",
            "session",
            "store",
        ],
    ),
    ("door", &["answers", "engine", "ipc", "recording"]),
    ("cli", &["door", "engine", "ipc", "protocol", "session"]),
    ("desktop", &["engine", "ipc"]),
    ("testkit", &["proxy", "session"]),
    ("xtask", &[]),
];

/// Theirs that only some of ours may name.
const WRAPPED: &[(&str, &[&str])] = &[
    ("rusqlite", &["store"]),
    ("rfd", &["desktop"]),
    ("tauri", &["desktop"]),
    ("tauri-build", &["desktop"]),
    ("leptos", &["ui"]),
    ("reactive_graph", &["ui"]),
    ("any_spawner", &["ui"]),
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
const PURE: &[&str] = &["protocol", "session", "recording", "redaction", "ipc", "answers"];

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

/// The modules of `session`. Each uses those before it and none after it.
const SESSION: &[&str] = &[
    "steps",
    "measures",
    "faults",
    "visible",
    "exchange",
    "codec",
    "fold",
    "changes",
    "shelf",
    "recognise",
    "judge",
    "derive",
    "threads",
    "links",
    "memory",
    "verdict",
    "listing",
    "words",
    "query",
    "diff",
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
        assert_eq!(&used, allowed, "`{name}` uses the left, and the table allows the right");
        seen.insert(name);
    }
    let gone: Vec<_> = known.keys().filter(|name| !seen.contains(**name)).collect();
    assert!(
        gone.is_empty(),
        "the table speaks of crates that do not exist: {gone:?}"
    );
}

#[test]
fn wrapped_libraries_are_named_by_just_their_wrappers() {
    let packages = metadata().packages;
    for (library, wrappers) in WRAPPED {
        let naming = packages
            .iter()
            .filter(|package| dependencies(package).contains(*library));
        assert_eq!(
            naming.map(short).collect::<BTreeSet<_>>(),
            wrappers.iter().map(|&name| name.to_owned()).collect(),
            "{library} is named by the left, and the table allows the right"
        );
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

/// The sources of a module: `name.rs`, and all below `name/`.
fn sources(folder: &Path, module: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = WalkDir::new(folder.join(module))
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .collect();
    found.push(folder.join(format!("{module}.rs")));
    found.retain(|path| path.extension().is_some_and(|ext| ext == "rs") && path.is_file());
    found
}

/// The top-level modules that a source names by `crate::…`, outside of documentation.
fn named_modules(source: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    note_named(source.parse().expect("a source is made of tokens"), &mut named);
    named
}

fn note_named(tokens: TokenStream, named: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for window in tokens.windows(4) {
        if let [
            TokenTree::Ident(krate),
            TokenTree::Punct(_),
            TokenTree::Punct(colon),
            next,
        ] = window
            && krate == "crate"
            && colon.as_char() == ':'
        {
            match next {
                TokenTree::Ident(module) => _ = named.insert(module.to_string()),
                TokenTree::Group(group) => note_first_of_each(group.stream(), named),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            note_named(group.stream(), named);
        }
    }
}

/// The first identifier of each part between commas: `{a::b, c}` names `a` and `c`.
fn note_first_of_each(tokens: TokenStream, named: &mut BTreeSet<String>) {
    let mut is_first = true;
    for token in tokens {
        if let (true, TokenTree::Ident(module)) = (is_first, &token) {
            named.insert(module.to_string());
        }
        is_first = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
    }
}

#[test]
fn modules_of_session_use_those_before_them_only() {
    let folder = Path::new("crates/session/src");
    let declared: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("session has sources")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "lib")
        .collect();
    let listed: BTreeSet<String> = SESSION.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(declared, listed, "session has the left, and the order lists the right");
    for (place, module) in SESSION.iter().enumerate() {
        for path in sources(folder, module) {
            let source = std::fs::read_to_string(&path).expect("a source is readable");
            let named = named_modules(&source);
            let behind: Vec<_> = SESSION[place + 1..]
                .iter()
                .filter(|&&name| named.contains(name))
                .collect();
            assert!(
                behind.is_empty(),
                "{} names {behind:?}, which come after `{module}`",
                path.display()
            );
        }
    }
}
