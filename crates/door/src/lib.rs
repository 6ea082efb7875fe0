//! The HTTP side of `scrubjay serve`: the same page as in the window, in a browser.
//!
//! A [`Door`] binds an address, prints nothing itself, and answers until it is
//! stopped. Its address carries a token that works once.
//!
//! ```no_run
//! use scrubjay_door::{Door, DoorOptions};
//! use scrubjay_engine::{Engine, Options};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(&Options::default())?;
//! let door = Door::open(engine, DoorOptions::default()).await?;
//! println!("{}", door.url());
//! door.serve(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! - `guard`: hosts and origins of requests. `keys`: tokens and tickets.
//! - `router`: which address needs what, and the headers of every answer.
//! - `api`: questions, news, import, export, bytes.
//! - `page`: the files of the page, embedded when this crate was compiled.
//! - `connections`: accepted, served, and finished at the end.
//!
//! # Addresses
//!
//! | address | does |
//! |---|---|
//! | `GET /?token=…` | the page, which posts the token of its address to `/api/enter`; reading it uses nothing up |
//! | `POST /api/enter` | takes the printed token, once; gives `{"token":"…"}` for this session |
//! | `POST /api/ask` | a question as JSON in; the answer's bytes out, or a report with status 4xx or 5xx |
//! | `GET /api/news` | server-sent events, each `data` one piece of news as JSON |
//! | `POST /api/import?name=…` | takes a recording file; gives `{"exchanges":[…]}` |
//! | `GET /api/export?exchange=1&exchange=2` | a recording file |
//! | `GET /api/body?exchange=1` | bytes of the response; `&of=request`, `&of=decoded` |
//! | `POST /api/ticket` | takes the address of one of these two downloads; gives `{"address":"…"}`, which opens it once, within 30 s |
//!
//! A token travels in the field `x-scrubjay-token`, never in a cookie: a browser
//! sends cookies of `127.0.0.1` to every port of the machine.
//!
//! # Invariants
//!
//! Nothing is answered to a foreign host or a foreign origin. Nothing that was
//! recorded is answered without a token or a ticket, and nothing that a browser
//! sends by itself is one. Every answer carries the content security policy. No
//! answer is built in memory that grows with an exchange. An answer that panics
//! fails alone.
//!
//! # What is not here
//!
//! No meaning: questions and answers are the engine's. No HTML of ours but a
//! report's: a refusal is plain text. No TLS, no names, no accounts: it is a door on the
//! same machine.

mod api;
mod connections;
mod error;
mod guard;
mod keys;
mod page;
mod report;
mod router;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use scrubjay_engine::{Engine, bind_socket};
use tokio::net::TcpListener;

pub use self::{
    error::DoorError,
    page::is_built,
    report::{HeldRecording, write_report},
};
use self::{
    guard::Guard,
    keys::{Keys, OnNewToken},
};

/// What a page of ours may load, and from where: nothing but this door.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Called with an address that works, token included.
pub type OnNewUrl = Box<dyn Fn(&str) + Send + Sync>;

pub struct DoorOptions {
    /// Where to listen; port 0 picks one.
    pub listen: SocketAddr,
    /// Called with a fresh address each time a token was used, so that
    /// another browser can be let in.
    pub on_new_url: Option<OnNewUrl>,
}

impl Default for DoorOptions {
    /// The contract's `127.0.0.1:5292`.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5292)),
            on_new_url: None,
        }
    }
}

/// Binds an address for [`Door::open_on`].
///
/// # Errors
/// When the address cannot be bound.
pub fn listen(address: SocketAddr) -> Result<std::net::TcpListener, DoorError> {
    let bind = |source| DoorError::Bind { address, source };
    bind_socket(address).map_err(bind)
}

/// A bound address with the page behind it.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What all requests share.
pub(crate) struct Shared {
    engine: Engine,
    guard: Guard,
    keys: Keys,
}

impl Door {
    /// Binds the address. Nothing is answered before [`Door::serve`].
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn open(engine: Engine, options: DoorOptions) -> Result<Self, DoorError> {
        Self::open_on(engine, listen(options.listen)?, options.on_new_url)
    }

    /// As [`Door::open`], at an address that is bound already, so that it is
    /// known to be free before there is an engine.
    ///
    /// # Errors
    /// When the runtime does not take the socket.
    pub fn open_on(
        engine: Engine,
        socket: std::net::TcpListener,
        on_new_url: Option<OnNewUrl>,
    ) -> Result<Self, DoorError> {
        let serve = |source| DoorError::Serve { source };
        let address = socket.local_addr().map_err(serve)?;
        let listener = TcpListener::from_std(socket).map_err(serve)?;
        let on_new_token = on_new_url.map(|call| -> OnNewToken { Box::new(move |token| call(&url(address, token))) });
        Ok(Self {
            listener,
            address,
            shared: Arc::new(Shared {
                engine,
                guard: Guard::new(address),
                keys: Keys::new(on_new_token),
            }),
        })
    }

    /// The address to open, with the token that works now.
    pub fn url(&self) -> String {
        url(self.address, &self.shared.keys.entry_token())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What listening here exposes, as a sentence; nothing on loopback.
    pub fn exposure(&self) -> Option<String> {
        (!self.address.ip().is_loopback()).then(|| {
            format!(
                "{} can be reached from other machines: whoever gets the address with its token can read every \
                 recording, and the connection is not encrypted.",
                self.address
            )
        })
    }

    /// Answers until `until` is done; news feeds end at once, other answers are finished.
    pub async fn serve(self, until: impl Future<Output = ()>) {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let router = router::router(Arc::clone(&self.shared), stopped);
        let until = async move {
            until.await;
            stop.send_replace(true);
        };
        connections::serve(self.listener, router, until).await;
    }
}

fn url(address: SocketAddr, token: &str) -> String {
    let host = match address.ip() {
        // "Everywhere" is no address to open.
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}/?token={token}", SocketAddr::new(host, address.port()))
}
