//! A door from outside: who is let in, and what passes through.

#![expect(clippy::unwrap_used, reason = "in a test a failure is a panic")]

use std::path::Path;

use futures_util::StreamExt as _;
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use scrubjay_door::{CONTENT_SECURITY_POLICY, Door, DoorOptions};
use scrubjay_engine::{Engine, Opening, Options};
use serde_json::{Value, json};

const FILE: &str = r#"{"kind":"header","schemaVersion":1,"tool":"t","capturedAt":"2026-01-01T00:00:00Z","url":"http://h","transport":"sse","redacted":[]}
{"kind":"request","connId":"c1","tMs":0,"method":"POST","url":"http://h/agent","input":{"threadId":"t","runId":"r","state":{"n":1},"messages":[],"tools":[],"context":[],"forwardedProps":{}}}
{"kind":"event","connId":"c1","seq":1,"tMs":5,"event":{"type":"RUN_STARTED","threadId":"t","runId":"r"}}
{"kind":"event","connId":"c1","seq":2,"tMs":9,"event":{"type":"RUN_FINISHED","threadId":"t","runId":"r"}}
"#;

const TOKEN: &str = "x-scrubjay-token";

/// A door that answers, and a browser before it.
struct Visit {
    origin: String,
    token_url: String,
    token: Option<String>,
    client: Client,
    engine: Engine,
}

impl Visit {
    async fn at(store: &Path) -> Self {
        let options = Options {
            path: Some(store.to_owned()),
            opening: Opening::Window,
        };
        Self::of(Engine::open(&options).unwrap()).await
    }

    async fn of(engine: Engine) -> Self {
        let plan = DoorOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            on_new_url: None,
        };
        let door = Door::open(engine.clone(), plan).await.unwrap();
        let (origin, token_url) = (format!("http://{}", door.address()), door.url());
        tokio::spawn(door.serve(std::future::pending()));
        Self {
            origin,
            token_url,
            token: None,
            client: browser(),
            engine,
        }
    }

    /// Posts the token of the printed address, as the page does.
    async fn let_in(&mut self) -> Response {
        let (_, token) = self.token_url.split_once("/?token=").unwrap();
        let url = format!("{}/api/enter", self.origin);
        let entered = self.client.post(url).header(TOKEN, token).send().await.unwrap();
        if entered.status() == StatusCode::OK {
            let entered = json_of(entered).await;
            self.token = entered["token"].as_str().map(str::to_owned);
            return self.request("POST", "/api/enter").send().await.unwrap();
        }
        entered
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.origin));
        match &self.token {
            Some(token) => request.header(TOKEN, token),
            None => request,
        }
    }

    async fn ask(&self, ask: Value) -> Response {
        self.request("POST", "/api/ask")
            .body(ask.to_string())
            .send()
            .await
            .unwrap()
    }

    async fn import(&self) -> i64 {
        let response = self
            .request("POST", "/api/import?name=a.agui.jsonl")
            .body(FILE)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let imported = json_of(response).await;
        imported["exchanges"][0].as_i64().unwrap()
    }
}

