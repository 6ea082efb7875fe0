//! What a page shows of a replay.

use std::sync::PoisonError;

use scrubjay_ipc::{
    ClientStage, NearRecording, NextEvent, ReplayAnswer, ReplayClient, ReplayMiss, ReplayOptions, ReplayView,
    RequestDifference,
};
use scrubjay_protocol::secret::{hidden, is_secret_name};
use scrubjay_replay::serve::{Answered, ClientState, Missed, Next, StreamStage};
use scrubjay_session::{recognise, shelf::Shelf as _, words};

use super::Replay;
use crate::{Exchange, capture::url_of, storage::Storage};

/// Answers and clients that are shown.
const ANSWERS: usize = 200;
const CLIENTS: usize = 50;
/// Bytes of a text that is shown whole.
const TEXT_LEN: usize = 16 << 10;
/// Length of a client's name.
const NAME_CHARS: usize = 80;

pub(super) fn replay(storage: &Storage, number: u64, replay: &Replay) -> ReplayView {
    let serving = &replay.serving;
    let answers = serving.answers();
    let log = serving.answered_after(answers.saturating_sub(ANSWERS as u64));
    let clients = serving.listening().into_iter().take(CLIENTS);
    let misses = serving.misses().into_iter();
    ReplayView {
        replay: number,
        url: url_of(&serving.address().to_string()),
        title: replay.title.clone(),
        exchanges: replay.exchanges.clone(),
        options: replay.options.clone(),
        failure: String::new(),
        command: command(
            &storage.path().display().to_string(),
            &replay.chosen,
            &replay.source,
            &replay.options,
        ),
        clients: clients.map(|listening| client(storage, replay, listening)).collect(),
        log: log.into_iter().rev().map(answer).collect(),
        answers,
        unused: serving.unused(),
        unused_runs: serving.unused_runs(),
        first_run: serving.first_run(),
        source: replay.source.clone(),
        misses: misses.map(|missed| miss(storage, missed)).collect(),
    }
}

fn client(storage: &Storage, replay: &Replay, listening: ClientState) -> ReplayClient {
    let frames = frames_of(storage, replay, listening.exchange);
    // Of an answer that went out unseen the end is known.
    let is_unseen = listening.stage == StreamStage::Done && listening.seq == 0;
    ReplayClient {
        client: listening.client,
        request: listening.request,
        name: listening.name.chars().take(NAME_CHARS).collect(),
        exchange: listening.exchange,
        seq: if is_unseen { frames } else { listening.seq },
        at_us: listening.at_us,
        frames,
        stage: match listening.stage {
            StreamStage::Streaming => ClientStage::Streaming,
            StreamStage::Held => ClientStage::Held,
            StreamStage::Done => ClientStage::Done,
            StreamStage::Left => ClientStage::Left,
        },
        next: listening.next.map(next),
    }
}

fn miss(storage: &Storage, missed: Missed) -> ReplayMiss {
    let nearest = missed.nearest.into_iter().filter_map(|near| {
        let exchange = near.exchange;
        let shelf = storage.shelf(exchange).ok()?;
        let request = shelf.exchange().ok()?.request;
        let method = recognise::endpoint_method(&shelf.request_body().ok()?);
        Some(NearRecording {
            exchange,
            name: words::name_of(&request.method, &hidden(&request.target), &method),
            target: format!("{} {}", request.method, hidden(&request.target)),
            note: near.note,
            differences: near.differences.into_iter().map(difference).collect(),
        })
    });
    ReplayMiss {
        request: missed.request,
        at: words::rfc3339(missed.at_us),
        name: words::name_of(
            &missed.asked.method,
            &hidden(&missed.asked.target),
            &recognise::endpoint_method(&missed.asked.body),
        ),
        target: format!("{} {}", missed.asked.method, hidden(&missed.asked.target)),
        session: missed.asked.isolation.unwrap_or_default(),
        asks: missed.asks,
        why: hidden(&missed.reason),
        waits: missed.waits,
        chosen: missed.chosen,
        nearest: nearest.collect(),
    }
}

