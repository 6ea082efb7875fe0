//! Each way in which an exchange can end, for the client and for the record.

use scrubjay_session::exchange::Ending;
use scrubjay_testkit::{Closed, Gate, MemoryRecorder, RawClient, ScriptedAgent, Step};

use crate::{Proxied, eventually, get, post, source_to};

const LONG: &str = "data: some text that the client must still get\n\n";

/// Asked directly and through a source, a client gets the same bytes and the same end.
#[tokio::test]
async fn a_body_that_breaks_off_breaks_off_for_the_client_as_upstream_did_it() {
    let sized = || Step::head(&["HTTP/1.1 200 OK", "content-length: 1000"]);
    // Ends with its connection, as HTTP/1.0 has it.
    let endless = || Step::head(&["HTTP/1.1 200 OK", "connection: close"]);
    let check = async |head: Step, body: Step, last: Step, closed: Closed, ending: Ending| {
        let arrived = Gate::default();
        let steps = vec![head, body, Step::Wait(arrived.clone()), last.clone()];
        let proxied = Proxied::playing(steps).await;
        let what = format!("{last:?} {closed:?}");
        let got = async |address| {
            let mut client = RawClient::ask(address, &get("/")).await;
            client.until(LONG).await;
            arrived.open();
            let closed = client.until_closed().await;
            let answer = client.partial_answer();
            (answer.status(), answer.text(), answer.is_whole, closed)
        };
        let through = got(proxied.address()).await;
        assert_eq!(
            (through.0, through.1.as_str(), through.2, through.3),
            (200, LONG, false, closed),
            "{what}"
        );
        // What is no HTTP does not pass as it is.
        if !matches!(last, Step::Write(_)) {
            let direct = got(proxied.agent.address()).await;
            assert_eq!((&through.1, through.3), (&direct.1, direct.3), "{what}");
        }
        let taped = proxied.recorder.ended(1).await.remove(0);
        assert_eq!(
            (taped.ending, taped.body()),
            (ending, LONG.as_bytes().to_vec()),
            "{what}"
        );
    };
    let (quiet, reset) = (Closed::Quietly, Closed::WithReset);
    let (chunk, plain) = (Step::chunk(LONG), Step::Write(LONG.into()));
    let nonsense = Step::Write(b"not a chunk\r\n".to_vec());
    check(
        Step::sse_head(),
        chunk.clone(),
        Step::Close,
        quiet,
        Ending::UpstreamClosed,
    )
    .await;
    check(
        Step::sse_head(),
        chunk.clone(),
        Step::Reset,
        reset,
        Ending::UpstreamReset,
    )
    .await;
    check(sized(), plain.clone(), Step::Close, quiet, Ending::UpstreamClosed).await;
    check(sized(), plain.clone(), Step::Reset, reset, Ending::UpstreamReset).await;
    check(Step::sse_head(), chunk, nonsense, reset, Ending::UpstreamReset).await;
    check(endless(), plain.clone(), Step::Reset, reset, Ending::UpstreamReset).await;
}

/// A body of no length, which ends with its connection, has ended in order.
#[tokio::test]
async fn a_body_without_a_length_ends_with_its_connection() {
    let head = Step::head(&["HTTP/1.1 200 OK", "connection: close"]);
    let proxied = Proxied::playing(vec![head, Step::Write(LONG.into()), Step::Close]).await;
    assert_eq!(proxied.answer(&get("/")).await.text(), LONG);
    assert_eq!(proxied.recorder.only().await.ending, Ending::Complete);
}

/// The last bytes and the break arrive together: the break must not overtake them.
#[tokio::test]
async fn a_break_does_not_overtake_the_bytes_before_it() {
    for _ in 0..50 {
        let proxied = Proxied::playing(vec![Step::sse_head(), Step::chunk(LONG), Step::Close]).await;
        let mut client = proxied.ask(&post("/", "{}")).await;
        client.until_closed().await;
        let answer = client.partial_answer();
        assert_eq!((answer.text().as_str(), answer.is_whole), (LONG, false));
        assert_eq!(proxied.recorder.only().await.ending, Ending::UpstreamClosed);
    }
}

#[tokio::test]
async fn an_http_1_0_client_sees_a_break_as_a_reset() {
    let arrived = Gate::default();
    let proxied = Proxied::playing(vec![
        Step::sse_head(),
        Step::chunk(LONG),
        Step::Wait(arrived.clone()),
        Step::Reset,
    ])
    .await;
    let mut client = proxied.ask("GET / HTTP/1.0\r\naccept: */*\r\n\r\n").await;
    client.until(LONG).await;
    arrived.open();
    assert_eq!(
        client.until_closed().await,
        Closed::WithReset,
        "a quiet close would look like the end"
    );
    assert_eq!(proxied.recorder.only().await.ending, Ending::UpstreamReset);
}

