//! `scrubjay body`: the bytes of a body, and nothing else.

use std::io::{self, Write};

use scrubjay_engine::BodyOf;

use crate::{args::One, command::Execute, failure::Failure, out::Out};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) one: One,

    /// Write the request's body instead of the response's
    #[arg(long)]
    pub(crate) request: bool,

    /// Undo the content encoding, such as gzip
    #[arg(long)]
    pub(crate) decoded: bool,
}

impl Execute for Args {
    fn execute(&self, out: &mut Out) -> Result<(), Failure> {
        let library = self.one.source.open(out)?;
        let index = library.one(self.one.exchange)?;
        let of = match (self.request, self.decoded) {
            (true, _) => BodyOf::Request,
            (false, true) => BodyOf::Decoded,
            (false, false) => BodyOf::Wire,
        };
        let mut watched = Watched { out, refused: None };
        let written = library.engine().write_body(index, of, &mut watched);
        if let Some(refused) = watched.refused {
            return Err(refused);
        }
        written?;
        out.flush()?;
        library.finish()
    }
}

/// Standard output that remembers why it refused, because the engine's own
/// failure only states that it did.
struct Watched<'a> {
    out: &'a mut Out,
    refused: Option<Failure>,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.out.bytes(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(failure) => {
                self.refused = Some(failure);
                Err(io::ErrorKind::Other.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
