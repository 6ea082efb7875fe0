//! What upstream sends is what the client gets and the record holds.

use scrubjay_session::exchange::{Ending, HttpVersion};
use scrubjay_testkit::{Gate, ScriptedAgent, Step, corpus};

use crate::{Proxied, get, post};

const ODD: &[&[u8]] = &[
    b"\xef\xbb\xbf: a comment\n\n",
    b"data: {\"type\":\"RUN_STARTED\"}\r\n\r\nid: 7\nevent: x\nretry: 10\n",
    b"data: one\ndata: two\n\n",
    b"data: \xf0\x9f",
    b"\x90\xa6 split in a character\n\n",
    b"data: {\"a\":1,\"a\":2,\"big\":9007199254740993,\"zero\":-0.0}\n\n",
    b"data: not json\n\ndata: [DONE]\n\n",
    b"\x00\xff\xfe invalid \xc3\x28",
    b"data: no blank line at the end",
];

#[tokio::test]
async fn odd_bytes_pass_with_their_splits_and_are_recorded_first() {
    let mut steps = vec![Step::sse_head()];
    let gates: Vec<Gate> = ODD.iter().map(|_| Gate::default()).collect();
    for (bytes, gate) in ODD.iter().zip(&gates) {
        steps.extend([Step::Wait(gate.clone()), Step::Chunk(bytes.to_vec())]);
    }
    steps.push(Step::end());
    let proxied = Proxied::playing(steps).await;
    let mut client = proxied.ask(&post("/agent", "{}")).await;
    client.until("\r\n\r\n").await;
    for (index, gate) in gates.iter().enumerate() {
        gate.open();
        proxied
            .recorder
            .until(|exchanges| exchanges[0].chunks.len() == index + 1)
            .await;
    }
    let answer = client.whole_answer().await;
    let taped = proxied.recorder.only().await;
    assert_eq!(answer.chunks, ODD);
    assert_eq!(
        taped
            .chunks
            .iter()
            .map(|(bytes, _)| bytes.as_slice())
            .collect::<Vec<_>>(),
        ODD
    );
    assert_eq!(taped.ending, Ending::Complete);
    assert!(
        taped.chunks.windows(2).all(|pair| pair[0].1 <= pair[1].1),
        "times should run forward"
    );
    assert_eq!((taped.source.as_str(), taped.upstream), ("agent", proxied.agent.url()));
}

#[tokio::test]
async fn status_and_repeated_fields_pass_in_their_order() {
    let proxied = Proxied::playing(vec![
        Step::head(&[
            "HTTP/1.1 503 Slow Down",
            "Retry-After: 7",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "Content-Type: application/problem+json",
            "X-Bytes: caf\u{e9}",
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Content-Length: 4",
        ]),
        Step::Write(b"nope".to_vec()),
    ])
    .await;
    let answer = proxied.answer(&get("/x")).await;
    assert_eq!((answer.status(), answer.text().as_str()), (503, "nope"));
    let names: Vec<_> = answer
        .head
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    assert_eq!(
        names,
        [
            "retry-after",
            "set-cookie",
            "set-cookie",
            "content-type",
            "x-bytes",
            "content-length"
        ]
    );
    assert_eq!(answer.values("set-cookie"), ["a=1", "b=2"]);
    let taped = proxied.recorder.only().await;
    let response = taped.response.unwrap();
    let name = |field: &(String, Vec<u8>)| field.0.clone();
    let sent: Vec<_> = response.headers.iter().map(name).collect();
    assert_eq!(
        sent,
        [
            "retry-after",
            "set-cookie",
            "set-cookie",
            "content-type",
            "x-bytes",
            "connection",
            "x-hop",
            "keep-alive",
            "content-length"
        ]
    );
    assert_eq!(
        response.delivered_headers.unwrap().iter().map(name).collect::<Vec<_>>(),
        names
    );
    assert_eq!((response.status, response.version), (503, HttpVersion::Http11));
}

