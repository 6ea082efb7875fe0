//! One exchange on its way from lines to bytes.

use scrubjay_session::exchange::{Chunk, Ending, Exchange, Hole, RequestHead, ResponseHead, origin_and_path};

use crate::{
    facts::{ExchangeFacts, FrameFacts, MAX_AT_US, bytes_of_base64, bytes_of_either, chunks_of, holes_of},
    line::{Members, string_of},
    read::{Origin, Recorded},
    rule::{event_bytes, keepalive_bytes, name_bytes},
    write::{Header, hex, sha256},
};

/// Bytes that may lie in the holes between chunks: a reader of the body
/// fills them with zeros.
const MAX_GAPS_LEN: u64 = 1 << 30;

/// Longest time that a line may claim, some three thousand years.
const MAX_MILLIS: f64 = 1e14;

/// An exchange whose lines are being read.
pub(crate) struct Build {
    line: u64,
    method: String,
    url: String,
    facts: Option<ExchangeFacts>,
    started_at_us: i64,
    /// `tMs` of the request line.
    base_millis: f64,
    request_body: Vec<u8>,
    /// Whether the lines of frames give the body.
    lines_give_bytes: bool,
    body: Vec<u8>,
    frames: u64,
    /// Their lines, and where the bytes of each begin.
    frame_lines: Vec<(u64, u64)>,
    last_at_us: u64,
    /// Chunks as the lines suggest them: one for all that came at one time.
    suggested: Vec<Chunk>,
}

impl Build {
    /// Begins with a request line; a sentence comes with it when something of ours was unreadable.
    pub(crate) fn of_request(line: u64, members: &Members<'_>, header: &Header) -> (Self, Option<String>) {
        let mut build = Self::without_request(line, header);
        build.method = members.string("method").unwrap_or_default();
        build.url = members.string("url").unwrap_or_default();
        build.base_millis = members.number("tMs").unwrap_or_default().clamp(-MAX_MILLIS, MAX_MILLIS);
        build.started_at_us = header
            .captured_at_us
            .saturating_add((build.base_millis * 1000.0).round() as i64);
        build.facts = members.read("scrubjay");
        let ours = members.text("scrubjay").is_some();
        let input = members.text("input").unwrap_or("null");
        match &mut build.facts {
            Some(facts) => {
                build.request_body = match facts.request.body_b64.take() {
                    Some(b64) => bytes_of_base64(&b64).unwrap_or_default(),
                    None => input.as_bytes().to_vec(),
                };
                if let Some(b64) = facts.body_b64.take() {
                    build.body = bytes_of_base64(&b64).unwrap_or_default();
                    build.lines_give_bytes = false;
                }
            }
            None => build.request_body = foreign_body(input),
        }
        let remark = (ours && build.facts.is_none())
            .then(|| "the member \"scrubjay\" is not as it is written, so bytes are made from the events.".to_owned());
        (build, remark)
    }

    /// Begins without one.
    pub(crate) fn without_request(line: u64, header: &Header) -> Self {
        Self {
            line,
            method: String::new(),
            url: header.url.clone(),
            facts: None,
            started_at_us: header.captured_at_us,
            base_millis: 0.0,
            request_body: Vec::new(),
            lines_give_bytes: true,
            body: Vec::new(),
            frames: 0,
            frame_lines: Vec::new(),
            last_at_us: 0,
            suggested: Vec::new(),
        }
    }

    /// Bytes of memory held, beside what each frame takes.
    pub(crate) fn len(&self) -> u64 {
        let facts = self.facts.as_ref().map_or(0, ExchangeFacts::held_len);
        let texts = self.method.len() + self.url.len() + self.request_body.len() + self.body.len();
        facts.saturating_add(texts as u64)
    }

    /// Bytes of the body so far: all that a frame adds to.
    pub(crate) fn body_len(&self) -> u64 {
        self.body.len() as u64
    }

