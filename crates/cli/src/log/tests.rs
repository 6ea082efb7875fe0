//! Lines of exchanges that cannot be read when their news comes.

use scrubjay_engine::{Engine, EngineError, Limits, Opening, Options};
use scrubjay_ipc::News;
use tempfile::TempDir;

use super::{Due, Log};
use crate::{args::Format, out::Out};

#[test]
fn an_end_that_cannot_be_read_waits_until_it_can() {
    let folder = TempDir::new().expect("a folder");
    let options = Options {
        path: Some(folder.path().join("s.db")),
        opening: Opening::Writing,
    };
    let Ok(engine) = Engine::open_within(&options, Limits::default()) else {
        panic!("an empty store opens");
    };
    let mut out = Out::new(Format::Json);
    let mut log = Log::new(&engine, &[], Some(0), &mut out);
    let unread = || Err(EngineError::Superseded);

    for index in [1, 2, 1] {
        assert!(log.end_with(index, unread()).is_ok());
    }
    assert_eq!(log.due, [Due::End(1), Due::End(2)]);
    // What is looked through when recording is over begins with it.
    assert_eq!(log.ended.prefix_end(), 0);

    // News of another exchange comes meanwhile.
    let grown = News::Grown {
        exchange: 3,
        frames: 1,
        duration_us: 1,
        live: false,
    };
    assert!(log.print_news(&grown).is_ok());
    assert!(log.ended.contains(3) && !log.ended.contains(1));

    // The store can be read again.
    assert!(log.print_due().is_ok());
    assert!(log.due.is_empty());
    assert_eq!(log.ended.prefix_end(), 3);
}
