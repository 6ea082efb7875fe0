//! Files in and out of the window.
//!
//! A file comes in pieces, so that its progress is seen and it can be given up
//! half way: the page reads it, and nothing but bytes and a name arrive here.
//! A file goes out to the path that a person chooses in the platform's dialog.

#![expect(
    clippy::let_underscore_must_use,
    clippy::needless_pass_by_value,
    reason = "the command macro writes the first and asks for the second"
)]

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use scrubjay_engine::{Engine, ExportFormat};
use scrubjay_ipc::{Code, Report, words};
use tauri::{
    Runtime, State, WebviewWindow,
    ipc::{InvokeBody, Request},
};
use tempfile::NamedTempFile;

/// Files that are on their way in, by the number that the page names them with.
#[derive(Default)]
pub struct Arriving {
    next: AtomicU32,
    files: Mutex<HashMap<u32, NamedTempFile>>,
}

impl Arriving {
    fn files(&self) -> MutexGuard<'_, HashMap<u32, NamedTempFile>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: &dyn std::fmt::Display) -> Report {
    Report::new(
        Code::BadFile,
        format!("The file did not arrive whole: {error}."),
        "Try again; nothing was imported.",
    )
}

fn unknown() -> Report {
    Report::new(Code::Superseded, "Opening the file was cancelled.", "")
}

/// Begins to take a file in; gives its number.
///
/// # Errors
/// When there is no room for it.
#[tauri::command]
pub fn import_begin(arriving: State<'_, Arriving>) -> Result<u32, Report> {
    let file = NamedTempFile::new().map_err(|error| failed(&error))?;
    let number = arriving.next.fetch_add(1, Ordering::Relaxed);
    arriving.files().insert(number, file);
    Ok(number)
}

/// Takes the next bytes of a file. Its number stands in the header `x-scrubjay-import`.
///
/// # Errors
/// When it was given up, or there is no room for it.
#[tauri::command]
pub fn import_piece(
    request: Request<'_>,
    arriving: State<'_, Arriving>,
    engine: State<'_, Engine>,
) -> Result<(), Report> {
    let InvokeBody::Raw(bytes) = request.body() else {
        return Err(Report::new(Code::BadRequest, "The file did not arrive as bytes.", ""));
    };
    let number = request.headers().get("x-scrubjay-import");
    let number = number.and_then(|number| number.to_str().ok()?.parse().ok());
    let mut files = arriving.files();
    let file = number
        .and_then(|number: u32| files.get_mut(&number))
        .ok_or_else(unknown)?;
    let len = file.as_file().metadata().map_err(|error| failed(&error))?.len();
    let max_len = engine.limits().file_len;
    if len.saturating_add(bytes.len() as u64) > max_len {
        return Err(too_large(max_len));
    }
    file.write_all(bytes).map_err(|error| failed(&error))
}

fn too_large(max_len: u64) -> Report {
    Report::new(
        Code::BadFile,
        format!("The file is larger than {}, the limit.", words::bytes(max_len)),
        "Nothing was taken. If you trust the file, import it by its path: scrubjay import --max-size 2GB FILE.",
    )
}

/// Imports a file that has arrived whole.
///
/// # Errors
/// When it is no recording, or nothing can be stored.
#[tauri::command]
pub async fn import_end(
    number: u32,
    name: String,
    arriving: State<'_, Arriving>,
    engine: State<'_, Engine>,
) -> Result<Vec<i64>, Report> {
    let file = arriving.files().remove(&number).ok_or_else(unknown)?;
    let engine = engine.inner().clone();
    let imported = tauri::async_runtime::spawn_blocking(move || {
        let imported = engine.import_file(file.path(), Some(&name));
        imported.map_err(|error| error.report())
    });
    let imported = imported.await.map_err(|panicked| broken_off("import", &panicked))??;
    Ok(imported.exchanges)
}

/// Gives a file up that was arriving; nothing of it stays.
#[tauri::command]
pub fn import_cancel(number: u32, arriving: State<'_, Arriving>) {
    arriving.files().remove(&number);
}

/// Asks where to, and writes an exchange there as a recording file. Gives the
/// path, or nothing when the dialog was closed.
///
/// # Errors
/// When there is no such exchange, or the file cannot be written.
#[tauri::command]
pub async fn export<R: Runtime>(
    exchange: i64,
    window: WebviewWindow<R>,
    engine: State<'_, Engine>,
) -> Result<Option<String>, Report> {
    let dialog = rfd::AsyncFileDialog::new()
        .set_parent(&window)
        .set_title("Save the recording")
        .set_file_name(format!("scrubjay-{exchange}{}", ExportFormat::Recording.ending()))
        .add_filter("Recordings", &["jsonl", "gz"]);
    let Some(chosen) = dialog.save_file().await else {
        return Ok(None);
    };
    let path = chosen.path().to_owned();
    let shown = path.display().to_string();
    let format = ExportFormat::of_name(&shown).unwrap_or(ExportFormat::Recording);
    let engine = engine.inner().clone();
    let written = tauri::async_runtime::spawn_blocking(move || {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).map_err(|error| unwritten(&error))?);
        let exported = engine.export(&[exchange], format, &mut file);
        exported.map_err(|error| error.report())?;
        file.flush().map_err(|error| unwritten(&error))
    });
    written.await.map_err(|panicked| broken_off("export", &panicked))??;
    Ok(Some(shown))
}

fn unwritten(error: &std::io::Error) -> Report {
    Report::new(
        Code::BadFile,
        format!("The file cannot be written: {error}."),
        "Choose another folder, or make room on the disk.",
    )
}

fn broken_off(what: &str, panicked: &dyn std::fmt::Display) -> Report {
    Report::new(Code::Internal, format!("The {what} broke off: {panicked}."), "")
}
