//! Captured streams, as `tests/corpus/` keeps them: one folder an exchange.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// One captured exchange.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Its folder, relative to the corpus.
    pub name: String,
    pub request: Value,
    pub body: Vec<u8>,
    pub meta: Value,
    /// Offset and length of each read.
    pub reads: Vec<(usize, usize)>,
    /// When each read came, microseconds since the request was sent.
    pub at_us: Vec<u64>,
}

/// The folder of the workspace, whichever crate asks.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every exchange of a folder of captures, in the order of their names.
///
/// # Panics
/// When the folder is missing or a file of it is: the test needs it.
pub fn captured(folder: &Path) -> Vec<Captured> {
    let mut found = Vec::new();
    for family in folders(folder) {
        for exchange in folders(&family) {
            found.push(read(folder, &exchange));
        }
    }
    assert!(!found.is_empty(), "{} should hold captures", folder.display());
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{} is needed: {error}", folder.display()));
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    paths.sort();
    paths
}

fn read(root: &Path, folder: &Path) -> Captured {
    let bytes = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{} is needed: {error}", path.display()))
    };
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("a capture's JSON should parse");
    let chunks = bytes("chunks.jsonl");
    let lines = chunks.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let lines: Vec<Value> = lines.map(json).collect();
    let number = |line: &Value, key: &str| {
        line[key]
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or_default()
    };
    Captured {
        name: folder.strip_prefix(root).unwrap_or(folder).display().to_string(),
        request: json(&bytes("request.json")),
        body: bytes("response.body"),
        meta: json(&bytes("meta.json")),
        reads: lines
            .iter()
            .map(|line| (number(line, "offset"), number(line, "len")))
            .collect(),
        at_us: lines.iter().map(|line| number(line, "t_us") as u64).collect(),
    }
}
