//! What a frontend asks is what the agent is asked.

use scrubjay_testkit::{RawClient, ScriptedAgent, Step};

use crate::{Proxied, get, post};

fn ok() -> Vec<Step> {
    vec![
        Step::head(&["HTTP/1.1 200 OK", "content-length: 2"]),
        Step::Write(b"ok".to_vec()),
    ]
}

#[tokio::test]
async fn any_method_and_target_arrive_as_they_were_sent() {
    let proxied = Proxied::playing(ok()).await;
    let lines = [
        "GET / HTTP/1.1",
        "DELETE /a/../b/./c HTTP/1.1",
        "PATCH //double//slash/ HTTP/1.1",
        "PUT /%7Euser/%2e%2e/a%2Fb?q=%20&x=a+b&&y HTTP/1.1",
        "BREW /pot?a|b={c}&quote=' HTTP/1.1",
        "OPTIONS /agent/default/run HTTP/1.1",
        "PROPFIND /?no=path HTTP/1.1",
    ];
    for (index, line) in lines.iter().enumerate() {
        for accept in ["", "accept: x/y\r\n"] {
            let answer = proxied
                .answer(&format!("{line}\r\nhost: f\r\n{accept}content-length: 0\r\n\r\n"))
                .await;
            assert_eq!(answer.status(), 200, "{line}");
            let asked = proxied.agent.asked().pop().unwrap();
            assert_eq!(asked.line(), *line);
            assert_eq!(
                asked.values("accept"),
                if accept.is_empty() { vec![] } else { vec!["x/y"] },
                "{line}"
            );
        }
        let taped = proxied.recorder.ended(2 * index + 2).await.pop().unwrap();
        assert_eq!(
            format!("{} {} HTTP/1.1", taped.request.method, taped.request.target),
            *line
        );
    }
}

#[tokio::test]
async fn fields_arrive_as_sent_but_for_the_host() {
    let proxied = Proxied::playing(ok()).await;
    let head = "GET /x HTTP/1.1\r\nhost: frontend:1\r\naccept: a/b\r\nx-two: 1\r\nx-two: 2\r\nauthorization: Bearer s\r\ncookie: a=1\r\n\r\n";
    proxied.answer(head).await;
    let asked = &proxied.agent.asked()[0];
    let upstream = proxied.agent.address();
    assert_eq!(
        asked.head,
        format!(
            "GET /x HTTP/1.1\r\nhost: {upstream}\r\naccept: a/b\r\nx-two: 1\r\nx-two: 2\r\nauthorization: Bearer s\r\ncookie: a=1\r\n\r\n"
        )
    );
    let taped = proxied.recorder.only().await;
    assert_eq!(taped.request.headers[0], ("host".to_owned(), b"frontend:1".to_vec()));
    let delivered = taped.request.delivered_headers.unwrap();
    assert_eq!(delivered[0], ("host".to_owned(), upstream.to_string().into_bytes()));
    assert_eq!(delivered.len(), taped.request.headers.len());
}

#[tokio::test]
async fn the_host_is_kept_when_asked_for() {
    let proxied = Proxied::before(ScriptedAgent::playing(ok()).await, |source| source.keep_host = true);
    proxied.answer(&get("/")).await;
    assert_eq!(proxied.agent.asked()[0].values("host"), ["frontend"]);
}

#[tokio::test]
async fn labels_reach_the_recorder_and_not_the_agent() {
    let proxied = Proxied::playing(ok()).await;
    let head =
        "GET / HTTP/1.1\r\nhost: f\r\naccept: */*\r\nx-scrubjay-label: test=login\r\nX-Scrubjay-Label: try=2\r\n\r\n";
    proxied.answer(head).await;
    let taped = proxied.recorder.only().await;
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(taped.labels, [pair("test", "login"), pair("try", "2")]);
    assert_eq!(proxied.agent.asked()[0].values("x-scrubjay-label"), Vec::<&str>::new());
}

#[tokio::test]
async fn a_request_body_streams_through() {
    let agent = ScriptedAgent::answering(|_| ok()).await;
    let proxied = Proxied::before(agent, |_| {});
    let head = "POST /up HTTP/1.1\r\nhost: f\r\naccept: */*\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut client = proxied.ask(head).await;
    client.send(b"3\r\none\r\n").await;
    // The first part is with the recorder while the second was not sent yet.
    proxied
        .recorder
        .until(|exchanges| exchanges.first().is_some_and(|taped| taped.request_body == b"one"))
        .await;
    client.send(b"3\r\ntwo\r\n0\r\n\r\n").await;
    client.whole_answer().await;
    assert_eq!(proxied.agent.asked()[0].body, b"onetwo");
    assert_eq!(proxied.recorder.only().await.request_body, b"onetwo");
}

#[tokio::test]
async fn a_client_that_waits_for_continue_gets_it() {
    let proxied = Proxied::playing(ok()).await;
    let head = "POST / HTTP/1.1\r\nhost: f\r\naccept: */*\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    let mut client = proxied.ask(head).await;
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    client.send(b"body").await;
    client.until("HTTP/1.1 200 OK").await;
    assert_eq!(proxied.recorder.only().await.request_body, b"body");
}

#[tokio::test]
async fn several_requests_share_a_connection() {
    let proxied = Proxied::playing(ok()).await;
    let mut client = RawClient::connect(proxied.address()).await;
    for index in 1..=3 {
        client.received.clear();
        client.send(post(&format!("/{index}"), "{}").as_bytes()).await;
        assert_eq!(client.whole_answer().await.status(), 200);
    }
    assert_eq!(proxied.recorder.ended(3).await.len(), 3);
}

#[tokio::test]
async fn a_large_request_body_arrives_whole() {
    let proxied = Proxied::playing(ok()).await;
    let body = "x".repeat(8 << 20);
    assert_eq!(proxied.answer(&post("/big", &body)).await.status(), 200);
    assert_eq!(proxied.agent.asked()[0].body.len(), body.len());
    assert_eq!(proxied.recorder.only().await.request_body.len(), body.len());
}
