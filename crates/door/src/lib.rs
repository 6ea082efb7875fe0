//! The HTTP side of `scrubjay serve`: the same page as in the window, in a browser.
//!
//! A [`Door`] binds an address, prints nothing itself, and answers until it is
//! told to stop. The address it gives carries a token that works once.
//!
//! ```no_run
//! use scrubjay_door::{Door, Plan};
//! use scrubjay_engine::{Engine, Options};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::open(&Options::default())?;
//! let door = Door::open(engine, Plan::default()).await?;
//! println!("{}", door.url());
//! door.serve(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//!
//! - `guard`: who may ask: host, origin. `keys`: what opens: tokens, tickets.
//! - `api`: questions, news, import, export, bytes.
//! - `page`: the files of the page, embedded when this crate was compiled.
//! - `connections`: accepting them, and letting them go.
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
//! No meaning: questions and answers are the engine's. No HTML of ours: a
//! refusal is plain text. No TLS, no names, no accounts: it is a door on the
//! same machine.

#![warn(missing_docs)]

mod api;
mod connections;
mod error;
mod guard;
mod keys;
mod page;

use std::{
    net::{Ipv4Addr, SocketAddr},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use futures_util::FutureExt as _;
use scrubjay_engine::Engine;
use scrubjay_ipc::{Code, Report};
use socket2::SockRef;
use tokio::net::TcpListener;

pub use self::{error::DoorError, page::is_built};
use self::{
    guard::{Guard, Refusal},
    keys::{Keys, OnNewToken},
};

/// What a page of ours may load, and from where: nothing but this door.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Connections that may wait to be accepted. The system may have a lower limit
/// of its own.
const BACKLOG: i32 = 4096;

/// Called with an address that works, token included.
pub type OnNewUrl = Box<dyn Fn(&str) + Send + Sync>;

/// Where to listen, and whom to tell of new addresses.
pub struct Plan {
    /// Where to listen; port 0 picks one.
    pub listen: SocketAddr,
    /// Called with a fresh address each time a token was used, so that
    /// another browser can be let in.
    pub on_new_url: Option<OnNewUrl>,
}

impl Default for Plan {
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
    let socket = std::net::TcpListener::bind(address).map_err(bind)?;
    // The library lets 128 wait; asked again, the system takes the new number.
    SockRef::from(&socket).listen(BACKLOG).map_err(bind)?;
    socket.set_nonblocking(true).map_err(bind)?;
    Ok(socket)
}

/// A bound address with the page behind it.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    room: Arc<Room>,
}

/// What all requests share.
pub(crate) struct Room {
    engine: Engine,
    guard: Guard,
    keys: Keys,
}

impl Door {
    /// Binds the address. Nothing is answered before [`Door::serve`].
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn open(engine: Engine, plan: Plan) -> Result<Self, DoorError> {
        Self::open_on(engine, listen(plan.listen)?, plan.on_new_url)
    }

    /// As [`Door::open`], at an address that is bound already: for whoever
    /// wants to know that it is free before there is an engine.
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
        let on_new_token = on_new_url.map(|tell| -> OnNewToken { Box::new(move |token| tell(&url(address, token))) });
        Ok(Self {
            listener,
            address,
            room: Arc::new(Room {
                engine,
                guard: Guard::new(address),
                keys: Keys::new(on_new_token),
            }),
        })
    }

    /// The address to open, with the token that works now.
    pub fn url(&self) -> String {
        url(self.address, &self.room.keys.entry_token())
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
        let router = router(Arc::clone(&self.room), stopped);
        let until = async move {
            until.await;
            stop.send_replace(true);
        };
        connections::serve(self.listener, router, until).await;
    }
}

