//! What curl prints: `curl -v`, `curl -i`, or both, with the body behind the heads.

use scrubjay_session::exchange::{Ending, Headers, HttpVersion, RequestHead, ResponseHead, field};

use super::{
    document::Halt,
    recognise::{is_status, without_time},
    taking::{Taking, append, set_url},
};
use crate::read::Stop;

/// Takes a transcript: an exchange for each request and each answer.
pub(super) fn take(taking: &mut Taking<'_>) -> Result<(), Halt> {
    taking.name = "transcript of curl";
    let mut reading = Reading::default();
    let mut at = 0;
    let bytes = taking.bytes;
    let outcome = bytes.split_inclusive(|byte| *byte == b'\n').try_for_each(|line| {
        let place = at;
        at += line.len();
        reading.line(taking, line, place).map_err(|stop| (place, stop))
    });
    reading.end(taking).map_err(|stop| (at, stop))?;
    taking.note(
        "The file is what curl prints: it has no request body and no times, so that the whole answer stands at the \
         time 0.",
    );
    outcome
}

/// Where in an exchange a line is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before a head, in what curl says of itself.
    #[default]
    Outside,
    /// In a request's head.
    Request,
    /// In a response's head, whose lines begin with `<`.
    Marked,
    /// In a response's head as it is printed by `-i`.
    Printed,
    Body,
}

#[derive(Default)]
struct Reading {
    place: Place,
    request: Option<RequestHead>,
    response: Option<ResponseHead>,
    /// Whether the lines of its head began with `<`.
    was_marked: bool,
    /// The place of the exchange's first line.
    began: usize,
    body: Vec<u8>,
    ending: Ending,
}

impl Reading {
    fn line(&mut self, taking: &mut Taking<'_>, bytes: &[u8], at: usize) -> Result<(), Stop> {
        let text = String::from_utf8_lossy(bytes);
        let line = without_time(text.trim_end_matches(['\n', '\r']));
        if self.is_of_curl(line) {
            return Ok(());
        }
        if let Some(sent) = marked(line, '>') {
            return self.request_line(taking, sent, at);
        }
        if let Some(received) = marked(line, '<') {
            return self.response_line(taking, received, at, Place::Marked);
        }
        match self.place {
            Place::Printed => self.response_line(taking, line, at, Place::Printed),
            // Of `-i` beside `-v` the head comes twice.
            Place::Body if is_status(line) && self.was_marked && self.body.is_empty() => {
                self.place = Place::Printed;
                self.response.iter_mut().for_each(|head| head.headers.clear());
                Ok(())
            }
            Place::Body if is_status(line) => self.response_line(taking, line, at, Place::Printed),
            Place::Body => self.body_line(taking, bytes, line),
            _ if is_status(line) => self.response_line(taking, line, at, Place::Printed),
            _ => Ok(()),
        }
    }

    /// What curl says of connections, pieces and failures. A failure is an ending.
    fn is_of_curl(&mut self, line: &str) -> bool {
        let of_pieces = (line.starts_with("{ [") || line.starts_with("} [")) && line.ends_with("data]");
        if !(line.starts_with("* ") || line.starts_with("curl: (") || of_pieces) {
            return false;
        }
        let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
        if says(&["outstanding read data", "curl: (18)", "curl: (52)"]) {
            self.ending = Ending::UpstreamClosed;
        } else if says(&["Connection reset", "Recv failure", "curl: (56)", "curl: (92)"]) {
            self.ending = Ending::UpstreamReset;
        } else if says(&["timed out", "curl: (28)"]) {
            self.ending = Ending::ClientLeft;
        }
        true
    }

    fn request_line(&mut self, taking: &mut Taking<'_>, line: &str, at: usize) -> Result<(), Stop> {
        if self.place != Place::Request {
            self.end(taking)?;
            self.began = at;
            self.place = Place::Request;
            let mut words = line.split(' ');
            self.request = Some(RequestHead {
                method: words.next().unwrap_or_default().to_owned(),
                target: words.next().unwrap_or("/").to_owned(),
                version: version_of(words.next().unwrap_or_default()),
                ..RequestHead::default()
            });
        } else if line.is_empty() {
            self.place = Place::Outside;
        } else if let Some(request) = &mut self.request {
            push_field(&mut request.headers, line);
        }
        Ok(())
    }

    fn response_line(&mut self, taking: &mut Taking<'_>, line: &str, at: usize, place: Place) -> Result<(), Stop> {
        if is_status(line) {
            if self.place == Place::Body {
                self.end(taking)?;
                self.began = at;
            }
            self.place = place;
            self.was_marked = place == Place::Marked;
            let mut words = line.splitn(3, ' ');
            let version = version_of(words.next().unwrap_or_default());
            let status = words.next().and_then(|status| status.parse().ok()).unwrap_or_default();
            self.response = Some(ResponseHead {
                status,
                version,
                ..ResponseHead::default()
            });
        } else if !line.is_empty() {
            if let Some(head) = self.response.as_mut().filter(|_| self.place == place) {
                push_field(&mut head.headers, line);
            }
        } else {
            let is_informational = self.response.as_ref().is_some_and(|head| head.status < 200);
            self.place = if is_informational { Place::Outside } else { Place::Body };
        }
        Ok(())
    }

    fn body_line(&mut self, taking: &mut Taking<'_>, bytes: &[u8], line: &str) -> Result<(), Stop> {
        // What curl says at the end follows a body without a line end on its line.
        let said = [b"* Connection #".as_slice(), b"* Closing connection", b"curl: ("];
        let end = said.iter().filter_map(|said| find(bytes, said)).min();
        let kept = end.map_or(bytes, |end| &bytes[..end]);
        if let Some(end) = end {
            self.is_of_curl(line.get(end..).unwrap_or_default());
        }
        taking.grow(kept.len() as u64)?;
        self.body.extend_from_slice(kept);
        Ok(())
    }

    /// Ends an exchange, if one was begun.
    fn end(&mut self, taking: &mut Taking<'_>) -> Result<(), Stop> {
        let read = std::mem::take(self);
        if read.request.is_none() && read.response.is_none() {
            return Ok(());
        }
        taking.grow_by_body(&read.body)?;
        let recorded = taking.begin(read.began)?;
        let exchange = &mut recorded.exchange;
        if let Some(request) = read.request {
            let host = field(&request.headers, "host");
            exchange.request = request;
            if !host.is_empty() {
                let target = exchange.request.target.clone();
                set_url(exchange, &format!("http://{host}{target}"));
            }
        }
        exchange.ending = match (read.ending, &read.response) {
            (Ending::Open, None) => Ending::NoAnswer,
            (Ending::Open, Some(_)) => Ending::Complete,
            (ending, _) => ending,
        };
        exchange.response = read.response.map(decoded);
        append(recorded, &read.body, 0);
        Ok(())
    }
}

/// A line behind its mark.
fn marked(line: &str, mark: char) -> Option<&str> {
    let rest = line.strip_prefix(mark)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(' ')
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A printed body is text, so that it has no encoding any more.
fn decoded(mut head: ResponseHead) -> ResponseHead {
    head.headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
    head
}

fn push_field(headers: &mut Headers, line: &str) {
    if let Some((name, value)) = line.split_once(':') {
        headers.push((name.trim().to_owned(), value.trim().as_bytes().to_vec()));
    }
}

fn version_of(text: &str) -> HttpVersion {
    match text.trim_start_matches("HTTP/") {
        "1.0" => HttpVersion::Http10,
        version if version.starts_with('2') || version.starts_with('3') => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    }
}
