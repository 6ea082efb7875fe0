//! All about one frame.

use std::borrow::Cow;

use scrubjay_protocol::{
    event::EventType,
    frame::{Frame, FrameKind},
    json::{self, Value, to_json},
    schema,
};

use super::{
    Failed, Reader, answer::*, chat::Interrupt, describe, frames::event_text, seek::ShelfPieces, spans::clip,
    tree::Mend,
};
use crate::{
    derive::{is_failed_patch, unpacker_of},
    shelf::Shelf,
    words,
};

/// Bytes of a field's value.
const FIELD_LEN: usize = 16 * 1024;
/// Bytes of an operation's value.
const VALUE_LEN: usize = 400;
/// Operations shown.
const OPERATIONS: usize = 500;
/// Fields shown.
const FIELDS: usize = 200;
/// Chunk boundaries shown.
const BOUNDARIES: u64 = 4_096;
/// Bytes of a span's text.
const SPAN_TEXT_LEN: usize = 64 * 1024;
/// An event up to here is taken apart for its fields.
const PARSED_LEN: u64 = 8 * 1024 * 1024;
/// Bytes of a frame that are given as bytes.
const BYTES_LEN: usize = 4 * 1024;
/// Findings shown.
const FINDINGS: usize = 200;
/// Interrupts shown.
const INTERRUPTS: usize = 200;

impl<S: Shelf> Reader<S> {
    /// All about a frame; its text is cut at `limit` bytes.
    ///
    /// # Errors
    /// When there is no such frame, or the shelf cannot be read.
    pub fn detail(&mut self, seq: u32, limit: u64) -> Result<FrameDetail, Failed<S::Error>> {
        let entry = self.frame(seq)?;
        let findings = self.findings(seq..seq.saturating_add(1), FINDINGS)?;
        let parts = self.parts_of(seq, &entry, &findings, limit)?;
        let mut mended_at = None;
        for finding in &findings {
            mended_at = mended_at.or(self.mend_of(finding)?.and_then(Mend::frame));
        }
        let mut span = self.span(entry.span)?;
        if describe::is_result_alone(&span) {
            let name = self.subject_of(&span)?;
            span.name = if name == span.id { String::new() } else { name };
        }
        let text = self.span_text_until(entry.span, seq, SPAN_TEXT_LEN)?;
        let frame = self.frame_text(seq, limit)?;
        let raw = parts.decoded.unwrap_or_else(|| Raw::of(&frame));
        let arrival_us = self.exchange.started_at_us.saturating_add_unsigned(entry.at_us);
        Ok(FrameDetail {
            seq,
            type_name: parts.type_name,
            kind: entry.event.kind(),
            at_us: entry.at_us,
            wall: words::rfc3339(arrival_us),
            gap_us: self.gap_before(seq, &entry)?,
            timestamp: timestamp(&parts.fields, arrival_us),
            offset: entry.offset,
            len: entry.len,
            chunk: entry.chunk,
            chunk_frames: self.frames_of_chunk(seq, entry.chunk)?,
            chunk_boundaries: self.boundaries_in(&entry)?,
            findings,
            mended_at,
            fields: parts.fields,
            operations: parts.operations,
            interrupts: parts.interrupts,
            raw: raw.text,
            raw_decoded: raw.is_decoded,
            raw_lossy: raw.is_lossy,
            raw_cut: raw.is_cut,
            bytes: frame.bytes.into_iter().take(BYTES_LEN).collect(),
            span: Some(span_detail(span, text)),
        })
    }