/// Frames of an exchange that is served; 0 if it is gone meanwhile.
fn frames_of(storage: &Storage, replay: &Replay, exchange: i64) -> u32 {
    let mut known = replay.frames.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(exchange).or_insert_with(|| {
        let shelf = storage.shelf(exchange).ok();
        let reader = shelf.and_then(|shelf| Exchange::open(shelf).ok());
        reader.map_or(0, |reader| reader.summary().frames)
    })
}

fn next(next: Next) -> NextEvent {
    let mut end = next.text.len().min(TEXT_LEN);
    while !next.text.is_char_boundary(end) {
        end -= 1;
    }
    NextEvent {
        seq: next.seq,
        type_name: next.type_name,
        cut: end < next.text.len() || !next.is_editable,
        text: next.text[..end].to_owned(),
    }
}

pub(super) fn answer(answered: Answered) -> ReplayAnswer {
    let mut why = hidden(&answered.why);
    let secrets: Vec<_> = answered
        .omitted
        .iter()
        .filter(|name| is_secret_name(name))
        .cloned()
        .collect();
    if !secrets.is_empty() {
        why.push_str(&format!("; without {}, whose value was not kept", secrets.join(", ")));
    }
    ReplayAnswer {
        request: answered.request,
        at: words::rfc3339(answered.at_us),
        name: words::name_of(&answered.method, &hidden(&answered.target), &answered.endpoint_method),
        target: format!("{} {}", answered.method, hidden(&answered.target)),
        status: answered.status,
        exchange: answered.exchange,
        is_miss: answered.is_miss,
        nearest: answered.nearest,
        why,
        differences: answered.differences.into_iter().map(difference).collect(),
    }
}

fn difference(difference: scrubjay_replay::matching::Difference) -> RequestDifference {
    RequestDifference {
        pointer: difference.pointer,
        recorded: difference.recorded,
        asked: difference.asked,
    }
}

/// The command that does the same without a window.
fn command(path: &str, chosen: &[i64], source: &str, options: &ReplayOptions) -> String {
    let mut words = vec!["scrubjay replay".to_owned(), quoted(path)];
    words.extend(chosen.iter().map(|index| format!("--exchange {index}")));
    let mut option = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            words.push(format!("{name} {}", quoted(value)));
        }
    };
    option("--source", source);
    if options.pace != "recorded" {
        option("--pace", &options.pace);
    }
    options.faults.iter().for_each(|fault| option("--fault", fault));
    option("--fallback", &options.fallback);
    option("--hold", &options.hold);
    if options.matching.trim() != "documented" {
        option("--match", &options.matching);
    }
    if options.on_miss.trim() != "not-found" {
        option("--miss", &options.on_miss);
    }
    if options.seed != 0 {
        option("--seed", &options.seed.to_string());
    }
    if options.exact {
        words.push("--exact".to_owned());
    }
    if options.strict {
        words.push("--strict".to_owned());
    }
    words.join(" ")
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_out_of_the_log() {
        for (target, shown) in [
            ("/agent?api_key=zzz&a=b", "/agent?api_key=…&a=b"),
            ("/agent?access-token=z=z", "/agent?access-token=…"),
            ("/agent?token=&x", "/agent?token=&x"),
            ("/agent;%74oken=z/b?api%2Dkey=y", "/agent;%74oken=…/b?api%2Dkey=…"),
            ("/agent", "/agent"),
        ] {
            assert_eq!(hidden(target), shown);
        }
    }

    #[test]
    fn the_command_says_all_that_is_not_usual() {
        let options = ReplayOptions {
            pace: "2x".into(),
            strict: true,
            faults: vec!["cut:event=3".into()],
            hold: "tool:a #3".into(),
            ..ReplayOptions::default()
        };
        assert_eq!(
            command("my run's.agui.jsonl", &[4], "", &options),
            r"scrubjay replay 'my run'\''s.agui.jsonl' --exchange 4 --pace 2x --fault cut:event=3 --hold 'tool:a #3' --strict"
        );
        assert_eq!(
            command("a.db", &[], "", &ReplayOptions::default()),
            "scrubjay replay a.db"
        );
    }
}
