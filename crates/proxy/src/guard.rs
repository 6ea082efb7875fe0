//! Requests that the server answers itself, before its handler sees them: those
//! for another host, and those that two servers could read differently.

use std::net::SocketAddr;

use http::{HeaderMap, Method, StatusCode, Version, header, request::Parts};

use crate::hosts::{HostPort, Hosts};

/// Guards one listener.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) hosts: Hosts,
    pub(crate) bound: SocketAddr,
}

/// Why a request is not answered but refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// `Host` is a name that any site could let resolve to this machine.
    ForeignHost { asked: String },
    /// The request line is for another server, as to a general HTTP proxy.
    OtherTarget { asked: String },
    /// The request gives one fact in two ways, or not at all.
    Ambiguous { sentence: &'static str, hint: &'static str },
    /// The body has a transfer coding that is not undone here.
    TransferCoding { coding: String },
}

const ONE_HOST: &str = "Send the Host field once, with the name and port of this address.";
const ONE_LENGTH: &str =
    "Send the body's Content-Length, or send it in chunks; where both are said, servers disagree about its end.";

impl Rejection {
    fn ambiguous(sentence: &'static str, hint: &'static str) -> Self {
        Self::Ambiguous { sentence, hint }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::ForeignHost { .. } | Self::OtherTarget { .. } => StatusCode::FORBIDDEN,
            Self::Ambiguous { .. } => StatusCode::BAD_REQUEST,
            Self::TransferCoding { .. } => StatusCode::NOT_IMPLEMENTED,
        }
    }

    pub fn sentence(&self) -> String {
        match self {
            Self::ForeignHost { asked } => format!(
                "This address answers to the names of this machine, and not to {asked}, which anybody could let point here."
            ),
            Self::OtherTarget { asked } => format!("This address answers for itself only, and not for {asked}."),
            Self::Ambiguous { sentence, .. } => (*sentence).to_owned(),
            Self::TransferCoding { coding } => {
                format!("The request's body has the transfer coding {coding}, which is not undone here.")
            }
        }
    }

    pub fn hint(&self) -> String {
        match self {
            Self::ForeignHost { asked } => {
                let name = HostPort::parse(asked).map_or_else(|| "NAME".to_owned(), |named| named.host);
                format!(
                    "Ask for localhost or 127.0.0.1, or start scrubjay with --allow-host {name} if that name is yours; \
                     a frontend in a container asks for host.docker.internal."
                )
            }
            Self::OtherTarget { .. } => "Do not use it as a general HTTP proxy.".to_owned(),
            Self::Ambiguous { hint, .. } => (*hint).to_owned(),
            Self::TransferCoding { .. } => "Send the body as it is, or only in chunks.".to_owned(),
        }
    }

    /// Where the next request on the connection begins is not certain.
    pub fn closes(&self) -> bool {
        matches!(self, Self::Ambiguous { .. } | Self::TransferCoding { .. })
    }
}

impl Guard {
    /// Whether a request may pass. `head` is what was read of it since nothing
    /// else was under way; `stands_for` accepts the servers in whose place the
    /// handler answers.
    pub(crate) fn check(
        &self,
        parts: &Parts,
        head: &[u8],
        stands_for: impl Fn(&str, u16) -> bool,
    ) -> Result<(), Rejection> {
        if parts.version < Version::HTTP_2 {
            check_framing(&parts.headers, head)?;
        }
        // It is always for another server, and the handler refuses it.
        if parts.method == Method::CONNECT {
            return Ok(());
        }
        let host = host(parts)?;
        match parts.uri.authority().filter(|_| parts.version < Version::HTTP_2) {
            Some(target) => {
                let usual_port = if parts.uri.scheme_str() == Some("https") {
                    443
                } else {
                    80
                };
                let is_ours = HostPort::parse(target.as_str()).is_some_and(|named| named.is_at(self.bound, usual_port));
                let is_welcome = is_ours || stands_for(target.as_str(), usual_port);
                let asked = target.to_string();
                is_welcome.then_some(()).ok_or(Rejection::OtherTarget { asked })
            }
            None => match host {
                Some((text, named)) if !self.hosts.admit(&named, self.bound.ip()) => {
                    Err(Rejection::ForeignHost { asked: text })
                }
                _ => Ok(()),
            },
        }
    }
}

/// The only host that the request names. HTTP/1.0 may name none, and HTTP/2 names it elsewhere.
fn host(parts: &Parts) -> Result<Option<(String, HostPort)>, Rejection> {
    let mut fields = parts.headers.get_all(header::HOST).iter();
    let field = match (fields.next(), fields.next()) {
        (_, Some(_)) => {
            return Err(Rejection::ambiguous(
                "The request has more than one Host field.",
                ONE_HOST,
            ));
        }
        (field, None) => field,
    };
    let unreadable = || Rejection::ambiguous("The Host field of the request is no host.", ONE_HOST);
    let field = match field {
        Some(value) => Some(value.to_str().map_err(|_not_text| unreadable())?.to_owned()),
        None => None,
    };
    let authority = parts.uri.authority().filter(|_| parts.version == Version::HTTP_2);
    let text = match (field, authority) {
        (Some(field), Some(authority)) if !field.eq_ignore_ascii_case(authority.as_str()) => {
            return Err(Rejection::ambiguous(
                "The request names two hosts: :authority and Host differ.",
                ONE_HOST,
            ));
        }
        (Some(field), _) => field,
        (None, Some(authority)) => authority.to_string(),
        (None, None) if parts.version == Version::HTTP_11 => {
            return Err(Rejection::ambiguous(
                "The request has no Host field, which HTTP/1.1 wants.",
                ONE_HOST,
            ));
        }
        (None, None) => return Ok(None),
    };
    let named = HostPort::parse(&text).ok_or_else(unreadable)?;
    Ok(Some((text, named)))
}

