//! Pausing, rerouting and stopping a source while it is in use.

use std::time::Duration;

use scrubjay_proxy::{Source, Upstream};
use scrubjay_session::exchange::Ending;
use scrubjay_testkit::{Gate, RawClient, ScriptedAgent, Step};

use crate::{Proxied, get};

#[tokio::test]
async fn an_exchange_cut_off_by_stopping_is_marked() {
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::chunk("data: 1\n\n"),
        Step::UntilPeerLeaves,
    ])
    .await;
    let mut client = proxied.ask(&get("/")).await;
    client.until("data: 1\n\n").await;
    let address = proxied.address();
    proxied.running.stop(Duration::ZERO).await;
    let taped = proxied.recorder.exchanges().remove(0);
    assert_eq!(
        (taped.ending, taped.body()),
        (Ending::RecorderStopped, b"data: 1\n\n".to_vec())
    );
    client.until_closed().await;
    assert!(!client.partial_answer().is_whole);
    assert!(
        tokio::net::TcpStream::connect(address).await.is_err(),
        "nothing should listen any more"
    );
}

#[tokio::test]
async fn an_exchange_may_end_within_the_grace() {
    let stopping = Gate::default();
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::Wait(stopping.clone()),
        Step::chunk("data: 1\n\n"),
        Step::end(),
    ])
    .await;
    let mut client = proxied.ask(&get("/")).await;
    client.until("\r\n\r\n").await;
    let stopped = tokio::spawn(proxied.running.stop(Duration::from_secs(30)));
    stopping.open();
    assert_eq!(client.whole_answer().await.text(), "data: 1\n\n");
    stopped.await.unwrap();
    assert_eq!(proxied.recorder.exchanges()[0].ending, Ending::Complete);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_stopping() {
    let proxied = Proxied::playing(vec![Step::head(&["HTTP/1.1 200 OK", "content-length: 0"])]).await;
    let mut client = proxied.ask(&get("/")).await;
    client.whole_answer().await;
    let mut silent = RawClient::connect(proxied.address()).await;
    tokio::time::timeout(Duration::from_secs(20), proxied.running.stop(Duration::from_secs(60)))
        .await
        .unwrap();
    client.until_closed().await;
    silent.until_closed().await;
}

#[tokio::test]
async fn stopping_ends_a_drain_too() {
    let steps = vec![Step::sse_head(), Step::chunk("data: 1\n\n"), Step::UntilPeerLeaves];
    let proxied = Proxied::before(ScriptedAgent::playing(steps).await, |source| source.drain = true);
    let mut client = proxied.ask(&get("/")).await;
    client.until("data: 1\n\n").await;
    drop(client);
    proxied.running.stop(Duration::ZERO).await;
    assert_eq!(proxied.recorder.exchanges()[0].ending, Ending::RecorderStopped);
}

#[tokio::test]
async fn what_passes_while_paused_is_a_hole() {
    let (paused, resumed) = (Gate::default(), Gate::default());
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::chunk("data: 1\n\n"),
        Step::Wait(paused.clone()),
        Step::chunk("data: 22\n\n"),
        Step::Wait(resumed.clone()),
        Step::chunk("data: 3\n\n"),
        Step::end(),
    ])
    .await;
    let mut client = proxied.ask(&get("/")).await;
    client.until("data: 1\n\n").await;
    proxied.running.pause();
    paused.open();
    client.until("data: 22\n\n").await;
    proxied.running.resume();
    resumed.open();
    assert_eq!(client.whole_answer().await.text(), "data: 1\n\ndata: 22\n\ndata: 3\n\n");
    let taped = proxied.recorder.only().await;
    assert_eq!((taped.body(), taped.skipped), (b"data: 1\n\ndata: 3\n\n".to_vec(), 10));
}

#[tokio::test]
async fn an_exchange_that_begins_while_paused_is_not_recorded() {
    let proxied = Proxied::playing(vec![Step::sse_head(), Step::chunk("data: 1\n\n"), Step::end()]).await;
    proxied.running.pause();
    assert!(!proxied.running.is_recording());
    assert_eq!(proxied.answer(&get("/")).await.text(), "data: 1\n\n");
    proxied.running.resume();
    assert_eq!(proxied.answer(&get("/recorded")).await.text(), "data: 1\n\n");
    assert_eq!(proxied.recorder.only().await.request.target, "/recorded");
    assert_eq!(proxied.running.counts().exchanges, 2);
}

#[tokio::test]
async fn a_source_can_be_sent_elsewhere_without_letting_go_of_its_port() {
    let other = ScriptedAgent::playing(vec![
        Step::head(&["HTTP/1.1 200 OK", "content-length: 5"]),
        Step::Write(b"other".to_vec()),
    ])
    .await;
    let proxied = Proxied::playing(vec![Step::head(&["HTTP/1.1 200 OK", "content-length: 0"])]).await;
    proxied.answer(&get("/")).await;
    let source = |url: &str| Source::new("agent", Upstream::parse(url).unwrap());
    proxied.running.reroute(&source(&other.url())).unwrap();
    assert_eq!(proxied.answer(&get("/")).await.text(), "other");
    assert!(
        proxied.running.reroute(&source(&proxied.running.url())).is_err(),
        "a loop is refused"
    );
    assert_eq!(proxied.answer(&get("/")).await.text(), "other");
}

#[tokio::test]
async fn the_checklist_lights_up_step_by_step() {
    let headed = Gate::default();
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::Wait(headed.clone()),
        Step::chunk("data: 1\n\n"),
        Step::end(),
    ])
    .await;
    let sightings = proxied.running.sightings();
    let seen = || {
        let seen = sightings.borrow();
        (seen.upstream_answers, seen.first_request, seen.first_bytes)
    };
    assert_eq!(seen(), (false, false, false));
    proxied.running.probe().await.unwrap();
    assert_eq!(seen(), (true, false, false));
    let mut client = proxied.ask(&get("/")).await;
    client.until("\r\n\r\n").await;
    assert_eq!(seen(), (true, true, false));
    headed.open();
    client.whole_answer().await;
    assert_eq!(seen(), (true, true, true));
    let counts = proxied.running.counts();
    assert_eq!(
        (counts.chunks, counts.bytes, counts.exchanges, counts.open),
        (1, 9, 1, 0)
    );
}
