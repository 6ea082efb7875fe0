//! What the proxy does not wait for: its clock is held or moved on by the test,
//! while the agent and the client live by a real one.

use std::{thread, time::Duration};

use scrubjay_proxy::Running;
use scrubjay_session::exchange::Ending;
use scrubjay_testkit::{Gate, MemoryRecorder, RawClient, ScriptedAgent, Step};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{get, post, source_to};

/// A proxy whose clock stands still until the test moves it.
struct Clocked {
    running: Running,
    recorder: MemoryRecorder,
    orders: mpsc::UnboundedSender<(Duration, oneshot::Sender<Duration>)>,
}

impl Clocked {
    async fn before(agent: &ScriptedAgent) -> Self {
        let (orders, orders_in) = mpsc::unbounded_channel();
        let (sender, receiver) = oneshot::channel();
        let recorder = MemoryRecorder::default();
        let (url, kept) = (agent.url(), recorder.clone());
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().start_paused(true).build();
            runtime.unwrap().block_on(async {
                let running = source_to(&url, &kept, |_| {});
                assert!(sender.send(running).is_ok(), "the test should wait for its proxy");
                keep_time(orders_in).await;
            });
        });
        Self {
            running: receiver.await.unwrap(),
            recorder,
            orders,
        }
    }

    /// Moves the clock on; gives what it has moved since the beginning.
    async fn passes(&self, time: Duration) -> Duration {
        let (sender, receiver) = oneshot::channel();
        self.orders.send((time, sender)).unwrap();
        receiver.await.unwrap()
    }
}

/// Moves the clock on each order, until the test is over.
async fn keep_time(mut orders: mpsc::UnboundedReceiver<(Duration, oneshot::Sender<Duration>)>) {
    // While a blocking task runs, tokio does not move a paused clock by itself.
    let (over, until_over) = std::sync::mpsc::channel::<()>();
    let held = tokio::task::spawn_blocking(move || until_over.recv());
    let began = Instant::now();
    while let Some((time, sender)) = orders.recv().await {
        // In steps, so that what repeats itself has its turns.
        for _ in 0..60 {
            tokio::time::advance(time / 60).await;
        }
        assert!(
            sender.send(began.elapsed()).is_ok(),
            "the test should wait for the time"
        );
    }
    drop(over);
    drop(held.await);
}

/// A head is waited for, and so is the next request, but not for ever. What is
/// asked and answered has no limit.
#[test]
fn a_head_that_never_ends_is_given_up_and_a_stream_is_not() {
    in_real_time(async {
        let (asked, thought) = (Gate::default(), Gate::default());
        let steps = vec![
            Step::sse_head(),
            Step::Tell(asked.clone()),
            Step::Wait(thought.clone()),
            Step::chunk("data: 1\n\n"),
            Step::end(),
        ];
        let agent = ScriptedAgent::playing(steps).await;
        let proxy = Clocked::before(&agent).await;
        let address = proxy.running.address();
        // One that is answered, slowly; one that has begun a head; one that has sent nothing.
        let mut stream = RawClient::ask(address, &get("/agent")).await;
        asked.passed().await;
        let mut slow = RawClient::ask(address, "GET / HTTP/1.1\r\nhost: loc").await;
        let mut silent = RawClient::connect(address).await;
        let mut upload = RawClient::ask(address, "POST / HTTP/1.1\r\nhost: f\r\ncontent-length: 5\r\n\r\nhe").await;
        crate::eventually(|| proxy.running.counts().open == 2).await;
        // Until the slow head was read, its clock does not run: it is asked again and again.
        let mut is_late = false;
        for _ in 0..100 {
            proxy.passes(Duration::from_secs(31)).await;
            is_late = slow.has_come().await;
            if is_late {
                break;
            }
        }
        assert!(is_late, "the slow head should be given up");
        slow.until_closed().await;
        assert!(
            slow.text().starts_with("HTTP/1.1 408 Request Timeout\r\n"),
            "{}",
            slow.text()
        );
        assert!(slow.text().contains("was not whole within 30 s"), "{}", slow.text());
        proxy.passes(Duration::from_secs(3600)).await;
        silent.until_closed().await;
        assert_eq!(silent.text(), "");
        // An hour for a body, and for a thought.
        assert_eq!(proxy.running.counts().open, 2);
        thought.open();
        assert_eq!(stream.whole_answer().await.text(), "data: 1\n\n");
        upload.send(b"llo").await;
        upload.whole_answer().await;
    });
}

