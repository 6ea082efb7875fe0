//! The records of a spool file.
//!
//! ```text
//! len u32 │ crc u32 │ pos u64 │ kind u8 │ exchange u32 │ payload
//!                              ╰──────── len bytes ────────────╯
//! ```
//!
//! Little endian. `pos` is the place of the record in the life of the spool:
//! it goes on from file to file, so a reader that knows how far the store has
//! come finds what it has not seen, in any file. The
//! checksum covers everything from `kind` on, then `pos`. A record whose
//! length passes the end of the file, or whose checksum does not hold, is the
//! torn end of a spool, and so is everything after it.

use scrubjay_session::exchange::{Ending, Headers, HttpVersion, Relayed, RequestHead, ResponseHead};

/// Bytes before `kind`.
pub(crate) const HEAD_LEN: usize = 16;
const LEAD_LEN: usize = 5;

const BEGIN: u8 = 1;
const REQUEST: u8 = 2;
const RESPONSE: u8 = 3;
const CHUNK: u8 = 4;
const TRAILERS: u8 = 5;
const END: u8 = 6;
const HOLE: u8 = 7;
const RELAYED: u8 = 8;
const UNVERIFIED: u8 = 9;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    Begin(Box<Begin>),
    /// Bytes of the request body at an offset.
    Request {
        at_us: u64,
        offset: u64,
        bytes: &'a [u8],
    },
    Response {
        at_us: u64,
        head: ResponseHead,
    },
    /// A chunk of the response body. An offset past the end of what came
    /// before shows that nothing was recorded in between.
    Chunk {
        at_us: u64,
        offset: u64,
        bytes: &'a [u8],
    },
    Trailers {
        at_us: u64,
        fields: Headers,
    },
    /// Nothing is recorded from this byte on, until the next chunk.
    Hole {
        at_us: u64,
        offset: u64,
    },
    /// What has passed so far in the protocol that the connection changed to.
    Relayed {
        at_us: u64,
        relayed: Relayed,
    },
    /// The upstream's TLS certificate is not verified.
    Unverified {
        at_us: u64,
    },
    /// The end, and how long the body was.
    End {
        at_us: u64,
        ending: Ending,
        body_len: u64,
    },
}

/// The facts with which an exchange begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Begin {
    pub(crate) source: String,
    pub(crate) upstream: String,
    pub(crate) head: RequestHead,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) started_at_us: i64,
}

/// A record with its place and exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed<'a> {
    /// Place in the life of the spool.
    pub(crate) pos: u64,
    /// Place after it.
    pub(crate) end_pos: u64,
    /// Number of the exchange within the spool.
    pub(crate) exchange: u32,
    /// The record; absent for a kind or payload that this program does not know.
    pub(crate) record: Option<Record<'a>>,
}

type WireRequest = (String, String, String, Headers, Option<Headers>);
type WireBegin = (String, String, WireRequest, Vec<(String, String)>, i64);
type WireResponse = (u16, String, Headers, Option<Headers>);

