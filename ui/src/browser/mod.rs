//! What models need of a browser: clock, storage, timers, focus, clipboard.
//!
//! Natively a stand-in keeps them in memory, with a clock that tests move.

#[cfg(target_arch = "wasm32")]
mod dom;
#[cfg(not(target_arch = "wasm32"))]
mod simulated;

use std::{cell::Cell, rc::Rc, task::Poll};

#[cfg(target_arch = "wasm32")]
pub(crate) use dom::*;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use simulated::*;

/// Waits so many milliseconds.
pub(crate) async fn sleep(millis: f64) {
    if millis > 0.0 {
        called(|wake| later(millis, move || wake())).await;
    }
}

/// When the page is busy with what has just changed: from now until its effects have run, and while the next
/// frame is laid out and drawn. A page that is hidden draws none, and is not waited for.
pub(crate) async fn shown() -> [(f64, f64); 2] {
    const HIDDEN_MS: f64 = 250.0;
    let began_ms = now_ms();
    called(|wake| later(0.0, move || wake())).await;
    let ran_ms = now_ms();
    called(|wake| {
        let drawn = Rc::clone(&wake);
        next_frame(move || drawn());
        later(HIDDEN_MS, move || wake());
    })
    .await;
    let drawing_ms = now_ms();
    called(|wake| later(0.0, move || wake())).await;
    [(began_ms, ran_ms), (drawing_ms, now_ms())]
}

/// Waits until what `begin` is given is called.
async fn called(begin: impl FnOnce(Rc<dyn Fn()>)) {
    let state = Rc::new((Cell::new(false), Cell::new(None::<std::task::Waker>)));
    let call = Rc::clone(&state);
    begin(Rc::new(move || {
        call.0.set(true);
        if let Some(waker) = call.1.take() {
            waker.wake();
        }
    }));
    std::future::poll_fn(move |context| {
        if state.0.get() {
            return Poll::Ready(());
        }
        state.1.set(Some(context.waker().clone()));
        Poll::Pending
    })
    .await;
}
