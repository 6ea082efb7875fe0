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
    if millis <= 0.0 {
        return;
    }
    let state = Rc::new((Cell::new(false), Cell::new(None::<std::task::Waker>)));
    let timer = Rc::clone(&state);
    later(millis, move || {
        timer.0.set(true);
        if let Some(waker) = timer.1.take() {
            waker.wake();
        }
    });
    std::future::poll_fn(move |context| {
        if state.0.get() {
            return Poll::Ready(());
        }
        state.1.set(Some(context.waker().clone()));
        Poll::Pending
    })
    .await;
}
