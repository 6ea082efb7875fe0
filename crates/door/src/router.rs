//! Which address needs what, and the headers of every answer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use futures_util::FutureExt as _;
use scrubjay_ipc::{Code, Report};
use tokio::sync::watch;

use crate::{CONTENT_SECURITY_POLICY, Shared, api, guard::Refusal, page};

pub(crate) fn router(shared: Arc<Shared>, stopped: watch::Receiver<bool>) -> Router {
    let with_key = middleware::from_fn_with_state(Arc::clone(&shared), with_key);
    Router::new()
        // These routes need a token or a ticket.
        .merge(api::router(stopped).route_layer(with_key))
        .merge(api::entrance())
        .fallback(page)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), guarded))
        .with_state(shared)
}

/// The checks before and the headers after every answer.
async fn guarded(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let is_api = is_api(&request);
    let checked = shared
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
async fn with_key(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    if *request.method() == Method::HEAD {
        // It would do all the work for nothing, and use a ticket up.
        return page::text(StatusCode::METHOD_NOT_ALLOWED, "Ask with GET or POST.");
    }
    let address = request.uri().path_and_query().map_or("", |address| address.as_str());
    let with_ticket = match *request.method() {
        Method::GET => shared.keys.use_ticket(address),
        _ => None,
    };
    match with_ticket.unwrap_or_else(|| shared.keys.check_token(request.headers())) {
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

pub(crate) fn refused(refusal: Refusal, is_api: bool) -> Response {
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
    use scrubjay_engine::{Engine, Opening, Options};

    use super::*;
    use crate::{Door, DoorOptions, connections};

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
            DoorOptions {
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
            .layer(middleware::from_fn_with_state(Arc::clone(&door.shared), guarded));
        let (origin, listener) = (format!("http://{}", door.address), door.listener);
        tokio::spawn(connections::serve(listener, router, std::future::pending()));
        let _installed = rustls::crypto::ring::default_provider().install_default();
        for _ in 0..3 {
            let broken = reqwest::get(format!("{origin}/api/broken")).await.unwrap();
            assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(broken.headers()["content-security-policy"], CONTENT_SECURITY_POLICY);
            let text = broken.text().await.unwrap();
            assert!(text.contains("Everything else goes on"), "{text}");
            let absent = reqwest::get(format!("{origin}/no.file")).await.unwrap();
            assert_eq!(absent.status(), StatusCode::NOT_FOUND);
        }
    }
}