/// RFC 9112, 6.1 and 6.3: a request with two lengths may be two requests to
/// the next server. The library drops a length that comes after
/// `Transfer-Encoding`, so it is looked for in what was read.
fn check_framing(headers: &HeaderMap, head: &[u8]) -> Result<(), Rejection> {
    if !headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(());
    }
    if headers.contains_key(header::CONTENT_LENGTH) || has_length_line(head) {
        return Err(Rejection::ambiguous(
            "The request has both Content-Length and Transfer-Encoding.",
            ONE_LENGTH,
        ));
    }
    let values: Vec<_> = headers
        .get_all(header::TRANSFER_ENCODING)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        .collect();
    let coding = values.join(", ");
    if coding.eq_ignore_ascii_case("chunked") {
        Ok(())
    } else {
        Err(Rejection::TransferCoding { coding })
    }
}

fn has_length_line(head: &[u8]) -> bool {
    const NAME: &[u8] = b"content-length";
    head.trim_ascii_start()
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .any(|line| {
            line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) && line[NAME.len()] == b':'
        })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn check(request: http::request::Builder) -> Result<(), Rejection> {
        let guard = Guard {
            hosts: Hosts::allowing(["agent.local"]).unwrap(),
            bound: "127.0.0.1:5290".parse().unwrap(),
        };
        let (parts, ()) = request.body(()).unwrap().into_parts();
        guard.check(&parts, b"", |target, _| target == "upstream:8000")
    }

    fn http1(target: &str, hosts: &[&str]) -> http::request::Builder {
        let request = Request::builder().uri(target);
        hosts
            .iter()
            .fold(request, |request, host| request.header("host", *host))
    }

    #[test]
    fn a_request_names_one_host_that_is_ours() {
        assert_eq!(check(http1("/", &["localhost:5290"])), Ok(()));
        assert_eq!(check(http1("/", &["agent.local"])), Ok(()));
        let foreign = check(http1("/", &["evil.example:5290"])).unwrap_err();
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
        assert!(foreign.sentence().contains("evil.example:5290"), "{foreign:?}");
        assert!(foreign.hint().contains("--allow-host evil.example "), "{foreign:?}");
        for hosts in [&[][..], &["localhost", "localhost"], &[""], &["a b"], &["u@localhost"]] {
            let refused = check(http1("/", hosts)).unwrap_err();
            assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{hosts:?}");
            assert!(refused.closes());
        }
        assert_eq!(check(http1("/", &[]).version(Version::HTTP_10)), Ok(()));
    }

    #[test]
    fn a_target_in_full_is_the_listeners_or_one_that_it_stands_for() {
        assert_eq!(check(http1("http://127.0.0.1:5290/a", &["anything"])), Ok(()));
        assert_eq!(check(http1("http://upstream:8000/a", &["upstream:8000"])), Ok(()));
        let other = check(http1("http://other:8000/a", &["localhost:5290"])).unwrap_err();
        assert_eq!(other.status(), StatusCode::FORBIDDEN);
        assert!(!other.closes());
    }

    #[test]
    fn http_2_names_its_host_once() {
        let asked = |authority: &str, host: Option<&str>| {
            let request = http1(&format!("http://{authority}/"), &host.into_iter().collect::<Vec<_>>());
            check(request.version(Version::HTTP_2))
        };
        assert_eq!(asked("localhost:5290", None), Ok(()));
        assert_eq!(asked("localhost:5290", Some("LOCALHOST:5290")), Ok(()));
        let two = asked("localhost:5290", Some("evil.example")).unwrap_err();
        assert_eq!(two.status(), StatusCode::BAD_REQUEST);
        let foreign = asked("evil.example", None).unwrap_err();
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    }

    #[test]
    fn a_length_that_is_said_twice_is_refused_in_either_order() {
        let framing = |fields: &[(&'static str, &str)], head: &[u8]| {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            check_framing(&fields.collect(), head).map_err(|refused| refused.status().as_u16())
        };
        let chunked = ("transfer-encoding", "chunked");
        assert_eq!(framing(&[("content-length", "5")], b""), Ok(()));
        assert_eq!(framing(&[chunked], b""), Ok(()));
        assert_eq!(framing(&[("transfer-encoding", "Chunked")], b""), Ok(()));
        assert_eq!(framing(&[("content-length", "5"), chunked], b""), Err(400));
        let head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(framing(&[chunked], head), Err(400));
        // In the body it is only text.
        let head = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n10\r\ncontent-length: 5\r\n";
        assert_eq!(framing(&[chunked], head), Ok(()));
        assert_eq!(framing(&[("transfer-encoding", "gzip, chunked")], b""), Err(501));
    }
}
