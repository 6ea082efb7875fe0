//! What a replay prints about answers, misses, faults and holds.

use scrubjay_engine::HitCounts;
use scrubjay_ipc::{ReplayAnswer, ReplayMiss, RequestDifference};

use crate::{
    contract::replay::{AnswerLine, NearObject, StruckFault, StruckHold, StruckLine, WaitingLine},
    json,
    safe::{safe, shortened},
    words,
};

/// At most this many differences of an answer are printed as text.
const MAX_DIFFERENCES: usize = 5;

/// How often each fault and hold took effect, as JSON.
pub(super) fn hits_json(hits: &HitCounts) -> String {
    let faults = hits.faults.iter();
    let holds = hits.holds.iter();
    json::line(&StruckLine {
        faults: faults
            .map(|(fault, struck)| StruckFault { fault, struck: *struck })
            .collect(),
        holds: holds
            .map(|(hold, stopped)| StruckHold {
                hold,
                stopped: *stopped,
            })
            .collect(),
    })
}

/// How often each fault and hold took effect, as text.
pub(super) fn hits_text(hits: &HitCounts) -> String {
    let line = |what: &str, spec: &str, did: &str, times: u64| match times {
        0 => format!("{what}  {}  never {did}\n", safe(spec)),
        times => format!("{what}  {}  {did} {}\n", safe(spec), words::count(times, "time")),
    };
    let faults = hits
        .faults
        .iter()
        .map(|(spec, times)| line("fault", spec, "struck", *times));
    let holds = hits
        .holds
        .iter()
        .map(|(spec, times)| line("hold", spec, "stopped", *times));
    faults.chain(holds).collect()
}

/// An answer as JSON. It has a `source` only where the replay has several.
pub(super) fn answer_json(answer: &ReplayAnswer, source: Option<&str>) -> String {
    let (method, target) = answer.target.split_once(' ').unwrap_or_default();
    json::line(&AnswerLine {
        request: answer.request,
        source,
        exchange: answer.exchange,
        miss: answer.is_miss,
        why: &answer.why,
        method,
        target,
        status: answer.status,
        at: &answer.at,
        nearest: &answer.nearest,
        differences: &answer.differences,
    })
}

/// A missed request that waits, as JSON.
pub(super) fn waiting_json(replay: u64, miss: &ReplayMiss) -> String {
    let nearest = miss.nearest.iter().map(|near| NearObject {
        exchange: near.exchange,
        note: &near.note,
        differences: &near.differences,
    });
    let (method, target) = miss.target.split_once(' ').unwrap_or_default();
    json::line(&WaitingLine {
        waits: true,
        replay,
        request: miss.request,
        why: &miss.why,
        method,
        target,
        nearest: nearest.collect(),
    })
}

/// A missed request that waits, as text, with the command that answers it from
/// each near exchange.
pub(super) fn waiting_text(miss: &ReplayMiss) -> String {
    let mut text = format!(
        "{:>5}  {}  waits for an answer  {}\n",
        format!("#{}", miss.request),
        shortened(&miss.name, 60),
        safe(&miss.why)
    );
    for near in &miss.nearest {
        let note = if near.note.is_empty() {
            String::new()
        } else {
            format!("  {}", safe(&near.note))
        };
        text.push_str(&format!(
            "         type a {} to answer with exchange {}, {}{note}\n",
            near.exchange,
            near.exchange,
            words::count(near.differences.len() as u64, "difference"),
        ));
    }
    text
}

/// An answer as text.
pub(super) fn answer_text(answer: &ReplayAnswer, source: Option<&str>) -> String {
    let got = match answer.exchange {
        Some(index) => format!("exchange {index}"),
        None if answer.is_miss => format!("miss {}", answer.status),
        None => format!("{}", answer.status),
    };
    let source = source.map_or_else(String::new, |name| format!("{}  ", safe(name)));
    let mut text = format!(
        "{:>5}  {source}{}  ←  {got}  {}\n",
        format!("#{}", answer.request),
        shortened(&answer.name, 60),
        safe(&answer.why)
    );
    if let Some(nearest) = answer.nearest.first() {
        text.push_str(&format!("         the nearest is exchange {nearest}\n"));
    }
    for difference in answer.differences.iter().take(MAX_DIFFERENCES) {
        text.push_str(&difference_line(difference));
    }
    if answer.differences.len() > MAX_DIFFERENCES {
        text.push_str(&format!(
            "         … and {} more\n",
            answer.differences.len() - MAX_DIFFERENCES
        ));
    }
    text
}

fn difference_line(difference: &RequestDifference) -> String {
    let value = |value: &Option<String>| {
        value
            .as_deref()
            .map_or("nothing".to_owned(), |text| shortened(text, 40))
    };
    format!(
        "         {}  recorded {}, asked {}\n",
        shortened(&difference.pointer, 40),
        value(&difference.recorded),
        value(&difference.asked)
    )
}
