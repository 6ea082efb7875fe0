//! The mock agent on a socket.
//!
//! ```no_run
//! use std::sync::Arc;
//! use scrubjay_proxy::Listener;
//! use scrubjay_replay::{Matcher, MatchOptions, serve::{ServeOptions, ServeConfig, serve}};
//!
//! # fn recorded() -> Vec<scrubjay_replay::Recorded> { Vec::new() }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = Listener::bind("127.0.0.1:5291".parse()?)?;
//! let matcher = Matcher::new(recorded(), MatchOptions::default());
//! let serving = serve(listener, ServeConfig::new(matcher, ServeOptions::default()))?;
//! serving.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! In reading order:
//!
//! - [`ServeOptions`]: how it serves, which may change while it does; [`Hold`]: where it stops.
//! - `state`: what all connections share. `answer`: one request, from its head to its body.
//! - `player`: that body: parts when they are due, or on an order.
//! - `misses`: what nothing recorded answers, and what was chosen for it.
//! - `orders`: orders for one stream. `clients`: the streams. `log`: what was answered, and why.
//! - `origins`: which pages may ask; `cors`: what they need to read the answers. `fields`: what of a
//!   recorded head can go out. `refusal`: answers of the replay itself.
//!
//! # What a client can notice
//!
//! Every answer has the field [`MARK`], which names the exchange that it replays. Fields whose values were not kept, because they are secret,
//! are missing; the mark names them. A page of this machine on another origin
//! finds the CORS fields that it needs where the recording has none that fit;
//! a page of another machine is refused. A reset is a TCP
//! reset, and on HTTP/2 a reset stream: bytes that the client had not taken
//! from the system by then may be lost with it, as with any reset.
//!
//! # Not here
//!
//! The list of recordings, and where misses are recorded: both come from the engine.

mod answer;
mod clients;
mod cors;
mod fields;
mod hold;
mod log;
mod misses;
mod options;
mod orders;
mod origins;
mod player;
mod refusal;
mod state;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use scrubjay_proxy::{Forwarder, Listener, ServeError, Source, http_server::HttpServer, recorder::Recorder};

use crate::matching::Matcher;

pub use self::{
    clients::{ClientState, StreamStage},
    hold::{Hold, UnknownHold},
    log::Answered,
    misses::{Missed, Near, OnMiss, UnknownOnMiss},
    options::ServeOptions,
    orders::{Next, Order},
    origins::{Origin, Origins, UnknownOrigin},
};

use self::state::ReplayState;

/// The field that marks every answer of a replay.
pub const MARK: &str = "x-scrubjay-replay";

/// How long answers under way may take to end when serving stops. Who waits
/// for recorded minutes should not.
const GRACE: Duration = Duration::ZERO;

/// The way to an agent, and who records what it answers.
pub type Fallback = (Source, Arc<dyn Recorder>);

/// What to serve, and how.
pub struct ServeConfig {
    pub matcher: Matcher,
    /// How, to begin with.
    pub options: ServeOptions,
    /// Where requests go that nothing recorded answers.
    pub fallback: Option<Fallback>,
    /// Which pages may ask.
    pub origins: Origins,
    /// Called whenever an answer or a stream moves on; must be quick.
    pub on_change: Box<dyn Fn() + Send + Sync>,
}

impl ServeConfig {
    /// Serves a matcher, without a fallback and without a callback.
    pub fn new(matcher: Matcher, options: ServeOptions) -> Self {
        Self {
            matcher,
            options,
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
pub fn serve(listener: Listener, config: ServeConfig) -> Result<Serving, ServeError> {
    let address = listener.address();
    let fallback = config.fallback;
    let fallback = fallback.map(|(source, recorder)| Forwarder::new(source, address, recorder));
    let state = Arc::new(ReplayState::new(
        config.matcher,
        config.options,
        fallback.transpose()?,
        config.origins,
        config.on_change,
    ));
    let server = HttpServer::open(listener, Arc::clone(&state)).map_err(ServeError::Socket)?;
    Ok(Serving { state, server })
}

/// A replay that runs. Dropping it cuts everything off at once.
pub struct Serving {
    state: Arc<ReplayState>,
    server: HttpServer,
}

impl Serving {
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn options(&self) -> Arc<ServeOptions> {
        self.state.options()
    }

    /// Serves otherwise from now on. Streams under way take on pace and hold;
    /// ids and faults stay theirs.
    pub fn set_options(&self, options: ServeOptions) {
        self.state.set_options(options);
    }

    /// Gives an order to one client's stream; false when there is no such
    /// stream any more.
    pub fn order(&self, client: u64, order: Order) -> bool {
        self.state.clients.order(client, order)
    }

    /// Who listens now or did lately, newest first.
    pub fn listening(&self) -> Vec<ClientState> {
        self.state.clients.states()
    }

    /// Requests that nothing recorded answers, newest first; of very many, the last ones.
    pub fn misses(&self) -> Vec<Missed> {
        self.state.misses.list()
    }

    /// Answers a request that was missed, and the same request asked again in
    /// its session, with the exchange of this number; with nothing, a client
    /// that waits is given the miss. False when the request is not among
    /// [`Serving::misses`], or no such exchange is served.
    pub fn answer_miss(&self, request: u64, exchange: Option<i64>) -> bool {
        self.state.answer_miss(request, exchange)
    }

    /// Answers in the order in which they were given, without the first
    /// `seen`; of very many, the last 10,000.
    pub fn answered_after(&self, seen: u64) -> Vec<Answered> {
        self.state.log.after(seen)
    }

    /// Answers given in all.
    pub fn answers(&self) -> u64 {
        self.state.log.total()
    }

    /// Numbers of the exchanges that no request was answered with.
    pub fn unused(&self) -> Vec<i64> {
        self.state.unused()
    }

    /// Those of [`Serving::unused`] that are runs: what a strict replay wants asked for.
    pub fn unused_runs(&self) -> Vec<i64> {
        self.state.unused_runs()
    }

    /// The number of the first run that is served.
    pub fn first_run(&self) -> Option<i64> {
        self.state.first_run()
    }

    /// Stops listening and cuts off what is open.
    pub async fn stop(self) {
        self.server.stop(GRACE).await;
    }
}
