//! A fold as bytes.
//!
//! What many checkpoints would repeat stands in pieces: pages of messages that
//! nothing is appended to any more, and sealed chunks of long texts. Numbers
//! of pieces follow from the frame at which they are sealed, so deriving again
//! makes the same ones.
//!
//! | part | as |
//! |---|---|
//! | version, seq, flags | varints |
//! | framing, boundary, chunk lanes, verifier | below |
//! | pages | piece and count, or the messages themselves |
//! | state, interrupts | values |
//! | what dropped patches lost, of the state and of activities | paths |
//! | stop | rule, message, and the client's own pages, state, interrupts |
//!
//! A value is a byte for its kind, the frame that set it relative to that of
//! the branch around it, and its content. A branch that stands at several
//! places is written once; the others name it by its number, which counts the
//! branches that were written before it ended. So a state that was copied into
//! itself again and again is as small here as in memory. A page's piece holds
//! its messages; the piece after it what the index of messages knows of them.

mod stages;

use std::{collections::BTreeMap, sync::Arc};

use imbl::Vector;
use scrubjay_protocol::json::{self, Wtf8};

use self::stages::{
    read_boundary, read_framing, read_lanes, read_verifier, write_framing, write_lanes, write_verifier,
};
use super::{
    Fold, Stopped,
    activities::Activities,
    apply::View,
    finding::Stop,
    lost::Lost,
    message::{Message, text_of},
    messages::{Messages, Page},
    piece::{NoPieces, PieceSink, PieceSource},
    value::{Chunk, ChunkBody, List, Map, Node, Text, Value, key},
};
pub use crate::codec::Damaged;
use crate::{
    codec::{Reader, Writer, open_page},
    steps::{tick, ticks},
};

const VERSION: u64 = 10;
/// Pieces that one checkpoint can seal.
const PIECES_A_SEQ: u64 = 1 << 20;
/// Deeper values than are ever made are damage.
const DEPTH_LIMIT: usize = 2 * json::NESTING_LIMIT;
/// So are values worth more text than this.
const WEIGHT_LIMIT: u64 = 1 << 33;

/// Branches that were written, by where they lie. All of them are held by what
/// is being written, so no place is used twice.
#[derive(Default)]
struct Written {
    numbers: BTreeMap<usize, u64>,
    count: u64,
}

/// Branches that were read.
type Branches = Vec<Node>;

/// Numbers for the pieces that are sealed at a frame.
struct Sealing<'a> {
    sink: &'a mut dyn PieceSink,
    next: u64,
}

impl Sealing<'_> {
    fn keep(&mut self, bytes: Vec<u8>) -> u64 {
        let id = self.next;
        self.next += 1;
        self.sink.keep(id, bytes);
        id
    }
}

impl Fold {
    /// Writes the fold; parts that other checkpoints will share go to `sink`.
    ///
    /// `pieces` are those of the fold's own past, for what it has to read.
    pub fn write(&self, sink: &mut dyn PieceSink, pieces: &dyn PieceSource) -> Vec<u8> {
        self.write_measured(sink, pieces).0
    }

    /// The same, with its length before it was packed.
    pub(crate) fn write_measured(&self, sink: &mut dyn PieceSink, pieces: &dyn PieceSource) -> (Vec<u8>, u64) {
        let mut sealing = Sealing {
            sink,
            next: u64::from(self.seq) * PIECES_A_SEQ,
        };
        let mut writer = Writer::default();
        writer.uint(VERSION);
        writer.uint(u64::from(self.seq));
        writer.opt_uint(self.missing_since.map(u64::from));
        writer.opt_uint(self.whole_since.map(u64::from));
        writer.u8(u8::from(self.view.state_undefined));
        writer.bytes(self.run_id.as_bytes());
        write_framing(&mut writer, &self.framing);
        write_opt(&mut writer, self.boundary.reasoning_id.as_ref().map(Wtf8::as_bytes));
        write_opt(&mut writer, self.boundary.message_id.as_ref().map(Wtf8::as_bytes));
        write_lanes(&mut writer, &self.chunks);
        write_verifier(&mut writer, &self.verifier);
        let mut written = Written::default();
        self.write_view(&mut writer, &self.view, &mut sealing, &mut written, pieces);
        match &self.stopped {
            None => writer.u8(0),
            Some(stopped) => {
                writer.u8(1);
                writer.uint(u64::from(stopped.stop.seq));
                writer.text(&stopped.stop.rule);
                writer.text(&stopped.stop.message);
                self.write_view(&mut writer, &stopped.view, &mut sealing, &mut written, pieces);
            }
        }
        let len = writer.len();
        (writer.into_page().to_vec(), len)
    }

