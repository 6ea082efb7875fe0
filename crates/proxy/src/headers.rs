//! What changes between what was sent and what is delivered, and nothing else:
//! fields that belong to one connection, `Host`, our label, cookies that are
//! ours, a `Location` that would lead a client around the proxy, and a length
//! that is given twice.

use std::collections::HashSet;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use scrubjay_session::exchange::Headers;

use crate::{framing, upstream::Upstream};

/// Labels an exchange; not forwarded.
pub(crate) const LABEL: HeaderName = HeaderName::from_static("x-scrubjay-label");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// Path and query of a request; `/` for a target without a path.
pub fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

/// Fields as the recorder takes them.
pub fn fields(headers: &HeaderMap) -> Headers {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}

/// What becomes of a field.
enum Carried {
    AsItIs,
    As(HeaderValue),
    Not,
}

/// The fields that go on, in their order. `carried` decides one by one.
fn filtered(headers: &HeaderMap, mut carried: impl FnMut(&HeaderName, &HeaderValue) -> Carried) -> HeaderMap {
    let named = named_by_connection(headers);
    let mut kept = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if belongs_to_connection(name) || named.contains(name) {
            continue;
        }
        match carried(name, value) {
            Carried::AsItIs => kept.append(name, value.clone()),
            Carried::As(value) => kept.append(name, value),
            Carried::Not => continue,
        };
    }
    kept
}

/// Puts back what a change of protocol needs: it passes through us as a whole.
pub(crate) fn keep_upgrade(sent: &mut HeaderMap, original: &HeaderMap) {
    sent.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    for protocol in original.get_all(header::UPGRADE) {
        sent.append(header::UPGRADE, protocol.clone());
    }
}

/// A request's fields as they go upstream.
pub(crate) fn to_upstream(headers: &HeaderMap, host: &HeaderValue) -> HeaderMap {
    let mut sent = filtered(headers, |name, value| match *name {
        _ if *name == LABEL => Carried::Not,
        header::HOST => Carried::As(host.clone()),
        header::COOKIE => without_our_cookies(value),
        _ => Carried::AsItIs,
    });
    if !sent.contains_key(header::HOST) {
        sent.insert(header::HOST, host.clone());
    }
    // Of `TE` only this much goes on, because trailers are passed on.
    if wants_trailers(headers) {
        sent.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    sent
}

fn wants_trailers(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::TE).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

/// A browser sends the cookies of a host to all of its ports, so what lets a
/// browser into `scrubjay serve` comes here, too. It is nothing for an upstream.
fn without_our_cookies(value: &HeaderValue) -> Carried {
    let pairs: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b';').collect();
    let others: Vec<&[u8]> = pairs.iter().copied().filter(|pair| !is_our_cookie(pair)).collect();
    if others.len() == pairs.len() {
        return Carried::AsItIs;
    }
    match HeaderValue::from_bytes(others.join(&b';').trim_ascii_start()) {
        Ok(rest) if !rest.is_empty() => Carried::As(rest),
        _ => Carried::Not,
    }
}

fn is_our_cookie(pair: &[u8]) -> bool {
    const OURS: &[u8] = b"scrubjay";
    let pair = pair.trim_ascii();
    let begins = pair
        .get(..OURS.len())
        .is_some_and(|name| name.eq_ignore_ascii_case(OURS));
    begins && matches!(pair.get(OURS.len()), Some(b'-' | b'_'))
}

/// Joins cookies that HTTP/2 allows to be split and HTTP/1 does not.
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<_> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

/// A response's fields as they go to the client, who reached us at `own`.
pub(crate) fn to_client(headers: &HeaderMap, upstream: &Upstream, own: &str) -> HeaderMap {
    let is_coded = headers.contains_key(header::TRANSFER_ENCODING);
    let mut len = framing::length(headers);
    filtered(headers, |name, value| match *name {
        header::LOCATION => relocated(value, upstream, own)
            .or_else(|| relocated_path(value, upstream))
            .map_or(Carried::AsItIs, Carried::As),
        // The other one is followed, and the client must not follow this one.
        header::CONTENT_LENGTH if is_coded => Carried::Not,
        // Once, however often it was given.
        header::CONTENT_LENGTH => len.take().map_or(Carried::Not, |len| Carried::As(len.into())),
        _ => Carried::AsItIs,
    })
}

/// The source's own address in place of the upstream's, if that is where it
/// points and the source can be asked for it.
fn relocated(location: &HeaderValue, upstream: &Upstream, own: &str) -> Option<HeaderValue> {
    let text = std::str::from_utf8(location.as_bytes()).ok()?;
    let (usual_port, scheme, rest) = match text.split_once("//")? {
        (scheme, rest) if scheme.eq_ignore_ascii_case("http:") => (80, "http:", rest),
        (scheme, rest) if scheme.eq_ignore_ascii_case("https:") => (443, "http:", rest),
        ("", rest) => (if upstream.is_tls() { 443 } else { 80 }, "", rest),
        _ => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, place) = rest.split_at(end);
    if !upstream.is_at(authority, usual_port) {
        return None;
    }
    let target = upstream.target_to(place)?;
    HeaderValue::from_str(&format!("{scheme}//{own}{target}")).ok()
}

