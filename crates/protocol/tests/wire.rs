//! Wire scenarios: each `tests/wire/<stem>.sse` is a body, and
//! `<stem>.frames` holds the frames that it is cut into. Adding the two files adds a
//! test. In a body every byte counts, line ends included, so these files are
//! marked as binary for git.
//!
//! To write an expectation for a new body, run the tests once with
//! `SCRUBJAY_BLESS=1`, then read what was written.

#![expect(clippy::disallowed_methods, reason = "scenarios are files")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use scrubjay_protocol::{
    frame::{Detail, Frame},
    json::to_json,
    sse::Decoder,
};

fn scenarios() -> BTreeMap<String, Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    let mut scenarios = BTreeMap::<_, Vec<_>>::new();
    for entry in fs::read_dir(folder).expect("tests/wire is there") {
        let path = entry.expect("a folder entry reads").path();
        let stem = path
            .file_stem()
            .expect("scenarios have names")
            .to_string_lossy()
            .into_owned();
        scenarios.entry(stem).or_default().push(path);
    }
    scenarios
}

fn decode(body: &[u8], pieces: usize, detail: Detail) -> (Vec<Frame>, std::ops::Range<u64>) {
    let mut decoder = Decoder::new().with_detail(detail);
    let mut frames = Vec::new();
    for piece in body.chunks(pieces) {
        decoder.push(piece);
        frames.extend(std::iter::from_fn(|| decoder.next_frame()));
    }
    frames.extend(decoder.finish());
    frames.extend(std::iter::from_fn(|| decoder.next_frame()));
    (frames, decoder.tail_range())
}

/// A line of a description.
macro_rules! line {
    ($text:expr, $($part:tt)*) => {
        writeln!($text, $($part)*).expect("a String takes everything")
    };
}

fn field(text: &mut String, name: &str, value: Option<&Vec<u8>>) {
    if let Some(value) = value {
        line!(text, "  {name} {}", value.escape_ascii());
    }
}

fn describe(body: &[u8]) -> String {
    let (frames, tail) = decode(body, body.len().max(1), Detail::Value);
    let mut text = String::new();
    for (place, frame) in frames.iter().enumerate() {
        let name = frame.event_type.as_ref().map_or("", |name| name.name());
        line!(text, "#{} {:?} {} {name}", place + 1, frame.range, frame.kind.as_str());
        field(&mut text, "comment", frame.comment.as_ref());
        field(&mut text, "event", frame.event_name.as_ref());
        field(&mut text, "id", frame.id.as_ref());
        field(&mut text, "retry", frame.retry.as_ref());
        match &frame.value {
            Some(value) => line!(text, "  value {}", to_json(value)),
            None if frame.data.is_empty() => {}
            None => field(&mut text, "data", Some(&frame.data)),
        }
        for problem in &frame.problems {
            line!(text, "  ! {}: {}", problem.rule, problem.message);
        }
    }
    if !tail.is_empty() {
        line!(text, "tail {tail:?}");
    }
    text
}

#[test]
fn bodies_are_cut_as_their_expectations_say() {
    let bless = std::env::var_os("SCRUBJAY_BLESS").is_some();
    let mut checked = 0;
    for (stem, paths) in scenarios() {
        let body_path = paths[0].with_extension("sse");
        let frames_path = paths[0].with_extension("frames");
        let described = describe(&fs::read(&body_path).unwrap_or_else(|_| panic!("{stem} has no body")));
        if bless {
            fs::write(&frames_path, &described).expect("tests/wire can be written");
        }
        let expected = fs::read_to_string(&frames_path).unwrap_or_else(|_| panic!("{stem} has no expectation"));
        assert_eq!(
            paths.len(),
            if bless { paths.len() } else { 2 },
            "{stem} has other files than .sse and .frames"
        );
        assert_eq!(described, expected, "{stem}");
        checked += 1;
    }
    assert!(checked >= 20, "the scenarios went missing: {checked} were found");
}

#[test]
fn every_chunking_gives_the_same_frames() {
    for (stem, paths) in scenarios() {
        let body = fs::read(paths[0].with_extension("sse")).expect("the body reads");
        let whole = decode(&body, body.len().max(1), Detail::Value);
        for pieces in 1..=17 {
            assert_eq!(
                decode(&body, pieces, Detail::Value),
                whole,
                "{stem} in pieces of {pieces}"
            );
        }
    }
}

#[test]
fn reading_only_types_finds_the_same_frames() {
    for (stem, paths) in scenarios() {
        let body = fs::read(paths[0].with_extension("sse")).expect("the body reads");
        let (mut values, tail) = decode(&body, 7, Detail::Value);
        for frame in &mut values {
            frame.value = None;
        }
        assert_eq!(decode(&body, 7, Detail::TypeOnly), (values, tail), "{stem}");
    }
}
