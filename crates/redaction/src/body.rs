//! Bodies: of a request, of a response, in frames or not.

use scrubjay_protocol::{encoding::Decoder, framing::Framing, media::Media};
use scrubjay_session::exchange::{Chunk, Exchange, Headers, field};

use crate::{Profile, Whole, frames::Frames, node::Node, pack, place::Place, redactor::Redactor, walk};

impl Redactor {
    pub(crate) fn request_body(&mut self, whole: &mut Whole) {
        let coding = field(&whole.exchange.request.headers, "content-encoding");
        let chunk = Chunk {
            offset: 0,
            len: whole.request_body.len() as u64,
            at_us: 0,
        };
        let body = std::mem::take(&mut whole.request_body);
        let mut unpacked = pack::unpacked(&coding, &body, &[chunk]);
        self.free(&mut Place::new("request", Node::Request), &mut unpacked.bytes);
        if self.is_looking() || unpacked.is_plain {
            whole.request_body = unpacked.bytes;
            return;
        }
        let packed = pack::packed(&coding, &unpacked, &[chunk]);
        whole.request_body = packed.bytes;
        if packed.is_decoded {
            self.counts.decoded_bodies += 1;
            stored_decoded(&mut whole.exchange.request.headers);
        }
        let len = whole.request_body.len();
        set_length(&mut whole.exchange.request.headers, len);
    }

    pub(crate) fn response_body(&mut self, whole: &mut Whole) {
        // A damaged file may have a body without a head.
        let said = |name: &str| {
            let response = whole.exchange.response.as_ref();
            response.map_or_else(String::new, |head| field(&head.headers, name))
        };
        let coding = said("content-encoding");
        let content_type = Some(said("content-type")).filter(|value| !value.is_empty());
        let mut unpacked = pack::unpacked(&coding, &whole.body, &whole.chunks);
        if unpacked.is_unknown {
            self.withhold(whole);
            return;
        }
        if unpacked.is_plain {
            self.stretches(whole, content_type.as_deref());
            return;
        }
        self.decoded(content_type.as_deref(), None, &mut unpacked.bytes);
        if self.is_looking() {
            return;
        }
        let packed = pack::packed(&coding, &unpacked, &whole.chunks);
        whole.body = packed.bytes;
        whole.chunks = packed.chunks;
        settle(&mut whole.exchange, &whole.chunks);
        if let Some(response) = &mut whole.exchange.response {
            let lists = std::iter::once(&mut response.headers).chain(&mut response.delivered_headers);
            for headers in lists {
                if packed.is_decoded {
                    stored_decoded(headers);
                }
                set_length(headers, whole.body.len());
            }
        }
        self.counts.decoded_bodies += u64::from(packed.is_decoded);
    }

    /// A body that cannot be read is left out: a hole takes its place.
    fn withhold(&mut self, whole: &mut Whole) {
        if self.is_looking() || whole.body.is_empty() {
            return;
        }
        self.counts.withheld_bodies += 1;
        whole.body.clear();
        whole.chunks.clear();
        whole.exchange.chunk_count = 0;
        whole.exchange.holes = vec![scrubjay_session::exchange::Hole {
            offset: 0,
            len: Some(whole.exchange.body_len),
        }];
    }

    /// A body as it stands, from hole to hole.
    fn stretches(&mut self, whole: &mut Whole, content_type: Option<&str>) {
        let mut media = None;
        let mut from = 0;
        let mut numbers = 0..0;
        while numbers.end < whole.chunks.len() {
            numbers = numbers.end..numbers.end + 1;
            while let [before, next, ..] = &whole.chunks[numbers.end - 1..]
                && before.offset + before.len == next.offset
            {
                numbers.end += 1;
            }
            let len: u64 = whole.chunks[numbers.clone()].iter().map(|chunk| chunk.len).sum();
            let to = (from + len as usize).min(whole.body.len());
            media = self.decoded(content_type, media, &mut whole.body[from..to]).or(media);
            from = to;
        }
    }

    /// A body, or a stretch of one, without its content encoding; gives what it is.
    fn decoded(&mut self, content_type: Option<&str>, media: Option<Media>, bytes: &mut [u8]) -> Option<Media> {
        let mut framing = match media {
            Some(media) => Framing::resume(media, 0),
            None => Framing::new(content_type),
        };
        framing.push(bytes);
        let media = framing.media();
        match media {
            Some(Media::Sse | Media::Records) => Frames::of(framing, bytes).redact(self, bytes),
            Some(Media::Other) | None => self.free(&mut Place::new("response", Node::Stranger), bytes),
        }
        media
    }

    /// Bytes that are one JSON text, or any text, or none.
    pub(crate) fn free(&mut self, place: &mut Place, bytes: &mut [u8]) {
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Some(walked) = walk::document(self, place, text, false)
        {
            for edit in walked.edits {
                bytes[edit.range].copy_from_slice(&edit.bytes);
            }
            return;
        }
        place.node = match self.plan.profile {
            Profile::Structure => Node::Content,
            Profile::Safe => Node::Data,
        };
        self.plain(place, bytes);
    }

    /// Any bytes, from one that is no UTF-8 to the next.
    pub(crate) fn plain(&mut self, place: &mut Place, bytes: &mut [u8]) {
        let mut runs = Vec::new();
        let mut from = 0;
        for chunk in bytes.utf8_chunks() {
            let len = chunk.valid().len();
            runs.push(from..from + len);
            from += len + chunk.invalid().len();
        }
        for run in runs {
            let new = std::str::from_utf8(&bytes[run.clone()])
                .ok()
                .and_then(|text| self.text(place, text));
            if let Some(new) = new.filter(|new| new.len() == run.len()) {
                bytes[run].copy_from_slice(new.as_bytes());
            }
        }
        self.bytes(place, bytes);
    }
}

/// The facts that follow from the chunks.
fn settle(exchange: &mut Exchange, chunks: &[Chunk]) {
    let end = chunks.last().map_or(0, |chunk| chunk.offset + chunk.len);
    exchange.body_len = end;
    exchange.chunk_count = chunks.len() as u64;
    exchange.holes.retain(|hole| hole.offset <= end);
}

fn stored_decoded(headers: &mut Headers) {
    for (_, value) in headers
        .iter_mut()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
    {
        *value = b"identity".to_vec();
    }
}

fn set_length(headers: &mut Headers, len: usize) {
    for (_, value) in headers
        .iter_mut()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
    {
        *value = len.to_string().into_bytes();
    }
}

/// A decoder for a content encoding; none where bytes are what they are.
pub(crate) fn decoder(coding: &str) -> Option<Decoder> {
    let decoder = Decoder::new(coding);
    (!decoder.is_identity()).then_some(decoder)
}
