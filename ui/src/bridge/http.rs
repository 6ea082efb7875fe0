//! Through the door of `scrubjay serve`.
//!
//! Every question carries the token of this tab. It is kept in the storage of
//! the session, which is this tab's and this port's alone: a tab that is loaded
//! again stays let in, another tab or another server of the machine sees
//! nothing of it, and nothing of it is sent by the browser itself. The token in
//! the printed address is posted for it once, and taken out of the address.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Reflect, Uint8Array};
use leptos::prelude::{ArcRwSignal, Get as _, Set as _, document, window};
use scrubjay_ipc::{AnyAsk, Code, News, Report};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Headers, HtmlElement, ProgressEvent, ReadableStreamDefaultReader, RequestInit, Response, XmlHttpRequest,
};

use super::{
    Answering, Bridge, Cancel, Done, Progress, cancelled, internal,
    locked::{Locked, take_token},
    news_lines::Feed,
    tauri::{deliver, words_of},
};
use crate::browser::{self, File, OrLog as _};

const TOKEN_FIELD: &str = "x-scrubjay-token";
/// Where the token is kept while the tab is open.
const STORED: &str = "scrubjay.token";
/// Before the news are asked for again when they broke off.
const AGAIN_MS: f64 = 2_000.0;

thread_local! {
    static TOKEN: RefCell<String> = RefCell::default();
    static LOCKED: ArcRwSignal<Option<Locked>> = ArcRwSignal::new(None);
    static PAGE: String = format!("{:x}", (js_sys::Math::random() * 1e15) as u64);
}

/// The server this page came from.
pub(super) struct Http;

impl Bridge for Http {
    fn ask(&self, ask: AnyAsk) -> Answering<Vec<u8>> {
        Box::pin(async move {
            let text = serde_json::to_string(&ask).map_err(|error| internal(&error.to_string()))?;
            let answer = send("POST", "/api/ask", Some(&text)).await;
            note_lock(&answer);
            answer
        })
    }

    fn listen(&self, hear: Rc<dyn Fn(News)>) {
        spawn_local(listen(hear));
    }

    fn import(&self, file: &File, progress: Progress, done: Done) -> Cancel {
        import(file, progress, done)
    }

    fn export(&self, exchange: i64) -> Answering<Option<String>> {
        Box::pin(async move { export(exchange).await.map(|()| None) })
    }

    fn saves_downloads(&self) -> bool {
        true
    }

    fn locked(&self) -> Option<Locked> {
        LOCKED.with(Clone::clone).get()
    }
}

fn lock(why: Locked) {
    LOCKED.with(Clone::clone).set(Some(why));
}

// ---- coming in ----------------------------------------------------------

/// Gets a token for this tab, or gives why there is none.
pub(super) async fn enter() -> Result<(), Locked> {
    let of_address = token_of_address();
    let stored = storage().and_then(|storage| storage.get_item(STORED).ok()?);
    for token in [of_address.as_ref(), stored.as_ref()].into_iter().flatten() {
        if let Some(session) = enter_with(token).await? {
            if let Some(storage) = storage() {
                // A browser that forbids it wants the next address when this tab is loaded again.
                storage.set_item(STORED, &session).or_log();
            }
            TOKEN.replace(session);
            return Ok(());
        }
    }
    Err(match (stored, of_address) {
        (Some(_), _) => Locked::Ended,
        (None, Some(_)) => Locked::Spent,
        (None, None) => Locked::NoToken,
    })
}

/// The token of a session for this one; nothing when it does not work.
async fn enter_with(token: &str) -> Result<Option<String>, Locked> {
    TOKEN.replace(token.to_owned());
    match send("POST", "/api/enter", None).await {
        Ok(answer) => Ok(member(&answer, "token")),
        Err(report) if report.code == Code::Forbidden => Ok(None),
        Err(_silent) => Err(Locked::Silent),
    }
}

/// Takes the token out of the address, so that it is in no history and no screenshot.
fn token_of_address() -> Option<String> {
    let (token, search) = take_token(&browser::search());
    if token.is_some() {
        browser::replace_search(&search);
    }
    token
}

fn storage() -> Option<web_sys::Storage> {
    window().session_storage().ok()?
}

// ---- questions ----------------------------------------------------------

/// A tab that was let in and is refused was let in by a program that has ended.
fn note_lock<T>(answer: &Result<T, Report>) {
    if answer.as_ref().is_err_and(|report| report.code == Code::Forbidden) {
        lock(Locked::Ended);
    }
}

async fn send(method: &str, address: &str, body: Option<&str>) -> Result<Vec<u8>, Report> {
    let response = fetch(method, address, body).await?;
    let body = response.array_buffer().map_err(|_error| lost())?;
    let body = JsFuture::from(body).await.map_err(|_error| lost())?;
    let bytes = Uint8Array::new(&body).to_vec();
    if response.ok() {
        Ok(bytes)
    } else {
        Err(report_from(&bytes, response.status()))
    }
}

