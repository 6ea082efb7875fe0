//! What happens to a recording: that it stopped and goes on, what was deleted
//! to keep the store small, what was left out. In JSON
//! each is a line where the other lines go, in text a note on standard error.

use std::path::Path;

use scrubjay_engine::{Engine, Gap, Incident, Pruned, clock};

use crate::{
    contract::recorder::{IncidentLine, RecordingDetails, RecordingLine},
    failure::{Failure, note},
    json,
    out::Out,
    safe::shortened,
    words,
};

/// Prints what happened since this was last called.
pub(crate) fn print_new(engine: &Engine, out: &mut Out) -> Result<(), Failure> {
    // In JSON they share the way with the other lines, and wait for room as those do.
    if out.is_json() && !out.has_room() {
        return Ok(());
    }
    print_all(engine, out)
}

fn print_all(engine: &Engine, out: &mut Out) -> Result<(), Failure> {
    let incidents = engine.incidents();
    incidents
        .iter()
        .try_for_each(|incident| print(&line(incident), &sentence(incident), out))
}

/// Prints what is left to print when recording has ended.
pub(crate) fn print_last(engine: &Engine, out: &mut Out) -> Result<(), Failure> {
    print_all(engine, out)?;
    let left_out = engine.left_out();
    if left_out == 0 {
        return Ok(());
    }
    let exchanges = words::count(left_out, "exchange");
    print(
        &IncidentLine::LeftOut { left_out },
        &format!("{exchanges} passed without being recorded, as --only and --skip ask."),
        out,
    )
}

fn line(incident: &Incident) -> IncidentLine<'_> {
    let shown = |path: &Path| path.display().to_string();
    let at = words::rfc3339(clock::wall_us());
    let (recording, details) = match incident {
        Incident::Pruned(pruned) => return pruned_line(pruned),
        Incident::OverCap { used_bytes } => {
            return IncidentLine::OverMaxStore {
                over_max_store: *used_bytes,
            };
        }
        Incident::Damaged { path } => {
            return IncidentLine::Damaged {
                damaged: shown(path),
                at,
            };
        }
        Incident::Moves { why, from, to } => {
            let (from, store) = (shown(from), shown(to));
            ("moves", RecordingDetails::Moves { why, from, store })
        }
        Incident::Moved { to, lost } => {
            let (store, complete, why) = (shown(to), lost.is_none(), lost.as_deref());
            ("moved", RecordingDetails::Moved { store, complete, why })
        }
        Incident::Respooled { folder } => ("goes on", spool(folder, None)),
        Incident::Unspooled { folder, why } => ("goes on unspooled", spool(folder, Some(why))),
        Incident::Stopped(gap) => ("stopped", stopped_details(gap)),
        Incident::GoesOn { lost_bytes, exchanges } => ("goes on", lost_details(*lost_bytes, *exchanges)),
        Incident::EndedStopped { lost_bytes, exchanges } => {
            ("ended while stopped", lost_details(*lost_bytes, *exchanges))
        }
    };
    IncidentLine::Recording(RecordingLine { recording, at, details })
}

fn spool<'a>(folder: &Path, why: Option<&'a str>) -> RecordingDetails<'a> {
    RecordingDetails::Spool {
        spool: folder.display().to_string(),
        why,
    }
}

fn stopped_details(gap: &Gap) -> RecordingDetails<'_> {
    RecordingDetails::Stopped {
        why: &gap.why,
        exchange: gap.exchange,
        request: &gap.request,
        body: if gap.in_request { "request" } else { "response" },
        offset: gap.offset,
    }
}

fn lost_details(lost_bytes: u64, exchanges: u64) -> RecordingDetails<'static> {
    RecordingDetails::Lost { lost_bytes, exchanges }
}

fn sentence(incident: &Incident) -> String {
    match incident {
        Incident::Pruned(pruned) => pruned_sentence(pruned),
        Incident::OverCap { used_bytes } => format!(
            "The store takes up {}, more than --max-store, and nothing more may go: what is left was there before, \
             is pinned, or is still open.",
            words::bytes(*used_bytes)
        ),
        Incident::Moves { why, from, to } => format!(
            "The store {} {why} while it was recorded into. Recording goes on into {}.",
            from.display(),
            to.display()
        ),
        Incident::Moved { to, lost } => moved_sentence(to, lost.as_deref()),
        Incident::Damaged { path } => format!(
            "Another recorder that was cut off left a spool whose end cannot be read. What stands before it was \
             taken in; the file is kept as {}.",
            path.display()
        ),
        Incident::Respooled { folder } => format!(
            "The files of the spool were taken away while they were in use; there are new ones in {}, and nothing \
             is lost.",
            folder.display()
        ),
        Incident::Unspooled { folder, why } => format!(
            "The files of the spool in {} were taken away while they were in use, and new ones cannot be made: \
             {why}. Recording goes on; only what has not reached the store would be lost with this program.",
            folder.display()
        ),
        Incident::Stopped(gap) => stopped_sentence(gap),
        Incident::GoesOn { lost_bytes, exchanges } => {
            format!("Recording goes on since {}: {}.", now(), lost(*lost_bytes, *exchanges))
        }
        Incident::EndedStopped { lost_bytes, exchanges } => {
            format!("Recording had stopped and ended so: {}.", lost(*lost_bytes, *exchanges))
        }
    }
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

fn print(line: &IncidentLine<'_>, sentence: &str, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        out.text(&json::line(line))?;
        return out.flush();
    }
    note(sentence, out.format);
    Ok(())
}

fn now() -> String {
    words::clock(clock::wall_us())
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

fn pruned_line(pruned: &Pruned) -> IncidentLine<'_> {
    IncidentLine::Pruned {
        pruned: &pruned.exchanges,
        from: words::rfc3339(pruned.oldest_us),
        to: words::rfc3339(pruned.newest_us),
        bytes: pruned.bytes,
    }
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

/// Prints what was pruned before recording began.
pub(crate) fn print_pruned(pruned: &Pruned, out: &mut Out) -> Result<(), Failure> {
    print(&pruned_line(pruned), &pruned_sentence(pruned), out)
}
