//! Stretches of the body for which nothing was recorded: a gap is a drawn thing.

use super::{
    super::{Failed, Reader, answer::*, pages::partition},
    Form, LaneId, Shape,
    draw::{Canvas, Pencil},
};
use crate::{exchange::Hole, shelf::Shelf};

/// Holes drawn.
const HOLES: usize = 500;

impl<S: Shelf> Reader<S> {
    /// Hatches all lanes from the last byte before a hole to the first after it.
    pub(crate) fn draw_holes(&mut self, pencil: &Pencil, canvas: &mut Canvas) -> Result<(), Failed<S::Error>> {
        for hole in self.exchange.holes.iter().take(HOLES).copied().collect::<Vec<_>>() {
            let (from_us, to_us) = self.edges_of(hole)?;
            let before = partition(self.frame_count(), |place| {
                Ok::<_, Failed<S::Error>>(self.frame(place + 1)?.end() <= hole.offset)
            })?;
            let after = (before + 1).min(self.frame_count());
            let (from, to) = pencil.extent((from_us, before), (to_us, after));
            if !pencil.visible(from, to) {
                continue;
            }
            let what = match hole.len {
                Some(len) => format!("{len} bytes not recorded"),
                None => "not recorded from here on".to_owned(),
            };
            for lane in LaneId::ALL {
                let shape = Shape {
                    form: Form::Hatched,
                    from,
                    to,
                    row: 0,
                    kind: Kind::Wire,
                    strength: u8::MAX,
                    severity: Some(Severity::Warning),
                    first_seq: before,
                    last_seq: after,
                    label: what.clone(),
                };
                canvas.add_over(lane, shape);
            }
        }
        Ok(())
    }

    /// Frames that are the first after a hole: the time before them was not idle.
    pub(super) fn frames_after_holes(&mut self) -> Result<Vec<u32>, Failed<S::Error>> {
        let mut frames = Vec::new();
        for hole in self.exchange.holes.iter().take(HOLES).copied().collect::<Vec<_>>() {
            let before = partition(self.frame_count(), |place| {
                Ok::<_, Failed<S::Error>>(self.frame(place + 1)?.end() <= hole.offset)
            })?;
            frames.push(before + 1);
        }
        Ok(frames)
    }

    /// When the bytes around a hole came.
    fn edges_of(&self, hole: Hole) -> Result<(u64, u64), Failed<S::Error>> {
        let before = match hole.offset.checked_sub(1) {
            Some(last) => self.shelf.chunk_at(last).map_err(Failed::Shelf)?,
            None => None,
        };
        let first = before.map_or(0, |number| number + 1);
        let from_us = match before {
            Some(number) => self.shelf.chunks(number..number + 1).map_err(Failed::Shelf)?,
            None => Vec::new(),
        };
        let after = self.shelf.chunks(first..first + 1).map_err(Failed::Shelf)?;
        Ok((
            from_us.first().map_or(0, |chunk| chunk.at_us),
            after.first().map_or(self.exchange.last_at_us, |chunk| chunk.at_us),
        ))
    }
}
