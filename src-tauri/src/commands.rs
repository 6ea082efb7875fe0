//! What the page may call. Each command only carries: the engine answers.

#![expect(
    clippy::let_underscore_must_use,
    clippy::needless_pass_by_value,
    reason = "the command macro writes the first and asks for the second"
)]

use scrubjay_engine::{Asker, Engine};
use scrubjay_ipc::{AnyAsk, Code, News, Report};
use tauri::{
    Runtime, State, WebviewWindow,
    ipc::{Channel, InvokeBody, Request, Response},
};

/// The one window there is; its newer questions supersede its older ones.
const WINDOW: Asker = Asker(1);

/// Answers a question with the bytes that its encoding says.
///
/// # Errors
/// What went wrong, as a person reads it.
#[tauri::command]
pub async fn ask(ask: AnyAsk, engine: State<'_, Engine>) -> Result<Response, Report> {
    engine.answer(WINDOW, ask).await.map(Response::new)
}

/// Sends news for as long as the page listens.
///
/// # Errors
/// When the store cannot be followed.
#[tauri::command]
pub async fn news(channel: Channel<Vec<News>>, engine: State<'_, Engine>) -> Result<(), Report> {
    let mut feed = engine.news().map_err(|error| error.report())?;
    tauri::async_runtime::spawn(async move {
        while let Some(news) = feed.next().await {
            if channel.send(vec![news]).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Takes a recording file that was opened or dropped. The body is the file's
/// bytes; its name stands, percent-encoded, in the header `x-scrubjay-name`.
///
/// # Errors
/// When it is no recording, or nothing can be stored.
#[tauri::command]
pub async fn import(request: Request<'_>, engine: State<'_, Engine>) -> Result<Vec<i64>, Report> {
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(Report::new(Code::BadRequest, "The file did not arrive as bytes.", ""));
    };
    let name = request
        .headers()
        .get("x-scrubjay-name")
        .and_then(|name| name.to_str().ok())
        .unwrap_or("the file");
    let (name, bytes, engine) = (name.to_owned(), bytes.clone(), engine.inner().clone());
    let imported = tauri::async_runtime::spawn_blocking(move || engine.import_bytes(&name, &bytes)).await;
    match imported {
        Ok(imported) => imported
            .map(|imported| imported.exchanges)
            .map_err(|error| error.report()),
        Err(panicked) => Err(Report::new(
            Code::Internal,
            format!("The import broke off: {panicked}."),
            "",
        )),
    }
}

/// Sets the window's title, which the page cannot do alone.
///
/// # Errors
/// When the window is gone.
#[tauri::command]
pub fn title<R: Runtime>(title: String, window: WebviewWindow<R>) -> Result<(), Report> {
    window
        .set_title(&title)
        .map_err(|error| Report::new(Code::Internal, error.to_string(), ""))
}
