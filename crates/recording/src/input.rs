//! The bytes of a file, unpacked where it is packed, with a bound on all of them.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read as _},
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;

use crate::limit::{Limits, Met};

/// Bytes that are read before the limits are looked at again.
pub(crate) const STRIDE: u64 = 1 << 20;

/// A file that is read once, from its beginning to its end.
pub(crate) struct Input<'a> {
    /// What was looked at before, and how much of it was taken since.
    head: Vec<u8>,
    taken: usize,
    /// What ended the looking; reading on ends with it.
    broken: Option<io::Error>,
    rest: Box<dyn BufRead + 'a>,
    limits: Limits,
    /// Bytes of a packed file that were taken so far.
    packed: Option<Rc<Cell<u64>>>,
    /// Bytes given so far, unpacked.
    unpacked: u64,
}

/// Why a file is read no further.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The input refused, or the packing is damaged.
    Input(io::Error),
    /// No more is read of this file.
    Limit(Met),
}

impl<'a> Input<'a> {
    /// Unpacks what begins like gzip.
    pub(crate) fn new(input: impl BufRead + 'a, limits: Limits) -> io::Result<Self> {
        let mut input = input;
        let is_packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let taken = Rc::new(Cell::new(0));
        Ok(Self {
            head: Vec::new(),
            taken: 0,
            broken: None,
            packed: is_packed.then(|| Rc::clone(&taken)),
            rest: if is_packed {
                let counted = Counted { input, taken };
                Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(counted)))
            } else {
                Box::new(input)
            },
            limits,
            unpacked: 0,
        })
    }

    /// What is unpacked elsewhere, from so many bytes.
    pub(crate) fn unpacked(input: impl BufRead + 'a, packed_len: u64, limits: Limits) -> Self {
        Self {
            head: Vec::new(),
            taken: 0,
            broken: None,
            rest: Box::new(input),
            limits,
            packed: Some(Rc::new(Cell::new(packed_len))),
            unpacked: 0,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// The first bytes, which are read again later.
    pub(crate) fn head(&mut self, len: usize) -> &[u8] {
        if self.head.is_empty() {
            let read = (&mut self.rest).take(len as u64).read_to_end(&mut self.head);
            self.broken = read.err();
        }
        &self.head
    }

    /// Counts bytes that were read.
    pub(crate) fn count(&mut self, read: usize) -> Result<(), Met> {
        self.unpacked = self.unpacked.saturating_add(read as u64);
        let limits = self.limits;
        if self.unpacked > limits.file_len {
            return Err(Met::FileLen(limits.file_len));
        }
        let packed = self.packed.as_ref().map_or(u64::MAX, |taken| taken.get());
        match self.unpacked > limits.free_len && self.unpacked / limits.ratio.max(1) > packed {
            true => Err(Met::Ratio(limits.ratio)),
            false => Ok(()),
        }
    }

    /// All bytes, or those before what ended the reading.
    pub(crate) fn whole(mut self) -> (Vec<u8>, Option<Broken>) {
        let mut bytes = Vec::new();
        loop {
            let before = bytes.len();
            let read = (&mut self).take(STRIDE).read_to_end(&mut bytes);
            let len = bytes.len() - before;
            if let Err(met) = self.count(len) {
                bytes.truncate(
                    usize::try_from(self.limits.file_len).map_or(bytes.len(), |limit| limit.min(bytes.len())),
                );
                return (bytes, Some(Broken::Limit(met)));
            }
            match read {
                Ok(0) => return (bytes, None),
                Ok(_) => {}
                Err(error) => return (bytes, Some(Broken::Input(error))),
            }
        }
    }
}

impl io::Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut there = self.fill_buf()?;
        let len = there.read(into)?;
        self.consume(len);
        Ok(len)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken < self.head.len() {
            return Ok(&self.head[self.taken..]);
        }
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.rest.fill_buf()
    }

    fn consume(&mut self, len: usize) {
        if self.taken < self.head.len() {
            self.taken += len;
        } else {
            self.rest.consume(len);
        }
    }
}

/// An input that counts how much of it was taken.
struct Counted<R> {
    input: R,
    taken: Rc<Cell<u64>>,
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, len: usize) {
        self.taken.set(self.taken.get().saturating_add(len as u64));
        self.input.consume(len);
    }
}

impl<R: BufRead> io::Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(into)?;
        self.taken.set(self.taken.get().saturating_add(len as u64));
        Ok(len)
    }
}
