//! Which pages may use a replay.
//!
//! Pages of this machine may, at any port: their origins are `localhost`, names
//! below it, and loopback addresses, which no other machine can have. So may a
//! page that the replay itself serves, if it is addressed by a number: a name
//! can be made to point here (DNS rebinding). Others are named by the user.
//!
//! A request without the fields of a browser comes from a program, and is answered.

use std::str::FromStr;

use http::{HeaderMap, header};
use scrubjay_proxy::HostPort;
use scrubjay_session::exchange::origin_and_path;

const FETCH_SITE: &str = "sec-fetch-site";
/// Values of `Sec-Fetch-Site` for a request that no page, or one of the same origin, began.
const OWN_SITES: [&str; 2] = [SAME_ORIGIN, "none"];
const SAME_ORIGIN: &str = "same-origin";
/// The name for a page that gives no origin.
const UNNAMED: &str = "a page of another site";

/// Origins that the user named, beside those of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    named: Vec<Origin>,
}

/// `https://app.example` or `http://192.168.0.7:3000`: no path, and no port
/// that the scheme has anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: HostPort,
}

/// A text that is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no origin")]
pub struct UnknownOrigin {
    pub text: String,
}

impl UnknownOrigin {
    pub fn hint(&self) -> &'static str {
        "Give what the browser's address bar has before the path, such as https://app.example or http://192.168.0.7:3000."
    }
}

impl FromStr for Origin {
    type Err = UnknownOrigin;

    fn from_str(text: &str) -> Result<Self, UnknownOrigin> {
        let unknown = || UnknownOrigin { text: text.to_owned() };
        let lower = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = lower.split_once("://").ok_or_else(unknown)?;
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if scheme.is_empty()
            || authority.is_empty()
            || !scheme.chars().all(is_scheme)
            || !authority.chars().all(is_host)
        {
            return Err(unknown());
        }
        let mut host = HostPort::parse(authority).ok_or_else(unknown)?;
        let usual_port = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        host.port = host.port.filter(|port| Some(*port) != usual_port);
        Ok(Self {
            scheme: scheme.to_owned(),
            host,
        })
    }
}

impl Origin {
    fn is_web(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }

    /// Whether only this machine can have it. 0.0.0.0 is no address of a page.
    fn is_of_this_machine(&self) -> bool {
        self.is_web() && (self.host.is_localhost() || self.host.ip().is_some_and(|ip| ip.is_loopback()))
    }

    /// Whether it is the origin of `http://AUTHORITY` or `https://AUTHORITY`, and the host is an address.
    fn is_at(&self, authority: &str) -> bool {
        let own = format!("{}://{authority}", self.scheme);
        self.is_web() && self.host.ip().is_some() && own.parse().as_ref() == Ok(self)
    }
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A program, or a page that may use the replay.
    Welcome,
    /// Any other page, by its origin.
    Foreign(String),
}

impl Origins {
    /// Those of this machine, and these.
    pub fn with(named: Vec<Origin>) -> Self {
        Self { named }
    }

    /// Who sent a request with these fields.
    pub(crate) fn sender(&self, headers: &HeaderMap) -> Sender {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        if let Some(origin) = origins.next() {
            let text = String::from_utf8_lossy(origin.as_bytes()).into_owned();
            return match origins.next() {
                None if self.welcomes(&text, headers) => Sender::Welcome,
                _ => Sender::Foreign(text),
            };
        }
        // An image, a script or a link has no Origin; Sec-Fetch-Site still marks a request across sites.
        let site = text_of(headers, FETCH_SITE);
        if site == Some(SAME_ORIGIN) {
            return self.own_page(headers);
        }
        if site.is_none_or(|site| OWN_SITES.contains(&site)) {
            return Sender::Welcome;
        }
        let referer = text_of(headers, header::REFERER.as_str()).filter(|address| address.contains("://"));
        match referer.map(|address| origin_and_path(address).0) {
            Some(origin) if self.welcomes(origin, headers) => Sender::Welcome,
            Some(origin) => Sender::Foreign(origin.to_owned()),
            None => Sender::Foreign(UNNAMED.to_owned()),
        }
    }

    /// A page of the host that it asks. A name can be made to point here, so it
    /// has to be one of this machine, or named.
    fn own_page(&self, headers: &HeaderMap) -> Sender {
        let host = text_of(headers, header::HOST.as_str()).unwrap_or_default();
        let of_scheme = |scheme: &str| format!("{scheme}://{host}");
        let is_welcome = |scheme| self.welcomes(&of_scheme(scheme), headers);
        match host.is_empty() || is_welcome("http") || is_welcome("https") {
            true => Sender::Welcome,
            false => Sender::Foreign(of_scheme("http")),
        }
    }