    /// Takes a frame's line; gives a sentence when something of ours was unreadable.
    pub(crate) fn frame(&mut self, line: u64, kind: &str, members: &Members<'_>) -> Option<String> {
        self.frames += 1;
        let facts: Option<FrameFacts> = members.read("scrubjay");
        let mut remark = (members.text("scrubjay").is_some() && facts.is_none())
            .then(|| "the member \"scrubjay\" is not as it is written.".to_owned());
        let facts = facts.unwrap_or_default();
        self.at(facts.at_us, members);
        if !self.lines_give_bytes {
            return remark;
        }
        let has_raw = facts.raw.is_some() || facts.raw_b64.is_some();
        let bytes = bytes_of_either(facts.raw, facts.raw_b64.as_deref()).unwrap_or_else(|| {
            if has_raw {
                remark = Some("\"rawB64\" is not base64.".to_owned());
            }
            bytes_by_rule(kind, members, self.facts.is_none())
        });
        self.frame_lines.push((line, self.body.len() as u64));
        self.append(&bytes);
        remark
    }

    /// Frames that the request line promises and that did not come.
    pub(crate) fn missing_frames(&self) -> Option<u64> {
        let promised = self.facts.as_ref()?.frames?;
        promised.checked_sub(self.frames).filter(|missing| *missing > 0)
    }

    /// Notes when the line's frame was complete.
    fn at(&mut self, at_us: Option<u64>, members: &Members<'_>) {
        let from_millis = || {
            let micros = (members.number("tMs")? - self.base_millis) * 1000.0;
            Some(micros.round().max(0.0) as u64)
        };
        let at_us = at_us.or_else(from_millis).unwrap_or(0).min(MAX_AT_US);
        self.last_at_us = self.last_at_us.max(at_us);
    }

    fn append(&mut self, bytes: &[u8]) {
        let len = bytes.len() as u64;
        match self.suggested.last_mut() {
            Some(chunk) if chunk.at_us == self.last_at_us => chunk.len += len,
            _ => self.suggested.push(Chunk {
                offset: self.body.len() as u64,
                len,
                at_us: self.last_at_us,
            }),
        }
        self.body.extend_from_slice(bytes);
    }

    /// Ends the exchange. `damaged` when its lines were not read to their end.
    pub(crate) fn finish(mut self, index: i64, damaged: bool) -> Recorded {
        match self.facts.take() {
            Some(facts) => self.finish_ours(facts, index, damaged),
            None => self.finish_foreign(index, damaged),
        }
    }

    fn finish_ours(mut self, mut facts: ExchangeFacts, index: i64, damaged: bool) -> Recorded {
        let cut = damaged && (self.lines_give_bytes && facts.frames.is_none_or(|frames| self.frames < frames));
        if let Some(tail) = bytes_of_either(facts.tail.take(), facts.tail_b64.as_deref())
            && !cut
        {
            self.append(&tail);
        }
        let as_written = facts.sha256.as_deref() == Some(&hex(&sha256(&self.body)))
            && facts.request.sha256.as_deref() == Some(&hex(&sha256(&self.request_body)));
        let mut chunks = chunks_of(&facts.chunks);
        let mut holes = holes_of(&facts.holes);
        if cut {
            chunks = chunks.map(|chunks| cut_chunks(&chunks, self.body.len() as u64));
            holes = Some(vec![Hole {
                offset: self.body.len() as u64,
                len: None,
            }]);
        }
        let body_len = if cut { 0 } else { facts.body_len };
        let mut exchange = facts.into_exchange(index, std::mem::take(&mut self.method));
        let map = chunks
            .zip(holes)
            .filter(|(chunks, _)| covers(chunks, self.body.len() as u64));
        let mapped = map.is_some();
        (self.suggested, exchange.holes) =
            map.unwrap_or_else(|| (self.chunks_without_map(exchange.last_at_us), Vec::new()));
        exchange.body_len = wire_len(&self.suggested, &exchange.holes, body_len);
        let origin = match (cut, as_written && mapped) {
            (true, _) => Origin::Cut,
            (false, true) => Origin::Exact,
            (false, false) => Origin::Edited,
        };
        self.recorded(exchange, origin)
    }