/// Appends a record to a buffer; [`place`] must follow before it is written.
pub(crate) fn encode(exchange: u32, record: &Record<'_>, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; HEAD_LEN]);
    buffer.push(kind_of(record));
    buffer.extend_from_slice(&exchange.to_le_bytes());
    encode_payload(record, buffer);
    let len = u32::try_from(buffer.len() - start - HEAD_LEN).expect("a chunk is shorter than 4 GB");
    buffer[start..start + 4].copy_from_slice(&len.to_le_bytes());
    let crc = crc32fast::hash(&buffer[start + HEAD_LEN..]);
    buffer[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

fn kind_of(record: &Record<'_>) -> u8 {
    match record {
        Record::Begin(_) => BEGIN,
        Record::Request { .. } => REQUEST,
        Record::Response { .. } => RESPONSE,
        Record::Chunk { .. } => CHUNK,
        Record::Trailers { .. } => TRAILERS,
        Record::End { .. } => END,
        Record::Hole { .. } => HOLE,
        Record::Relayed { .. } => RELAYED,
        Record::Unverified { .. } => UNVERIFIED,
    }
}

fn encode_payload(record: &Record<'_>, buffer: &mut Vec<u8>) {
    match record {
        Record::Begin(begin) => encode_begin(begin, buffer),
        Record::Request { at_us, offset, bytes } | Record::Chunk { at_us, offset, bytes } => {
            put_numbers(&[*at_us, *offset], buffer);
            buffer.extend_from_slice(bytes);
        }
        Record::Response { at_us, head } => {
            put_numbers(&[*at_us], buffer);
            let delivered = &head.delivered_headers;
            put(&(head.status, head.version.as_str(), &head.headers, delivered), buffer);
        }
        Record::Trailers { at_us, fields } => {
            put_numbers(&[*at_us], buffer);
            put(fields, buffer);
        }
        Record::Hole { at_us, offset } => put_numbers(&[*at_us, *offset], buffer),
        Record::Relayed { at_us, relayed } => {
            put_numbers(&[*at_us], buffer);
            put(&(relayed.sent_len, relayed.received_len), buffer);
        }
        Record::Unverified { at_us } => put_numbers(&[*at_us], buffer),
        Record::End {
            at_us,
            ending,
            body_len,
        } => {
            put_numbers(&[*at_us], buffer);
            put(&(ending.as_str(), body_len), buffer);
        }
    }
}

/// As [`WireBegin`].
fn encode_begin(begin: &Begin, buffer: &mut Vec<u8>) {
    let Begin {
        source,
        upstream,
        head,
        labels,
        started_at_us,
    } = begin;
    let request = (
        &head.method,
        &head.target,
        head.version.as_str(),
        &head.headers,
        &head.delivered_headers,
    );
    put(&(source, upstream, request, labels, started_at_us), buffer);
}

fn put_numbers(numbers: &[u64], buffer: &mut Vec<u8>) {
    for number in numbers {
        buffer.extend_from_slice(&number.to_le_bytes());
    }
}

fn put<T: serde::Serialize>(value: &T, buffer: &mut Vec<u8>) {
    let bytes = postcard::to_stdvec(value).expect("texts and numbers always encode");
    buffer.extend_from_slice(&bytes);
}

/// Writes places and final checksums into freshly encoded records.
pub(crate) fn place(records: &mut [u8], first_pos: u64) {
    let mut start = 0;
    while start < records.len() {
        let len = u32_at(records, start) as usize;
        let pos = first_pos + start as u64;
        let crc = with_pos(u32_at(records, start + 4), pos);
        records[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        records[start + 8..start + HEAD_LEN].copy_from_slice(&pos.to_le_bytes());
        start += HEAD_LEN + len;
    }
}

/// Takes places out again, so that records which could not be written can be placed anew.
pub(crate) fn unplace(records: &mut [u8]) {
    let mut start = 0;
    while start < records.len() {
        let end = start + HEAD_LEN + u32_at(records, start) as usize;
        let crc = crc32fast::hash(&records[start + HEAD_LEN..end]);
        records[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        start = end;
    }
}

fn with_pos(crc: u32, pos: u64) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(&pos.to_le_bytes());
    hasher.finalize()
}

/// What stands at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next<'a> {
    /// A whole record, and how many bytes it takes.
    Record(Placed<'a>, usize),
    /// More bytes are needed: at least this many from the record's beginning.
    Short(usize),
    Broken,
}

/// Reads the record at the beginning of `bytes`.
pub(crate) fn decode(bytes: &[u8]) -> Next<'_> {
    if bytes.len() < HEAD_LEN {
        return Next::Short(HEAD_LEN);
    }
    let len = u32_at(bytes, 0) as usize;
    if len < LEAD_LEN {
        return Next::Broken;
    }
    let whole = HEAD_LEN + len;
    if bytes.len() < whole {
        return Next::Short(whole);
    }
    let pos = u64_at(bytes, 8);
    let content = &bytes[HEAD_LEN..whole];
    if with_pos(crc32fast::hash(content), pos) != u32_at(bytes, 4) {
        return Next::Broken;
    }
    let placed = Placed {
        pos,
        end_pos: pos + whole as u64,
        exchange: u32_at(content, 1),
        record: decode_payload(content[0], &content[LEAD_LEN..]),
    };
    Next::Record(placed, whole)
}

fn decode_payload(kind: u8, payload: &[u8]) -> Option<Record<'_>> {
    if kind == BEGIN {
        return decode_begin(payload).map(|begin| Record::Begin(Box::new(begin)));
    }
    let (at, rest) = payload.split_at_checked(8)?;
    let at_us = u64_at(at, 0);
    Some(match kind {
        REQUEST | CHUNK => {
            let (offset, bytes) = rest.split_at_checked(8)?;
            let offset = u64_at(offset, 0);
            if kind == CHUNK {
                Record::Chunk { at_us, offset, bytes }
            } else {
                Record::Request { at_us, offset, bytes }
            }
        }
        HOLE => Record::Hole {
            at_us,
            offset: u64_at(rest.get(..8)?, 0),
        },
        RESPONSE => Record::Response {
            at_us,
            head: decode_response(rest)?,
        },
        TRAILERS => Record::Trailers {
            at_us,
            fields: postcard::from_bytes(rest).ok()?,
        },
        RELAYED => {
            let (sent_len, received_len) = postcard::from_bytes(rest).ok()?;
            let relayed = Relayed { sent_len, received_len };
            Record::Relayed { at_us, relayed }
        }
        UNVERIFIED => Record::Unverified { at_us },
        END => {
            let (ending, body_len): (String, u64) = postcard::from_bytes(rest).ok()?;
            Record::End {
                at_us,
                ending: Ending::parse(&ending)?,
                body_len,
            }
        }
        _ => return None,
    })
}

fn decode_begin(payload: &[u8]) -> Option<Begin> {
    let (source, upstream, request, labels, started_at_us): WireBegin = postcard::from_bytes(payload).ok()?;
    let (method, target, version, headers, delivered_headers) = request;
    let version = HttpVersion::parse(&version)?;
    Some(Begin {
        source,
        upstream,
        head: RequestHead {
            method,
            target,
            version,
            headers,
            delivered_headers,
        },
        labels,
        started_at_us,
    })
}

fn decode_response(payload: &[u8]) -> Option<ResponseHead> {
    let (status, version, headers, delivered_headers): WireResponse = postcard::from_bytes(payload).ok()?;
    Some(ResponseHead {
        status,
        version: HttpVersion::parse(&version)?,
        headers,
        delivered_headers,
    })
}

/// The place in the head of a record.
pub(crate) fn place_of(head: &[u8; HEAD_LEN]) -> u64 {
    u64_at(head, 8)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Record<'static>> {
        let headers: Headers = vec![("A".into(), vec![0xff]), ("a".into(), b"b".to_vec())];
        vec![
            Record::Begin(Box::new(Begin {
                source: "main".into(),
                upstream: "http://x/".into(),
                head: RequestHead {
                    method: "POST".into(),
                    target: "/run".into(),
                    version: HttpVersion::Http2,
                    headers: headers.clone(),
                    delivered_headers: Some(headers.clone()),
                },
                labels: vec![("k".into(), "v".into())],
                started_at_us: -5,
            })),
            Record::Request {
                at_us: 1,
                offset: 0,
                bytes: b"{}",
            },
            Record::Response {
                at_us: 2,
                head: ResponseHead {
                    status: 200,
                    headers: headers.clone(),
                    ..ResponseHead::default()
                },
            },
            Record::Chunk {
                at_us: 3,
                offset: 9,
                bytes: b"data: x\n\n",
            },
            Record::Chunk {
                at_us: 3,
                offset: 9,
                bytes: b"",
            },
            Record::Trailers {
                at_us: 4,
                fields: headers,
            },
            Record::Hole { at_us: 5, offset: 18 },
            Record::Relayed {
                at_us: 5,
                relayed: Relayed {
                    sent_len: 1,
                    received_len: 300,
                },
            },
            Record::Unverified { at_us: 5 },
            Record::End {
                at_us: 6,
                ending: Ending::UpstreamReset,
                body_len: 99,
            },
        ]
    }

    fn written(first_pos: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for record in samples() {
            encode(7, &record, &mut bytes);
        }
        place(&mut bytes, first_pos);
        bytes
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes = written(1000);
        let mut at = 0;
        for expected in samples() {
            let Next::Record(placed, len) = decode(&bytes[at..]) else {
                panic!("a record at {at}")
            };
            assert_eq!(placed.pos, 1000 + at as u64);
            assert_eq!(placed.exchange, 7);
            assert_eq!(placed.record, Some(expected));
            at += len;
        }
        assert_eq!(at, bytes.len());
    }

    #[test]
    fn records_can_be_placed_again_elsewhere() {
        let mut bytes = written(5);
        unplace(&mut bytes);
        place(&mut bytes, 1000);
        assert_eq!(bytes, written(1000));
    }

    #[test]
    fn a_torn_or_changed_record_is_no_record() {
        let bytes = written(0);
        let Next::Record(_, len) = decode(&bytes) else {
            panic!("a record")
        };
        for cut in 0..len {
            assert!(matches!(decode(&bytes[..cut]), Next::Short(_)), "cut at {cut}");
        }
        for at in 4..len {
            let mut changed = bytes[..len].to_vec();
            changed[at] ^= 1;
            assert_eq!(decode(&changed), Next::Broken, "changed at {at}");
        }
        assert_eq!(decode(&[0; 64]), Next::Broken);
    }
}
