//! A client of our own: posts to an address of this machine and gives the
//! answer chunk by chunk. Whoever checks an agent asks through a source of
//! ours with it, so that what is checked is what was recorded.

use std::{error::Error, net::SocketAddr};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::AbortHandle};

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
    connection: AbortHandle,
}

/// Posts JSON and asks for an event stream, as the official client does.
///
/// # Errors
/// When there is nobody at the address, or no answer comes.
pub async fn post(to: SocketAddr, target: &str, body: Vec<u8>) -> Result<Posted, PostError> {
    let stream = TcpStream::connect(to).await.map_err(PostError::new)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(PostError::new)?;
    let connection = tokio::spawn(async move {
        // What went wrong reaches whoever reads the answer.
        drop(connection.await);
    })
    .abort_handle();
    let request = Request::post(target)
        .header(header::HOST, to.to_string())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/event-stream")
        .body(Full::new(Bytes::from(body)))
        .map_err(PostError::new)?;
    let response = sender.send_request(request).await.map_err(PostError::new)?;
    Ok(Posted { response, connection })
}

impl Posted {
    /// Its status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
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

impl Drop for Posted {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
