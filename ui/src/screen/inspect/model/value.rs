//! The value that is opened below the tree: whole, as of the playhead, and who wrote it.

use scrubjay_ipc::{Code, ReadValue, Report, ValueView, WriteHistory, Writes};

use super::{Inspect, sides::Side};
use crate::{
    bridge::asker::{Answered, Asker},
    signal::*,
};

/// Writes of a value that are listed.
const WRITES: u32 = 20;

/// An answer, with what it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Read<T> {
    pub(crate) pointer: String,
    /// As of which frame.
    pub(crate) at: u32,
    pub(crate) answer: T,
}

#[derive(Clone, Copy)]
pub(crate) struct WholeValue {
    /// The JSON Pointer of what is opened.
    pub(crate) pointer: RwSignal<Option<String>>,
    /// The value, or why there is none at that moment.
    pub(crate) value: RwSignal<Option<Read<Result<ValueView, Report>>>>,
    writes: RwSignal<Option<Read<WriteHistory>>>,
}

impl WholeValue {
    pub(super) fn new() -> Self {
        Self {
            pointer: RwSignal::new(None),
            value: RwSignal::new(None),
            writes: RwSignal::new(None),
        }
    }

    pub(crate) fn clear(self) {
        self.pointer.set(None);
        self.value.set(None);
        self.writes.set(None);
    }

    /// Opens the value at a pointer.
    pub(crate) fn open(self, pointer: String) {
        self.value.set(None);
        self.pointer.set(Some(pointer));
    }

    /// Its writes, if they are known for the moment that is shown.
    pub(crate) fn writes(self) -> Option<WriteHistory> {
        let shown = self
            .value
            .with(|value| value.as_ref().map(|value| (value.pointer.clone(), value.at)));
        let writes = self.writes.get()?;
        (shown? == (writes.pointer, writes.at)).then_some(writes.answer)
    }

    fn is_open(self, pointer: &str) -> bool {
        self.pointer.with_untracked(|known| known.as_deref() == Some(pointer))
    }

    /// Asks again wherever the playhead goes.
    pub(super) fn watch(self, inspect: Inspect) {
        let reader = Asker::new(move |answered: Answered<ReadValue>| {
            let ask = answered.ask;
            let is_pointless = matches!(&answered.answer, Err(report) if report.code == Code::Superseded);
            if inspect.is_open(ask.exchange) && self.is_open(&ask.pointer) && !is_pointless {
                self.value.set(Some(Read {
                    pointer: ask.pointer,
                    at: ask.at,
                    answer: answered.answer,
                }));
            }
        });
        let historian = Asker::new(move |answered: Answered<Writes>| {
            let ask = answered.ask;
            if let Ok(answer) = answered.answer
                && inspect.is_open(ask.exchange)
                && self.is_open(&ask.pointer)
            {
                self.writes.set(Some(Read {
                    pointer: ask.pointer,
                    at: ask.at,
                    answer,
                }));
            }
        });
        Effect::new(move |_| {
            let (Some((exchange, at)), Some(pointer)) = (inspect.place(), self.pointer.get()) else {
                return;
            };
            if inspect.sides.tab.get() != Side::State {
                return;
            }
            reader.ask(ReadValue {
                exchange,
                at,
                pointer: pointer.clone(),
            });
            // A history is read once the playhead stands.
            if inspect.held_x.with(Option::is_none) {
                historian.ask(Writes {
                    exchange,
                    at,
                    pointer,
                    most: WRITES,
                });
            }
        });
    }
}
