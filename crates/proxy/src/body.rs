//! The two bodies of an exchange, each told to the recorder before it moves on.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use scrubjay_session::exchange::Ending;
use tokio::sync::oneshot;

use crate::{
    exit::{BoxError, UpstreamBody},
    headers::fields,
    reel::Reel,
    station::Station,
    wire::Wire,
};

/// How long the rest of a request is waited for when no upstream wants it.
const UNSENT_PATIENCE: Duration = Duration::from_secs(5);

/// A request body: still on its way, or read already.
pub(crate) enum Inflow {
    Live(Incoming),
    Whole(Full<Bytes>),
}

impl Body for Inflow {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Live(body) => Pin::new(body).poll_frame(cx),
            Self::Whole(body) => Pin::new(body)
                .poll_frame(cx)
                .map_err(|never: Infallible| match never {}),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Live(body) => body.is_end_stream(),
            Self::Whole(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Live(body) => body.size_hint(),
            Self::Whole(body) => body.size_hint(),
        }
    }
}

/// The request body on its way upstream.
pub(crate) struct RequestTee {
    /// Gone once it has been handed back.
    body: Option<Inflow>,
    reel: Arc<Reel>,
    /// Where an unread rest goes when nobody took it.
    back: Option<oneshot::Sender<Inflow>>,
}

/// Gets what an upstream that could not be reached has left of a request body.
pub(crate) struct Unsent {
    rest: oneshot::Receiver<Inflow>,
    reel: Arc<Reel>,
}

impl RequestTee {
    pub(crate) fn new(body: Inflow, reel: Arc<Reel>) -> (Self, Unsent) {
        let (back, rest) = oneshot::channel();
        let unsent = Unsent {
            rest,
            reel: Arc::clone(&reel),
        };
        let tee = Self {
            body: Some(body),
            reel,
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
            // Nobody waits for it when the request was answered.
            drop(back.send(body));
        }
    }
}

impl Unsent {
    /// Writes the rest of the body down, as far as the client sends it soon:
    /// what a frontend asked is worth most when nobody answered.
    pub(crate) async fn record(mut self) {
        let Ok(mut body) = self.rest.try_recv() else { return };
        let read = async {
            while let Some(Ok(frame)) = body.frame().await {
                if let Some(bytes) = frame.data_ref() {
                    self.reel.request_body(bytes);
                }
            }
        };
        // The answer must not wait for a client that never ends its request.
        drop(tokio::time::timeout(UNSENT_PATIENCE, read).await);
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
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
            && !bytes.is_empty()
        {
            self.reel.request_body(bytes);
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
    /// that it knows to be empty, so this one does not say so beforehand.
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
    reel: Arc<Reel>,
    wire: Arc<Wire>,
    /// Flushes of the client's socket when the last bytes were handed over.
    mark: u64,
    /// The client can tell the body's end only by the connection's.
    ends_with_connection: bool,
    /// Reads on when the client has left.
    drains: Option<Arc<Station>>,
}

enum Flow {
    Open(UpstreamBody),
    Broken(Option<BoxError>),
    Done,
}

impl ResponseTee {
    pub(crate) fn new(
        body: UpstreamBody,
        reel: Arc<Reel>,
        wire: Arc<Wire>,
        ends_with_connection: bool,
        drains: Option<Arc<Station>>,
    ) -> Self {
        let mark = wire.flushes();
        let mut tee = Self {
            flow: Flow::Open(body),
            reel,
            wire,
            mark,
            ends_with_connection,
            drains,
        };
        tee.finish_if_ended();
        tee
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match &mut self.flow {
            Flow::Open(body) => ready!(Pin::new(body).poll_frame(cx)),
            Flow::Broken(_) => return self.poll_broken(cx),
            Flow::Done => None,
        };
        match frame {
            Some(Ok(frame)) => {
                self.record(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                self.reel.end(Ending::UpstreamReset);
                self.flow = Flow::Broken(Some(error));
                self.poll_broken(cx)
            }
            None => {
                self.finish();
                Poll::Ready(None)
            }
        }
    }

    fn record(&mut self, frame: &Frame<Bytes>) {
        if let Some(bytes) = frame.data_ref() {
            if !bytes.is_empty() {
                self.reel.chunk(bytes);
                self.mark = self.wire.flushes();
            }
            self.finish_if_ended();
        } else if let Some(trailers) = frame.trailers_ref() {
            self.reel.trailers(&fields(trailers));
            // Nothing follows trailers, and hyper does not ask.
            self.finish();
        }
    }

    /// Lets everything before the break reach the client, then breaks.
    fn poll_broken(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        ready!(self.wire.poll_flushed_after(self.mark, cx));
        if self.ends_with_connection {
            self.wire.close_abruptly();
        }
        match &mut self.flow {
            Flow::Broken(error) => Poll::Ready(error.take().map(Err)),
            Flow::Open(_) | Flow::Done => Poll::Ready(None),
        }
    }

    fn finish_if_ended(&mut self) {
        if matches!(&self.flow, Flow::Open(body) if body.is_end_stream()) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        self.flow = Flow::Done;
        self.reel.end(Ending::Complete);
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        matches!(self.flow, Flow::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.flow {
            Flow::Open(body) => body.size_hint(),
            Flow::Broken(_) => SizeHint::default(),
            Flow::Done => SizeHint::with_exact(0),
        }
    }
}

impl Drop for ResponseTee {
    fn drop(&mut self) {
        let Flow::Open(body) = std::mem::replace(&mut self.flow, Flow::Done) else {
            return;
        };
        match self.drains.take().filter(|station| !station.is_stopping()) {
            Some(station) => station.spawn_drain(drain(body, Arc::clone(&self.reel))),
            None => self.reel.abandon(),
        }
    }
}

/// Reads on for the record after the client has left.
pub(crate) async fn drain(mut body: UpstreamBody, reel: Arc<Reel>) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(bytes) = frame.data_ref() {
            reel.chunk(bytes);
        } else if let Some(trailers) = frame.trailers_ref() {
            reel.trailers(&fields(trailers));
        }
    }
    reel.abandon();
}
