//! One against many: where runs of the same input first part.

use std::collections::BTreeMap;

use super::{Comparison, Counts, Divergence, Moment, Rules, Side, Stopped};
use crate::shelf::Shelf;

/// One of many, against the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// Where it parts; nothing when it is the same.
    pub first: Option<Divergence>,
    /// How many differences of each kind.
    pub counts: Counts,
}

/// Many against the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Many {
    /// The others, in order.
    pub partings: Vec<Parting>,
    /// Where in the first they part, in order: the moment, the path, and which of the others.
    pub histogram: Vec<(Moment, String, Vec<usize>)>,
}

impl Many {
    /// Compares each of the others with the first.
    ///
    /// # Errors
    /// When one of them cannot be read, or `progress` returned false.
    pub fn of<S: Shelf + Clone + Send>(
        first: &Side<S>,
        others: Vec<Side<S>>,
        rules: &Rules,
        progress: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Self, Stopped<S::Error>> {
        let count = others.len().max(1) as f32;
        let mut many = Self::default();
        let mut where_to: BTreeMap<(Moment, String), Vec<usize>> = BTreeMap::new();
        for (place, other) in others.into_iter().enumerate() {
            let mut part = |done: f32| progress((place as f32 + done) / count);
            let mut comparison = Comparison::of(first.clone(), other, rules.clone(), &[], &mut part)?;
            let first = comparison.first()?;
            if let Some(first) = &first {
                where_to.entry((first.a, first.path.clone())).or_default().push(place);
            }
            many.partings.push(Parting {
                first,
                counts: comparison.counts(),
            });
        }
        many.histogram = where_to
            .into_iter()
            .map(|((moment, path), which)| (moment, path, which))
            .collect();
        Ok(many)
    }
}
