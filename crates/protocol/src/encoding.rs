//! Content encodings: gzip, deflate, br and zstd.
//!
//! Encoded bodies are stored and forwarded as they are, and decoded here for
//! reading. Broken input gives all that can be decoded and a problem; output
//! is bounded in total and by its ratio to the input, so a few kilobytes that
//! unfold into gigabytes end in a problem that names the limit.
//!
//! | coding | how |
//! |---|---|
//! | `gzip`, `x-gzip` | several members, checksums compared |
//! | `deflate` | zlib, or bare deflate as some servers send it |
//! | `br`, `zstd` | zstd with windows up to 32 MiB, several frames |
//! | `identity` | as is |

mod brotli;
mod inflate;
mod zstd;

use crate::problem::{Problem, rule};

/// How much a body may unfold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of output at most, at every stage of a chain.
    pub output_len: u64,
    /// Bytes of output up to which any ratio is fine.
    pub free_len: u64,
    /// Bytes of output for each byte of input at most, beyond `free_len`.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            output_len: 1 << 30,
            free_len: 64 << 20,
            ratio: 200,
        }
    }
}

/// Why a stage gives nothing more.
#[derive(Debug)]
struct Stop {
    rule: &'static str,
    message: String,
}

impl Stop {
    fn broken(message: impl Into<String>) -> Self {
        Self {
            rule: rule::BROKEN_ENCODING,
            message: message.into(),
        }
    }
}

/// Takes decoded pieces; a stop ends the decoding.
type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Stop> + 'a;

/// One coding of a chain.
trait Coding: Send {
    /// Decodes a piece.
    fn write(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop>;

    /// Fails when the input may not end here.
    fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), Stop>;
}

struct Stage {
    coding: Box<dyn Coding>,
    given_len: u64,
}

/// Decodes a body, piece by piece.
///
/// ```
/// use scrubjay_protocol::encoding::Decoder;
///
/// let mut decoder = Decoder::new("identity");
/// let mut text = Vec::new();
/// decoder.push(b"as is", &mut |piece| text.extend_from_slice(piece));
/// decoder.finish(&mut |piece| text.extend_from_slice(piece));
/// assert_eq!(text, b"as is");
/// ```
pub struct Decoder {
    /// From the wire inwards.
    stages: Vec<Stage>,
    limits: Limits,
    taken_len: u64,
    problems: Vec<Problem>,
    stopped: bool,
}

impl Decoder {
    /// A decoder for the value of a `content-encoding` field; for several
    /// fields, their values joined with commas.
    pub fn new(content_encoding: &str) -> Self {
        let mut decoder = Self {
            stages: Vec::new(),
            limits: Limits::default(),
            taken_len: 0,
            problems: Vec::new(),
            stopped: false,
        };
        for name in content_encoding
            .rsplit(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            if name.eq_ignore_ascii_case("identity") {
                continue;
            }
            match coding(name) {
                Some(coding) => decoder.stages.push(Stage { coding, given_len: 0 }),
                None => {
                    let message =
                        format!("the content encoding `{name}` is not known here; the body is shown as it was sent");
                    decoder.problems.push(Problem::new(rule::UNKNOWN_ENCODING, message));
                    break;
                }
            }
        }
        decoder
    }

    /// Sets limits of its own.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether bytes come out as they go in.
    pub fn is_identity(&self) -> bool {
        self.stages.is_empty()
    }

    /// Takes the next bytes of the body and gives what they decode to, in
    /// pieces of at most 64 KiB, or as they are when nothing is encoded.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn FnMut(&[u8])) {
        if self.stopped {
            return;
        }
        self.taken_len += bytes.len() as u64;
        let taken_len = self.taken_len;
        let limits = self.limits;
        let mut last = |piece: &[u8]| {
            sink(piece);
            Ok(())
        };
        let result = write(
            &mut self.stages,
            bytes,
            &|given_len| check(given_len, taken_len, limits),
            &mut last,
        );
        self.note(result);
    }

    /// Says that the body has ended, and gives what was held back.
    pub fn finish(&mut self, sink: &mut dyn FnMut(&[u8])) {
        let (taken_len, limits) = (self.taken_len, self.limits);
        let check = |given_len| check(given_len, taken_len, limits);
        for place in 0..self.stages.len() {
            // A body that was never begun is empty, in any encoding.
            if self.stopped || taken_len == 0 {
                return;
            }
            let mut last = |piece: &[u8]| {
                sink(piece);
                Ok(())
            };
            let (stage, rest) = self.stages[place..]
                .split_first_mut()
                .expect("the place is within the stages");
            let result = stage.coding.finish(&mut |piece| write(rest, piece, &check, &mut last));
            self.note(result);
        }
    }

    /// What went wrong so far.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn note(&mut self, result: Result<(), Stop>) {
        if let Err(stop) = result {
            self.stopped = true;
            self.problems.push(Problem::new(stop.rule, stop.message));
        }
    }
}

/// Decodes a whole body.
pub fn decode(content_encoding: &str, body: &[u8]) -> (Vec<u8>, Vec<Problem>) {
    let mut decoder = Decoder::new(content_encoding);
    let mut decoded = Vec::new();
    decoder.push(body, &mut |piece| decoded.extend_from_slice(piece));
    decoder.finish(&mut |piece| decoded.extend_from_slice(piece));
    (decoded, decoder.problems)
}

fn coding(name: &str) -> Option<Box<dyn Coding>> {
    let coding: Box<dyn Coding> = match name.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => Box::new(inflate::Gzip::default()),
        "deflate" => Box::new(inflate::Deflate::default()),
        "br" => Box::new(brotli::Brotli::default()),
        "zstd" => Box::new(zstd::Zstd::default()),
        _ => return None,
    };
    Some(coding)
}

/// Sends a piece through what is left of a chain.
fn write(
    stages: &mut [Stage],
    bytes: &[u8],
    check: &dyn Fn(u64) -> Result<(), Stop>,
    sink: &mut Sink<'_>,
) -> Result<(), Stop> {
    let Some((stage, rest)) = stages.split_first_mut() else {
        return sink(bytes);
    };
    let Stage { coding, given_len } = stage;
    coding.write(bytes, &mut |piece| {
        *given_len += piece.len() as u64;
        check(*given_len)?;
        write(rest, piece, check, sink)
    })
}

fn check(given_len: u64, taken_len: u64, limits: Limits) -> Result<(), Stop> {
    let message = if given_len > limits.output_len {
        format!(
            "the body decodes to more than {} bytes, the limit; the rest is not decoded",
            limits.output_len
        )
    } else if given_len > limits.free_len && given_len / limits.ratio > taken_len {
        format!(
            "the body decodes to more than {} times its size, the limit; the rest is not decoded",
            limits.ratio
        )
    } else {
        return Ok(());
    };
    Err(Stop {
        rule: rule::OUTPUT_SIZE,
        message,
    })
}

#[cfg(test)]
mod tests;
