//! Who may come in.
//!
//! A page of any other site can send requests to a loopback address, and a
//! name that resolves to it (DNS rebinding) can even read the answers. So a
//! request needs three things: a `Host` that is ours, no foreign `Origin` or
//! `Sec-Fetch-Site`, and the cookie that the printed token was traded for.
//!
//! The token works once. Whoever trades it gets a cookie that scripts cannot
//! read; the next address is handed to [`Guard::on_new_token`]'s listener, so
//! that a second browser can be let in on purpose.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, Method, header};

/// Called with each new token after the one before was traded.
pub(crate) type OnNewToken = Box<dyn Fn(&str) + Send + Sync>;

/// What a request is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `Host` is not an address of ours.
    ForeignHost,
    /// Another site sent it.
    ForeignOrigin,
    /// No cookie, or not one of ours.
    NoCookie,
}

impl Refusal {
    /// What the sender is told.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::ForeignHost => "The request names a host that is not this server's address.",
            Self::ForeignOrigin => "The request comes from another site.",
            Self::NoCookie => "This browser has not been let in, or its address was used before.",
        }
    }

    /// What the sender can do.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::ForeignHost => "Use the address that `scrubjay serve` printed, letter by letter.",
            Self::ForeignOrigin => "Open the address that `scrubjay serve` printed in a tab of its own.",
            Self::NoCookie => {
                "Open the address that `scrubjay serve` printed last: its token works once, and a new one is printed when it was used."
            }
        }
    }
}

/// The token, the cookies it was traded for, and the addresses that are ours.
pub(crate) struct Guard {
    bound: SocketAddr,
    cookie_name: String,
    token: Mutex<String>,
    cookies: Mutex<Vec<String>>,
    on_new_token: Option<OnNewToken>,
}

impl Guard {
    /// A guard of the door at `bound`.
    pub(crate) fn new(bound: SocketAddr, on_new_token: Option<OnNewToken>) -> Self {
        Self {
            bound,
            // Cookies do not know ports: two doors of one machine need two names.
            cookie_name: format!("scrubjay-{}", bound.port()),
            token: Mutex::new(secret()),
            cookies: Mutex::new(Vec::new()),
            on_new_token,
        }
    }

    /// The token that works now.
    pub(crate) fn token(&self) -> String {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Trades a token for the value of a `Set-Cookie`.
    pub(crate) fn trade(&self, offered: &str) -> Option<String> {
        let next = {
            let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
            if !same(&token, offered) {
                return None;
            }
            *token = secret();
            token.clone()
        };
        if let Some(tell) = &self.on_new_token {
            tell(&next);
        }
        let value = secret();
        let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict", self.cookie_name);
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        Some(cookie)
    }

    /// Checks `Host` and the sending site.
    pub(crate) fn check_site(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = one(headers, header::HOST.as_str()).ok_or(Refusal::ForeignHost)?;
        if !self.is_ours(host) {
            return Err(Refusal::ForeignHost);
        }
        if let Some(origin) = one(headers, header::ORIGIN.as_str())
            && origin.strip_prefix("http://") != Some(host)
        {
            return Err(Refusal::ForeignOrigin);
        }
        let is_navigation = method == Method::GET && one(headers, "sec-fetch-mode") == Some("navigate");
        match one(headers, "sec-fetch-site") {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) if is_navigation => Ok(()),
            Some(_) => Err(Refusal::ForeignOrigin),
        }
    }

    /// Checks the cookie.
    pub(crate) fn check_cookie(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let known = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie_name)
            .any(|(_, value)| known.iter().any(|cookie| same(cookie, value)))
            .then_some(())
            .ok_or(Refusal::NoCookie)
    }

    fn is_ours(&self, host: &str) -> bool {
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()),
            _ => (host, Some(80)),
        };
        if port != Some(self.bound.port()) {
            return false;
        }
        if name.eq_ignore_ascii_case("localhost") {
            return true;
        }
        let literal = name.trim_start_matches('[').trim_end_matches(']');
        match literal.parse::<IpAddr>() {
            // A name can be made to point anywhere, an address cannot.
            Ok(ip) => ip == self.bound.ip() || ip.is_loopback() || !self.bound.ip().is_loopback(),
            Err(_) => false,
        }
    }
}

/// The only value of a header; a repeated one is as good as a wrong one.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    match values.next() {
        None => value.to_str().ok().or(Some("")),
        Some(_) => Some(""),
    }
}

/// 32 random bytes in hexadecimal.
fn secret() -> String {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares in a time that tells nothing about where they differ.
fn same(known: &str, offered: &str) -> bool {
    known.len() == offered.len()
        && known
            .bytes()
            .zip(offered.bytes())
            .fold(0, |differing, (a, b)| differing | (a ^ b))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(bound: &str) -> Guard {
        Guard::new(bound.parse().unwrap(), None)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_our_own_addresses_are_hosts() {
        let check = |bound: &str, host: &str, expected: bool| {
            let answer = guard(bound).check_site(&Method::GET, &headers(&[("host", host)]));
            assert_eq!(answer.is_ok(), expected, "{host} at {bound}");
        };
        check("127.0.0.1:5292", "127.0.0.1:5292", true);
        check("127.0.0.1:5292", "localhost:5292", true);
        check("[::1]:5292", "[::1]:5292", true);
        check("127.0.0.1:5292", "127.0.0.1:5293", false);
        check("127.0.0.1:5292", "127.0.0.1", false);
        check("127.0.0.1:5292", "evil.example:5292", false);
        check("127.0.0.1:5292", "192.168.0.7:5292", false);
        check("0.0.0.0:5292", "192.168.0.7:5292", true);
        check("0.0.0.0:5292", "evil.example:5292", false);
        check("127.0.0.1:80", "127.0.0.1", true);
        assert!(
            guard("127.0.0.1:5292")
                .check_site(&Method::GET, &HeaderMap::new())
                .is_err()
        );
    }

    #[test]
    fn other_sites_are_refused() {
        let check = |pairs: &[(&'static str, &str)], expected: bool| {
            let mut all = vec![("host", "127.0.0.1:5292")];
            all.extend_from_slice(pairs);
            let answer = guard("127.0.0.1:5292").check_site(&Method::GET, &headers(&all));
            assert_eq!(answer.is_ok(), expected, "{pairs:?}");
        };
        check(&[], true);
        check(&[("origin", "http://127.0.0.1:5292")], true);
        check(&[("origin", "http://localhost:5292")], false);
        check(&[("origin", "https://evil.example")], false);
        check(&[("origin", "null")], false);
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("sec-fetch-site", "same-site")], false);
        check(
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
            true,
        );
    }

    #[test]
    fn a_token_is_traded_once() {
        let guard = guard("127.0.0.1:5292");
        let token = guard.token();
        assert_eq!(guard.trade("0000"), None);
        let cookie = guard.trade(&token).unwrap();
        assert_eq!(guard.trade(&token), None);
        assert_ne!(guard.token(), token);
        let pair = cookie.split(';').next().unwrap();
        assert_eq!(guard.check_cookie(&headers(&[("cookie", pair)])), Ok(()));
        let among_others = format!("a=b; {pair}; c=d");
        assert_eq!(guard.check_cookie(&headers(&[("cookie", &among_others)])), Ok(()));
        let foreign = pair.replace("5292", "5293");
        assert!(guard.check_cookie(&headers(&[("cookie", &foreign)])).is_err());
        assert!(guard.check_cookie(&headers(&[("cookie", "scrubjay-5292=")])).is_err());
        assert!(guard.check_cookie(&HeaderMap::new()).is_err());
    }
}
