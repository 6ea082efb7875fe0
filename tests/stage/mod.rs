//! The stage: a display, a driver, an agent, and the product on it.
//!
//! Everything is started on free ports and ended when dropped. What is missing
//! on the machine is a failure that names it, never a skipped test.

#![allow(dead_code, unreachable_pub, reason = "each flow uses its own part of the stage")]

pub mod agent;
pub mod agents;
pub mod axe;
pub mod chat;
pub mod cli;
pub mod dev_server;
pub mod flow;
pub mod links;
pub mod node;
pub mod raw;
pub mod record;
pub mod replay;
pub mod serve;
pub mod web;

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

/// How long anything may take before a test gives up. Generous, because it
/// only decides when a failure is reported.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A child process that ends with its owner.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts a command; a missing program is named.
    pub fn start(command: &mut Command) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("`{program}` could not be started ({error}); `cargo xtask setup` installs what tests need")
        });
        Self(child)
    }

    /// Starts a command whose stdout is piped, and gives its lines.
    pub fn start_talking(command: &mut Command) -> (Self, std::io::Lines<BufReader<std::process::ChildStdout>>) {
        let mut running = Self::start(command.stdout(Stdio::piped()));
        let stdout = running.0.stdout.take().expect("stdout is piped");
        (running, BufReader::new(stdout).lines())
    }

    /// Sends SIGINT and waits.
    pub fn interrupt(mut self) -> i32 {
        let done = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "the process had already ended"
        );
        self.0.wait().expect("a child can be waited for").code().unwrap_or(-1)
    }

    /// Kills it the hard way and waits.
    pub fn kill(mut self) {
        self.0.kill().expect("the process should still run");
        self.0.wait().expect("a child can be waited for");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A driver that is asked to end takes its browser with it; one that is killed leaves it.
        Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .stderr(Stdio::null())
            .status()
            .ok();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A virtual screen.
#[derive(Debug)]
pub struct Display {
    /// `:7`, for the variable `DISPLAY`.
    pub name: String,
    _xvfb: Running,
}

impl Display {
    /// Starts Xvfb on a free number.
    pub fn start() -> Self {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut xvfb = Running::start(&mut command);
        let stdout = xvfb.0.stdout.take().expect("stdout is piped");
        let mut number = String::new();
        BufReader::new(stdout)
            .read_line(&mut number)
            .expect("Xvfb names its display");
        assert!(!number.trim().is_empty(), "Xvfb ended without naming a display");
        Self {
            name: format!(":{}", number.trim()),
            _xvfb: xvfb,
        }
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A binary of this workspace, built by the test command.
pub fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("a test knows its own path");
    let folder = tests.ancestors().nth(2).expect("tests lie in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "{} is missing: `cargo build --workspace` makes it",
        path.display()
    );
    path
}

/// A page under a driver: the window, or a tab.
#[derive(Debug)]
pub struct Page {
    /// The driver's client.
    pub client: Client,
    _driver: Running,
    /// Goes away behind the driver and what it started.
    _profile: Option<tempfile::TempDir>,
}

impl Page {
    /// Opens the real window on a display.
    pub async fn window(display: &Display, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("WebKitWebDriver");
        command.args([&format!("--port={port}"), "--host=127.0.0.1"]);
        command
            .env("DISPLAY", &display.name)
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        command
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env_remove("WAYLAND_DISPLAY");
        // What the page remembers is the test's, and not that of the person who runs it.
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        command
            .env("XDG_DATA_HOME", profile.path())
            .env("XDG_CACHE_HOME", profile.path());
        let driver = Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
        let options = json!({"binary": binary("scrubjay-desktop"), "args": arguments});
        Self {
            client: connect(port, "webkitgtk:browserOptions", options).await,
            _driver: driver,
            _profile: Some(profile),
        }
    }

    /// Opens a tab of a headless Chromium, `width` × `height`.
    pub async fn tab(url: &str, profile: &Path, size: (u32, u32)) -> Self {
        Self::tab_with(url, profile, size, &[]).await
    }

    /// The same with further arguments of Chromium.
    pub async fn tab_with(url: &str, profile: &Path, size: (u32, u32), more: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = Running::start(&mut command);
        let mut arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            format!("--window-size={},{}", size.0, size.1),
            format!("--user-data-dir={}", profile.display()),
        ]);
        let list = arguments.as_array_mut().expect("it is a list");
        list.extend(more.iter().map(|argument| json!(argument)));
        let options = json!({"args": arguments});
        let client = connect(port, "goog:chromeOptions", options).await;
        client.goto(url).await.expect("the page should open");
        Self {
            client,
            _driver: driver,
            _profile: None,
        }
    }

    /// Waits until a selector matches something.
    pub async fn wait_for(&self, css: &str) -> fantoccini::elements::Element {
        let wait = self.client.wait().at_most(PATIENCE).every(Duration::from_millis(50));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => panic!(
                "nothing matched `{css}` ({error}); the page says: {}",
                self.text("body").await
            ),
        }
    }

    /// Waits until a script returns true.
    pub async fn wait_until(&self, what: &str, script: &str) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let script = format!("return Boolean({script})");
            if self
                .client
                .execute(&script, vec![])
                .await
                .is_ok_and(|value| value == json!(true))
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "waited in vain until {what}; the page says: {}",
            self.text("body").await
        );
    }

    /// What a script returns.
    pub async fn eval(&self, script: &str) -> Value {
        self.client
            .execute(script, vec![])
            .await
            .expect("the script should run")
    }

    /// The text of the first match, or nothing.
    pub async fn text(&self, css: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); return found ? found.innerText : '';";
        let value = self
            .client
            .execute(script, vec![json!(css)])
            .await
            .unwrap_or(Value::Null);
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks the first match, when it can be seen: a pane may still be moving into sight.
    pub async fn click(&self, css: &str) {
        let element = self.wait_for(css).await;
        let seen = format!(
            "document.querySelector({}).checkVisibility({{visibilityProperty: true}})",
            json!(css)
        );
        self.wait_until(&format!("`{css}` is in sight"), &seen).await;
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("`{css}` cannot be clicked: {error}"));
    }

    /// Types into the focused element; keys by their WebDriver code points.
    pub async fn press(&self, keys: &str) {
        let body = self.client.active_element().await.expect("something has the focus");
        body.send_keys(keys).await.expect("keys can be sent");
    }

    /// Moves the mouse to a place of the viewport.
    pub async fn move_to(&self, (x, y): (f64, f64)) {
        let duration = Some(Duration::ZERO);
        self.mouse(PointerAction::MoveTo { duration, x, y }).await;
    }

    /// Presses the left button where the mouse is.
    pub async fn press_button(&self) {
        let button = MOUSE_BUTTON_LEFT;
        self.mouse(PointerAction::Down { button }).await;
    }

    /// Lets it go.
    pub async fn release_button(&self) {
        let button = MOUSE_BUTTON_LEFT;
        self.mouse(PointerAction::Up { button }).await;
    }

    async fn mouse(&self, action: PointerAction) {
        let actions = MouseActions::new("mouse".to_owned()).then(action);
        self.client
            .perform_actions(actions)
            .await
            .expect("the mouse can be moved");
    }

    /// Place and size of the first match: x, y, width, height.
    pub async fn rect(&self, css: &str) -> [f64; 4] {
        let script = "const r = document.querySelector(arguments[0]).getBoundingClientRect(); \
                      return [r.x, r.y, r.width, r.height];";
        let value = self.client.execute(script, vec![json!(css)]).await;
        let value = value.unwrap_or_else(|error| panic!("`{css}` has no place: {error}"));
        serde_json::from_value(value).expect("four numbers")
    }

    /// Writes a screenshot, for people.
    pub async fn screenshot(&self, path: &Path) {
        let png = self.client.screenshot().await.expect("a screenshot can be taken");
        std::fs::write(path, png).expect("the screenshot can be written");
    }

    /// Ends the session, and with it the window.
    pub async fn close(self) {
        self.client.close().await.expect("the session should end");
    }
}

async fn connect(port: u16, key: &str, options: Value) -> Client {
    let mut capabilities = Map::new();
    capabilities.insert(key.to_owned(), options);
    let url = format!("http://127.0.0.1:{port}");
    let began = Instant::now();
    loop {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder.capabilities(capabilities.clone()).connect(&url).await {
            Ok(client) => return client,
            // The driver has been started a moment ago; it is not a race to wait for its port.
            Err(error) if began.elapsed() > PATIENCE => panic!("no session at {url}: {error}"),
            Err(_not_yet) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
