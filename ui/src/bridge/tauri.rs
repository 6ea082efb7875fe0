//! How questions travel. Only here a bridge is touched.
//!
//! Two ways behind one function: the window's (`__TAURI__`), and HTTP for
//! `scrubjay serve` (`http`).

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, ArrayBuffer, Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use scrubjay_ipc::{AnyAsk, Ask, Code, Encoding, News, Report};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, XmlHttpRequest};

use super::{http, locked::Locked};

/// Which way questions travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bridge {
    Window,
    Http,
}

/// The way of this page.
pub(crate) fn bridge() -> Bridge {
    match tauri() {
        Some(_) => Bridge::Window,
        None => Bridge::Http,
    }
}

/// Comes in where there is a door, or says why it stays closed.
pub(crate) async fn enter() -> Result<(), Locked> {
    match bridge() {
        Bridge::Window => Ok(()),
        Bridge::Http => http::enter().await,
    }
}

/// Why this page may ask nothing any more, if so.
pub(crate) fn locked() -> Option<Locked> {
    http::locked()
}

/// Asks, and reads the answer.
pub(crate) async fn ask<A: Ask>(ask: A) -> Result<A::Answer, Report> {
    let bytes = travel(ask.into()).await?;
    let answer = match A::ENCODING {
        Encoding::Json => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
        Encoding::Postcard => postcard::from_bytes(&bytes).map_err(|error| error.to_string()),
    };
    answer.map_err(|why| internal(&format!("The answer could not be read: {why}.")))
}

async fn travel(ask: AnyAsk) -> Result<Vec<u8>, Report> {
    let text = serde_json::to_string(&ask).map_err(|error| internal(&error.to_string()))?;
    match bridge() {
        Bridge::Window => through_window(&text).await,
        Bridge::Http => http::ask(&text).await,
    }
}

// ---- the window ---------------------------------------------------------

fn tauri() -> Option<JsValue> {
    let tauri = Reflect::get(&window(), &"__TAURI__".into()).ok()?;
    let core = Reflect::get(&tauri, &"core".into()).ok()?;
    core.is_object().then_some(core)
}

async fn invoke(command: &str, arguments: &JsValue) -> Result<JsValue, Report> {
    invoke_with(command, arguments, &JsValue::UNDEFINED).await
}

async fn invoke_with(command: &str, arguments: &JsValue, options: &JsValue) -> Result<JsValue, Report> {
    let core = tauri().ok_or_else(|| internal("The window's bridge is gone."))?;
    let invoke: Function = Reflect::get(&core, &"invoke".into())
        .and_then(JsCast::dyn_into)
        .map_err(|_missing| internal("No bridge."))?;
    let promise: Promise = invoke
        .call3(&core, &command.into(), arguments, options)
        .and_then(JsCast::dyn_into)
        .map_err(|error| internal(&words_of(&error)))?;
    JsFuture::from(promise).await.map_err(|error| report_of(&error))
}

async fn through_window(text: &str) -> Result<Vec<u8>, Report> {
    let arguments = Object::new();
    let ask = js_sys::JSON::parse(text).map_err(|error| internal(&words_of(&error)))?;
    set(&arguments, "ask", &ask);
    let answer = invoke("ask", &arguments).await?;
    bytes_of(&answer).ok_or_else(|| internal("The answer is not bytes."))
}

fn bytes_of(value: &JsValue) -> Option<Vec<u8>> {
    if let Some(buffer) = value.dyn_ref::<ArrayBuffer>() {
        return Some(Uint8Array::new(buffer).to_vec());
    }
    if let Some(array) = value.dyn_ref::<Uint8Array>() {
        return Some(array.to_vec());
    }
    value.dyn_ref::<Array>().map(|array| Uint8Array::new(array).to_vec())
}

// ---- news ---------------------------------------------------------------

/// Calls `hear` with everything the engine tells, for as long as the page lives.
pub(crate) fn listen(hear: impl Fn(News) + 'static) {
    let hear: Rc<dyn Fn(News)> = Rc::new(hear);
    match bridge() {
        Bridge::Window => wasm_bindgen_futures::spawn_local(listen_to_window(hear)),
        Bridge::Http => wasm_bindgen_futures::spawn_local(http::listen(hear)),
    }
}

async fn listen_to_window(hear: Rc<dyn Fn(News)>) {
    let Some(core) = tauri() else { return };
    let Ok(class) = Reflect::get(&core, &"Channel".into()).and_then(JsCast::dyn_into::<Function>) else {
        return;
    };
    let Ok(channel) = Reflect::construct(&class, &Array::new()) else {
        return;
    };
    let told = Closure::<dyn Fn(JsValue)>::new(move |value: JsValue| tell(&value, &*hear));
    set(&channel, "onmessage", told.as_ref());
    told.forget();
    let arguments = Object::new();
    set(&arguments, "channel", &channel);
    drop(invoke("news", &arguments).await);
}

/// One piece of news or a list of them.
pub(super) fn tell(value: &JsValue, hear: &dyn Fn(News)) {
    if let Some(list) = value.dyn_ref::<Array>() {
        list.iter().for_each(|value| tell(&value, hear));
        return;
    }
    let text = match value.as_string() {
        Some(text) => text,
        None => js_sys::JSON::stringify(value).map(String::from).unwrap_or_default(),
    };
    if let Ok(news) = serde_json::from_str::<News>(&text) {
        hear(news);
    } else if let Ok(list) = serde_json::from_str::<Vec<News>>(&text) {
        list.into_iter().for_each(hear);
    }
}