    /// Reads what [`Fold::write`] wrote.
    ///
    /// # Errors
    /// When the bytes are damaged, or of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let bytes = open_page(bytes)?;
        let mut reader = Reader::new(&bytes);
        if reader.uint()? != VERSION {
            return Err(Damaged);
        }
        let seq = reader.u32()?;
        let (missing_since, whole_since) = (read_seq(&mut reader)?, read_seq(&mut reader)?);
        let flags = reader.u8()?;
        let run_id = Wtf8::from_bytes(reader.bytes()?.to_vec());
        let framing = read_framing(&mut reader)?;
        let boundary = read_boundary(&mut reader)?;
        let chunks = read_lanes(&mut reader)?;
        let verifier = read_verifier(&mut reader)?;
        let mut branches = Branches::new();
        let mut view = read_view(&mut reader, &mut branches)?;
        view.state_undefined = flags & 1 != 0;
        let stopped = match reader.u8()? {
            0 => None,
            _ => {
                let stop = Stop {
                    seq: reader.u32()?,
                    rule: reader.text()?,
                    message: reader.text()?,
                };
                Some(Box::new(Stopped {
                    stop,
                    view: read_view(&mut reader, &mut branches)?,
                }))
            }
        };
        view.lenient = stopped.is_some() || missing_since.is_some();
        Ok(Self {
            view,
            stopped,
            framing,
            boundary,
            chunks,
            verifier,
            run_id,
            seq,
            missing_since,
            whole_since,
        })
    }

    fn write_view(
        &self,
        writer: &mut Writer,
        view: &View,
        sealing: &mut Sealing<'_>,
        written: &mut Written,
        pieces: &dyn PieceSource,
    ) {
        writer.uint(view.messages.page_count() as u64);
        let last = view.messages.page_count().saturating_sub(1);
        for (place, page) in view.messages.pages().enumerate() {
            tick();
            if page.piece.get().is_none() && (place < last || !self.is_touched(page, pieces)) {
                seal(page, sealing, pieces);
            }
            match page.piece.get() {
                Some(piece) => {
                    writer.uint(page.len as u64 + 1);
                    writer.uint(*piece);
                }
                None => {
                    writer.uint(0);
                    write_messages(writer, &page.body(pieces), sealing, written);
                }
            }
        }
        write_value(writer, &view.state, 0, written, &mut |_| None);
        write_value(writer, &view.interrupts, 0, written, &mut |_| None);
        view.lost.write_to(writer);
        view.activities.write_to(writer);
        writer.opt_uint(view.messages_missing.map(u64::from));
        writer.opt_uint(view.kept_missing.map(u64::from));
    }

    /// Whether something in the page is still growing.
    fn is_touched(&self, page: &Page, pieces: &dyn PieceSource) -> bool {
        page.body(pieces).iter().any(|message| {
            let calls = message.value.get("toolCalls").and_then(Value::as_list);
            let open_call = |call: &Value| text_of(call, "id").is_some_and(|id| self.is_open_tool(id));
            message.id().is_some_and(|id| self.is_open_message(id))
                || calls.is_some_and(|calls| calls.iter().any(open_call))
        })
    }
}

fn seal(page: &Page, sealing: &mut Sealing<'_>, pieces: &dyn PieceSource) {
    let mut writer = Writer::default();
    write_messages(&mut writer, &page.body(pieces), sealing, &mut Written::default());
    let piece = sealing.keep(writer.into_page().to_vec());
    sealing.keep(page.facts(pieces).to_piece());
    if page.piece.set(piece).is_err() {
        // Another clone has sealed it meanwhile; the piece just kept is idle.
    }
}

/// The messages of a page's piece.
pub(super) fn page(piece: &[u8]) -> Option<Vec<Message>> {
    let bytes = open_page(piece).ok()?;
    read_messages(&mut Reader::new(&bytes), &mut Branches::new()).ok()
}

fn write_messages(writer: &mut Writer, messages: &[Message], sealing: &mut Sealing<'_>, written: &mut Written) {
    writer.uint(messages.len() as u64);
    for message in messages {
        writer.uint(u64::from(message.first_seq));
        writer.uint(u64::from(message.last_seq));
        let mut keep = |chunk: &Chunk| {
            let piece = match chunk.piece.get() {
                Some(piece) => *piece,
                None => {
                    let mut writer = Writer::default();
                    chunk.body(&NoPieces).write(&mut writer);
                    let id = sealing.keep(writer.into_page().to_vec());
                    *chunk.piece.get_or_init(|| id)
                }
            };
            Some(piece)
        };
        write_value(writer, &message.value, message.first_seq, written, &mut keep);
    }
}

