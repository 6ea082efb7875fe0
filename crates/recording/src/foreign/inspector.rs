//! Session files of agui-inspector: exchanges without headers, and their
//! frames as they stood on the wire.

use std::collections::BTreeMap;

use scrubjay_session::exchange::Ending;

use super::{
    document::{Halt, Part, fields, number, or_end, string, walk},
    taking::{Taking, append, set_url},
};
use crate::read::Stop;

/// The latest version that is read.
const VERSION: f64 = 0.0;
/// Longest time that is believed, some thirty years.
const MAX_MILLIS: f64 = 1e12;

/// Takes a session. Frames stand behind all exchanges, so the text is walked through twice.
pub(super) fn take(taking: &mut Taking<'_>) -> Result<(), Halt> {
    taking.name = "session of agui-inspector";
    let (text, end) = taking.text();
    let mut indexes = BTreeMap::new();
    let walked = walk(text, &["session.exchanges"], &mut |part, value, at| match part {
        Part::Member("version") => version(value),
        Part::Item(_) => exchange(taking, value, at, &mut indexes),
        Part::Name(_) | Part::Member(_) => Ok(()),
    });
    // What is damaged here is damaged above, too, unless it is a frame.
    let framed = walk(text, &["session.frames"], &mut |part, value, at| match part {
        Part::Item(_) => frame(taking, value, at, &indexes),
        Part::Name(_) | Part::Member(_) => Ok(()),
    });
    taking.note(
        "The file is a session of agui-inspector: it has no headers and no chunks, so that each frame is a chunk, and \
         the text of a frame is as it came.",
    );
    or_end(framed.and(walked), end)
}

fn version(text: &str) -> Result<(), Stop> {
    match number(Some(text)) {
        Some(version) if version <= VERSION => Ok(()),
        _ => {
            let version: String = text.chars().take(20).collect();
            Err(Stop::Damaged(format!(
                "it is a session of agui-inspector of version {version}, and this program reads version {VERSION}; a \
                 newer program is needed"
            )))
        }
    }
}

fn exchange(taking: &mut Taking<'_>, text: &str, at: usize, indexes: &mut BTreeMap<String, i64>) -> Result<(), Stop> {
    let [id, method, path, request, status, response, started, elapsed, transport] = fields(
        text,
        [
            "id",
            "method",
            "path",
            "requestBody",
            "status",
            "responseBody",
            "startedAt",
            "elapsedMs",
            "transport",
        ],
    );
    let Some(id) = string(id) else {
        return Err(Stop::Damaged("an exchange has no id".to_owned()));
    };
    let request = string(request).unwrap_or_default().into_bytes();
    let response = string(response).unwrap_or_default();
    taking.grow((request.len() + response.len() + id.len()) as u64)?;
    let micros = |text| (number(text).unwrap_or_default().clamp(0.0, 1e3 * MAX_MILLIS) * 1000.0).round();
    let end_us = (micros(elapsed) as u64).min(MAX_MILLIS as u64 * 1000);
    let recorded = taking.begin(at)?;
    recorded.request_body = request;
    if !response.is_empty() {
        append(recorded, response.as_bytes(), end_us);
    }
    let exchange = &mut recorded.exchange;
    indexes.insert(id, exchange.index);
    exchange.request.method = string(method).unwrap_or_default();
    set_url(exchange, &string(path).unwrap_or_default());
    exchange.started_at_us = micros(started) as i64;
    exchange.last_at_us = end_us;
    let status = number(status).filter(|status| (100.0..1000.0).contains(status));
    match (status, &mut exchange.response) {
        (Some(status), Some(head)) => head.status = status as u16,
        _ => exchange.response = None,
    }
    if let (false, Some(head)) = (response.is_empty(), &mut exchange.response) {
        head.headers.clear();
    }
    exchange.ending = ending(string(transport).as_deref(), exchange.response.is_some());
    Ok(())
}

fn ending(transport: Option<&str>, is_answered: bool) -> Ending {
    match (transport, is_answered) {
        (Some("user-stopped"), _) => Ending::ClientLeft,
        (Some("transport-error"), true) => Ending::UpstreamReset,
        (Some("created" | "sending" | "streaming" | "reading"), _) => Ending::RecorderStopped,
        (_, false) => Ending::NoAnswer,
        (_, true) => Ending::Complete,
    }
}

fn frame(taking: &mut Taking<'_>, text: &str, at: usize, indexes: &BTreeMap<String, i64>) -> Result<(), Stop> {
    let [exchange, envelope, offset] = fields(text, ["exchangeId", "envelope", "offsetMs"]);
    let (Some(exchange), Some(envelope)) = (string(exchange), string(envelope)) else {
        return Err(Stop::Damaged("it is no frame of agui-inspector".to_owned()));
    };
    let Some(index) = indexes.get(&exchange) else {
        return Ok(());
    };
    let at_us = (number(offset).unwrap_or_default().clamp(0.0, MAX_MILLIS) * 1000.0).round() as u64;
    taking.frame_of(*index, at, envelope.as_bytes(), at_us)
}
