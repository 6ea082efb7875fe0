//! Addresses as people give them.
//!
//! Upstreams arrive as URLs, as `host:port`, and as a curl command copied from
//! a browser. Of a command only the URL's origin counts, because paths stay as
//! the frontend sends them.

use crate::EngineError;

/// The upstream's URL in what somebody typed or pasted.
///
/// # Errors
/// When there is no address in it.
pub(crate) fn upstream_url(text: &str) -> Result<String, EngineError> {
    let text = text.trim();
    let word = match text
        .strip_prefix("curl")
        .filter(|rest| rest.starts_with(char::is_whitespace))
    {
        Some(rest) => url_of_curl(rest).ok_or_else(|| bad(text, "the command holds no address"))?,
        None => text.to_owned(),
    };
    if word.is_empty() || word.contains(char::is_whitespace) {
        return Err(bad(text, "it is no URL and no host:port"));
    }
    if word.contains("://") {
        return Ok(word);
    }
    Ok(format!("http://{word}"))
}

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
    let authority = upstream.split_once("://").map_or(upstream, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
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

fn bad(text: &str, reason: &'static str) -> EngineError {
    let shown: String = text.chars().take(80).collect();
    EngineError::BadUpstream {
        address: shown,
        reason: reason.to_owned(),
    }
}

/// Origin of the first URL among a command's words.
fn url_of_curl(command: &str) -> Option<String> {
    let words = shell_words(command);
    let url = words
        .iter()
        .find(|word| word.starts_with("http://") || word.starts_with("https://"))?;
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(format!("{scheme}://{authority}"))
}

/// Splits a command as a shell would: quotes, backslashes, continued lines.
fn shell_words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.extend(chars.next().filter(|&next| next != '\n')),
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
    fn upstreams_are_read_as_people_paste_them() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(upstream_url(text).ok().as_deref(), expected, "{text}");
        };
        check("http://localhost:8000", Some("http://localhost:8000"));
        check("  localhost:8000 ", Some("http://localhost:8000"));
        check("https://agent.example/base", Some("https://agent.example/base"));
        check(
            "curl http://localhost:8000/agent -d '{}'",
            Some("http://localhost:8000"),
        );
        check(
            "curl 'http://localhost:8000/agent?x=1' \\\n  -H 'accept: text/event-stream' \\\n  --data-raw '{\"a\": \"http://other\"}'",
            Some("http://localhost:8000"),
        );
        check(
            "curl -X POST -H \"a: b\" \"https://h.example:8443\"",
            Some("https://h.example:8443"),
        );
        check("curl -d '{}'", None);
        check("", None);
        check("two words", None);
    }

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
        check("http://[::1]:80", &[], "1--80");
        check("http://", &[], "agent");
    }
}
