//! Where a source forwards to, in any form in which people paste it.
//!
//! A path is put before the one that the frontend asks for, so that the
//! source's own origin stands for the whole address that was given.

use std::{borrow::Cow, fmt, net::SocketAddr};

use reqwest::Url;
use scrubjay_session::exchange::{target_below, target_to};

use crate::hosts::HostPort;

/// The address that a source forwards to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    is_tls: bool,
    is_h2c: bool,
    host: String,
    port: u16,
    /// As given; empty for none.
    path: String,
}

/// Why a text names no upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    #[error("no upstream address was given")]
    Empty,
    #[error("the curl command holds no http:// or https:// address")]
    CurlWithoutUrl,
    #[error("`{text}` is not an address: {reason}")]
    NotAnAddress {
        /// What was given, shortened.
        text: String,
        reason: String,
    },
    #[error("`{scheme}` is not a scheme that an agent can be reached by")]
    Scheme { scheme: String },
    #[error("the upstream {place} has a query, which would not be sent")]
    Query {
        /// What stands before it.
        place: String,
    },
    #[error("the upstream address holds a user name or password, which would not be sent")]
    Credentials,
}

impl UpstreamError {
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty | Self::NotAnAddress { .. } => {
                "give a URL or host:port, for example http://127.0.0.1:8000, or paste a curl command"
            }
            Self::CurlWithoutUrl => "copy the whole command, address included",
            Self::Scheme { .. } => "use http://, https://, or h2c:// for HTTP/2 without TLS",
            Self::Query { .. } => "leave out what follows the question mark, and let the frontend send it",
            Self::Credentials => "leave it out and let the frontend send an Authorization header",
        }
    }
}

impl Upstream {
    /// Reads a URL, a `host:port`, a port of this machine, or a pasted curl command.
    ///
    /// # Errors
    /// When there is no address in it that an agent could be reached at.
    pub fn parse(text: &str) -> Result<Self, UpstreamError> {
        let text = text.trim();
        let word = match text
            .strip_prefix("curl")
            .filter(|rest| rest.starts_with(char::is_whitespace))
        {
            Some(command) => shell_words(command)
                .into_iter()
                .find(|word| word.starts_with("http://") || word.starts_with("https://"))
                .ok_or(UpstreamError::CurlWithoutUrl)?,
            None => text.to_owned(),
        };
        if word.is_empty() {
            return Err(UpstreamError::Empty);
        }
        let (scheme, rest) = word.split_once("://").unwrap_or(("http", &word));
        let scheme = scheme.to_ascii_lowercase();
        if !["http", "https", "h2c"].contains(&scheme.as_str()) {
            return Err(UpstreamError::Scheme { scheme });
        }
        let is_tls = scheme == "https";
        let rest = with_host(rest);
        Self::from_url(
            &format!("{}://{rest}", if is_tls { "https" } else { "http" }),
            scheme == "h2c",
            text,
        )
    }

