//! The lanes of both sides, and what connects them.
//!
//! A side of several exchanges is drawn as one: each exchange stands after
//! the one before it.

use std::collections::BTreeMap;

use super::{Comparison, Moment, PairKind};
use crate::{
    query::{Axis, Failed, Lane, LanePicture, Reader},
    shelf::Shelf,
};

/// What connects two items. One end is absent for what only one side has.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ribbon {
    pub pair: u64,
    /// How the two relate.
    pub kind: PairKind,
    /// From and to on A's axis.
    pub a: Option<(f64, f64)>,
    /// From and to on B's axis.
    pub b: Option<(f64, f64)>,
}

/// Where a part of a side lies on the side's axis.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    exchange: i64,
    part: u32,
    /// Where it begins on the axis of the side.
    at: f64,
    /// Where it begins on its own axis.
    from: f64,
    len: f64,
}

impl<S: Shelf + Clone> Comparison<S> {
    fn stretches(&mut self, side: usize, axis: Axis) -> Result<Vec<Stretch>, Failed<S::Error>> {
        let mut stretches = Vec::new();
        let mut at = 0.0;
        for part in 0..self.open[side].parts().len() as u32 {
            let run = self.open[side].parts()[part as usize].run;
            let exchange = self.open[side].parts()[part as usize].exchange;
            let (first, last) = self.outlines[side].windows[part as usize];
            let reader = self.open[side].reader(part)?;
            let extent = reader.extent()?;
            let (from, to) = match run {
                None => (0.0, length(axis, &extent)),
                Some(_) => (reader.x_of(axis, first.saturating_sub(1))?, reader.x_of(axis, last)?),
            };
            let len = (to - from).max(0.0);
            stretches.push(Stretch {
                exchange,
                part,
                at,
                from,
                len,
            });
            at += len;
        }
        Ok(stretches)
    }

    /// How long a side is, in the units of an axis.
    ///
    /// # Errors
    /// When the side cannot be read.
    pub fn extent(&mut self, of_b: bool, axis: Axis) -> Result<f64, Failed<S::Error>> {
        let stretches = self.stretches(usize::from(of_b), axis)?;
        Ok(stretches.last().map_or(0.0, |last| last.at + last.len))
    }

    /// Where a moment stands on its side's axis.
    ///
    /// # Errors
    /// When the side cannot be read.
    pub fn x_of(&mut self, of_b: bool, axis: Axis, moment: Moment) -> Result<f64, Failed<S::Error>> {
        let side = usize::from(of_b);
        let stretches = self.stretches(side, axis)?;
        self.x_in(side, axis, &stretches, moment.exchange, moment.seq)
    }

    fn x_in(
        &mut self,
        side: usize,
        axis: Axis,
        stretches: &[Stretch],
        exchange: i64,
        seq: u32,
    ) -> Result<f64, Failed<S::Error>> {
        match stretches.iter().find(|stretch| stretch.exchange == exchange) {
            Some(stretch) => self.x_on(side, axis, stretch, seq),
            None => Ok(0.0),
        }
    }

    fn x_on(&mut self, side: usize, axis: Axis, stretch: &Stretch, seq: u32) -> Result<f64, Failed<S::Error>> {
        let reader = self.open[side].reader(stretch.part)?;
        let seq = seq.min(reader.summary().frames);
        let x = reader.x_of(axis, seq)? - stretch.from;
        Ok(stretch.at + x.clamp(0.0, stretch.len))
    }

    /// The moment at a place of a side's axis: the last frame at or before it.
    ///
    /// # Errors
    /// When the side cannot be read.
    pub fn moment_at(&mut self, of_b: bool, axis: Axis, x: f64) -> Result<Moment, Failed<S::Error>> {
        let side = usize::from(of_b);
        let stretches = self.stretches(side, axis)?;
        let Some(stretch) = stretches.iter().rfind(|stretch| stretch.at <= x.max(0.0)).copied() else {
            return Ok(Moment::default());
        };
        let reader = self.open[side].reader(stretch.part)?;
        let inside = (x - stretch.at).clamp(0.0, stretch.len);
        Ok(Moment {
            exchange: stretch.exchange,
            seq: reader.seq_at_x(axis, stretch.from + inside)?,
        })
    }

    /// The lanes of a side between two places of its axis.
    ///
    /// # Errors
    /// When the side cannot be read.
    pub fn lanes(
        &mut self,
        of_b: bool,
        axis: Axis,
        (from, to): (f64, f64),
        width_px: u32,
    ) -> Result<LanePicture, Failed<S::Error>> {
        let side = usize::from(of_b);
        let stretches = self.stretches(side, axis)?;
        let scale = f64::from(width_px) / (to - from).max(f64::MIN_POSITIVE);
        let mut whole: Option<LanePicture> = None;
        for stretch in stretches {
            let (begin, end) = (from.max(stretch.at), to.min(stretch.at + stretch.len));
            if end <= begin {
                continue;
            }
            let shift = stretch.at - stretch.from;
            let width = ((end - begin) * scale).ceil().max(1.0) as u32;
            let reader: &mut Reader<S> = self.open[side].reader(stretch.part)?;
            let picture = reader.lanes(axis, begin - shift, end - shift, width)?;
            let picture = shifted(picture, shift);
            match &mut whole {
                None => whole = Some(picture),
                Some(whole) => join(whole, picture),
            }
        }
        let mut whole = whole.unwrap_or_default();
        (whole.from, whole.to) = (from, to);
        Ok(whole)
    }

