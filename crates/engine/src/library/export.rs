//! From exchanges to a file.
//!
//! A body goes through twice: once to count its frames, hash its bytes and
//! find its tail, which stand in the request line before them; once to write the
//! frames. So the file is written as it is read, however long the body is.

use std::io::Write;

use scrubjay_recording::{Header, Layout, Origin, Outline, OutwardWriter, Packing, Recorded, Sink, Writer};
use scrubjay_redaction::Manifest;
use scrubjay_session::{
    exchange::Exchange as Facts,
    query::answer::{FrameEntry, Transport},
    recognise,
    shelf::Shelf as _,
};
use sha2::{Digest as _, Sha256};

use super::{
    body::{self, Cutter},
    format::ExportFormat,
    summary,
};
use crate::{EngineError, Exchange, shelf::AnyShelf, storage::Storage};

/// Frames whose times are read at once.
const FRAMES_AT_ONCE: u32 = 4_096;

/// Writes exchanges as one file of a format, with what it says about what was taken out.
pub(crate) fn export(
    storage: &Storage,
    exchanges: &[i64],
    format: ExportFormat,
    manifest: Option<&Manifest>,
    out: &mut dyn Write,
) -> Result<(), EngineError> {
    match format {
        ExportFormat::Recording => recording(storage, exchanges, Packing::Plain, manifest, out),
        ExportFormat::RecordingGzip => recording(storage, exchanges, Packing::Gzip, manifest, out),
        ExportFormat::Summary => summary::write(storage, exchanges, out),
        ExportFormat::Har
        | ExportFormat::EventStream
        | ExportFormat::EventLines
        | ExportFormat::EventArray
        | ExportFormat::Aimock
        | ExportFormat::Curl => outward(storage, exchanges, format, out),
    }
}

/// Writes a format of another tool. One exchange at a time is held.
fn outward(storage: &Storage, exchanges: &[i64], format: ExportFormat, out: &mut dyn Write) -> Result<(), EngineError> {
    let Some(outward) = format.outward() else { return Ok(()) };
    let mut writer = OutwardWriter::new(out, outward, "scrubjay", env!("CARGO_PKG_VERSION")).map_err(failed)?;
    for &exchange in exchanges {
        writer.exchange(&recorded(&storage.shelf(exchange)?)?).map_err(failed)?;
    }
    if writer.is_empty() {
        return Err(EngineError::NothingToWrite { format: format.word() });
    }
    writer.finish().map_err(failed)?;
    Ok(())
}

fn recorded(shelf: &AnyShelf) -> Result<Recorded, EngineError> {
    let exchange = shelf.exchange()?;
    let mut body = Vec::new();
    body::wire(shelf, &exchange, |piece| body.extend_from_slice(piece))?;
    Ok(Recorded {
        request_body: shelf.request_body()?,
        chunks: shelf.chunks(0..exchange.chunk_count)?,
        exchange,
        body,
        origin: Origin::Exact,
        line: 0,
        frame_lines: Vec::new(),
    })
}

fn recording(
    storage: &Storage,
    exchanges: &[i64],
    packing: Packing,
    manifest: Option<&Manifest>,
    out: &mut dyn Write,
) -> Result<(), EngineError> {
    let mut facts = Vec::new();
    let mut is_binary = !exchanges.is_empty();
    for &exchange in exchanges {
        let shelf = storage.shelf(exchange)?;
        is_binary = is_binary && recognise::transport(&shelf)? == Some(Transport::Protobuf);
        facts.push(shelf.exchange()?);
    }
    let header = header(&facts, is_binary, manifest);
    let mut writer = Writer::new(Sink::new(out, packing), &header).map_err(failed)?;
    for &exchange in exchanges {
        // A reader of its own: an export must not push out what a window looks at.
        let shelf = storage.shelf(exchange)?;
        let mut reader = Exchange::open(shelf.clone())?;
        write_exchange(&mut writer, &shelf, &mut reader)?;
    }
    let sink = writer.finish().map_err(failed)?;
    sink.finish().and_then(Write::flush).map_err(failed)
}

pub(super) fn failed(source: impl std::error::Error + Send + Sync + 'static) -> EngineError {
    EngineError::Export {
        source: Box::new(source),
    }
}

/// Who writes files.
pub(crate) fn tool() -> String {
    format!("scrubjay {}", env!("CARGO_PKG_VERSION"))
}

