//! Standard output: buffered, and silent when its reader has gone.

use std::{
    borrow::Cow,
    io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _},
};

use crate::{args::Format, failure::Failure, json::escaped};

/// Where answers go.
pub(crate) struct Out {
    stdout: BufWriter<StdoutLock<'static>>,
    pub(crate) format: Format,
    /// Somebody looks at it: what acts on a terminal is escaped in captured JSON too.
    is_terminal: bool,
}

impl Out {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            stdout: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
            format,
            is_terminal: io::stdout().is_terminal(),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Text that ends its own lines.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        let text = match self.is_json() && self.is_terminal {
            true => escaped(text),
            false => Cow::Borrowed(text),
        };
        self.bytes(text.as_bytes())
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.stdout.write_all(bytes)?)
    }

    /// Shows what was said so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }
}
