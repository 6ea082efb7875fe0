//! How numbers and texts stand in pages: LEB128 varints, zigzag for signed
//! differences, length-prefixed bytes, and an optional LZ4 envelope.
//!
//! Reading never panics and never allocates more than the page holds: a
//! damaged page reads as [`Damaged`], and the derivation is made again.

use std::sync::Arc;

use thiserror::Error;

/// The first byte of a page whose rest stands as it is.
const PLAIN: u8 = 0;
/// The first byte of a page whose rest is LZ4 with its length in front.
const LZ4: u8 = 1;
/// No page of ours is larger; a length beyond it means damage.
const MAX_PAGE_LEN: usize = 1 << 30;

/// A page does not hold what its kind says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a derived page is damaged")]
pub struct Damaged;

/// Writes a page.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn uint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value as u8) | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    pub(crate) fn int(&mut self, value: i64) {
        self.uint(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.uint(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(crate) fn opt_uint(&mut self, value: Option<u64>) {
        match value {
            Some(value) => {
                self.u8(1);
                self.uint(value);
            }
            None => self.u8(0),
        }
    }

    pub(crate) fn opt_text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => {
                self.u8(1);
                self.text(value);
            }
            None => self.u8(0),
        }
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// A page: compressed when that saves an eighth or more.
    pub(crate) fn into_page(self) -> Arc<[u8]> {
        if self.bytes.len() >= 256 {
            let packed = lz4_flex::compress_prepend_size(&self.bytes);
            if packed.len() < self.bytes.len() - self.bytes.len() / 8 {
                return tagged(LZ4, &packed);
            }
        }
        tagged(PLAIN, &self.bytes)
    }
}

fn tagged(tag: u8, bytes: &[u8]) -> Arc<[u8]> {
    let mut page = Vec::with_capacity(bytes.len() + 1);
    page.push(tag);
    page.extend_from_slice(bytes);
    page.into()
}

/// Takes the envelope off a page.
pub(crate) fn open_page(page: &[u8]) -> Result<Vec<u8>, Damaged> {
    match page.split_first() {
        Some((&PLAIN, rest)) => Ok(rest.to_vec()),
        Some((&LZ4, rest)) => {
            let (len, _) = lz4_flex::block::uncompressed_size(rest).ok().ok_or(Damaged)?;
            if len > MAX_PAGE_LEN || len / 256 > rest.len() {
                return Err(Damaged);
            }
            lz4_flex::decompress_size_prepended(rest).ok().ok_or(Damaged)
        }
        _ => Err(Damaged),
    }
}

/// Reads what [`Writer`] wrote.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Damaged> {
        let (&first, rest) = self.rest.split_first().ok_or(Damaged)?;
        self.rest = rest;
        Ok(first)
    }

    pub(crate) fn uint(&mut self) -> Result<u64, Damaged> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Damaged> {
        u32::try_from(self.uint()?).ok().ok_or(Damaged)
    }

    pub(crate) fn int(&mut self) -> Result<i64, Damaged> {
        let raw = self.uint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// A count of things that take at least a byte each.
    pub(crate) fn count(&mut self) -> Result<usize, Damaged> {
        let count = usize::try_from(self.uint()?).ok().ok_or(Damaged)?;
        if count > self.rest.len() {
            Err(Damaged)
        } else {
            Ok(count)
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let len = self.count()?;
        let (head, rest) = self.rest.split_at(len);
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Result<String, Damaged> {
        String::from_utf8(self.bytes()?.to_vec()).ok().ok_or(Damaged)
    }

    pub(crate) fn opt_uint(&mut self) -> Result<Option<u64>, Damaged> {
        match self.u8()? {
            0 => Ok(None),
            _ => self.uint().map(Some),
        }
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, Damaged> {
        match self.u8()? {
            0 => Ok(None),
            _ => self.text().map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_come_back() {
        let mut writer = Writer::default();
        for value in [0, 1, 127, 128, 16_383, u64::MAX] {
            writer.uint(value);
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            writer.int(value);
        }
        writer.opt_uint(Some(7));
        writer.opt_text(None);
        writer.text("scrub");
        let bytes = open_page(&writer.into_page()).unwrap();
        let mut reader = Reader::new(&bytes);
        for value in [0, 1, 127, 128, 16_383, u64::MAX] {
            assert_eq!(reader.uint(), Ok(value));
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(reader.int(), Ok(value));
        }
        assert_eq!(reader.opt_uint(), Ok(Some(7)));
        assert_eq!(reader.opt_text(), Ok(None));
        assert_eq!(reader.text(), Ok("scrub".to_owned()));
        assert_eq!(reader.u8(), Err(Damaged));
    }

    #[test]
    fn a_long_page_is_compressed_and_damage_is_told() {
        let mut writer = Writer::default();
        (0..4096).for_each(|_| writer.u8(7));
        let page = writer.into_page();
        assert!(page.len() < 200);
        assert_eq!(open_page(&page).unwrap(), vec![7; 4096]);
        assert_eq!(open_page(&page[..page.len() / 2]), Err(Damaged));
        assert_eq!(open_page(&[9]), Err(Damaged));
        assert_eq!(Reader::new(&[0xff; 12]).uint(), Err(Damaged));
    }
}
