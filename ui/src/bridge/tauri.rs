//! The bridge of the window: commands and a channel of Tauri.

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, ArrayBuffer, Function, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use scrubjay_ipc::{AnyAsk, Code, News, Report};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{Answering, Bridge, Cancel, Done, Progress, cancelled, internal};
use crate::browser::{File, OrLog as _};

/// Bytes of a file that travel to the window at a time.
const PIECE_LEN: f64 = 4_194_304.0;

/// The window around this page.
pub(super) struct Tauri;

impl Bridge for Tauri {
    fn ask(&self, ask: AnyAsk) -> Answering<Vec<u8>> {
        Box::pin(ask_window(ask))
    }

    fn listen(&self, hear: Rc<dyn Fn(News)>) {
        spawn_local(listen(hear));
    }

    fn import(&self, file: &File, progress: Progress, done: Done) -> Cancel {
        let (file, is_given_up) = (file.clone(), Rc::new(Cell::new(false)));
        let cancel = Rc::clone(&is_given_up);
        spawn_local(async move { done(import(&file, &progress, &is_given_up).await) });
        Rc::new(move || cancel.set(true))
    }

    fn export(&self, exchange: i64) -> Answering<Option<String>> {
        Box::pin(async move {
            let arguments = Object::new();
            set(&arguments, "exchange", &JsValue::from_f64(exchange as f64));
            Ok(invoke("export", &arguments).await?.as_string())
        })
    }

    fn saves_downloads(&self) -> bool {
        false
    }

    fn set_title(&self, title: &str) {
        let arguments = Object::new();
        set(&arguments, "title", &title.into());
        spawn_local(async move {
            // A window that does not offer it leaves the title as it was.
            invoke("title", &arguments).await.ok();
        });
    }
}

/// Whether this page stands in a window.
pub(super) fn is_here() -> bool {
    tauri().is_some()
}

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

async fn ask_window(ask: AnyAsk) -> Result<Vec<u8>, Report> {
    let text = serde_json::to_string(&ask).map_err(|error| internal(&error.to_string()))?;
    let arguments = Object::new();
    let ask = js_sys::JSON::parse(&text).map_err(|error| internal(&words_of(&error)))?;
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

async fn listen(hear: Rc<dyn Fn(News)>) {
    let Some(core) = tauri() else { return };
    let Ok(class) = Reflect::get(&core, &"Channel".into()).and_then(JsCast::dyn_into::<Function>) else {
        return;
    };
    let Ok(channel) = Reflect::construct(&class, &Array::new()) else {
        return;
    };
    let heard = Closure::<dyn Fn(JsValue)>::new(move |value: JsValue| deliver(&value, &*hear));
    set(&channel, "onmessage", heard.as_ref());
    heard.forget();
    let arguments = Object::new();
    set(&arguments, "channel", &channel);
    if let Err(report) = invoke("news", &arguments).await {
        leptos::logging::warn!("The window hears of nothing new: {}", report.message);
    }
}

/// One piece of news or a list of them.
pub(super) fn deliver(value: &JsValue, hear: &dyn Fn(News)) {
    if let Some(list) = value.dyn_ref::<Array>() {
        list.iter().for_each(|value| deliver(&value, hear));
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

async fn import(file: &File, progress: &dyn Fn(f64), is_given_up: &Cell<bool>) -> Result<(), Report> {
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

fn unreadable(why: &str) -> Report {
    Report::new(Code::BadFile, format!("The file could not be read: {why}."), "")
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).or_log();
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
