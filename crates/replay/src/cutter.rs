//! From a recorded body to fragments, reading as it goes.

use std::collections::VecDeque;

use bytes::Bytes;
use scrubjay_protocol::{
    encoding,
    event::EventType,
    frame::{Detail, EVENT_LIMIT, Frame},
    framing::Framing,
    media::Media,
};
use scrubjay_session::exchange::{Chunk, Exchange, field};

use crate::{
    fragment::{Format, Fragment, Pending, What},
    recorded::{Chunks, Recorded, Unread},
};

/// Cuts one recorded body.
pub(crate) struct Cutter {
    chunks: Chunks,
    /// Where the next byte is expected.
    wire_end: u64,
    last_at_us: u64,
    decoder: Option<encoding::Decoder>,
    /// Bytes go out as they were on the wire, though they are encoded.
    keeps_encoding: bool,
    /// A body without frames is gathered, to go out as one text.
    gathers_text: bool,
    framing: Framing,
    pending: Pending,
    /// Bytes of the current frame that went out before it ended.
    flushed: usize,
    seq: u32,
    ready: VecDeque<Fragment>,
    finished: bool,
}

impl Cutter {
    /// `decodes` takes content encodings off; `gathers_text` gives a body
    /// without frames as one fragment.
    pub(crate) fn new(recorded: &Recorded, decodes: bool, gathers_text: bool) -> Self {
        let exchange = &recorded.exchange;
        let decoder = decoder(exchange);
        Self {
            chunks: Chunks::of(recorded),
            wire_end: 0,
            last_at_us: 0,
            keeps_encoding: decoder.is_some() && !decodes,
            decoder,
            gathers_text,
            framing: Framing::new(content_type(exchange).as_deref()).with_detail(Detail::TypeOnly),
            pending: Pending::default(),
            flushed: 0,
            seq: 0,
            ready: VecDeque::new(),
            finished: false,
        }
    }

    /// Whether a content encoding comes off.
    pub(crate) fn decodes(&self) -> bool {
        self.decoder.is_some() && !self.keeps_encoding
    }

    /// Frames cut so far.
    pub(crate) fn frames(&self) -> u32 {
        self.seq
    }

    /// The next fragment; nothing at the end of the body.
    pub(crate) fn next(&mut self) -> Result<Option<Fragment>, Unread> {
        loop {
            if let Some(fragment) = self.ready.pop_front() {
                return Ok(Some(fragment));
            }
            if self.finished {
                return Ok(None);
            }
            match self.chunks.next()? {
                Some((chunk, number, bytes)) => self.take(chunk, number, bytes),
                None => self.finish(),
            }
        }
    }

    fn take(&mut self, chunk: Chunk, number: u64, bytes: Bytes) {
        if chunk.offset > self.wire_end && self.decoder.is_none() {
            // What was begun before a hole cannot be finished after it.
            self.end_framing();
            self.framing.restart(chunk.offset);
        }
        self.wire_end = chunk.offset + chunk.len;
        self.last_at_us = chunk.at_us;
        if bytes.is_empty() {
            return;
        }
        let Some(mut decoder) = self.decoder.take() else {
            self.decoded(bytes, number, chunk.at_us);
            return;
        };
        if self.keeps_encoding {
            self.pending.push(bytes.clone(), number, chunk.at_us);
        }
        decoder.push(&bytes, &mut |piece| {
            self.decoded(Bytes::copy_from_slice(piece), number, chunk.at_us);
        });
        self.decoder = Some(decoder);
        if self.keeps_encoding {
            self.flush_encoded();
        }
    }

    /// Takes decoded bytes.
    fn decoded(&mut self, bytes: Bytes, number: u64, at_us: u64) {
        self.framing.push(&bytes);
        if !self.keeps_encoding {
            self.pending.push(bytes, number, at_us);
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(frame) = self.framing.next_frame() {
            self.give(&frame);
        }
        match self.framing.media() {
            Some(Media::Other) if !self.gathers_text || self.pending.len() > EVENT_LIMIT => {
                self.gathers_text = false;
                self.flush();
            }
            Some(Media::Sse | Media::Records) if self.pending.len() > EVENT_LIMIT => {
                self.flushed += self.pending.len();
                self.flush();
            }
            _ => {}
        }
    }

    fn give(&mut self, frame: &Frame) {
        self.seq += 1;
        let len = usize::try_from(frame.len()).unwrap_or(usize::MAX);
        let what = if self.flushed > 0 {
            What::Opaque(vec![(self.seq, frame.event_type.clone())])
        } else {
            What::Frame {
                seq: self.seq,
                event_type: frame.event_type.clone(),
                format: self.format(),
            }
        };
        let fragment = self.pending.take(len.saturating_sub(self.flushed), what);
        self.flushed = 0;
        self.ready.push_back(fragment);
    }

    fn format(&self) -> Format {
        match self.framing.media() {
            Some(Media::Records) => Format::Record,
            _ => Format::Sse,
        }
    }

    /// Gives what is pending as it is.
    fn flush(&mut self) {
        if self.pending.len() > 0 {
            let fragment = self.pending.take(usize::MAX, What::Opaque(Vec::new()));
            self.ready.push_back(fragment);
        }
    }

    /// Gives the wire's bytes, and the frames that end in them.
    fn flush_encoded(&mut self) {
        let mut ended: Vec<(u32, Option<EventType>)> = Vec::new();
        while let Some(frame) = self.framing.next_frame() {
            self.seq += 1;
            ended.push((self.seq, frame.event_type));
        }
        if self.pending.len() > 0 {
            let fragment = self.pending.take(usize::MAX, What::Opaque(ended));
            self.ready.push_back(fragment);
        }
    }

    fn end_framing(&mut self) {
        self.drain();
        if let Some(frame) = self.framing.finish() {
            self.give(&frame);
        }
        self.drain();
        if self.gathers_text && self.pending.len() > 0 && self.seq == 0 {
            let fragment = self.pending.take(usize::MAX, What::Text);
            self.ready.push_back(fragment);
        }
        self.flush();
    }

    fn finish(&mut self) {
        self.finished = true;
        if let Some(mut decoder) = self.decoder.take() {
            let (number, at_us) = (self.chunks.taken().saturating_sub(1), self.last_at_us);
            decoder.finish(&mut |piece| self.decoded(Bytes::copy_from_slice(piece), number, at_us));
        }
        if !self.keeps_encoding {
            self.end_framing();
        }
    }
}

/// A decoder for the content encoding of a response; none when there is none.
fn decoder(exchange: &Exchange) -> Option<encoding::Decoder> {
    let head = exchange.response.as_ref()?;
    let decoder = encoding::Decoder::new(&field(&head.headers, "content-encoding"));
    (!decoder.is_identity()).then_some(decoder)
}

/// The content type that the head gives.
pub(crate) fn content_type(exchange: &Exchange) -> Option<String> {
    let head = exchange.response.as_ref()?;
    Some(field(&head.headers, "content-type")).filter(|value| !value.is_empty())
}
