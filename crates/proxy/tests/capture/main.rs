//! The promises of the capture path, each driven through real sockets.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod clock;
mod endings;
mod hostile;
mod http2;
mod passing;
mod pressure;
mod refusals;
mod requests;
mod shapes;
mod stopping;
mod tls;
mod upgrades;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use scrubjay_proxy::{Hosts, Listener, Running, Source, Upstream, serve};
use scrubjay_testkit::{Answer, MemoryRecorder, RawClient, ScriptedAgent, Step};

/// A source in front of an agent, and what it recorded.
struct Proxied {
    agent: ScriptedAgent,
    running: Running,
    recorder: MemoryRecorder,
}

impl Proxied {
    async fn playing(steps: Vec<Step>) -> Self {
        Self::before(ScriptedAgent::playing(steps).await, |_| {})
    }

    fn before(agent: ScriptedAgent, settle: impl FnOnce(&mut Source)) -> Self {
        let recorder = MemoryRecorder::default();
        let running = source_to(&agent.url(), &recorder, settle);
        Self {
            agent,
            running,
            recorder,
        }
    }

    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    async fn ask(&self, request: &str) -> RawClient {
        RawClient::ask(self.address(), request).await
    }

    /// Asks, and reads the whole answer.
    async fn answer(&self, request: &str) -> Answer {
        self.ask(request).await.whole_answer().await
    }
}

fn source_to(upstream: &str, recorder: &MemoryRecorder, settle: impl FnOnce(&mut Source)) -> Running {
    // What frontends are called in these tests.
    let hosts = Hosts::allowing(["frontend", "f"]).unwrap();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap())
        .unwrap()
        .answering_to(hosts);
    let mut source = Source::new("agent", Upstream::parse(upstream).unwrap());
    settle(&mut source);
    serve(listener, source, Arc::new(recorder.clone())).unwrap()
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: frontend\r\naccept: */*\r\n\r\n")
}

fn post(target: &str, body: &str) -> String {
    let len = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nhost: frontend\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n{body}"
    )
}

/// Waits for a fact that the proxy reports in no other way.
async fn eventually(fact: impl Fn() -> bool) {
    let waiting = async {
        while !fact() {
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(scrubjay_testkit::PATIENCE, waiting)
        .await
        .expect("the fact should come true");
}