async fn fetch(method: &str, address: &str, body: Option<&str>) -> Result<Response, Report> {
    let init = RequestInit::new();
    init.set_method(method);
    if let Some(body) = body {
        init.set_body(&JsValue::from_str(body));
    }
    let headers = Headers::new().map_err(|error| internal(&words_of(&error)))?;
    headers.set("content-type", "application/json").or_log();
    headers.set(TOKEN_FIELD, &TOKEN.with_borrow(Clone::clone)).or_log();
    // Only this page's own newer questions make its older ones pointless.
    headers.set("x-scrubjay-page", &PAGE.with(Clone::clone)).or_log();
    init.set_headers(&headers);
    let response = JsFuture::from(window().fetch_with_str_and_init(address, &init))
        .await
        .map_err(|_refused| lost())?;
    response.dyn_into().map_err(|_other| lost())
}

/// A text member of a JSON answer.
fn member(answer: &[u8], name: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_slice(answer).ok()?;
    Some(answer.get(name)?.as_str()?.to_owned())
}

fn report_from(bytes: &[u8], status: u16) -> Report {
    serde_json::from_slice(bytes).unwrap_or_else(|_not_a_report| {
        Report::new(
            Code::Internal,
            format!("Scrubjay answered with status {status}."),
            "Reload the page.",
        )
    })
}

fn lost() -> Report {
    Report::new(
        Code::Internal,
        "Scrubjay does not answer.",
        "Is the program still running? Start it and open the address that it prints.",
    )
}

// ---- news ---------------------------------------------------------------

/// Hears the news for as long as the page lives. When they break off they are
/// asked for again, and so is what was missed meanwhile.
async fn listen(hear: Rc<dyn Fn(News)>) {
    loop {
        if let Ok(response) = fetch("GET", "/api/news", None).await {
            if response.status() == 403 {
                return lock(Locked::Ended);
            }
            hear_all(&response, &*hear).await;
        }
        browser::sleep(AGAIN_MS).await;
    }
}

async fn hear_all(response: &Response, hear: &dyn Fn(News)) {
    let Some(body) = response.body().filter(|_| response.ok()) else {
        return;
    };
    let Ok(reader) = body.get_reader().dyn_into::<ReadableStreamDefaultReader>() else {
        return;
    };
    let mut feed = Feed::default();
    while let Ok(read) = JsFuture::from(reader.read()).await {
        // At the end there is no value.
        let piece = Reflect::get(&read, &"value".into()).ok();
        let Some(piece) = piece.and_then(|piece| piece.dyn_into::<Uint8Array>().ok()) else {
            return;
        };
        for data in feed.push(&piece.to_vec()) {
            deliver(&data.into(), hear);
        }
    }
}

// ---- files --------------------------------------------------------------

fn import(file: &File, progress: Progress, done: Done) -> Cancel {
    let Ok(request) = XmlHttpRequest::new() else {
        done(Err(internal("The page can send no file.")));
        return Rc::new(|| {});
    };
    let name = js_sys::encode_uri_component(&file.name());
    request
        .open_with_async("POST", &format!("/api/import?name={name}"), true)
        .or_log();
    request
        .set_request_header(TOKEN_FIELD, &TOKEN.with_borrow(Clone::clone))
        .or_log();
    if let Ok(upload) = request.upload() {
        let moved = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
            progress(event.loaded() / event.total().max(1.0));
        });
        upload.set_onprogress(Some(moved.as_ref().unchecked_ref()));
        moved.forget();
    }
    let asked = request.clone();
    let ended = Closure::once(move || {
        let outcome = outcome_of(&asked);
        note_lock(&outcome);
        done(outcome);
    });
    request.set_onloadend(Some(ended.as_ref().unchecked_ref()));
    ended.forget();
    request.send_with_opt_blob(Some(file)).or_log();
    Rc::new(move || request.abort().or_log())
}

fn outcome_of(request: &XmlHttpRequest) -> Result<(), Report> {
    match request.status().unwrap_or(0) {
        0 => Err(cancelled()),
        status @ 200..300 => {
            let _fine = status;
            Ok(())
        }
        status => {
            let text = request.response_text().ok().flatten().unwrap_or_default();
            Err(report_from(text.as_bytes(), status))
        }
    }
}

/// Lets the browser save a recording of one exchange. It follows an address
/// that works once: a large file is written as it comes and never held here.
async fn export(exchange: i64) -> Result<(), Report> {
    let download = format!("/api/export?exchange={exchange}");
    let answer = send("POST", "/api/ticket", Some(&download)).await;
    note_lock(&answer);
    let address = member(&answer?, "address").ok_or_else(lost)?;
    let made = document().create_element("a").ok();
    let link = made.and_then(|made| made.dyn_into::<HtmlElement>().ok());
    let link = link.ok_or_else(|| internal("The page can make no link."))?;
    link.set_attribute("href", &address).or_log();
    link.set_attribute("download", "").or_log();
    link.click();
    Ok(())
}