    /// Chunks when the map does not fit the bytes.
    fn chunks_without_map(&mut self, last_at_us: u64) -> Vec<Chunk> {
        if self.lines_give_bytes || self.body.is_empty() {
            return std::mem::take(&mut self.suggested);
        }
        vec![Chunk {
            offset: 0,
            len: self.body.len() as u64,
            at_us: last_at_us,
        }]
    }

    fn finish_foreign(mut self, index: i64, damaged: bool) -> Recorded {
        let (upstream, target) = split_url(&self.url);
        let exchange = Exchange {
            index,
            source: "import".to_owned(),
            request: RequestHead {
                method: std::mem::take(&mut self.method),
                target,
                ..RequestHead::default()
            },
            response: Some(ResponseHead {
                status: 200,
                headers: vec![("content-type".to_owned(), b"text/event-stream".to_vec())],
                ..ResponseHead::default()
            }),
            started_at_us: self.started_at_us,
            response_at_us: self.suggested.first().map(|chunk| chunk.at_us),
            last_at_us: self.last_at_us,
            ending: Ending::Complete,
            body_len: self.body.len() as u64,
            upstream,
            ..Exchange::default()
        };
        self.recorded(exchange, if damaged { Origin::Cut } else { Origin::Made })
    }

    fn recorded(self, mut exchange: Exchange, origin: Origin) -> Recorded {
        exchange.request_len = self.request_body.len() as u64;
        exchange.chunk_count = self.suggested.len() as u64;
        Recorded {
            exchange,
            request_body: self.request_body,
            chunks: self.suggested,
            body: self.body,
            origin,
            line: self.line,
            frame_lines: self.frame_lines,
        }
    }
}

/// Bytes that a line stands for. Another tool's event line has nothing but
/// `sseEvent` for the name of the frame; ours has it in the bytes that differ.
fn bytes_by_rule(kind: &str, members: &Members<'_>, is_foreign: bool) -> Vec<u8> {
    if kind == "keepalive" {
        return keepalive_bytes(&members.string("comment").unwrap_or_default());
    }
    let event = event_bytes(members.text("event").unwrap_or("null"));
    match members.string("sseEvent").filter(|_| is_foreign) {
        Some(name) => [name_bytes(&name), event].concat(),
        None => event,
    }
}

/// A foreign file has `null` for no body and a string for one that is no JSON.
fn foreign_body(input: &str) -> Vec<u8> {
    if input == "null" {
        return Vec::new();
    }
    string_of(input).map_or_else(|| input.as_bytes().to_vec(), String::into_bytes)
}

/// The chunks up to where the body was cut.
fn cut_chunks(chunks: &[Chunk], body_len: u64) -> Vec<Chunk> {
    chunks
        .iter()
        .take_while(|chunk| chunk.offset < body_len)
        .map(|chunk| Chunk {
            len: chunk.len.min(body_len - chunk.offset),
            ..*chunk
        })
        .collect()
}

/// Whether the chunks hold exactly that many bytes and leave out no more than is believable.
fn covers(chunks: &[Chunk], body_len: u64) -> bool {
    let len = chunks.iter().try_fold(0_u64, |sum, chunk| sum.checked_add(chunk.len));
    let end = chunks.last().map_or(0, |chunk| chunk.offset + chunk.len);
    len == Some(body_len) && end - body_len <= MAX_GAPS_LEN
}

/// Length of the body on the wire: as written where holes make it longer than its chunks.
fn wire_len(chunks: &[Chunk], holes: &[Hole], written: u64) -> u64 {
    let end = chunks.last().map_or(0, |chunk| chunk.offset + chunk.len);
    if holes.is_empty() {
        return end;
    }
    written.clamp(end, end.saturating_add(MAX_GAPS_LEN))
}

/// Scheme and host, and the rest.
pub(crate) fn split_url(url: &str) -> (String, String) {
    if !url.contains("://") {
        return (String::new(), url.to_owned());
    }
    let (origin, _) = origin_and_path(url);
    let target = match &url[origin.len()..] {
        path if path.starts_with('/') => path.to_owned(),
        query => format!("/{query}"),
    };
    (origin.to_owned(), target)
}
