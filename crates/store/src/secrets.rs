//! Values that stay out of the store: fingerprints in their place.
//!
//! A field is secret by its name alone, so that the rule can be said in one
//! sentence: the name contains authorization, cookie, token, secret, api-key,
//! password or session, in any case, with or without `-` and `_`. Its value
//! becomes `scrubjay-fp:` and 16 hex digits of HMAC-SHA256 under the store's
//! own key: equal values stay equal within a store, and nothing can be learned
//! from a recording that leaves it. Covering happens before the spool.

use hmac::{Hmac, Mac as _};
use scrubjay_session::exchange::{FINGERPRINT_PREFIX, Headers, RequestHead, ResponseHead};
use sha2::Sha256;

const NAMES: [&str; 7] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "apikey",
    "password",
    "session",
];

/// Fields whose values are URLs, which may carry secret parameters.
const URL_FIELDS: [&str; 4] = ["location", "content-location", "referer", "refresh"];

/// Whether a header or query parameter of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    NAMES.iter().any(|secret| plain.contains(secret))
}

/// Replaces secrets under the key of one store.
#[derive(Clone)]
pub(crate) struct Secrets {
    key: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The fingerprint of a value. A fingerprint stays what it is, so that a
    /// replayed or imported recording does not change.
    pub(crate) fn fingerprint(&self, value: &[u8]) -> String {
        if let Some(text) = already_fingerprint(value) {
            return text.to_owned();
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(value);
        let digest = mac.finalize().into_bytes();
        let hex: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{FINGERPRINT_PREFIX}{hex}")
    }

    /// Fields with the values of secret ones replaced.
    pub(crate) fn cover_headers(&self, headers: &Headers) -> Headers {
        headers
            .iter()
            .map(|(name, value)| (name.clone(), self.cover_value(name, value)))
            .collect()
    }

    fn cover_value(&self, name: &str, value: &[u8]) -> Vec<u8> {
        if is_secret_name(name) {
            return self.fingerprint(value).into_bytes();
        }
        let is_url = URL_FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field));
        match std::str::from_utf8(value) {
            Ok(url) if is_url => self.cover_url(url).into_bytes(),
            _ => value.to_vec(),
        }
    }

    /// A URL or request target with secret query parameters and `user:pass@` replaced.
    pub(crate) fn cover_url(&self, url: &str) -> String {
        let (url, fragment) = split_keeping(url, '#');
        let (place, query) = split_keeping(url, '?');
        let mut covered = self.cover_user(place);
        if let Some(params) = query.strip_prefix('?') {
            let params: Vec<String> = params.split('&').map(|param| self.cover_param(param)).collect();
            covered.push('?');
            covered.push_str(&params.join("&"));
        }
        covered.push_str(fragment);
        covered
    }

    fn cover_param(&self, param: &str) -> String {
        match param.split_once('=') {
            Some((name, value)) if is_secret_name(name) && !value.is_empty() => {
                format!("{name}={}", self.fingerprint(value.as_bytes()))
            }
            _ => param.to_owned(),
        }
    }

    fn cover_user(&self, place: &str) -> String {
        let Some((scheme, rest)) = place.split_once("://") else {
            return place.to_owned();
        };
        let authority_len = rest.find('/').unwrap_or(rest.len());
        match rest[..authority_len].rfind('@') {
            Some(at) => {
                let user = self.fingerprint(&rest.as_bytes()[..at]);
                format!("{scheme}://{user}{}", &rest[at..])
            }
            None => place.to_owned(),
        }
    }

    pub(crate) fn cover_request(&self, head: &RequestHead) -> RequestHead {
        RequestHead {
            method: head.method.clone(),
            target: self.cover_url(&head.target),
            version: head.version,
            headers: self.cover_headers(&head.headers),
            delivered_headers: head
                .delivered_headers
                .as_ref()
                .map(|headers| self.cover_headers(headers)),
        }
    }

    pub(crate) fn cover_response(&self, head: &ResponseHead) -> ResponseHead {
        ResponseHead {
            headers: self.cover_headers(&head.headers),
            delivered_headers: head
                .delivered_headers
                .as_ref()
                .map(|headers| self.cover_headers(headers)),
            ..head.clone()
        }
    }
}

fn already_fingerprint(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let hex = text.strip_prefix(FINGERPRINT_PREFIX)?;
    (hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(text)
}

/// Splits before the first `mark`; the second part keeps it.
fn split_keeping(text: &str, mark: char) -> (&str, &str) {
    text.split_at(text.find(mark).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new([7; 32])
    }

    #[test]
    fn names_are_secret_whatever_their_case_and_dashes() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "Cookie",
            "set-cookie",
            "X-Api-Key",
            "apikey",
            "api_key",
            "X-Goog-Api-Key",
            "access_token",
            "client-secret",
            "PASSWORD",
            "mcp-session-id",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "accept",
            "content-type",
            "user-agent",
            "x-request-id",
            "key",
            "host",
            "threadId",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn equal_values_stay_equal_and_stores_differ() {
        let one = secrets().fingerprint(b"Bearer abc");
        assert_eq!(one, secrets().fingerprint(b"Bearer abc"));
        assert_ne!(one, secrets().fingerprint(b"Bearer abd"));
        assert_ne!(one, Secrets::new([8; 32]).fingerprint(b"Bearer abc"));
        assert_eq!(one.len(), FINGERPRINT_PREFIX.len() + 16);
        assert_eq!(secrets().fingerprint(one.as_bytes()), one, "a fingerprint stays");
    }

    #[test]
    fn urls_lose_only_their_secrets() {
        let fp = |value: &str| secrets().fingerprint(value.as_bytes());
        let rows = [
            ("/run", "/run".to_owned()),
            ("/run?", "/run?".to_owned()),
            (
                "/run?a=1&access_token=x%20y&b",
                format!("/run?a=1&access_token={}&b", fp("x%20y")),
            ),
            ("/run?token=&t=1#token=z", "/run?token=&t=1#token=z".to_owned()),
            (
                "http://me:pw@host:80/a@b?x=1",
                format!("http://{}@host:80/a@b?x=1", fp("me:pw")),
            ),
            ("http://host/", "http://host/".to_owned()),
            ("*", "*".to_owned()),
        ];
        for (url, covered) in rows {
            assert_eq!(secrets().cover_url(url), covered, "{url}");
        }
    }

    #[test]
    fn headers_keep_order_repetition_and_bytes() {
        let headers: Headers = vec![
            ("Accept".into(), vec![0xff, 0x00]),
            ("Set-Cookie".into(), b"a=1".to_vec()),
            ("set-cookie".into(), b"b=2".to_vec()),
            ("Location".into(), b"/x?token=q".to_vec()),
        ];
        let covered = secrets().cover_headers(&headers);
        assert_eq!(covered[0], headers[0]);
        assert_eq!(covered[1].0, "Set-Cookie");
        assert_ne!(covered[1].1, covered[2].1);
        assert!(covered[3].1.starts_with(b"/x?token=scrubjay-fp:"));
    }
}
