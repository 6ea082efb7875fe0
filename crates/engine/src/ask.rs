//! From a question to whoever answers it.

use scrubjay_ipc::{AnyAsk, Deleted, answer};
use serde::Serialize;

use crate::{
    EngineError,
    engine::{Home, Inner},
    library,
    open::{Asker, Lane},
};

/// Answers with bytes in the question's encoding.
pub(crate) fn answer(inner: &Inner, asker: Asker, ask: &AnyAsk) -> Result<Vec<u8>, EngineError> {
    Ok(match ask {
        AnyAsk::Library(ask) => match inner.home() {
            Home::Store(home) => {
                let page = library::page(ask.first, home.store.list(&library::query(ask))?);
                json(&inner.without_muted(page)?)
            }
            Home::File(home) => json(&inner.without_muted(home.library(ask)?)?),
        },
        AnyAsk::Delete(ask) => {
            let exchanges = inner.writable()?.store.hide(&ask.exchanges)?;
            json(&Deleted { exchanges })
        }
        AnyAsk::Undelete(ask) => {
            let exchanges = inner.writable()?.store.unhide(&ask.exchanges)?;
            json(&Deleted { exchanges })
        }
        AnyAsk::Erase(ask) => {
            inner.open.forget(&ask.exchanges);
            inner.comparisons.clear();
            let exchanges = inner.writable()?.store.erase(&ask.exchanges)?;
            json(&Deleted { exchanges })
        }
        AnyAsk::Sources(_) => json(&inner.source_list()?),
        AnyAsk::AddSource(ask) => json(&inner.writable()?.sources.add(ask)?),
        AnyAsk::EditSource(ask) => json(&inner.writable()?.sources.edit(ask)?),
        AnyAsk::SwitchSource(ask) => json(&inner.writable()?.sources.switch(&ask.name, ask.to)?),
        AnyAsk::Mute(ask) => json(&inner.mute(ask)?),
        AnyAsk::Replays(_) => json(&inner.replay_list()),
        AnyAsk::StartReplay(ask) => json(&inner.start_replay(ask)?),
        AnyAsk::StopReplay(ask) => json(&inner.stop_replay(ask.replay)?),
        AnyAsk::EditReplay(ask) => json(&inner.edit_replay(ask.replay, &ask.manner)?),
        AnyAsk::Steer(ask) => json(&inner.steer(ask)?),
        AnyAsk::AnswerMiss(ask) => json(&inner.answer_miss(ask)?),
        AnyAsk::Compare(ask) => json(&inner.compare(ask)?),
        AnyAsk::Comparison(ask) => json(&inner.comparison(ask.comparison)?),
        AnyAsk::CancelCompare(ask) => json(&inner.cancel_compare(ask.comparison)?),
        AnyAsk::Pairs(ask) => json(&inner.pairs(ask)?),
        AnyAsk::Pair(ask) => json(&inner.pair(ask)?),
        AnyAsk::Ribbons(ask) => postcard(&inner.ribbons(ask)?),
        AnyAsk::MapMoment(ask) => json(&inner.map_moment(ask)?),
        AnyAsk::PairByHand(ask) => json(&inner.pair_by_hand(ask)?),
        AnyAsk::CompareReport(ask) => json(&inner.compare_report(*ask)?),
        AnyAsk::Health(_) => json(&inner.health()?),
        about_one => return about_exchange(inner, asker, about_one),
    })
}

/// Questions about one exchange are answered from its reader.
fn about_exchange(inner: &Inner, asker: Asker, ask: &AnyAsk) -> Result<Vec<u8>, EngineError> {
    let Some((exchange, lane)) = subject(ask) else {
        return Err(EngineError::ThreadEnded);
    };
    let slot = inner.open.slot(exchange);
    let ticket = lane.map(|lane| slot.ticket(asker, lane));
    slot.with(
        || inner.shelf(exchange),
        ticket.as_ref(),
        |reader| {
            let mutes = || inner.mutes().map_err(Into::into);
            answer::answer(ask, reader, mutes).map_err(|report| EngineError::Answer { report })
        },
    )
}

/// The exchange that a question is about, and whether newer ones supersede it.
fn subject(ask: &AnyAsk) -> Option<(i64, Option<Lane>)> {
    Some(match ask {
        AnyAsk::Open(ask) => (ask.exchange, None),
        AnyAsk::Rows(ask) => (ask.exchange, None),
        AnyAsk::RowOf(ask) => (ask.exchange, None),
        AnyAsk::Lanes(ask) => (ask.exchange, Some(Lane::Lanes)),
        AnyAsk::Locate(ask) => (ask.exchange, Some(Lane::Locate)),
        AnyAsk::Jump(ask) => (ask.exchange, None),
        AnyAsk::Detail(ask) => (ask.exchange, None),
        AnyAsk::State(ask) => (ask.exchange, Some(Lane::State)),
        AnyAsk::ReadValue(ask) => (ask.exchange, None),
        AnyAsk::Chat(ask) => (ask.exchange, Some(Lane::Chat)),
        AnyAsk::Cause(ask) => (ask.exchange, None),
        AnyAsk::Input(ask) => (ask.exchange, None),
        AnyAsk::SpanEvents(ask) => (ask.exchange, None),
        AnyAsk::Writes(ask) => (ask.exchange, None),
        AnyAsk::Body(ask) => (ask.exchange, None),
        AnyAsk::Problems(ask) => (ask.exchange, None),
        AnyAsk::ProblemRows(ask) => (ask.exchange, None),
        AnyAsk::Library(_)
        | AnyAsk::Delete(_)
        | AnyAsk::Undelete(_)
        | AnyAsk::Erase(_)
        | AnyAsk::Sources(_)
        | AnyAsk::AddSource(_)
        | AnyAsk::EditSource(_)
        | AnyAsk::SwitchSource(_)
        | AnyAsk::Mute(_)
        | AnyAsk::Compare(_)
        | AnyAsk::Comparison(_)
        | AnyAsk::CancelCompare(_)
        | AnyAsk::Pairs(_)
        | AnyAsk::Pair(_)
        | AnyAsk::Ribbons(_)
        | AnyAsk::MapMoment(_)
        | AnyAsk::PairByHand(_)
        | AnyAsk::CompareReport(_)
        | AnyAsk::Replays(_)
        | AnyAsk::StartReplay(_)
        | AnyAsk::StopReplay(_)
        | AnyAsk::EditReplay(_)
        | AnyAsk::Steer(_)
        | AnyAsk::AnswerMiss(_)
        | AnyAsk::Health(_) => return None,
    })
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("answers are plain values with text for keys")
}

fn postcard(answer: &impl Serialize) -> Vec<u8> {
    ::postcard::to_stdvec(answer).expect("answers are plain values of known lengths")
}
