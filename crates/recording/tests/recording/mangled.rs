//! No file of another tool makes the reader panic, damaged ones included.

#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use std::{fs, path::Path, sync::LazyLock};

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof, proptest},
    sample::{Index, select},
    test_runner::{Config, RngSeed},
};
use scrubjay_recording::{Limits, open_within};

/// A small file of each format.
static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    files.extend(
        [
            r#"{"format":"gentui-session","version":1,"recorded_at":"2026-09-01T12:00:00+02:00","target":"http://h/a","items":[{"t":0.5,"kind":"user","text":"x"},{"t":1,"kind":"event","event":{"type":"RUN_STARTED"}},{"t":2,"kind":"resume","entries":[]},{"t":3,"kind":"event","event":{"type":"RAW"}}]}"#,
            r#"{"version":0,"session":{"id":"s","exchanges":[{"id":"e","method":"POST","path":"/a","status":200,"startedAt":1,"elapsedMs":2,"transport":"completed"}],"frames":[{"exchangeId":"e","envelope":": x\n\n","offsetMs":1}]}}"#,
            "> POST /a HTTP/1.1\r\n> Host: h\r\n>\r\n< HTTP/1.1 200 OK\r\n< a: b\r\n<\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\ndata: {}\n\n* Connection #0\ncurl: (18) x\n",
            r#"{"kind":"header","schemaVersion":1}"#,
        ]
        .map(|text| text.as_bytes().to_vec()),
    );
    let wide = String::from_utf8_lossy(&files[0])
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<u8>>();
    files.push([vec![0xff, 0xfe], wide].concat());
    files
});

/// One change: from where, how many bytes, and what takes their place.
fn change() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let tokens = select(vec![
        &b"null"[..],
        b"{}",
        b"[]",
        b"[",
        b"}",
        b"\"",
        b"-1",
        b"1e999",
        b"99999999999999999999",
        b"\"\\ud800\"",
        b"\xff",
        b"\n",
        b"\n\n",
        b"\r",
        b",",
        b":",
        b"data:",
        b"HTTP/1.1 999",
        b"\"base64\"",
        b"\"type\"",
        b"PK\x03\x04",
        b"\x1f\x8b",
    ]);
    let bytes = prop_oneof![
        tokens.prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..6),
        Just(Vec::new())
    ];
    (any::<Index>(), 0_usize..40, bytes)
}

proptest! {
    #![proptest_config(Config { cases: 3_000, rng_seed: RngSeed::Fixed(12), failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_mangled_file_never_panics_and_adds_up(
        file in any::<Index>(),
        changes in vec(change(), 0..5),
        end in proptest::option::of(any::<Index>()),
    ) {
        let mut file = file.get(&FILES).clone();
        for (at, len, bytes) in changes {
            let at = at.index(file.len() + 1);
            let to = (at + len).min(file.len());
            file.splice(at..to, bytes);
        }
        if let Some(end) = end {
            file.truncate(end.index(file.len() + 1));
        }
        let Ok(recording) = open_within(&file[..], Limits::default()) else { return Ok(()) };
        assert!(!recording.exchanges.is_empty() || recording.notes.is_empty());
        for (index, one) in recording.exchanges.iter().enumerate() {
            let sum: u64 = one.chunks.iter().map(|chunk| chunk.len).sum();
            assert_eq!((one.exchange.index, sum), (index as i64, one.body.len() as u64));
            assert!(one.chunks.is_sorted_by(|a, b| a.at_us <= b.at_us && a.offset + a.len == b.offset));
            assert!(one.frame_lines.iter().all(|(line, at)| *line > 0 && *at <= one.body.len() as u64));
        }
    }
}
