//! What is typed while events are sent by hand: a line is an order for the
//! stream that was held last.

use std::io::BufRead as _;

use scrubjay_ipc::{ReplayManner, SteerBy};
use tokio::sync::mpsc;

use crate::failure::Failure;

/// Lines that wait, at most.
const WAITING: usize = 64;

/// What can be typed.
pub(super) const HELP: &str =
    "Enter sends the next event, s skips it, d sends it twice, g goes on, x breaks the connection off.";

/// Lines from standard input.
pub(super) struct Keys {
    lines: mpsc::Receiver<String>,
}

/// Whether there is anything to do by hand.
pub(super) fn are_wanted(manner: &ReplayManner) -> bool {
    manner.pace == "step" || !manner.hold.trim().is_empty()
}

impl Keys {
    /// Reads lines on a thread of their own, which ends with the program.
    pub(super) fn read() -> Result<Self, Failure> {
        let (tell, lines) = mpsc::channel(WAITING);
        std::thread::Builder::new().name("keys".into()).spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if tell.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { lines })
    }
}

/// The next order. Never comes when nothing is read, or nothing more is typed.
pub(super) async fn next(keys: &mut Option<Keys>) -> Result<SteerBy, String> {
    if let Some(reading) = keys {
        if let Some(line) = reading.lines.recv().await {
            return order(line.trim());
        }
        *keys = None;
    }
    std::future::pending().await
}

fn order(line: &str) -> Result<SteerBy, String> {
    match line {
        "" => Ok(SteerBy::Send),
        "s" | "skip" => Ok(SteerBy::Skip),
        "d" | "duplicate" => Ok(SteerBy::Duplicate),
        "g" | "go" => Ok(SteerBy::Go),
        "x" | "reset" => Ok(SteerBy::Reset),
        json if json.starts_with('{') => Ok(SteerBy::Edit(json.to_owned())),
        other => Err(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_order() {
        assert_eq!(order(""), Ok(SteerBy::Send));
        assert_eq!(order("g"), Ok(SteerBy::Go));
        assert_eq!(
            order("{\"type\":\"RAW\"}"),
            Ok(SteerBy::Edit("{\"type\":\"RAW\"}".into()))
        );
        assert_eq!(order("what"), Err("what".into()));
    }
}
