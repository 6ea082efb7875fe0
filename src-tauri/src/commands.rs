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
    ipc::{Channel, Response},
};

/// The one window there is; its newer questions supersede its older ones.
const WINDOW: Asker = Asker(1);

/// Answers a question with bytes in its encoding.
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
