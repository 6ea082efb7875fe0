//! The faults of one answer, one after the other.

use super::{Faults, fragments::FaultStage, parts::Spread, spec::What};
use crate::{
    counter::Counter,
    fragment::Fragment,
    schedule::{End, Part},
};

/// What a fault lets through.
pub(crate) enum Flow {
    Fragment(Fragment),
    End(End),
}

/// All faults that strike one answer.
pub(crate) struct Injector {
    stages: Vec<FaultStage>,
    spreads: Vec<Spread>,
    /// Of the faults that spread, until the first part comes.
    unspread: Vec<Counter>,
    head_held_us: u64,
}

impl Injector {
    pub(crate) fn new(faults: &Faults, index: i64, request: u64) -> Self {
        let mut injector = Self {
            stages: Vec::new(),
            spreads: Vec::new(),
            unspread: Vec::new(),
            head_held_us: 0,
        };
        for (place, fault) in faults.of(index, request).enumerate() {
            match &fault.what {
                What::SlowHead(wait) => {
                    fault.struck.count();
                    injector.head_held_us += u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
                }
                What::Status { .. } => {}
                what => match Spread::of(what) {
                    Some(spread) => {
                        injector.spreads.push(spread);
                        injector.unspread.push(fault.struck.clone());
                    }
                    None => {
                        let seed = seed(faults.seed, place, index);
                        injector.stages.push(FaultStage::new(fault, seed));
                    }
                },
            }
        }
        injector
    }

    /// Whether the bytes that go out will not be the recorded ones.
    pub(crate) fn changes_bytes(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Whether nothing goes wrong once the head is out.
    pub(crate) fn is_idle(&self) -> bool {
        self.stages.is_empty() && self.spreads.is_empty()
    }

    /// Waiting before the head.
    pub(crate) fn head_held_us(&self) -> u64 {
        self.head_held_us
    }

    pub(crate) fn take(&mut self, fragment: Fragment, out: &mut Vec<Flow>) {
        run(&mut self.stages, Flow::Fragment(fragment), out);
    }

    pub(crate) fn finish(&mut self, end: End, out: &mut Vec<Flow>) {
        run(&mut self.stages, Flow::End(end), out);
    }

    /// A part as the parts it is sent in.
    pub(crate) fn spread(&mut self, part: Part) -> Vec<Part> {
        self.unspread.drain(..).for_each(|counter| counter.count());
        spread(&mut self.spreads, vec![part])
    }

    /// What was held back when the body ended.
    pub(crate) fn last_parts(&mut self) -> Vec<Part> {
        let mut parts = Vec::new();
        for place in 0..self.spreads.len() {
            let (before, after) = self.spreads.split_at_mut(place + 1);
            let last = before[place].finish().into_iter().collect();
            parts.extend(spread(after, last));
        }
        parts
    }

    /// Waiting that spreading added.
    pub(crate) fn spread_us(&self) -> u64 {
        self.spreads.iter().map(Spread::waited_us).sum()
    }
}

fn run(stages: &mut [FaultStage], flow: Flow, out: &mut Vec<Flow>) {
    let Some((stage, rest)) = stages.split_first_mut() else {
        return out.push(flow);
    };
    let mut passed = Vec::new();
    stage.take(flow, &mut passed);
    for flow in passed {
        run(rest, flow, out);
    }
}

fn spread(spreads: &mut [Spread], mut parts: Vec<Part>) -> Vec<Part> {
    for spread in spreads {
        parts = parts.into_iter().flat_map(|part| spread.take(part)).collect();
    }
    parts
}

/// A seed for one fault of one answer, so that faults do not draw alike.
fn seed(seed: u64, place: usize, index: i64) -> u64 {
    let place = (place as u64).wrapping_add(1);
    seed ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ index.cast_unsigned().rotate_left(32)
}
