//! From a question to whoever answers it.

use scrubjay_ipc::{AnyAsk, CompareAsk, Deleted, ExchangeAsk, HealthAsk, LibraryAsk, ReplayAsk, SourceAsk, answer};
use serde::Serialize;

use crate::{
    EngineError,
    engine::{Home, Inner},
    library,
    open::{Asker, Lane},
};

/// Answers with bytes in the question's encoding.
pub(crate) fn answer(inner: &Inner, asker: Asker, ask: &AnyAsk) -> Result<Vec<u8>, EngineError> {
    match ask {
        AnyAsk::Library(ask) => about_library(inner, ask),
        AnyAsk::Source(ask) => about_sources(inner, ask),
        AnyAsk::Health(HealthAsk::Health(_)) => Ok(json(&inner.health()?)),
        AnyAsk::Exchange(ask) => about_exchange(inner, asker, ask),
        AnyAsk::Compare(ask) => about_comparison(inner, ask),
        AnyAsk::Replay(ask) => about_replay(inner, ask),
    }
}

fn about_library(inner: &Inner, ask: &LibraryAsk) -> Result<Vec<u8>, EngineError> {
    Ok(match ask {
        LibraryAsk::Library(ask) => match inner.home() {
            Home::Store(home) => {
                let page = library::page(ask.first, home.store.list(&library::query(ask))?);
                json(&inner.without_muted(page)?)
            }
            Home::File(home) => json(&inner.without_muted(home.library(ask)?)?),
        },
        LibraryAsk::Delete(ask) => {
            let exchanges = inner.writable()?.store.hide(&ask.exchanges)?;
            json(&Deleted { exchanges })
        }
        LibraryAsk::Undelete(ask) => {
            let exchanges = inner.writable()?.store.unhide(&ask.exchanges)?;
            json(&Deleted { exchanges })
        }
        LibraryAsk::Erase(ask) => {
            inner.open.forget(&ask.exchanges);
            inner.comparisons.clear();
            let exchanges = inner.writable()?.store.erase(&ask.exchanges)?;
            json(&Deleted { exchanges })
        }
        LibraryAsk::Mute(ask) => json(&inner.mute(ask)?),
    })
}

fn about_sources(inner: &Inner, ask: &SourceAsk) -> Result<Vec<u8>, EngineError> {
    Ok(match ask {
        SourceAsk::Sources(_) => json(&inner.source_list()?),
        SourceAsk::AddSource(ask) => json(&inner.writable()?.sources.add(ask)?),
        SourceAsk::EditSource(ask) => json(&inner.writable()?.sources.edit(ask)?),
        SourceAsk::SwitchSource(ask) => json(&inner.writable()?.sources.switch(&ask.name, ask.to)?),
    })
}

fn about_comparison(inner: &Inner, ask: &CompareAsk) -> Result<Vec<u8>, EngineError> {
    Ok(match ask {
        CompareAsk::Compare(ask) => json(&inner.compare(ask)?),
        CompareAsk::Comparison(ask) => json(&inner.comparison(ask.comparison)?),
        CompareAsk::CancelCompare(ask) => json(&inner.cancel_compare(ask.comparison)?),
        CompareAsk::Pairs(ask) => json(&inner.pairs(ask)?),
        CompareAsk::Pair(ask) => json(&inner.pair(ask)?),
        CompareAsk::Ribbons(ask) => postcard(&inner.ribbons(ask)?),
        CompareAsk::MapMoment(ask) => json(&inner.map_moment(ask)?),
        CompareAsk::PairByHand(ask) => json(&inner.pair_by_hand(ask)?),
        CompareAsk::CompareReport(ask) => json(&inner.compare_report(*ask)?),
    })
}

fn about_replay(inner: &Inner, ask: &ReplayAsk) -> Result<Vec<u8>, EngineError> {
    Ok(match ask {
        ReplayAsk::Replays(_) => json(&inner.replay_list()),
        ReplayAsk::StartReplay(ask) => json(&inner.start_replay(ask)?),
        ReplayAsk::StopReplay(ask) => json(&inner.stop_replay(ask.replay)?),
        ReplayAsk::EditReplay(ask) => json(&inner.edit_replay(ask.replay, &ask.manner)?),
        ReplayAsk::Steer(ask) => json(&inner.steer(ask)?),
        ReplayAsk::AnswerMiss(ask) => json(&inner.answer_miss(ask)?),
    })
}

/// Questions about one exchange are answered from its reader.
fn about_exchange(inner: &Inner, asker: Asker, ask: &ExchangeAsk) -> Result<Vec<u8>, EngineError> {
    let (exchange, lane) = subject(ask);
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
fn subject(ask: &ExchangeAsk) -> (i64, Option<Lane>) {
    match ask {
        ExchangeAsk::Open(ask) => (ask.exchange, None),
        ExchangeAsk::Rows(ask) => (ask.exchange, None),
        ExchangeAsk::RowOf(ask) => (ask.exchange, None),
        ExchangeAsk::Lanes(ask) => (ask.exchange, Some(Lane::Lanes)),
        ExchangeAsk::Locate(ask) => (ask.exchange, Some(Lane::Locate)),
        ExchangeAsk::Jump(ask) => (ask.exchange, None),
        ExchangeAsk::Detail(ask) => (ask.exchange, None),
        ExchangeAsk::State(ask) => (ask.exchange, Some(Lane::State)),
        ExchangeAsk::ReadValue(ask) => (ask.exchange, None),
        ExchangeAsk::Chat(ask) => (ask.exchange, Some(Lane::Chat)),
        ExchangeAsk::Cause(ask) => (ask.exchange, None),
        ExchangeAsk::Input(ask) => (ask.exchange, None),
        ExchangeAsk::SpanEvents(ask) => (ask.exchange, None),
        ExchangeAsk::Writes(ask) => (ask.exchange, None),
        ExchangeAsk::Body(ask) => (ask.exchange, None),
        ExchangeAsk::Problems(ask) => (ask.exchange, None),
        ExchangeAsk::ProblemRows(ask) => (ask.exchange, None),
    }
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("answers are plain values with text for keys")
}

fn postcard(answer: &impl Serialize) -> Vec<u8> {
    ::postcard::to_stdvec(answer).expect("answers are plain values of known lengths")
}
