//! One entry of a HAR as an exchange.

use scrubjay_session::exchange::{Ending, Exchange, Headers, HttpVersion, ResponseHead, field};

use super::Tally;
use crate::{
    facts::{bytes_of_base64, micros_of_rfc3339},
    foreign::{
        archive::Attached,
        document::{fields, items, number, string},
        sse::{Message, timed},
        taking::{Taking, set_url},
    },
    read::{FRAME_LEN, Stop},
};

/// Longest time that is believed, some thirty years.
const MAX_MILLIS: f64 = 1e12;

struct Entry<'t> {
    url: String,
    method: String,
    request: &'t str,
    response: &'t str,
    content: &'t str,
    mime: String,
    started_at_us: i64,
    times: Times,
}

pub(super) fn take(
    taking: &mut Taking<'_>,
    text: &str,
    at: usize,
    attached: &Attached<'_>,
    tally: &mut Tally,
) -> Result<(), Stop> {
    tally.entries += 1;
    let entry = Entry::of(text)?;
    if !(entry.url.starts_with("http://") || entry.url.starts_with("https://")) {
        tally.of_other_protocols += 1;
        return Ok(());
    }
    if entry.is_of_page() {
        tally.of_page += 1;
        return Ok(());
    }
    let request_body = entry.request_body(attached);
    let body = body(entry.content, attached);
    let messages = messages(text, entry.started_at_us);
    tally.without_body += usize::from(body.is_none() && messages.is_empty() && entry.had_body());
    let body = body.unwrap_or_default();
    let texts: usize = messages.iter().map(|message| message.data.len()).sum();
    taking.grow((request_body.len() + texts + messages.len() * FRAME_LEN as usize) as u64)?;
    taking.grow_by_body(&body)?;
    let is_stream = entry.mime.starts_with("text/event-stream") || !messages.is_empty();
    tally.streams += usize::from(is_stream);
    tally.with_times += usize::from(!messages.is_empty());
    let (body, chunks) = timed(body, &messages, entry.times.end_us);
    let recorded = taking.begin(at)?;
    entry.fill(&mut recorded.exchange);
    recorded.request_body = request_body;
    (recorded.body, recorded.chunks) = (body, chunks);
    let heads = held_by_heads(&recorded.exchange);
    taking.grow(heads)
}

/// Memory that header fields take.
fn held_by_heads(exchange: &Exchange) -> u64 {
    let of_response = exchange.response.iter().flat_map(|head| &head.headers);
    let fields = exchange.request.headers.iter().chain(of_response);
    fields.map(|(name, value)| (64 + name.len() + value.len()) as u64).sum()
}

impl<'t> Entry<'t> {
    fn of(text: &'t str) -> Result<Self, Stop> {
        let [started, time, request, response, timings] =
            fields(text, ["startedDateTime", "time", "request", "response", "timings"]);
        let (Some(request), Some(response)) = (request, response) else {
            return Err(Stop::Damaged("it is no entry of a HAR".to_owned()));
        };
        let [url, method] = fields(request, ["url", "method"]);
        let [content] = fields(response, ["content"]);
        let content = content.unwrap_or("{}");
        let [mime] = fields(content, ["mimeType"]);
        let started = string(started).and_then(|started| micros_of_rfc3339(&started));
        Ok(Self {
            url: string(url).unwrap_or_default(),
            method: string(method).unwrap_or_default(),
            request,
            response,
            content,
            mime: string(mime).unwrap_or_default().to_ascii_lowercase(),
            started_at_us: started.unwrap_or_default(),
            times: Times::of(time, timings.unwrap_or("{}")),
        })
    }

    /// Whether it brought a part of a page, by what it is.
    fn is_of_page(&self) -> bool {
        const OF_PAGES: [&str; 9] = [
            "text/html",
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/x-javascript",
            "application/wasm",
            "application/manifest+json",
            "application/ecmascript",
            "application/font",
        ];
        const KINDS: [&str; 4] = ["image/", "font/", "video/", "audio/"];
        let is_one = |prefix: &&str| self.mime.starts_with(*prefix);
        self.method == "GET" && (OF_PAGES.iter().any(is_one) || KINDS.iter().any(is_one))
    }

    fn had_body(&self) -> bool {
        let [size] = fields(self.content, ["size"]);
        number(size).is_some_and(|size| size > 0.0)
    }

    fn request_body(&self, attached: &Attached<'_>) -> Vec<u8> {
        let [data, content] = fields(self.request, ["postData", "_content"]);
        let data = data
            .and_then(|data| body(data, attached))
            .filter(|data| !data.is_empty());
        data.or_else(|| body(content?, attached)).unwrap_or_default()
    }

    fn fill(&self, exchange: &mut Exchange) {
        exchange.started_at_us = self.started_at_us;
        set_url(exchange, &self.url);
        exchange.request.method = self.method.clone();
        let [version, fields_of_request] = fields(self.request, ["httpVersion", "headers"]);
        exchange.request.version = version_of(version);
        exchange.request.headers = headers(fields_of_request);
        exchange.response = self.head();
        exchange.response_at_us = exchange.response.is_some().then_some(self.times.head_us);
        exchange.last_at_us = self.times.end_us;
        exchange.ending = self.ending();
    }

