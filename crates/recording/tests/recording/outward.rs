//! What comes back of a recording that went through each of the other formats.

#![expect(
    clippy::disallowed_methods,
    reason = "recordings and the page of documentation are files"
)]

use std::{collections::BTreeMap, fs, path::Path};

use scrubjay_protocol::{framing::Framing, json::to_json};
use scrubjay_recording::{Limits, Outward, OutwardWriter, Recorded, open_within, read};
use scrubjay_session::exchange::field;

const FORMATS: [(Outward, &str); 5] = [
    (Outward::Har, "HAR"),
    (Outward::EventStream, "`.sse`"),
    (Outward::EventLines, "`.jsonl`"),
    (Outward::EventArray, "`.json`"),
    (Outward::Aimock, "aimock"),
];

/// Whether a part of an exchange came back.
type IsKept = fn(&Recorded, &Recorded) -> bool;

/// What is compared of an exchange.
const KEPT: [(&str, IsKept); 12] = [
    ("events, as they stand on the wire", |one, back| {
        events(one).0 == events(back).0
    }),
    ("bytes of the body", |one, back| one.body == back.body),
    ("times of the events", |one, back| events(one).1 == events(back).1),
    ("all chunks", |one, back| one.chunks == back.chunks),
    ("method and URL", |one, back| {
        one.exchange.request.method == back.exchange.request.method && one.exchange.url() == back.exchange.url()
    }),
    ("request body", |one, back| one.request_body == back.request_body),
    ("request header fields", |one, back| {
        one.exchange.request.headers == back.exchange.request.headers
    }),
    ("status", |one, back| status(one) == status(back)),
    ("response header fields", |one, back| {
        one.exchange.response.as_ref().map(|head| &head.headers)
            == back.exchange.response.as_ref().map(|head| &head.headers)
    }),
    ("when it began", |one, back| {
        one.exchange.started_at_us == back.exchange.started_at_us
    }),
    ("how it ended", |one, back| one.exchange.ending == back.exchange.ending),
    ("labels", |one, back| one.exchange.labels == back.exchange.labels),
];

fn status(one: &Recorded) -> Option<u16> {
    one.exchange.response.as_ref().map(|head| head.status)
}

/// Events as JSON text, and when each was complete.
fn events(one: &Recorded) -> (Vec<String>, Vec<u64>) {
    let headers = one.exchange.response.as_ref().map(|head| &head.headers);
    let content_type = headers
        .map(|headers| field(headers, "content-type"))
        .unwrap_or_default();
    let mut framing = Framing::new(Some(content_type.as_str()).filter(|text| !text.is_empty()));
    let (mut texts, mut times, mut at) = (Vec::new(), Vec::new(), 0);
    for chunk in &one.chunks {
        let end = at + chunk.len as usize;
        framing.push(&one.body[at..end]);
        at = end;
        while let Some(frame) = framing.next_frame() {
            if let Some(value) = frame.value.filter(|_| !frame.is_record) {
                texts.push(to_json(&value));
                times.push(chunk.at_us);
            }
        }
    }
    (texts, times)
}

/// The recordings that come with the program, without their encodings: what stands in a HAR is decoded.
fn recordings() -> Vec<(String, Vec<Recorded>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recordings");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.retain(|path| path.to_string_lossy().ends_with(".agui.jsonl"));
    let read = |path: &Path| read(&fs::read(path).unwrap()[..]).unwrap().exchanges;
    files
        .iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(path)))
        .collect()
}

fn through(format: Outward, exchanges: &[Recorded]) -> Vec<Recorded> {
    let mut writer = OutwardWriter::new(Vec::new(), format, "test", "0").unwrap();
    for one in exchanges {
        writer.exchange(one).unwrap();
    }
    if writer.is_empty() {
        return Vec::new();
    }
    let file = writer.finish().unwrap();
    let recording = open_within(&file[..], Limits::default());
    recording
        .unwrap_or_else(|error| panic!("{format:?}: {error}: {}", String::from_utf8_lossy(&file)))
        .exchanges
}