/// A path of the upstream as the source has it. One that the source cannot be
/// asked for becomes the upstream's whole address.
fn relocated_path(location: &HeaderValue, upstream: &Upstream) -> Option<HeaderValue> {
    let text = std::str::from_utf8(location.as_bytes()).ok()?;
    if upstream.path().is_empty() || !text.starts_with('/') || text.starts_with("//") {
        return None;
    }
    let place = match upstream.target_to(text) {
        Some(target) => target.into_owned(),
        None => format!("{}://{}{text}", upstream.scheme(), upstream.authority()),
    };
    HeaderValue::from_str(&place).ok()
}

/// Labels as the client gave them: `k=v`, repeated or with commas between.
pub(crate) fn labels(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for value in headers.get_all(LABEL) {
        for part in String::from_utf8_lossy(value.as_bytes()).split(',') {
            match (part.split_once('='), labels.last_mut()) {
                (Some((key, value)), _) => labels.push((key.trim().to_owned(), value.trim().to_owned())),
                // A comma inside a value.
                (None, Some((_, value))) => {
                    value.push(',');
                    value.push_str(part);
                }
                (None, None) if part.trim().is_empty() => {}
                (None, None) => labels.push((part.trim().to_owned(), String::new())),
            }
        }
    }
    labels
}

/// The protocol that the client wants to change its connection to. `h2c` is
/// left out: a client that offers it is content with HTTP/1.
pub fn upgrade_protocol(headers: &HeaderMap) -> Option<String> {
    if !named_by_connection(headers).contains(&header::UPGRADE) {
        return None;
    }
    let protocol = String::from_utf8_lossy(headers.get(header::UPGRADE)?.as_bytes()).into_owned();
    let is_h2c = protocol.split(',').all(|name| name.trim().eq_ignore_ascii_case("h2c"));
    (!is_h2c).then_some(protocol)
}

/// The address under which the client reached us.
pub(crate) fn client_authority(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| !host.is_empty());
    host.map(str::to_owned)
        .or_else(|| uri.authority().map(ToString::to_string))
}

fn belongs_to_connection(name: &HeaderName) -> bool {
    [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::TE,
        header::UPGRADE,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        HTTP2_SETTINGS,
    ]
    .contains(name)
}

