//! The Scrubjay window.
//!
//! A webview with one page in it, an engine behind it, and a few commands in
//! between. What the page can do here it can do in a browser under
//! `scrubjay serve` as well, because both ask the same questions.
//!
//! # Map
//!
//! - [`arguments`]: what may stand on the command line.
//! - [`commands`]: one thin function for each command; bytes in, bytes out.
//! - [`files`]: recordings in and out.
//! - [`samples`]: the recordings that a first start shows.
//! - `webview`: settings of the webview, before it starts.
//! - [`build`]: the application, generic over the runtime so that tests can
//!   put a made-up one under it.
//!
//! # What is not here
//!
//! No questions and no answers: those are the engine's and `ipc`'s. Nothing is
//! recorded, stored or parsed in this package.

pub mod arguments;
pub mod commands;
pub mod files;
pub mod samples;
mod webview;

use std::{ffi::OsString, process::ExitCode};

use scrubjay_engine::{Engine, Opening, Options};
use tauri::{App, Builder, Manager as _, Runtime};

use crate::arguments::Arguments;

/// Opens the window and gives the exit status once it is closed.
#[must_use]
pub fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    match Arguments::read(words) {
        Ok(Arguments::Help) => {
            print(arguments::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Arguments::Version) => {
            print(env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Ok(Arguments::Open { store, samples }) => {
            webview::limit_memory();
            scrubjay_engine::raise_descriptor_limit();
            let opening = Opening::Window;
            open(&Options { path: store, opening }, samples)
        }
        Err(sentence) => fail(&sentence, "Run scrubjay-desktop --help to see what may follow."),
    }
}

fn open(options: &Options, with_samples: bool) -> ExitCode {
    let engine = match Engine::open(options) {
        Ok(engine) => engine,
        Err(error) => {
            let report = error.report();
            return fail(&report.message, &report.hint);
        }
    };
    if with_samples
        && !engine.is_read_only()
        && let Err(error) = samples::show_at_first_start(&engine)
    {
        let report = error.report();
        // A window without samples is better than none.
        print_error(&report.message, &report.hint);
    }
    match build(Builder::default(), engine.clone()) {
        Ok(app) => {
            app.run(|_, _| {});
            engine.close();
            ExitCode::SUCCESS
        }
        Err(error) => fail(
            &format!("The window could not be opened: {error}."),
            "On a machine without a display, `scrubjay serve` shows the same in a browser.",
        ),
    }
}

/// Puts the application together.
///
/// # Errors
/// When the platform has no webview or no display.
pub fn build<R: Runtime>(builder: Builder<R>, engine: Engine) -> tauri::Result<App<R>> {
    builder
        .setup(|app| {
            app.manage(engine);
            app.manage(files::Arriving::default());
            Ok(())
        })
        .invoke_handler(tauri::generate_handler![
            commands::ask,
            commands::news,
            files::import_begin,
            files::import_piece,
            files::import_end,
            files::import_cancel,
            files::export,
            commands::title
        ])
        .build(tauri::generate_context!())
}

fn fail(sentence: &str, hint: &str) -> ExitCode {
    print_error(sentence, hint);
    ExitCode::from(2)
}

#[expect(clippy::print_stderr, reason = "there is no window to show it in")]
fn print_error(sentence: &str, hint: &str) {
    eprintln!("error: {sentence}");
    if !hint.is_empty() {
        eprintln!("hint: {hint}");
    }
}

#[expect(clippy::print_stdout, reason = "asked for on the command line")]
fn print(text: &str) {
    println!("{text}");
}