    fn from_url(url: &str, is_h2c: bool, given: &str) -> Result<Self, UpstreamError> {
        let wrong = |reason: String| UpstreamError::NotAnAddress {
            text: given.chars().take(80).collect(),
            reason,
        };
        if given.chars().any(char::is_whitespace) && !given.starts_with("curl") {
            return Err(wrong("it holds a space".to_owned()));
        }
        let url = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UpstreamError::Credentials);
        }
        if url.query().is_some() && !given.starts_with("curl") {
            return Err(UpstreamError::Query {
                place: given.split('?').next().unwrap_or_default().to_owned(),
            });
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| wrong("it has no host".to_owned()))?;
        let port = url.port_or_known_default().unwrap_or(80);
        if port == 0 {
            return Err(wrong("port 0 cannot be connected to".to_owned()));
        }
        let path = match url.path() {
            "/" => String::new(),
            path => path.to_owned(),
        };
        Ok(Self {
            is_tls: url.scheme() == "https",
            is_h2c,
            host: host.to_owned(),
            port,
            path,
        })
    }

    /// Host without port; IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host without the brackets of IPv6, as a resolver takes it.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Port, also when it is the scheme's own.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether HTTP/2 is spoken without TLS and without asking (`h2c://`).
    pub fn is_h2c(&self) -> bool {
        self.is_h2c
    }

    /// Path of the address as given, empty for none. Requests are for places below it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Scheme, host and port, `http://127.0.0.1:8000`.
    pub fn origin(&self) -> String {
        let scheme = if self.is_h2c { "h2c" } else { self.scheme() };
        format!("{scheme}://{}", self.authority())
    }

    /// What upstream is asked for when a frontend asks the source for `target`.
    pub fn target_of<'a>(&self, target: &'a str) -> Cow<'a, str> {
        target_below(&self.path, target)
    }

    /// What a frontend asks the source for to get `place` (a path at the
    /// upstream, with query and fragment); none if that cannot be asked for.
    pub fn target_to<'a>(&self, place: &'a str) -> Option<Cow<'a, str>> {
        target_to(&self.path, place)
    }

    /// `host:port`, the port only if it is not the scheme's own: the `Host` header.
    pub fn authority(&self) -> String {
        let usual = if self.is_tls { 443 } else { 80 };
        if self.port == usual {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether an authority, as it stands in a `Location` or a request line of
    /// the given scheme, names this upstream. Loopback's names are one host.
    pub fn is_at(&self, authority: &str, usual_port: u16) -> bool {
        let own = self.bare_host().trim_end_matches('.');
        HostPort::parse(authority).is_some_and(|named| {
            named.port.unwrap_or(usual_port) == self.port
                && (named.host == own || is_loopback(&named.host) && is_loopback(&self.host))
        })
    }

    /// Whether connecting to it would end at that listener.
    pub fn points_at(&self, listener: SocketAddr) -> bool {
        let listens_on_loopback = listener.ip().is_loopback() || listener.ip().is_unspecified();
        let bare = self.bare_host();
        self.port == listener.port()
            && ((is_loopback(&self.host) && listens_on_loopback) || bare.parse() == Ok(listener.ip()))
    }

    /// Scheme as a URI needs it.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }
}

impl fmt::Display for Upstream {
    /// The whole address, `http://127.0.0.1:8000/agent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

/// A bare port is one of this machine; as a host it would be an address like `0.0.33.53`.
fn with_host(rest: &str) -> Cow<'_, str> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let port = rest[..end].strip_prefix(':').unwrap_or(&rest[..end]);
    if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("localhost:{port}{}", &rest[end..]).into()
    } else {
        rest.into()
    }
}

/// Whether a host name or address can only mean this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

