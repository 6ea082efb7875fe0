//! From a question to the department that answers it.

pub(crate) use scrubjay_answers::json;
use scrubjay_ipc::AnyAsk;

use crate::{EngineError, engine::Departments, readers::Asker};

/// Answers with bytes in the question's encoding. Each department matches on
/// all of its questions, so that one without an answer does not compile.
pub(crate) fn answer(departments: &Departments, asker: Asker, ask: &AnyAsk) -> Result<Vec<u8>, EngineError> {
    match ask {
        AnyAsk::Library(ask) => departments.library.answer(ask),
        AnyAsk::Source(ask) => departments.capture.answer(ask),
        AnyAsk::Health(ask) => departments.health.answer(ask),
        AnyAsk::Exchange(ask) => departments.readers.answer(asker, ask),
        AnyAsk::Compare(ask) => departments.comparisons.answer(ask),
        AnyAsk::Replay(ask) => departments.replays.answer(ask),
    }
}