fn header(facts: &[Facts], is_binary: bool, manifest: Option<&Manifest>) -> Header {
    let first = facts.iter().min_by_key(|facts| facts.started_at_us);
    Header {
        tool: tool(),
        redacted: manifest.map_or_else(Vec::new, |manifest| manifest.rules.keys().cloned().collect()),
        redaction: manifest.and_then(|manifest| serde_json::to_string(manifest).ok()),
        captured_at_us: first.map_or(0, |facts| facts.started_at_us),
        url: first.map(|facts| facts.upstream.clone()).unwrap_or_default(),
        exchanges: Some(facts.len() as u64),
        binary: is_binary,
        ..Header::default()
    }
}

/// What the first pass finds.
struct Survey {
    frames: u64,
    tail: Vec<u8>,
    sha256: [u8; 32],
    /// The body itself, where the lines of its frames do not give it.
    whole: Option<Vec<u8>>,
}

fn survey(shelf: &AnyShelf, facts: &Facts, transport: Transport) -> Result<Survey, EngineError> {
    let lines_give_it = transport == Transport::Sse && !body::is_encoded(facts) && facts.holes.is_empty();
    let mut hasher = Sha256::new();
    let mut whole = (!lines_give_it).then(Vec::new);
    let mut cutter = Cutter::new(transport);
    let mut frames = 0;
    let mut count = |_: &scrubjay_protocol::frame::Frame, _: &[u8]| frames += 1;
    body::wire(shelf, facts, |piece| {
        hasher.update(piece);
        if let Some(whole) = &mut whole {
            whole.extend_from_slice(piece);
        } else {
            cutter.push(piece, &mut count);
        }
    })?;
    if whole.is_some() {
        body::decoded(shelf, facts, |piece| cutter.push(piece, &mut count))?;
    }
    let tail = cutter.finish(&mut count);
    Ok(Survey {
        frames,
        tail,
        sha256: hasher.finalize().into(),
        whole,
    })
}

fn write_exchange<W: Write>(
    writer: &mut Writer<W>,
    shelf: &AnyShelf,
    reader: &mut Exchange,
) -> Result<(), EngineError> {
    let facts = reader.exchange().clone();
    let transport = reader.summary().transport;
    let survey = survey(shelf, &facts, transport)?;
    let chunks = shelf.chunks(0..facts.chunk_count)?;
    let layout = match &survey.whole {
        Some(whole) => Layout::Whole { body: whole },
        None => Layout::Lines { tail: &survey.tail },
    };
    writer
        .exchange(&Outline {
            exchange: &facts,
            request_body: &shelf.request_body()?,
            chunks: &chunks,
            frames: survey.frames,
            sha256: survey.sha256,
            layout,
        })
        .map_err(failed)?;
    write_frames(writer, shelf, &facts, transport, reader)
}

fn write_frames<W: Write>(
    writer: &mut Writer<W>,
    shelf: &AnyShelf,
    facts: &Facts,
    transport: Transport,
    reader: &mut Exchange,
) -> Result<(), EngineError> {
    let mut times = Times::default();
    let mut outcome = Ok(());
    let mut each = |frame: &scrubjay_protocol::frame::Frame, bytes: &[u8]| {
        if outcome.is_ok() {
            outcome = times
                .next(reader)
                .and_then(|at_us| writer.frame(at_us, frame, bytes).map_err(failed));
        }
    };
    let mut cutter = Cutter::new(transport);
    body::decoded(shelf, facts, |piece| cutter.push(piece, &mut each))?;
    cutter.finish(&mut each);
    outcome
}

/// Times of frames in order.
#[derive(Default)]
struct Times {
    entries: std::vec::IntoIter<FrameEntry>,
    given: u32,
    last_at_us: u64,
}

impl Times {
    fn next(&mut self, reader: &mut Exchange) -> Result<u64, EngineError> {
        if self.entries.len() == 0 {
            let first = self.given + 1;
            let entries = reader.frames(first..first + FRAMES_AT_ONCE)?;
            self.entries = entries.into_iter();
        }
        self.given += 1;
        // A frame that came while this is written has no entry yet.
        self.last_at_us = self.entries.next().map_or(self.last_at_us, |entry| entry.at_us);
        Ok(self.last_at_us)
    }
}
