//! The two bodies of an exchange, each recorded before it is forwarded.

use std::{
    convert::Infallible,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use scrubjay_session::exchange::Ending;
use tokio::sync::oneshot;

use crate::{
    capture::Capture,
    connection::{Connection, UnderWay},
    framing::{Contradicted, Contradiction},
    headers::fields,
    intake::{End, Intake},
    recorder::Chunk,
    source_state::SourceState,
    upstream_client::{self, BoxError, UpstreamBody},
};

/// How long the rest of a request is waited for when no upstream wants it.
const UNSENT_PATIENCE: Duration = Duration::from_secs(5);

/// A request body: still on its way, or read already.
pub(crate) enum RequestBody {
    /// With the mark that its request is under way: an answer may end before it.
    Live(Incoming, Option<Arc<UnderWay>>),
    Whole(Full<Bytes>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Live(body, under_way) => {
                let polled = Pin::new(&mut *body).poll_frame(cx);
                if body.is_end_stream() || matches!(polled, Poll::Ready(None | Some(Err(_)))) {
                    *under_way = None;
                }
                polled
            }
            Self::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never: Infallible| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Live(body, _) => body.is_end_stream(),
            Self::Whole(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Live(body, _) => body.size_hint(),
            Self::Whole(body) => body.size_hint(),
        }
    }
}

/// The request body on its way upstream.
pub(crate) struct RequestTee {
    /// Gone once it has been given back.
    body: Option<RequestBody>,
    capture: Arc<Capture>,
    /// Where an unread rest goes.
    back: Option<oneshot::Sender<RequestBody>>,
}

/// Gets what an upstream that could not be reached has left of a request body.
pub(crate) struct Unsent {
    rest: oneshot::Receiver<RequestBody>,
    capture: Arc<Capture>,
}

impl RequestTee {
    pub(crate) fn new(body: RequestBody, capture: Arc<Capture>) -> (Self, Unsent) {
        let (back, rest) = oneshot::channel();
        let unsent = Unsent {
            rest,
            capture: Arc::clone(&capture),
        };
        let tee = Self {
            body: Some(body),
            capture,
            back: Some(back),
        };
        (tee, unsent)
    }
}

impl Drop for RequestTee {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take())
            && !body.is_end_stream()
        {
            // The receiver is gone when the request was answered.
            back.send(body).ok();
        }
    }
}

impl Unsent {
    /// Writes the rest of the body down, as far as the client sends it soon:
    /// what a frontend asked is worth most when no answer came.
    pub(crate) async fn record(mut self) {
        let Ok(mut body) = self.rest.try_recv() else { return };
        let read = async {
            while let Some(Ok(frame)) = body.frame().await {
                if let Some(bytes) = frame.data_ref() {
                    self.capture.request_body(bytes);
                }
            }
        };
        // The answer must not wait for a client that never ends its request.
        tokio::time::timeout(UNSENT_PATIENCE, read).await.ok();
    }
}

impl Body for RequestTee {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = self.body.as_mut() else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref().filter(|bytes| !bytes.is_empty()) {
                    self.capture.request_body(bytes);
                }
            }
            Some(Err(_)) => self.capture.request_broke(),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// What goes to the client: an answer of ours, or the upstream's body.
pub(crate) enum ClientBody {
    Own(Option<Bytes>),
    Tee(ResponseTee),
    /// The empty body of a 304. hyper takes away the `Content-Length` of a body
    /// that it knows to be empty, so this one does not report its end beforehand.
    Silent,
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Own(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Tee(tee) => tee.poll_frame(cx),
            Self::Silent => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(text) => text.is_none(),
            Self::Tee(tee) => tee.is_end_stream(),
            Self::Silent => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
            Self::Tee(tee) => tee.size_hint(),
            Self::Silent => SizeHint::default(),
        }
    }
}

/// The response body on its way to the client.
pub(crate) struct ResponseTee {
    flow: Flow,
    /// Recorded, and not all forwarded yet.
    batch: Vec<Chunk>,
    /// How many of them have been.
    forwarded: usize,
    capture: Arc<Capture>,
    connection: Arc<Connection>,
    /// Flushes of the client's socket when the last bytes were passed to it.
    mark: u64,
    sign: BreakSign,
    /// The length that the head gives beside the framing that is followed.
    contradiction: Option<Contradiction>,
    /// Bytes received.
    len: u64,
    /// Reads on when the client has left.
    drains: Option<Arc<SourceState>>,
}

/// How a client is shown that a body broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BreakSign {
    /// HTTP/2: the stream is reset in every case.
    Stream,
    /// HTTP/1.1: its connection ends as upstream's did.
    AsUpstream,
    /// The client knows the body's end only by the connection's, so that only a
    /// reset is no end.
    Reset,
}

/// What follows the batch.
enum Flow {
    Open(Intake),
    Trailers(HeaderMap),
    Broken(Ending, BoxError),
    Done,
}

