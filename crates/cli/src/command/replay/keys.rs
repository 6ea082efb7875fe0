//! What is typed while events are sent by hand: a line is an order for the
//! stream that was held last.

use std::io::BufRead as _;

use scrubjay_ipc::{ReplayOptions, SteerBy};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::failure::Failure;

/// Lines that wait, at most.
const WAITING: usize = 64;

/// What can be typed.
pub(super) const HELP: &str = "Enter sends the event and stops at the next, s skips it, d sends it twice, a line of JSON is sent in its place, \
     g goes on, x breaks the connection off.";

/// Lines from standard input.
pub(super) struct Keys {
    lines: mpsc::Receiver<String>,
}

/// What can be typed while a request waits that nothing recorded answers.
pub(super) const HELP_WITH_MISSES: &str =
    "While a missed request waits: a 3 answers it with exchange 3, and m lets it have the miss.";

/// Whether there is anything to do by hand.
pub(super) fn are_wanted(options: &ReplayOptions) -> bool {
    holds(options) || options.on_miss == "wait"
}

/// Whether streams wait for orders.
pub(super) fn holds(options: &ReplayOptions) -> bool {
    options.pace == "step" || !options.hold.trim().is_empty()
}

impl Keys {
    /// Reads lines on a thread of their own, which ends with the program.
    pub(super) fn read() -> Result<Self, Failure> {
        let (sender, lines) = mpsc::channel(WAITING);
        std::thread::Builder::new().name("keys".into()).spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { lines })
    }
}

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Order(SteerBy),
    /// Answers the request that waits with this exchange, or with the miss.
    Miss(Option<i64>),
    /// No order; why, as a sentence.
    Nonsense(String),
    /// Standard input has ended.
    NoMore,
}

/// What is typed next. Never comes when nothing is read, or nothing more can be typed.
pub(super) async fn next(keys: &mut Option<Keys>) -> Key {
    let Some(reading) = keys else {
        return std::future::pending().await;
    };
    match reading.lines.recv().await {
        Some(line) => key(line.trim()),
        None => {
            *keys = None;
            Key::NoMore
        }
    }
}

fn key(line: &str) -> Key {
    if line == "m" || line == "miss" {
        return Key::Miss(None);
    }
    if let Some(exchange) = line.strip_prefix("a ").and_then(|number| number.trim().parse().ok()) {
        return Key::Miss(Some(exchange));
    }
    Key::Order(match line {
        "" => SteerBy::Send,
        "s" | "skip" => SteerBy::Skip,
        "d" | "duplicate" => SteerBy::Duplicate,
        "g" | "go" => SteerBy::Go,
        "x" | "reset" => SteerBy::Reset,
        json if json.starts_with('{') => match serde_json::from_str::<Value>(json) {
            Ok(_) => SteerBy::Edit(json.to_owned()),
            Err(error) => return Key::Nonsense(format!("{line:?} is no JSON ({error}), and was not sent.")),
        },
        other => return Key::Nonsense(format!("{other:?} is no order. {HELP} {HELP_WITH_MISSES}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_order() {
        assert_eq!(key(""), Key::Order(SteerBy::Send));
        assert_eq!(key("g"), Key::Order(SteerBy::Go));
        assert_eq!(key("a 12"), Key::Miss(Some(12)));
        assert_eq!(key("m"), Key::Miss(None));
        let raw = r#"{"type":"RAW"}"#;
        assert_eq!(key(raw), Key::Order(SteerBy::Edit(raw.into())));
        for nonsense in ["what", "{bad", "a x", r#"{"a":1} x"#] {
            assert!(matches!(key(nonsense), Key::Nonsense(why) if why.starts_with(&format!("{nonsense:?} is no "))));
        }
    }
}
