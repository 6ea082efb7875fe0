//! What a body is, before anything is derived of it.

use scrubjay_protocol::media::Recogniser;

use super::summary::Transport;
use crate::{exchange::field, shelf::Shelf};

/// Bytes read at a time.
const PIECE_BYTES: u64 = 4 * 1024;

/// What the body of an exchange is, told by its head and its first bytes, and
/// by nothing that was derived. `None` while they are too few to tell.
///
/// # Errors
/// When the shelf cannot be read.
pub fn recognise<S: Shelf>(shelf: &S) -> Result<Option<Transport>, S::Error> {
    let exchange = shelf.exchange()?;
    let Some(head) = &exchange.response else {
        return Ok(None);
    };
    let mut recogniser = Recogniser::new(
        Some(&field(&head.headers, "content-type")),
        &field(&head.headers, "content-encoding"),
    );
    let mut offset = 0;
    while recogniser.media().is_none() && offset < exchange.body_len {
        let piece = shelf.body(offset..exchange.body_len.min(offset + PIECE_BYTES))?;
        if piece.is_empty() {
            break;
        }
        recogniser.push(&piece);
        offset += piece.len() as u64;
    }
    Ok(recogniser.media().map(Transport::from))
}
