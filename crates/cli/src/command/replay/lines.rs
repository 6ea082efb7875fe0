//! The lines for answers, misses and faults.

use scrubjay_engine::HitCounts;
use scrubjay_ipc::{ReplayAnswer, ReplayMiss, RequestDifference};

use crate::{
    contract::replay::{AnswerLine, NearObject, StruckFault, StruckHold, StruckLine, WaitingLine},
    json,
    safe::{safe, shortened},
    words,
};

/// Differences that are shown of an answer.
const DIFFERENCES: usize = 5;

/// What faults and breakpoints did, as JSON.
pub(super) fn struck_line(struck: &HitCounts) -> String {
    let faults = struck.faults.iter();
    let holds = struck.holds.iter();
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

/// The same in words.
pub(super) fn struck_lines(struck: &HitCounts) -> String {
    let line = |what: &str, word: &str, did: &str, times: u64| match times {
        0 => format!("{what}  {}  never {did}\n", safe(word)),
        times => format!("{what}  {}  {did} {}\n", safe(word), words::count(times, "time")),
    };
    let faults = struck
        .faults
        .iter()
        .map(|(word, times)| line("fault", word, "struck", *times));
    let holds = struck
        .holds
        .iter()
        .map(|(word, times)| line("hold", word, "stopped", *times));
    faults.chain(holds).collect()
}

/// An answer as JSON; with its source where there are several.
pub(super) fn line(answer: &ReplayAnswer, source: Option<&str>) -> String {
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
pub(super) fn waiting_line(replay: u64, miss: &ReplayMiss) -> String {
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

/// The same in words.
pub(super) fn waiting_lines(miss: &ReplayMiss) -> String {
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
            "         a {} answers it with exchange {}, {}{note}\n",
            near.exchange,
            near.exchange,
            words::count(near.differences.len() as u64, "difference"),
        ));
    }
    text
}

/// An answer in words.
pub(super) fn lines(answer: &ReplayAnswer, source: Option<&str>) -> String {
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
    for difference in answer.differences.iter().take(DIFFERENCES) {
        text.push_str(&difference_line(difference));
    }
    if answer.differences.len() > DIFFERENCES {
        text.push_str(&format!(
            "         … and {} more\n",
            answer.differences.len() - DIFFERENCES
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
