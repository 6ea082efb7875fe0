//! Which recorded exchange answers a request, and why.
//!
//! A run is answered by a recorded run that went to the same place and was
//! asked the same: equal messages by role and content, equal answers to
//! interrupts. Ids and instants do not count; ids are compared by what stands
//! for them in this thread. What else the agent was given (state, tools,
//! context, forwarded properties) must be equal too when [`MatchOptions`] say so.
//!
//! # Threads come first
//!
//! 1. A request that names a recorded thread is answered from that thread and from no other, and
//!    when it names one of its runs too, from that run.
//! 2. A thread with an id of its own follows the recorded thread that its first run was answered
//!    from: the next one that begins with this conversation and that no other thread follows. It
//!    keeps to it. Once all such threads are followed, the last one is followed
//!    by several, each at its own place.
//!    Only a recorded thread that itself began with this thread's history goes on with it: so are
//!    the answers of a fallback recorded.
//! 3. Nothing of another thread is given to a thread. A `connect` of a thread that follows none
//!    yet is answered with an empty history, a recorded one if there is; when the recording has
//!    only others' histories, the answer is [`Answer::NoHistory`].
//! 4. Threads are those of a session ([`SESSION_HEADER`]): another session begins with none
//!    followed.
//!
//! # Within a thread
//!
//! Of several runs that fit, in this order:
//!
//! 1. what the client can read, and what the recorded client waited for;
//! 2. the run that the request names by recorded ids;
//! 3. equal in everything, before equal in the conversation;
//! 4. the next run of the thread, or one that was passed over;
//! 5. once all were given, the last one again.
//!
//! A `connect`, and what else is asked about a thread, gets what was recorded
//! at the same place among the runs of the thread, else the nearest before,
//! else the nearest after it: after a page was loaded again it gets the history
//! up to where it was.
//!
//! What the agent did not answer when it was recorded answers nothing.
//!
//! Other requests (information, lists) are answered in recorded order by what
//! has the same method, path, query and body, and by the last one ever after;
//! an id of a recorded thread in a path, a query or a body stands for that of
//! the thread that follows it.

mod choose;
mod compare;
mod digest;
mod history;
mod live;
mod nearest;
mod request;
mod route;
mod why;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use scrubjay_session::exchange::{Headers, field};

use self::{
    choose::{Candidate, Here, Turn},
    digest::{Ids, MessageDigest, RequestDigest},
    live::{Session, Thread},
    nearest::Apart,
    request::{Kind, Reading},
};
use crate::{adapt::IdMap, recorded::Recorded};

/// Request header that keeps tests apart: requests with the same value share
/// their place in the recording, and others do not see it. Without it, all
/// requests share one. It is not part of what is compared.
pub const SESSION_HEADER: &str = "x-scrubjay-session";

/// A request, as it came.
#[derive(Clone, Debug, Default)]
pub struct IncomingRequest {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Headers,
    /// Body, as it came.
    pub body: Vec<u8>,
    /// Value of [`SESSION_HEADER`], if it was given.
    pub isolation: Option<String>,
}

/// How exact a match must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchOptions {
    /// State, tools, context and forwarded properties must be the recorded
    /// ones too. Else a request that differs only there is answered, and the
    /// differences are listed.
    pub whole_input: bool,
    /// An answer is given as often as it was recorded, and a run asked for
    /// once more is a miss. Else the last answer is repeated.
    pub strict: bool,
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A recorded exchange.
    Hit(Hit),
    /// A connect of a thread of which nothing was recorded: its history is
    /// empty. Why, as of a miss.
    NoHistory(Miss),
    /// Nothing recorded fits.
    Miss(Miss),
}

/// A recorded exchange that answers a request.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its place in the matcher.
    pub recorded: usize,
    /// It is a run; so is everything in a matcher without runs.
    pub is_run: bool,
    /// Why that one, as a sentence without a full stop.
    pub why: String,
    /// Where the request differs from the recorded one nevertheless.
    pub differences: Vec<Difference>,
    /// The recorded ids and those of the request: for [`crate::ScheduleOptions::ids`].
    pub ids: IdMap,
    /// How often this exchange answered before in this thread.
    pub repeat: u32,
    /// How often it was refused before in this session: for [`crate::Faults::refusal`].
    pub refused: u32,
    before: Box<Before>,
}

