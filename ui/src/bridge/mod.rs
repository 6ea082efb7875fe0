//! How questions travel, and how news come.
//!
//! [`Bridge`] is what a page needs of the engine: the window implements it over
//! Tauri, `scrubjay serve` over HTTP, and a report and the models' tests over
//! recordings in memory. A page has one, which [`connect`] sets before anything is asked.

pub mod budget;
pub mod latest;
pub mod locked;
pub mod news_lines;

pub(crate) mod asker;
#[cfg(target_arch = "wasm32")]
mod http;
#[cfg(test)]
pub(crate) mod memory;
#[cfg(target_arch = "wasm32")]
mod report;
#[cfg(target_arch = "wasm32")]
mod tauri;

use std::{cell::RefCell, pin::Pin, rc::Rc};

use scrubjay_ipc::{AnyAsk, Ask, Code, Encoding, News, Report};

use self::locked::Locked;
use crate::browser::{self, File};

/// An answer on its way.
pub(crate) type Answering<T> = Pin<Box<dyn Future<Output = Result<T, Report>>>>;

/// Hears parts of 1 while a file is read.
pub(crate) type Progress = Box<dyn Fn(f64)>;

/// Hears once how reading a file ended.
pub(crate) type Done = Box<dyn FnOnce(Result<(), Report>)>;

/// Gives up a file on its way in; the engine keeps nothing of one it has not got whole.
pub(crate) type Cancel = Rc<dyn Fn()>;

/// What a page needs of the engine.
pub(crate) trait Bridge {
    /// Gives the answer's bytes, in the question's encoding.
    fn ask(&self, ask: AnyAsk) -> Answering<Vec<u8>>;

    /// Calls `hear` with all news, for as long as the page lives.
    fn listen(&self, hear: Rc<dyn Fn(News)>);

    /// Reads a file into the store.
    fn import(&self, file: &File, progress: Progress, done: Done) -> Cancel;

    /// Saves a recording of one exchange. A window asks where and gives the path, or
    /// nothing when that was given up; a browser saves it where it saves everything.
    fn export(&self, exchange: i64) -> Answering<Option<String>>;

    /// Whether the page is a browser's, which saves what it is given.
    fn saves_downloads(&self) -> bool;

    /// Sets the title of the window around the page, if there is one.
    fn set_title(&self, _title: &str) {}

    /// Whether there is an engine, which records, serves and changes what is kept. A report
    /// has none: what wants one is absent from its page.
    fn has_engine(&self) -> bool {
        true
    }

    /// What a report says of itself, as a sentence.
    fn about(&self) -> Option<String> {
        None
    }

    /// Where the page begins when its address says nothing, as the query of an address.
    fn beginning(&self) -> Option<String> {
        None
    }

    /// Why the page may ask nothing any more, if so; tracked.
    fn locked(&self) -> Option<Locked> {
        None
    }
}

thread_local! {
    static BRIDGE: RefCell<Option<Rc<dyn Bridge>>> = const { RefCell::new(None) };
}

/// Sets the page's bridge.
pub(crate) fn connect(bridge: Rc<dyn Bridge>) {
    BRIDGE.set(Some(bridge));
}

/// The page's bridge.
///
/// # Panics
///
/// Before [`connect`].
pub(crate) fn bridge() -> Rc<dyn Bridge> {
    BRIDGE
        .with_borrow(Clone::clone)
        .expect("a page is connected before it asks")
}

/// Connects the page: to its window, to the recordings inside of it, or to the server it came from.
///
/// # Errors
///
/// Why the server does not let this tab in.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn enter() -> Result<(), Locked> {
    if tauri::is_here() {
        connect(Rc::new(tauri::Tauri));
        return Ok(());
    }
    if let Some(report) = report::enter() {
        connect(Rc::new(report));
        return Ok(());
    }
    http::enter().await?;
    connect(Rc::new(http::Http));
    Ok(())
}

/// Whether what wants an engine is offered.
pub(crate) fn has_engine() -> bool {
    bridge().has_engine()
}

/// Asks, and reads the answer.
pub(crate) async fn ask<A: Ask>(ask: A) -> Result<A::Answer, Report> {
    let bytes = bridge().ask(ask.into()).await?;
    let answer = match A::ENCODING {
        Encoding::Json => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
        Encoding::Postcard => postcard::from_bytes(&bytes).map_err(|error| error.to_string()),
    };
    answer.map_err(|why| internal(&format!("The answer could not be read: {why}.")))
}

/// Sets the page's title, and that of the window around it.
pub(crate) fn set_title(title: &str) {
    browser::set_title(title);
    bridge().set_title(title);
}

/// A mistake of ours.
fn internal(message: &str) -> Report {
    Report::new(
        Code::Internal,
        message,
        "This is a mistake in Scrubjay; reload the page to go on.",
    )
}

/// A person gave up a file that was on its way in.
fn cancelled() -> Report {
    Report::new(Code::Superseded, "Opening the file was cancelled.", "")
}