    fn welcomes(&self, text: &str, headers: &HeaderMap) -> bool {
        let Ok(origin) = text.parse::<Origin>() else {
            return false;
        };
        let is_own = || text_of(headers, header::HOST.as_str()).is_some_and(|host| origin.is_at(host));
        origin.is_of_this_machine() || self.named.contains(&origin) || is_own()
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(named: &[&str], fields: &[(&'static str, &str)]) -> Sender {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        let named = named.iter().map(|text| text.parse().unwrap()).collect();
        Origins::with(named).sender(&headers)
    }

    #[test]
    fn pages_of_this_machine_are_welcome() {
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "HTTP://LocalHost:3000",
            "http://shop.localhost:5173",
            "http://127.0.0.1:4321",
            "https://127.8.9.10",
            "http://[::1]:3000",
        ] {
            assert_eq!(sender(&[], &[("origin", origin)]), Sender::Welcome, "{origin}");
        }
    }

    #[test]
    fn pages_of_other_machines_are_foreign() {
        for origin in [
            "https://evil.example",
            "null",
            "",
            "file://",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "http://evil.example:3000#.localhost",
            "http://evil.example/.localhost",
            "http://localhost@evil.example",
            "http://evillocalhost",
            "http://128.0.0.1",
            "http://0.0.0.0:3000",
            "http://192.168.0.7:3000",
            "http://[::2]",
            "http://127.1",
            "http://2130706433",
            "chrome-extension://localhost",
            "ftp://localhost",
            "localhost:3000",
            "http://localhost:3000, http://localhost:3000",
        ] {
            let sender = sender(&[], &[("origin", origin)]);
            assert_eq!(sender, Sender::Foreign(origin.to_owned()), "{origin}");
        }
        let two = [("origin", "http://localhost:3000"), ("origin", "http://localhost:3000")];
        assert!(matches!(sender(&[], &two), Sender::Foreign(_)));
    }

    #[test]
    fn a_page_is_named_by_the_user() {
        let named = [
            "https://App.example:443/",
            "http://192.168.0.7:3000",
            "chrome-extension://abc",
        ];
        for origin in [
            "https://app.example",
            "http://192.168.0.7:3000",
            "chrome-extension://abc",
        ] {
            assert_eq!(sender(&named, &[("origin", origin)]), Sender::Welcome, "{origin}");
        }
        for origin in [
            "http://app.example",
            "https://www.app.example",
            "http://192.168.0.7:3001",
        ] {
            assert!(
                matches!(sender(&named, &[("origin", origin)]), Sender::Foreign(_)),
                "{origin}"
            );
        }
        for text in [
            "*",
            "null",
            "app.example",
            "https://",
            "https://a b",
            "https://app.example/path",
            "",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_the_replay_serves_itself_is_welcome_at_a_number() {
        let check = |host: &str, origin: &str, expected: bool| {
            let sender = sender(&[], &[("host", host), ("origin", origin)]);
            assert_eq!(sender == Sender::Welcome, expected, "{origin} at {host}");
        };
        check("192.168.0.7:5291", "http://192.168.0.7:5291", true);
        check("192.168.0.7", "http://192.168.0.7", true);
        check("192.168.0.7:5291", "http://192.168.0.8:5291", false);
        check("evil.example:5291", "http://evil.example:5291", false);
    }

    #[test]
    fn a_request_without_an_origin_is_a_programs_unless_it_crosses_sites() {
        assert_eq!(sender(&[], &[]), Sender::Welcome);
        for site in ["same-origin", "none"] {
            assert_eq!(sender(&[], &[("sec-fetch-site", site)]), Sender::Welcome);
        }
        let own = |host: &str| sender(&[], &[("sec-fetch-site", "same-origin"), ("host", host)]);
        for host in ["localhost:5291", "192.168.0.7:5291", "app.localhost"] {
            assert_eq!(own(host), Sender::Welcome, "{host}");
        }
        // A name of theirs that points here.
        assert_eq!(
            own("evil.example:5291"),
            Sender::Foreign("http://evil.example:5291".into())
        );
        for site in ["cross-site", "same-site"] {
            let from = |referer: &str| sender(&[], &[("sec-fetch-site", site), ("referer", referer)]);
            assert_eq!(from("http://localhost:3000/shop?a=b"), Sender::Welcome);
            assert_eq!(
                from("https://evil.example/a"),
                Sender::Foreign("https://evil.example".into())
            );
            assert_eq!(
                from("https://evil.example?http://localhost"),
                Sender::Foreign("https://evil.example".into())
            );
            assert_eq!(
                sender(&[], &[("sec-fetch-site", site)]),
                Sender::Foreign(UNNAMED.into())
            );
        }
    }
}