/// How often each came back and how often it did not, by format.
fn tally() -> BTreeMap<(usize, usize), [usize; 2]> {
    let mut tally: BTreeMap<(usize, usize), [usize; 2]> = BTreeMap::new();
    for (name, exchanges) in recordings() {
        for (column, (format, _)) in FORMATS.iter().enumerate() {
            // Alone, since not every format has a place for where an exchange ends.
            for one in &exchanges {
                let back = through(*format, std::slice::from_ref(one));
                assert!(back.len() < 2, "{name}");
                for (row, (_, is_same)) in KEPT.iter().enumerate() {
                    let is_kept = back.first().is_some_and(|back| is_same(one, back));
                    tally.entry((row, column)).or_default()[usize::from(!is_kept)] += 1;
                }
            }
        }
    }
    tally
}

fn table() -> String {
    let tally = tally();
    let names: Vec<&str> = FORMATS.iter().map(|(_, name)| *name).collect();
    let mut text = format!(
        "| of an exchange | {} |\n|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for (row, (what, _)) in KEPT.iter().enumerate() {
        let cells: Vec<String> = (0..FORMATS.len())
            .map(|column| match tally[&(row, column)] {
                [_, 0] => "yes".to_owned(),
                [0, _] => "–".to_owned(),
                [kept, lost] => format!("{kept} of {}", kept + lost),
            })
            .collect();
        text.push_str(&format!("| {what} | {} |\n", cells.join(" | ")));
    }
    text
}

/// The page has the table that comes out here; `SCRUBJAY_BLESS=1` puts it there.
#[test]
fn the_page_of_formats_has_what_comes_back() {
    const BEGIN: &str = "<!-- what comes back -->\n";
    const END: &str = "<!-- end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = fs::read_to_string(&path).unwrap();
    let begin = page.find(BEGIN).unwrap() + BEGIN.len();
    let end = page.find(END).unwrap();
    let table = table();
    if std::env::var_os("SCRUBJAY_BLESS").is_some() {
        fs::write(&path, format!("{}{table}{}", &page[..begin], &page[end..])).unwrap();
        return;
    }
    assert_eq!(&page[begin..end], table);
}

#[test]
fn a_command_has_the_request_to_the_byte() {
    let (_, exchanges) = recordings().swap_remove(0);
    let mut one = exchanges[0].clone();
    one.request_body = b"it's\n".to_vec();
    let command = |one: &Recorded| {
        let mut writer = OutwardWriter::new(Vec::new(), Outward::Curl, "test", "0").unwrap();
        writer.exchange(one).unwrap();
        String::from_utf8(writer.finish().unwrap()).unwrap()
    };
    assert!(command(&one).contains("--data-raw 'it'\\''s\n'"));
    one.request_body = b"\xff\xfe".to_vec();
    let text = command(&one);
    assert!(
        text.contains("base64 -d <<'END' | curl -N -X 'POST'") && text.ends_with("\n//4=\nEND\n"),
        "{text}"
    );
}

#[test]
fn streams_are_kept_apart_and_what_is_none_is_left_out() {
    let (_, exchanges) = recordings().swap_remove(0);
    let mut cut = exchanges[0].clone();
    cut.body = b"data: {\"type\":\"RUN_STARTED\"}".to_vec();
    cut.chunks.truncate(1);
    cut.chunks[0].len = cut.body.len() as u64;
    let both = through(Outward::EventStream, &[cut.clone(), cut.clone()]);
    assert_eq!(both[0].body, [&cut.body[..], b"\n\n", &cut.body].concat());
    cut.exchange.response.as_mut().unwrap().headers = vec![("content-type".to_owned(), b"application/json".to_vec())];
    cut.body = b"{}".to_vec();
    cut.chunks[0].len = 2;
    assert!(through(Outward::EventStream, &[cut]).is_empty());
}