/// The session and thread before a request was answered, to undo the answer.
#[derive(Clone, Debug, Default)]
struct Before {
    session: String,
    thread: Option<(String, Option<Thread>)>,
}

/// Why nothing answers a request.
#[derive(Clone, Debug)]
pub struct Miss {
    /// A sentence without a full stop.
    pub reason: String,
    /// What the request asks, in a few words.
    pub asks: String,
    /// Something recorded would answer, were it not of another thread.
    pub is_of_another_thread: bool,
    /// The recorded requests that come closest, closest first; at most three.
    pub nearest: Vec<Nearest>,
}

/// A recorded request that comes close.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Its place in the matcher.
    pub recorded: usize,
    /// Another difference, such as the path; may be empty.
    pub note: String,
    /// Where the two differ, at most 50.
    pub differences: Vec<Difference>,
}

/// Where a request differs from a recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// JSON Pointer into the run input, or into the body when it is none.
    pub pointer: String,
    /// The recorded value as JSON text, shortened; absent when there was none.
    pub recorded: Option<String>,
    /// The value of the request, likewise.
    pub asked: Option<String>,
}

/// All recorded exchanges of a source, and what was answered with them so far.
#[derive(Debug)]
pub struct Matcher {
    recorded: Vec<Recorded>,
    digests: Vec<RequestDigest>,
    /// Ids of recorded threads.
    threads: BTreeSet<String>,
    has_runs: bool,
    options: MatchOptions,
    /// By value of [`SESSION_HEADER`]; empty for requests without.
    sessions: Mutex<BTreeMap<String, Session>>,
}

impl Matcher {
    /// A matcher over all exchanges, in the order in which they were recorded.
    pub fn new(recorded: Vec<Recorded>, options: MatchOptions) -> Self {
        let mut digests: Vec<RequestDigest> = recorded.iter().map(RequestDigest::of).collect();
        let threads: BTreeSet<String> = digests.iter().filter_map(|digest| digest.thread_id.clone()).collect();
        let mut runs = BTreeMap::new();
        for digest in &mut digests {
            digest.settle(&threads, &mut runs);
        }
        Self {
            recorded,
            has_runs: digests.iter().any(|digest| digest.reading.kind == Kind::Run),
            digests,
            threads,
            options,
            sessions: Mutex::default(),
        }
    }

    /// How exact a match must be.
    pub fn options(&self) -> MatchOptions {
        self.options
    }

    /// The exchange at this place.
    pub fn recorded(&self, place: usize) -> Option<&Recorded> {
        self.recorded.get(place)
    }

