//! Which recorded exchange answers a request, and why.

use scrubjay_session::exchange::Headers;

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
    /// How often this exchange answered before in this session.
    pub repeat: u32,
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
}

impl Deck {
    /// A deck of all exchanges, in the order in which they were recorded.
    pub fn new(recorded: Vec<Recorded>, _rules: Rules) -> Self {
        Self { recorded }
    }

    /// The exchange at this place.
    pub fn recorded(&self, place: usize) -> Option<&Recorded> {
        self.recorded.get(place)
    }

    /// Answers a request, and remembers it. May be called from any thread.
    pub fn ask(&self, _asked: &Asked) -> Answer {
        Answer::Miss(Miss {
            reason: String::new(),
            nearest: Vec::new(),
        })
    }

    /// Places of the exchanges that no request was answered with, in order.
    /// Not among them: preflights, and requests that the recorded client gave
    /// up while another answers the same.
    pub fn unused(&self) -> Vec<usize> {
        Vec::new()
    }
}
