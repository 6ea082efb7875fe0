//! Comparisons: what is asked of one that is done, and those of exchanges in memory.

use std::sync::Arc;

use scrubjay_ipc::{
    Code, Compare, CompareAsk, CompareResult, CompareStage, CompareStarted, ComparisonView, PairByHand, Report,
    SideView, answer::compare as answers,
};
use scrubjay_session::{
    diff::{ByHand, Comparison, Stopped},
    memory::MemoryShelf,
    query::Failed,
    shelf::Shelf,
};

use crate::{
    json, postcard,
    sides::{self, Shelves},
};

/// Comparisons that are kept. Each holds numbers for every item of two sides.
pub const KEPT: usize = 6;

/// No comparison of that number is kept.
pub fn gone(number: u64) -> Report {
    Report::new(
        Code::NotFound,
        format!("Comparison {number} is not kept any more."),
        "Compare again.",
    )
}

/// What a question is about that is asked of a comparison which is done.
///
/// # Errors
/// When a side cannot be read, or there is no such pair.
pub fn asked<S: Shelf + Clone>(ask: &CompareAsk, known: &mut Comparison<S>) -> Result<Vec<u8>, Report> {
    Ok(match ask {
        CompareAsk::Pairs(ask) => json(&answers::pairs(ask, known)?),
        CompareAsk::Pair(ask) => json(&answers::pair(ask, known)?),
        CompareAsk::Ribbons(ask) => postcard(&answers::ribbons(ask, known)?),
        CompareAsk::MapMoment(ask) => json(&answers::map(ask, known)?),
        CompareAsk::CompareReport(ask) => json(&answers::report(*ask, known)?),
        CompareAsk::Compare(_)
        | CompareAsk::Comparison(_)
        | CompareAsk::CancelCompare(_)
        | CompareAsk::PairByHand(_) => {
            return Err(Report::new(Code::BadRequest, "This is not asked of a result.", ""));
        }
    })
}

/// The number of the comparison that a question is about, where it is asked of the result.
pub fn subject(ask: &CompareAsk) -> Option<u64> {
    match ask {
        CompareAsk::Pairs(ask) => Some(ask.comparison),
        CompareAsk::Pair(ask) => Some(ask.comparison),
        CompareAsk::Ribbons(ask) => Some(ask.comparison),
        CompareAsk::MapMoment(ask) => Some(ask.comparison),
        CompareAsk::CompareReport(ask) => Some(ask.comparison),
        CompareAsk::Compare(_)
        | CompareAsk::Comparison(_)
        | CompareAsk::CancelCompare(_)
        | CompareAsk::PairByHand(_) => None,
    }
}

/// Comparisons of exchanges in memory. Each is done when it has begun.
#[derive(Default)]
pub(crate) struct Comparisons {
    done: Vec<Done>,
    given: u64,
    by_hand: Vec<([scrubjay_ipc::Side; 2], Vec<ByHand>)>,
}

struct Done {
    number: u64,
    question: Compare,
    ignoring: Vec<String>,
    sides: [SideView; 2],
    stage: CompareStage,
    comparison: Option<Comparison<Arc<MemoryShelf>>>,
}

impl Comparisons {
    pub(crate) fn answer<L>(&mut self, ask: &CompareAsk, shelves: &L) -> Result<Vec<u8>, Report>
    where
        L: Shelves<Shelf = Arc<MemoryShelf>, Error = Report>,
    {
        match ask {
            CompareAsk::Compare(ask) => Ok(json(&self.compare(ask, shelves)?)),
            CompareAsk::Comparison(ask) => Ok(json(&self.known(ask.comparison)?.view())),
            CompareAsk::CancelCompare(ask) => Ok(json(&self.known(ask.comparison)?.view())),
            CompareAsk::PairByHand(ask) => Ok(json(&self.pair_by_hand(ask, shelves)?)),
            other => {
                let known = self.known(subject(other).unwrap_or_default())?;
                match &mut known.comparison {
                    Some(comparison) => asked(other, comparison),
                    None => Err(gone(known.number)),
                }
            }
        }
    }

    /// Gives all of them up, because exchanges changed.
    pub(crate) fn clear(&mut self) {
        self.done.clear();
    }

    fn known(&mut self, number: u64) -> Result<&mut Done, Report> {
        let known = self.done.iter_mut().find(|done| done.number == number);
        known.ok_or_else(|| gone(number))
    }

    fn compare<L>(&mut self, ask: &Compare, shelves: &L) -> Result<CompareStarted, Report>
    where
        L: Shelves<Shelf = Arc<MemoryShelf>, Error = Report>,
    {
        if let Some(known) = self.done.iter().find(|done| done.question == *ask) {
            return Ok(CompareStarted {
                comparison: known.number,
            });
        }
        let rules = answers::rules(ask.level, &ask.ignore)?;
        let (a, b) = (sides::of(shelves, &ask.a)?, sides::of(shelves, &ask.b)?);
        let ignoring = rules.ignoring();
        let by_hand = self.pairs_of(ask).clone();
        self.given += 1;
        let comparison = self.given;
        let mut done = Done {
            number: comparison,
            question: ask.clone(),
            ignoring,
            sides: [&ask.a, &ask.b].map(sides::named),
            stage: CompareStage::Cancelled,
            comparison: None,
        };
        match Comparison::of(a, b, rules, &by_hand, &mut |_part| true) {
            Ok(found) => done.take(found),
            Err(Stopped::Cancelled) => {}
            Err(Stopped::Failed(failed)) => done.stage = CompareStage::Failed(Failed::into(failed)),
        }
        self.done.push(done);
        let surplus = self.done.len().saturating_sub(KEPT);
        self.done.drain(..surplus);
        Ok(CompareStarted { comparison })
    }

    fn pairs_of(&mut self, question: &Compare) -> &mut Vec<ByHand> {
        let sides = [question.a.clone(), question.b.clone()];
        let place = match self.by_hand.iter().position(|(known, _)| *known == sides) {
            Some(place) => place,
            None => {
                self.by_hand.push((sides, Vec::new()));
                self.by_hand.len() - 1
            }
        };
        &mut self.by_hand[place].1
    }

    fn pair_by_hand<L>(&mut self, ask: &PairByHand, shelves: &L) -> Result<CompareStarted, Report>
    where
        L: Shelves<Shelf = Arc<MemoryShelf>, Error = Report>,
    {
        let question = self.known(ask.comparison)?.question.clone();
        sides::may_pair(ask)?;
        sides::pair(self.pairs_of(&question), ask);
        self.done.retain(|done| done.question != question);
        self.compare(&question, shelves)
    }
}

impl Done {
    fn take(&mut self, mut comparison: Comparison<Arc<MemoryShelf>>) {
        match answers::result(&mut comparison) {
            Ok(result) => {
                self.sides = answers::sides(&comparison);
                self.stage = done(result);
                self.comparison = Some(comparison);
            }
            Err(report) => self.stage = CompareStage::Failed(report),
        }
    }

    fn view(&self) -> ComparisonView {
        let [a, b] = self.sides.clone();
        ComparisonView {
            comparison: self.number,
            stage: self.stage.clone(),
            a,
            b,
            level: self.question.level,
            ignoring: self.ignoring.clone(),
        }
    }
}

fn done(result: CompareResult) -> CompareStage {
    CompareStage::Done(Box::new(result))
}
