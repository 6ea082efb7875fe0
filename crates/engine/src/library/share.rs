//! Exchanges on their way to a file, without their secrets.
//!
//! Where something is taken out, all of them are held in memory: a secret of
//! the last may stand in the first, and what leaves is read once more before it
//! is there under its name.

use std::{
    fs::File,
    io::{BufReader, Read as _, Write},
    path::Path,
};

use scrubjay_protocol::encoding;
use scrubjay_recording::{Limits, Recorded, read_within};
use scrubjay_redaction::{Hit, Plan, Redactor, Report, Rescan, Whole};
use scrubjay_session::{
    exchange::{Chunk, Headers, Hole, field},
    shelf::Shelf as _,
};

use super::{body, export, format::ExportFormat};
use crate::{EngineError, Exchange, file::RecordingFile, shelf::AnyShelf, storage::Storage};

/// Bytes of a file that are read at once.
const PIECE_LEN: usize = 1 << 18;

/// Which exchanges leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub exchanges: Vec<i64>,
    /// Of the only exchange, the first and the last frame that leave; what is around them becomes holes.
    pub range: Option<(u32, u32)>,
    /// What was chosen, as the file says it.
    pub name: String,
}

/// Exchanges that leave, and what was taken out of them.
pub struct Outgoing {
    storage: Storage,
    exchanges: Vec<i64>,
    report: Option<Report>,
}

/// Prepares exchanges to leave, without what the plan takes out of them.
pub(crate) fn outgoing(
    storage: &Storage,
    scope: &Scope,
    plan: Option<Plan>,
    key: [u8; 32],
) -> Result<Outgoing, EngineError> {
    if plan.is_none() && scope.range.is_none() {
        return Ok(Outgoing {
            storage: storage.clone(),
            exchanges: scope.exchanges.clone(),
            report: None,
        });
    }
    let read = |exchange: &i64| {
        let shelf = storage.shelf(*exchange)?;
        let whole = whole(&shelf)?;
        match scope.range {
            Some((first, last)) => part(whole, shelf, first, last),
            None => Ok(whole),
        }
    };
    let wholes: Vec<Whole> = scope.exchanges.iter().map(read).collect::<Result<_, EngineError>>()?;
    let (wholes, report) = match plan {
        Some(plan) => redacted(wholes, plan, &scope.name, key),
        None => (wholes, None),
    };
    let file = RecordingFile::of(wholes);
    Ok(Outgoing {
        exchanges: file.indexes().collect(),
        storage: Storage::File(file.into()),
        report,
    })
}

fn redacted(wholes: Vec<Whole>, plan: Plan, scope: &str, key: [u8; 32]) -> (Vec<Whole>, Option<Report>) {
    let mut redactor = Redactor::new(plan, key);
    for whole in &wholes {
        redactor.look(whole);
    }
    let wholes = wholes.into_iter().map(|whole| redactor.redact(whole)).collect();
    (wholes, Some(redactor.report(scope, &export::tool())))
}

fn whole(shelf: &AnyShelf) -> Result<Whole, EngineError> {
    let exchange = shelf.exchange()?;
    let mut body = Vec::new();
    body::wire(shelf, &exchange, |piece| body.extend_from_slice(piece))?;
    Ok(Whole {
        request_body: shelf.request_body()?,
        chunks: shelf.chunks(0..exchange.chunk_count)?,
        exchange,
        body,
    })
}

