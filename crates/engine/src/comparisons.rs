//! Comparisons: long work on threads of their own, results that are kept and
//! read by windows.
//!
//! The same question again gives the same comparison, as long as it is among
//! the [`KEPT`] asked for last and neither side was still going on. What a
//! person pairs by hand is kept with the two sides in the settings.

mod paired;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use scrubjay_answers::{
    comparing::{self, KEPT},
    sides::{self, Shelves},
};
use scrubjay_ipc::{
    Code, Compare, CompareAsk, CompareResult, CompareStage, CompareStarted, ComparisonView, News, PairByHand, Report,
    SideView, answer::compare as answers,
};
use scrubjay_session::diff::{Comparison, Rules, Stopped};
use scrubjay_store::StoreError;

use crate::{EngineError, ask::json, clock::Mark, feed::Hub, shelf::AnyShelf, storage::Storage};

/// News of its progress is published this often at most.
const PACE: Duration = Duration::from_millis(100);

/// The department of comparisons.
pub(crate) struct Comparisons {
    storage: Storage,
    hub: Arc<Hub>,
    jobs: Mutex<Vec<Arc<Job>>>,
    numbers: AtomicU64,
}

/// One comparison.
struct Job {
    number: u64,
    question: Compare,
    ignoring: Vec<String>,
    /// A side was still going on; asked again, it is compared again.
    live: bool,
    stop: AtomicBool,
    stage: Mutex<Stage>,
    /// Held while it is asked, so that its stage can be read meanwhile.
    done: Mutex<Option<Comparison<AnyShelf>>>,
}

type Parts = scrubjay_session::diff::Side<AnyShelf>;

