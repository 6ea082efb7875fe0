//! What stands under the key `scrubjay`.
//!
//! The order of the fields below is the order in the file. Fields may be
//! added; a reader passes over those it does not know.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chrono::DateTime;
use scrubjay_session::{
    exchange::{Chunk, Ending, Exchange, Headers, Hole, HttpVersion, Relayed, RequestHead, ResponseHead},
    words::rfc3339,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Holes longer than this in sum are not believed: a reader of the body fills
/// them with zeros.
const MAX_HOLES_LEN: u64 = 1 << 30;

/// Latest time that is believed, some three thousand years.
pub(crate) const MAX_AT_US: u64 = 100_000_000_000_000_000;

/// What two texts in a list take beside their bytes.
const PAIR_LEN: usize = 2 * size_of::<String>();

/// On the header line.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeaderFacts {
    /// Exchanges in the file, so that a cut between two of them is seen.
    pub(crate) exchanges: Option<u64>,
    /// What was taken out before sharing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redaction: Option<Box<RawValue>>,
}

/// On an event or keepalive line.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FrameFacts {
    pub(crate) at_us: Option<u64>,
    /// Every byte since the line before, where the rule does not give them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<String>,
    /// The same, when they are not UTF-8.
    #[serde(rename = "rawB64", skip_serializing_if = "Option::is_none")]
    pub(crate) raw_b64: Option<String>,
}

/// On a request line: the facts that the other keys do not hold.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExchangeFacts {
    pub(crate) started_at: String,
    #[serde(default)]
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) upstream: String,
    #[serde(default)]
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) request: RequestFacts,
    pub(crate) response: Option<ResponseFacts>,
    #[serde(default)]
    pub(crate) trailers: Vec<Field>,
    pub(crate) ending: String,
    /// What passed in the protocol that the connection changed to, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) relayed: Option<RelayedFacts>,
    /// The upstream's TLS certificate was not verified.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) tls_unverified: bool,
    #[serde(default)]
    pub(crate) last_at_us: u64,
    /// Lines of frames that follow.
    #[serde(default)]
    pub(crate) frames: Option<u64>,
    /// Bytes of the response body on the wire, holes counted.
    #[serde(default)]
    pub(crate) body_len: u64,
    /// Of the response body on the wire, without holes.
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) holes: Vec<HoleFacts>,
    #[serde(default)]
    pub(crate) chunks: Vec<ChunkFacts>,
    /// The response body on the wire without holes, where the lines do not give it.
    #[serde(rename = "bodyB64", default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_b64: Option<String>,
    /// Bytes after the last frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tail: Option<String>,
    /// The same, when they are not UTF-8.
    #[serde(rename = "tailB64", default, skip_serializing_if = "Option::is_none")]
    pub(crate) tail_b64: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestFacts {
    pub(crate) target: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) headers: Vec<Field>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_headers: Option<Vec<Field>>,
    /// Of the request's body.
    pub(crate) sha256: Option<String>,
    /// The request's body, where it is not exactly the text of `input`.
    #[serde(rename = "bodyB64", default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_b64: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResponseFacts {
    pub(crate) status: u16,
    pub(crate) version: String,
    pub(crate) at_us: Option<u64>,
    #[serde(default)]
    pub(crate) headers: Vec<Field>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivered_headers: Option<Vec<Field>>,
}

/// Bytes each way.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelayedFacts {
    pub(crate) sent_len: u64,
    pub(crate) received_len: u64,
}

/// A header field: name and value.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Field(String, FieldValue);

/// A value is a string, or `{"b64": …}` when its bytes are not UTF-8.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum FieldValue {
    Text(String),
    Bytes { b64: String },
}

/// `[len, atUs]`, with the offset as a third where the chunk does not follow from the one before.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ChunkFacts {
    Next(u64, u64),
    At(u64, u64, u64),
}

/// `[offset, len]`; the length is null where it is not known.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HoleFacts(u64, Option<u64>);

