//! Signals for the models: Leptos's own, without its DOM.

pub(crate) use any_spawner::Executor;
pub(crate) use reactive_graph::{
    computed::Memo,
    effect::Effect,
    graph::untrack,
    owner::{LocalStorage, StoredValue},
    prelude::*,
    signal::RwSignal,
};

/// Runs a future on the page's thread.
pub(crate) fn spawn_local(future: impl Future<Output = ()> + 'static) {
    Executor::spawn_local(future);
}
