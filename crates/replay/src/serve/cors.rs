//! Browsers on another origin.
//!
//! The recorded frontend may have been of the agent's origin, or of one that
//! is not today's. A preflight is always answered here, because what it asks
//! depends on today's page; an answer gets the fields that today's page needs
//! where the recording has none that fit it.
//!
//! Which pages these may be, `origins` decides. Any other page that a person has
//! open could read the recording, and use its answers up; so what it sends is
//! refused before anything is looked for, recorded or asked of the fallback.
//! That is also why recorded `access-control-*` fields stay as they are: they
//! go only to pages that may read the answer.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts};

use super::{MARK, refusal};

const PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The answer to a preflight, if this is one. A foreign page's is refused before.
pub(crate) fn preflight(parts: &Parts) -> Option<Response<refusal::MockBody>> {
    let origin = parts.headers.get(header::ORIGIN)?;
    let method = parts.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if parts.method != Method::OPTIONS {
        return None;
    }
    let mut response = Response::new(refusal::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
    if let Some(names) = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    if parts.headers.contains_key(PRIVATE_NETWORK) {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    headers.insert(MARK, HeaderValue::from_static("preflight"));
    dress(headers, Some(origin));
    Some(response)
}

/// Adds what a page of this origin needs to read an answer.
pub(crate) fn dress(headers: &mut HeaderMap, origin: Option<&HeaderValue>) {
    let Some(origin) = origin else { return };
    let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    if allowed.is_some_and(|allowed| allowed == "*" || allowed == origin) {
        return;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    let exposes = header::ACCESS_CONTROL_EXPOSE_HEADERS;
    headers.entry(exposes).or_insert(HeaderValue::from_static(MARK));
    let varies = |value: &HeaderValue| value.to_str().is_ok_and(names_origin);
    if !headers.get_all(header::VARY).iter().any(varies) {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
}

fn names_origin(vary: &str) -> bool {
    vary.split(',')
        .any(|name| matches!(name.trim(), "*") || name.trim().eq_ignore_ascii_case("origin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(recorded: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in recorded {
            headers.append(*name, HeaderValue::from_static(value));
        }
        dress(&mut headers, Some(&HeaderValue::from_static("http://localhost:3000")));
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn what_the_recording_has_is_not_doubled() {
        let any = ("access-control-allow-origin", "*");
        assert_eq!(dressed(&[any]), ["access-control-allow-origin: *"]);
        let same = ("access-control-allow-origin", "http://localhost:3000");
        assert_eq!(dressed(&[same]), ["access-control-allow-origin: http://localhost:3000"]);
    }

    #[test]
    fn another_origin_takes_the_place_of_the_recorded_one() {
        let expected = [
            "access-control-allow-credentials: true",
            "access-control-allow-origin: http://localhost:3000",
            "access-control-expose-headers: x-mine",
            "vary: origin",
        ];
        let recorded = [
            ("access-control-allow-origin", "https://shop.example"),
            ("access-control-expose-headers", "x-mine"),
            ("vary", "origin"),
        ];
        assert_eq!(dressed(&recorded), expected);
        let expected = [
            "access-control-allow-credentials: true",
            "access-control-allow-origin: http://localhost:3000",
            "access-control-expose-headers: x-scrubjay-replay",
            "vary: Origin",
            "vary: accept",
        ];
        assert_eq!(dressed(&[("vary", "accept")]), expected);
    }
}