    /// How many exchanges there are.
    pub fn len(&self) -> usize {
        self.recorded.len()
    }

    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty()
    }

    /// Answers a request, and remembers it. May be called from any thread.
    pub fn ask(&self, asked: &IncomingRequest) -> Answer {
        let live = Reading::of(&asked.method, &asked.target, &asked.headers, &asked.body);
        let accept = field(&asked.headers, "accept");
        let key = asked.isolation.clone().unwrap_or_default();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.entry(key.clone()).or_default();
        let is_thread = |word: &str| self.threads.contains(word) || session.threads.contains_key(word);
        let thread_id = live.thread_among(is_thread).map(str::to_owned);
        let known = thread_id.as_ref().and_then(|id| session.threads.get(id)).cloned();
        let thread = self.thread(thread_id.as_deref(), known.as_ref(), session);
        let here = Here {
            live: &live,
            accept: &accept,
            session,
            thread_id: thread_id.as_deref(),
            thread: &thread,
        };
        let found = self.candidates(&live, &thread);
        let chosen = match self.best(&found.candidates, &here) {
            Some(_) => None,
            None => session.chosen(&live).map(|place| self.chosen(place, &live, &thread)),
        };
        let candidates = chosen.as_ref().unwrap_or(&found.candidates);
        let Some((best, turn)) = self.best(candidates, &here) else {
            return self.nothing(&live, &thread, &found);
        };
        let mut hit = self.hit(&live, best, turn, candidates, &thread);
        hit.refused = session.refused(best.place);
        let digest = &self.digests[best.place];
        session.give(best.place, thread_id.as_deref(), digest, &best.comparison.ids);
        hit.before = Box::new(Before {
            session: key,
            thread: thread_id.map(|id| (id, known)),
        });
        Answer::Hit(hit)
    }

    /// The best of those that may still be given.
    fn best<'a>(&self, candidates: &'a [Candidate], here: &Here<'_>) -> Option<(&'a Candidate, Turn)> {
        let open = candidates.iter().filter(|candidate| !self.is_spent(candidate, here));
        let ranked = open.map(|candidate| (here.rank(candidate, &self.digests[candidate.place]), candidate));
        let (rank, best) = ranked.min_by_key(|(rank, _)| *rank)?;
        Some((best, rank.turn()))
    }

    /// The answer to a request that nothing recorded answers.
    fn nothing(&self, live: &Reading, thread: &Thread, found: &Found) -> Answer {
        let kept = match found.foreign {
            _ if !found.candidates.is_empty() => Kept::Given,
            Some(place) => Kept::Foreign(place),
            None => Kept::Nothing,
        };
        let miss = self.miss(live, thread, kept);
        match kept {
            Kept::Foreign(_) if live.kind == Kind::Connect => Answer::NoHistory(miss),
            _ => Answer::Miss(miss),
        }
    }

    /// An exchange that the user chose, with where it differs.
    fn chosen(&self, place: usize, live: &Reading, thread: &Thread) -> Vec<Candidate> {
        let mut comparison = compare::compare(&digest::read(&self.recorded[place]), live, &thread.ids);
        let mut differences = std::mem::take(&mut comparison.hard);
        differences.append(&mut comparison.soft);
        comparison.soft = differences;
        vec![Candidate {
            place,
            comparison,
            is_chosen: true,
        }]
    }

    /// The live thread of this id as it stands. One that was recorded follows
    /// itself from its first request on.
    fn thread(&self, id: Option<&str>, known: Option<&Thread>, session: &mut Session) -> Thread {
        let Some(id) = id else { return Thread::default() };
        if !self.threads.contains(id) {
            return known.cloned().unwrap_or_default();
        }
        let thread = session.threads.entry(id.to_owned()).or_default();
        thread.recorded = Some(id.to_owned());
        thread.is_itself = true;
        thread.clone()
    }

    /// Answers this request, asked again in its session, with the exchange at
    /// `place` where nothing else answers it. Its thread does not count: a page
    /// that is loaded again may name its thread anew.
    pub fn choose(&self, asked: &IncomingRequest, place: usize) {
        let reading = Reading::of(&asked.method, &asked.target, &asked.headers, &asked.body);
        let key = asked.isolation.clone().unwrap_or_default();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry(key).or_default().choose(reading, place);
    }

    /// The place of the exchange of this number.
    pub fn place_of(&self, index: i64) -> Option<usize> {
        self.recorded
            .iter()
            .position(|recorded| recorded.exchange.index == index)
    }

    /// Takes an answer back that was not given after all, because a fault
    /// refused the request: when the client asks again, it is as if it had
    /// not asked before, save for [`Hit::refused`].
    pub fn refuse(&self, hit: &Hit) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.entry(hit.before.session.clone()).or_default();
        session.take_back(hit.recorded, hit.before.thread.as_ref());
    }

    /// Whether a run of an agent is recorded at this place.
    pub fn is_run(&self, place: usize) -> bool {
        self.digests
            .get(place)
            .is_some_and(|digest| digest.reading.kind == Kind::Run)
    }

    /// Places of the exchanges that no request was answered with, in order.
    /// Not among them: preflights, and requests that the recorded client gave
    /// up before they were answered, or that the agent did not answer.
    pub fn unused(&self) -> Vec<usize> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let is_used = |place: usize| sessions.values().any(|session| session.given(place) > 0);
        self.digests
            .iter()
            .enumerate()
            .filter(|(place, digest)| digest.may_be_asked_for() && !is_used(*place))
            .map(|(place, _)| place)
            .collect()
    }

    /// Recorded exchanges that the options allow as an answer, and one that only its thread keeps back.
    fn candidates(&self, live: &Reading, thread: &Thread) -> Found {
        let conversation = digest::conversation(live, &Ids::None);
        let mut found = Found::default();
        for (place, digest) in self.digests.iter().enumerate() {
            if digest.is_unanswered || digest.reading.kind == Kind::Run && !may_be(&digest.conversation, &conversation)
            {
                continue;
            }
            let is_thread = |id: &str| self.threads.contains(id);
            let Some(ids) = route::ids(&digest.reading, live, is_thread, &thread.ids) else {
                continue;
            };
            let comparison = compare::compare(&digest::read(&self.recorded[place]), live, &ids);
            let too_soft = self.options.whole_input && live.kind == Kind::Run && !comparison.soft.is_empty();
            if !comparison.hard.is_empty() || too_soft {
                continue;
            }
            if is_open_to(digest, thread) {
                found.candidates.push(Candidate {
                    place,
                    comparison,
                    is_chosen: false,
                });
            } else {
                found.foreign.get_or_insert(place);
            }
        }
        found
    }

    /// Whether a strict replay has given this run already: to this thread if
    /// it is the recorded one, else to any. Requests that change nothing may be
    /// repeated without limit.
    fn is_spent(&self, candidate: &Candidate, here: &Here<'_>) -> bool {
        let digest = &self.digests[candidate.place];
        let is_recorded_thread = digest.thread_id.is_some() && digest.thread_id.as_deref() == here.thread_id;
        let times = if is_recorded_thread {
            here.thread.given(candidate.place)
        } else {
            here.session.given(candidate.place)
        };
        self.options.strict && self.is_run(candidate.place) && times > 0 && !candidate.is_chosen
    }

    fn hit(&self, live: &Reading, best: &Candidate, turn: Turn, candidates: &[Candidate], thread: &Thread) -> Hit {
        let equals: Vec<usize> = candidates.iter().map(|candidate| candidate.place).collect();
        let nth = equals.iter().position(|place| *place == best.place).unwrap_or_default() + 1;
        let digest = &self.digests[best.place];
        let mut ids = best.comparison.ids.clone();
        let repeat = thread.given(best.place);
        if live.kind == Kind::Run {
            // An answer that repeats a thread, as that of a connect, keeps its names.
            ids.set_turn(repeat + 1);
        }
        Hit {
            recorded: best.place,
            is_run: self.is_run(best.place) || !self.has_runs,
            why: if best.is_chosen {
                why::chosen(live, &best.comparison.soft)
            } else {
                why::hit(live, digest, turn, equals.len(), nth, &best.comparison.soft)
            },
            differences: best.comparison.soft.clone(),
            ids,
            repeat,
            refused: 0,
            before: Box::default(),
        }
    }

    fn miss(&self, live: &Reading, thread: &Thread, kept: Kept) -> Miss {
        let nearest = nearest::find(&self.recorded, &self.digests, live, thread);
        let (apart, first) = nearest.first().map_or((Apart::Elsewhere, None), |(apart, nearest)| {
            (*apart, nearest.differences.first())
        });
        let reason = match kept {
            Kept::Nothing => why::miss(live, apart, first),
            Kept::Given => why::given(live),
            Kept::Foreign(place) => why::foreign(
                live,
                thread.recorded.as_deref(),
                self.digests[place].thread_id.as_deref(),
            ),
        };
        Miss {
            reason,
            asks: why::asks(live),
            is_of_another_thread: matches!(kept, Kept::Foreign(_)),
            nearest: nearest.into_iter().map(|(_, nearest)| nearest).collect(),
        }
    }
}

/// What the search for an answer gave.
#[derive(Default)]
struct Found {
    candidates: Vec<Candidate>,
    /// The first exchange that would answer, were it not of another thread.
    foreign: Option<usize>,
}

/// What would have answered, were it allowed.
#[derive(Clone, Copy)]
enum Kept {
    /// Nothing recorded fits.
    Nothing,
    /// What fits was given already.
    Given,
    /// The exchange at this place: it is of another thread.
    Foreign(usize),
}

/// Whether a recorded exchange may answer in a live thread: it is of the
/// thread that is followed, or of none, or holds nothing of the one it is of,
/// or goes on with what the request itself has of the conversation.
fn is_open_to(digest: &RequestDigest, thread: &Thread) -> bool {
    match (&digest.thread_id, &thread.recorded) {
        (None, _) => true,
        (Some(of), Some(_)) => thread.follows(of) || digest.is_empty_history || !thread.is_itself && digest.goes_on(),
        (Some(_), None) => digest.may_open_a_thread(),
    }
}

fn may_be(recorded: &[MessageDigest], live: &[MessageDigest]) -> bool {
    recorded.len() == live.len() && recorded.iter().zip(live).all(|(one, other)| one.may_be(*other))
}
