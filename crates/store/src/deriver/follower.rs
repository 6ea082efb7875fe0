//! Following exchanges: from what the store has of them to their pages.

use std::{collections::BTreeMap, time::Instant};

use rusqlite::Connection;
use scrubjay_session::{
    derive::{self, Commit, Deriver, Purpose, summary::Summary},
    exchange::{Ending, Exchange},
    listing::run_rows,
    shelf::{PageKind, Shelf as _, Watermark},
    verdict,
};

use super::{BYTES, DERIVE_VERSION, ROW_PACE, TOGETHER, TOGETHER_BYTES, forget};
use crate::{
    Store, StoreError, StoreShelf,
    table::{
        derivations,
        exchanges::{self, Known},
        pages, runs, settings, texts,
    },
};

/// Follows exchanges.
pub(super) struct Follower {
    pub(super) store: Store,
    pub(super) live: BTreeMap<i64, Live>,
    /// Last commits of exchanges, to be stored together.
    last: Vec<LastCommit>,
    last_bytes: usize,
    /// Some of them were not stored, and have to be looked at again.
    pub(super) left_behind: bool,
    /// Exchanges without an answer yet, of which the library knows what they
    /// ask for, and the length of the request it was read from.
    asked: BTreeMap<i64, u64>,
}

/// An exchange that is being followed.
pub(super) struct Live {
    shelf: StoreShelf,
    deriver: Deriver,
    /// The watermark that the store has, as far as is known here.
    stored: Option<(u32, Watermark)>,
    /// Frames in the library's rows, and when those were written.
    listed: Option<(u32, Instant)>,
    /// Chunks of the body when it was last looked at.
    chunks: u64,
}

/// The last commit of an exchange, and the watermark that it expects to find.
struct LastCommit {
    exchange: Exchange,
    commit: Commit,
    expected: Option<(u32, Watermark)>,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is more.
    More,
    /// The library's rows are behind, and not yet due.
    Later,
    /// All that is there has been seen.
    Done,
}

/// How an exchange goes on after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Followed {
    /// It is followed further.
    On(Progress),
    /// Another process has derived it meanwhile, or it was erased: look again.
    ByOthers,
    /// It has ended and is derived.
    ToTheEnd,
}