fn read_messages(reader: &mut Reader<'_>, branches: &mut Branches) -> Result<Vec<Message>, Damaged> {
    let mut messages = Vec::new();
    for _ in 0..reader.count()? {
        let (first_seq, last_seq) = (reader.u32()?, reader.u32()?);
        let value = read_value(reader, first_seq, 0, branches)?;
        messages.push(Message::between(value, first_seq, last_seq));
    }
    Ok(messages)
}

fn read_view(reader: &mut Reader<'_>, branches: &mut Branches) -> Result<View, Damaged> {
    let mut pages = Vec::new();
    for _ in 0..reader.count()? {
        let page = match reader.uint()? {
            0 => Page::of(read_messages(reader, branches)?),
            len => {
                let len = usize::try_from(len - 1).map_err(|_too_large| Damaged)?;
                Page::stored(reader.uint()?, len)
            }
        };
        pages.push(Arc::new(page));
    }
    Ok(View {
        messages: Messages::from_pages(pages),
        state: read_value(reader, 0, 0, branches)?,
        state_undefined: false,
        interrupts: read_value(reader, 0, 0, branches)?,
        lost: Lost::read_from(reader)?,
        activities: Activities::read_from(reader)?,
        messages_missing: read_seq(reader)?,
        kept_missing: read_seq(reader)?,
        lenient: false,
    })
}

// ---- values -----------------------------------------------------------------

type KeepChunk<'a> = &'a mut dyn FnMut(&Chunk) -> Option<u64>;

/// A branch that was written before.
const KNOWN: u8 = 8;

fn write_value(writer: &mut Writer, value: &Value, around: u32, written: &mut Written, keep: KeepChunk<'_>) {
    ticks(usize::from(value.is_branch()));
    let shared = value.shared_at();
    let known = shared.and_then(|at| written.numbers.get(&at)).copied();
    let kind = match value.node() {
        _ if known.is_some() => KNOWN,
        Node::Null => 0,
        Node::Bool(false) => 1,
        Node::Bool(true) => 2,
        Node::Number(_) => 3,
        Node::Text(text) if text.as_rope().is_some() => 7,
        Node::Text(_) => 4,
        Node::List(_) => 5,
        Node::Map(_) => 6,
    };
    let same = value.by() == around;
    writer.u8(kind | u8::from(same) << 4);
    if !same {
        writer.int(i64::from(value.by()) - i64::from(around));
    }
    if let Some(number) = known {
        return writer.uint(number);
    }
    match value.node() {
        Node::Null | Node::Bool(_) => return,
        Node::Number(number) => return writer.uint(number.to_bits().swap_bytes()),
        Node::Text(text) => return write_text(writer, text, keep),
        Node::List(list) => {
            writer.uint(list.len() as u64);
            for item in list.iter() {
                write_value(writer, item, value.by(), written, keep);
            }
        }
        Node::Map(map) => {
            writer.uint(map.len() as u64);
            for (name, member) in map.iter() {
                writer.bytes(name);
                write_value(writer, member, value.by(), written, keep);
            }
        }
    }
    written.numbers.extend(shared.map(|at| (at, written.count)));
    written.count += 1;
}

fn write_text(writer: &mut Writer, text: &Text, keep: KeepChunk<'_>) {
    let Some((chunks, tail)) = text.as_rope() else {
        writer.bytes(text.as_whole().unwrap_or_default());
        return;
    };
    writer.uint(chunks.len() as u64);
    for chunk in chunks {
        writer.uint(u64::from(chunk.len));
        writer.uint(u64::from(chunk.utf16_len));
        match keep(chunk) {
            Some(piece) => {
                writer.u8(1);
                writer.uint(piece);
            }
            // State holds no text that grows; written whole all the same.
            None => {
                writer.u8(0);
                chunk.body(&NoPieces).write(writer);
            }
        }
    }
    tail.write(writer);
}

