//! Standard output: buffered, and silent when its reader has gone.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write as _};

use crate::{args::Format, failure::Failure, json::escaped, lines::Lines, safe::safe_lines};

/// Where answers go.
pub(crate) struct Out {
    sink: Sink,
    pub(crate) format: Format,
    /// A person looks at it: what acts on a terminal is escaped in verbatim JSON too.
    is_terminal: bool,
}

/// How they get there.
enum Sink {
    /// At once, waiting for the reader: for answers that end.
    Direct(BufWriter<StdoutLock<'static>>),
    /// From a thread that waits in the command's place: for what runs until it is stopped.
    Queued(Lines),
}

impl Out {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            sink: Sink::Direct(BufWriter::with_capacity(1 << 16, io::stdout().lock())),
            format,
            is_terminal: io::stdout().is_terminal(),
        }
    }

    /// From here on nothing waits for a reader: neither what is printed here
    /// nor what is printed on standard error. Without standard output, because it
    /// is a command's, all of it goes to standard error.
    pub(crate) fn queue(&mut self, has_stdout: bool) -> Result<(), Failure> {
        self.flush()?;
        let stderr = Lines::to_stderr()?;
        self.sink = Sink::Queued(match has_stdout {
            true => Lines::to_stdout()?,
            false => stderr,
        });
        if !has_stdout {
            self.is_terminal = io::stderr().is_terminal();
        }
        Ok(())
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Text that ends its own lines. Nothing in it acts on a
    /// terminal or hides in a viewer: escaped in JSON, which means the same
    /// then, made visible in all else.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        let text = match self.format {
            Format::Json | Format::Sarif => escaped(text),
            Format::Text | Format::Junit | Format::Markdown => safe_lines(text),
        };
        self.bytes(text.as_bytes())
    }

    /// JSON Lines with captured JSON that programs get as it stood on the wire.
    pub(crate) fn verbatim(&mut self, lines: &str) -> Result<(), Failure> {
        match self.is_terminal {
            true => self.text(lines),
            false => self.bytes(lines.as_bytes()),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Direct(stdout) => Ok(stdout.write_all(bytes)?),
            Sink::Queued(lines) => {
                lines.put(bytes);
                Ok(())
            }
        }
    }

    /// Whether what is printed next would not pile up in front of a reader that does not read.
    pub(crate) fn has_room(&self) -> bool {
        match &self.sink {
            Sink::Direct(_) => true,
            Sink::Queued(lines) => lines.has_room(),
        }
    }

    /// Shows what was printed so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Direct(stdout) => Ok(stdout.flush()?),
            Sink::Queued(_) => Ok(()),
        }
    }

    /// As [`Out::flush`]; what nothing reads is dropped.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        if let Sink::Queued(lines) = &self.sink {
            lines.finish();
        }
        self.flush()
    }
}
