//! The mock agent on a socket.
//!
//! ```no_run
//! use std::sync::Arc;
//! use scrubjay_proxy::Listener;
//! use scrubjay_replay::{Deck, Rules, serve::{Conduct, Opening, serve}};
//!
//! # fn recorded() -> Vec<scrubjay_replay::Recorded> { Vec::new() }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = Listener::bind("127.0.0.1:5291".parse()?)?;
//! let deck = Deck::new(recorded(), Rules::default());
//! let serving = serve(listener, Opening::new(deck, Conduct::default()))?;
//! serving.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! In reading order:
//!
//! - [`Conduct`]: how it serves, which may change while it does; [`Hold`]: where it stops.
//! - `house`: what all connections share. `answer`: one request, from its head to a body that plays.
//! - `play`: that body: parts when they are due, or when a hand says so.
//! - `misses`: what nothing recorded answers, and what was chosen for it.
//! - `hand`: orders for one stream. `roster`: who listens. `journal`: what was answered, and why.
//! - `origins`: which pages may ask; `cors`: what they need to read the answers. `fields`: what of a
//!   recorded head can go out. `own`: answers that are ours and not the recording's.
//!
//! # What a client can notice
//!
//! Every answer has the field [`MARK`], which says that it is a replay and of
//! which exchange. Fields whose values were not kept, because they are secret,
//! are missing; the mark names them. A page of this machine on another origin
//! finds the CORS fields that it needs where the recording has none that fit;
//! a page of another machine is refused. A reset is a TCP
//! reset, and on HTTP/2 a reset stream: bytes that the client had not taken
//! from the system by then may be lost with it, as with any reset.
//!
//! # Not here
//!
//! Which recordings there are, and where misses are recorded: the engine says.

mod answer;
mod conduct;
mod cors;
mod fields;
mod hand;
mod hold;
mod house;
mod journal;
mod misses;
mod origins;
mod own;
mod play;
mod roster;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use scrubjay_proxy::{Forwarder, Listener, ServeError, Source, front::Front, recorder::Recorder};

use crate::matching::Deck;

pub use self::{
    conduct::Conduct,
    hand::{Next, Order},
    hold::{Hold, UnknownHold},
    journal::Answered,
    misses::{Missed, Near, OnMiss, UnknownOnMiss},
    origins::{Origin, Origins, UnknownOrigin},
    roster::{Listening, Stage},
};

use self::house::House;

/// The field of every answer that says that it is a replay.
pub const MARK: &str = "x-scrubjay-replay";

/// How long answers under way may take to end when serving stops. Who waits
/// for recorded minutes should not.
const GRACE: Duration = Duration::ZERO;

/// The way to an agent, and who records what it answers.
pub type Fallback = (Source, Arc<dyn Recorder>);

/// What to serve, and how.
pub struct Opening {
    /// The recordings.
    pub deck: Deck,
    /// How, to begin with.
    pub conduct: Conduct,
    /// Where requests go that nothing recorded answers.
    pub fallback: Option<Fallback>,
    /// Which pages may ask.
    pub origins: Origins,
    /// Called whenever an answer or a stream moves on; must be quick.
    pub on_change: Box<dyn Fn() + Send + Sync>,
}

impl Opening {
    /// Serves a deck, with no fallback and nobody to tell.
    pub fn new(deck: Deck, conduct: Conduct) -> Self {
        Self {
            deck,
            conduct,
            fallback: None,
            origins: Origins::default(),
            on_change: Box::new(|| {}),
        }
    }
}

/// Serves recordings as the agent until stopped. Must be called inside a
/// tokio runtime with IO and time.
///
/// # Errors
/// When the socket cannot be used, or the fallback makes no sense.
pub fn serve(listener: Listener, opening: Opening) -> Result<Serving, ServeError> {
    let address = listener.address();
    let fallback = opening.fallback;
    let fallback = fallback.map(|(source, recorder)| Forwarder::new(source, address, recorder));
    let house = Arc::new(House::new(
        opening.deck,
        opening.conduct,
        fallback.transpose()?,
        opening.origins,
        opening.on_change,
    ));
    let front = Front::open(listener, Arc::clone(&house)).map_err(ServeError::Socket)?;
    Ok(Serving { house, front })
}

/// A replay that runs. Dropping it cuts everything off at once.
pub struct Serving {
    house: Arc<House>,
    front: Front,
}

impl Serving {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// How it serves now.
    pub fn conduct(&self) -> Arc<Conduct> {
        self.house.conduct()
    }

    /// Serves otherwise from now on. Streams under way take on pace and hold;
    /// ids and faults stay theirs.
    pub fn set_conduct(&self, conduct: Conduct) {
        self.house.set_conduct(conduct);
    }

    /// Gives an order to one client's stream; false when there is no such
    /// stream any more.
    pub fn order(&self, client: u64, order: Order) -> bool {
        self.house.roster.order(client, order)
    }

    /// Who listens now or did lately, newest first.
    pub fn listening(&self) -> Vec<Listening> {
        self.house.roster.listening()
    }

    /// Requests that nothing recorded answers, newest first; of very many, the last ones.
    pub fn misses(&self) -> Vec<Missed> {
        self.house.misses.list()
    }

    /// Answers a request that was missed, and the same request asked again in
    /// its session, with the exchange of this number; with nothing, a client
    /// that waits is given the miss. False when the request is not among
    /// [`Serving::misses`], or no such exchange is served.
    pub fn answer_miss(&self, request: u64, exchange: Option<i64>) -> bool {
        self.house.answer_miss(request, exchange)
    }

    /// Answers in the order in which they were given, without the first
    /// `seen`; of very many, the last 10,000.
    pub fn answered_after(&self, seen: u64) -> Vec<Answered> {
        self.house.journal.after(seen)
    }

    /// Answers given in all.
    pub fn answers(&self) -> u64 {
        self.house.journal.total()
    }

    /// Numbers of the exchanges that no request was answered with.
    pub fn unused(&self) -> Vec<i64> {
        self.house.unused()
    }

    /// Those of [`Serving::unused`] that are runs: what a strict replay wants asked for.
    pub fn unused_runs(&self) -> Vec<i64> {
        self.house.unused_runs()
    }

    /// The number of the first run that is served.
    pub fn first_run(&self) -> Option<i64> {
        self.house.first_run()
    }

    /// Stops listening and cuts off what is open.
    pub async fn stop(self) {
        self.front.stop(GRACE).await;
    }
}