impl ResponseTee {
    pub(crate) fn new(
        body: UpstreamBody,
        takes_ahead: bool,
        capture: Arc<Capture>,
        connection: Arc<Connection>,
        sign: BreakSign,
        drains: Option<Arc<SourceState>>,
    ) -> Self {
        let flow = if body.is_end_stream() {
            capture.end(Ending::Complete);
            Flow::Done
        } else {
            Flow::Open(Intake::new(body, capture.started(), takes_ahead))
        };
        Self {
            flow,
            batch: Vec::new(),
            forwarded: 0,
            mark: connection.flushes(),
            capture,
            connection,
            sign,
            contradiction: None,
            len: 0,
            drains,
        }
    }

    /// Breaks off at the end, unless the body's length settles the contradiction.
    pub(crate) fn contradicted(mut self, contradiction: Option<Contradiction>) -> Self {
        self.contradiction = contradiction;
        self
    }

    fn poll_frame(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.forwarded == self.batch.len()
            && let Flow::Open(intake) = &self.flow
        {
            self.batch.clear();
            self.forwarded = 0;
            let end = ready!(intake.poll_batch(cx, &mut self.batch));
            self.capture.chunks(&self.batch);
            self.len += self.batch.iter().map(|chunk| chunk.bytes.len() as u64).sum::<u64>();
            if let Some(end) = end {
                self.flow = self.ended(end);
            }
        }
        if let Some(chunk) = self.batch.get_mut(self.forwarded) {
            self.forwarded += 1;
            self.mark = self.connection.flushes();
            return Poll::Ready(Some(Ok(Frame::data(mem::take(&mut chunk.bytes)))));
        }
        self.poll_end(cx)
    }

    /// Records an end; gives what is to be forwarded of it.
    fn ended(&self, end: End) -> Flow {
        let is_contradicted = self.contradiction.is_some_and(|found| !found.is_settled_by(self.len));
        match end {
            End::Whole | End::Trailers(_) if is_contradicted => {
                if let End::Trailers(trailers) = end {
                    self.capture.trailers(&fields(&trailers));
                }
                self.capture.end(Ending::UpstreamReset);
                Flow::Broken(Ending::UpstreamReset, Contradicted.into())
            }
            End::Whole => {
                self.capture.end(Ending::Complete);
                Flow::Done
            }
            End::Trailers(trailers) => {
                self.capture.trailers(&fields(&trailers));
                self.capture.end(Ending::Complete);
                Flow::Trailers(trailers)
            }
            End::Broken(error) => {
                let ending = upstream_client::ending_of(error.as_ref());
                self.capture.end(ending);
                Flow::Broken(ending, error)
            }
        }
    }

    fn poll_end(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Flow::Broken(ending, _) = self.flow {
            // Everything before the break must reach the client first.
            ready!(self.connection.poll_flushed_after(self.mark, cx));
            let is_reset = match self.sign {
                BreakSign::Stream => false,
                BreakSign::AsUpstream => ending == Ending::UpstreamReset,
                BreakSign::Reset => true,
            };
            if is_reset {
                self.connection.close_abruptly();
            }
        }
        Poll::Ready(match mem::replace(&mut self.flow, Flow::Done) {
            Flow::Trailers(trailers) => Some(Ok(Frame::trailers(trailers))),
            Flow::Broken(_, error) => Some(Err(error)),
            Flow::Open(_) | Flow::Done => None,
        })
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        matches!(self.flow, Flow::Done) && self.forwarded == self.batch.len()
    }

    fn size_hint(&self) -> SizeHint {
        let rest: u64 = self.batch.iter().map(|chunk| chunk.bytes.len() as u64).sum();
        match &self.flow {
            Flow::Open(intake) => match intake.exact_len() {
                Some(len) => SizeHint::with_exact(len + rest),
                None => SizeHint::default(),
            },
            Flow::Trailers(_) | Flow::Broken(..) => SizeHint::default(),
            Flow::Done => SizeHint::with_exact(rest),
        }
    }
}

impl Drop for ResponseTee {
    fn drop(&mut self) {
        let Flow::Open(intake) = mem::replace(&mut self.flow, Flow::Done) else {
            return;
        };
        let (chunks, body) = intake.into_rest();
        self.capture.chunks(&chunks);
        let drains = self.drains.take().filter(|state| !state.is_stopping());
        match (drains, body) {
            (Some(state), Some(body)) => state.spawn_drain(drain(body, Arc::clone(&self.capture))),
            _ => self.capture.abandon(),
        }
    }
}

/// Reads on for the record after the client has left.
pub(crate) async fn drain(mut body: UpstreamBody, capture: Arc<Capture>) {
    while let Some(Ok(frame)) = body.frame().await {
        match frame.into_data() {
            Ok(bytes) if bytes.is_empty() => {}
            Ok(bytes) => capture.chunk(bytes),
            Err(frame) => {
                if let Some(trailers) = frame.trailers_ref() {
                    capture.trailers(&fields(trailers));
                }
            }
        }
    }
    capture.abandon();
}