impl Field {
    fn held_len(&self) -> usize {
        let value_len = match &self.1 {
            FieldValue::Text(text) => text.len(),
            FieldValue::Bytes { b64 } => b64.len(),
        };
        PAIR_LEN + self.0.len() + value_len
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

pub(crate) fn bytes_of_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// Bytes as a string where they are one, else in base64.
pub(crate) fn text_or_base64(bytes: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(base64(bytes))),
    }
}

/// The other way round. `None` when neither is there, or the base64 is none.
pub(crate) fn bytes_of_either(text: Option<String>, b64: Option<&str>) -> Option<Vec<u8>> {
    text.map(String::into_bytes).or_else(|| b64.and_then(bytes_of_base64))
}

pub(crate) fn micros_of_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.timestamp_micros())
}

fn fields(headers: &Headers) -> Vec<Field> {
    headers
        .iter()
        .map(|(name, value)| match std::str::from_utf8(value) {
            Ok(text) => Field(name.clone(), FieldValue::Text(text.to_owned())),
            Err(_) => Field(name.clone(), FieldValue::Bytes { b64: base64(value) }),
        })
        .collect()
}

fn headers(fields: Vec<Field>) -> Headers {
    fields
        .into_iter()
        .map(|Field(name, value)| match value {
            FieldValue::Text(text) => (name, text.into_bytes()),
            FieldValue::Bytes { b64 } => (name, bytes_of_base64(&b64).unwrap_or_default()),
        })
        .collect()
}

/// Chunks as the file has them.
pub(crate) fn chunk_facts(chunks: &[Chunk]) -> Vec<ChunkFacts> {
    let mut next = 0;
    chunks
        .iter()
        .map(|chunk| {
            let follows = chunk.offset == next;
            next = chunk.offset.saturating_add(chunk.len);
            if follows {
                ChunkFacts::Next(chunk.len, chunk.at_us)
            } else {
                ChunkFacts::At(chunk.len, chunk.at_us, chunk.offset)
            }
        })
        .collect()
}

/// The other way round, with times that never run backwards. `None` when they overlap.
pub(crate) fn chunks_of(facts: &[ChunkFacts]) -> Option<Vec<Chunk>> {
    let mut next = 0_u64;
    let mut last_at_us = 0;
    facts
        .iter()
        .map(|fact| {
            let (len, at_us, offset) = match *fact {
                ChunkFacts::Next(len, at_us) => (len, at_us, next),
                ChunkFacts::At(len, at_us, offset) => (len, at_us, offset),
            };
            if offset < next {
                return None;
            }
            next = offset.checked_add(len)?;
            last_at_us = at_us.min(MAX_AT_US).max(last_at_us);
            Some(Chunk {
                offset,
                len,
                at_us: last_at_us,
            })
        })
        .collect()
}

/// Holes as the file has them.
pub(crate) fn hole_facts(holes: &[Hole]) -> Vec<HoleFacts> {
    holes.iter().map(|hole| HoleFacts(hole.offset, hole.len)).collect()
}

/// The other way round. `None` when they overlap or are too long to believe.
pub(crate) fn holes_of(facts: &[HoleFacts]) -> Option<Vec<Hole>> {
    let mut sum = 0_u64;
    let mut next = 0_u64;
    for hole in facts {
        let len = hole.1.unwrap_or(0);
        sum = sum.checked_add(len)?;
        if hole.0 < next {
            return None;
        }
        next = hole.0.checked_add(len)?;
    }
    (sum <= MAX_HOLES_LEN).then(|| {
        facts
            .iter()
            .map(|hole| Hole {
                offset: hole.0,
                len: hole.1,
            })
            .collect()
    })
}

