//! Slow clients, slow recorders, many streams.

use std::{
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use scrubjay_proxy::{
    Hosts, Listener, Source, Upstream,
    recorder::{Chunk, ExchangeSink, Recorder},
    serve,
};
use scrubjay_session::exchange::{Ending, Headers, Relayed, RequestHead, ResponseHead};
use scrubjay_testkit::{Gate, MemoryRecorder, RawClient, ScriptedAgent, Step};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{Proxied, get, source_to};

const MEGABYTE: usize = 1 << 20;

/// A client that reads nothing must stop the upstream: what lies between them
/// is bounded by sockets, not by the length of the stream.
#[tokio::test]
async fn a_slow_client_slows_the_upstream() {
    const WHOLE: usize = 256 * MEGABYTE;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let stalled = Gate::default();
    let writer = tokio::spawn({
        let stalled = stalled.clone();
        async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // A request left unread would turn the close at the end into a reset.
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream
                .write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {WHOLE}\r\n\r\n").as_bytes())
                .await
                .unwrap();
            let part = vec![b'x'; MEGABYTE];
            let mut written_before_stall = None;
            for index in 0..WHOLE / MEGABYTE {
                let write = stream.write_all(&part);
                tokio::pin!(write);
                if written_before_stall.is_none() {
                    match tokio::time::timeout(Duration::from_secs(1), &mut write).await {
                        Ok(written) => written.unwrap(),
                        Err(_) => {
                            written_before_stall = Some(index * MEGABYTE);
                            stalled.open();
                            write.await.unwrap();
                        }
                    }
                } else {
                    write.await.unwrap();
                }
            }
            written_before_stall
        }
    });
    let recorder = MemoryRecorder::default();
    let running = source_to(&upstream, &recorder, |_| {});
    let mut client = RawClient::ask(running.address(), &get("/")).await;
    stalled.passed().await;
    assert!(
        running.counts().bytes < (64 * MEGABYTE) as u64,
        "{:?}",
        running.counts()
    );
    assert_eq!(client.whole_answer().await.body.len(), WHOLE);
    let written_before_stall = writer.await.unwrap().expect("the upstream should have had to wait");
    assert!(written_before_stall < 64 * MEGABYTE, "{written_before_stall}");
}

/// One thread for everything: a call that blocks it would stop every stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_slow_recorder_delays_its_own_exchange_only() {
    // More than is recorded in one call, many times over.
    let texts: Vec<String> = (0..100).map(|index| format!("data: {index:10000}\n\n")).collect();
    let whole = texts.concat();
    let agent = ScriptedAgent::answering(move |_| {
        let chunks = texts.iter().map(|text| Step::chunk(text));
        [Step::sse_head()]
            .into_iter()
            .chain(chunks)
            .chain([Step::end()])
            .collect()
    })
    .await;
    let stall = Arc::new(Stall::default());
    let hosts = Hosts::allowing(["frontend"]).unwrap();
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap())
        .unwrap()
        .answering_to(hosts);
    let recorder = StallingRecorder {
        memory: MemoryRecorder::default(),
        stall: Arc::clone(&stall),
    };
    let source = Source::new("agent", Upstream::parse(&agent.url()).unwrap());
    let running = serve(listener, source, Arc::new(recorder)).unwrap();

    let mut stalled = RawClient::ask(running.address(), &get("/stall")).await;
    stall.reached.passed().await;
    let _release = ReleaseOnDrop(Arc::clone(&stall));
    // That exchange's recorder now blocks, until the test releases it; others go on.
    for _ in 0..20 {
        let answer = RawClient::ask(running.address(), &get("/free"))
            .await
            .whole_answer()
            .await;
        assert!(answer.text() == whole);
    }
    stall.release();
    assert!(stalled.whole_answer().await.text() == whole);
}

/// A failing test must not wait for the thread that it blocked.
struct ReleaseOnDrop(Arc<Stall>);

impl Drop for ReleaseOnDrop {
    fn drop(&mut self) {
        self.0.release();
    }
}

#[derive(Default)]
struct Stall {
    reached: Gate,
    is_released: Mutex<bool>,
    released: Condvar,
}

impl Stall {
    fn release(&self) {
        *self.is_released.lock().unwrap() = true;
        self.released.notify_all();
    }

    fn block(&self) {
        self.reached.open();
        let released = self.is_released.lock().unwrap();
        drop(self.released.wait_while(released, |is_released| !*is_released).unwrap());
    }
}

/// Takes 20 ms for the second call about chunks of `/stall`, and blocks in the third.
struct StallingRecorder {
    memory: MemoryRecorder,
    stall: Arc<Stall>,
}

