//! Questions, news, files and bytes over HTTP.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use futures_util::{Stream, StreamExt as _, stream};
use scrubjay_engine::{Asker, BodyOf, EngineError, ExportFormat, NewsFeed};
use scrubjay_ipc::{AnyAsk, Code, Encoding, Report, words};
use serde::Deserialize;
use tokio::{
    io::AsyncWriteExt as _,
    sync::{mpsc, watch},
};

use crate::{Shared, router::refused};

/// A question is small: the longest are lists of open branches.
const ASK_BYTES: usize = 4 << 20;
/// The address of a download.
const ADDRESS_BYTES: usize = 64 << 10;
/// Pieces in which files and bodies are sent, waiting at most this many.
const PIECE: usize = 64 << 10;
const PIECES_WAITING: usize = 8;

/// Names the page that asks, so that only its own questions supersede each other.
const PAGE_HEADER: &str = "x-scrubjay-page";

pub(crate) fn router(stopped: watch::Receiver<bool>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/api/ask", post(ask).layer(DefaultBodyLimit::max(ASK_BYTES)))
        .route("/api/news", get(move |shared| news(shared, stopped.clone())))
        .route("/api/import", post(import).layer(DefaultBodyLimit::disable()))
        .route("/api/export", get(export))
        .route("/api/body", get(body))
        .route("/api/ticket", post(ticket).layer(DefaultBodyLimit::max(ADDRESS_BYTES)))
}

/// The one address that is answered without a session: it gives one.
pub(crate) fn entrance() -> Router<Arc<Shared>> {
    Router::new().route("/api/enter", post(enter).layer(DefaultBodyLimit::max(ADDRESS_BYTES)))
}

async fn enter(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match shared.keys.enter(&headers) {
        Ok(token) => axum::Json(serde_json::json!({ "token": token })).into_response(),
        Err(refusal) => refused(refusal, true),
    }
}

/// An address for one download, given as path and query.
async fn ticket(State(shared): State<Arc<Shared>>, download: String) -> Response {
    let is_download = ["/api/export?", "/api/body?"]
        .iter()
        .any(|start| download.starts_with(start));
    if !is_download {
        return report(&Report::new(
            Code::BadRequest,
            "That is no download.",
            "Post the address of one, such as /api/export?exchange=1.",
        ));
    }
    axum::Json(serde_json::json!({ "address": shared.keys.ticket(&download) })).into_response()
}

/// A report with the status that fits its code.
pub(crate) fn report(report: &Report) -> Response {
    let status = match report.code {
        Code::BadRequest => StatusCode::BAD_REQUEST,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::PortInUse | Code::Superseded => StatusCode::CONFLICT,
        Code::BadAddress | Code::BadFile => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Store | Code::NewerStore | Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let json = serde_json::to_vec(report).expect("a report is plain text");
    (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
}

async fn ask(State(shared): State<Arc<Shared>>, headers: HeaderMap, question: Bytes) -> Response {
    let ask: AnyAsk = match serde_json::from_slice(&question) {
        Ok(ask) => ask,
        Err(error) => {
            return report(&Report::new(
                Code::BadRequest,
                format!("That is no question: {error}."),
                "Reload the page: it may be from another version.",
            ));
        }
    };
    let media_type = match ask.encoding() {
        Encoding::Postcard => "application/octet-stream",
        Encoding::Json => "application/json",
    };
    match shared.engine.answer(asker(&headers), ask).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, media_type)], bytes).into_response(),
        Err(failure) => report(&failure),
    }
}

/// Pages name themselves by any text; what counts is that two differ.
fn asker(headers: &HeaderMap) -> Asker {
    let name = headers.get(PAGE_HEADER).map(axum::http::HeaderValue::as_bytes);
    Asker(name.map_or(0, |name| {
        // FNV-1a, from 1 up, as 0 stands for no page.
        name.iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
            })
            .max(1)
    }))
}

async fn news(State(shared): State<Arc<Shared>>, stopped: watch::Receiver<bool>) -> Response {
    match shared.engine.news() {
        Ok(feed) => Sse::new(events(feed, stopped))
            .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
            .into_response(),
        Err(failure) => report(&failure.report()),
    }
}

/// The feed as events, until the engine closes or the door does.
fn events(feed: NewsFeed, stopped: watch::Receiver<bool>) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((feed, stopped), |(mut feed, mut stopped)| async move {
        let news = tokio::select! {
            news = feed.next() => news?,
            _ = stopped.wait_for(|stopped| *stopped) => return None,
        };
        let json = serde_json::to_string(&news).expect("news is plain values");
        Some((Ok(Event::default().data(json)), (feed, stopped)))
    })
}

#[derive(Deserialize)]
struct ImportQuery {
    /// The file's name, for messages.
    #[serde(default)]
    name: String,
}