#[tokio::test]
async fn an_upstream_that_is_not_there_gives_a_sentence_and_is_recorded() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let recorder = MemoryRecorder::default();
    let running = source_to(&format!("http://{free}"), &recorder, |_| {});
    let answer = RawClient::ask(running.address(), &post("/agent", "{}"))
        .await
        .whole_answer()
        .await;
    assert_eq!(answer.status(), 502);
    assert_eq!(
        answer.text(),
        format!(
            "Scrubjay: Nothing listens at http://{free}: connection refused.\nIs the agent running, and on that port?\n"
        )
    );
    let taped = recorder.only().await;
    assert_eq!(
        taped.request_body, b"{}",
        "what was asked is kept although no answer came"
    );
    assert_eq!((taped.ending, taped.body()), (Ending::NoAnswer, answer.body));
    let head = taped.response.unwrap();
    assert_eq!((head.status, head.headers.len()), (502, 0), "upstream sent nothing");
    assert!(head.delivered_headers.is_some(), "what the client got is kept apart");
    let sightings = running.sightings().borrow().clone();
    assert!(sightings.upstream_failure.unwrap().contains("connection refused"));
    assert!(running.probe().await.unwrap_err().contains("connection refused"));
}

#[tokio::test]
async fn an_upstream_that_gives_no_head_gives_a_sentence() {
    let check = async |steps: Vec<Step>, sentence: &str| {
        let proxied = Proxied::playing(steps).await;
        let answer = proxied.answer(&get("/")).await;
        assert_eq!(answer.status(), 502);
        assert!(answer.text().contains(sentence), "{}", answer.text());
        assert_eq!(proxied.recorder.only().await.ending, Ending::NoAnswer);
    };
    check(vec![Step::Close], "closed the connection without an answer").await;
    check(vec![Step::Reset], "without an answer").await;
    check(
        vec![Step::Write(b"220 mail.example ESMTP\r\n\r\n".to_vec()), Step::Close],
        "is not HTTP",
    )
    .await;
}

#[tokio::test]
async fn an_unknown_name_gives_a_sentence() {
    let recorder = MemoryRecorder::default();
    let running = source_to("http://no-such-agent.invalid:8000", &recorder, |_| {});
    let answer = RawClient::ask(running.address(), &get("/")).await.whole_answer().await;
    assert!(
        answer.text().contains("no-such-agent.invalid could not be resolved"),
        "{}",
        answer.text()
    );
    assert_eq!(recorder.only().await.ending, Ending::NoAnswer);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_upstream_wherever_it_stands() {
    let check = async |before: Vec<Step>, mark: &str| {
        let (asked, left) = (Gate::default(), Gate::default());
        let mut steps = before;
        steps.extend([
            Step::Tell(asked.clone()),
            Step::UntilPeerLeaves,
            Step::Tell(left.clone()),
        ]);
        let proxied = Proxied::playing(steps).await;
        let mut client = proxied.ask(&post("/agent", "{}")).await;
        asked.passed().await;
        client.until(mark).await;
        drop(client);
        // Upstream sends nothing more, so only noticing the client's leaving can end this.
        left.passed().await;
        let taped = proxied.recorder.only().await;
        assert_eq!(taped.ending, Ending::ClientLeft);
        eventually(|| proxied.running.counts().open == 0).await;
    };
    check(vec![], "").await;
    check(vec![Step::sse_head()], "\r\n\r\n").await;
    check(vec![Step::sse_head(), Step::chunk(LONG)], LONG).await;
}

#[tokio::test]
async fn draining_reads_on_after_the_client_has_left() {
    let check = async |first: Vec<Step>, mark: &str| {
        let (asked, left) = (Gate::default(), Gate::default());
        let mut steps = vec![Step::Tell(asked.clone())];
        steps.extend(first);
        steps.extend([
            Step::Wait(left.clone()),
            Step::sse_head(),
            Step::chunk(LONG),
            Step::chunk("data: last\n\n"),
            Step::end(),
        ]);
        if !mark.is_empty() {
            steps.retain({
                let mut heads = 0;
                move |step| {
                    let is_head = matches!(step, Step::Write(bytes) if bytes.starts_with(b"HTTP"));
                    heads += usize::from(is_head);
                    !is_head || heads == 1
                }
            });
        }
        let proxied = Proxied::before(ScriptedAgent::playing(steps).await, |source| source.drain = true);
        let mut client = proxied.ask(&post("/agent", "{}")).await;
        asked.passed().await;
        client.until(mark).await;
        drop(client);
        // Its connection is gone before upstream goes on, whichever is noticed first.
        left.open();
        let taped = proxied.recorder.only().await;
        let body = String::from_utf8(taped.body()).unwrap();
        assert!(body.ends_with("data: last\n\n"), "{body}");
        assert!(
            matches!(taped.ending, Ending::ClientLeft | Ending::Complete),
            "{:?}",
            taped.ending
        );
    };
    check(vec![], "").await;
    check(
        vec![Step::sse_head(), Step::chunk("data: first\n\n")],
        "data: first\n\n",
    )
    .await;
}
