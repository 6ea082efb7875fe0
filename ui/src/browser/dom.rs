//! Small things of the browser: clock, storage, timers, focus.

use std::time::Duration;

use leptos::{
    leptos_dom::helpers::{request_animation_frame, set_timeout, window_event_listener_untyped},
    prelude::{document, window},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlTextAreaElement;

use crate::shell::keyboard::takes_text;

/// A file that was chosen or dropped.
pub(crate) use web_sys::File;

/// For what a browser may refuse and the page works without.
pub(crate) trait OrLog {
    /// Puts a refusal on the console.
    fn or_log(self);
}

impl<T> OrLog for Result<T, JsValue> {
    fn or_log(self) {
        if let Err(refusal) = self {
            web_sys::console::warn_1(&refusal);
        }
    }
}

/// Milliseconds since the page began, monotonic.
pub(crate) fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Milliseconds since 1970.
pub(crate) fn wall_ms() -> i64 {
    js_sys::Date::now() as i64
}

/// Minutes from local time to UTC, as JavaScript counts them.
pub(crate) fn zone_offset_min() -> i32 {
    js_sys::Date::new_0().get_timezone_offset() as i32
}

/// Minutes that local time is ahead of UTC at a moment, milliseconds since 1970.
pub(crate) fn minutes_east(at_ms: i64) -> i32 {
    -(js_sys::Date::new(&JsValue::from_f64(at_ms as f64)).get_timezone_offset() as i32)
}

/// A moment as local time of day with milliseconds.
pub(crate) fn clock_words(rfc3339: &str) -> String {
    let date = js_sys::Date::new(&JsValue::from_str(rfc3339));
    if date.get_time().is_nan() {
        return rfc3339.to_owned();
    }
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        date.get_hours(),
        date.get_minutes(),
        date.get_seconds(),
        date.get_milliseconds()
    )
}

/// A remembered value.
pub(crate) fn recall(key: &str) -> Option<String> {
    window()
        .local_storage()
        .ok()??
        .get_item(&format!("scrubjay.{key}"))
        .ok()?
}

/// Remembers a value; a browser that forbids it forgets, which is harmless.
pub(crate) fn remember(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        storage.set_item(&format!("scrubjay.{key}"), value).or_log();
    }
}

/// Height of the window in pixels.
pub(crate) fn window_height() -> f64 {
    window()
        .inner_height()
        .ok()
        .and_then(|height| height.as_f64())
        .unwrap_or(800.0)
}

/// Width of the window in pixels.
pub(crate) fn window_width() -> f64 {
    window()
        .inner_width()
        .ok()
        .and_then(|width| width.as_f64())
        .unwrap_or(1_280.0)
}

/// A parameter of the address.
pub(crate) fn parameter(name: &str) -> Option<String> {
    web_sys::UrlSearchParams::new_with_str(&search()).ok()?.get(name)
}

/// The query of the address, with its question mark, or nothing.
pub(crate) fn search() -> String {
    window().location().search().unwrap_or_default()
}

/// Another query in this place of the history.
pub(crate) fn replace_search(search: &str) {
    if let Ok(history) = window().history() {
        let address = address_with(search);
        history
            .replace_state_with_url(&JsValue::NULL, "", Some(&address))
            .or_log();
    }
}

/// Another query in a new place of the history, from which Back leads here.
pub(crate) fn push_search(search: &str) {
    if let Ok(history) = window().history() {
        let address = address_with(search);
        history.push_state_with_url(&JsValue::NULL, "", Some(&address)).or_log();
    }
}

/// Goes to the place before in the history, if there is one.
pub(crate) fn go_back() {
    if let Ok(history) = window().history() {
        history.back().or_log();
    }
}

/// Goes to the place after in the history, if there is one.
pub(crate) fn go_forward() {
    if let Ok(history) = window().history() {
        history.forward().or_log();
    }
}

/// Calls `act` when Back or Forward has changed the address.
pub(crate) fn when_popped(act: impl Fn() + 'static) {
    let listener = window_event_listener_untyped("popstate", move |_event| act());
    // The page listens as long as it lives.
    std::mem::forget(listener);
}

fn address_with(search: &str) -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_else(|_none| "/".to_owned());
    format!("{path}{search}{}", location.hash().unwrap_or_default())
}

/// Does something later.
pub(crate) fn later(millis: f64, what: impl FnOnce() + 'static) {
    set_timeout(what, Duration::from_millis(millis.max(0.0) as u64));
}

/// Does something when the screen is drawn next.
pub(crate) fn next_frame(what: impl FnOnce() + 'static) {
    request_animation_frame(what);
}

