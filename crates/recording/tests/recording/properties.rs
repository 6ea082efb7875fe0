//! Any capture that was written comes back, and no input makes the reader panic.

use crate::sample::{Sample, written};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof, proptest},
    sample::{Index, select},
    test_runner::{Config, RngSeed},
};
use scrubjay_recording::{Packing, Sink, read};
use scrubjay_session::exchange::{Ending, Relayed};

/// Pieces of bodies: what servers send, and what they should not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let said = select(vec![
        &b"data: {\"type\":\"RUN_STARTED\"}\n\n"[..],
        b"data: {\"type\":\"CUSTOM\",\"value\":{\"a\":1,\"a\":2.0}}\n\n",
        b"data: {\"type\":\"RAW\"}\r\n\r\n",
        b"data:{\"type\":\"RAW\"}\n\n",
        b"data: {\"type\":\n",
        b"data: \"RAW\"}\n\n",
        b"data: null\n\n",
        b"data: [DONE]\n\n",
        b"event: e\r",
        b"id: 1\n",
        b": ping\n\n",
        b":\n\n",
        b"data: \xe2\x80\xa8\"\\ud83d\"\n\n",
        b"\xef\xbb\xbf",
        b"\n",
        b"\r",
    ]);
    prop_oneof![said.prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..12)]
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    vec(("[a-z-]{1,8}", vec(any::<u8>(), 0..8)), 0..3)
}

fn sample() -> impl Strategy<Value = Sample> {
    let facts = (
        headers(),
        proptest::option::of(headers()),
        vec(("[a-z]{1,3}", ".{0,5}"), 0..3),
        select(vec![
            Ending::Complete,
            Ending::UpstreamReset,
            Ending::UpstreamClosed,
            Ending::ClientLeft,
            Ending::NoAnswer,
        ]),
        any::<bool>(),
        vec(any::<u8>(), 0..12),
        0_i64..4_000_000_000_000_000,
        (proptest::option::of(any::<(u64, u64)>()), any::<bool>()),
    );
    (vec(piece(), 0..12), vec(any::<Index>(), 0..6), facts).prop_map(|(pieces, splits, facts)| {
        let body = pieces.concat();
        let mut splits: Vec<usize> = splits.iter().map(|at| at.index(body.len() + 1)).collect();
        splits.push(body.len());
        splits.sort_unstable();
        let mut sample = Sample::of_body(&body, &splits);
        let (headers, delivered, labels, ending, stands_once, request_body, started_at_us, passage) = facts;
        sample.exchange.request.headers.clone_from(&headers);
        sample.exchange.request.delivered_headers = delivered;
        sample.exchange.trailers = headers;
        sample.exchange.labels = labels;
        sample.exchange.ending = ending;
        sample.exchange.relayed = passage
            .0
            .map(|(sent_len, received_len)| Relayed { sent_len, received_len });
        sample.exchange.is_unverified = passage.1;
        sample.exchange.started_at_us = started_at_us;
        sample.stands_once = stands_once;
        sample.set_request_body(&request_body);
        sample
    })
}

/// One change to a file.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let tokens = select(vec![
        &b"{"[..],
        b"}",
        b"[[",
        b"\"",
        b"null",
        b"1e999",
        b"-1",
        b"18446744073709551616",
        b"\n",
        b"{\"kind\":\"event\"}\n",
        b"\"scrubjay\":{},",
    ]);
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), tokens.prop_map(<[u8]>::to_vec)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<Index>(), 1_usize..200).prop_map(|(at, len)| Change::Remove(at, len)),
        any::<Index>().prop_map(Change::Cut),
    ]
}

fn changed(mut file: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if file.is_empty() {
            break;
        }
        match change {
            Change::Set(at, byte) => {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            Change::Insert(at, bytes) => {
                let at = at.index(file.len());
                file.splice(at..at, bytes.iter().copied());
            }
            Change::Remove(at, len) => {
                let at = at.index(file.len());
                file.drain(at..file.len().min(at + len));
            }
            Change::Cut(at) => file.truncate(at.index(file.len())),
        }
    }
    file
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_written_is_read(samples in vec(sample(), 0..4)) {
        let recording = read(&written(&samples)[..]).unwrap();
        assert_eq!(recording.damage, None);
        assert_eq!(recording.exchanges.len(), samples.len());
        for (index, (sample, recorded)) in samples.iter().zip(&recording.exchanges).enumerate() {
            sample.assert_is(recorded, index as i64);
        }
    }

    #[test]
    fn a_changed_file_never_panics_and_adds_up(
        samples in vec(sample(), 1..3),
        changes in vec(change(), 1..5),
        packing in prop_oneof![3 => Just(Packing::Plain), 1 => Just(Packing::Gzip)],
        pack_first in any::<bool>(),
    ) {
        let pack = |bytes: &[u8]| {
            let mut sink = Sink::new(Vec::new(), packing);
            std::io::Write::write_all(&mut sink, bytes).unwrap();
            sink.finish().unwrap()
        };
        let file = written(&samples);
        let file = if pack_first { changed(pack(&file), &changes) } else { pack(&changed(file, &changes)) };
        let Ok(recording) = read(&file[..]) else { return Ok(()) };
        for recorded in &recording.exchanges {
            let sum: u64 = recorded.chunks.iter().map(|chunk| chunk.len).sum();
            assert_eq!(sum, recorded.body.len() as u64);
            assert!(recorded.chunks.is_sorted_by_key(|chunk| chunk.at_us));
            assert!(recorded.chunks.is_sorted_by_key(|chunk| chunk.offset));
            assert_eq!(recorded.exchange.chunk_count, recorded.chunks.len() as u64);
            assert_eq!(recorded.exchange.request_len, recorded.request_body.len() as u64);
        }
    }
}

/// The same cases in every run: what is found at random belongs into a test of its own.
fn config() -> Config {
    Config {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5c4b_a1e5),
        ..Config::default()
    }
}
