//! The client's connection, with two things that hyper does not show a body.
//!
//! A body that breaks off must not overtake its own bytes: hyper drops what it
//! still holds for a connection when a body fails. So the socket counts its
//! flushes, and a failing body waits for one that came after its last bytes.
//! And a body whose end *is* the connection's end (HTTP/1.0) can only be shown
//! broken by a reset, so the socket can be made to close that way.

use std::{
    io::{self, IoSlice},
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, runtime::Handle, sync::Semaphore};

use crate::timeouts::{HeadClock, Waited};

/// What the socket and the bodies of one connection share.
#[derive(Default)]
pub struct Connection {
    flushes: AtomicU64,
    /// Bodies that wait for a flush: on HTTP/2, several at once.
    waiting: Mutex<Vec<Waker>>,
    has_waiters: AtomicBool,
    is_abrupt: AtomicBool,
    /// Requests begun, and how many of them have ended.
    begun: AtomicU64,
    ended: AtomicU64,
    /// What was read while no request was under way: the next one's head.
    head: Mutex<Vec<u8>>,
    /// What the connection does once it has left HTTP.
    successor: Mutex<Option<Successor>>,
}

type Successor = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Bytes of a head that are kept, at most.
const KEPT_HEAD: usize = crate::http_server::MAX_HEAD_BYTES as usize;
/// Bytes of a head that are read at once.
const READ_LEN: usize = 8 << 10;

/// A request under way, until it is dropped.
pub(crate) struct UnderWay(Arc<Connection>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Release);
    }
}

impl Connection {
    /// A request has come; gives its head as far as it was read since nothing
    /// else was under way.
    pub(crate) fn begin_request(self: &Arc<Self>) -> (UnderWay, Vec<u8>) {
        self.begun.fetch_add(1, Ordering::Release);
        let head = mem::take(&mut *self.head.lock().unwrap_or_else(PoisonError::into_inner));
        (UnderWay(Arc::clone(self)), head)
    }

    fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    fn is_under_way(&self) -> bool {
        self.ended.load(Ordering::Acquire) < self.begun()
    }

    fn keep_head(&self, bytes: &[u8]) {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT_HEAD.saturating_sub(head.len());
        head.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// How often everything passed to the socket had been written.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Acquire)
    }

