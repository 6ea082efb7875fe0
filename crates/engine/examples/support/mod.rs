//! What the examples share.

pub(crate) mod stream;

use std::{error::Error, time::Duration};

use scrubjay_session::exchange::{Ending, HttpVersion, RequestHead, ResponseHead};
use scrubjay_store::{Access, Store};

use self::stream::Stream;

/// From one event to the next.
const GAP_US: u64 = 500;

/// Records a made-up exchange of so many events into the store at `path`, as
/// a source would, and derives it. Gives its number.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn write_synthetic(path: &std::path::Path, events: u64) -> Result<i64, Box<dyn Error>> {
    let store = Store::open(path, Access::Create)?;
    let spool = store.record()?;
    let request = RequestHead {
        method: "POST".into(),
        target: "/synthetic".into(),
        version: HttpVersion::Http11,
        headers: vec![("content-type".into(), b"application/json".to_vec())],
        delivered_headers: None,
    };
    let response = ResponseHead {
        status: 200,
        version: HttpVersion::Http11,
        headers: vec![("content-type".into(), b"text/event-stream".to_vec())],
        delivered_headers: None,
    };
    let labels = [("synthetic".to_owned(), events.to_string())];
    let mut sink = spool.begin(
        "synthetic",
        "http://127.0.0.1:1",
        &request,
        &labels,
        1_760_000_000_000_000,
    );
    sink.request_body(&Stream::request_body(), 10);
    sink.response(&response, 1_000);
    let mut stream = Stream::new(events);
    let (mut frame, mut at_us) = (String::new(), 1_000);
    while stream.next_frame(&mut frame) {
        at_us += GAP_US;
        sink.chunk(frame.as_bytes(), at_us);
        // The spool need not hold all of it at once.
        if at_us.is_multiple_of(2_000_000) {
            spool.settle(Duration::from_secs(60));
        }
    }
    sink.end(Ending::Complete, at_us);
    if !spool.finish(Duration::from_secs(120)) {
        return Err("the store did not take everything within two minutes".into());
    }
    store.derive_now()?;
    store
        .indexes()?
        .last()
        .copied()
        .ok_or_else(|| "the store is empty".into())
}