/// Streams the upload into a file, so that a large one does not sit in memory.
async fn import(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let max_len = shared.engine.limits().file_len;
    let content_length = headers.get(header::CONTENT_LENGTH);
    let content_length = content_length.and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
    if content_length.is_some_and(|len| len > max_len) {
        return report(&too_large(max_len));
    }
    let path = match upload(body, max_len).await {
        Ok(path) => path,
        Err(failure) => return report(&failure),
    };
    let engine = shared.engine.clone();
    let imported = blocking(move || {
        engine.import_file(
            &path,
            Some(&query.name).filter(|name| !name.is_empty()).map(String::as_str),
        )
    });
    match imported.await {
        Ok(imported) => axum::Json(serde_json::json!({ "exchanges": imported.exchanges, "remarks": imported.remarks }))
            .into_response(),
        Err(failure) => report(&failure),
    }
}

/// The engine refuses what is larger unpacked, with the same hint.
fn too_large(max_len: u64) -> Report {
    Report::new(
        Code::BadFile,
        format!("The file is larger than {}, the limit.", words::bytes(max_len)),
        "Nothing was taken. If you trust the file, import it by its path: scrubjay import --max-size 2GB FILE.",
    )
}

async fn upload(body: Body, max_len: u64) -> Result<tempfile::TempPath, Report> {
    let failed = |error: &dyn std::fmt::Display| {
        Report::new(
            Code::BadFile,
            format!("The file did not arrive whole: {error}."),
            "Try again; nothing was imported.",
        )
    };
    let (file, path) = tempfile::NamedTempFile::new()
        .map_err(|error| failed(&error))?
        .into_parts();
    let mut file = tokio::fs::File::from_std(file);
    let mut pieces = body.into_data_stream();
    let mut len = 0_u64;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| failed(&error))?;
        len = len.saturating_add(piece.len() as u64);
        if len > max_len {
            return Err(too_large(max_len));
        }
        file.write_all(&piece).await.map_err(|error| failed(&error))?;
    }
    file.flush().await.map_err(|error| failed(&error))?;
    Ok(path)
}

async fn export(State(shared): State<Arc<Shared>>, query: axum::extract::RawQuery) -> Response {
    let exchanges: Vec<i64> = form_values(query.0.as_deref().unwrap_or_default(), "exchange")
        .filter_map(|value| value.parse().ok())
        .collect();
    if exchanges.is_empty() {
        return report(&Report::new(
            Code::BadRequest,
            "The address names no exchange to export.",
            "Add ?exchange= and its number.",
        ));
    }
    let format = ExportFormat::Recording;
    let name = match exchanges.as_slice() {
        [one] => format!("scrubjay-{one}{}", format.ending()),
        _ => format!("scrubjay{}", format.ending()),
    };
    let engine = shared.engine.clone();
    streamed(format.media_type(), &name, move |writer| {
        engine.export(&exchanges, format, writer)
    })
    .await
}

fn form_values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value)
}

#[derive(Deserialize)]
struct BodyQuery {
    exchange: i64,
    #[serde(default)]
    of: BodyQueryOf,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BodyQueryOf {
    Request,
    #[default]
    Wire,
    Decoded,
}

async fn body(State(shared): State<Arc<Shared>>, Query(query): Query<BodyQuery>) -> Response {
    let engine = shared.engine.clone();
    let of = match query.of {
        BodyQueryOf::Request => BodyOf::Request,
        BodyQueryOf::Wire => BodyOf::Wire,
        BodyQueryOf::Decoded => BodyOf::Decoded,
    };
    let name = format!("scrubjay-{}.bin", query.exchange);
    // Captured bytes are never shown as the media type that they came with.
    streamed("application/octet-stream", &name, move |writer| {
        engine.write_body(query.exchange, of, writer)
    })
    .await
}

/// Runs `work` on a thread of its own and sends what it writes as it comes. A
/// failure before the first piece is a report; one after it breaks the answer off.
async fn streamed(
    media_type: &'static str,
    name: &str,
    work: impl FnOnce(&mut dyn io::Write) -> Result<(), EngineError> + Send + 'static,
) -> Response {
    let (tx, mut rx) = mpsc::channel(PIECES_WAITING);
    let failures = tx.clone();
    tokio::task::spawn_blocking(move || {
        let mut writer = io::BufWriter::with_capacity(PIECE, Pieces { tx });
        let result = work(&mut writer).and_then(|()| {
            io::Write::flush(&mut writer).map_err(|source| EngineError::Export {
                source: Box::new(source),
            })
        });
        if let Err(failure) = result {
            let _reader_left = failures.blocking_send(Err(failure.report()));
        }
    });
    let first = match rx.recv().await {
        Some(Err(failure)) => return report(&failure),
        Some(Ok(piece)) => piece,
        None => Bytes::new(),
    };
    let rest = stream::unfold(rx, |mut rx| async move {
        let piece: Result<Bytes, Report> = rx.recv().await?;
        Some((piece.map_err(|failure| io::Error::other(failure.message)), rx))
    });
    let pieces = stream::iter([Ok(first)]).chain(rest);
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [
            (header::CONTENT_TYPE, media_type.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        Body::from_stream(pieces),
    )
        .into_response()
}

/// A writer whose pieces go to an answer.
struct Pieces {
    tx: mpsc::Sender<Result<Bytes, Report>>,
}

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tx
            .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
            .map_err(|_gone| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, EngineError> + Send + 'static,
) -> Result<R, Report> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(|failure| failure.report()),
        Err(_panicked) => Err(EngineError::ThreadEnded.report()),
    }
}
