//! What passes unrecorded while the spool cannot be written.
//!
//! An outage begins with the first write that fails, and ends once writes have
//! succeeded for a while: on a disk that is nearly full a short record may
//! still fit where a long one does not.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Writes succeed for so long before recording is reported to go on.
const CALM: Duration = Duration::from_secs(1);

/// The outage that is going on, if any.
#[derive(Debug, Default)]
pub(crate) struct Outages {
    is_on: AtomicBool,
    ongoing: Mutex<Option<Ongoing>>,
}

#[derive(Debug)]
struct Ongoing {
    first: FirstLoss,
    is_reported: bool,
    lost_bytes: u64,
    exchanges: BTreeSet<u32>,
    /// Since when writes succeed again.
    works_since: Option<Instant>,
}

/// Where an outage began.
#[derive(Clone, Debug)]
pub(crate) struct FirstLoss {
    pub(crate) why: String,
    /// Number of the exchange within the spool.
    pub(crate) number: u32,
    /// Its method and target.
    pub(crate) request: String,
    /// First byte of the body that is not recorded.
    pub(crate) offset: u64,
    pub(crate) in_request: bool,
}

/// What changed since it was last asked.
#[derive(Debug)]
pub(crate) enum OutageChange {
    Began(FirstLoss),
    Ended { lost_bytes: u64, exchanges: u64 },
}

impl Outages {
    fn lock(&self) -> MutexGuard<'_, Option<Ongoing>> {
        self.ongoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A write failed at this place, and so many bytes of a body are lost with
    /// it. Gives whether an outage began with that.
    pub(crate) fn failed(&self, lost_bytes: u64, place: FirstLoss) -> bool {
        let mut ongoing = self.lock();
        let is_new = ongoing.is_none();
        let number = place.number;
        let outage = ongoing.get_or_insert_with(|| Ongoing {
            first: place,
            exchanges: BTreeSet::new(),
            is_reported: false,
            lost_bytes: 0,
            works_since: None,
        });
        outage.lost_bytes += lost_bytes;
        if lost_bytes > 0 {
            outage.exchanges.insert(number);
        }
        outage.works_since = None;
        self.is_on.store(true, Relaxed);
        is_new
    }

    /// A write succeeded.
    pub(crate) fn wrote(&self) {
        if self.is_on.load(Relaxed)
            && let Some(outage) = &mut *self.lock()
        {
            outage.works_since.get_or_insert_with(Instant::now);
        }
    }

    /// Why nothing can be written now, if so.
    pub(crate) fn why(&self) -> Option<String> {
        self.lock().as_ref().map(|outage| outage.first.why.clone())
    }

    /// What changed, each change once. At the end what succeeds counts at once.
    pub(crate) fn turn(&self, is_end: bool) -> Option<OutageChange> {
        if !self.is_on.load(Relaxed) {
            return None;
        }
        let mut ongoing = self.lock();
        let outage = ongoing.as_mut()?;
        if !outage.is_reported {
            outage.is_reported = true;
            return Some(OutageChange::Began(outage.first.clone()));
        }
        let works = outage.works_since?;
        if !is_end && works.elapsed() < CALM {
            return None;
        }
        let ended = OutageChange::Ended {
            lost_bytes: outage.lost_bytes,
            exchanges: outage.exchanges.len() as u64,
        };
        *ongoing = None;
        self.is_on.store(false, Relaxed);
        Some(ended)
    }

    /// What an outage that never ended has cost so far.
    pub(crate) fn so_far(&self) -> Option<(u64, u64)> {
        let ongoing = self.lock();
        let outage = ongoing.as_ref()?;
        Some((outage.lost_bytes, outage.exchanges.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u32, offset: u64) -> FirstLoss {
        FirstLoss {
            why: "full".to_owned(),
            number,
            request: "GET /".to_owned(),
            offset,
            in_request: false,
        }
    }

    #[test]
    fn an_outage_is_reported_once_with_its_place_and_its_cost() {
        let outages = Outages::default();
        outages.wrote();
        assert!(outages.turn(false).is_none() && outages.why().is_none());
        assert!(outages.failed(10, place(1, 70)));
        assert!(!outages.failed(5, place(2, 0)));
        assert!(!outages.failed(0, place(3, 0)), "a head that waits is not lost");
        assert!(
            matches!(outages.turn(false), Some(OutageChange::Began(first)) if (first.number, first.offset) == (1, 70))
        );
        assert!(outages.turn(true).is_none(), "it is reported, and goes on");
        assert_eq!(outages.why().as_deref(), Some("full"));
        assert_eq!(outages.so_far(), Some((15, 2)));
        outages.wrote();
        assert!(
            !outages.failed(1, place(2, 9)),
            "a short record that fitted ends nothing"
        );
        assert!(outages.turn(true).is_none());
        outages.wrote();
        let ended = outages.turn(true);
        assert!(
            matches!(
                ended,
                Some(OutageChange::Ended {
                    lost_bytes: 16,
                    exchanges: 2
                })
            ),
            "{ended:?}"
        );
        assert!(outages.turn(true).is_none() && outages.why().is_none() && outages.so_far().is_none());
        assert!(outages.failed(1, place(4, 0)), "the next is another");
    }
}
