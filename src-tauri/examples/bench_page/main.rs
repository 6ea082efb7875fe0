//! Prints how the page keeps up with gestures on the first exchange of a store's library, and with a live run.
//!
//! ```text
//! cargo xtask ui
//! cargo build --release --workspace
//! cargo run --release -p scrubjay-engine --example synthetic -- STORE
//! cargo run --release -p scrubjay-desktop --example bench_page -- tab|window STORE [PART…]
//! ```
//!
//! `tab` is headless Chromium over `scrubjay serve`, where WebGL runs in software; `window` is the real window
//! under a virtual display. The parts are those of [`PARTS`]; without any, all of them.

#![expect(clippy::print_stdout, reason = "an example prints its results")]

#[path = "../../../tests/stage/mod.rs"]
mod stage;
#[path = "../../../crates/engine/examples/support/stream.rs"]
#[allow(dead_code, reason = "the request is the stage's")]
mod stream;

mod live;
mod webview;

use std::{error::Error, path::Path};

use serde_json::Value;

use self::webview::Webview;

/// What can be measured, in this order.
const PARTS: [&str; 9] = [
    "open",
    "keys",
    "places",
    "scrub",
    "zoom",
    "pan",
    "fling",
    "live-30",
    "live-6900",
];
/// Pages that are opened anew for `open`, since only the first click finds the page cold.
const OPENED: usize = 7;
/// Times that a gesture is made.
const ROUNDS: usize = 3;

/// Median, 95th of a hundred, and the largest.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread {
    p50: f64,
    p95: f64,
    max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = (values.len() as f64 * part) as usize;
            values
                .get(place.min(values.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0.0)
        };
        Self {
            p50: at(0.5),
            p95: at(0.95),
            max: at(1.0),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: bench_page tab|window STORE [PART…]";
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [webview, store, wanted @ ..] = words.as_slice() else {
        return Err(usage.into());
    };
    let webview = match webview.as_str() {
        "tab" => Webview::Tab,
        "window" => Webview::Window,
        _ => return Err(usage.into()),
    };
    if let Some(unknown) = wanted.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(format!("there is no part `{unknown}`; the parts are {}", PARTS.join(", ")).into());
    }
    let is_wanted = |part: &&str| wanted.is_empty() || wanted.iter().any(|one| one == part);
    for part in PARTS.into_iter().filter(is_wanted) {
        match part {
            "open" => opened(webview, Path::new(store)).await,
            "live-30" => followed(webview, 30).await,
            "live-6900" => followed(webview, 6_900).await,
            gesture => handled(webview, Path::new(store), gesture).await,
        }
    }
    Ok(())
}

/// From the click on a run to each part of it on the screen, in pages that were just loaded.
async fn opened(webview: Webview, store: &Path) {
    let mut rounds = Vec::new();
    for _ in 0..OPENED {
        let opened = webview.open(store).await;
        opened.page.wait_for(".lib-row[data-exchange]").await;
        rounds.push(opened.gesture("open").await);
        opened.page.close().await;
    }
    println!("open, ms from the click, n {OPENED}: {}", medians(&rounds));
}

async fn handled(webview: Webview, store: &Path, part: &str) {
    let opened = webview.open(store).await;
    opened.page.wait_for(".lib-row[data-exchange]").await;
    opened.gesture("open").await;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(opened.gesture(part).await);
    }
    opened.page.close().await;
    println!("{part}, n {ROUNDS}: {}", medians(&rounds));
}

async fn followed(webview: Webview, events_a_second: u64) {
    let followed = live::follow(webview, events_a_second).await;
    let live::Followed {
        frames,
        behind,
        missed,
        came,
    } = followed;
    println!(
        "live at {events_a_second} ({came:.0} came): {frames:.1} frames a second, playhead after `list` p50 {:.0}, p95 {:.0}, max {:.0} ms, not reached {missed}",
        behind.p50, behind.p95, behind.max
    );
}

/// The median of each figure over the rounds, with its range.
fn medians(rounds: &[Value]) -> String {
    let names = rounds.first().and_then(Value::as_object).into_iter().flatten();
    let figure = |(name, value): (&String, &Value)| {
        if value.is_object() {
            let inner: Vec<Value> = rounds.iter().map(|round| round[name].clone()).collect();
            return format!("{name} ({})", medians(&inner));
        }
        let mut all: Vec<f64> = rounds.iter().filter_map(|round| round[name].as_f64()).collect();
        all.sort_by(f64::total_cmp);
        match all.as_slice() {
            [] => format!("{name} none"),
            [least, .., most] => format!("{name} {:.1} ({least:.1} to {most:.1})", all[all.len() / 2]),
            [one] => format!("{name} {one:.1}"),
        }
    };
    match rounds.first() {
        Some(Value::String(problem)) => problem.clone(),
        _ => names.map(figure).collect::<Vec<_>>().join(", "),
    }
}
