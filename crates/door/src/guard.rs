//! Hosts and origins of requests.
//!
//! A page of any other site can send requests to a loopback address, and a
//! name that resolves to it (DNS rebinding) can even read the answers. So a
//! request needs a `Host` that is ours and no foreign `Origin` or
//! `Sec-Fetch-Site`, before its token is looked at (`keys`).

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, Uri, header};
use scrubjay_engine::HostPort;

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `Host` is not an address of ours.
    ForeignHost,
    /// Another site sent it.
    ForeignOrigin,
    /// It carries no token.
    NoToken,
    /// Its token is none that works.
    BadToken,
    /// Its download is none that was asked for, or was asked for too long ago.
    BadTicket,
}

impl Refusal {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::ForeignHost => "The request names a host that is not this server's address.",
            Self::ForeignOrigin => "The request comes from another site.",
            Self::NoToken => "The request carries no token.",
            Self::BadToken => "The token does not work: it was used before, or belongs to a program that has ended.",
            Self::BadTicket => "The address of this download was used before, or is too old.",
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::ForeignHost => "Use the address that `scrubjay serve` printed, letter by letter.",
            Self::ForeignOrigin => "Open the address that `scrubjay serve` printed in a tab of its own.",
            Self::NoToken => {
                "Open the address that `scrubjay serve` printed; a program posts its token to /api/enter, and sends what it gets in the field x-scrubjay-token."
            }
            Self::BadToken => {
                "Open the address that `scrubjay serve` printed last: each works once, and a new one is printed when it was used."
            }
            Self::BadTicket => "Ask for the download again.",
        }
    }
}

/// The addresses that are ours.
pub(crate) struct Guard {
    bound: SocketAddr,
}

impl Guard {
    /// A guard of the door at `bound`.
    pub(crate) fn new(bound: SocketAddr) -> Self {
        Self { bound }
    }

    /// Checks `Host` and the sending site.
    pub(crate) fn check_site(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = one(headers, header::HOST.as_str()).ok_or(Refusal::ForeignHost)?;
        let named = uri.authority().map(axum::http::uri::Authority::as_str);
        if !self.is_ours(host) || !named.is_none_or(|named| self.is_ours(named)) {
            return Err(Refusal::ForeignHost);
        }
        if let Some(origin) = one(headers, header::ORIGIN.as_str())
            && origin.strip_prefix("http://") != Some(host)
        {
            return Err(Refusal::ForeignOrigin);
        }
        match one(headers, "sec-fetch-site") {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) if opens_the_page(method, uri, headers) => Ok(()),
            Some(_) => Err(Refusal::ForeignOrigin),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let named = HostPort::parse_as_printed(host);
        let Some(named) = named.filter(|named| named.port.unwrap_or(80) == self.bound.port()) else {
            return false;
        };
        match named.ip_as_written() {
            // A name can be made to point anywhere, an address cannot.
            Some(ip) => ip == self.bound.ip() || ip.is_loopback() || !self.bound.ip().is_loopback(),
            None => named.host == "localhost",
        }
    }
}

/// Whether a link on another site leads here, in a tab and not in a frame: the
/// page is no secret, and what it may do depends on the token that it holds.
fn opens_the_page(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
        && !uri.path().starts_with("/api/")
        && one(headers, "sec-fetch-mode") == Some("navigate")
        && matches!(one(headers, "sec-fetch-dest"), None | Some("document"))
}

/// The only value of a header; a repeated one is as good as a wrong one.
pub(crate) fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        None => value.to_str().ok().or(Some("")),
        Some(_) => Some(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn checked(bound: &str, uri: &str, pairs: &[(&'static str, &str)]) -> Result<(), Refusal> {
        Guard::new(bound.parse().unwrap()).check_site(&Method::GET, &uri.parse().unwrap(), &headers(pairs))
    }

    #[test]
    fn only_our_own_addresses_are_hosts() {
        let check = |bound: &str, host: &str, expected: bool| {
            let answer = checked(bound, "/", &[("host", host)]);
            assert_eq!(answer.is_ok(), expected, "{host} at {bound}");
        };
        check("127.0.0.1:5292", "127.0.0.1:5292", true);
        check("127.0.0.1:5292", "localhost:5292", true);
        check("127.0.0.1:5292", "LOCALHOST:5292", true);
        check("[::1]:5292", "[::1]:5292", true);
        check("127.0.0.1:5292", "127.0.0.1:5293", false);
        check("127.0.0.1:5292", "127.0.0.1:+5292", false);
        check("127.0.0.1:5292", "127.0.0.1", false);
        check("127.0.0.1:5292", "[127.0.0.1]:5292", false);
        check("[::1]:5292", "::1:5292", false);
        check("127.0.0.1:5292", "evil.example:5292", false);
        check("127.0.0.1:5292", "127.0.0.1.evil.example:5292", false);
        check("127.0.0.1:5292", "localhost.evil.example:5292", false);
        check("127.0.0.1:5292", "127.0.0.1:5292@evil.example", false);
        check("127.0.0.1:5292", "192.168.0.7:5292", false);
        check("127.0.0.1:5292", "localhost.:5292", false);
        check("127.0.0.1:5292", "[::ffff:127.0.0.1]:5292", false);
        check("0.0.0.0:5292", "192.168.0.7:5292", true);
        check("0.0.0.0:5292", "evil.example:5292", false);
        check("127.0.0.1:80", "127.0.0.1", true);
        assert!(checked("127.0.0.1:5292", "/", &[]).is_err());
        let two = [("host", "127.0.0.1:5292"), ("host", "127.0.0.1:5292")];
        assert!(checked("127.0.0.1:5292", "/", &two).is_err());
        let ours = [("host", "127.0.0.1:5292")];
        assert!(checked("127.0.0.1:5292", "http://127.0.0.1:5292/", &ours).is_ok());
        assert!(checked("127.0.0.1:5292", "http://evil.example:5292/", &ours).is_err());
    }

    #[test]
    fn other_sites_are_refused() {
        let check = |pairs: &[(&'static str, &str)], page: bool, data: bool| {
            let mut all = vec![("host", "127.0.0.1:5292")];
            all.extend_from_slice(pairs);
            for (uri, expected) in [("/", page), ("/api/export?exchange=1", data)] {
                let answer = checked("127.0.0.1:5292", uri, &all);
                assert_eq!(answer.is_ok(), expected, "{pairs:?} at {uri}");
            }
        };
        let both = |pairs: &[(&'static str, &str)], expected: bool| check(pairs, expected, expected);
        both(&[], true);
        both(&[("origin", "http://127.0.0.1:5292")], true);
        both(&[("origin", "http://localhost:5292")], false);
        both(&[("origin", "https://127.0.0.1:5292")], false);
        both(&[("origin", "https://evil.example")], false);
        both(&[("origin", "null")], false);
        both(&[("sec-fetch-site", "same-origin")], true);
        both(&[("sec-fetch-site", "none")], true);
        both(&[("sec-fetch-site", "cross-site")], false);
        both(&[("sec-fetch-site", "same-site")], false);
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        check(&link, true, false);
        check(&[link[0], link[1], ("sec-fetch-dest", "document")], true, false);
        both(&[link[0], link[1], ("sec-fetch-dest", "iframe")], false);
    }
}
