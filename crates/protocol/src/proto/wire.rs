//! Reading the wire format of protobuf, as the official client's reader does.
//!
//! Where the format leaves room (a number written longer than it need be, bits
//! beyond 32), what that reader makes of it decides, because it is what the
//! client goes on with.

/// A field's number and how its value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) number: u32,
    pub(super) wire: u8,
}

/// How values are written.
impl Tag {
    pub(super) const VARINT: u8 = 0;
    pub(super) const FIXED64: u8 = 1;
    pub(super) const BYTES: u8 = 2;
    pub(super) const GROUP: u8 = 3;
    pub(super) const GROUP_END: u8 = 4;
    pub(super) const FIXED32: u8 = 5;
}

/// Groups inside each other that are skipped.
const GROUPS: usize = 100;
/// Bytes that a number takes at most.
const VARINT_LEN: usize = 10;

/// Why bytes are no message: the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DecodeError(pub(super) String);

impl DecodeError {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

const ENDS: &str = "it ends inside a field";

/// Bytes, and how far they have been read.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = self.bytes.get(self.at).ok_or_else(|| DecodeError::new(ENDS))?;
        self.at += 1;
        Ok(*byte)
    }

    /// A number, of which the lowest 64 bits are kept.
    pub(super) fn uint64(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0;
        for place in 0..VARINT_LEN {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError::new("a number in it has more than ten bytes"))
    }

    /// A number, of which the lowest 32 bits are kept.
    pub(super) fn uint32(&mut self) -> Result<u32, DecodeError> {
        self.uint64().map(|number| number as u32)
    }

    /// A field's number and kind, held to what these can be.
    pub(super) fn tag(&mut self) -> Result<Tag, DecodeError> {
        let start = self.at;
        let tag = self.loose_tag()?;
        let len = self.at - start;
        if len > 5 || (len == 5 && self.bytes[self.at - 1] > 0x0F) {
            return Err(DecodeError::new("the number of a field in it has more than 32 bits"));
        }
        if tag.number == 0 || tag.wire > Tag::FIXED32 {
            return Err(DecodeError::new(format!(
                "it has a field {} of wire type {}, which protobuf does not have",
                tag.number, tag.wire
            )));
        }
        Ok(tag)
    }

    /// A field's number and kind, without a check.
    pub(super) fn loose_tag(&mut self) -> Result<Tag, DecodeError> {
        let tag = self.uint32()?;
        Ok(Tag {
            number: tag >> 3,
            wire: (tag & 7) as u8,
        })
    }

    /// A value with its length before it.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.uint32()? as usize;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(value) = rest.get(..len) else {
            return Err(DecodeError::new(format!(
                "a field in it says it has {len} bytes, and {} are left",
                rest.len()
            )));
        };
        self.at += len;
        Ok(value)
    }

    /// A field: its tag, and its payload if that has its length before it.
    pub(super) fn field(&mut self) -> Result<(Tag, Option<&'a [u8]>), DecodeError> {
        let tag = self.tag()?;
        if tag.wire == Tag::BYTES {
            return Ok((tag, Some(self.bytes()?)));
        }
        self.skip(tag)?;
        Ok((tag, None))
    }

    pub(super) fn double(&mut self) -> Result<f64, DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (bytes, _) = rest.split_first_chunk().ok_or_else(|| DecodeError::new(ENDS))?;
        self.at += bytes.len();
        Ok(f64::from_le_bytes(*bytes))
    }

    /// Steps over the value after a tag.
    pub(super) fn skip(&mut self, tag: Tag) -> Result<(), DecodeError> {
        self.skip_within(tag, GROUPS)
    }

    fn skip_within(&mut self, tag: Tag, groups: usize) -> Result<(), DecodeError> {
        match tag.wire {
            Tag::VARINT => while self.byte()? & 0x80 != 0 {},
            Tag::FIXED64 => self.step(8)?,
            Tag::FIXED32 => self.step(4)?,
            Tag::BYTES => self.bytes().map(drop)?,
            Tag::GROUP => {
                let groups = groups
                    .checked_sub(1)
                    .ok_or_else(|| DecodeError::new(format!("groups in it are nested over {GROUPS} levels deep")))?;
                loop {
                    let inner = self.tag()?;
                    if inner.wire == Tag::GROUP_END {
                        if inner.number != tag.number {
                            return Err(DecodeError::new("a group in it ends under another number"));
                        }
                        break;
                    }
                    self.skip_within(inner, groups)?;
                }
            }
            _ => return Err(DecodeError::new("a group in it ends that did not begin")),
        }
        Ok(())
    }

    fn step(&mut self, len: usize) -> Result<(), DecodeError> {
        if self.bytes.len().saturating_sub(self.at) < len {
            return Err(DecodeError::new(ENDS));
        }
        self.at += len;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_lowest_bits() {
        for (bytes, long, short) in [
            (&b"\x01"[..], 1, 1),
            (b"\x81\x80\x00", 1, 1),
            (b"\xff\xff\xff\xff\x7f", 0x7_FFFF_FFFF, u32::MAX),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", u64::MAX, u32::MAX),
        ] {
            assert_eq!(Reader::new(bytes).uint64(), Ok(long));
            assert_eq!(Reader::new(bytes).uint32(), Ok(short));
        }
        assert!(Reader::new(&[0x80; 11]).uint64().is_err());
        assert!(Reader::new(b"\x80").uint64().is_err());
    }

    #[test]
    fn tags_are_held_to_32_bits() {
        assert_eq!(Reader::new(b"\x0a").tag(), Ok(Tag { number: 1, wire: 2 }));
        assert_eq!(
            Reader::new(b"\x8a\x80\x80\x80\x00").tag(),
            Ok(Tag { number: 1, wire: 2 })
        );
        for bytes in [
            &b"\x8a\x80\x80\x80\x80\x00"[..],
            b"\x8a\x80\x80\x80\x10",
            b"\x02",
            b"\x0e",
            b"",
        ] {
            assert!(Reader::new(bytes).tag().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_stepped_over() {
        let skip = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            let tag = reader.tag()?;
            reader.skip(tag).map(|()| reader.at)
        };
        assert_eq!(skip(b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00!"), Ok(13));
        assert_eq!(skip(b"\x0b\x13\x08\x07\x14\x0c!"), Ok(6));
        assert_eq!(skip(b"\x0d1234!"), Ok(5));
        assert_eq!(skip(b"\x0912345678!"), Ok(9));
        assert_eq!(skip(b"\x0a\x02ab!"), Ok(4));
        for broken in [&b"\x0b\x14"[..], b"\x0c", b"\x0d123", b"\x0a\x02a", &[0x0b; 200]] {
            assert!(skip(broken).is_err(), "{broken:?}");
        }
    }
}