impl Follower {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            live: BTreeMap::new(),
            last: Vec::new(),
            last_bytes: 0,
            left_behind: false,
            asked: BTreeMap::new(),
        }
    }

    /// Forgets what it has in memory of exchanges: it is read again.
    pub(super) fn forget_all(&mut self) {
        *self = Self::new(self.store.clone());
    }

    /// Bytes of a body of this length that are derived, about.
    pub(super) fn share_done(&self, index: i64, len: u64) -> u64 {
        let Some(live) = self.live.get(&index) else { return 0 };
        let (done, chunks) = (live.deriver.next_chunk(), live.chunks.max(1));
        (u128::from(len) * u128::from(done.min(chunks)) / u128::from(chunks)) as u64
    }

    /// Follows an exchange to what is there of it.
    pub(super) fn finish(&mut self, index: i64) -> Result<(), StoreError> {
        while self.step(index)? == Progress::More {}
        self.live.remove(&index);
        Ok(())
    }

    pub(super) fn step(&mut self, index: i64) -> Result<Progress, StoreError> {
        let followed = match self.live.remove(&index) {
            Some(live) => Some((live.shelf.exchange(), live)),
            None => self.open(index)?.map(|(exchange, live)| (Ok(exchange), live)),
        };
        let Some((exchange, mut live)) = followed else {
            return Ok(Progress::Done);
        };
        match self.follow(index, &exchange?, &mut live)? {
            Followed::On(progress) => {
                self.live.insert(index, live);
                Ok(progress)
            }
            Followed::ByOthers => Ok(Progress::More),
            Followed::ToTheEnd => Ok(Progress::Done),
        }
    }

    /// Begins to follow an exchange; `None` if there is nothing to do.
    fn open(&mut self, index: i64) -> Result<Option<(Exchange, Live)>, StoreError> {
        let shelf = self.store.shelf(index);
        let exchange = match shelf.exchange() {
            Err(StoreError::NoSuchExchange { .. }) => {
                self.asked.remove(&index);
                return Ok(None);
            }
            exchange => exchange?,
        };
        let mut stored = self
            .store
            .read("the watermark", |conn| derivations::read(conn, index))?;
        if stored.is_some_and(|(version, _)| version != DERIVE_VERSION) {
            self.store.write("pages", |tx| forget(tx, index))?;
            stored = None;
        }
        // Only the head of the response decides what the body is read as.
        let unknown = exchange.response.is_none() && exchange.ending == Ending::Open;
        if unknown {
            self.list_request(index, &shelf, &exchange)?;
            return Ok(None);
        }
        self.asked.remove(&index);
        if stored.is_some_and(|(_, mark)| mark.finished) {
            if self.store.write("rows of the library", |tx| mend_rows(tx, &exchange))? {
                return Ok(None);
            }
            stored = None;
        }
        let deriver = match stored {
            Some(_) => Deriver::resume(&shelf, Purpose::Store)?,
            None => Deriver::new(&exchange, &shelf.request_body()?, Purpose::Store),
        };
        Ok(Some((
            exchange,
            Live {
                shelf,
                deriver,
                stored,
                listed: None,
                chunks: 0,
            },
        )))
    }

    /// Tells the library what a request asks for that has no answer yet, so
    /// that a run is listed as one from its beginning.
    fn list_request(&mut self, index: i64, shelf: &StoreShelf, exchange: &Exchange) -> Result<(), StoreError> {
        if self.asked.insert(index, exchange.request_len) == Some(exchange.request_len) {
            return Ok(());
        }
        let deriver = Deriver::new(exchange, &shelf.request_body()?, Purpose::Store);
        self.write_rows(index, exchange, deriver.summary(), None)
    }

    /// Derives some of what is there.
    fn follow(&mut self, index: i64, exchange: &Exchange, live: &mut Live) -> Result<Followed, StoreError> {
        live.deriver.set_holes(&exchange.holes);
        live.chunks = exchange.chunk_count;
        if live.deriver.next_chunk() < exchange.chunk_count {
            let before = live.deriver.next_chunk();
            let commits = derive::catch_up(&mut live.deriver, &live.shelf, exchange.chunk_count, BYTES)?;
            if !self.store_commits(index, exchange, live, commits)? {
                return Ok(Followed::ByOthers);
            }
            // In a damaged store chunks may be missing: then there is nothing more to come.
            let next = live.deriver.next_chunk();
            let is_through = next >= exchange.chunk_count || next == before;
            // What is through and has ended is ended in the same step, so that it need not be kept.
            if !is_through || (exchange.ending == Ending::Open && next != before) {
                return Ok(Followed::On(Progress::More));
            }
        }
        if exchange.ending != Ending::Open {
            let expected = live.stored;
            if let Some(commit) = derive::end(&mut live.deriver, &live.shelf, exchange.ending) {
                self.put_by(LastCommit {
                    exchange: exchange.clone(),
                    commit,
                    expected,
                });
            }
            if self.last.len() >= TOGETHER || self.last_bytes >= TOGETHER_BYTES {
                self.store_together()?;
            }
            return Ok(Followed::ToTheEnd);
        }
        self.update_rows(index, exchange, live).map(Followed::On)
    }

    /// Keeps a last commit until some come together.
    fn put_by(&mut self, last: LastCommit) {
        self.last_bytes += last.commit.pages.iter().map(|page| page.bytes.len()).sum::<usize>();
        self.last.push(last);
    }

    /// Stores the last commits that were put by, in one transaction. Of what
    /// others have derived something meanwhile, nothing is stored.
    pub(super) fn store_together(&mut self) -> Result<(), StoreError> {
        let last = std::mem::take(&mut self.last);
        self.last_bytes = 0;
        if last.is_empty() {
            return Ok(());
        }
        let stored = self.store.write("pages", |tx| {
            let mut all = true;
            for one in &last {
                let index = one.exchange.index;
                match is_as_expected(tx, index, one.expected)? {
                    true => write_commit(tx, index, &one.exchange, &one.commit)?,
                    false => all = false,
                }
            }
            Ok(all)
        });
        self.left_behind |= !matches!(stored, Ok(true));
        stored.map(drop)
    }

    /// Stores commits, each on condition that no other process has stored one;
    /// false if one has.
    fn store_commits(
        &mut self,
        index: i64,
        exchange: &Exchange,
        live: &mut Live,
        commits: Vec<Commit>,
    ) -> Result<bool, StoreError> {
        for commit in commits {
            let expected = live.stored;
            let stored = self.store.write("pages", |tx| {
                let is_ours = is_as_expected(tx, index, expected)?;
                if is_ours {
                    write_commit(tx, index, exchange, &commit)?;
                }
                Ok(is_ours)
            })?;
            if !stored {
                return Ok(false);
            }
            live.stored = Some((DERIVE_VERSION, commit.watermark));
            live.listed = Some((commit.summary.frames, Instant::now()));
        }
        Ok(true)
    }

    /// Writes what is known of an open exchange into the library's rows.
    fn update_rows(&self, index: i64, exchange: &Exchange, live: &mut Live) -> Result<Progress, StoreError> {
        let summary = live.deriver.summary();
        match live.listed {
            Some((frames, _)) if frames == summary.frames => return Ok(Progress::Done),
            Some((_, at)) if at.elapsed() < ROW_PACE => return Ok(Progress::Later),
            _ => {}
        }
        self.write_rows(index, exchange, summary, live.stored)?;
        live.listed = Some((summary.frames, Instant::now()));
        Ok(Progress::Done)
    }

    /// Writes what lists show of an open exchange, unless it has ended or was
    /// derived further since it was read.
    fn write_rows(
        &self,
        index: i64,
        exchange: &Exchange,
        summary: &Summary,
        expected: Option<(u32, Watermark)>,
    ) -> Result<(), StoreError> {
        let rows = run_rows(exchange, summary);
        self.store.write("rows of the library", |tx| {
            if !is_as_expected(tx, index, expected)? || exchanges::has_ended(tx, index)? != Some(false) {
                return Ok(());
            }
            runs::replace(tx, index, &rows)?;
            let revision = settings::next_revision(tx)?;
            exchanges::set_known(tx, index, known(exchange, summary, 0), revision)
        })
    }
}