#[tokio::test]
async fn answers_without_a_body_keep_what_they_say_about_one() {
    let check = async |method: &str, head: &[&str], status: u16, len: &[&str]| {
        let proxied = Proxied::playing(vec![Step::head(head)]).await;
        let request = format!("{method} /x HTTP/1.1\r\nhost: f\r\naccept: */*\r\n\r\n");
        let mut client = proxied.ask(&request).await;
        client.until("\r\n\r\n").await;
        let taped = proxied.recorder.only().await;
        let answer = client.partial_answer();
        assert_eq!(
            (answer.status(), answer.values("content-length")),
            (status, len.to_vec()),
            "{method} {head:?}"
        );
        assert_eq!(answer.body, b"", "{method} {head:?}");
        assert_eq!(
            (taped.ending, taped.body()),
            (Ending::Complete, vec![]),
            "{method} {head:?}"
        );
        // The connection is still good for another request.
        client.received.clear();
        client.send(request.as_bytes()).await;
        client.until("\r\n\r\n").await;
    };
    check("HEAD", &["HTTP/1.1 200 OK", "content-length: 1234"], 200, &["1234"]).await;
    check("HEAD", &["HTTP/1.1 200 OK", "transfer-encoding: chunked"], 200, &[]).await;
    check("GET", &["HTTP/1.1 204 No Content", "x: y"], 204, &[]).await;
    check(
        "GET",
        &["HTTP/1.1 304 Not Modified", "etag: \"e\"", "content-length: 1234"],
        304,
        &["1234"],
    )
    .await;
    check(
        "POST",
        &[
            "HTTP/1.1 200 OK",
            "content-type: text/event-stream",
            "content-length: 0",
        ],
        200,
        &["0"],
    )
    .await;
    check(
        "OPTIONS",
        &["HTTP/1.1 204 No Content", "access-control-allow-origin: *"],
        204,
        &[],
    )
    .await;
}

#[tokio::test]
async fn trailers_pass_to_whoever_wants_them() {
    let proxied = Proxied::playing(vec![
        Step::head(&["HTTP/1.1 200 OK", "transfer-encoding: chunked", "trailer: x-sum"]),
        Step::chunk("data: 1\n\n"),
        Step::Write(b"0\r\nx-sum: 42\r\n\r\n".to_vec()),
    ])
    .await;
    let answer = proxied
        .answer("GET / HTTP/1.1\r\nhost: f\r\naccept: */*\r\nconnection: te\r\nte: trailers\r\n\r\n")
        .await;
    assert_eq!(answer.trailers, ["x-sum: 42"]);
    let taped = proxied.recorder.only().await;
    assert_eq!(taped.trailers, [("x-sum".to_owned(), b"42".to_vec())]);
    assert_eq!(taped.ending, Ending::Complete);
    assert_eq!(proxied.agent.asked()[0].values("te"), ["trailers"]);
}

#[tokio::test]
async fn compressed_bytes_pass_untouched() {
    let gzip = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0,
    ];
    let proxied = Proxied::playing(vec![
        Step::head(&[
            "HTTP/1.1 200 OK",
            "content-encoding: gzip",
            "transfer-encoding: chunked",
        ]),
        Step::Chunk(gzip.to_vec()),
        Step::end(),
    ])
    .await;
    let answer = proxied
        .answer("GET / HTTP/1.1\r\nhost: f\r\naccept: */*\r\naccept-encoding: gzip, br\r\n\r\n")
        .await;
    assert_eq!(
        (answer.body.as_slice(), answer.values("content-encoding")),
        (&gzip[..], vec!["gzip"])
    );
    assert_eq!(proxied.agent.asked()[0].values("accept-encoding"), ["gzip, br"]);
    assert_eq!(proxied.recorder.only().await.body(), gzip);
}

