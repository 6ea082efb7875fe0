//! An exchange: one HTTP request and its response, as facts.
//!
//! These are the words that the capture path, the store, the file format and
//! the queries share. They carry what was seen and hold no policy.

use std::borrow::Cow;

/// Header fields in the order of the wire. Values are bytes, because HTTP
/// allows more than UTF-8; repeated names stay repeated.
pub type Headers = Vec<(String, Vec<u8>)>;

/// What stands in a recording for the value of a secret header or query
/// parameter: this, and a number that is equal for equal values of one store.
pub const FINGERPRINT_PREFIX: &str = "scrubjay-fp:";

/// The value of a header field; several are joined with commas. Empty when
/// there is none.
pub fn field(headers: &Headers, name: &str) -> String {
    let values: Vec<String> = headers
        .iter()
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned())
        .collect();
    values.join(", ")
}

/// What is asked for at an upstream whose address has this path (empty for
/// none) when a source in front of it is asked for `target`. The source's own
/// `/` stands for the path as it is.
pub fn target_below<'a>(path: &str, target: &'a str) -> Cow<'a, str> {
    match target.strip_prefix('/') {
        Some(rest) if !path.is_empty() && (rest.is_empty() || rest.starts_with('?')) => format!("{path}{rest}").into(),
        Some(_) => format!("{}{target}", path.trim_end_matches('/')).into(),
        None => target.into(),
    }
}

/// What a source in front of an upstream whose address has this path is asked
/// for to get `place` (a path at the upstream, with what follows it); none if
/// that cannot be asked for.
pub fn target_to<'a>(path: &str, place: &'a str) -> Option<Cow<'a, str>> {
    if path.is_empty() {
        return Some(place.into());
    }
    let end = place.find(['?', '#']).unwrap_or(place.len());
    if place[..end] == *path {
        return Some(format!("/{}", &place[end..]).into());
    }
    let below = place.strip_prefix(path.trim_end_matches('/'))?;
    let is_below = below.starts_with('/') && !matches!(below.as_bytes().get(1), None | Some(b'?' | b'#'));
    is_below.then(|| below.into())
}

/// The origin of a URL and its path, which is empty for none or the root alone.
pub fn origin_and_path(url: &str) -> (&str, &str) {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| after_scheme + at);
    let path = url[end..].split(['?', '#']).next().unwrap_or_default();
    (&url[..end], if path == "/" { "" } else { path })
}

/// The path and the query of a target, which is a whole URL if the client took us for a proxy.
pub fn path_and_query(target: &str) -> (&str, &str) {
    let origin = match target.starts_with('/') || !target.contains("://") {
        true => "",
        false => origin_and_path(target).0,
    };
    let target = target[origin.len()..].split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (if path.is_empty() { "/" } else { path }, query)
}

/// HTTP version of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumString)]
pub enum HttpVersion {
    #[strum(serialize = "HTTP/1.0")]
    Http10,
    #[default]
    #[strum(serialize = "HTTP/1.1")]
    Http11,
    #[strum(serialize = "HTTP/2")]
    Http2,
}

impl HttpVersion {
    /// `HTTP/1.1` and the like.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads what [`HttpVersion::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The head of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// Method, as sent.
    pub method: String,
    /// Path and query as the client sent them.
    pub target: String,
    /// Version the client spoke.
    pub version: HttpVersion,
    /// Fields as the client sent them.
    pub headers: Headers,
    /// Fields as they were delivered upstream, where that differs.
    pub delivered_headers: Option<Headers>,
}

/// The head of a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    pub status: u16,
    /// Version upstream spoke.
    pub version: HttpVersion,
    /// Fields as upstream sent them.
    pub headers: Headers,
    /// Fields as they were delivered to the client, where that differs
    /// (hop-by-hop fields, a rewritten `Location`).
    pub delivered_headers: Option<Headers>,
}

impl ResponseHead {
    /// Where the client is sent, if the answer is a redirect that fetch follows.
    pub fn redirect(&self) -> Option<String> {
        let location = field(&self.headers, "location");
        (is_redirect(self.status) && !location.is_empty()).then_some(location)
    }
}

/// Whether fetch follows an answer of this status, if the answer says where to.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Whether a client that follows a redirect of this status asks with GET in the place of POST (Fetch, HTTP-redirect
/// fetch).
pub(crate) fn changes_to_get(status: u16) -> bool {
    matches!(status, 301..=303)
}

