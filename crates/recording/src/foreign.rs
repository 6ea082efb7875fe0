//! Files that other tools write, as recordings.
//!
//! A format is recognised by what a file holds, never by its name. What a
//! format does not hold is made or left out, and the notes of the recording
//! name it. A damaged file opens up to the damage.
//!
//! - `document`: JSON texts, part by part and up to the damage.
//! - `recognise`: which format a text is of.
//! - `taking`: the exchanges that were made so far, within the limits.
//! - `events`: lists of events, and logs and sessions whose items are events.
//! - `sse`: the body of an event stream, alone or with the times of its frames.
//! - `har`: HAR 1.2 of browsers, proxies and test tools.
//! - `transcript`: what curl prints.
//! - `archive`: zip archives.

mod aimock;
mod archive;
mod document;
mod events;
mod gentui;
mod har;
mod inspector;
mod recognise;
mod sse;
mod taking;
mod transcript;

use std::io::BufRead;

use self::{
    archive::Attached,
    recognise::{Format, recognised},
    taking::Taking,
};
use crate::{
    input::{Broken, Input},
    limit::Limits,
    read::{ReadError, Recording, Stop, read_lines},
};

/// Bytes of the beginning that are looked at.
const HEAD_LEN: usize = 64 << 10;

/// Reads a recording or a file of another tool, packed or not. One that is
/// larger than the limits is read that far.
///
/// # Errors
/// When nothing of it can be given.
pub fn open_within(input: impl BufRead, limits: Limits) -> Result<Recording, ReadError> {
    let mut input = Input::new(input, limits)?;
    let head = input.head(HEAD_LEN);
    if recognise::is_zip(head) {
        return archive::open(input);
    }
    if recognise::is_recording(head) {
        return read_lines(input);
    }
    let (bytes, broken) = input.whole();
    open_bytes(&bytes, broken, limits, &Attached::default())
}

/// Reads a file of another tool that is in memory, or what of it could be read.
fn open_bytes(
    bytes: &[u8],
    broken: Option<Broken>,
    limits: Limits,
    attached: &Attached<'_>,
) -> Result<Recording, ReadError> {
    let converted = recognise::utf8_of_utf16(bytes);
    let bytes = converted.as_deref().unwrap_or(bytes);
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let broken = broken.map(Stop::from);
    let (format, broken) = match (recognised(bytes)?, broken) {
        (Some(format), broken) => (format, broken),
        (None, Some(stop)) => return Err(stop.at_once()),
        (None, None) => return read_lines(Input::new(bytes, limits)?),
    };
    let mut taking = Taking::new(bytes, limits);
    if converted.is_some() {
        taking.note("The file was UTF-16 and was read as UTF-8.");
    }
    let stop = match format {
        Format::EventStream => sse::take(&mut taking),
        Format::Transcript => transcript::take(&mut taking),
        Format::Events => events::take(&mut taking),
        Format::InspectorLog => events::take_log(&mut taking),
        Format::Har => har::take(&mut taking, attached),
        Format::Aimock => aimock::take(&mut taking),
        Format::AguiInspector => inspector::take(&mut taking),
        Format::Gentui => gentui::take(&mut taking),
    };
    taking.finish(stop, broken)
}