    /// Waits for a flush later than the one given.
    pub fn poll_flushed_after(&self, mark: u64, cx: &Context<'_>) -> Poll<()> {
        if self.flushes() > mark {
            return Poll::Ready(());
        }
        self.waiting().push(cx.waker().clone());
        self.has_waiters.store(true, Ordering::SeqCst);
        if self.flushes.load(Ordering::SeqCst) > mark {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        if self.has_waiters.swap(false, Ordering::SeqCst) {
            self.waiting().drain(..).for_each(Waker::wake);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs something in the connection's place once it has changed its protocol.
    pub(crate) fn succeed(&self, successor: impl Future<Output = ()> + Send + 'static) {
        *self.successor.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(successor));
    }

    /// What follows the last byte of HTTP, if anything does.
    pub(crate) fn successor(&self) -> Option<Successor> {
        self.successor.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Makes the connection close with a reset.
    pub fn close_abruptly(&self) {
        self.is_abrupt.store(true, Ordering::Release);
    }
}

/// The client's end of a connection.
pub(crate) struct ClientSocket {
    /// Gone only while it is dropped.
    io: Option<TokioIo<TcpStream>>,
    connection: Arc<Connection>,
    clock: HeadClock,
    /// The client takes what was written more slowly than it comes.
    is_blocked: bool,
}

/// How long a client may take for the bytes before a reset.
const TAKING: Duration = Duration::from_secs(5);
/// How often it is looked whether it has.
const LOOKING: Duration = Duration::from_millis(1);

impl ClientSocket {
    /// Wraps a connection; `unfinished` has a permit for each head that may be
    /// waited for at a time.
    pub(crate) fn new(stream: TcpStream, connection: Arc<Connection>, unfinished: Arc<Semaphore>) -> Self {
        Self {
            io: Some(TokioIo::new(stream)),
            connection,
            clock: HeadClock::new(unfinished),
            is_blocked: false,
        }
    }

    /// The connection itself, which closes when it is dropped.
    pub(crate) fn into_tcp(mut self) -> TcpStream {
        self.io
            .take()
            .expect("a socket is used before it is dropped")
            .into_inner()
    }

    fn io(&mut self) -> Pin<&mut TokioIo<TcpStream>> {
        Pin::new(self.io.as_mut().expect("a socket is used before it is dropped"))
    }
}

impl Drop for ClientSocket {
    fn drop(&mut self) {
        if !self.connection.is_abrupt.load(Ordering::Acquire) {
            return;
        }
        let Some(io) = self.io.take() else { return };
        match Handle::try_current() {
            Ok(handle) => {
                let stream = io.into_inner();
                handle.spawn(async move { reset_when_taken(&stream).await });
            }
            Err(_outside) => reset(&io.into_inner()),
        }
    }
}

/// Makes a connection close with a reset. That throws away what the peer's system
/// has not taken yet, so it waits until it has.
pub(crate) async fn reset_when_taken(stream: &TcpStream) {
    let taken = async {
        while unsent_len(stream) > 0 {
            tokio::time::sleep(LOOKING).await;
        }
    };
    tokio::time::timeout(TAKING, taken).await.ok();
    reset(stream);
}

fn reset(stream: &TcpStream) {
    // A socket that is gone already needs no reset.
    stream.set_zero_linger().ok();
}

/// Bytes that were written and that the other side's system has not acknowledged.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the system gives it only by an ioctl, and no library wraps that one"
)]
fn unsent_len(stream: &TcpStream) -> i32 {
    use rustix::ioctl::{Getter, Opcode, ioctl};
    const SIOCOUTQ: Opcode = 0x5411;
    // SAFETY: SIOCOUTQ writes one int for a socket, and the stream is open.
    let asked = unsafe { ioctl(stream, Getter::<SIOCOUTQ, i32>::new()) };
    // What cannot be asked has nothing left to send.
    asked.unwrap_or(0)
}

/// Linux only; elsewhere 0.
#[cfg(not(target_os = "linux"))]
fn unsent_len(_: &TcpStream) -> i32 {
    0
}

impl Read for ClientSocket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let begun = self.connection.begun();
        self.clock.requests(begun);
        if self.connection.is_under_way() {
            return self.io().poll_read(cx, buf);
        }
        let mut bytes = [0; READ_LEN];
        let len = bytes.len().min(buf.remaining());
        let mut read = ReadBuf::new(&mut bytes[..len]);
        if let Poll::Ready(ended) = self.io().poll_read(cx, read.unfilled()) {
            let read = read.filled();
            self.clock.read(read);
            if !self.clock.is_http2() {
                self.connection.keep_head(read);
            }
            buf.put_slice(read);
            return Poll::Ready(ended);
        }
        if self.is_blocked {
            // The end of an answer is still on its way, which may take any time.
            return Poll::Pending;
        }
        match self.clock.poll(cx) {
            Poll::Pending => Poll::Pending,
            // As if the client had closed.
            Poll::Ready(Waited::Idle) => Poll::Ready(Ok(())),
            Poll::Ready(Waited::ForHead(answer)) => {
                if let Some(io) = &self.io {
                    // A client that takes nothing learns of it by the end of the connection.
                    io.inner().try_write(&answer).ok();
                }
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl Write for ClientSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.io().poll_write(cx, buf);
        self.is_blocked |= written.is_pending();
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.io().poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.is_blocked = false;
            self.connection.flushed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.as_ref().is_some_and(Write::is_write_vectored)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.io().poll_write_vectored(cx, bufs);
        self.is_blocked |= written.is_pending();
        written
    }
}
