//! Comparisons: long work on threads of their own, results that are kept and
//! read by windows.
//!
//! The same question again gives the same comparison, as long as it is among
//! the [`KEPT`] asked for last and neither side was still going on. What a
//! person pairs by hand is kept with the two sides: in the store's settings,
//! or in memory for a file.

mod paired;
mod sides;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use scrubjay_ipc::{
    Code, Compare, CompareReport, CompareResult, CompareStage, CompareStarted, ComparisonView, MapMoment, MappedMoment,
    News, Pair, PairByHand, PairView, Pairs, PairsPage, Report, ReportText, Ribbons, RibbonsView, SideView,
    answer::compare as answers,
};
use scrubjay_session::diff::{Comparison, Rules, Stopped};
use scrubjay_store::StoreError;

use self::paired::Paired;
use crate::{EngineError, clock::Mark, engine::Inner, news::Hub, shelf::AnyShelf};

/// Comparisons that are kept. Each holds numbers for every item of two sides.
const KEPT: usize = 6;
/// News about how far it is are told this often at most.
const PACE: Duration = Duration::from_millis(100);

/// All comparisons of an engine.
#[derive(Default)]
pub(crate) struct Comparisons {
    jobs: Mutex<Vec<Arc<Job>>>,
    numbers: AtomicU64,
    pub(crate) paired: Paired,
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

fn told(report: Report) -> EngineError {
    EngineError::Answer { report }
}

impl Comparisons {
    fn job(&self, number: u64) -> Result<Arc<Job>, EngineError> {
        let found = locked(&self.jobs).iter().find(|job| job.number == number).cloned();
        found.ok_or_else(|| {
            told(Report::new(
                Code::NotFound,
                format!("Comparison {number} is not kept any more."),
                "Compare again.",
            ))
        })
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

    /// Gives all of them up.
    pub(crate) fn close(&self) {
        for job in locked(&self.jobs).drain(..) {
            job.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Forgets those about exchanges that changed or are gone.
    pub(crate) fn clear(&self) {
        self.close();
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
            Some(comparison) => work(comparison).map_err(told),
            None => Err(told(Report::new(
                Code::BadRequest,
                format!("Comparison {} has no result.", self.number),
                "Wait until it is done.",
            ))),
        }
    }

    fn end(&self, stage: Stage, hub: &Hub) {
        *locked(&self.stage) = stage;
        hub.tell(&News::Compared {
            comparison: self.number,
        });
    }
}

/// The questions.
impl Inner {
    pub(crate) fn compare(&self, ask: &Compare) -> Result<CompareStarted, EngineError> {
        if let Some(comparison) = self.comparisons.known(ask) {
            return Ok(CompareStarted { comparison });
        }
        let rules = answers::rules(ask.level, &ask.ignore).map_err(told)?;
        let (a, b) = (sides::of(self, &ask.a)?, sides::of(self, &ask.b)?);
        let by_hand = self.comparisons.paired.of(self, &ask.a, &ask.b)?;
        let job = Arc::new(Job {
            number: self.comparisons.numbers.fetch_add(1, Ordering::Relaxed) + 1,
            question: ask.clone(),
            ignoring: answers::ignoring(&rules),
            live: sides::is_live(&a)? || sides::is_live(&b)?,
            stop: AtomicBool::new(false),
            stage: Mutex::new(Stage::Working(0.0)),
            done: Mutex::new(None),
        });
        self.comparisons.keep(Arc::clone(&job));
        let comparison = job.number;
        let hub = Arc::clone(&self.hub);
        thread::Builder::new()
            .name("compare".into())
            .spawn(move || run(&job, (a, b), rules, &by_hand, &hub))
            .map_err(|source| EngineError::Threads { source })?;
        Ok(CompareStarted { comparison })
    }

    pub(crate) fn comparison(&self, number: u64) -> Result<ComparisonView, EngineError> {
        Ok(self.comparisons.job(number)?.view())
    }

    pub(crate) fn cancel_compare(&self, number: u64) -> Result<ComparisonView, EngineError> {
        let job = self.comparisons.job(number)?;
        job.stop.store(true, Ordering::Relaxed);
        let mut stage = locked(&job.stage);
        if matches!(*stage, Stage::Working(_)) {
            *stage = Stage::Cancelled;
        }
        drop(stage);
        Ok(job.view())
    }

    pub(crate) fn pairs(&self, ask: &Pairs) -> Result<PairsPage, EngineError> {
        let job = self.comparisons.job(ask.comparison)?;
        job.with(|comparison| answers::pairs(ask, comparison))
    }

    pub(crate) fn pair(&self, ask: &Pair) -> Result<PairView, EngineError> {
        let job = self.comparisons.job(ask.comparison)?;
        job.with(|comparison| answers::pair(ask, comparison))
    }

    pub(crate) fn ribbons(&self, ask: &Ribbons) -> Result<RibbonsView, EngineError> {
        let job = self.comparisons.job(ask.comparison)?;
        job.with(|comparison| answers::ribbons(ask, comparison))
    }

    pub(crate) fn map_moment(&self, ask: &MapMoment) -> Result<MappedMoment, EngineError> {
        let job = self.comparisons.job(ask.comparison)?;
        job.with(|comparison| answers::map(ask, comparison))
    }

    pub(crate) fn compare_report(&self, ask: CompareReport) -> Result<ReportText, EngineError> {
        let job = self.comparisons.job(ask.comparison)?;
        let text = job.with(|comparison| match ask.json {
            true => answers::json_lines(comparison),
            false => answers::markdown(comparison),
        })?;
        Ok(ReportText { text })
    }

    /// Pairs two spans by hand, and compares again.
    pub(crate) fn pair_by_hand(&self, ask: &PairByHand) -> Result<CompareStarted, EngineError> {
        let question = self.comparisons.job(ask.comparison)?.question.clone();
        if ask.a.1 == u32::MAX || ask.b.1 == u32::MAX {
            return Err(told(Report::new(
                Code::BadRequest,
                "Inputs, states and endings stand where they stand.",
                "Pair messages, tool calls, steps and the like by hand.",
            )));
        }
        self.comparisons.paired.change(self, &question.a, &question.b, ask)?;
        locked(&self.comparisons.jobs).retain(|job| job.question != question);
        self.compare(&question)
    }
}

/// The thread's work.
fn run(
    job: &Job,
    (a, b): (sides::Parts, sides::Parts),
    rules: Rules,
    by_hand: &[scrubjay_session::diff::ByHand],
    hub: &Hub,
) {
    let mut last: Option<Mark> = None;
    let mut on = |part: f32| {
        if last.is_none_or(|last| last.age() >= PACE) {
            last = Some(Mark::now());
            let mut stage = locked(&job.stage);
            if let Stage::Working(known) = &mut *stage {
                *known = part;
            }
            drop(stage);
            hub.tell(&News::Compared { comparison: job.number });
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
