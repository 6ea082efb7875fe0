//! Where the client puts what a snapshot states.

use super::{shown, stated::Stated};
use crate::fold::{BeforeEvent, Spot};

/// The places of a snapshot's messages, there and in the client's list.
pub(super) struct Places<'a> {
    ids: Vec<&'a [u8]>,
    /// Where the client holds each.
    spots: Vec<Option<Spot>>,
    /// The last stated message that the client holds.
    last: Option<usize>,
    /// The id that is last of those in the client's list.
    end: Option<&'a [u8]>,
}

impl<'a> Places<'a> {
    pub(super) fn of(stated: &Stated<'a>, before: &BeforeEvent<'_>) -> Self {
        let ids: Vec<&[u8]> = stated
            .messages
            .iter()
            .map(|message| super::stated::id_of(message).unwrap_or_default())
            .collect();
        let spots = before.view.messages.spots_of(&ids, before.pieces);
        let held = spots.iter().zip(&ids).filter_map(|(spot, id)| Some(((*spot)?, *id)));
        Self {
            last: spots.iter().rposition(Option::is_some),
            end: held.max_by_key(|(spot, _)| *spot).map(|(_, id)| id),
            ids,
            spots,
        }
    }

    pub(super) fn last_held(&self) -> Option<usize> {
        self.last
    }

    /// New messages that the snapshot has before one that the client holds.
    pub(super) fn before_held(&self) -> impl Iterator<Item = usize> {
        let last = self.last.unwrap_or_default();
        (0..last).filter(|place| self.spots[*place].is_none())
    }

    /// The message after which the client appends a new one, if the snapshot has it elsewhere.
    pub(super) fn client_puts(&self, place: usize) -> Option<&'a [u8]> {
        self.end.filter(|_| self.last.is_some_and(|last| place < last))
    }

    /// Messages that both have should stand in one order.
    pub(super) fn other_order(&self) -> Option<String> {
        let held = self.spots.iter().zip(&self.ids);
        let order: Vec<_> = held.filter_map(|(spot, id)| Some(((*spot)?, *id))).collect();
        let pair = order.windows(2).find(|pair| pair[0].0 > pair[1].0)?;
        Some(format!(
            "the snapshot has message '{}' before '{}', and the client has them the other way round",
            shown(pair[0].1),
            shown(pair[1].1)
        ))
    }
}