impl ExchangeFacts {
    /// The facts of an exchange, without bytes and chunks.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let request = &exchange.request;
        Self {
            started_at: rfc3339(exchange.started_at_us),
            source: exchange.source.clone(),
            upstream: exchange.upstream.clone(),
            labels: exchange.labels.clone(),
            request: RequestFacts {
                target: request.target.clone(),
                version: request.version.as_str().to_owned(),
                headers: fields(&request.headers),
                delivered_headers: request.delivered_headers.as_ref().map(fields),
                sha256: None,
                body_b64: None,
            },
            response: exchange.response.as_ref().map(|head| ResponseFacts {
                status: head.status,
                version: head.version.as_str().to_owned(),
                at_us: exchange.response_at_us,
                headers: fields(&head.headers),
                delivered_headers: head.delivered_headers.as_ref().map(fields),
            }),
            trailers: fields(&exchange.trailers),
            ending: exchange.ending.as_str().to_owned(),
            relayed: exchange.relayed.map(|relayed| RelayedFacts {
                sent_len: relayed.sent_len,
                received_len: relayed.received_len,
            }),
            tls_unverified: exchange.is_unverified,
            last_at_us: exchange.last_at_us,
            frames: None,
            body_len: exchange.body_len,
            sha256: None,
            holes: hole_facts(&exchange.holes),
            chunks: Vec::new(),
            body_b64: None,
            tail: None,
            tail_b64: None,
        }
    }

    /// Bytes of memory that they hold, with what becomes of them.
    pub(crate) fn held_len(&self) -> u64 {
        let of_fields = |fields: &[Field]| -> usize { fields.iter().map(Field::held_len).sum() };
        let of_more = |fields: &Option<Vec<Field>>| fields.as_deref().map_or(0, of_fields);
        let mut len: usize = self
            .labels
            .iter()
            .map(|(key, value)| PAIR_LEN + key.len() + value.len())
            .sum();
        len += of_fields(&self.request.headers) + of_more(&self.request.delivered_headers) + of_fields(&self.trailers);
        if let Some(response) = &self.response {
            len += of_fields(&response.headers) + of_more(&response.delivered_headers);
        }
        len += self.chunks.len() * (size_of::<ChunkFacts>() + size_of::<Chunk>());
        len += self.holes.len() * (size_of::<HoleFacts>() + size_of::<Hole>());
        let texts = [Some(&self.request.target), self.tail.as_ref(), self.tail_b64.as_ref()];
        len += texts.iter().flatten().map(|text| text.len()).sum::<usize>();
        len as u64
    }

    /// The exchange with these facts; the caller fills in lengths and counts.
    pub(crate) fn into_exchange(self, index: i64, method: String) -> Exchange {
        let response_at_us = self
            .response
            .as_ref()
            .and_then(|head| head.at_us)
            .map(|at_us| at_us.min(MAX_AT_US));
        Exchange {
            index,
            source: self.source,
            request: RequestHead {
                method,
                target: self.request.target,
                version: HttpVersion::parse(&self.request.version).unwrap_or_default(),
                headers: headers(self.request.headers),
                delivered_headers: self.request.delivered_headers.map(headers),
            },
            response: self.response.map(|head| ResponseHead {
                status: head.status,
                version: HttpVersion::parse(&head.version).unwrap_or_default(),
                headers: headers(head.headers),
                delivered_headers: head.delivered_headers.map(headers),
            }),
            trailers: headers(self.trailers),
            started_at_us: micros_of_rfc3339(&self.started_at).unwrap_or_default(),
            response_at_us,
            last_at_us: self.last_at_us.min(MAX_AT_US),
            // Nothing goes on in a file: what was open when it was written, was recorded up to there.
            ending: Ending::parse(&self.ending)
                .filter(|ending| *ending != Ending::Open)
                .unwrap_or(Ending::RecorderStopped),
            relayed: self.relayed.map(|relayed| Relayed {
                sent_len: relayed.sent_len,
                received_len: relayed.received_len,
            }),
            is_unverified: self.tls_unverified,
            labels: self.labels,
            upstream: self.upstream,
            ..Exchange::default()
        }
    }
}