/// Splits a command as a shell would: quotes, backslashes, continued lines.
fn shell_words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.extend(chars.next().filter(|next| *next != '\n')),
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (c, _) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_read_from_whatever_is_pasted() {
        let check = |text: &str, origin: &str, path: &str| {
            let upstream = Upstream::parse(text).unwrap();
            assert_eq!((upstream.origin().as_str(), upstream.path()), (origin, path), "{text}");
        };
        check("http://localhost:8000", "http://localhost:8000", "");
        check("8501", "http://localhost:8501", "");
        check(":8501", "http://localhost:8501", "");
        check("https://8501", "https://localhost:8501", "");
        check("8501/agent", "http://localhost:8501", "/agent");
        check("http://localhost:8000/", "http://localhost:8000", "");
        check("  localhost:8000 ", "http://localhost:8000", "");
        check("127.0.0.1:80", "http://127.0.0.1", "");
        check("HTTPS://Agent.Example/agent/run", "https://agent.example", "/agent/run");
        check("https://agent.example:8443", "https://agent.example:8443", "");
        check("h2c://127.0.0.1:9000", "h2c://127.0.0.1:9000", "");
        check("http://[::1]:8000", "http://[::1]:8000", "");
        check(
            "curl -X POST 'http://localhost:8000/agent?x=1' \\\n -H 'a: b'",
            "http://localhost:8000",
            "/agent",
        );
        check(
            "curl -d '{\"u\":\"http://other\"}' \"https://h.example\"",
            "https://h.example",
            "",
        );
    }

    #[test]
    fn what_is_no_upstream_gets_a_sentence_and_a_hint() {
        let check = |text: &str, sentence: &str| {
            let error = Upstream::parse(text).unwrap_err();
            assert!(error.to_string().contains(sentence), "{text}: {error}");
            assert!(!error.hint().is_empty());
        };
        check("", "no upstream address");
        check("curl -d '{}'", "holds no http");
        check("ftp://host", "`ftp` is not a scheme");
        check("two words", "holds a space");
        check("http://user:pw@host", "user name or password");
        check("http://", "not an address");
        check("99999", "not an address");
        check("0", "port 0");
        check("http://host/a?x=1", "has a query");
        check("localhost:99999", "not an address");
        check("localhost:0", "port 0");
    }

    #[test]
    fn an_upstream_knows_its_own_addresses() {
        let upstream = Upstream::parse("http://localhost:8000").unwrap();
        let check =
            |authority: &str, expected: bool| assert_eq!(upstream.is_at(authority, 80), expected, "{authority}");
        check("localhost:8000", true);
        check("127.0.0.1:8000", true);
        check("[::1]:8000", true);
        check("localhost", false);
        check("localhost:8001", false);
        check("elsewhere:8000", false);
    }

    #[test]
    fn a_path_is_put_before_what_is_asked_for() {
        let check = |upstream: &str, asked: &str, target: &str| {
            let upstream = Upstream::parse(upstream).unwrap();
            assert_eq!(upstream.target_of(asked), target, "{upstream} {asked}");
        };
        check("localhost:8000", "/", "/");
        check("localhost:8000", "/agent?x=1", "/agent?x=1");
        check("localhost:8000/agent", "/", "/agent");
        check("localhost:8000/agent", "/?x=1", "/agent?x=1");
        check("localhost:8000/agent", "/info", "/agent/info");
        check("localhost:8000/agent", "/agent", "/agent/agent");
        check("localhost:8000/agent/", "/", "/agent/");
        check("localhost:8000/agent/", "//info", "/agent//info");
        check("localhost:8000/agent", "*", "*");
    }

    #[test]
    fn a_place_at_the_upstream_is_found_below_its_path() {
        let check = |upstream: &str, place: &str, target: Option<&str>| {
            let upstream = Upstream::parse(upstream).unwrap();
            assert_eq!(upstream.target_to(place).as_deref(), target, "{upstream} {place}");
        };
        check("localhost:8000", "/agent/", Some("/agent/"));
        check("localhost:8000", "?x", Some("?x"));
        check("localhost:8000", "", Some(""));
        check("localhost:8000/agent", "/agent", Some("/"));
        check("localhost:8000/agent", "/agent?x", Some("/?x"));
        check("localhost:8000/agent", "/agent/info?x", Some("/info?x"));
        // A source whose `/` is `/agent` has no `/agent/`: saying `/` would turn in a circle.
        check("localhost:8000/agent", "/agent/", None);
        check("localhost:8000/agent", "/agent/?x", None);
        check("localhost:8000/agent/", "/agent/", Some("/"));
        check("localhost:8000/agent/", "/agent", None);
        check("localhost:8000/agent", "/agents", None);
        check("localhost:8000/agent", "/login", None);
    }

    #[test]
    fn a_loop_is_seen_before_it_turns() {
        let check = |upstream: &str, listener: &str, expected: bool| {
            let points = Upstream::parse(upstream).unwrap().points_at(listener.parse().unwrap());
            assert_eq!(points, expected, "{upstream} {listener}");
        };
        check("localhost:5290", "127.0.0.1:5290", true);
        check("127.0.0.1:5290", "0.0.0.0:5290", true);
        check("[::1]:5290", "127.0.0.1:5290", true);
        check("192.168.0.7:5290", "192.168.0.7:5290", true);
        check("192.168.0.7:5290", "127.0.0.1:5290", false);
        check("localhost:8000", "127.0.0.1:5290", false);
    }
}
