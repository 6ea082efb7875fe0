//! Which recorded exchange answers a request, and why.
//!
//! A run is answered by a recorded run that went to the same place and was
//! asked the same: equal messages by role and content, equal answers to
//! interrupts. Ids and instants do not count; ids are compared by what stands
//! for them in this thread. What else the agent was given (state, tools,
//! context, forwarded properties) must be equal too when [`Rules`] say so.
//! Of several that fit, in this order:
//!
//! 1. what the client can read, and what the recorded client waited for;
//! 2. equal in everything, before equal in the conversation;
//! 3. the next run of the recorded thread that this client's thread follows,
//!    or one that it passed over;
//! 4. the first run of a recorded thread that nobody follows yet;
//! 5. once all were given, the last one again: first in the own thread.
//!
//! What the agent did not answer when it was recorded answers nothing.
//!
//! So the same prompt gets its answers in the order in which they were
//! recorded, two threads with the same prompt do not mix, and a page that is
//! loaded again begins a thread again.
//!
//! Other requests (information, lists, CopilotKit's `connect`) are answered in
//! recorded order by what has the same method, path, query and body, and by
//! the last one ever after; an id of a recorded thread in a path stands for
//! any thread's.

mod card;
mod choose;
mod compare;
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
    card::{Card, Line},
    choose::{Candidate, Turn},
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
pub struct Asked {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Header fields.
    pub headers: Headers,
    /// Body, as it came.
    pub body: Vec<u8>,
    /// Value of [`SESSION_HEADER`], if it was given.
    pub isolation: Option<String>,
}

/// How exact a match must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// State, tools, context and forwarded properties must be the recorded
    /// ones too. Else a request that differs only there is answered, and the
    /// differences are told. Set it when there is an upstream to ask instead.
    pub whole_input: bool,
    /// An answer is given as often as it was recorded, and a run asked for
    /// once more is a miss. Else the last answer is repeated. Implies `whole_input`.
    pub strict: bool,
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A recorded exchange.
    Hit(Hit),
    /// Nothing recorded fits.
    Miss(Miss),
}

/// A recorded exchange that answers a request.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its place in the deck.
    pub recorded: usize,
    /// Why that one, as a sentence without a full stop.
    pub why: String,
    /// Where the request differs from the recorded one nevertheless.
    pub differences: Vec<Difference>,
    /// The recorded ids and those of the request: for [`crate::Manner::ids`].
    pub ids: IdMap,
    /// How often this exchange answered before in this thread.
    pub repeat: u32,
    /// How often it was refused before in this session: for [`crate::Faults::refusal`].
    pub refused: u32,
    before: Box<Before>,
}

/// How things stood before a request was answered.
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
    /// The recorded requests that come closest, closest first; at most three.
    pub nearest: Vec<Nearest>,
}

/// A recorded request that comes close.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Its place in the deck.
    pub recorded: usize,
    /// What else tells them apart, such as the path; may be empty.
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
pub struct Deck {
    recorded: Vec<Recorded>,
    cards: Vec<Card>,
    /// Ids of recorded threads.
    threads: BTreeSet<String>,
    rules: Rules,
    /// By value of [`SESSION_HEADER`]; empty for requests without.
    sessions: Mutex<BTreeMap<String, Session>>,
}

impl Deck {
    /// A deck of all exchanges, in the order in which they were recorded.
    pub fn new(recorded: Vec<Recorded>, rules: Rules) -> Self {
        let mut runs = BTreeMap::new();
        let mut cards: Vec<Card> = recorded.iter().map(|recorded| Card::of(recorded, &mut runs)).collect();
        let threads: BTreeSet<String> = cards.iter().filter_map(|card| card.thread_id.clone()).collect();
        for card in &mut cards {
            card.find_thread(&threads);
        }
        Self {
            recorded,
            cards,
            threads,
            rules,
            sessions: Mutex::default(),
        }
    }

    /// How exact a match must be.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// The exchange at this place.
    pub fn recorded(&self, place: usize) -> Option<&Recorded> {
        self.recorded.get(place)
    }

    /// How many exchanges there are.
    pub fn len(&self) -> usize {
        self.recorded.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.recorded.is_empty()
    }

