//! Brotli.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Coding, Sink, Stop};

const STEP_LEN: usize = 64 * 1024;

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// `br`.
pub(super) struct Brotli {
    state: Box<State>,
    output: Vec<u8>,
    ended: bool,
}

impl Default for Brotli {
    fn default() -> Self {
        let state = State::new(
            StandardAlloc::default(),
            StandardAlloc::default(),
            StandardAlloc::default(),
        );
        Self {
            state: Box::new(state),
            output: vec![0; STEP_LEN],
            ended: false,
        }
    }
}

impl Coding for Brotli {
    fn write(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        if self.ended {
            return Ok(());
        }
        let (mut left, mut offset, mut total) = (input.len(), 0, 0);
        loop {
            let (mut room, mut written) = (self.output.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut offset,
                input,
                &mut room,
                &mut written,
                &mut self.output,
                &mut total,
                &mut self.state,
            );
            if written > 0 {
                sink(&self.output[..written])?;
            }
            match result {
                BrotliResult::NeedsMoreOutput => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess => {
                    self.ended = true;
                    return Ok(());
                }
                BrotliResult::ResultFailure => {
                    return Err(Stop::broken("the br body is broken; what came before is shown"));
                }
            }
        }
    }

    fn finish(&mut self, _: &mut Sink<'_>) -> Result<(), Stop> {
        if self.ended {
            Ok(())
        } else {
            Err(Stop::broken("the br body ends too early"))
        }
    }
}
