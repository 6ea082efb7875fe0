//! What a file is that is no recording, as far as its beginning shows.

/// Bytes of the beginning that are looked at.
pub(crate) const HEAD_LEN: usize = 4096;

/// As much of a text as is looked at.
pub(crate) fn head_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(HEAD_LEN)]
}

/// The end of a sentence about the file; none when its beginning shows nothing.
pub(crate) fn recognised(head: &str) -> Option<&'static str> {
    let head = head.trim_start_matches('\u{feff}').trim_start();
    let first = head.lines().next().unwrap_or_default().trim_end();
    let has = |member: &str| head.contains(member);
    if head.starts_with('{') && has("\"log\"") && (has("\"entries\"") || has("\"creator\"")) {
        return Some("it is a HAR file");
    }
    if first == "{" || first == "[" {
        return Some("it is a JSON file, and a recording has one JSON object a line");
    }
    let is_field = |name: &str| first.starts_with(name);
    if ["data:", "event:", "retry:", "id:", ":"].into_iter().any(is_field) {
        return Some("it is the body of an event stream (SSE)");
    }
    let lower = first.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some("it is an HTML page");
    }
    None
}
