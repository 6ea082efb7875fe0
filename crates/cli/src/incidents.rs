//! What a recorder has to say beside what it records: that recording stopped
//! and goes on, what went to keep the store small, what was left out. In JSON
//! each is a line where the other lines go, in text a note on standard error.

use std::path::Path;

use scrubjay_engine::{Engine, Gap, Incident, Pruned, clock};

use crate::{
    failure::{Failure, note},
    json::{self, Line},
    out::Out,
    safe::shortened,
    words,
};

/// Tells what happened since this was last called.
pub(crate) fn tell(engine: &Engine, out: &mut Out) -> Result<(), Failure> {
    // In JSON they share the way with the other lines, and wait for room as those do.
    if out.is_json() && !out.has_room() {
        return Ok(());
    }
    engine
        .incidents()
        .iter()
        .try_for_each(|incident| tell_one(incident, out))
}

/// Tells what is left to tell when recording has ended.
pub(crate) fn tell_last(engine: &Engine, out: &mut Out) -> Result<(), Failure> {
    engine
        .incidents()
        .iter()
        .try_for_each(|incident| tell_one(incident, out))?;
    let left_out = engine.left_out();
    if left_out == 0 {
        return Ok(());
    }
    let exchanges = words::count(left_out, "exchange");
    say(
        Line::new().value("leftOut", left_out),
        &format!("{exchanges} passed without being recorded, as --only and --skip ask."),
        out,
    )
}

fn tell_one(incident: &Incident, out: &mut Out) -> Result<(), Failure> {
    let (line, sentence) = match incident {
        Incident::Pruned(pruned) => (pruned_line(pruned), pruned_sentence(pruned)),
        Incident::OverCap { used_bytes } => (
            Line::new().value("overMaxStore", used_bytes),
            format!(
                "The store takes up {}, more than --max-store, and nothing more may go: what is left was there before, \
                 is pinned, or is still open.",
                words::bytes(*used_bytes)
            ),
        ),
        Incident::Moves { why, from, to } => (
            Line::new()
                .string("recording", "moves")
                .string("at", &words::rfc3339(clock::wall_us()))
                .string("why", why)
                .string("from", &from.display().to_string())
                .string("store", &to.display().to_string()),
            format!(
                "The store {} {why} while it was recorded into. Recording goes on into {}.",
                from.display(),
                to.display()
            ),
        ),
        Incident::Moved { to, lost } => (moved_line(to, lost.as_deref()), moved_sentence(to, lost.as_deref())),
        Incident::Damaged { path } => (
            Line::new()
                .string("damaged", &path.display().to_string())
                .string("at", &words::rfc3339(clock::wall_us())),
            format!(
                "Another recorder that was cut off left a spool whose end cannot be read. What stands before it was \
                 taken in; the file is kept as {}.",
                path.display()
            ),
        ),
        Incident::Respooled { folder } => (
            Line::new()
                .string("recording", "goes on")
                .string("at", &words::rfc3339(clock::wall_us()))
                .string("spool", &folder.display().to_string()),
            format!(
                "The files of the spool were taken away while they were in use; there are new ones in {}, and nothing \
                 is lost.",
                folder.display()
            ),
        ),
        Incident::Unspooled { folder, why } => (
            Line::new()
                .string("recording", "goes on unspooled")
                .string("at", &words::rfc3339(clock::wall_us()))
                .string("spool", &folder.display().to_string())
                .string("why", why),
            format!(
                "The files of the spool in {} were taken away while they were in use, and new ones cannot be made: \
                 {why}. Recording goes on; only what has not reached the store would be lost with this program.",
                folder.display()
            ),
        ),
        Incident::Stopped(gap) => (stopped_line(gap), stopped_sentence(gap)),
        Incident::GoesOn { lost_bytes, exchanges } => (
            lost_line("goes on", *lost_bytes, *exchanges),
            format!("Recording goes on since {}: {}.", now(), lost(*lost_bytes, *exchanges)),
        ),
        Incident::EndedStopped { lost_bytes, exchanges } => (
            lost_line("ended while stopped", *lost_bytes, *exchanges),
            format!("Recording had stopped and ended so: {}.", lost(*lost_bytes, *exchanges)),
        ),
    };
    say(line, &sentence, out)
}