    /// What connects the two sides where A or B is in sight: at most two
    /// ribbons a pixel, differences first.
    ///
    /// # Errors
    /// When a side cannot be read.
    pub fn ribbons(
        &mut self,
        axis: Axis,
        a: (f64, f64),
        b: (f64, f64),
        width_px: u32,
    ) -> Result<Vec<Ribbon>, Failed<S::Error>> {
        let by_exchange = |stretches: Vec<Stretch>| -> BTreeMap<i64, Stretch> {
            // Of an exchange that is there twice, the first counts.
            let stretches = stretches.into_iter().rev();
            stretches.map(|stretch| (stretch.exchange, stretch)).collect()
        };
        let stretches = [
            by_exchange(self.stretches(0, axis)?),
            by_exchange(self.stretches(1, axis)?),
        ];
        let in_sight = |end: Option<(f64, f64)>, (from, to): (f64, f64)| {
            end.is_some_and(|(begin, end)| end >= from && begin <= to)
        };
        let spots: Vec<super::Spot> = self.spots().collect();
        let mut columns: BTreeMap<(i64, bool), Ribbon> = BTreeMap::new();
        for spot in spots {
            let ribbon = self.ribbon(axis, &stretches, &spot)?;
            if in_sight(ribbon.a, a) || in_sight(ribbon.b, b) {
                let kept = columns.entry(ribbon.column(a, b, width_px)).or_insert(ribbon);
                if kept.kind == PairKind::Same && ribbon.kind != PairKind::Same {
                    *kept = ribbon;
                }
            }
        }
        Ok(columns.into_values().collect())
    }

    fn ribbon(
        &mut self,
        axis: Axis,
        stretches: &[BTreeMap<i64, Stretch>; 2],
        spot: &super::Spot,
    ) -> Result<Ribbon, Failed<S::Error>> {
        let mut ends = [None; 2];
        for (side, place) in [(0, spot.a), (1, spot.b)] {
            if let Some((exchange, first, last)) = place
                && let Some(stretch) = stretches[side].get(&exchange)
            {
                let from = self.x_on(side, axis, stretch, first)?;
                let to = self.x_on(side, axis, stretch, last)?;
                ends[side] = Some((from, to.max(from)));
            }
        }
        Ok(Ribbon {
            pair: u64::from(spot.row),
            kind: spot.kind,
            a: ends[0],
            b: ends[1],
        })
    }
}

impl Ribbon {
    /// The pixel column it begins in: of A, or of B where A has no end of it.
    fn column(&self, a: (f64, f64), b: (f64, f64), width_px: u32) -> (i64, bool) {
        let (at, (from, to)) = match self.a {
            Some((begin, _)) => (begin, a),
            None => (self.b.map_or(0.0, |(begin, _)| begin), b),
        };
        let column = ((at - from) / (to - from).max(f64::MIN_POSITIVE) * f64::from(width_px)).floor() as i64;
        (column, self.a.is_some())
    }
}

fn length(axis: Axis, extent: &crate::query::Extent) -> f64 {
    match axis {
        Axis::Clock => extent.clock,
        Axis::Collapsed => extent.collapsed,
        Axis::Index => extent.index,
    }
}

fn shifted(mut picture: LanePicture, by: f64) -> LanePicture {
    let shapes = picture.lanes.iter_mut().flat_map(|lane| &mut lane.shapes);
    shapes.for_each(|shape| {
        shape.from += by;
        shape.to += by;
    });
    picture.gaps.iter_mut().for_each(|gap| {
        gap.0 += by;
        gap.1 += by;
    });
    picture.throughput.iter_mut().for_each(|point| point.0 += by);
    picture.gap_millis.iter_mut().for_each(|point| point.0 += by);
    picture
}

/// Puts a picture after another; the overview stays that of the first.
fn join(whole: &mut LanePicture, other: LanePicture) {
    for lane in other.lanes {
        match whole.lanes.iter_mut().find(|known| known.id == lane.id) {
            Some(known) => {
                known.rows = known.rows.max(lane.rows);
                known.shapes.extend(lane.shapes);
            }
            None => whole.lanes.push(lane),
        }
    }
    whole.lanes.sort_by_key(|lane: &Lane| lane.id);
    whole.gaps.extend(other.gaps);
    whole.throughput.extend(other.throughput);
    whole.gap_millis.extend(other.gap_millis);
}
