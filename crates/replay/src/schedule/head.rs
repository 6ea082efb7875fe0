//! The head of an answer.

use std::collections::HashSet;

use scrubjay_session::exchange::{Exchange, FINGERPRINT_PREFIX, Headers, field, origin_and_path, target_to};

use super::Head;

/// Fields that belong to a connection, not to an answer (RFC 9110, 7.6.1).
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

/// Fields with the length or a digest of the bytes.
const OF_THE_BYTES: [&str; 5] = ["content-length", "content-md5", "content-digest", "digest", "etag"];

/// The recorded head, for a body that is not the recorded bytes (`changes`) or
/// loses its encoding (`decodes`).
pub(super) fn of(exchange: &Exchange, changes: bool, decodes: bool) -> Option<Head> {
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
        let no_longer_fits = changes && OF_THE_BYTES.contains(&lower.as_str())
            || decodes && lower == "content-encoding"
            || lower == "content-length" && !exchange.holes.is_empty();
        if no_longer_fits || is_fingerprint(value) {
            omitted.push(name.clone());
            continue;
        }
        let value = if lower == "location" {
            here(value, &exchange.upstream)
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

/// Whether all of a value was covered. Where only a part was, as in a
/// `Location` with `?code=`, the field is of use without: the redirect leads
/// on, and the request that follows is matched without the covered part.
fn is_fingerprint(value: &[u8]) -> bool {
    value.starts_with(FINGERPRINT_PREFIX.as_bytes())
}

/// A place at the upstream as a path, so that it leads to where it is served now.
fn here(location: &[u8], upstream: &str) -> Vec<u8> {
    let (origin, path) = origin_and_path(upstream);
    let is_known = upstream.contains("://");
    let Some(text) = std::str::from_utf8(location).ok().filter(|_| is_known) else {
        return location.to_vec();
    };
    let target = match text.strip_prefix(origin) {
        Some("") if path.is_empty() => Some("/".into()),
        Some(place) if place.is_empty() || place.starts_with(['/', '?', '#']) => target_to(path, place),
        None if !path.is_empty() && text.starts_with('/') && !text.starts_with("//") => {
            // What was not below the upstream's path is served nowhere here.
            target_to(path, text).or_else(|| Some(format!("{origin}{text}").into()))
        }
        Some(_) | None => None,
    };
    target.map_or_else(|| location.to_vec(), |target| target.into_owned().into_bytes())
}