fn read_value(reader: &mut Reader<'_>, around: u32, depth: usize, branches: &mut Branches) -> Result<Value, Damaged> {
    if depth > DEPTH_LIMIT {
        return Err(Damaged);
    }
    let kind = reader.u8()?;
    let by = match kind & 0x10 {
        0 => u32::try_from(i64::from(around) + reader.int()?).map_err(|_out_of_range| Damaged)?,
        _ => around,
    };
    let node = match kind & 0xf {
        0 => Node::Null,
        1 => Node::Bool(false),
        2 => Node::Bool(true),
        // Swapped, because small whole numbers end in zeros.
        3 => Node::Number(f64::from_bits(reader.uint()?.swap_bytes())),
        4 => Node::Text(Text::from_bytes(reader.bytes()?)),
        5 => {
            let count = reader.count()?;
            let items: Result<List, Damaged> = (0..count)
                .map(|_| read_value(reader, by, depth + 1, branches))
                .collect();
            read_branch(Node::List(Arc::new(items?)), by, branches)?
        }
        6 => {
            let count = reader.count()?;
            let mut members = Vec::new();
            for _ in 0..count {
                let name = key(reader.bytes()?);
                members.push((name, read_value(reader, by, depth + 1, branches)?));
            }
            let map = Map::from_unique(members.into_iter());
            read_branch(Node::Map(Arc::new(map)), by, branches)?
        }
        7 => Node::Text(read_rope(reader)?),
        KNOWN => {
            let number = usize::try_from(reader.uint()?).map_err(|_too_large| Damaged)?;
            branches.get(number).cloned().ok_or(Damaged)?
        }
        _ => return Err(Damaged),
    };
    Ok(Value::new(node, by))
}

/// Remembers a branch. What names others may be deeper than it looks.
fn read_branch(node: Node, by: u32, branches: &mut Branches) -> Result<Node, Damaged> {
    let value = Value::new(node.clone(), by);
    branches.push(node.clone());
    match usize::from(value.depth()) > DEPTH_LIMIT || value.weight() > WEIGHT_LIMIT {
        true => Err(Damaged),
        false => Ok(node),
    }
}

fn read_rope(reader: &mut Reader<'_>) -> Result<Text, Damaged> {
    let mut chunks = Vector::new();
    for _ in 0..reader.count()? {
        let (len, utf16_len) = (reader.u32()?, reader.u32()?);
        let chunk = match reader.u8()? {
            0 => Chunk::sealed(ChunkBody::read(reader)?),
            _ => Chunk::stored(reader.uint()?, len, utf16_len),
        };
        chunks.push_back(Arc::new(chunk));
    }
    Ok(Text::from_rope(chunks, ChunkBody::read(reader)?))
}

impl ChunkBody {
    fn write(&self, writer: &mut Writer) {
        writer.uint(u64::from(self.utf16_len));
        writer.bytes(&self.bytes);
        writer.uint(self.runs.len() as u64);
        let mut before = (0, 0);
        for (offset, seq) in &self.runs {
            writer.uint(u64::from(offset - before.0));
            writer.int(i64::from(*seq) - i64::from(before.1));
            before = (*offset, *seq);
        }
    }

    /// The body that a piece holds.
    pub(super) fn open(piece: &[u8]) -> Option<Self> {
        Self::read(&mut Reader::new(&open_page(piece).ok()?)).ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        let utf16_len = reader.u32()?;
        let bytes = reader.bytes()?.to_vec();
        let mut runs = Vec::new();
        let (mut offset, mut seq) = (0_u32, 0_i64);
        for _ in 0..reader.count()? {
            offset = offset.checked_add(reader.u32()?).ok_or(Damaged)?;
            seq = seq.checked_add(reader.int()?).ok_or(Damaged)?;
            runs.push((offset, u32::try_from(seq).map_err(|_out_of_range| Damaged)?));
        }
        Ok(Self { bytes, utf16_len, runs })
    }
}

// ---- stages -----------------------------------------------------------------

fn write_opt(writer: &mut Writer, bytes: Option<&[u8]>) {
    writer.u8(u8::from(bytes.is_some()));
    if let Some(bytes) = bytes {
        writer.bytes(bytes);
    }
}

fn read_opt<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, Damaged> {
    Ok(match reader.u8()? {
        0 => None,
        _ => Some(reader.bytes()?),
    })
}

fn read_seq(reader: &mut Reader<'_>) -> Result<Option<u32>, Damaged> {
    let seq = reader.opt_uint()?.map(u32::try_from).transpose();
    seq.map_err(|_too_large| Damaged)
}

fn read_text(reader: &mut Reader<'_>) -> Result<Option<Wtf8>, Damaged> {
    Ok(read_opt(reader)?.map(|bytes| Wtf8::from_bytes(bytes.to_vec())))
}