/// Whether a person is typing into a field.
pub(crate) fn is_typing() -> bool {
    let Some(active) = document().active_element() else {
        return false;
    };
    let kind = active.get_attribute("type").unwrap_or_default();
    takes_text(&active.tag_name(), &kind) || active.has_attribute("contenteditable")
}

/// The element that has the focus.
pub(crate) fn focused() -> Option<web_sys::HtmlElement> {
    document().active_element()?.dyn_into().ok()
}

/// Gives the focus to the first element that a selector finds.
pub(crate) fn focus(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        element.focus().or_log();
    }
}

/// Whether the element that has the focus is one that a selector finds.
pub(crate) fn is_focused(selector: &str) -> bool {
    focused().is_some_and(|focused| focused.matches(selector).unwrap_or(false))
}

/// Takes the focus from the element that has it.
pub(crate) fn blur() {
    if let Some(focused) = focused() {
        focused.blur().or_log();
    }
}

/// Gives the focus to the next element on the screen that a selector finds.
pub(crate) fn cycle_focus(selector: &str, by: i32) {
    let Ok(list) = document().query_selector_all(selector) else {
        return;
    };
    let panes: Vec<web_sys::HtmlElement> = (0..list.length())
        .filter_map(|n| list.item(n)?.dyn_into::<web_sys::HtmlElement>().ok())
        .filter(|pane| pane.offset_width() > 0)
        .collect();
    if panes.is_empty() {
        return;
    }
    let here = focused();
    let at = panes
        .iter()
        .position(|pane| here.as_ref().is_some_and(|here| pane.contains(Some(here))));
    let len = panes.len() as i32;
    let next = at.map_or(0, |at| (at as i32 + by).rem_euclid(len)) as usize;
    panes[next].focus().or_log();
}

/// Sets the document's title.
pub(crate) fn set_title(title: &str) {
    document().set_title(title);
}

/// Saves text as a file, where the page can.
pub(crate) fn save(name: &str, media_type: &str, text: &str) {
    let address = format!("data:{media_type};charset=utf-8,{}", js_sys::encode_uri_component(text));
    let made = document()
        .create_element("a")
        .ok()
        .and_then(|made| made.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(link) = made {
        link.set_attribute("href", &address).or_log();
        link.set_attribute("download", name).or_log();
        link.click();
    }
}

/// Presses the first element that a selector finds.
pub(crate) fn press(selector: &str) {
    let found = document().query_selector(selector).ok().flatten();
    if let Some(element) = found.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        element.click();
    }
}

/// Puts text on the clipboard.
pub(crate) fn copy(text: &str) {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        let written = window().navigator().clipboard().write_text(text);
        wasm_bindgen_futures::spawn_local(async move { wasm_bindgen_futures::JsFuture::from(written).await.or_log() });
    } else {
        copy_by_selection(text);
    }
}

/// Some pages have no clipboard of their own; a selected field can still be copied.
fn copy_by_selection(text: &str) {
    let made = document()
        .create_element("textarea")
        .ok()
        .and_then(|made| made.dyn_into::<HtmlTextAreaElement>().ok());
    let (Some(field), Some(body)) = (made, document().body()) else {
        return;
    };
    field.set_value(text);
    body.append_child(&field).or_log();
    field.select();
    let name = JsValue::from_str("execCommand");
    if let Ok(Ok(run)) = js_sys::Reflect::get(&document(), &name).map(JsCast::dyn_into::<js_sys::Function>) {
        run.call1(&document(), &"copy".into()).or_log();
    }
    field.remove();
}

/// Grows the memory once at the start instead of in the middle of a painting:
/// WebKit was seen to stop with an access out of bounds in the second painting,
/// now and then, when the memory had just grown. Pages that are not touched cost nothing.
pub(crate) fn reserve_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(32 << 20)));
}

/// The panic's place and message go to the console, so that a blank page is not silent.
pub(crate) fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&JsValue::from_str(&panic.to_string()));
    }));
}

/// Calls `changed` with width and height of an element, now and whenever they change.
pub(crate) fn watch_size(element: &web_sys::Element, changed: impl Fn(f64, f64) + 'static) {
    let watched = element.clone();
    let measure = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || {
        changed(f64::from(watched.client_width()), f64::from(watched.client_height()));
    });
    if let Ok(observer) = web_sys::ResizeObserver::new(measure.as_ref().unchecked_ref()) {
        observer.observe(element);
        // Lives as long as the page, like the element.
        std::mem::forget(observer);
    }
    measure.forget();
}

/// Pointer events go to the element that heard this one, until the pointer is let go.
pub(crate) fn capture_pointer(event: &web_sys::PointerEvent) {
    if let Some(target) = event.current_target()
        && let Ok(element) = target.dyn_into::<web_sys::Element>()
    {
        element.set_pointer_capture(event.pointer_id()).or_log();
    }
}
