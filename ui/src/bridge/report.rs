//! The bridge of a report: its recordings are in the page, and so are the answers.

use std::{cell::RefCell, ops::Range, rc::Rc};

use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::{document, window};
use scrubjay_answers::Recordings;
use scrubjay_ipc::{AnyAsk, Code, News, Report};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, HtmlElement, Url};

use super::{Answering, Bridge, Cancel, Done, Progress, internal};
use crate::browser::{self, File, OrLog as _};

/// Where the page's script puts what the report holds: `recordings`, a list of
/// `{name, bytes}`, and `beginning`, the query of an address.
const HELD: &str = "scrubjayReport";
/// How long a browser may take to begin a download.
const SAVED_MS: f64 = 60_000.0;

/// What a report holds.
pub(super) struct Held {
    recordings: RefCell<Recordings>,
    files: Vec<HeldFile>,
    beginning: Option<String>,
}

/// A recording as it was written.
struct HeldFile {
    name: String,
    bytes: Uint8Array,
    /// What its header says, as part of a sentence.
    about: String,
    exchanges: Range<i64>,
}

/// Reads what the page holds, if it is a report.
pub(super) fn enter() -> Option<Held> {
    let held = member(&window(), HELD)?;
    let list: Array = member(&held, "recordings")?.dyn_into().ok()?;
    let (mut recordings, mut files, mut next) = (Recordings::default(), Vec::new(), 0);
    for entry in list.iter() {
        let bytes: Uint8Array = member(&entry, "bytes")?.dyn_into().ok()?;
        let name = member(&entry, "name")?.as_string()?;
        let first = next;
        let about = take(&mut recordings, &mut next, &bytes.to_vec());
        recordings.len += u64::from(bytes.length());
        let exchanges = first..next;
        files.push(HeldFile {
            name,
            bytes,
            about,
            exchanges,
        });
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    recordings.name = names.join(", ");
    Some(Held {
        recordings: RefCell::new(recordings),
        files,
        beginning: member(&held, "beginning").and_then(|beginning| beginning.as_string()),
    })
}

/// Takes the exchanges of a recording in; gives what its header says.
fn take(recordings: &mut Recordings, next: &mut i64, bytes: &[u8]) -> String {
    let recording = match scrubjay_recording::read(bytes) {
        Ok(recording) => recording,
        Err(error) => return format!("a recording that cannot be read ({error})"),
    };
    for recorded in recording.exchanges {
        recordings.put(*next, recorded.into_shelf());
        *next += 1;
    }
    match recording.header.tool.as_str() {
        "" => "recorded by an unnamed tool".to_owned(),
        tool => format!("recorded by {tool}"),
    }
}

fn member(of: &JsValue, name: &str) -> Option<JsValue> {
    let found = Reflect::get(of, &name.into()).ok()?;
    (!found.is_undefined() && !found.is_null()).then_some(found)
}

impl Bridge for Held {
    fn ask(&self, ask: AnyAsk) -> Answering<Vec<u8>> {
        let answer = self.recordings.borrow_mut().answer(&ask);
        Box::pin(async move { answer })
    }

    /// Nothing happens behind a report.
    fn listen(&self, _hear: Rc<dyn Fn(News)>) {}

    fn import(&self, _file: &File, _progress: Progress, done: Done) -> Cancel {
        done(Err(Report::new(
            Code::BadRequest,
            "A report takes no other recording in.",
            "Open the file with scrubjay serve, or in the window of Scrubjay.",
        )));
        Rc::new(|| {})
    }

    fn export(&self, exchange: i64) -> Answering<Option<String>> {
        let file = self.files.iter().find(|file| file.exchanges.contains(&exchange));
        let saved = match file {
            Some(file) => save(file).map(|()| Some(file.name.clone())),
            None => Err(Report::new(Code::NotFound, "There is no such exchange.", "")),
        };
        Box::pin(async move { saved })
    }

    fn saves_downloads(&self) -> bool {
        true
    }

    fn has_engine(&self) -> bool {
        false
    }

    fn about(&self) -> Option<String> {
        let files = self.files.iter().map(|file| format!("{}, {}", file.name, file.about));
        Some(files.collect::<Vec<_>>().join("\n"))
    }

    fn beginning(&self) -> Option<String> {
        self.beginning.clone()
    }
}

/// Gives a recording back as the file that it was.
fn save(file: &HeldFile) -> Result<(), Report> {
    let refused = |_error: JsValue| internal("The browser does not save the recording.");
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(&file.bytes)).map_err(refused)?;
    let address = Url::create_object_url_with_blob(&blob).map_err(refused)?;
    let link = document().create_element("a").map_err(refused)?;
    link.set_attribute("href", &address).map_err(refused)?;
    link.set_attribute("download", &file.name).map_err(refused)?;
    if let Some(link) = link.dyn_ref::<HtmlElement>() {
        link.click();
    }
    browser::later(SAVED_MS, move || Url::revoke_object_url(&address).or_log());
    Ok(())
}
