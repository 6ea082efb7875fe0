//! gzip, zlib and bare deflate.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{Coding, Sink, Stop};

const STEP_LEN: usize = 32 * 1024;
/// The optional name and comment have no limit of their own.
const HEADER_LIMIT: usize = 256 * 1024;
const TRAILER_LEN: usize = 8;

/// Inflates `input` and gives what comes out. Returns how much was taken, and
/// whether the stream has ended.
fn inflate(state: &mut Decompress, input: &[u8], sink: &mut Sink<'_>, name: &str) -> Result<(usize, bool), Stop> {
    let mut output = vec![0; STEP_LEN];
    let mut taken = 0;
    loop {
        let (before_in, before_out) = (state.total_in(), state.total_out());
        let result = state.decompress(&input[taken..], &mut output, FlushDecompress::None);
        taken += usize::try_from(state.total_in() - before_in).expect("no more than was offered");
        let given = usize::try_from(state.total_out() - before_out).expect("no more than there was room for");
        if given > 0 {
            sink(&output[..given])?;
        }
        match result {
            Ok(Status::StreamEnd) => return Ok((taken, true)),
            // Without input left and with room left over, nothing more comes.
            Ok(Status::Ok | Status::BufError) if given < STEP_LEN && (taken == input.len() || given == 0) => {
                return Ok((taken, false));
            }
            Ok(Status::Ok | Status::BufError) => {}
            Err(_) => {
                return Err(Stop::broken(format!(
                    "the {name} body is broken; what came before is shown"
                )));
            }
        }
    }
}

/// `deflate`: zlib by the standard, bare deflate by habit.
#[derive(Default)]
pub(super) struct Deflate {
    state: Option<Decompress>,
    /// The first byte, until the second shows which of the two it is.
    first: Option<u8>,
    ended: bool,
}

impl Coding for Deflate {
    fn write(&mut self, input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        if self.ended {
            return Ok(());
        }
        if self.state.is_none() {
            let mut start: Vec<u8> = self.first.take().into_iter().collect();
            start.extend_from_slice(input);
            if start.len() < 2 {
                self.first = start.first().copied();
                return Ok(());
            }
            let zlib = start[0] & 0x0F == 8 && u16::from_be_bytes([start[0], start[1]]).is_multiple_of(31);
            self.state = Some(Decompress::new(zlib));
            return self.write(&start, sink);
        }
        let state = self.state.as_mut().expect("made above");
        self.ended = inflate(state, input, sink, "deflate")?.1;
        Ok(())
    }

    fn finish(&mut self, _: &mut Sink<'_>) -> Result<(), Stop> {
        if self.ended {
            Ok(())
        } else {
            Err(Stop::broken("the deflate body ends too early"))
        }
    }
}

/// `gzip`: members one after another.
#[derive(Default)]
pub(super) struct Gzip {
    /// Bytes of a header or trailer that is not whole yet.
    pending: Vec<u8>,
    body: Option<(Decompress, Crc)>,
    /// The checks of a member that has ended: checksum and length.
    awaited: Option<(u32, u32)>,
    members: u64,
}

impl Coding for Gzip {
    fn write(&mut self, mut input: &[u8], sink: &mut Sink<'_>) -> Result<(), Stop> {
        while !input.is_empty() {
            input = if self.body.is_some() {
                self.inflate(input, sink)?
            } else if self.awaited.is_some() {
                self.trailer(input)?
            } else {
                self.header(input)?
            };
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Sink<'_>) -> Result<(), Stop> {
        if self.members > 0 && self.body.is_none() && self.awaited.is_none() && self.pending.is_empty() {
            return Ok(());
        }
        Err(Stop::broken("the gzip body ends too early"))
    }
}

impl Gzip {
    fn header<'a>(&mut self, input: &'a [u8]) -> Result<&'a [u8], Stop> {
        let had = self.pending.len();
        self.pending.extend_from_slice(&input[..input.len().min(HEADER_LIMIT)]);
        match header_len(&self.pending)? {
            Some(len) => {
                self.pending.clear();
                self.body = Some((Decompress::new(false), Crc::new()));
                Ok(&input[len - had..])
            }
            None if self.pending.len() >= HEADER_LIMIT => Err(Stop::broken("the gzip header does not end")),
            None => Ok(&[]),
        }
    }

    fn inflate<'a>(&mut self, input: &'a [u8], sink: &mut Sink<'_>) -> Result<&'a [u8], Stop> {
        let (state, crc) = self.body.as_mut().expect("a member is open");
        let mut summed = |piece: &[u8]| {
            crc.update(piece);
            sink(piece)
        };
        let (taken, ended) = inflate(state, input, &mut summed, "gzip")?;
        if ended {
            self.awaited = Some((crc.sum(), crc.amount()));
            self.body = None;
        }
        Ok(&input[taken..])
    }

    fn trailer<'a>(&mut self, input: &'a [u8]) -> Result<&'a [u8], Stop> {
        let (head, rest) = input.split_at(input.len().min(TRAILER_LEN - self.pending.len()));
        self.pending.extend_from_slice(head);
        if let Ok(trailer) = <[u8; TRAILER_LEN]>::try_from(&self.pending[..]) {
            let [c0, c1, c2, c3, l0, l1, l2, l3] = trailer;
            let sent = (
                u32::from_le_bytes([c0, c1, c2, c3]),
                u32::from_le_bytes([l0, l1, l2, l3]),
            );
            self.pending.clear();
            self.members += 1;
            if self.awaited.take() != Some(sent) {
                return Err(Stop::broken("the gzip body does not match its checksum"));
            }
        }
        Ok(rest)
    }
}

/// Length of the gzip header at the front, once it is whole.
fn header_len(bytes: &[u8]) -> Result<Option<usize>, Stop> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let magic = [0x1F, 0x8B, 8];
    if bytes.iter().zip(magic).any(|(byte, magic)| *byte != magic) {
        return Err(Stop::broken("the body is not gzip where a gzip member should begin"));
    }
    let Some(flags) = bytes.get(3).copied().filter(|_| bytes.len() >= 10) else {
        return Ok(None);
    };
    let mut len = 10;
    if flags & EXTRA != 0 {
        let Some([low, high]) = bytes.get(len..len + 2) else {
            return Ok(None);
        };
        len += 2 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let Some(end) = bytes.get(len..).and_then(|rest| memchr::memchr(0, rest)) else {
                return Ok(None);
            };
            len += end + 1;
        }
    }
    len += if flags & CHECKSUM == 0 { 0 } else { 2 };
    Ok((len <= bytes.len()).then_some(len))
}
