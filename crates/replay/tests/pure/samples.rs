//! The sample recordings, each served to a client that asks what was asked.

use std::{fs, sync::Arc};

use scrubjay_replay::{IncomingRequest, MatchOptions, Matcher, Recorded, ScheduleOptions, matching::Answer};
use scrubjay_session::memory::MemoryShelf;
use scrubjay_testkit::corpus::workspace;
use serde_json::Value;

use crate::stage::{joined, played, renamed};

/// A sample's exchanges, with their bodies.
fn sample(file: &[u8]) -> Vec<(Recorded, Vec<u8>)> {
    let recording = scrubjay_recording::read(file).expect("a sample should be readable");
    let exchanges = recording.exchanges.into_iter().map(|recorded| {
        let body = recorded.body.clone();
        let shelf = MemoryShelf::bare(recorded.exchange, recorded.request_body, recorded.chunks, recorded.body);
        (Recorded::open(Arc::new(shelf)).unwrap(), body)
    });
    exchanges.collect()
}

/// What was asked, under other ids in the same places.
fn asked(recorded: &Recorded, place: usize) -> IncomingRequest {
    let request = &recorded.exchange.request;
    let mut body = recorded.request_body.to_vec();
    if let Ok(input) = serde_json::from_slice::<Value>(&body) {
        let thread = format!("live-{}", input["threadId"].as_str().unwrap_or_default());
        body = serde_json::to_vec(&renamed(&input, &thread, &format!("live-run-{place}"))).unwrap();
    }
    IncomingRequest {
        method: request.method.clone(),
        target: request.target.clone(),
        headers: request.headers.clone(),
        body,
        isolation: None,
    }
}

#[test]
fn every_sample_answers_its_own_requests_in_order() {
    let folder = workspace().join("recordings");
    let mut samples = 0;
    for entry in fs::read_dir(&folder).expect("recordings/ is needed") {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".agui.jsonl") {
            continue;
        }
        samples += 1;
        let exchanges = sample(&fs::read(&path).unwrap());
        let rules = MatchOptions {
            strict: true,
            ..MatchOptions::default()
        };
        let matcher = Matcher::new(exchanges.iter().map(|(recorded, _)| recorded.clone()).collect(), rules);
        for (place, (recorded, body)) in exchanges.iter().enumerate() {
            let Answer::Hit(hit) = matcher.ask(&asked(recorded, place)) else {
                panic!("{}, exchange {place}, should be answered", path.display());
            };
            assert_eq!(hit.recorded, place, "{}: {}", path.display(), hit.why);
            let (parts, _) = played(recorded, ScheduleOptions::default());
            assert!(joined(&parts) == *body, "{}, exchange {place}", path.display());
        }
        assert_eq!(matcher.unused(), [0; 0], "{}", path.display());
    }
    assert!(samples > 10, "only {samples} samples in {}", folder.display());
}