/// Whether the exchange is there, derived as far as it was when its commit was made.
fn is_as_expected(conn: &Connection, index: i64, expected: Option<(u32, Watermark)>) -> rusqlite::Result<bool> {
    Ok(exchanges::has_ended(conn, index)?.is_some() && derivations::read(conn, index)? == expected)
}

/// Gives the row of an exchange that is derived what its pages say, if it does
/// not say so itself. False if they cannot be read: they are forgotten then.
fn mend_rows(conn: &Connection, exchange: &Exchange) -> rusqlite::Result<bool> {
    let index = exchange.index;
    if exchanges::is_derived(conn, index)? {
        return Ok(true);
    }
    let page = pages::read(conn, index, PageKind::Summary, 0)?;
    let Some(summary) = page.and_then(|page| Summary::from_page(&page).ok()) else {
        forget(conn, index)?;
        return Ok(false);
    };
    runs::replace(conn, index, &run_rows(exchange, &summary))?;
    let revision = settings::next_revision(conn)?;
    exchanges::set_known(conn, index, known(exchange, &summary, DERIVE_VERSION), revision)?;
    Ok(true)
}

fn known<'a>(exchange: &Exchange, summary: &'a Summary, derived: u32) -> Known<'a> {
    Known {
        frames: summary.frames,
        is_run: verdict::is_run(exchange, summary),
        derived,
        thread_id: &summary.thread_id,
    }
}

fn write_commit(conn: &Connection, index: i64, exchange: &Exchange, commit: &Commit) -> rusqlite::Result<()> {
    for page in &commit.pages {
        pages::put(conn, index, page)?;
    }
    for (span, _, text) in &commit.span_texts {
        texts::add(conn, index, *span, text)?;
    }
    runs::replace(conn, index, &run_rows(exchange, &commit.summary))?;
    derivations::put(conn, index, DERIVE_VERSION, commit.watermark)?;
    let derived = if commit.watermark.finished { DERIVE_VERSION } else { 0 };
    let revision = settings::next_revision(conn)?;
    exchanges::set_known(conn, index, known(exchange, &commit.summary, derived), revision)
}

#[cfg(test)]
mod tests {
    use scrubjay_session::exchange::{HttpVersion, RequestHead, ResponseHead};

    use super::*;
    use crate::{Access, absorb, table::exchanges::NewExchange};

    const INDEX: i64 = 1;

    /// A store with an exchange that is open and has been answered.
    fn store(folder: &tempfile::TempDir) -> Store {
        let store = Store::open(&folder.path().join("a.db"), Access::Create).unwrap();
        let head = RequestHead {
            version: HttpVersion::Http11,
            ..RequestHead::default()
        };
        let new = NewExchange {
            id: None,
            spool: None,
            source: "a",
            upstream: "http://up",
            head: &head,
            started_at_us: 1,
            revision: 1,
        };
        let insert = |tx: &Connection| {
            assert_eq!(exchanges::insert(tx, &new)?, INDEX);
            absorb::put_response(tx, INDEX, &ResponseHead::default(), Some(1))
        };
        store.write("an exchange", |tx| insert(tx)).unwrap();
        store
    }

    fn end(store: &Store) {
        let ended = store.write("an end", |tx| exchanges::end(tx, INDEX, Ending::Complete, 2));
        ended.unwrap();
    }

    fn behind(store: &Store) -> Vec<i64> {
        store.behind(0, 10).unwrap()
    }

    #[test]
    fn a_stale_row_does_not_overwrite_a_finished_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        // One process reads the exchange while it is open, and waits for its turn to write.
        let slow = Follower::new(store.clone());
        let stale = store.exchange(INDEX).unwrap();
        end(&store);
        slow.write_rows(INDEX, &stale, &Summary::default(), None).unwrap();
        let runs = store.read("runs", |conn| {
            conn.query_row("SELECT count(*) FROM runs", [], |row| row.get::<_, i64>(0))
        });
        assert_eq!(runs.unwrap(), 0, "it has ended");
        store.derive_now().unwrap();
        assert!(behind(&store).is_empty());
        slow.write_rows(INDEX, &stale, &Summary::default(), None).unwrap();
        assert!(behind(&store).is_empty(), "it is derived");
    }

    #[test]
    fn a_row_that_holds_less_than_its_pages_is_mended() {
        for has_pages in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let store = store(&folder);
            end(&store);
            store.derive_now().unwrap();
            let tallies = store.tallies().unwrap();
            let spoil = store.write("a stale row", |tx| {
                if !has_pages {
                    pages::delete_some(tx, INDEX, u32::MAX)?;
                }
                exchanges::set_known(tx, INDEX, Known::default(), 9)
            });
            spoil.unwrap();
            assert_eq!(behind(&store), [INDEX]);
            store.derive_now().unwrap();
            assert!(behind(&store).is_empty());
            assert_eq!(store.tallies().unwrap(), tallies);
        }
    }
}
