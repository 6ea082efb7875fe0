//! Cutting a file into lines, packed or not, with a bound on each.

use std::io::{self, BufRead, BufReader, Read as _};

use flate2::bufread::MultiGzDecoder;

use crate::MAX_LINE_LEN;

/// The lines of a file.
pub(crate) struct Lines<'a> {
    input: Box<dyn BufRead + 'a>,
    number: u64,
    line: Vec<u8>,
}

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// The input refused, or the packing is damaged.
    Input(io::Error),
    /// It is too long.
    TooLong,
    /// It is not UTF-8.
    NotUtf8,
}

impl<'a> Lines<'a> {
    /// Unpacks what begins like gzip.
    pub(crate) fn new(input: impl BufRead + 'a) -> io::Result<Self> {
        let mut input = input;
        let packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        Ok(Self {
            input: if packed {
                Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(input)))
            } else {
                Box::new(input)
            },
            number: 0,
            line: Vec::new(),
        })
    }

    /// Number of the line given last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank, with its number and without its end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &str)>, NoLine> {
        loop {
            self.line.clear();
            self.number += 1;
            let limit = MAX_LINE_LEN as u64 + 2;
            let read = (&mut self.input)
                .take(limit)
                .read_until(b'\n', &mut self.line)
                .map_err(NoLine::Input)?;
            if read == 0 {
                self.number -= 1;
                return Ok(None);
            }
            if self.line.last() == Some(&b'\n') {
                self.line.pop();
            }
            if self.line.len() > MAX_LINE_LEN {
                return Err(NoLine::TooLong);
            }
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        match std::str::from_utf8(&self.line) {
            Ok(line) => Ok(Some((self.number, line))),
            Err(_) => Err(NoLine::NotUtf8),
        }
    }
}
