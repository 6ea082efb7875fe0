//! Standard output: buffered, and silent when its reader has gone.

use std::io::{self, BufWriter, StdoutLock, Write};

use crate::{args::Format, failure::Failure};

/// Where answers go.
pub(crate) struct Out {
    stdout: BufWriter<StdoutLock<'static>>,
    pub(crate) format: Format,
}

impl Out {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            stdout: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
            format,
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Text that ends its own lines.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
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
