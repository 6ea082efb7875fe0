//! Values that stay out of the store: fingerprints in their place.
//!
//! [`scrubjay_protocol::secret`] decides which values those are. A value
//! becomes `scrubjay-fp:` and 16 hex digits of HMAC-SHA256 under the store's
//! own key: equal values stay equal within a store, and nothing can be learned
//! from a recording that leaves it. Covering happens before the spool, and
//! before an import.

use hmac::{Hmac, KeyInit as _, Mac as _};
use scrubjay_protocol::secret;
use scrubjay_session::exchange::{Exchange, FINGERPRINT_PREFIX, Headers, RequestHead, ResponseHead};
use sha2::Sha256;

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
        secret::cover_field(name, value, &mut |value| self.fingerprint(value)).into_owned()
    }

    /// A URL or request target with what is secret in it replaced.
    pub(crate) fn cover_url(&self, url: &str) -> String {
        let covered = secret::cover(url.as_bytes(), &mut |value| self.fingerprint(value));
        String::from_utf8_lossy(&covered).into_owned()
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

    /// An exchange that comes from elsewhere.
    pub(crate) fn cover_exchange(&self, exchange: Exchange) -> Exchange {
        Exchange {
            request: self.cover_request(&exchange.request),
            response: exchange.response.as_ref().map(|head| self.cover_response(head)),
            trailers: self.cover_headers(&exchange.trailers),
            upstream: self.cover_url(&exchange.upstream),
            ..exchange
        }
    }
}

fn already_fingerprint(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    let hex = text.strip_prefix(FINGERPRINT_PREFIX)?;
    (hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        Secrets::new([7; 32])
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
            (
                "/run?token=&t=1#%74oken=z",
                format!("/run?token=&t=1#%74oken={}", fp("z")),
            ),
            (
                "http://me:pw@host:80/a@b?x=1",
                format!("http://{}@host:80/a@b?x=1", fp("me:pw")),
            ),
            ("http://host/", "http://host/".to_owned()),
            ("*", "*".to_owned()),
        ];
        for (url, covered) in rows {
            assert_eq!(secrets().cover_url(url), covered, "{url}");
            let elsewhere = Secrets::new([9; 32]);
            assert_eq!(elsewhere.cover_url(&covered), covered, "a fingerprint stays: {url}");
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