// ---- files --------------------------------------------------------------

/// A file on its way in.
#[derive(Clone)]
pub(crate) enum Import {
    Http(XmlHttpRequest),
    /// Looked at before each piece.
    Window(Rc<Cell<bool>>),
    /// It could not even begin.
    Never,
}

impl Import {
    /// Gives up; the engine keeps nothing of a file it has not got whole.
    pub(crate) fn cancel(&self) {
        match self {
            Self::Http(request) => drop(request.abort()),
            Self::Window(is_given_up) => is_given_up.set(true),
            Self::Never => {}
        }
    }
}

/// Reads a file into the store. `progress` hears parts of 1, `done` once.
pub(crate) fn import(
    file: &File,
    progress: impl Fn(f64) + 'static,
    done: impl FnOnce(Result<(), Report>) + 'static,
) -> Import {
    match bridge() {
        Bridge::Window => {
            let (file, is_given_up) = (file.clone(), Rc::new(Cell::new(false)));
            let import = Import::Window(Rc::clone(&is_given_up));
            wasm_bindgen_futures::spawn_local(async move {
                done(import_into_window(&file, &progress, &is_given_up).await);
            });
            import
        }
        Bridge::Http => http::import(file, progress, done),
    }
}

/// Bytes of a file that travel to the window at a time.
const PIECE_LEN: f64 = 4_194_304.0;

async fn import_into_window(file: &File, progress: &dyn Fn(f64), is_given_up: &Cell<bool>) -> Result<(), Report> {
    let number = invoke("import_begin", &Object::new()).await?;
    let sent = send_pieces(file, &number, progress, is_given_up).await;
    let arguments = Object::new();
    set(&arguments, "number", &number);
    if let Err(report) = sent {
        invoke("import_cancel", &arguments).await?;
        return Err(report);
    }
    set(&arguments, "name", &file.name().into());
    invoke("import_end", &arguments).await.map(drop)
}

async fn send_pieces(
    file: &File,
    number: &JsValue,
    progress: &dyn Fn(f64),
    is_given_up: &Cell<bool>,
) -> Result<(), Report> {
    let headers = Object::new();
    set(
        &headers,
        "x-scrubjay-import",
        &js_sys::JsString::from(format!("{}", number.as_f64().unwrap_or(-1.0))),
    );
    let options = Object::new();
    set(&options, "headers", &headers);
    let (len, mut from) = (file.size(), 0.0);
    while from < len {
        if is_given_up.get() {
            return Err(cancelled());
        }
        let to = (from + PIECE_LEN).min(len);
        let piece = file.slice_with_f64_and_f64(from, to);
        let piece = piece.map_err(|error| unreadable(&words_of(&error)))?;
        let buffer = JsFuture::from(piece.array_buffer())
            .await
            .map_err(|error| unreadable(&words_of(&error)))?;
        invoke_with("import_piece", &Uint8Array::new(&buffer), &options).await?;
        from = to;
        progress(from / len.max(1.0));
    }
    Ok(())
}

/// Saves a recording of one exchange. The window asks where and gives the path, or
/// nothing when that was given up; a browser saves it where it saves everything.
pub(crate) async fn export(exchange: i64) -> Result<Option<String>, Report> {
    if bridge() == Bridge::Http {
        return http::export(exchange).await.map(|()| None);
    }
    let arguments = Object::new();
    set(&arguments, "exchange", &JsValue::from_f64(exchange as f64));
    Ok(invoke("export", &arguments).await?.as_string())
}

pub(super) fn cancelled() -> Report {
    Report::new(Code::Superseded, "Opening the file was cancelled.", "")
}

fn unreadable(why: &str) -> Report {
    Report::new(Code::BadFile, format!("The file could not be read: {why}."), "")
}

/// Whether this page is a browser's, which saves what it is given.
pub(crate) fn can_fetch() -> bool {
    bridge() == Bridge::Http
}

// ---- the window's own title --------------------------------------------

/// Sets the title, of the window too where the page cannot do it alone.
pub(crate) fn set_title(title: &str) {
    leptos::prelude::document().set_title(title);
    if bridge() == Bridge::Window {
        let title = title.to_owned();
        wasm_bindgen_futures::spawn_local(async move {
            let arguments = Object::new();
            set(&arguments, "title", &title.into());
            // A door that does not offer it leaves the title as it was.
            drop(invoke("title", &arguments).await);
        });
    }
}

// ---- helpers ------------------------------------------------------------

fn set(object: &JsValue, name: &str, value: &JsValue) {
    drop(Reflect::set(object, &name.into(), value));
}

pub(super) fn words_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into())
        .ok()
        .and_then(|message| message.as_string());
    error
        .as_string()
        .or(message)
        .unwrap_or_else(|| "unknown reason".to_owned())
}

fn report_of(error: &JsValue) -> Report {
    let text = error
        .as_string()
        .or_else(|| js_sys::JSON::stringify(error).ok().map(String::from));
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_else(|| internal(&words_of(error)))
}

pub(super) fn internal(message: &str) -> Report {
    Report::new(
        Code::Internal,
        message,
        "This is a mistake in Scrubjay; reload the page to go on.",
    )
}