/// Whether bytes of a request are not here: they are read as zeros, which no JSON text holds.
pub(crate) fn misses_bytes(request_body: &[u8]) -> bool {
    request_body.contains(&0) && std::str::from_utf8(request_body).is_ok()
}

/// How the transport of an exchange ended (design, section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumString)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[strum(serialize_all = "snake_case")]
pub enum Ending {
    /// It has not ended.
    #[default]
    Open,
    /// The response body ended as HTTP says it should.
    Complete,
    /// Upstream broke off after its head: a reset of the connection or of its
    /// stream, or bytes that are no body.
    UpstreamReset,
    /// Upstream ended the connection in an orderly way before the body's end.
    UpstreamClosed,
    /// Upstream could not be reached or sent no head.
    NoAnswer,
    /// The client left first.
    ClientLeft,
    /// Scrubjay stopped or was killed.
    RecorderStopped,
}

impl Ending {
    /// The contract's name.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Reads what [`Ending::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// What passed on a connection after it had changed its protocol (status 101).
/// Its bytes are counted and not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Relayed {
    /// Bytes from the client to upstream.
    pub sent_len: u64,
    /// Bytes from upstream to the client.
    pub received_len: u64,
}

/// One data frame of the response body as the HTTP library yielded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Chunk {
    /// Where it begins in the body on the wire.
    pub offset: u64,
    /// Its length in bytes.
    pub len: u64,
    /// When it was received, microseconds since the request head was read.
    pub at_us: u64,
}

/// A stretch of the body for which nothing was recorded (full disk, paused).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct Hole {
    /// Where it begins in the body on the wire.
    pub offset: u64,
    /// Its length, if known.
    pub len: Option<u64>,
}

/// The facts of an exchange, without its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Permanent in a store; zero-based in request order in a file.
    pub index: i64,
    /// Name of the source it came through.
    pub source: String,
    pub request: RequestHead,
    /// Bytes of the request body.
    pub request_len: u64,
    /// The response's head, once it came.
    pub response: Option<ResponseHead>,
    /// Trailer fields, once they came.
    pub trailers: Headers,
    /// Wall clock at which the request head was read, microseconds since 1970.
    pub started_at_us: i64,
    /// When the response head came, microseconds since the request head was read.
    pub response_at_us: Option<u64>,
    /// When it ended; when the last thing happened, while it is open.
    pub last_at_us: u64,
    pub ending: Ending,
    /// Bytes of the response body on the wire so far.
    pub body_len: u64,
    pub chunk_count: u64,
    /// What passed in another protocol, if the connection changed to one.
    pub relayed: Option<Relayed>,
    /// The upstream's TLS certificate was not verified, because that was asked for.
    pub is_unverified: bool,
    /// What is missing.
    pub holes: Vec<Hole>,
    /// Labels in the order in which they were given.
    pub labels: Vec<(String, String)>,
    /// Absolute URL of the upstream, when known.
    pub upstream: String,
}

impl Exchange {
    /// Where the request went: the upstream's address and the target below it.
    pub fn url(&self) -> String {
        let (origin, path) = origin_and_path(&self.upstream);
        if self.request.target.starts_with('/') {
            format!("{origin}{}", target_below(path, &self.request.target))
        } else {
            self.request.target.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_the_upstream_and_the_target_below_it() {
        let check = |upstream: &str, target: &str, url: &str| {
            let request = RequestHead {
                target: target.to_owned(),
                ..RequestHead::default()
            };
            let exchange = Exchange {
                upstream: upstream.to_owned(),
                request,
                ..Exchange::default()
            };
            assert_eq!(exchange.url(), url);
        };
        check("http://h:1", "/", "http://h:1/");
        check("http://h:1/", "/a?b", "http://h:1/a?b");
        check("http://h:1/agent", "/", "http://h:1/agent");
        check("http://h:1/agent", "/?x", "http://h:1/agent?x");
        check("http://h:1/agent/", "/info", "http://h:1/agent/info");
        check("", "/info", "/info");
        check("http://h:1", "*", "*");
    }

    #[test]
    fn a_target_may_be_a_whole_url() {
        for (target, parts) in [
            ("/a?b", ("/a", "b")),
            ("/a?to=http://h/b", ("/a", "to=http://h/b")),
            ("http://h:1/a?b#c", ("/a", "b")),
            ("http://h:1", ("/", "")),
            ("http://h:1?b", ("/", "b")),
            ("*", ("*", "")),
        ] {
            assert_eq!(path_and_query(target), parts, "{target}");
        }
    }
}
