//! `scrubjay body`: the bytes of a body, and nothing else.

use std::io::{self, Write};

use scrubjay_engine::BodyOf;

use crate::{args, failure::Failure, library::Library, out::Out};

pub(crate) fn run(args: &args::Body, out: &mut Out) -> Result<(), Failure> {
    let library = Library::open(args.one.source.path(), out)?;
    let index = library.one(args.one.exchange)?;
    let of = match (args.request, args.decoded) {
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

/// Standard output that remembers why it refused, because the engine's own
/// failure says only that it did.
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