    fn head(&self) -> Option<ResponseHead> {
        let [status, version, of_response] = fields(self.response, ["status", "httpVersion", "headers"]);
        let status = number(status).filter(|status| (100.0..1000.0).contains(status))? as u16;
        let mut headers = headers(of_response);
        if !field(&headers, "content-encoding").is_empty() {
            // The body stands without its encoding.
            headers.retain(|(name, _)| !is_of_encoding(name));
        }
        if field(&headers, "content-type").is_empty() && !self.mime.is_empty() && self.mime != "x-unknown" {
            headers.push(("content-type".to_owned(), self.mime.clone().into_bytes()));
        }
        Some(ResponseHead {
            status,
            version: version_of(version),
            headers,
            delivered_headers: None,
        })
    }

    /// Names that browsers and Playwright have for what went wrong.
    fn ending(&self) -> Ending {
        let [error, failure] = fields(self.response, ["_error", "_failureText"]);
        let error = string(error)
            .or_else(|| string(failure))
            .unwrap_or_default()
            .to_ascii_uppercase();
        let says = |words: &[&str]| words.iter().any(|word| error.contains(word));
        if says(&["ABORTED", "CANCEL"]) {
            return Ending::ClientLeft;
        }
        if self.head().is_none() {
            return Ending::NoAnswer;
        }
        match () {
            () if error.is_empty() => Ending::Complete,
            () if says(&["INCOMPLETE", "MISMATCH", "CLOSED", "EMPTY", "PARTIAL"]) => Ending::UpstreamClosed,
            () => Ending::UpstreamReset,
        }
    }
}

/// When things happened, since the request began.
struct Times {
    head_us: u64,
    end_us: u64,
}

impl Times {
    fn of(time: Option<&str>, timings: &str) -> Self {
        let before = fields(timings, ["blocked", "dns", "connect", "send", "wait"]);
        let [receive] = fields(timings, ["receive"]);
        // -1 stands for what does not apply; the time for TLS is part of connect.
        let micros = |text: Option<&str>| {
            let millis = number(text).unwrap_or_default().clamp(0.0, MAX_MILLIS);
            (millis * 1000.0).round() as u64
        };
        let head_us = before.into_iter().map(micros).sum::<u64>();
        let end_us = match receive {
            Some(receive) => head_us + micros(Some(receive)),
            None => micros(time),
        };
        Self {
            head_us,
            end_us: end_us.max(head_us),
        }
    }
}

/// A body as text, in base64, or in a file of the archive.
fn body(content: &str, attached: &Attached<'_>) -> Option<Vec<u8>> {
    let [text, encoding, file, sha1] = fields(content, ["text", "encoding", "_file", "_sha1"]);
    let attached_name = string(file).or_else(|| string(sha1));
    // Playwright writes an empty text beside the name of the file that has it.
    if let Some(text) = string(text).filter(|text| !text.is_empty() || attached_name.is_none()) {
        let is_base64 = string(encoding).as_deref() == Some("base64");
        return Some(match is_base64 {
            true => bytes_of_base64(&text).unwrap_or_else(|| text.into_bytes()),
            false => text.into_bytes(),
        });
    }
    attached.bytes(&attached_name?)
}

fn headers(text: Option<&str>) -> Headers {
    items(text)
        .into_iter()
        .filter_map(|item| {
            let [name, value] = fields(item, ["name", "value"]);
            let name = string(name).filter(|name| !name.is_empty() && !name.starts_with(':'))?;
            Some((name, string(value).unwrap_or_default().into_bytes()))
        })
        .collect()
}

fn is_of_encoding(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-encoding") || name.eq_ignore_ascii_case("content-length")
}

/// `h2`, `HTTP/2.0`, `http/2` and the like. What cannot be kept is taken for HTTP/2, too.
fn version_of(text: Option<&str>) -> HttpVersion {
    let version = string(text).unwrap_or_default().to_ascii_lowercase();
    match version.as_str() {
        "http/1.0" => HttpVersion::Http10,
        version if version.starts_with("h2") || version.starts_with("http/2") => HttpVersion::Http2,
        version if version.starts_with("h3") || version.starts_with("http/3") => HttpVersion::Http2,
        _ => HttpVersion::Http11,
    }
}

/// What Chrome keeps of the events of a stream, under either of its names.
fn messages(entry: &str, started_at_us: i64) -> Vec<Message> {
    let [source, stream] = fields(entry, ["_eventSourceMessages", "_eventStreamMessages"]);
    items(source.or(stream))
        .into_iter()
        .filter_map(|item| {
            let [time, name, id, data] = fields(item, ["time", "eventName", "eventId", "data"]);
            Some(Message {
                at_us: micros_since(number(time), started_at_us),
                name: string(name).unwrap_or_default(),
                id: string(id).unwrap_or_default(),
                data: string(data)?,
            })
        })
        .collect()
}

/// Wall clock in seconds as Chrome has it, or in milliseconds, after the request.
fn micros_since(time: Option<f64>, started_at_us: i64) -> u64 {
    const FIRST_THAT_IS_MILLIS: f64 = 1e11;
    let time = time.unwrap_or_default().clamp(0.0, 1e15);
    let micros = if time < FIRST_THAT_IS_MILLIS {
        time * 1e6
    } else {
        time * 1e3
    };
    (micros.round() as i64)
        .saturating_sub(started_at_us)
        .max(0)
        .unsigned_abs()
}
