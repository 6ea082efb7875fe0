//! The picture of a range.

use scrubjay_session::{
    query::{Failed, Reader},
    shelf::Shelf,
};

use super::shown::shown;
use crate::{Lanes, LanesView};

pub(super) fn picture<S: Shelf>(ask: &Lanes, reader: &mut Reader<S>) -> Result<LanesView, Failed<S::Error>> {
    Ok(shown(reader.lanes(ask.axis, ask.from, ask.to, ask.width_px)?))
}
