//! The picture of a range.

use scrubjay_session::{
    query::{Failed, Reader},
    shelf::Shelf,
};

use super::shown::shown;
use crate::{LanePicture, Lanes};

pub(super) fn picture<S: Shelf>(ask: &Lanes, reader: &mut Reader<S>) -> Result<LanePicture, Failed<S::Error>> {
    Ok(shown(reader.lanes(ask.axis, ask.from, ask.to, ask.width_px)?))
}
