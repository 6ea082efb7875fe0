//! Moments, jumps, and all about one frame.

use scrubjay_session::{
    query::{self, Failed, Reader},
    shelf::Shelf,
};

use super::{shown::shown, wall};
use crate::{Detail, DetailView, Jump, Locate, Moment, SpanView, visible};

/// Bytes of a frame that are shown as text.
const RAW_LEN: usize = 256 * 1024;
/// Bytes of a frame that are shown as bytes.
const BYTES_LEN: usize = 4 * 1024;

pub(super) fn locate<S: Shelf>(ask: &Locate, reader: &mut Reader<S>) -> Result<Moment, Failed<S::Error>> {
    let place = reader.locate(ask.axis, ask.target)?;
    Ok(moment(&place, reader))
}

pub(super) fn jump<S: Shelf>(ask: &Jump, reader: &mut Reader<S>) -> Result<Option<Moment>, Failed<S::Error>> {
    let direction = if ask.backwards {
        query::Direction::Backwards
    } else {
        query::Direction::Forwards
    };
    let place = reader.jump(ask.axis, ask.from, ask.to, direction)?;
    Ok(place.map(|place| moment(&place, reader)))
}

fn moment<S: Shelf>(place: &query::Place, reader: &Reader<S>) -> Moment {
    Moment {
        seq: place.seq,
        at_us: place.at_us,
        x: place.x,
        wall: wall_of(reader, place.at_us),
        type_name: visible::line(&place.type_name),
        severity: place.severity,
        gap_us: place.gap_us,
        hint: visible::line(&place.hint),
    }
}

fn wall_of<S: Shelf>(reader: &Reader<S>, at_us: u64) -> String {
    wall(reader.exchange().started_at_us.saturating_add_unsigned(at_us))
}

pub(super) fn detail<S: Shelf>(ask: &Detail, reader: &mut Reader<S>) -> Result<DetailView, Failed<S::Error>> {
    let detail = reader.detail(ask.seq, RAW_LEN as u64)?;
    let started_at_us = reader.exchange().started_at_us;
    let raw = raw(&detail);
    Ok(DetailView {
        seq: detail.seq,
        type_name: visible::line(&detail.type_name),
        kind: detail.entry.event.kind(),
        at_us: detail.entry.at_us,
        wall: wall_of(reader, detail.entry.at_us),
        gap_us: detail.gap_us,
        timestamp: timestamp(&detail, started_at_us),
        offset: detail.entry.offset,
        len: detail.entry.len,
        chunk: detail.entry.chunk,
        chunk_frames: detail.chunk_frames,
        chunk_boundaries: detail.chunk_boundaries,
        findings: shown(detail.findings),
        fields: shown(detail.fields),
        operations: shown(detail.operations),
        raw: raw.text,
        raw_decoded: detail.decoded.is_some(),
        raw_lossy: raw.is_lossy,
        raw_cut: raw.is_cut,
        bytes: detail.text.bytes.iter().copied().take(BYTES_LEN).collect(),
        span: detail.span.map(|(span, text)| span_view(&span, text)),
    })
}

/// A frame as text.
struct Raw {
    text: String,
    is_lossy: bool,
    is_cut: bool,
}

fn raw(detail: &query::Detail) -> Raw {
    if let Some((text, is_cut)) = &detail.decoded {
        return Raw {
            text: text.clone(),
            is_lossy: false,
            is_cut: *is_cut,
        };
    }
    let bytes = &detail.text.bytes;
    let text = String::from_utf8_lossy(bytes);
    // A cut inside a character is not the frame's fault.
    let is_cut_character =
        detail.text.cut && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none());
    Raw {
        is_lossy: matches!(text, std::borrow::Cow::Owned(_)) && !is_cut_character,
        text: text.into_owned(),
        is_cut: detail.text.cut,
    }
}

/// The event's own `timestamp` as it stands, and how far it is ahead of the
/// arrival, in microseconds, if it reads as a time: milliseconds, or seconds
/// when it is so small.
fn timestamp(detail: &query::Detail, started_at_us: i64) -> Option<(String, Option<i64>)> {
    let field = detail.fields.iter().find(|field| field.name == "timestamp")?;
    let number = field.value.trim_matches('"').parse::<f64>().ok();
    let millis = number.map(|number| if number.abs() < 1e11 { number * 1e3 } else { number });
    let arrival_us = started_at_us.saturating_add_unsigned(detail.entry.at_us);
    let plausible = millis.filter(|millis| (5e11..5e12).contains(millis));
    Some((
        field.value.clone(),
        plausible.map(|millis| (millis * 1e3) as i64 - arrival_us),
    ))
}

fn span_view(span: &query::Span, text: query::SpanText) -> SpanView {
    SpanView {
        ordinal: span.ordinal,
        kind: span.kind,
        id: visible::line(&span.id),
        name: visible::line(&span.name),
        first_seq: span.first_seq,
        last_seq: span.last_seq,
        duration_us: span.end_us - span.start_us,
        frames: span.frames,
        text: text.text,
        result: text.result,
        open: span.open,
        later: text.later,
    }
}