    /// Answers a request, and remembers it. May be called from any thread.
    pub fn ask(&self, asked: &Asked) -> Answer {
        let live = Reading::of(&asked.method, &asked.target, &asked.headers, &asked.body);
        let accept = field(&asked.headers, "accept");
        let key = asked.isolation.clone().unwrap_or_default();
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.entry(key.clone()).or_default();
        let thread_id = thread_of(&live, session);
        let known = thread_id.as_ref().and_then(|id| session.threads.get(id)).cloned();
        let thread = known.clone().unwrap_or_default();
        let candidates = self.candidates(&live, &thread);
        let rank = |candidate: &Candidate| {
            let card = &self.cards[candidate.place];
            choose::rank(candidate, card, session, &thread, &accept)
        };
        let open = candidates.iter().filter(|candidate| !self.is_spent(candidate, session));
        let Some((rank, best)) = open
            .map(|candidate| (rank(candidate), candidate))
            .min_by_key(|(rank, _)| *rank)
        else {
            return Answer::Miss(self.miss(&live, &thread, !candidates.is_empty()));
        };
        let mut hit = self.hit(&live, best, rank.turn(), &candidates, &thread);
        hit.refused = session.refused(best.place);
        let card = &self.cards[best.place];
        session.give(
            best.place,
            thread_id.as_deref(),
            card,
            rank.turn(),
            &best.comparison.ids,
        );
        hit.before = Box::new(Before {
            session: key,
            thread: thread_id.map(|id| (id, known)),
        });
        Answer::Hit(hit)
    }

    /// Takes an answer back that was not given after all, because a fault
    /// refused the request: when the client asks again, it is as if it had
    /// not asked before, save for [`Hit::refused`].
    pub fn refuse(&self, hit: &Hit) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.entry(hit.before.session.clone()).or_default();
        session.take_back(hit.recorded, hit.before.thread.as_ref());
    }

    /// Places of the exchanges that no request was answered with, in order.
    /// Not among them: preflights, and requests that the recorded client gave
    /// up before they were answered, or that the agent did not answer.
    pub fn unused(&self) -> Vec<usize> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let is_used = |place: usize| sessions.values().any(|session| session.given(place) > 0);
        self.cards
            .iter()
            .enumerate()
            .filter(|(place, card)| card.may_be_asked_for() && !is_used(*place))
            .map(|(place, _)| place)
            .collect()
    }

    /// Recorded exchanges that the rules allow as an answer.
    fn candidates(&self, live: &Reading, thread: &Thread) -> Vec<Candidate> {
        let talk = card::talk(live, &[]);
        let whole = self.rules.whole_input || self.rules.strict;
        let mut candidates = Vec::new();
        for (place, card) in self.cards.iter().enumerate() {
            if card.is_unanswered || card.reading.kind == Kind::Run && !may_be(&card.talk, &talk) {
                continue;
            }
            let is_thread = |id: &str| self.threads.contains(id);
            let Some(ids) = route::ids(&card.reading, live, is_thread, &thread.ids) else {
                continue;
            };
            let comparison = compare::compare(&card::read(&self.recorded[place]), live, &ids);
            let too_soft = whole && live.kind == Kind::Run && !comparison.soft.is_empty();
            if comparison.hard.is_empty() && !too_soft {
                candidates.push(Candidate { place, comparison });
            }
        }
        candidates
    }

    /// Whether a strict replay has given this run already. What changes
    /// nothing may be asked as often as a client likes.
    fn is_spent(&self, candidate: &Candidate, session: &Session) -> bool {
        let is_run = self.cards[candidate.place].reading.kind == Kind::Run;
        self.rules.strict && is_run && session.given(candidate.place) > 0
    }

    fn hit(&self, live: &Reading, best: &Candidate, turn: Turn, candidates: &[Candidate], thread: &Thread) -> Hit {
        let equals: Vec<usize> = candidates.iter().map(|candidate| candidate.place).collect();
        let nth = equals.iter().position(|place| *place == best.place).unwrap_or_default() + 1;
        let card = &self.cards[best.place];
        let mut ids = best.comparison.ids.clone();
        let repeat = thread.given(best.place);
        if live.kind == Kind::Run {
            // What is told again of a thread, as a connect does, keeps its names.
            ids.set_turn(repeat + 1);
        }
        Hit {
            recorded: best.place,
            why: why::hit(live, card, turn, equals.len(), nth, &best.comparison.soft),
            differences: best.comparison.soft.clone(),
            ids,
            repeat,
            refused: 0,
            before: Box::default(),
        }
    }

    fn miss(&self, live: &Reading, thread: &Thread, is_given: bool) -> Miss {
        let nearest = nearest::find(&self.recorded, &self.cards, live, &thread.ids);
        let (apart, first) = nearest.first().map_or((Apart::Elsewhere, None), |(apart, nearest)| {
            (*apart, nearest.differences.first())
        });
        Miss {
            reason: why::miss(live, apart, first, is_given),
            nearest: nearest.into_iter().map(|(_, nearest)| nearest).collect(),
        }
    }
}

/// The live thread that a request is about: by its input, or by its path.
fn thread_of(live: &Reading, session: &Session) -> Option<String> {
    let in_path = || {
        live.path
            .split('/')
            .find(|segment| session.threads.contains_key(*segment))
    };
    live.thread_id().or_else(in_path).map(str::to_owned)
}

fn may_be(recorded: &[Line], live: &[Line]) -> bool {
    recorded.len() == live.len() && recorded.iter().zip(live).all(|(one, other)| one.may_be(*other))
}
