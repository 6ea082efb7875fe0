//! An HTTP client that posts to an address of this machine and gives the
//! answer chunk by chunk. An agent is checked through a source with it, so
//! that what is checked is what was recorded.

use std::{error::Error, net::SocketAddr};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use scrubjay_session::exchange::Headers;
use tokio::{net::TcpStream, task::AbortHandle};

use crate::headers::fields;

/// Why posting or reading failed.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub struct PostError(#[source] Box<dyn Error + Send + Sync>);

impl PostError {
    fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// An answer that is being read. Dropping it closes the connection.
#[derive(Debug)]
pub struct Posted {
    response: Response<Incoming>,
    /// Held as long as the answer is read.
    #[expect(dead_code, reason = "closes the connection when dropped")]
    connection: Connection,
}

/// A request to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Its fields, without `host` and those that say how the body is framed.
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// Posts JSON and asks for an event stream, as the official client does.
///
/// # Errors
/// When nothing listens at the address, or no answer comes.
pub async fn post(to: SocketAddr, target: &str, body: Vec<u8>) -> Result<Posted, PostError> {
    let field = |name: header::HeaderName, value: &str| (name.to_string(), value.as_bytes().to_vec());
    let question = Question {
        method: "POST".to_owned(),
        target: target.to_owned(),
        headers: vec![
            field(header::CONTENT_TYPE, "application/json"),
            field(header::ACCEPT, "text/event-stream"),
        ],
        body,
    };
    ask(to, question).await
}

/// Sends a request.
///
/// # Errors
/// When it cannot be written as HTTP, nothing listens at the address, or no answer comes.
pub async fn ask(to: SocketAddr, question: Question) -> Result<Posted, PostError> {
    let mut request = Request::builder()
        .method(question.method.as_str())
        .uri(&question.target)
        .header(header::HOST, to.to_string());
    for (name, value) in &question.headers {
        request = request.header(name.as_str(), value.as_slice());
    }
    let request = request
        .body(Full::new(Bytes::from(question.body)))
        .map_err(PostError::new)?;
    let stream = TcpStream::connect(to).await.map_err(PostError::new)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(PostError::new)?;
    let connection = tokio::spawn(async move {
        // The error reaches the reader of the answer.
        connection.await.ok();
    })
    .abort_handle();
    // Aborts the connection, too, when this is given up before the head has come.
    let connection = Connection(connection);
    let response = sender.send_request(request).await.map_err(PostError::new)?;
    Ok(Posted { response, connection })
}

/// A connection that is closed when dropped.
#[derive(Debug)]
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Posted {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn headers(&self) -> Headers {
        fields(self.response.headers())
    }

    /// The next chunk; none at the end.
    ///
    /// # Errors
    /// When the body breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, PostError> {
        loop {
            match self.response.body_mut().frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame.map_err(PostError::new)?.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}
