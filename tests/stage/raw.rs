//! Requests as no client would write them, over a plain socket.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
};

use super::PATIENCE;

/// What came back, until the connection was closed.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Absent where the connection was closed without one.
    pub status: Option<u16>,
    /// Status line and fields, in small letters.
    pub head: String,
    /// The rest, with its transfer framing.
    pub body: String,
}

/// Sends bytes and reads until the server closes. A server that has heard enough
/// may close while the rest is still being sent.
pub fn send(host: &str, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(host).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it is no zero");
    let mut sending = stream.try_clone().expect("a socket can be shared");
    let request = request.to_vec();
    let sender = thread::spawn(move || sending.write_all(&request).ok());
    let mut bytes = Vec::new();
    let mut piece = [0; 16384];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => bytes.extend_from_slice(&piece[..len]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("the server should answer or close: {}", String::from_utf8_lossy(&bytes))
            }
            // A reset: there was more to read than the server wanted.
            Err(_reset) => break,
        }
    }
    sender.join().expect("sending does not panic");
    answer_of(&bytes)
}

fn answer_of(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Answer::default();
    };
    Answer {
        status: head.split(' ').nth(1).and_then(|status| status.parse().ok()),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}
