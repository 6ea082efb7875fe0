//! Which thread of A is which of B.
//!
//! An id that both sides have decides. Threads under other ids pair by what
//! their first request asks, and what is left, where that is wanted, in
//! order. Where the sides have sources of the same name, threads of one
//! source pair before others do: a thread that was recorded at two places is
//! in both, under one id.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// A thread, as far as pairing goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Name of the source that it came through.
    pub source: String,
    /// Its id; empty if it has none.
    pub id: String,
    /// What its first request asks, as a number.
    pub asked: Option<u64>,
    /// The same in words.
    pub asks: String,
}

impl Thread {
    /// Its id, or what it asks where it has none.
    pub fn name(&self) -> &str {
        match self.id.is_empty() {
            true => &self.asks,
            false => &self.id,
        }
    }
}

/// What made a pair of two threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairedBy {
    /// They have the same id.
    Id,
    /// Their first requests ask the same.
    Asked,
    /// Nothing but their order.
    Order,
}

impl PairedBy {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Asked => "what is asked",
            Self::Order => "order",
        }
    }

    /// The word for it in JSON.
    pub fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            other => other.as_str(),
        }
    }
}

/// Two threads that belong together, by their places; one end is absent for
/// a thread that only one side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadPair {
    /// A's.
    pub a: Option<u32>,
    pub b: Option<u32>,
    /// Why they belong together; absent for one that stands alone.
    pub by: Option<PairedBy>,
}

/// Pairs threads: A's in their order, then those that only B has. What is
/// left pairs in order only if `in_order` says so.
pub fn pair_threads(a: &[Thread], b: &[Thread], in_order: bool) -> Vec<ThreadPair> {
    let mut pairing = Pairing {
        a,
        b,
        of_a: vec![None; a.len()],
        free_b: vec![true; b.len()],
    };
    let named = |thread: &Thread| !thread.id.is_empty();
    let id = |thread: &Thread| named(thread).then(|| thread.id.clone());
    let source = |thread: &Thread| thread.source.clone();
    // Recordings made by tests may give one id to many threads: then what is asked tells them apart.
    pairing.each(PairedBy::Id, false, |thread| {
        Some((source(thread), id(thread)?, thread.asked))
    });
    pairing.each(PairedBy::Id, false, |thread| Some((id(thread)?, thread.asked)));
    pairing.each(PairedBy::Id, true, |thread| Some((source(thread), id(thread)?)));
    pairing.each(PairedBy::Id, true, id);
    pairing.each(PairedBy::Asked, false, |thread| Some((source(thread), thread.asked?)));
    pairing.each(PairedBy::Asked, false, |thread| thread.asked);
    pairing.each(PairedBy::Order, false, |thread| thread.asked.is_none().then_some(()));
    if in_order {
        pairing.each(PairedBy::Order, false, |thread| Some(source(thread)));
        pairing.each(PairedBy::Order, false, |_| Some(()));
    }
    pairing.pairs()
}

struct Pairing<'t> {
    a: &'t [Thread],
    b: &'t [Thread],
    of_a: Vec<Option<(u32, PairedBy)>>,
    free_b: Vec<bool>,
}

impl Pairing<'_> {
    /// Pairs what is left and has the same key, in order; `alone` asks that
    /// no other thread of its side has it.
    fn each<K: Hash + Eq>(&mut self, by: PairedBy, alone: bool, key: impl Fn(&Thread) -> Option<K>) {
        let mut left: HashMap<K, (Vec<u32>, VecDeque<u32>)> = HashMap::new();
        for (place, thread) in (0..).zip(self.a) {
            if let (None, Some(key)) = (self.of_a[place as usize], key(thread)) {
                left.entry(key).or_default().0.push(place);
            }
        }
        for (place, thread) in (0..).zip(self.b) {
            if let (true, Some(key)) = (self.free_b[place as usize], key(thread)) {
                left.entry(key).or_default().1.push_back(place);
            }
        }
        for (one, mut other) in left.into_values() {
            if alone && (one.len() > 1 || other.len() > 1) {
                continue;
            }
            for place in one {
                if let Some(partner) = other.pop_front() {
                    self.of_a[place as usize] = Some((partner, by));
                    self.free_b[partner as usize] = false;
                }
            }
        }
    }

    fn pairs(&self) -> Vec<ThreadPair> {
        let of_a = (0..).zip(&self.of_a).map(|(place, partner)| ThreadPair {
            a: Some(place),
            b: partner.map(|(partner, _)| partner),
            by: partner.map(|(_, by)| by),
        });
        let only_b = (0..).zip(&self.free_b).filter(|(_, free)| **free);
        let only_b = only_b.map(|(place, _)| ThreadPair {
            a: None,
            b: Some(place),
            by: None,
        });
        of_a.chain(only_b).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `source/id/asked`, parts that are empty left out.
    fn threads(texts: &str) -> Vec<Thread> {
        let thread = |text: &str| {
            let parts: Vec<&str> = text.split('/').collect();
            Thread {
                source: parts[0].to_owned(),
                id: parts[1].to_owned(),
                asked: parts[2].parse().ok(),
                asks: String::new(),
            }
        };
        texts.split_whitespace().map(thread).collect()
    }

    fn check(a: &str, b: &str, in_order: bool, expected: &str) {
        let pairs = pair_threads(&threads(a), &threads(b), in_order);
        let place = |place: Option<u32>| place.map_or("-".to_owned(), |place| place.to_string());
        let words = pairs.iter().map(|pair| {
            let by = pair.by.map_or("", PairedBy::code);
            format!("{}{}{by}", place(pair.a), place(pair.b))
        });
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected, "{a} | {b}");
    }

    #[test]
    fn an_id_decides_then_what_is_asked_then_order() {
        check("/t1/1 /t2/2", "/t2/1 /t1/2", true, "01id 10id");
        check("/t1/1 /t2/2", "/x/2 /y/1", true, "01asked 10asked");
        check("/t1/1 /t2/1", "/x/1 /y/1", true, "00asked 11asked");
        check("/t1/1 /t2/2", "/x/2 /y/9", true, "01order 10asked");
        check("/t1/1 /t2/2", "/x/2 /y/9", false, "0- 10asked -1");
        check("/t1/1", "/t1/1 /t2/2", true, "00id -1");
        check("/t1/1", "", true, "0-");
        check("", "", true, "");
    }

    #[test]
    fn one_id_for_many_threads_decides_nothing() {
        check("/t/1 /t/2", "/t/2 /t/1", true, "01id 10id");
        check("/t/1 /t/2", "/t/3", false, "0- 1- -0");
    }

    #[test]
    fn a_thread_at_two_sources_pairs_within_each() {
        check("app/t/1 agent/t/1", "agent/t/1 app/t/1", true, "01id 10id");
        check("app/t/1 agent/t/1", "agent/x/1 app/x/1", true, "01asked 10asked");
        check("app/t/1", "replay/x/1", true, "00asked");
    }
}
