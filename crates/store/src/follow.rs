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
    conn,
};

/// Bytes read, and absorbed in one transaction, at once; a longer record is read whole.
pub(crate) const BATCH_LEN: usize = 1 << 20;

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
    /// Nothing whole is left before the limit.
    AtEnd,
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
            file: File::open(path)?,
            offset: 0,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
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
            if broken || wants as u64 > left || wants <= self.buffer.len() {
                return Ok(Step::AtEnd);
            }
            wanted = wants;
        }
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
