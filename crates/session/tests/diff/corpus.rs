//! Every captured stream: the same as itself at every level, however it is
//! cut below level wire, and the same as its replay.

#![expect(clippy::disallowed_methods, reason = "captures are files")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use scrubjay_session::diff::Level;

use crate::side::{by_frames, compare, exchange};

fn captured() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    let mut found: Vec<PathBuf> = folders(&corpus).iter().flat_map(|family| folders(family)).collect();
    found.sort();
    assert!(found.len() > 100, "the corpus should be there");
    found
}

fn read(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let request: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("request.json")).unwrap()).unwrap();
    let request = match &request["body"] {
        serde_json::Value::String(text) => text.clone().into_bytes(),
        body => serde_json::to_vec(body).unwrap(),
    };
    (request, fs::read(folder.join("response.body")).unwrap())
}

#[test]
fn every_capture_is_the_same_as_itself() {
    for folder in captured() {
        let (request, body) = read(&folder);
        let shelf = by_frames(&request, &body);
        for level in Level::ALL {
            let mut comparison = compare(&shelf, &shelf, level);
            let first = comparison.first().unwrap();
            assert!(
                comparison.is_same(),
                "{} at {}: {first:?}",
                folder.display(),
                level.as_str()
            );
        }
    }
}

#[test]
fn how_a_capture_is_cut_counts_at_level_wire_only() {
    for folder in captured() {
        let (request, body) = read(&folder);
        let one = by_frames(&request, &body);
        let cuts: Vec<usize> = (0..body.len()).step_by(7).collect();
        let other = exchange(&request, &body, &cuts);
        for level in [Level::Behaviour, Level::State, Level::Text] {
            let mut comparison = compare(&one, &other, level);
            let first = comparison.first().unwrap();
            assert!(
                comparison.is_same(),
                "{} at {}: {first:?}",
                folder.display(),
                level.as_str()
            );
        }
    }
}