    /// Takes an event apart, unless it is very long.
    fn parts_of(
        &mut self,
        seq: u32,
        entry: &FrameEntry,
        findings: &[FindingEntry],
        limit: u64,
    ) -> Result<Parts, Failed<S::Error>> {
        let mut parts = Parts {
            type_name: describe::type_name(entry, None),
            ..Parts::default()
        };
        if entry.len > PARSED_LEN {
            return Ok(parts);
        }
        let frame = self.recut(entry)?;
        parts.type_name = describe::type_name(entry, Some(&frame));
        if matches!(entry.kind, FrameKind::Event | FrameKind::Record) {
            let failure = self.failed_operation(seq, &frame, findings)?;
            parts.operations = operations_of(entry, frame.value.as_ref(), failure.as_ref());
            parts.interrupts = interrupts_in(frame.value.as_ref());
            let event_type = frame.event_type.clone();
            let text = event_text(frame);
            parts.fields = fields_of(event_type.as_ref(), &text);
            parts.decoded = decoded_of(entry, text, limit);
        }
        Ok(parts)
    }

    /// Which operation of a patch failed, from 0, and why. Pages keep the
    /// sentence only, so the frame is folded again.
    fn failed_operation(
        &mut self,
        seq: u32,
        frame: &Frame,
        findings: &[FindingEntry],
    ) -> Result<Option<(usize, String)>, Failed<S::Error>> {
        if !findings.iter().any(|finding| is_failed_patch(&finding.rule)) {
            return Ok(None);
        }
        let mut fold = self.fold_before(seq)?;
        let mut findings = fold.push_with(seq, frame, &ShelfPieces(&self.shelf)).into_iter();
        Ok(findings.find_map(|finding| Some((finding.operation?, finding.message))))
    }

    /// Frames that the same chunk completed; they follow each other.
    fn frames_of_chunk(&mut self, seq: u32, chunk: u64) -> Result<u32, Failed<S::Error>> {
        let count = self.frame_count();
        let first = super::pages::partition(count, |idx| {
            Ok::<_, Failed<S::Error>>(self.frame(idx + 1)?.chunk < chunk)
        })?;
        let end = super::pages::partition(count, |idx| {
            Ok::<_, Failed<S::Error>>(self.frame(idx + 1)?.chunk <= chunk)
        })?;
        Ok((end - first).max(u32::from(seq > 0)))
    }

    /// Where new chunks begin inside the frame. Empty for an encoded body.
    fn boundaries_in(&mut self, entry: &FrameEntry) -> Result<Vec<u64>, Failed<S::Error>> {
        if unpacker_of(&self.exchange).is_some() {
            return Ok(Vec::new());
        }
        let Some(first) = self.shelf.chunk_at(entry.offset).map_err(Failed::Shelf)? else {
            return Ok(Vec::new());
        };
        let chunks = self
            .shelf
            .chunks(first..(entry.chunk + 1).min(first + BOUNDARIES))
            .map_err(Failed::Shelf)?;
        let inside = chunks
            .iter()
            .filter(|chunk| chunk.offset > entry.offset && chunk.offset < entry.end());
        Ok(inside.map(|chunk| chunk.offset - entry.offset).collect())
    }
}

/// What an event says.
#[derive(Default)]
struct Parts {
    type_name: String,
    fields: Vec<Field>,
    operations: Vec<Operation>,
    interrupts: Vec<Interrupt>,
    decoded: Option<Raw>,
}

/// A frame as text.
struct Raw {
    text: String,
    is_decoded: bool,
    is_lossy: bool,
    is_cut: bool,
}

impl Raw {
    fn of(frame: &FrameText) -> Self {
        let text = String::from_utf8_lossy(&frame.bytes);
        // A cut inside a character is not the frame's fault.
        let is_cut_character =
            frame.cut && std::str::from_utf8(&frame.bytes).is_err_and(|error| error.error_len().is_none());
        Self {
            is_decoded: false,
            is_lossy: matches!(text, Cow::Owned(_)) && !is_cut_character,
            text: text.into_owned(),
            is_cut: frame.cut,
        }
    }
}

/// The event's own `timestamp` as it stands, and how far it is ahead of the
/// arrival, in microseconds, if it reads as a time: milliseconds, or seconds
/// when it is so small.
fn timestamp(fields: &[Field], arrival_us: i64) -> Option<(String, Option<i64>)> {
    let field = fields.iter().find(|field| field.name == "timestamp")?;
    let number = field.value.trim_matches('"').parse::<f64>().ok();
    let millis = number.map(|number| if number.abs() < 1e11 { number * 1e3 } else { number });
    let plausible = millis.filter(|millis| (5e11..5e12).contains(millis));
    Some((
        field.value.clone(),
        plausible.map(|millis| (millis * 1e3) as i64 - arrival_us),
    ))
}

