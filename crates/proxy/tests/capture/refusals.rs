//! What is not forwarded, and the answers to it.

use std::sync::Arc;

use scrubjay_proxy::{Listener, ServeError, Source, Upstream, recorder::Discard, serve};
use scrubjay_testkit::Step;

use crate::{Proxied, get};

async fn proxied() -> Proxied {
    Proxied::playing(vec![Step::head(&["HTTP/1.1 200 OK", "content-length: 0"])]).await
}

#[tokio::test]
async fn it_is_no_open_proxy() {
    let proxied = proxied().await;
    let check = async |line: &str, sentence: &str| {
        let answer = proxied
            .answer(&format!("{line} HTTP/1.1\r\nhost: example.com\r\naccept: */*\r\n\r\n"))
            .await;
        assert_eq!(answer.status(), 403, "{line}");
        assert!(answer.text().contains(sentence), "{line}: {}", answer.text());
    };
    check("GET http://example.com/", "not to example.com").await;
    check("POST http://127.0.0.1:1/x", "not to 127.0.0.1:1").await;
    check("CONNECT example.com:443", "opens no tunnels").await;
    assert_eq!(proxied.agent.connections(), 0);
    assert_eq!(proxied.recorder.exchanges(), []);
    assert_eq!(proxied.running.counts().refused, 3);
}

#[tokio::test]
async fn a_frontend_that_uses_it_as_a_proxy_for_its_own_agent_is_served() {
    let proxied = proxied().await;
    for origin in [proxied.agent.url(), proxied.running.url()] {
        let answer = proxied.answer(&get(&format!("{origin}/agent?x=1"))).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(proxied.agent.asked().pop().unwrap().line(), "GET /agent?x=1 HTTP/1.1");
    }
    assert_eq!(proxied.recorder.ended(2).await[0].request.target, "/agent?x=1");
}

#[tokio::test]
async fn a_client_that_merely_offers_http_2_gets_http_1() {
    let proxied = proxied().await;
    let head = "GET / HTTP/1.1\r\nhost: f\r\naccept: */*\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n";
    assert_eq!(proxied.answer(head).await.status(), 200);
    let asked = &proxied.agent.asked()[0];
    assert!(
        asked.values("upgrade").is_empty() && asked.values("http2-settings").is_empty(),
        "{}",
        asked.head
    );
}

#[tokio::test]
async fn a_source_that_would_forward_to_itself_does_not_start() {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let itself = Upstream::parse(&format!("localhost:{}", listener.address().port())).unwrap();
    let Err(error) = serve(listener, Source::new("loop", itself), Arc::new(Discard)) else {
        panic!("a loop should not start");
    };
    assert!(matches!(error, ServeError::Loop { .. }));
    assert!(error.to_string().contains("itself listens on") && !error.hint().is_empty());
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_counted() {
    let proxied = proxied().await;
    let head = "GET / HTTP/1.1\r\nhost: rebound.example:5290\r\naccept: */*\r\n\r\n";
    let answer = proxied.answer(head).await;
    assert_eq!(answer.status(), 403);
    assert!(
        answer.text().contains("--allow-host rebound.example "),
        "{}",
        answer.text()
    );
    let noted = proxied.running.sightings().borrow().last_refusal.clone();
    assert!(noted.unwrap().contains("rebound.example:5290"));
    assert_eq!(proxied.running.counts().refused, 1);
    assert_eq!(proxied.agent.connections(), 0);
    assert_eq!(proxied.recorder.exchanges(), []);
}
