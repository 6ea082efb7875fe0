//! The head of a replayed answer: the recorded one, without what no longer fits.

use std::collections::HashSet;

use scrubjay_session::exchange::{Exchange, FINGERPRINT_PREFIX, Headers, field, origin_and_path, target_to};

use super::Head;

/// Fields of one connection, which do not go with an answer (RFC 9110, 7.6.1, and
/// those that proxies treat alike).
const OF_A_CONNECTION: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields with the length, a digest or a validator of the bytes.
const OF_THE_BYTES: [&str; 5] = ["content-length", "content-md5", "content-digest", "digest", "etag"];

/// What happens to the body that goes with a head.
#[derive(Clone, Copy)]
pub(super) struct BodyChange {
    /// It is not the recorded bytes.
    pub(super) is_altered: bool,
    /// It loses its content encoding.
    pub(super) is_decoded: bool,
}

/// The recorded head, for a body that changes so.
pub(super) fn recorded(exchange: &Exchange, body: BodyChange) -> Option<Head> {
    let head = exchange.response.as_ref()?;
    let named = field(&head.headers, "connection").to_ascii_lowercase();
    let named: HashSet<&str> = named.split(',').map(str::trim).collect();
    let mut omitted = Vec::new();
    let mut headers = Headers::new();
    for (name, value) in &head.headers {
        let lower = name.to_ascii_lowercase();
        if OF_A_CONNECTION.contains(&lower.as_str()) || named.contains(lower.as_str()) {
            continue;
        }
        let no_longer_fits = body.is_altered && OF_THE_BYTES.contains(&lower.as_str())
            || body.is_decoded && lower == "content-encoding"
            || lower == "content-length" && !exchange.holes.is_empty();
        if no_longer_fits || is_fingerprint(value) {
            omitted.push(name.clone());
            continue;
        }
        let value = if lower == "location" {
            location_at_replay(value, &exchange.upstream)
        } else {
            value.clone()
        };
        headers.push((name.clone(), value));
    }
    Some(Head {
        at_us: exchange.response_at_us.unwrap_or_default(),
        held_us: 0,
        status: head.status,
        headers,
        omitted,
    })
}

/// Whether the whole value was a secret, of which the recording keeps a
/// fingerprint. Where only a part of a value is one, as in a `Location` with
/// `?code=`, the field is sent: the redirect leads on all the same.
fn is_fingerprint(value: &[u8]) -> bool {
    value.starts_with(FINGERPRINT_PREFIX.as_bytes())
}

/// A `Location` at the upstream as a path, so that it leads to this replay;
/// others stay as they are.
fn location_at_replay(location: &[u8], upstream: &str) -> Vec<u8> {
    let (origin, path) = origin_and_path(upstream);
    let is_known = upstream.contains("://");
    let Some(text) = std::str::from_utf8(location).ok().filter(|_| is_known) else {
        return location.to_vec();
    };
    let target = match text.strip_prefix(origin) {
        Some("") if path.is_empty() => Some("/".into()),
        Some(place) if place.is_empty() || place.starts_with(['/', '?', '#']) => target_to(path, place),
        None if !path.is_empty() && text.starts_with('/') && !text.starts_with("//") => {
            // A path outside the upstream's own is not replayed: it leads to the upstream.
            target_to(path, text).or_else(|| Some(format!("{origin}{text}").into()))
        }
        Some(_) | None => None,
    };
    target.map_or_else(|| location.to_vec(), |target| target.into_owned().into_bytes())
}