fn router(room: Arc<Room>, stopped: tokio::sync::watch::Receiver<bool>) -> Router {
    let admitted = middleware::from_fn_with_state(Arc::clone(&room), admitted);
    Router::new()
        // The routes of this one want a token or a ticket.
        .merge(api::router(stopped).route_layer(admitted))
        .merge(api::entrance())
        .fallback(page)
        .layer(middleware::from_fn_with_state(Arc::clone(&room), guarded))
        .with_state(room)
}

fn url(address: SocketAddr, token: &str) -> String {
    let host = match address.ip() {
        // "Everywhere" is no address to open.
        ip if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}/?token={token}", SocketAddr::new(host, address.port()))
}

/// The checks before and the headers after every answer.
async fn guarded(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    let is_api = is_api(&request);
    let checked = room
        .guard
        .check_site(request.method(), request.uri(), request.headers());
    let mut response = match checked {
        Ok(()) => AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_panic| broken()),
        Err(refusal) => refused(refusal, is_api),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets a request pass that carries a session's token, or the ticket of its download.
async fn admitted(State(room): State<Arc<Room>>, request: Request, next: Next) -> Response {
    if *request.method() == Method::HEAD {
        // It would do all the work for nothing, and use a ticket up.
        return page::text(StatusCode::METHOD_NOT_ALLOWED, "Ask with GET or POST.");
    }
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let with_ticket = match *request.method() {
        Method::GET => room.keys.use_ticket(address),
        _ => None,
    };
    match with_ticket.unwrap_or_else(|| room.keys.check_token(request.headers())) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refused(refusal, true),
    }
}

/// The answer of a request that panicked; the panic itself is on standard error.
fn broken() -> Response {
    api::report(&Report::new(
        Code::Internal,
        "This question met a mistake in Scrubjay, and was given up.",
        "Everything else goes on; please report what standard error says.",
    ))
}

fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with("/api/")
}

fn refused(refusal: Refusal, is_api: bool) -> Response {
    if is_api {
        return api::report(&Report::new(Code::Forbidden, refusal.sentence(), refusal.hint()));
    }
    page::text(
        StatusCode::FORBIDDEN,
        &format!("{} {}", refusal.sentence(), refusal.hint()),
    )
}

/// The page is no secret: what it may ask depends on the token that it holds.
async fn page(request: Request) -> Response {
    if is_api(&request) {
        return api::report(&Report::new(
            Code::NotFound,
            "There is no such address.",
            "Reload the page: it may be from another version.",
        ));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return page::text(StatusCode::METHOD_NOT_ALLOWED, "The page is only for reading.");
    }
    page::file(request.uri().path(), request.headers())
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use scrubjay_engine::{Opening, Options};

    use super::*;

    #[tokio::test]
    async fn a_question_that_panics_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            path: Some(folder.path().join("store.db")),
            opening: Opening::Window,
        };
        let engine = Engine::open(&options).unwrap();
        let door = Door::open(
            engine,
            Plan {
                listen: "127.0.0.1:0".parse().unwrap(),
                on_new_url: None,
            },
        )
        .await
        .unwrap();
        let panics = || async { assert!(std::hint::black_box(false), "a mistake made for the test") };
        let router = Router::new()
            .route("/api/broken", get(panics))
            .fallback(page)
            .layer(middleware::from_fn_with_state(Arc::clone(&door.room), guarded));
        let (origin, listener) = (format!("http://{}", door.address), door.listener);
        tokio::spawn(connections::serve(listener, router, std::future::pending()));
        drop(rustls::crypto::ring::default_provider().install_default());
        for _ in 0..3 {
            let broken = reqwest::get(format!("{origin}/api/broken")).await.unwrap();
            assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(broken.headers()["content-security-policy"], CONTENT_SECURITY_POLICY);
            let said = broken.text().await.unwrap();
            assert!(said.contains("Everything else goes on"), "{said}");
            let absent = reqwest::get(format!("{origin}/no.file")).await.unwrap();
            assert_eq!(absent.status(), StatusCode::NOT_FOUND);
        }
    }
}