#[tokio::test]
async fn nothing_is_added_on_the_way_back() {
    let proxied = Proxied::playing(vec![Step::head(&["HTTP/1.1 200 OK", "content-length: 0"])]).await;
    let answer = proxied
        .answer("GET / HTTP/1.1\r\nhost: f\r\norigin: http://elsewhere\r\naccept: */*\r\n\r\n")
        .await;
    assert_eq!(answer.head, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(proxied.recorder.only().await.response.unwrap().delivered_headers, None);
}

#[tokio::test]
async fn a_redirect_to_the_upstream_stays_with_the_source() {
    let agent = ScriptedAgent::answering(|asked| {
        let host = asked.values("host")[0];
        vec![Step::head(&[
            "HTTP/1.1 307 Temporary Redirect",
            &format!("location: http://{host}/agent/?x=1"),
            "content-length: 0",
        ])]
    })
    .await;
    let upstream = agent.url();
    let proxied = Proxied::before(agent, |_| {});
    let own = proxied.address();
    let request =
        |host: &str| format!("POST /agent HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\ncontent-length: 2\r\n\r\n{{}}");
    let answer = proxied.answer(&request(&own.to_string())).await;
    assert_eq!(
        (answer.status(), answer.values("location")),
        (307, vec![format!("http://{own}/agent/?x=1").as_str()])
    );
    let localhost = format!("localhost:{}", own.port());
    let answer = proxied.answer(&request(&localhost)).await;
    assert_eq!(
        answer.values("location"),
        [format!("http://{localhost}/agent/?x=1")],
        "a page stays on its own origin"
    );
    let taped = proxied.recorder.ended(2).await.remove(0);
    let response = taped.response.unwrap();
    let location = |headers: &[(String, Vec<u8>)]| String::from_utf8(headers[0].1.clone()).unwrap();
    assert_eq!(location(&response.headers), format!("{upstream}/agent/?x=1"));
    assert_eq!(
        location(&response.delivered_headers.unwrap()),
        format!("http://{own}/agent/?x=1")
    );
}

#[tokio::test]
async fn an_http_1_0_client_gets_the_bytes_and_a_close() {
    let proxied = Proxied::playing(vec![Step::sse_head(), Step::chunk("data: 1\n\n"), Step::end()]).await;
    let mut client = proxied.ask("GET / HTTP/1.0\r\naccept: */*\r\n\r\n").await;
    client.until_closed().await;
    let answer = client.partial_answer();
    assert_eq!((answer.status(), answer.text().as_str()), (200, "data: 1\n\n"));
    let taped = proxied.recorder.only().await;
    assert_eq!(
        (taped.ending, taped.request.version),
        (Ending::Complete, HttpVersion::Http10)
    );
}

#[tokio::test]
async fn a_body_that_ends_with_the_connection_is_complete() {
    let proxied = Proxied::playing(vec![
        Step::head(&["HTTP/1.0 200 OK", "content-type: text/event-stream"]),
        Step::Write(b"data: 1\n\n".to_vec()),
        Step::Close,
    ])
    .await;
    let answer = proxied.answer(&get("/")).await;
    assert_eq!((answer.text().as_str(), answer.is_whole), ("data: 1\n\n", true));
    let taped = proxied.recorder.only().await;
    assert_eq!(
        (taped.ending, taped.response.unwrap().version),
        (Ending::Complete, HttpVersion::Http10)
    );
}

#[tokio::test]
async fn captured_streams_pass_byte_for_byte() {
    let captures = corpus::captured(&corpus::workspace().join("tests/corpus"));
    let streams: Vec<_> = captures
        .into_iter()
        .filter(|capture| !capture.reads.is_empty())
        .step_by(7)
        .collect();
    assert!(streams.len() > 20, "there should be enough captures");
    let scripts = streams.clone();
    let agent = ScriptedAgent::answering(move |asked| {
        let index: usize = asked.line().split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        let capture = &scripts[index];
        let chunks = capture
            .reads
            .iter()
            .map(|(offset, len)| Step::Chunk(capture.body[*offset..offset + len].to_vec()));
        [Step::sse_head()]
            .into_iter()
            .chain(chunks)
            .chain([Step::end()])
            .collect()
    })
    .await;
    let proxied = Proxied::before(agent, |_| {});
    for (index, capture) in streams.iter().enumerate() {
        let body = capture.request["body"].to_string();
        let answer = proxied.answer(&post(&format!("/{index}"), &body)).await;
        assert_eq!(answer.body, capture.body, "{}", capture.name);
        let taped = proxied.recorder.ended(index + 1).await.remove(index);
        assert_eq!(taped.body(), capture.body, "{}", capture.name);
        // At full speed a transfer chunk may come in two; never do two come as one.
        let ends = ends_of(taped.splits());
        let missing = ends_of(capture.reads.iter().map(|read| read.1))
            .into_iter()
            .find(|end| !ends.contains(end));
        assert_eq!(missing, None, "{}", capture.name);
        assert_eq!(
            answer.chunks.iter().map(Vec::len).collect::<Vec<_>>(),
            taped.splits(),
            "{}",
            capture.name
        );
        assert_eq!(taped.request_body, body.as_bytes(), "{}", capture.name);
    }
}

fn ends_of(lens: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let ends = lens.into_iter().scan(0, |end, len| {
        *end += len;
        Some(*end)
    });
    ends.collect()
}