fn moved_line(to: &Path, lost: Option<&str>) -> Line {
    Line::new()
        .string("recording", "moved")
        .string("at", &words::rfc3339(clock::wall_us()))
        .string("store", &to.display().to_string())
        .value("complete", lost.is_none())
        .optional("why", lost)
}

fn moved_sentence(to: &Path, lost: Option<&str>) -> String {
    let to = to.display();
    match lost {
        None => format!("{to} holds all that the old store held, and what is recorded from here on."),
        Some(why) => format!(
            "{to} holds what is recorded from here on, and what was still in the spool. What is open goes on in it, \
             with a hole where the rest was. The old store could not be copied: {why}."
        ),
    }
}

fn say(line: Line, sentence: &str, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        out.text(&line.end())?;
        return out.flush();
    }
    note(sentence, out.format);
    Ok(())
}

fn now() -> String {
    words::clock(clock::wall_us())
}

fn stopped_line(gap: &Gap) -> Line {
    Line::new()
        .string("recording", "stopped")
        .string("at", &words::rfc3339(clock::wall_us()))
        .string("why", &gap.why)
        .optional_value("exchange", gap.exchange)
        .string("request", &gap.request)
        .string("body", if gap.in_request { "request" } else { "response" })
        .value("offset", gap.offset)
}

fn stopped_sentence(gap: &Gap) -> String {
    let body = if gap.in_request { "request" } else { "answer" };
    let request = shortened(&gap.request, 80);
    let exchange = match gap.exchange {
        Some(index) => format!("exchange {index} ({request})"),
        None => request,
    };
    format!(
        "Recording stopped at {}: {}. Traffic goes on, and nothing is written down from byte {} of the {body} of \
         {exchange} on.",
        now(),
        gap.why,
        gap.offset
    )
}

fn lost_line(recording: &str, lost_bytes: u64, exchanges: u64) -> Line {
    Line::new()
        .string("recording", recording)
        .string("at", &words::rfc3339(clock::wall_us()))
        .value("lostBytes", lost_bytes)
        .value("exchanges", exchanges)
}

fn lost(lost_bytes: u64, exchanges: u64) -> String {
    match lost_bytes {
        0 => "no byte of a body is missing".to_owned(),
        lost_bytes => format!(
            "{} of {} passed without being recorded",
            words::bytes(lost_bytes),
            words::count(exchanges, "exchange")
        ),
    }
}

pub(crate) fn pruned_line(pruned: &Pruned) -> Line {
    Line::new()
        .raw("pruned", &json::list(pruned.exchanges.iter().map(ToString::to_string)))
        .string("from", &words::rfc3339(pruned.oldest_us))
        .string("to", &words::rfc3339(pruned.newest_us))
        .value("bytes", pruned.bytes)
}

fn pruned_sentence(pruned: &Pruned) -> String {
    let count = words::count(pruned.exchanges.len() as u64, "exchange");
    format!(
        "{count} went to keep the store below --max-store: {}, recorded {}; {} are free again.",
        numbers(&pruned.exchanges),
        span(pruned),
        words::bytes(pruned.bytes)
    )
}

/// From when to when they were recorded.
pub(crate) fn span(pruned: &Pruned) -> String {
    let (oldest, newest) = (words::clock(pruned.oldest_us), words::clock(pruned.newest_us));
    match oldest == newest {
        true => format!("at {oldest}"),
        false => format!("from {oldest} to {newest}"),
    }
}

/// The first and the last of many.
fn numbers(exchanges: &[i64]) -> String {
    match exchanges {
        [first, .., last] if exchanges.len() > 6 => format!("{first} … {last}"),
        all => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Tells what was pruned before recording began.
pub(crate) fn tell_pruned(pruned: &Pruned, out: &mut Out) -> Result<(), Failure> {
    say(pruned_line(pruned), &pruned_sentence(pruned), out)
}