impl Recorder for StallingRecorder {
    fn begin(
        &self,
        source: &str,
        upstream: &str,
        head: &RequestHead,
        labels: &[(String, String)],
        started_at_us: i64,
    ) -> Box<dyn ExchangeSink> {
        let sink = self.memory.begin(source, upstream, head, labels, started_at_us);
        let stall = (head.target == "/stall").then(|| Arc::clone(&self.stall));
        Box::new(StallingTape { sink, stall, calls: 0 })
    }
}

struct StallingTape {
    sink: Box<dyn ExchangeSink>,
    stall: Option<Arc<Stall>>,
    calls: usize,
}

impl ExchangeSink for StallingTape {
    fn relayed(&mut self, relayed: Relayed, at_us: u64) {
        self.sink.relayed(relayed, at_us);
    }

    fn unverified(&mut self, at_us: u64) {
        self.sink.unverified(at_us);
    }

    fn request_body(&mut self, bytes: &[u8], at_us: u64) {
        self.sink.request_body(bytes, at_us);
    }

    fn response(&mut self, head: &ResponseHead, at_us: u64) {
        self.sink.response(head, at_us);
    }

    fn chunk(&mut self, bytes: &[u8], at_us: u64) {
        self.sink.chunk(bytes, at_us);
    }

    fn chunks(&mut self, chunks: &[Chunk]) {
        self.calls += 1;
        match (&self.stall, self.calls) {
            (Some(_), 2) => std::thread::sleep(Duration::from_millis(20)),
            (Some(stall), 3) => stall.block(),
            _ => {}
        }
        self.sink.chunks(chunks);
    }

    fn trailers(&mut self, trailers: &Headers, at_us: u64) {
        self.sink.trailers(trailers, at_us);
    }

    fn end(self: Box<Self>, ending: Ending, at_us: u64) {
        self.sink.end(ending, at_us);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_streams_at_once_keep_their_bytes_apart() {
    const STREAMS: usize = 200;
    let all_open = Gate::default();
    let gate = all_open.clone();
    let agent = ScriptedAgent::answering(move |asked| {
        let name = asked.line().to_owned();
        let chunks = (0..50).map(|index| Step::chunk(&format!("data: {index} of {name}\n\n")));
        let opening = [Step::sse_head(), Step::Wait(gate.clone())];
        opening.into_iter().chain(chunks).chain([Step::end()]).collect()
    })
    .await;
    let proxied = Proxied::before(agent, |_| {});
    let clients = (0..STREAMS).map(|index| {
        let address = proxied.address();
        tokio::spawn(async move {
            RawClient::ask(address, &get(&format!("/{index}")))
                .await
                .whole_answer()
                .await
        })
    });
    let clients: Vec<_> = clients.collect();
    proxied
        .recorder
        .until(|exchanges| exchanges.len() == STREAMS && exchanges.iter().all(|taped| taped.response.is_some()))
        .await;
    assert_eq!(proxied.running.counts().open, STREAMS as u64);
    all_open.open();
    let taped = proxied.recorder.ended(STREAMS).await;
    for (index, client) in clients.into_iter().enumerate() {
        let answer = client.await.unwrap();
        let expected: String = (0..50)
            .map(|n| format!("data: {n} of GET /{index} HTTP/1.1\n\n"))
            .collect();
        assert_eq!(answer.text(), expected);
        let own = taped
            .iter()
            .find(|taped| taped.request.target == format!("/{index}"))
            .unwrap();
        assert_eq!((own.body(), own.ending), (expected.into_bytes(), Ending::Complete));
    }
    assert_eq!(proxied.running.counts().open, 0);
}

/// Many chunks in one read of a socket: what the client got is in the record,
/// cut as it was delivered, wherever the client leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_that_come_together_keep_their_bytes_and_their_splits() {
    let texts: Vec<String> = (0..20_000).map(|index| format!("data: {index}\n\n")).collect();
    let whole = texts.concat();
    let agent = ScriptedAgent::answering(move |_| {
        let chunk = |text: &String| format!("{:x}\r\n{text}\r\n", text.len());
        let together: String = texts.iter().map(chunk).collect();
        vec![Step::sse_head(), Step::Write(together.into_bytes()), Step::end()]
    })
    .await;
    let proxied = Proxied::before(agent, |_| {});
    let answer = proxied.answer(&get("/")).await;
    assert!(answer.text() == whole);
    let taped = proxied.recorder.only().await;
    assert!(taped.body() == whole.as_bytes());
    let delivered: Vec<usize> = answer.chunks.iter().map(Vec::len).collect();
    assert!(taped.splits() == delivered);
    assert!(taped.chunks.is_sorted_by_key(|(_, at_us)| *at_us));

    let mut leaving = proxied.ask(&get("/")).await;
    leaving.until("data: 5000\n\n").await;
    let received = leaving.partial_answer().text();
    drop(leaving);
    let taped = proxied.recorder.ended(2).await.remove(1);
    assert!(taped.body().starts_with(received.as_bytes()));
}
