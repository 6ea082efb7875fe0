//! One pane's questions: at most one on its way, the newest next, and no more
//! of them than an eye can follow.

use std::{cell::RefCell, rc::Rc};

use scrubjay_ipc::{Ask, Code, Report};

use super::{budget::Budget, latest::Latest};
use crate::{bridge, browser, signal::*};

/// From one question to the next. A webview keeps a few kilobytes of every
/// answer, and a pane that changes more often than this shows no more.
const EVERY_MS: f64 = 33.0;

/// Longest wait for the page's time: a pane on a page that is always busy shows something all the same.
const WAIT_MS: f64 = 500.0;

/// How often a question is asked again when another of its kind got in the way.
const TRIES: u32 = 8;

/// An answer, and whether a newer question waits behind it.
pub(crate) struct Answered<A: Ask> {
    pub(crate) ask: A,
    pub(crate) answer: Result<A::Answer, Report>,
    pub(crate) is_overtaken: bool,
}

thread_local! {
    static BUDGET: RefCell<Budget> = RefCell::default();
}

type Apply<A> = Rc<dyn Fn(Answered<A>)>;

/// Asks on behalf of one pane.
pub(crate) struct Asker<A: Ask + Clone + 'static> {
    queue: StoredValue<Rc<RefCell<Latest<A>>>, LocalStorage>,
    apply: StoredValue<Option<Apply<A>>, LocalStorage>,
    /// Answers fill a pane, which takes the page some time.
    is_shown: bool,
    /// How much of it the last one took.
    cost_ms: StoredValue<f64>,
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
            cost_ms: StoredValue::new(0.0),
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
        let apply = self.apply.get_value();
        spawn_local(async move {
            let mut next = Some(first);
            let (mut tries, mut set_aside_ms) = (0, 0.0);
            while let Some(ask) = next {
                if tries == 0 {
                    set_aside_ms = self.its_turn().await;
                }
                let ask = queue.borrow_mut().newest(ask);
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
                self.is_on_screen(set_aside_ms).await;
                // The question that waits may be replaced meanwhile.
                browser::sleep(asked_ms + EVERY_MS - browser::now_ms()).await;
                next = queue.borrow_mut().done();
            }
        });
    }

    /// Waits until the page has time to show an answer, and gives how much was set aside for it.
    async fn its_turn(self) -> f64 {
        if !self.is_shown {
            return 0.0;
        }
        let (began_ms, about_ms) = (browser::now_ms(), self.cost_ms.get_value());
        loop {
            let now_ms = browser::now_ms();
            let wait_ms = BUDGET.with_borrow_mut(|budget| budget.wait_ms(now_ms, about_ms));
            if wait_ms == 0.0 {
                return about_ms;
            }
            if now_ms - began_ms > WAIT_MS {
                return 0.0;
            }
            browser::sleep(wait_ms.min(WAIT_MS)).await;
        }
    }

    /// Waits until an answer is on the screen, and pays for it.
    async fn is_on_screen(self, set_aside_ms: f64) {
        if self.is_shown {
            let [scripts, drawing] = browser::shown().await;
            let cost_ms =
                BUDGET.with_borrow_mut(|budget| budget.spend(scripts, set_aside_ms) + budget.spend(drawing, 0.0));
            self.cost_ms.set_value(cost_ms);
        }
    }
}

fn is_superseded<T>(answer: &Result<T, Report>) -> bool {
    matches!(answer, Err(report) if report.code == Code::Superseded)
}