fn browser() -> Client {
    // No TLS is spoken here, but a client is not built without; a second installing is refused, which is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

/// By the length in the head, and by the bytes that come.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_too_large_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        path: Some(folder.path().join("store.db")),
        opening: Opening::Window,
    };
    let limits = scrubjay_engine::Limits::of_len(FILE.len() as u64);
    let engine = Engine::open_within(&options, limits).unwrap();
    let mut visit = Visit::of(engine).await;
    visit.let_in().await;
    visit.import().await;
    let larger = format!("{FILE}\n");
    let piece = larger.clone();
    let streamed = reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(piece)]));
    for body in [larger.into(), streamed] {
        let request = visit.request("POST", "/api/import?name=a.agui.jsonl").body(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let report = json_of(response).await;
        assert!(report["message"].as_str().unwrap().contains("the limit"), "{report}");
        assert!(report["hint"].as_str().unwrap().contains("--max-size"), "{report}");
    }
    assert_eq!(visit.engine.exchanges().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_token_works_once_and_only_for_who_posts_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    let outside = visit.ask(json!({"ask": "health"})).await;
    assert_eq!(outside.status(), StatusCode::FORBIDDEN);
    assert!(outside.text().await.unwrap().contains("scrubjay serve"));

    // Previews of links and HEAD use nothing up.
    for method in ["HEAD", "GET"] {
        let url = visit.token_url[visit.origin.len()..].to_owned();
        let looked = visit.request(method, &url).send().await.unwrap();
        assert!(!looked.headers().contains_key("set-cookie"), "{method}");
    }
    assert_eq!(
        visit.let_in().await.status(),
        StatusCode::OK,
        "a session's token gives itself"
    );
    assert_eq!(visit.ask(json!({"ask": "health"})).await.status(), StatusCode::OK);
    let session = visit.token.take();
    assert_eq!(
        visit.let_in().await.status(),
        StatusCode::FORBIDDEN,
        "the printed one is used"
    );
    visit.token = session;
    assert_eq!(visit.ask(json!({"ask": "health"})).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_opened_once_by_its_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    visit.let_in().await;
    let exchange = visit.import().await;
    let download = format!("/api/export?exchange={exchange}");
    let ticket = visit.request("POST", "/api/ticket").body(download.clone());
    let ticket = json_of(ticket.send().await.unwrap()).await;
    let address = ticket["address"].as_str().unwrap().to_owned();
    let not_one = visit.request("POST", "/api/ticket").body("/api/ask?");
    assert_eq!(not_one.send().await.unwrap().status(), StatusCode::BAD_REQUEST);

    // As a browser follows a link: nothing but the address.
    visit.token = None;
    let follow = async |method: &str, address: &str| visit.request(method, address).send().await.unwrap();
    assert_eq!(follow("GET", &download).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(follow("HEAD", &address).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    let saved = follow("GET", &address).await;
    assert_eq!(saved.status(), StatusCode::OK);
    assert!(saved.text().await.unwrap().contains("RUN_STARTED"));
    assert_eq!(follow("GET", &address).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    visit.let_in().await;
    let health = json!({"ask": "health"}).to_string();
    let check = async |name: &str, value: &str, expected: StatusCode| {
        let request = visit
            .request("POST", "/api/ask")
            .header(name, value)
            .body(health.clone());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), expected, "{name}: {value}");
        if expected == StatusCode::FORBIDDEN {
            assert_eq!(json_of(response).await["code"], "forbidden");
        }
    };
    check("origin", &visit.origin, StatusCode::OK).await;
    check("origin", "https://evil.example", StatusCode::FORBIDDEN).await;
    check("host", "evil.example", StatusCode::FORBIDDEN).await;
    check("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN).await;
    visit.token = Some("guessed".into());
    let guessed = visit.ask(json!({"ask": "health"})).await;
    assert_eq!(guessed.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_policy() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    let refused = visit.request("GET", "/api/news").send().await.unwrap();
    visit.let_in().await;
    let answered = visit.ask(json!({"ask": "health"})).await;
    let missing = visit.request("GET", "/no/such.file").send().await.unwrap();
    for response in [refused, answered, missing] {
        let headers = response.headers();
        assert_eq!(headers["content-security-policy"], CONTENT_SECURITY_POLICY);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_answered_and_failures_are_reports() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    visit.let_in().await;
    let exchange = visit.import().await;
    let opened = visit.ask(json!({"ask": "open", "exchange": exchange})).await;
    assert_eq!(opened.headers()["content-type"], "application/json");
    assert_eq!(json_of(opened).await["frames"], 2);
    let lanes = json!({"ask": "lanes", "exchange": exchange, "axis": "index", "from": 0.0, "to": 2.0, "width_px": 100});
    let lanes = visit.ask(lanes).await;
    assert_eq!(lanes.status(), StatusCode::OK);
    assert_eq!(lanes.headers()["content-type"], "application/octet-stream");

    let check = async |ask: Value, status: StatusCode, code: &str| {
        let response = visit.ask(ask).await;
        assert_eq!(response.status(), status);
        let report = json_of(response).await;
        assert_eq!(report["code"], code);
        assert!(report["message"].as_str().unwrap().ends_with('.'));
    };
    check(
        json!({"ask": "open", "exchange": 999}),
        StatusCode::NOT_FOUND,
        "not_found",
    )
    .await;
    check(json!({"ask": "nonsense"}), StatusCode::BAD_REQUEST, "bad_request").await;
    let huge = visit
        .request("POST", "/api/ask")
        .body(vec![b' '; 5 << 20])
        .send()
        .await
        .unwrap();
    assert_eq!(huge.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_comes_without_asking() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    visit.let_in().await;
    let feed = visit.request("GET", "/api/news").send().await.unwrap();
    assert_eq!(feed.headers()["content-type"], "text/event-stream");
    let mut pieces = feed.bytes_stream();
    visit.import().await;
    let mut heard = String::new();
    while !heard.contains(r#"data: {"news":"library"}"#) {
        let piece = tokio::time::timeout(std::time::Duration::from_secs(30), pieces.next());
        let piece = piece
            .await
            .expect("news comes within seconds")
            .expect("the feed stays open")
            .unwrap();
        heard.push_str(std::str::from_utf8(&piece).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_goes_out_and_comes_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut visit = Visit::at(&folder.path().join("store.db")).await;
    visit.let_in().await;
    let exchange = visit.import().await;
    let path = format!("/api/export?exchange={exchange}");
    let exported = visit.request("GET", &path).send().await.unwrap();
    let disposition = exported.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(
        disposition,
        format!("attachment; filename=\"scrubjay-{exchange}.agui.jsonl\"")
    );
    let file = exported.bytes().await.unwrap();
    let imported = visit
        .request("POST", "/api/import")
        .body(file.clone())
        .send()
        .await
        .unwrap();
    let again = json_of(imported).await["exchanges"][0].as_i64().unwrap();
    assert_ne!(again, exchange);

    let mut bodies = Vec::new();
    for exchange in [exchange, again] {
        let body = visit
            .request("GET", &format!("/api/body?exchange={exchange}"))
            .send()
            .await
            .unwrap();
        assert_eq!(body.headers()["content-type"], "application/octet-stream");
        bodies.push(body.text().await.unwrap());
    }
    assert_eq!(bodies[0], bodies[1]);
    assert!(bodies[0].starts_with("data: {\"type\":\"RUN_STARTED\""));

    let nothing = visit.request("GET", "/api/export").send().await.unwrap();
    assert_eq!(nothing.status(), StatusCode::BAD_REQUEST);
    let absent = visit.request("GET", "/api/export?exchange=999").send().await.unwrap();
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
    let garbage = visit
        .request("POST", "/api/import?name=x.txt")
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(garbage).await["code"], "bad_file");
    assert!(visit.engine.close());
}