/// The agent has ended, and a client takes the last of it after an hour.
#[test]
fn an_answer_may_be_taken_as_slowly_as_the_client_likes() {
    const LEN: usize = 16 << 20;
    in_real_time(async {
        let asked = Gate::default();
        let text = "x".repeat(LEN);
        let steps = vec![
            Step::sse_head(),
            Step::Tell(asked.clone()),
            Step::chunk(&text),
            Step::end(),
        ];
        let agent = ScriptedAgent::playing(steps).await;
        let proxy = Clocked::before(&agent).await;
        let mut client = TcpStream::connect(proxy.running.address()).await.unwrap();
        client.write_all(get("/agent").as_bytes()).await.unwrap();
        asked.passed().await;
        let (mut taken, mut piece) = (0, vec![0; 16 << 10]);
        let mut take = async |client: &mut TcpStream| {
            let len = client.read(&mut piece).await.unwrap();
            assert_ne!(len, 0, "the rest should come");
            piece[..len].iter().filter(|byte| **byte == b'x').count()
        };
        while proxy.running.counts().open > 0 {
            taken += take(&mut client).await;
        }
        assert!(taken < LEN, "some of it should be on its way");
        proxy.passes(Duration::from_secs(3600)).await;
        while taken < LEN {
            taken += take(&mut client).await;
        }
    });
}

fn in_real_time(test: impl Future<Output = ()>) {
    Runtime::new().unwrap().block_on(test);
}

/// On a clock that stands still no timer ends, so no timer stands between a
/// client's leaving and the upstream's learning of it: 250 ms are kept by there
/// being nothing to wait for.
#[test]
fn a_client_that_leaves_cancels_upstream_without_any_timer() {
    let check = async |before: Vec<Step>, mark: &str| {
        let (asked, left) = (Gate::default(), Gate::default());
        let mut steps = before;
        steps.extend([
            Step::Tell(asked.clone()),
            Step::UntilPeerLeaves,
            Step::Tell(left.clone()),
        ]);
        let agent = ScriptedAgent::playing(steps).await;
        let proxy = Clocked::before(&agent).await;
        let mut client = RawClient::ask(proxy.running.address(), &post("/agent", "{}")).await;
        asked.passed().await;
        client.until(mark).await;
        drop(client);
        left.passed().await;
        assert_eq!(proxy.recorder.only().await.ending, Ending::ClientLeft);
        assert_eq!(
            proxy.passes(Duration::ZERO).await,
            Duration::ZERO,
            "the clock should have stood still"
        );
    };
    in_real_time(async {
        check(vec![], "").await;
        check(vec![Step::sse_head()], "\r\n\r\n").await;
        check(vec![Step::sse_head(), Step::chunk("data: 1\n\n")], "data: 1\n\n").await;
    });
}

/// Agents think, and people take their time to answer them.
#[test]
fn an_hour_of_silence_is_only_silence() {
    let check = async |before: Vec<Step>, mark: &str, after: Vec<Step>| {
        let (asked, thought) = (Gate::default(), Gate::default());
        let mut steps = before;
        steps.extend([Step::Tell(asked.clone()), Step::Wait(thought.clone())]);
        steps.extend(after);
        let agent = ScriptedAgent::playing(steps).await;
        let proxy = Clocked::before(&agent).await;
        let mut client = RawClient::ask(proxy.running.address(), &get("/agent")).await;
        asked.passed().await;
        client.until(mark).await;
        let passed = proxy.passes(Duration::from_secs(3600)).await;
        assert_eq!(passed, Duration::from_secs(3600));
        assert_eq!(proxy.running.counts().open, 1);
        thought.open();
        assert_eq!(client.whole_answer().await.text(), "data: 1\n\ndata: 2\n\n");
        let taped = proxy.recorder.only().await;
        assert_eq!(
            (taped.ending, taped.body()),
            (Ending::Complete, b"data: 1\n\ndata: 2\n\n".to_vec())
        );
    };
    let [one, two] = ["data: 1\n\n", "data: 2\n\n"].map(Step::chunk);
    in_real_time(async {
        let head = Step::sse_head;
        check(vec![], "", vec![head(), one.clone(), two.clone(), Step::end()]).await;
        check(vec![head()], "\r\n\r\n", vec![one.clone(), two.clone(), Step::end()]).await;
        check(vec![head(), one.clone()], "data: 1\n\n", vec![two.clone(), Step::end()]).await;
    });
}