/// The frames from one to another, as the exchange with holes around them.
fn part(mut whole: Whole, shelf: AnyShelf, first: u32, last: u32) -> Result<Whole, EngineError> {
    let refused = |what: String| EngineError::NotInExchange { what };
    let index = whole.exchange.index;
    if body::is_encoded(&whole.exchange) {
        let what = format!("the body of exchange {index} is encoded, and no part can be cut out of it");
        return Err(refused(what));
    }
    let mut reader = Exchange::open(shelf)?;
    let frames = reader.frames(first..last.saturating_add(1))?;
    let (Some(from), Some(to)) = (frames.first(), frames.last()) else {
        let count = reader.summary().frames;
        return Err(refused(format!(
            "exchange {index} has {count} frames, and none of {first}..{last}"
        )));
    };
    let (from, to) = (from.offset, to.end());
    let mut body = Vec::new();
    let mut chunks = Vec::new();
    let mut at = 0;
    for chunk in &whole.chunks {
        let (start, end) = (chunk.offset.max(from), (chunk.offset + chunk.len).min(to));
        if start < end {
            let begins = at + (start - chunk.offset) as usize;
            body.extend_from_slice(&whole.body[begins..begins + (end - start) as usize]);
            chunks.push(Chunk {
                offset: start,
                len: end - start,
                at_us: chunk.at_us,
            });
        }
        at += chunk.len as usize;
    }
    let around = [(0, from), (to, whole.exchange.body_len.saturating_sub(to))];
    let around = around.map(|(offset, len)| Hole { offset, len: Some(len) });
    whole.exchange.holes.retain(|hole| (from..to).contains(&hole.offset));
    whole
        .exchange
        .holes
        .extend(around.into_iter().filter(|hole| hole.len != Some(0)));
    whole.exchange.holes.sort_by_key(|hole| hole.offset);
    whole.exchange.chunk_count = chunks.len() as u64;
    (whole.chunks, whole.body) = (chunks, body);
    Ok(whole)
}

impl Outgoing {
    /// What was taken out; none where nothing was.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }

    /// Writes the exchanges as one file of a format.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn export(&self, format: ExportFormat, out: &mut dyn Write) -> Result<(), EngineError> {
        let manifest = self.report.as_ref().map(|report| &report.manifest);
        export::export(&self.storage, &self.exchanges, format, manifest, out)
    }

    /// What of that a file still holds: its bytes are searched, and the bodies in it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rescan(&self, path: &Path) -> Result<Vec<Hit>, EngineError> {
        let unread = |source| EngineError::ReadFile {
            path: path.to_owned(),
            source,
        };
        let Some(report) = &self.report else {
            return Ok(Vec::new());
        };
        let mut rescan = report.secrets.rescan();
        let mut file = File::open(path).map_err(unread)?;
        let mut piece = vec![0; PIECE_LEN];
        loop {
            let len = file.read(&mut piece).map_err(unread)?;
            if len == 0 {
                break;
            }
            rescan.push(&piece[..len]);
        }
        rescan.end();
        let file = File::open(path).map_err(unread)?;
        // Of another format there is nothing more to read.
        if let Ok(recording) = read_within(BufReader::new(file), Limits::of_len(u64::MAX)) {
            for recorded in &recording.exchanges {
                let request = &recorded.exchange.request.headers;
                bodies(&mut rescan, request, &recorded.request_body);
                let response = recorded.exchange.response.as_ref();
                let headers = response
                    .map(|head| &head.headers)
                    .unwrap_or(&recorded.exchange.trailers);
                bodies(&mut rescan, headers, &recorded.body);
                facts(&mut rescan, recorded);
            }
        }
        Ok(rescan.finish())
    }
}

/// A body as it is, and decoded.
fn bodies(rescan: &mut Rescan<'_>, headers: &Headers, body: &[u8]) {
    rescan.push(body);
    rescan.end();
    let (decoded, _problems) = encoding::decode(&field(headers, "content-encoding"), body);
    rescan.push(&decoded);
    rescan.end();
}

/// What a packed file holds beside bodies.
fn facts(rescan: &mut Rescan<'_>, recorded: &Recorded) {
    let exchange = &recorded.exchange;
    let response = exchange.response.as_ref().map(|head| &head.headers);
    let lists = [Some(&exchange.request.headers), response, Some(&exchange.trailers)];
    for (name, value) in lists.into_iter().flatten().flatten() {
        rescan.push(name.as_bytes());
        rescan.end();
        rescan.push(value);
        rescan.end();
    }
    let labels = exchange.labels.iter().flat_map(|(name, value)| [name, value]);
    for text in labels.chain([&exchange.request.target, &exchange.upstream, &exchange.source]) {
        rescan.push(text.as_bytes());
        rescan.end();
    }
}
