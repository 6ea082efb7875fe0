//! Drags the playhead over the newest exchange of a store, in the real window
//! under a virtual display, and prints how the page kept up.
//!
//! ```text
//! cargo run --release -p scrubjay-engine --example synthetic -- STORE
//! cargo build [--release] -p scrubjay-desktop
//! cargo run [--release] -p scrubjay-desktop --example scrub -- STORE
//! ```

#![expect(clippy::print_stdout, reason = "an example prints its results")]

#[path = "../../tests/stage/mod.rs"]
mod stage;

use std::{error::Error, time::Instant};

use stage::{Display, Page};

/// Moves of the mouse from the left to the right.
const MOVES: u32 = 240;

/// Notes when the screen got a frame, the playhead another place, and the panes another frame.
const WATCH: &str = "
    const watched = window.watched = {on: true, frames: [], playhead: [], state: []};
    const canvas = document.querySelector('.painted ~ .painted .lanes-canvas');
    watched.paintings = -Number(canvas.dataset.painted);
    let place, seq;
    const tick = at => {
        if (!watched.on) return;
        watched.frames.push(at);
        const now = document.querySelector('.playhead').style.transform;
        if (now !== place) { place = now; watched.playhead.push(at); }
        const shown = document.querySelector('[data-pane=state]')?.dataset.asOf;
        if (shown !== seq) { seq = shown; watched.state.push(at); }
        requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);";

/// Frames a second and the longest wait of each, and how often the canvas was painted.
const RESULT: &str = "
    const watched = window.watched;
    watched.on = false;
    const shown = times => {
        const gaps = times.slice(1).map((at, n) => at - times[n]).sort((a, b) => a - b);
        const a_second = 1000 * gaps.length / (times.at(-1) - times[0]);
        return `${a_second.toFixed(0)} a second, median ${gaps[gaps.length >> 1].toFixed(0)} ms, \
p95 ${gaps[Math.floor(gaps.length * 0.95)].toFixed(0)} ms`;
    };
    const painted = watched.paintings + Number(document.querySelector('.painted ~ .painted .lanes-canvas').dataset.painted);
    return `screen ${shown(watched.frames)}\\nplayhead ${shown(watched.playhead)}\\n\
state pane ${shown(watched.state)}\\npaintings of the canvas: ${painted}`;";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = std::env::args().nth(1).ok_or("usage: scrub STORE")?;
    let display = Display::start();
    let page = Page::window(&display, &["--store", &store, "--no-samples"]).await;
    page.wait_for(".lib-row[data-exchange]").await;
    let began = Instant::now();
    page.click(".lib-row[data-exchange] .title").await;
    page.wait_for("[data-pane=lanes][data-state=ready] .lanes-canvas[data-painted]")
        .await;
    page.wait_for("[data-pane=state][data-state=ready]").await;
    println!("open, with lanes and state: {} ms", began.elapsed().as_millis());

    let [x, y, width, _] = page.rect(".lanes-area").await;
    let at = |part: f64| (x + width * (0.1 + 0.8 * part), y + 8.0);
    page.move_to(at(0.0)).await;
    page.press_button().await;
    page.eval(WATCH).await;
    for step in 1..=MOVES {
        page.move_to(at(f64::from(step) / f64::from(MOVES))).await;
    }
    let result = page.eval(RESULT).await;
    page.release_button().await;
    println!("{}", result.as_str().unwrap_or_default());
    page.close().await;
    Ok(())
}
