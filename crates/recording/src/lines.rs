//! Cutting a file into lines, with a bound on each.

use std::io::{self, BufRead as _, Read as _};

use crate::{
    MAX_LINE_LEN,
    input::{Input, STRIDE},
    limit::Met,
};

/// Room that is kept from line to line; a longer line gives its room back.
const KEPT_ROOM: usize = 1 << 20;

/// The lines of a file.
pub(crate) struct Lines<'a> {
    input: Input<'a>,
    number: u64,
    line: Vec<u8>,
}

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// The input refused, or the packing is damaged.
    Input(io::Error),
    TooLong,
    NotUtf8,
    /// No more is read of this file.
    Limit(Met),
}

impl<'a> Lines<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        Self {
            input,
            number: 0,
            line: Vec::new(),
        }
    }

    /// Number of the line given last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank, with its number and without its end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &str)>, NoLine> {
        loop {
            if self.line.capacity() > KEPT_ROOM {
                self.line = Vec::new();
            }
            self.line.clear();
            self.pass_line_ends()?;
            self.number += 1;
            let read = self.read_line()?;
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

    /// Reads up to the end of a line, or to where the limit is known to be met.
    fn read_line(&mut self) -> Result<usize, NoLine> {
        let mut sum = 0;
        loop {
            let read = (&mut self.input)
                .take(STRIDE)
                .read_until(b'\n', &mut self.line)
                .map_err(NoLine::Input)?;
            self.count(read)?;
            sum += read;
            if (read as u64) < STRIDE || self.line.last() == Some(&b'\n') || sum > MAX_LINE_LEN + 1 {
                return Ok(sum);
            }
        }
    }

    /// Passes over empty lines: there may be nothing but millions of them.
    fn pass_line_ends(&mut self) -> Result<(), NoLine> {
        loop {
            let there = self.input.fill_buf().map_err(NoLine::Input)?;
            let is_all = there.iter().position(|byte| *byte != b'\n');
            let ends = is_all.unwrap_or(there.len());
            self.input.consume(ends);
            self.number += ends as u64;
            self.count(ends)?;
            if is_all.is_some() || ends == 0 {
                return Ok(());
            }
        }
    }

    fn count(&mut self, read: usize) -> Result<(), NoLine> {
        self.input.count(read).map_err(NoLine::Limit)
    }
}
