//! Clients that speak HTTP/2 from the start.

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use scrubjay_session::exchange::Ending;
use tokio::net::TcpStream;

use crate::stage::{Made, Stage, adapted, event, input};

async fn connect(stage: &Stage) -> http2::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(stage.address()).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(async move { drop(connection.await) });
    sender
}

fn post(prompt: &str) -> Request<Full<Bytes>> {
    let body = Full::from(input(prompt, "r-live", prompt));
    let head = Request::post("http://frontend/agent").header("content-type", "application/json");
    head.body(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_one_connection_end_each_in_its_own_way() {
    let long: Vec<String> = (0..200)
        .map(|n| event(&format!(r#"{{"type":"RAW","event":{n}}}"#)))
        .collect();
    let chunks: Vec<&str> = long.iter().map(String::as_str).collect();
    let made = [
        Made::run("t", "whole", &chunks),
        Made::run("t2", "cut", &chunks).ending(Ending::UpstreamReset),
    ];
    let stage = Stage::serving(&made, adapted());
    let sender = connect(&stage).await;
    let mut answers = Vec::new();
    for turn in 0..10 {
        let prompt = if turn % 2 == 0 { "whole" } else { "cut" };
        let mut sender = sender.clone();
        answers.push(tokio::spawn(async move {
            let mut response = sender.send_request(post(prompt)).await.unwrap();
            let mut body = Vec::new();
            loop {
                match response.frame().await {
                    None => return (prompt, body, None),
                    Some(Ok(frame)) => body.extend_from_slice(frame.data_ref().unwrap()),
                    Some(Err(error)) => return (prompt, body, Some(error)),
                }
            }
        }));
    }
    for answer in answers {
        let (prompt, body, error) = answer.await.unwrap();
        assert_eq!(String::from_utf8(body).unwrap(), long.concat(), "{prompt}");
        assert_eq!(error.is_some(), prompt == "cut", "{prompt}: {error:?}");
    }
}
