//! What a pane shows: an answer, a report, or that it waits.

use scrubjay_ipc::{Ask, Code, Report};

use crate::{
    bridge::asker::{Answered, Asker},
    signal::*,
};

/// An answer and, if the last question failed, why.
pub(crate) struct Pane<T: Send + Sync + 'static> {
    pub(crate) value: RwSignal<Option<T>>,
    pub(crate) report: RwSignal<Option<Report>>,
}

impl<T: Send + Sync + 'static> Clone for Pane<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Pane<T> {}

impl<T: Send + Sync + 'static> Pane<T> {
    pub(crate) fn new() -> Self {
        Self {
            value: RwSignal::new(None),
            report: RwSignal::new(None),
        }
    }

    /// Asks for this pane, and takes the answers to questions that are still `wanted` when they come.
    pub(crate) fn asker<A>(self, wanted: impl Fn(&A) -> bool + 'static) -> Asker<A>
    where
        A: Ask<Answer = T> + Clone + 'static,
    {
        Asker::new(move |answered: Answered<A>| {
            if wanted(&answered.ask) {
                self.take(answered.answer);
            }
        })
    }

    /// Takes an answer. What a newer question made pointless is left out.
    pub(crate) fn take(self, answer: Result<T, Report>) {
        match answer {
            Ok(value) => {
                self.value.set(Some(value));
                if self.report.with_untracked(Option::is_some) {
                    self.report.set(None);
                }
            }
            Err(report) if report.code == Code::Superseded => {}
            Err(report) => self.report.set(Some(report)),
        }
    }

    /// A part of the answer that is here.
    pub(crate) fn read<R>(self, part: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.with(|value| value.as_ref().map(part))
    }

    /// The same, without following it.
    pub(crate) fn read_now<R>(self, part: impl FnOnce(&T) -> R) -> Option<R> {
        self.value.with_untracked(|value| value.as_ref().map(part))
    }

    pub(crate) fn clear(self) {
        self.value.set(None);
        self.report.set(None);
    }

    /// The word that tests and drivers wait for. `is_settled` gives whether the
    /// answer is the one for what is asked now, `is_empty` whether it holds nothing.
    pub(crate) fn state(self, is_settled: impl Fn(&T) -> bool, is_empty: impl Fn(&T) -> bool) -> &'static str {
        if self.report.get().is_some() {
            return "error";
        }
        self.value.with(|value| match value {
            None => "loading",
            Some(value) if !is_settled(value) => "loading",
            Some(value) if is_empty(value) => "empty",
            Some(_) => "ready",
        })
    }
}
