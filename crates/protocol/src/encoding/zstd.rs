//! Zstandard.
//!
//! The decoder keeps a window of what it gave, and gives nothing before it is
//! out of the window, so a live body is seen late by up to the window, and
//! whole once its frame ends. A cut body gives its window too.

use std::io::Read as _;

use ruzstd::decoding::{
    FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::{Coding, Sink, Stop};

const STEP_LEN: usize = 64 * 1024;
/// HTTP fixes 8 MiB (RFC 9659); some servers use more.
const WINDOW_LIMIT: u64 = 32 << 20;
/// The longest frame header: magic, descriptor, window, dictionary, size.
const HEADER_LEN: usize = 18;

/// `zstd`: frames one after another. Blocks are decoded when they are whole,
/// which takes up to 128 KiB of input.
pub(super) struct Zstd {
    decoder: FrameDecoder,
    pending: Vec<u8>,
    expecting: Expecting,
    frames: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Expecting {
    Header,
    /// Blocks of a frame, which may end with a checksum.
    Blocks {
        checksum: bool,
    },
    /// Bytes of a skippable frame that are left.
    Skip(usize),
}

impl Default for Zstd {
    fn default() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_LIMIT);
        Self {
            decoder,
            pending: Vec::new(),
            expecting: Expecting::Header,
            frames: 0,
        }
    }
}

impl Coding for Zstd {
    fn write(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        self.pending.extend_from_slice(input);
        self.decode(sink, Reach::SoFar)
    }

    fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        self.decode(sink, Reach::End)?;
        if matches!(self.expecting, Expecting::Blocks { .. }) {
            self.give_window(sink)?;
        }
        if self.frames > 0 && self.pending.is_empty() && self.expecting == Expecting::Header {
            return Ok(());
        }
        Err(Stop::broken("the zstd body ends too early"))
    }
}

/// Whether more input may follow.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    SoFar,
    End,
}

impl Zstd {
    fn decode(&mut self, sink: &mut Sink<'_>, reach: Reach) -> Result<(), Stop> {
        loop {
            let went_on = match self.expecting {
                Expecting::Header => self.header(reach)?,
                Expecting::Blocks { checksum } => self.blocks(checksum, sink)?,
                Expecting::Skip(left) => self.skip(left),
            };
            if !went_on {
                return Ok(());
            }
        }
    }

    fn header(&mut self, reach: Reach) -> Result<bool, Stop> {
        if self.pending.is_empty() || (self.pending.len() < HEADER_LEN && reach == Reach::SoFar) {
            return Ok(false);
        }
        let mut rest = &self.pending[..];
        let result = self.decoder.reset(&mut rest);
        let taken = self.pending.len() - rest.len();
        match result {
            Ok(()) => {
                let checksum = self.pending[4] & 4 != 0;
                self.pending.drain(..taken);
                self.expecting = Expecting::Blocks { checksum };
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                self.pending.drain(..8.min(self.pending.len()));
                self.expecting = Expecting::Skip(usize::try_from(length).unwrap_or(usize::MAX));
            }
            Err(error) => return Err(broken(&error)),
        }
        Ok(true)
    }

    fn skip(&mut self, left: usize) -> bool {
        let skipped = left.min(self.pending.len());
        self.pending.drain(..skipped);
        if left > skipped {
            self.expecting = Expecting::Skip(left - skipped);
            return false;
        }
        self.expecting = Expecting::Header;
        self.frames += 1;
        !self.pending.is_empty()
    }

    /// Decodes the whole blocks that are there. A failure loses no more than its block.
    fn blocks(&mut self, checksum: bool, sink: &mut Sink<'_>) -> Result<bool, Stop> {
        let mut taken = 0;
        while let Some(block_len) = block_len(&self.pending[taken..], checksum) {
            let block = taken..taken + block_len;
            let result = self.decoder.decode_from_to(&self.pending[block], &mut []);
            taken += result.map_err(|error| broken(&error))?.0;
            self.drain(sink)?;
            if self.decoder.is_finished() {
                self.pending.drain(..taken);
                self.expecting = Expecting::Header;
                self.frames += 1;
                return Ok(!self.pending.is_empty());
            }
        }
        self.pending.drain(..taken);
        Ok(false)
    }

    /// Gives what the decoder has no use for any more: all of it once a frame
    /// has ended, all beyond the window before.
    fn drain(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        let mut output = vec![0; STEP_LEN];
        loop {
            match self.decoder.read(&mut output) {
                Ok(0) => return Ok(()),
                Ok(len) => sink(&output[..len])?,
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    /// Ends a cut frame with an empty last block, so that the window comes out.
    fn give_window(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop> {
        const EMPTY_LAST_BLOCK: [u8; 3] = [1, 0, 0];
        self.decoder
            .decode_from_to(&EMPTY_LAST_BLOCK, &mut [])
            .map_err(|error| broken(&error))?;
        self.drain(sink)
    }
}

fn broken(error: &dyn std::error::Error) -> Stop {
    Stop::broken(format!("the zstd body is broken: {error}"))
}

/// Length of the block that begins here, with the checksum that follows the
/// last one, once all of it is there.
fn block_len(source: &[u8], checksum: bool) -> Option<usize> {
    const HEADER_LEN: usize = 3;
    const CHECKSUM_LEN: usize = 4;
    const RUN_LENGTH: u32 = 1;
    let [b0, b1, b2] = source.first_chunk::<HEADER_LEN>()?;
    let header = u32::from_le_bytes([*b0, *b1, *b2, 0]);
    let (is_last, kind, len) = (header & 1 == 1, (header >> 1) & 3, header >> 3);
    let content_len = if kind == RUN_LENGTH {
        1
    } else {
        usize::try_from(len).ok()?
    };
    let checksum_len = if is_last && checksum { CHECKSUM_LEN } else { 0 };
    let block_len = HEADER_LEN + content_len + checksum_len;
    (block_len <= source.len()).then_some(block_len)
}
