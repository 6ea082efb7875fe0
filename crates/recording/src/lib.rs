//! The recording file: exchanges kept together, to commit, to send, to open elsewhere.
//!
//! A file is UTF-8 with one JSON object a line, plain (`.agui.jsonl`) or
//! packed (`.agui.jsonl.gz`). It is a superset of what the AG-UI DevTools
//! extension writes: a header line, then for each exchange a request line
//! followed by a line a frame. Everything of ours stands under one key,
//! `scrubjay`, so that other readers pass over it.
//!
//! ```
//! use scrubjay_protocol::frame::{Frame, FrameKind};
//! use scrubjay_recording::{Header, Layout, Origin, Outline, Writer, read, sha256};
//! use scrubjay_session::exchange::{Chunk, Exchange};
//!
//! let body = b"data: {\"type\":\"RUN_STARTED\"}\n\n";
//! let exchange = Exchange { body_len: 30, chunk_count: 1, ..Exchange::default() };
//! let frame = Frame {
//!     range: 0..30,
//!     kind: FrameKind::Event,
//!     data: body[6..28].to_vec(),
//!     ..Frame::default()
//! };
//!
//! let mut writer = Writer::new(Vec::new(), &Header::default()).unwrap();
//! writer.exchange(&Outline {
//!     exchange: &exchange,
//!     request_body: b"",
//!     chunks: &[Chunk { offset: 0, len: 30, at_us: 7 }],
//!     frames: 1,
//!     sha256: sha256(body),
//!     layout: Layout::Lines { tail: b"" },
//! }).unwrap();
//! writer.frame(7, &frame, body).unwrap();
//! let file = writer.finish().unwrap();
//!
//! let recording = read(&file[..]).unwrap();
//! assert_eq!(recording.exchanges[0].body, body);
//! assert_eq!(recording.exchanges[0].origin, Origin::Exact);
//! ```
//!
//! # The lines
//!
//! | kind | keys that others know | under `scrubjay` |
//! |---|---|---|
//! | `header` | `schemaVersion`, `tool`, `capturedAt`, `url`, `framework`, `transport`, `redacted`, `runtime` | `exchanges` |
//! | `request` | `connId`, `tMs`, `method`, `url`, `input` | the exchange: see below |
//! | `event` | `connId`, `seq`, `tMs`, `event`, `sseEvent` | `atUs`, `raw` or `rawB64` |
//! | `keepalive` | `connId`, `seq`, `tMs`, `comment` | `atUs`, `raw` or `rawB64` |
//!
//! An event line stands for `data: `, the text of `event` as it is there, and
//! two LF; a keepalive for `: `, its comment, and two LF; either for the bytes
//! of `raw` where it has them. The decoded body is these one after the other,
//! then `tail`. A body that is encoded, protobuf, no stream at all, or that
//! has holes stands once as `bodyB64` on the request line instead.
//!
//! The request line's `scrubjay` has `startedAt`, `source`, `upstream`,
//! `labels` (pairs), `request` (`target`, `version`, `headers`,
//! `deliveredHeaders`, `sha256`, `bodyB64` where `input` is not the body to
//! the byte), `response` (`status`, `version`, `atUs`, `headers`,
//! `deliveredHeaders`), `trailers`, `ending`, `lastAtUs`, `frames`, `bodyLen`,
//! `sha256`, `holes` (`[offset, len]`), `chunks` (`[len, atUs]`, with the
//! offset as a third where a chunk does not follow from the one before), and
//! `bodyB64`, `tail` or `tailB64` where there are. Headers are pairs; a value
//! that is not UTF-8 is `{"b64": …}`.
//!
//! # Map
//!
//! - `rule`: how a line stands for bytes.
//! - [`Writer`]: header, request lines, frame lines; what differs from the rule carries its bytes.
//! - [`open_within`]: a recording or a file of another tool, as a recording.
//! - [`read()`]: lines back to bytes, of our files and of other tools', up to the first damage.
//! - [`OutwardWriter`]: exchanges as files of other formats.
//! - [`Limits`]: how much is read of a file.
//!
//! # Invariants
//!
//! - Writing and reading gives the same exchange, bytes and times.
//! - Lines and members come in one order, and packing carries no clock, so equal recordings are equal files.
//! - No line longer than [`MAX_LINE_LEN`] is written or read, and no input makes the reader panic.
//! - Reading holds no more memory than its [`Limits`] allow, even of a file that unpacks to far more.
//!
//! # What is not here
//!
//! No files: bytes come from `Read` and go to `Write`. No cutting of bodies
//! into frames: the caller of [`Writer`] brings them.

mod build;
mod facts;
mod foreign;
mod input;
mod limit;
mod line;
mod lines;
mod outward;
mod read;
mod rule;
mod stranger;
mod write;

pub use self::{
    foreign::open_within,
    limit::Limits,
    outward::{Outward, OutwardWriter},
    read::{Damage, Origin, ReadError, Recorded, Recording, Remark, read, read_within},
    write::{Header, Layout, Outline, Packing, Sink, WriteError, Writer, sha256},
};

/// Longest line that is written or read, 256 MiB.
pub const MAX_LINE_LEN: usize = 256 << 20;
