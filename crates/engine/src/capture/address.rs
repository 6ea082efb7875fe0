//! Addresses to listen on as people give them, and names made from upstreams.

use scrubjay_proxy::Upstream;

use crate::EngineError;

/// Where to listen. A port alone means loopback.
///
/// # Errors
/// When it is no socket address.
pub(crate) fn listen_address(text: &str) -> Result<std::net::SocketAddr, EngineError> {
    let text = text.trim();
    let text = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let full = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => format!("127.0.0.1:{text}"),
        None => text.trim_start_matches(':').to_owned(),
    };
    let full = if full.len() < text.len() {
        format!("127.0.0.1:{full}")
    } else {
        full
    };
    full.parse().map_err(|_unparsed| EngineError::BadListen {
        address: text.to_owned(),
    })
}

/// A name made from the upstream's host, unlike those taken.
pub(crate) fn name_from(upstream: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let host = Upstream::parse(upstream).map_or_else(|_| String::new(), |upstream| upstream.authority());
    let mut name: String = host
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
            _ => '-',
        })
        .collect();
    name = name.trim_matches('-').to_owned();
    if name.is_empty() {
        name.push_str("agent");
    }
    let mut unique = name.clone();
    let mut number = 2;
    while is_taken(&unique) {
        unique = format!("{name}-{number}");
        number += 1;
    }
    unique
}

/// Whether a source may be called so.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses_are_read_as_people_write_them() {
        let check = |text: &str, expected: Option<&str>| {
            let read = listen_address(text).ok().map(|address| address.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        };
        check("127.0.0.1:5290", Some("127.0.0.1:5290"));
        check("localhost:5290", Some("127.0.0.1:5290"));
        check("5290", Some("127.0.0.1:5290"));
        check(":5290", Some("127.0.0.1:5290"));
        check("http://127.0.0.1:5290/", Some("127.0.0.1:5290"));
        check("[::1]:5290", Some("[::1]:5290"));
        check("0.0.0.0:5290", Some("0.0.0.0:5290"));
        check("", None);
        check("here:5290", None);
        check("127.0.0.1:99999", None);
    }

    #[test]
    fn a_name_is_made_from_the_host() {
        let check = |upstream: &str, taken: &[&str], expected: &str| {
            let name = name_from(upstream, |name| taken.contains(&name));
            assert_eq!(name, expected);
            assert!(is_name(&name));
        };
        check("http://localhost:8000/x", &[], "localhost-8000");
        check("http://localhost:8000", &["localhost-8000"], "localhost-8000-2");
        check("https://Agent.Example", &[], "agent-example");
        check("http://[::1]:8000", &[], "1--8000");
        check("http://", &[], "agent");
    }
}
