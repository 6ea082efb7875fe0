//! A browser in memory, one for each thread.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// A file that was chosen or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl File {
    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }
}

type Task = Box<dyn FnOnce()>;

#[derive(Default)]
struct Browser {
    now_ms: f64,
    storage: BTreeMap<String, String>,
    /// By the time at which they are due, then by the order in which they were set.
    timers: Vec<(f64, Task)>,
    clipboard: String,
    focus: String,
    title: String,
    /// Queries of the addresses that Back goes through; the last is the one that is open.
    history: Vec<String>,
    popped: Option<Rc<dyn Fn()>>,
}

thread_local! {
    static BROWSER: RefCell<Browser> = RefCell::default();
}

fn with<T>(act: impl FnOnce(&mut Browser) -> T) -> T {
    BROWSER.with_borrow_mut(act)
}

pub(crate) fn now_ms() -> f64 {
    with(|browser| browser.now_ms)
}

pub(crate) fn recall(key: &str) -> Option<String> {
    with(|browser| browser.storage.get(key).cloned())
}

pub(crate) fn remember(key: &str, value: &str) {
    with(|browser| browser.storage.insert(key.to_owned(), value.to_owned()));
}

pub(crate) fn window_height() -> f64 {
    900.0
}

pub(crate) fn later(millis: f64, what: impl FnOnce() + 'static) {
    with(|browser| browser.timers.push((browser.now_ms + millis, Box::new(what))));
}

/// At 60 frames a second.
pub(crate) fn next_frame(what: impl FnOnce() + 'static) {
    later(1_000.0 / 60.0, what);
}

pub(crate) fn focus(selector: &str) {
    with(|browser| selector.clone_into(&mut browser.focus));
}

pub(crate) fn is_focused(selector: &str) -> bool {
    with(|browser| browser.focus == selector)
}

pub(crate) fn blur() {
    with(|browser| browser.focus.clear());
}

pub(crate) fn cycle_focus(_selector: &str, _by: i32) {}

pub(crate) fn press(_selector: &str) {}

pub(crate) fn copy(text: &str) {
    with(|browser| text.clone_into(&mut browser.clipboard));
}

pub(crate) fn set_title(title: &str) {
    with(|browser| title.clone_into(&mut browser.title));
}

pub(crate) fn search() -> String {
    with(|browser| browser.history.last().cloned().unwrap_or_default())
}

pub(crate) fn replace_search(search: &str) {
    with(|browser| {
        browser.history.pop();
        browser.history.push(search.to_owned());
    });
}

pub(crate) fn push_search(search: &str) {
    with(|browser| browser.history.push(search.to_owned()));
}

pub(crate) fn when_popped(act: impl Fn() + 'static) {
    with(|browser| browser.popped = Some(Rc::new(act)));
}

/// What only tests ask.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Task, with};

    /// Moves the clock to the next timer that is due until `limit_ms`, and gives it.
    pub(crate) fn next_timer(limit_ms: f64) -> Option<Task> {
        with(|browser| {
            let due = browser.timers.iter().map(|timer| timer.0).min_by(f64::total_cmp)?;
            if due > limit_ms {
                browser.now_ms = browser.now_ms.max(limit_ms);
                return None;
            }
            let at = browser.timers.iter().position(|timer| timer.0 == due)?;
            browser.now_ms = browser.now_ms.max(due);
            Some(browser.timers.remove(at).1)
        })
    }

    pub(crate) fn clipboard() -> String {
        with(|browser| browser.clipboard.clone())
    }

    pub(crate) fn focused() -> String {
        with(|browser| browser.focus.clone())
    }

    pub(crate) fn history_len() -> usize {
        with(|browser| browser.history.len())
    }

    /// Presses Back.
    pub(crate) fn go_back() {
        let popped = with(|browser| {
            browser.history.pop();
            browser.popped.clone()
        });
        if let Some(popped) = popped {
            popped();
        }
    }

    pub(crate) fn title() -> String {
        with(|browser| browser.title.clone())
    }
}