fn span_detail(span: Span, text: SpanText) -> SpanDetail {
    SpanDetail {
        ordinal: span.ordinal,
        kind: span.kind,
        id: span.id,
        name: span.name,
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

fn decoded_of(entry: &FrameEntry, text: Vec<u8>, limit: u64) -> Option<Raw> {
    if entry.kind != FrameKind::Record || text.is_empty() {
        return None;
    }
    let text = String::from_utf8(text).ok()?;
    let (text, is_cut) = clip(text, usize::try_from(limit).unwrap_or(usize::MAX));
    Some(Raw {
        text,
        is_decoded: true,
        is_lossy: false,
        is_cut,
    })
}

fn fields_of(event: Option<&EventType>, data: &[u8]) -> Vec<Field> {
    let Ok(members) = json::members(data) else {
        return Vec::new();
    };
    let field = |member: json::Member| {
        let text = String::from_utf8_lossy(&data[member.value_range]).into_owned();
        let (value, cut) = clip(text, FIELD_LEN);
        let name = member.name.to_str_lossy().into_owned();
        let known = event.is_some_and(|event| schema::has_member(event, &name));
        Field {
            name,
            value,
            cut,
            known,
        }
    };
    members.into_iter().take(FIELDS).map(field).collect()
}

/// The interrupts with which an event ends its run.
fn interrupts_in(event: Option<&Value>) -> Vec<Interrupt> {
    let outcome = event.and_then(|event| event.get("outcome"));
    let waits = outcome.filter(|outcome| outcome.get("type").and_then(Value::as_str) == Some("interrupt"));
    let interrupts = waits.and_then(|outcome| outcome.get("interrupts")?.as_array());
    let word = |interrupt: &Value, name: &str| {
        let text = interrupt.get(name).and_then(Value::as_wtf8);
        text.map(|text| clip(text.to_str_lossy().into_owned(), FIELD_LEN).0)
            .unwrap_or_default()
    };
    let interrupts = interrupts.unwrap_or_default().iter().take(INTERRUPTS);
    interrupts
        .map(|interrupt| Interrupt {
            id: word(interrupt, "id"),
            reason: word(interrupt, "reason"),
            message: word(interrupt, "message"),
            response_schema: None,
        })
        .collect()
}

/// The operations of a state or activity patch and what became of them.
fn operations_of(entry: &FrameEntry, event: Option<&Value>, failure: Option<&(usize, String)>) -> Vec<Operation> {
    if !matches!(entry.event.kind(), Kind::State | Kind::Activity) {
        return Vec::new();
    }
    let patch = event.and_then(|event| event.get("delta").or_else(|| event.get("patch")));
    let Some(operations) = patch.and_then(Value::as_array) else {
        return Vec::new();
    };
    let shown = operations.iter().take(OPERATIONS).enumerate();
    shown
        .map(|(idx, operation)| operation_of(idx, operation, failure))
        .collect()
}

fn operation_of(idx: usize, operation: &Value, failure: Option<&(usize, String)>) -> Operation {
    let word = |name: &str| {
        operation
            .get(name)
            .and_then(Value::as_wtf8)
            .map(|text| text.to_str_lossy().into_owned())
    };
    let (fate, reason) = match failure {
        None => (Fate::Applied, String::new()),
        Some((failed, reason)) if *failed == idx => (Fate::Failed, reason.clone()),
        Some(_) => (Fate::Skipped, String::new()),
    };
    Operation {
        op: word("op").unwrap_or_default(),
        path: word("path").unwrap_or_default(),
        from: word("from"),
        value: operation.get("value").map(|value| clip(to_json(value), VALUE_LEN).0),
        fate,
        reason,
    }
}
