//! Where a moment of one side stands on the other.

use super::{Comparison, Moment, PairKind, Row};
use crate::{
    diff::item::{Item, NO_SPAN},
    shelf::Shelf,
};

/// Where a row's items are: exchange, first and last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub row: u32,
    /// How the two relate.
    pub kind: PairKind,
    pub a: Option<(i64, u32, u32)>,
    pub b: Option<(i64, u32, u32)>,
}

impl<S: Shelf + Clone> Comparison<S> {
    /// The moment on the other side that a moment of one corresponds to:
    /// inside a pair by its share of the pair's frames.
    pub fn mapped(&self, of_b: bool, moment: Moment) -> (Moment, Moment, Option<u32>) {
        let (here, there) = (usize::from(of_b), usize::from(!of_b));
        let place = |side: usize, row: &Row| if side == 0 { row.a } else { row.b };
        let part = self.open[here]
            .parts()
            .iter()
            .position(|part| part.exchange == moment.exchange);
        let part = part.unwrap_or(0) as u32;
        let thread = self.open[here].thread_of(part);
        let pair = self.pairs.iter().position(|pair| {
            let of_pair = if here == 0 { pair.a } else { pair.b };
            of_pair == Some(thread)
        });
        let pair = pair.unwrap_or(0) as u32;
        let mut best: Option<(u32, &Item, &Item)> = None;
        for (number, row) in (0..).zip(&self.rows).filter(|(_, row)| row.thread == pair) {
            let (Some(item), Some(partner)) = (self.item(here, place(here, row)), self.item(there, place(there, row)))
            else {
                continue;
            };
            let before = (item.part, item.first_seq) <= (part, moment.seq);
            let nearer = best.is_none_or(|(_, known, _)| (known.part, known.first_seq) <= (item.part, item.first_seq));
            if before && nearer {
                best = Some((number, item, partner));
            }
        }
        let other = match best {
            None => self.beginning(there, pair),
            Some((_, item, partner)) => {
                let through = match item.part == part {
                    true => f64::from(moment.seq - item.first_seq) / f64::from(item.last_seq - item.first_seq).max(1.0),
                    false => 1.0,
                };
                let frames = f64::from(partner.last_seq - partner.first_seq);
                let seq = partner.first_seq + (frames * through.min(1.0)).round() as u32;
                self.moment(there, partner, seq)
            }
        };
        let row = best.map(|(number, ..)| number);
        match of_b {
            false => (moment, other, row),
            true => (other, moment, row),
        }
    }

    /// Rows whose items are spans or groups of frames, with where they are:
    /// exchange, first and last frame on each side.
    pub fn spots(&self) -> impl Iterator<Item = Spot> + '_ {
        (0..).zip(&self.rows).filter_map(|(number, row)| {
            let spot = |side: usize, place: Option<u32>| {
                let item = self.item(side, place)?;
                let exchange = self.open[side].parts().get(item.part as usize)?.exchange;
                (item.span != NO_SPAN).then_some((exchange, item.first_seq, item.last_seq))
            };
            let (a, b) = (spot(0, row.a), spot(1, row.b));
            (a.is_some() || b.is_some()).then_some(Spot {
                row: number,
                kind: row.kind,
                a,
                b,
            })
        })
    }
}
