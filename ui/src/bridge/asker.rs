//! One pane's questions: at most one on its way, the newest next, and no more
//! of them than an eye can follow.

use std::{cell::RefCell, rc::Rc};

use scrubjay_ipc::{Ask, Code, Report};

use super::latest::Latest;
use crate::{bridge, browser, signal::*};

/// From one question to the next. A webview keeps a few kilobytes of every
/// answer, and a pane that changes more often than this shows no more.
const EVERY_MS: f64 = 33.0;

/// So much longer than it takes the page to show an answer is the pause before the next question,
/// so that at most a quarter of the time goes into what changes and the rest stays for the hand.
const PAUSE: f64 = 3.0;

/// Longest pause for that reason.
const PAUSE_MS: f64 = 300.0;

/// How often a question is asked again when another of its kind got in the way.
const TRIES: u32 = 8;

/// An answer, and whether a newer question waits behind it.
pub(crate) struct Answered<A: Ask> {
    pub(crate) ask: A,
    pub(crate) answer: Result<A::Answer, Report>,
    pub(crate) is_overtaken: bool,
}

type Apply<A> = Rc<dyn Fn(Answered<A>)>;

/// Asks on behalf of one pane.
pub(crate) struct Asker<A: Ask + Clone + 'static> {
    queue: StoredValue<Rc<RefCell<Latest<A>>>, LocalStorage>,
    apply: StoredValue<Option<Apply<A>>, LocalStorage>,
    /// Answers fill a pane, which takes the page some time.
    is_shown: bool,
}

impl<A: Ask + Clone + 'static> Clone for Asker<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A: Ask + Clone + 'static> Copy for Asker<A> {}

impl<A: Ask + Clone + 'static> Asker<A> {
    /// `apply` hears every answer that comes, in order.
    pub(crate) fn new(apply: impl Fn(Answered<A>) + 'static) -> Self {
        let asker = Self::unheard();
        asker.heard_by(apply);
        asker
    }

    /// For a model that hears the answers itself, and so has to be made first.
    pub(crate) fn unheard() -> Self {
        Self {
            queue: StoredValue::new_local(Rc::default()),
            apply: StoredValue::new_local(None),
            is_shown: true,
        }
    }

    /// The same for answers that only move something.
    pub(crate) fn light() -> Self {
        Self {
            is_shown: false,
            ..Self::unheard()
        }
    }

    /// From now on `apply` hears every answer.
    pub(crate) fn heard_by(self, apply: impl Fn(Answered<A>) + 'static) {
        self.apply.set_value(Some(Rc::new(apply)));
    }

    /// Asks now, or as soon as the question on its way is answered.
    pub(crate) fn ask(self, ask: A) {
        let queue = self.queue.get_value();
        let Some(first) = queue.borrow_mut().want(ask) else {
            return;
        };
        let (apply, is_shown) = (self.apply.get_value(), self.is_shown);
        spawn_local(async move {
            let mut next = Some(first);
            let mut tries = 0;
            while let Some(ask) = next {
                let asked_ms = browser::now_ms();
                let answer = bridge::ask(ask.clone()).await;
                let is_overtaken = queue.borrow().is_overtaken();
                // Another pane's question of the same kind made this one pointless; for this pane it is not.
                if is_superseded(&answer) && !is_overtaken && tries < TRIES {
                    tries += 1;
                    next = Some(ask);
                    continue;
                }
                tries = 0;
                if let Some(apply) = &apply {
                    apply(Answered {
                        ask,
                        answer,
                        is_overtaken,
                    });
                }
                let cost_ms = if is_shown { browser::shown_ms().await } else { 0.0 };
                let pause_ms = (cost_ms * PAUSE).min(PAUSE_MS);
                // The question that waits may be replaced meanwhile.
                browser::sleep((asked_ms + EVERY_MS - browser::now_ms()).max(pause_ms)).await;
                next = queue.borrow_mut().done();
            }
        });
    }
}

fn is_superseded<T>(answer: &Result<T, Report>) -> bool {
    matches!(answer, Err(report) if report.code == Code::Superseded)
}
