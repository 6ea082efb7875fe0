//! A page of another site, in a real Chromium, while `serve`, `record` and `replay` run and a tab of `serve` is let in.

mod stage;

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use stage::{
    PATIENCE, Page,
    record::{self, Recording},
    replay::Replaying,
    serve::{serve, take_in},
};

const SAMPLE: &str = "recordings/reasoning.agui.jsonl";
/// A name of another site that points to this machine, as DNS rebinding makes it.
const EVIL: &str = "evil.example";
/// What the agent answers.
const OF_THE_AGENT: &str = "secret-of-the-agent";

/// A server that hears heads and answers each with the same.
struct Site {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&heads);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let (heard, answer) = (Arc::clone(&heard), answer.clone());
                // A browser may open connections that it does not use yet.
                std::thread::spawn(move || {
                    let mut request = vec![0; 65536];
                    let len = stream.read(&mut request).unwrap_or_default();
                    if len > 0 {
                        let head = String::from_utf8_lossy(&request[..len]).to_ascii_lowercase();
                        heard.lock().expect("no holder panics").push(head);
                        stream.write_all(answer.as_bytes()).ok();
                    }
                });
            }
        });
        Self { port, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no holder panics").clone()
    }
}

fn answer(media_type: &str, fields: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\n{fields}content-length: {len}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// The recorded request and what its answer holds that nothing else does.
fn sample() -> (String, String, Vec<String>) {
    let text = std::fs::read_to_string(SAMPLE).expect("the sample is there");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let request = lines
        .iter()
        .find(|line| line["kind"] == "request")
        .expect("it has a request");
    let url = request["url"].as_str().expect("it has an address");
    let target = url.splitn(4, '/').nth(3).unwrap_or_default();
    let messages = lines.iter().filter_map(|line| line["event"]["messageId"].as_str());
    let mut secrets: Vec<String> = messages.map(str::to_owned).collect();
    secrets.dedup();
    assert!(!secrets.is_empty(), "the answer has messages");
    secrets.push("Which is larger".to_owned());
    (format!("/{target}"), request["input"].to_string(), secrets)
}

fn get(url: &str) -> Value {
    json!({"method": "GET", "url": url, "body": null})
}

fn post(url: &str, body: &str) -> Value {
    json!({"method": "POST", "url": url, "body": body})
}

/// What is tried against each of the three.
struct Targets {
    serve: u16,
    record: u16,
    replay: u16,
    run: String,
    input: String,
}

impl Targets {
    fn of_serve(&self, host: &str) -> Vec<Value> {
        let at = |path: &str| format!("http://{host}:{}{path}", self.serve);
        let file = std::fs::read_to_string(SAMPLE).expect("the sample is there");
        vec![
            get(&at("/")),
            get(&at("/?token=0000")),
            get(&at("/api/export?exchange=1")),
            get(&at("/api/body?exchange=1")),
            get(&at("/api/news")),
            post(&at("/api/ask"), r#"{"ask":"open","exchange":1}"#),
            post(&at("/api/ask"), r#"{"ask":"erase","exchanges":[1]}"#),
            post(&at("/api/enter"), "{}"),
            post(&at("/api/ticket"), "/api/export?exchange=1"),
            post(&at("/api/import?name=x"), &file),
        ]
    }

    fn of_record(&self, host: &str) -> Vec<Value> {
        let at = |path: &str| format!("http://{host}:{}{path}", self.record);
        vec![get(&at("/info")), post(&at("/agent"), &self.input)]
    }

    fn of_replay(&self, host: &str) -> Vec<Value> {
        self.of_replay_at(self.replay, host)
    }

    fn of_replay_at(&self, port: u16, host: &str) -> Vec<Value> {
        let at = |path: &str| format!("http://{host}:{port}{path}");
        vec![
            get(&at(&self.run)),
            post(&at(&self.run), &self.input),
            post(&at("/nothing/of/the/kind"), &self.input),
        ]
    }
}

async fn try_all(page: &Page, targets: &[Value]) -> Vec<(String, String)> {
    let script = include_str!("stage/foreign.js");
    let tried = page
        .client
        .execute_async(script, vec![json!(targets)])
        .await
        .expect("the script should run");
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let tried = tried.as_array().expect("a list").iter();
    tried.map(|one| (text(one, "what"), text(one, "read"))).collect()
}

/// What a page of another origin may learn of a request: that it failed, or that something is there.
fn is_nothing(read: &str) -> bool {
    let read = read.trim();
    let is_out_of_reach = ["", "no document", "SecurityError"].map(|inside| format!("loaded  {inside}"));
    ["0", "silence", "error", "SecurityError", "TypeError", "opaque 0", "true", "false", "loaded"].contains(&read)
        || read.starts_with("error ")
        // A frame, an object or a script of another origin loads, with its document out of reach.
        || is_out_of_reach.iter().any(|known| known == read)
}

fn port_of(url: &str) -> u16 {
    let authority = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let port = authority.rsplit_once(':').expect("the address has a port").1;
    port.parse().expect("a port is a number")
}

struct Everything {
    page: Page,
    upstream: Site,
    evil: Site,
    recording: Recording,
    replay: Replaying,
    served: stage::Running,
    targets: Targets,
    secrets: Vec<String>,
}

impl Everything {
    async fn start(folder: &Path, store: &Path) -> Self {
        take_in(store, "reasoning.agui.jsonl");
        let upstream = Site::start(answer(
            "text/html",
            "",
            &format!("<!doctype html><p>{OF_THE_AGENT}</p>"),
        ));
        let evil = Site::start(answer(
            "text/html",
            "access-control-allow-origin: *\r\n",
            "<!doctype html><title>evil</title><body>of the evil page</body>",
        ));
        let recording = Recording::start(store, &format!("http://127.0.0.1:{}", upstream.port), &[]);
        let replay = Replaying::start(Path::new(SAMPLE), &["--pace", "instant"]);
        let (served, url) = serve(store);
        let (run, input, secrets) = sample();
        let targets = Targets {
            serve: port_of(&url),
            record: port_of(&recording.url),
            replay: port_of(&replay.url),
            run,
            input,
        };
        let rules = format!("--host-resolver-rules=MAP {EVIL} 127.0.0.1");
        let page = Page::tab_with(&url, &folder.join("profile"), (1200, 800), &[&rules]).await;
        page.wait_for(".lib-row[data-exchange]").await;
        Self {
            page,
            upstream,
            evil,
            recording,
            replay,
            served,
            targets,
            secrets,
        }
    }

    /// Opens another tab beside the one that is let in.
    async fn tab(&self, url: &str) {
        let tab = self.page.client.new_window(true).await.expect("a tab can be opened");
        self.page
            .client
            .switch_to_window(tab.handle)
            .await
            .expect("it can be turned to");
        self.page.client.goto(url).await.expect("the page should open");
    }

    fn holds_nothing_of_ours(&self, what: &str, text: &str) {
        for secret in self.secrets.iter().map(String::as_str).chain([OF_THE_AGENT]) {
            assert!(!text.contains(secret), "`{what}` was read: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_reads_nothing_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let all = Everything::start(folder.path(), &store).await;
    let (page, targets) = (&all.page, &all.targets);
    let before = record::read(&store, "list", &["--all"]);

    // What the script reads where it may, so that reading nothing means something.
    // It asks a replay of its own: what that reports late must not be counted below.
    let open = Replaying::start(Path::new(SAMPLE), &["--pace", "instant"]);
    all.tab(&format!("http://localhost:{}/", all.evil.port)).await;
    let may_be_read = targets.of_replay_at(port_of(&open.url), "127.0.0.1");
    let read = try_all(page, &may_be_read).await;
    let is_read = |(what, read): &&(String, String)| what.starts_with("fetch POST") && read.contains(&all.secrets[0]);
    assert!(
        read.iter().any(|one| is_read(&one)),
        "a page of this machine reads the replay: {read:?}"
    );

    all.tab(&format!("http://{EVIL}:{}/", all.evil.port)).await;
    let own = try_all(page, &[get(&format!("http://localhost:{}/", all.evil.port))]).await;
    assert!(
        own.iter().any(|(_, read)| read.contains("of the evil page")),
        "the page reads what is open: {own:?}"
    );
    let mut count = 0;
    for host in ["127.0.0.1", "localhost"] {
        for tried in [targets.of_serve(host), targets.of_record(host), targets.of_replay(host)] {
            for (what, read) in try_all(page, &tried).await {
                all.holds_nothing_of_ours(&what, &read);
                assert!(is_nothing(&read), "`{what}` of another site gave: {read}");
                count += 1;
            }
        }
    }
    eprintln!("{count} attempts of a page of another site");
    for line in all.replay.answers() {
        assert!(
            line["exchange"].is_null() && line["status"] == 403,
            "an answer was used up: {line}"
        );
    }

    // The tab that is let in is let in still, and what was recorded is as it was.
    let tabs = page.client.windows().await.expect("there are tabs");
    page.client
        .switch_to_window(tabs[0].clone())
        .await
        .expect("it can be turned to");
    page.eval("location.reload()").await;
    page.wait_for(".lib-row[data-exchange]").await;
    let after = record::read(&store, "list", &["--all"]);
    assert_eq!(after[..before.len()], before, "what was recorded is as it was");
    let added = &after[before.len()..];
    assert!(
        added.iter().all(|line| line["source"] != before[0]["source"]),
        "only what went through the recorder was added: {added:?}"
    );
    close(all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_made_to_point_here_reads_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let all = Everything::start(folder.path(), &store).await;
    let (page, targets) = (&all.page, &all.targets);
    let before = record::read(&store, "list", &["--all"]);
    for (port, tried) in [
        (targets.serve, targets.of_serve(EVIL)),
        (targets.replay, targets.of_replay(EVIL)),
        (targets.record, targets.of_record(EVIL)),
    ] {
        // The document is of the same origin as what it asks, so it reads every answer.
        all.tab(&format!("http://{EVIL}:{port}/")).await;
        all.holds_nothing_of_ours("the document", &page.text("html").await);
        let read = try_all(page, &tried).await;
        let of_fetch = read.iter().filter(|(what, _)| what.starts_with("fetch "));
        for (what, read) in of_fetch {
            assert!(read.starts_with("basic 403 "), "`{what}` was not refused: {read}");
        }
        for (what, read) in &read {
            all.holds_nothing_of_ours(what, read);
            assert!(!read.contains("opened"), "`{what}` was opened");
        }
    }
    assert_eq!(
        record::read(&store, "list", &["--all"]),
        before,
        "nothing was recorded or changed"
    );
    assert!(
        all.upstream.heads().is_empty(),
        "the agent was not asked: {:?}",
        all.upstream.heads()
    );
    close(all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_servers_of_this_machine_see_nothing_that_lets_them_in() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let all = Everything::start(folder.path(), &store).await;
    let page = &all.page;
    let token = page.eval("return sessionStorage.getItem('scrubjay.token')").await;
    let token = token.as_str().expect("the tab holds its token").to_owned();
    let cookies = page.client.get_all_cookies().await.expect("cookies can be listed");
    assert!(cookies.is_empty(), "{cookies:?}");

    // Through the capture path, and at another server: at the same name, on another port.
    for port in [all.targets.record, all.evil.port] {
        for host in ["127.0.0.1", "localhost"] {
            all.tab(&format!("http://{host}:{port}/hello")).await;
            let stored = page
                .eval("return JSON.stringify([sessionStorage, localStorage, document.cookie])")
                .await;
            assert!(!stored.to_string().contains(&token), "{stored}");
        }
    }
    let heads = [all.upstream.heads(), all.evil.heads()].concat();
    assert!(
        heads.iter().filter(|head| head.starts_with("get /hello")).count() >= 4,
        "{heads:?}"
    );
    for head in &heads {
        for ours in [token.as_str(), "scrubjay", "cookie:"] {
            assert!(!head.contains(ours), "`{ours}` was sent: {head}");
        }
    }
    close(all).await;
}

async fn close(all: Everything) {
    // A tab that a test opened may hold connections open.
    tokio::time::timeout(PATIENCE, all.page.close())
        .await
        .expect("the browser should close");
    assert_eq!(all.served.interrupt(), 0, "serve should end cleanly");
    assert_eq!(all.replay.stop(), 0, "the replay should end cleanly");
    assert_eq!(all.recording.stop(), 0, "the recorder should end cleanly");
}