enum Stage {
    Working(f32),
    Cancelled,
    Failed(Report),
    Done {
        result: Box<CompareResult>,
        sides: Box<[SideView; 2]>,
    },
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Comparisons {
    pub(crate) fn new(storage: Storage, hub: Arc<Hub>) -> Self {
        Self {
            storage,
            hub,
            jobs: Mutex::default(),
            numbers: AtomicU64::default(),
        }
    }

    pub(crate) fn answer(&self, ask: &CompareAsk) -> Result<Vec<u8>, EngineError> {
        Ok(match ask {
            CompareAsk::Compare(ask) => json(&self.compare(ask)?),
            CompareAsk::Comparison(ask) => json(&self.job(ask.comparison)?.view()),
            CompareAsk::CancelCompare(ask) => json(&self.cancel(ask.comparison)?),
            CompareAsk::PairByHand(ask) => json(&self.pair_by_hand(ask)?),
            of_result => {
                let number = comparing::subject(of_result).unwrap_or_default();
                self.job(number)?.with(|known| comparing::asked(of_result, known))?
            }
        })
    }

    fn job(&self, number: u64) -> Result<Arc<Job>, EngineError> {
        let found = locked(&self.jobs).iter().find(|job| job.number == number).cloned();
        found.ok_or_else(|| EngineError::from(comparing::gone(number)))
    }

    /// The one that answers a question already.
    fn known(&self, question: &Compare) -> Option<u64> {
        let jobs = locked(&self.jobs);
        let known = jobs.iter().find(|job| job.question == *question && !job.live)?;
        let is_good = matches!(*locked(&known.stage), Stage::Working(_) | Stage::Done { .. });
        is_good.then_some(known.number)
    }

    fn keep(&self, job: Arc<Job>) {
        let mut jobs = locked(&self.jobs);
        jobs.retain(|known| known.question != job.question);
        jobs.push(job);
        let surplus = jobs.len().saturating_sub(KEPT);
        for old in jobs.drain(..surplus) {
            old.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Gives all of them up, because exchanges changed or are gone.
    pub(crate) fn clear(&self) {
        for job in locked(&self.jobs).drain(..) {
            job.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Job {
    fn view(&self) -> ComparisonView {
        let (stage, [a, b]) = match &*locked(&self.stage) {
            Stage::Working(part) => (CompareStage::Working(*part), self.asked()),
            Stage::Cancelled => (CompareStage::Cancelled, self.asked()),
            Stage::Failed(report) => (CompareStage::Failed(report.clone()), self.asked()),
            Stage::Done { result, sides } => (CompareStage::Done(result.clone()), (**sides).clone()),
        };
        ComparisonView {
            comparison: self.number,
            stage,
            a,
            b,
            level: self.question.level,
            ignoring: self.ignoring.clone(),
        }
    }

    /// The sides as far as the question names them.
    fn asked(&self) -> [SideView; 2] {
        [&self.question.a, &self.question.b].map(sides::named)
    }

    /// Uses the result.
    fn with<R>(&self, work: impl FnOnce(&mut Comparison<AnyShelf>) -> Result<R, Report>) -> Result<R, EngineError> {
        let mut done = locked(&self.done);
        match done.as_mut() {
            Some(comparison) => work(comparison).map_err(EngineError::from),
            None => Err(EngineError::from(Report::new(
                Code::BadRequest,
                format!("Comparison {} has no result.", self.number),
                "Wait until it is done.",
            ))),
        }
    }

    fn end(&self, stage: Stage, hub: &Hub) {
        *locked(&self.stage) = stage;
        hub.publish(&News::Compared {
            comparison: self.number,
        });
    }
}

impl Shelves for Storage {
    type Shelf = AnyShelf;
    type Error = EngineError;

    fn shelf(&self, exchange: i64) -> Result<AnyShelf, EngineError> {
        Self::shelf(self, exchange)
    }

    fn thread(&self, thread: &str) -> Result<Vec<i64>, EngineError> {
        Self::thread(self, thread)
    }
}

/// The questions.
impl Comparisons {
    fn compare(&self, ask: &Compare) -> Result<CompareStarted, EngineError> {
        if let Some(comparison) = self.known(ask) {
            return Ok(CompareStarted { comparison });
        }
        let rules = answers::rules(ask.level, &ask.ignore)?;
        let (a, b) = (sides::of(&self.storage, &ask.a)?, sides::of(&self.storage, &ask.b)?);
        let by_hand = paired::of(&self.storage, &ask.a, &ask.b)?;
        let job = Arc::new(Job {
            number: self.numbers.fetch_add(1, Ordering::Relaxed) + 1,
            question: ask.clone(),
            ignoring: rules.ignoring(),
            live: sides::is_live(&a)? || sides::is_live(&b)?,
            stop: AtomicBool::new(false),
            stage: Mutex::new(Stage::Working(0.0)),
            done: Mutex::new(None),
        });
        self.keep(Arc::clone(&job));
        let comparison = job.number;
        let hub = Arc::clone(&self.hub);
        thread::Builder::new()
            .name("compare".into())
            .spawn(move || run(&job, (a, b), rules, &by_hand, &hub))
            .map_err(|source| EngineError::Threads { source })?;
        Ok(CompareStarted { comparison })
    }

    fn cancel(&self, number: u64) -> Result<ComparisonView, EngineError> {
        let job = self.job(number)?;
        job.stop.store(true, Ordering::Relaxed);
        let mut stage = locked(&job.stage);
        if matches!(*stage, Stage::Working(_)) {
            *stage = Stage::Cancelled;
        }
        drop(stage);
        Ok(job.view())
    }

    /// Pairs two spans by hand, and compares again.
    fn pair_by_hand(&self, ask: &PairByHand) -> Result<CompareStarted, EngineError> {
        let question = self.job(ask.comparison)?.question.clone();
        sides::may_pair(ask)?;
        paired::change(&self.storage, &question.a, &question.b, ask)?;
        locked(&self.jobs).retain(|job| job.question != question);
        self.compare(&question)
    }
}

/// What the thread of a comparison does.
fn run(job: &Job, (a, b): (Parts, Parts), rules: Rules, by_hand: &[scrubjay_session::diff::ByHand], hub: &Hub) {
    let mut last: Option<Mark> = None;
    let mut on = |part: f32| {
        if last.is_none_or(|last| last.age() >= PACE) {
            last = Some(Mark::now());
            let mut stage = locked(&job.stage);
            if let Stage::Working(known) = &mut *stage {
                *known = part;
            }
            drop(stage);
            hub.publish(&News::Compared { comparison: job.number });
        }
        !job.stop.load(Ordering::Relaxed)
    };
    let stage = match Comparison::of(a, b, rules, by_hand, &mut on) {
        Ok(mut comparison) => match answers::result(&mut comparison) {
            Ok(result) => {
                let sides = Box::new(answers::sides(&comparison));
                *locked(&job.done) = Some(comparison);
                Stage::Done {
                    result: Box::new(result),
                    sides,
                }
            }
            Err(report) => Stage::Failed(report),
        },
        Err(Stopped::Cancelled) => Stage::Cancelled,
        Err(Stopped::Failed(failed)) => {
            let error: EngineError = scrubjay_session::query::Failed::<StoreError>::into(failed);
            Stage::Failed(error.report())
        }
    };
    job.end(stage, hub);
}