fn named_by_connection(headers: &HeaderMap) -> HashSet<HeaderName> {
    let values = headers.get_all(header::CONNECTION).iter();
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        // To leave these out would change the message itself.
        .filter(|name| ![header::HOST, header::CONTENT_LENGTH, header::CONTENT_TYPE].contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&str, &str)]) -> HeaderMap {
        let parsed = fields
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()));
        parsed.fold(HeaderMap::new(), |mut map, (name, value): (_, HeaderValue)| {
            map.append(name, value);
            map
        })
    }

    fn text(headers: &HeaderMap) -> Vec<String> {
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn only_the_connections_own_fields_are_removed() {
        let headers = map(&[
            ("host", "localhost:5290"),
            ("accept", "text/event-stream"),
            ("connection", "keep-alive, x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("x-scrubjay-label", "a=b"),
            ("cookie", "a=1"),
            ("x-twice", "1"),
            ("x-twice", "2"),
        ]);
        let sent = to_upstream(&headers, &HeaderValue::from_static("agent:8000"));
        let expected = [
            "host: agent:8000",
            "accept: text/event-stream",
            "cookie: a=1",
            "x-twice: 1",
            "x-twice: 2",
            "te: trailers",
        ];
        assert_eq!(text(&sent), expected);
    }

    #[test]
    fn our_cookies_are_removed_and_the_others_stay_as_they_are() {
        let check = |cookies: &[&str], expected: &[&str]| {
            let fields: Vec<_> = cookies.iter().map(|value| ("cookie", *value)).collect();
            let sent = to_upstream(&map(&fields), &HeaderValue::from_static("agent"));
            let sent: Vec<_> = sent
                .get_all("cookie")
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert_eq!(sent, expected, "{cookies:?}");
        };
        check(&["scrubjay-5292=x"], &[]);
        check(&["a=1; scrubjay-5292=x; b=2"], &["a=1; b=2"]);
        check(&["scrubjay-5292=x; a=1"], &["a=1"]);
        check(&["a=1; SCRUBJAY_5292=x"], &["a=1"]);
        check(&["ScrubJay-1=x;Scrubjay_2=y;  a = \"1\" ;;b"], &["a = \"1\" ;;b"]);
        check(&["a=1;  b=2;;", "scrubjay-1=x", "c=3"], &["a=1;  b=2;;", "c=3"]);
        // Theirs, whatever is in it.
        check(
            &["scrubjay=1; myscrubjay-1=2; a=scrubjay-1=x"],
            &["scrubjay=1; myscrubjay-1=2; a=scrubjay-1=x"],
        );
        check(&["scrubjay-5292"], &[]);
    }

    #[test]
    fn trailers_are_wanted_wherever_te_names_them() {
        let check = |te: &[&str], expected: &[&str]| {
            let fields: Vec<_> = te.iter().map(|value| ("te", *value)).collect();
            let sent = to_upstream(&map(&fields), &HeaderValue::from_static("agent"));
            let sent: Vec<_> = sent.get_all("te").iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(sent, expected, "{te:?}");
        };
        check(&["trailers"], &["trailers"]);
        check(&["gzip, Trailers"], &["trailers"]);
        check(&["gzip, chunked"], &[]);
        check(&["gzip", "trailers"], &["trailers"]);
    }

    #[test]
    fn a_length_is_said_once_or_not_at_all() {
        let upstream = Upstream::parse("http://localhost:8000").unwrap();
        let check = |fields: &[(&str, &str)], expected: &[&str]| {
            let sent = to_client(&map(fields), &upstream, "127.0.0.1:5290");
            assert_eq!(text(&sent), expected, "{fields:?}");
        };
        let chunked = ("transfer-encoding", "chunked");
        check(&[("content-length", "10")], &["content-length: 10"]);
        check(
            &[("content-length", "10"), ("content-length", "10")],
            &["content-length: 10"],
        );
        check(&[("content-length", "10, 10")], &["content-length: 10"]);
        check(&[("content-length", "10"), chunked], &[]);
    }

    #[test]
    fn a_location_at_the_upstream_leads_back_to_the_source() {
        let upstream = Upstream::parse("http://localhost:8000").unwrap();
        let check = |location: &str, expected: &str| {
            let sent = to_client(&map(&[("location", location)]), &upstream, "127.0.0.1:5290");
            assert_eq!(sent.get("location").unwrap(), expected, "{location}");
        };
        check("http://localhost:8000/agent/", "http://127.0.0.1:5290/agent/");
        check("http://127.0.0.1:8000", "http://127.0.0.1:5290");
        check("HTTP://LOCALHOST:8000?x=1", "http://127.0.0.1:5290?x=1");
        check("//localhost:8000/a", "//127.0.0.1:5290/a");
        check("/agent/", "/agent/");
        check("http://elsewhere:8000/agent/", "http://elsewhere:8000/agent/");
        check("http://localhost:9000/agent/", "http://localhost:9000/agent/");
        check("http://localhost/agent/", "http://localhost/agent/");
    }

    #[test]
    fn a_location_below_the_upstreams_path_loses_the_path() {
        let upstream = Upstream::parse("http://localhost:8000/api").unwrap();
        let check = |location: &str, expected: &str| {
            let sent = to_client(&map(&[("location", location)]), &upstream, "127.0.0.1:5290");
            assert_eq!(sent.get("location").unwrap(), expected, "{location}");
        };
        check(
            "http://localhost:8000/api/agent/?x=1",
            "http://127.0.0.1:5290/agent/?x=1",
        );
        check("http://localhost:8000/api", "http://127.0.0.1:5290/");
        check("/api/agent", "/agent");
        check("//localhost:8000/api/agent", "//127.0.0.1:5290/agent");
        // What the source cannot be asked for is asked of the upstream.
        check("http://localhost:8000/login", "http://localhost:8000/login");
        check("/login", "http://localhost:8000/login");
        check("login", "login");
        check("//elsewhere/api", "//elsewhere/api");
    }

    #[test]
    fn labels_come_repeated_or_with_commas() {
        let check = |values: &[&str], expected: &[(&str, &str)]| {
            let fields: Vec<_> = values.iter().map(|value| ("x-scrubjay-label", *value)).collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            assert_eq!(labels(&map(&fields)), expected, "{values:?}");
        };
        check(&["test=login"], &[("test", "login")]);
        check(&["a=1", "b=2"], &[("a", "1"), ("b", "2")]);
        check(&["a=1, b=2"], &[("a", "1"), ("b", "2")]);
        check(&["a=x,y"], &[("a", "x,y")]);
        check(&["a=b=c"], &[("a", "b=c")]);
        check(&["alone"], &[("alone", "")]);
        check(&[""], &[]);
    }

    #[test]
    fn only_a_real_change_of_protocol_is_an_upgrade() {
        let check = |fields: &[(&str, &str)], expected: Option<&str>| {
            assert_eq!(upgrade_protocol(&map(fields)).as_deref(), expected, "{fields:?}");
        };
        check(
            &[("connection", "Upgrade"), ("upgrade", "websocket")],
            Some("websocket"),
        );
        check(
            &[("connection", "keep-alive, upgrade"), ("upgrade", "websocket")],
            Some("websocket"),
        );
        check(&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c")], None);
        check(&[("upgrade", "websocket")], None);
        check(&[("connection", "upgrade")], None);
    }
}
