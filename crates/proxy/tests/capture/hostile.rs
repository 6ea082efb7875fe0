//! Bytes that are no HTTP, or HTTP that no client should send.

use scrubjay_testkit::{RawClient, Step};

use crate::{Proxied, get};

/// A generator of its own, so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % below
    }
}

const SEEDS: &[&str] = &[
    "GET / HTTP/1.1\r\nhost: f\r\naccept: */*\r\n\r\n",
    "POST /a HTTP/1.1\r\nhost: f\r\ncontent-length: 5\r\n\r\nhello",
    "POST /a HTTP/1.1\r\nhost: f\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /a HTTP/1.1\r\nhost: f\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET http://f/ HTTP/1.1\r\nhost: \r\nhost: g\r\nconnection: host, content-length\r\n\r\n",
    "CONNECT f:1 HTTP/1.1\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "OPTIONS * HTTP/1.1\r\nhost: f\r\nx-scrubjay-label: ,=,=\r\n\r\n",
];

fn mutated(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = SEEDS[dice.roll(SEEDS.len())].as_bytes().to_vec();
    for _ in 0..dice.roll(6) {
        if bytes.is_empty() {
            break;
        }
        let at = dice.roll(bytes.len());
        match dice.roll(4) {
            0 => bytes[at] = u8::try_from(dice.roll(256)).unwrap_or_default(),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, b"\r\n\0 :\xff"[dice.roll(6)]),
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

#[tokio::test]
async fn malformed_requests_do_no_harm() {
    let proxied = Proxied::playing(vec![Step::head(&["HTTP/1.1 200 OK", "content-length: 0"])]).await;
    let mut dice = Dice(0x5eed_5c2b);
    for _ in 0..600 {
        let bytes = mutated(&mut dice);
        let mut client = RawClient::connect(proxied.address()).await;
        client.send_to_anyone(&bytes).await;
        drop(client);
    }
    assert_eq!(proxied.answer(&get("/still-here")).await.status(), 200);
    crate::eventually(|| proxied.running.counts().open == 0).await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let proxied = Proxied::playing(vec![]).await;
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a client that speaks TLS\r\n\r\n"[..],
        b"hello?\r\n\r\n",
    ] {
        let mut client = RawClient::connect(proxied.address()).await;
        client.send(bytes).await;
        client.until_closed().await;
        assert!(client.text().starts_with("HTTP/1.1 400"), "{}", client.text());
    }
    assert_eq!(proxied.recorder.exchanges(), []);
}

#[tokio::test]
async fn heads_of_many_fields_pass_both_ways() {
    let many: Vec<String> = (0..300).map(|index| format!("x-field-{index}: {index}")).collect();
    let mut head = vec!["HTTP/1.1 200 OK", "content-length: 0"];
    head.extend(many.iter().map(String::as_str));
    let proxied = Proxied::playing(vec![Step::head(&head)]).await;
    let request = format!(
        "GET / HTTP/1.1\r\nhost: f\r\naccept: */*\r\n{}\r\n\r\n",
        many.join("\r\n")
    );
    let answer = proxied.answer(&request).await;
    assert_eq!((answer.status(), answer.values("x-field-299")), (200, vec!["299"]));
    assert_eq!(proxied.agent.asked()[0].values("x-field-299"), ["299"]);
}
