//! axe-core on the page: what a person who cannot see it well, or uses no mouse, would stumble over.

use std::fs;

use fantoccini::wd::TimeoutConfiguration;
use serde_json::{Value, json};

use super::{PATIENCE, Page};

/// Where the set-up installs it.
const AXE: &str = "target/axe/node_modules/axe-core/axe.min.js";
/// What each view is judged in: a wide window and a narrow one.
const SIZES: [(u32, u32); 2] = [(1440, 900), (1000, 700)];
const THEMES: [&str; 2] = ["dark", "light"];

/// All rules of axe-core, best practices too.
const RUN: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, {resultTypes: ['violations']}).then(found => done(found.violations), error => done(String(error)));";

/// Returns after the page has been laid out and painted again.
const TWO_FRAMES: &str = "const done = arguments[arguments.length - 1]; \
    requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";

/// What axe-core found in the views that were shown so far.
#[derive(Debug, Default)]
pub struct Audit {
    views: usize,
    violations: Vec<String>,
}

impl Audit {
    /// Judges what the page shows now, in each theme at each size, and puts theme and size back.
    pub async fn view(&mut self, page: &Page, name: &str) {
        for (width, height) in SIZES {
            resize(page, width, height).await;
            for theme in THEMES {
                show_in(page, theme).await;
                let found = run(page).await;
                self.take(&found, &format!("{name}, {theme}, {width} px"));
            }
        }
        resize(page, SIZES[0].0, SIZES[0].1).await;
        self.views += 1;
    }

    fn take(&mut self, found: &Value, view: &str) {
        let list = found.as_array();
        for violation in list.unwrap_or_else(|| panic!("axe-core could not judge {view}: {found}")) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (rule, impact, help) = (
                text(&violation["id"]),
                text(&violation["impact"]),
                text(&violation["help"]),
            );
            for node in violation["nodes"].as_array().into_iter().flatten() {
                let (html, why) = (text(&node["html"]), text(&node["failureSummary"]));
                let why = why.replace('\n', "\n    ");
                self.violations.push(format!(
                    "{view}\n  {impact} {rule}: {help}\n    {}\n    {html}\n    {why}",
                    node["target"]
                ));
            }
        }
    }

    /// Fails with each violation: its view, rule, selector, HTML, and what would mend it.
    pub fn end(self) {
        assert!(self.views > 0, "nothing was judged");
        let count = self.violations.len();
        assert!(count == 0, "{count} violations:\n\n{}", self.violations.join("\n\n"));
    }
}

async fn resize(page: &Page, width: u32, height: u32) {
    let resized = page.client.set_window_size(width, height).await;
    resized.expect("the window can be resized");
    let taken = format!("Math.abs(window.innerWidth - {width}) < 40");
    page.wait_until("the page has the width of the window", &taken).await;
    let painted = page.client.execute_async(TWO_FRAMES, vec![]).await;
    painted.expect("the page paints");
    // A pane that moves into sight or out of it has arrived.
    let rests = "!document.getAnimations().some(one => one instanceof CSSTransition)";
    page.wait_until("nothing moves", rests).await;
}

/// The page as the settings would show it in a theme.
async fn show_in(page: &Page, theme: &str) {
    let script = "document.documentElement.dataset.theme = arguments[0];";
    let set = page.client.execute(script, vec![json!(theme)]).await;
    set.expect("the theme can be set");
}

async fn run(page: &Page) -> Value {
    if page.eval("return typeof window.axe").await != json!("object") {
        let axe = fs::read_to_string(AXE);
        let axe = axe.unwrap_or_else(|error| panic!("{AXE} ({error}): `cargo xtask setup` installs it"));
        page.eval(&axe).await;
        let patience = TimeoutConfiguration::new(Some(PATIENCE), Some(PATIENCE), None);
        let set = page.client.update_timeouts(patience).await;
        set.expect("the time for a script can be set");
    }
    let found = page.client.execute_async(RUN, vec![]).await;
    found.expect("axe-core should answer")
}
