//! Reading a spool's file from a place on, in batches.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use rusqlite::Connection;

use crate::{
    StoreError,
    absorb::{Absorbed, Absorber},
    conn, os,
    spool::record::{self, Next},
};

/// Bytes read, and absorbed in one transaction, at once; a longer record is read whole.
pub(crate) const BATCH_LEN: usize = 1 << 20;

/// Bytes after damage that are looked through for records.
const LOOK_BEHIND: u64 = 32 << 20;

/// Reads one file of a spool.
#[derive(Debug)]
pub(crate) struct PieceReader {
    file: File,
    /// Up to here it has been absorbed.
    offset: u64,
    buffer: Vec<u8>,
}

/// What a step came to.
#[derive(Debug)]
pub(crate) enum Step {
    /// Something was absorbed, and these exchanges ended.
    Moved { ended: Vec<i64> },
    /// Nothing whole is left before the limit, or the file ends before it.
    AtEnd {
        /// What is left is no record, and not the beginning of one either.
        is_broken: bool,
    },
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error(transparent)]
    Write(#[from] rusqlite::Error),
}

impl StepError {
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Write(error) if conn::is_busy(error))
    }

    /// The same as a failure of the store at `path` with a spool at `spool`.
    pub(crate) fn into_store(self, path: &Path, spool: &Path) -> StoreError {
        match self {
            Self::Read(source) => StoreError::Spool {
                path: spool.to_owned(),
                source,
            },
            Self::Write(source) => StoreError::from_write(path, "what a recorder left behind", source),
        }
    }
}

impl PieceReader {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: os::open_file(path)?,
            offset: 0,
            buffer: Vec::new(),
        })
    }

    /// Begins again: what was absorbed from it is in no store any more.
    pub(crate) fn rewind(&mut self) {
        self.offset = 0;
    }

    /// Whether it is still what stands at a path.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        os::is_at(&self.file, path)
    }

    pub(crate) fn len(&self) -> io::Result<u64> {
        self.file.metadata().map(|metadata| metadata.len())
    }

    /// Absorbs a batch of what stands before `limit`.
    pub(crate) fn step(
        &mut self,
        absorber: &mut Absorber,
        conn: &mut Connection,
        limit: u64,
    ) -> Result<Step, StepError> {
        let mut wanted = BATCH_LEN;
        loop {
            self.fill(wanted, limit)?;
            let Absorbed {
                bytes,
                wants,
                ended,
                broken,
            } = absorber.absorb(conn, &self.buffer)?;
            if bytes > 0 {
                self.offset += bytes as u64;
                return Ok(Step::Moved { ended });
            }
            let left = limit.saturating_sub(self.offset);
            let is_cut = (self.buffer.len() as u64) < left.min(wanted as u64);
            if broken || is_cut || wants as u64 > left || wants <= self.buffer.len() {
                return Ok(Step::AtEnd { is_broken: broken });
            }
            wanted = wants;
        }
    }

    /// Whether records stand after what could not be read here, at `pos` in the
    /// life of the spool: then it is damage, and not the torn end of a write.
    pub(crate) fn has_records_after(&mut self, pos: u64) -> io::Result<bool> {
        self.file.seek(SeekFrom::Start(self.offset))?;
        let mut rest = Vec::new();
        (&self.file).take(LOOK_BEHIND).read_to_end(&mut rest)?;
        let is_record = |at: usize| match record::decode(&rest[at..]) {
            Next::Record(placed, _) => placed.pos == pos + at as u64,
            Next::Short(_) | Next::Broken => false,
        };
        let has_pos = |at: usize| rest.get(at + 8..at + 16) == Some(&(pos + at as u64).to_le_bytes()[..]);
        Ok((1..rest.len()).any(|at| has_pos(at) && is_record(at)))
    }

    fn fill(&mut self, wanted: usize, limit: u64) -> io::Result<()> {
        let left = limit.saturating_sub(self.offset);
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(wanted);
        self.buffer.resize(len, 0);
        self.buffer.shrink_to(BATCH_LEN);
        self.file.seek(SeekFrom::Start(self.offset))?;
        let mut filled = 0;
        while filled < len {
            match self.file.read(&mut self.buffer[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Access, Store};

    #[test]
    fn a_file_that_ends_before_the_limit_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        drop(Store::open(&path, Access::Create).unwrap());
        let mut conn = conn::open_writer(&path).unwrap();
        let mut absorber = Absorber::new(&conn, "0123456789abcdef").unwrap();
        let piece = folder.path().join("piece");
        for content in [&b""[..], &[0; 3]] {
            fs::write(&piece, content).unwrap();
            let mut reader = PieceReader::open(&piece).unwrap();
            let step = reader.step(&mut absorber, &mut conn, 1 << 20).unwrap();
            assert!(matches!(step, Step::AtEnd { is_broken: false }), "{step:?}");
        }
    }
}
