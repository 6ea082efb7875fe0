//! A run that is recorded while the page follows it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    Spread,
    stage::{
        agent::Agent,
        flow::{add_source, ask_agent, key, open_first_run},
        record,
    },
    stream::Stream,
    webview::Webview,
};

const WATCHED: Duration = Duration::from_secs(16);
/// Between two counts.
const COUNTED_EVERY: Duration = Duration::from_millis(400);
/// Between two writes of the agent.
const TICK: Duration = Duration::from_millis(10);

/// How the page kept up.
pub(crate) struct Followed {
    pub(crate) frames: f64,
    /// From asking `list` for the number of events to the playhead at that number, in milliseconds.
    pub(crate) behind: Spread,
    /// Counts that the playhead had not reached when the watch ended.
    pub(crate) missed: usize,
    /// Events a second that came.
    pub(crate) came: f64,
}

/// Records so many events a second, and watches the playhead that follows them.
pub(crate) async fn follow(webview: Webview, events_a_second: u64) -> Followed {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let store = folder.path().join("store.db");
    let opened = webview.open(&store).await;
    let agent = Agent::start().await;
    let url = add_source(&opened.page, &agent).await;
    let speaker = agent.answer_by_hand();
    let client = ask_agent(&url).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let talking = {
        let is_over = Arc::clone(&is_over);
        thread::spawn(move || talk(&speaker, events_a_second, &is_over))
    };
    open_first_run(&opened.page).await;
    opened.page.press(key::END).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    opened.gesture("watch").await;
    let counts = {
        let store = store.clone();
        let counted = tokio::task::spawn_blocking(move || count(&store)).await;
        counted.expect("counting does not panic")
    };
    // What was counted last has as long as anything else to be shown.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let seen = opened.gesture("watched").await;
    let seen: Vec<(f64, f64)> = serde_json::from_value(seen).expect("moments and events");
    is_over.store(true, Ordering::Relaxed);
    talking.join().expect("the agent does not panic");
    client.abort();
    opened.page.close().await;
    compared(&seen, &counts)
}

fn compared(seen: &[(f64, f64)], counts: &[(f64, f64)]) -> Followed {
    let reached = |&(asked_ms, count): &(f64, f64)| {
        let at = seen.iter().find(|(_, seq)| *seq >= count)?.0;
        Some((at - asked_ms).max(0.0))
    };
    let behind: Vec<f64> = counts.iter().filter_map(reached).collect();
    let [(from_ms, least), .., (to_ms, most)] = counts else {
        panic!("`list` was asked less than twice")
    };
    let seconds = |from: f64, to: f64| ((to - from) / 1e3).max(1e-3);
    let (first, last) = (
        seen.first().map_or(0.0, |one| one.0),
        seen.last().map_or(0.0, |one| one.0),
    );
    Followed {
        frames: seen.len() as f64 / seconds(first, last),
        missed: counts.len() - behind.len(),
        behind: Spread::of(behind),
        came: (most - least) / seconds(*from_ms, *to_ms),
    }
}

/// Speaks until the watch is over.
fn talk(speaker: &UnboundedSender<Vec<u8>>, events_a_second: u64, is_over: &AtomicBool) {
    let mut stream = Stream::new(u64::MAX);
    let (mut frame, mut sent) = (String::new(), 0);
    let began = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        let due = began.elapsed().as_millis() as u64 * events_a_second / 1_000 + 1;
        let mut piece = Vec::new();
        while sent < due && stream.next_frame(&mut frame) {
            piece.extend_from_slice(frame.as_bytes());
            sent += 1;
        }
        if !piece.is_empty() && speaker.send(piece).is_err() {
            return;
        }
        thread::sleep(TICK);
    }
}

/// What `scrubjay list` counts, now and then: when it was asked, and how many events there were.
fn count(store: &Path) -> Vec<(f64, f64)> {
    let (mut counts, began) = (Vec::new(), Instant::now());
    while began.elapsed() < WATCHED {
        let asked_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |since| since.as_secs_f64() * 1e3);
        let listed = record::read(store, "list", &["--all"]);
        let frames = listed.first().and_then(|one| one["frames"].as_f64()).unwrap_or(0.0);
        counts.push((asked_ms, frames));
        thread::sleep(COUNTED_EVERY);
    }
    counts
}
