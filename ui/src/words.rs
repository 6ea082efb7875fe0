//! Words and signs for what the engine names.

pub use scrubjay_ipc::visible::same_length as visible;
pub use scrubjay_ipc::words::{
    bytes, clock, count, duration, ending, is_bad_ending, many, offset, offset_short, outcome, verdict,
};
use scrubjay_ipc::{Axis, Kind, Opened, Severity, Verdict};

/// The status where it stands in the place of a run, `refused: HTTP 401`.
pub fn status_without_run(opened: &Opened) -> Option<String> {
    let of = opened.without_run?;
    let is_status = matches!(of, Verdict::Refused | Verdict::Redirected);
    is_status.then(|| format!("{}: {}", verdict(of), outcome(of, opened.status)))
}

/// A message that leads: its first word with a capital, unless it is a name as
/// it stands on the wire.
pub fn leading(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.len() < text.len() && first.chars().all(|c| c.is_ascii_lowercase());
    match text.chars().next().filter(|_| is_word) {
        Some(c) => format!("{}{}", c.to_ascii_uppercase(), &text[1..]),
        None => text.to_owned(),
    }
}

/// A family's name.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Run => "run",
        Kind::Step => "step",
        Kind::Subagent => "sub-agent",
        Kind::Text => "text",
        Kind::Reasoning => "reasoning",
        Kind::Tool => "tool",
        Kind::State => "state",
        Kind::Activity => "activity",
        Kind::Custom => "custom",
        Kind::Raw => "raw",
        Kind::Messages => "messages",
        Kind::Wait => "wait",
        Kind::Wire => "wire",
        Kind::Unknown => "unknown",
    }
}

/// The token that holds a family's hue.
pub fn kind_token(kind: Kind) -> &'static str {
    match kind {
        Kind::Run | Kind::Step => "--run",
        Kind::Text | Kind::Messages => "--text",
        Kind::Reasoning => "--reason",
        Kind::Tool => "--tool",
        Kind::State => "--state",
        Kind::Subagent | Kind::Activity | Kind::Custom => "--act",
        Kind::Raw | Kind::Wait | Kind::Wire | Kind::Unknown => "--wire",
    }
}

/// A severity's sign.
pub fn severity_sign(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "✕",
        Severity::Warning => "▲",
        Severity::Note => "i",
    }
}

/// A severity's name and class.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// An axis' name.
pub fn axis(axis: Axis) -> &'static str {
    match axis {
        Axis::Clock => "clock",
        Axis::Collapsed => "idle collapsed",
        Axis::Index => "event number",
    }
}

/// What a bar without an end says: more may come, or none came.
pub fn open_end(is_live: bool) -> &'static str {
    if is_live { "so far" } else { "no end" }
}

/// The axis after this one.
pub fn next_axis(axis: Axis) -> Axis {
    match axis {
        Axis::Clock => Axis::Collapsed,
        Axis::Collapsed => Axis::Index,
        Axis::Index => Axis::Clock,
    }
}

/// A frame's name.
pub fn frame(seq: u32) -> String {
    format!("#{}", count(u64::from(seq)))
}

/// A range of frames.
pub fn frames(first: u32, last: u32) -> String {
    if first == last {
        frame(first)
    } else {
        format!("{} – {}", frame(first), frame(last))
    }
}

/// The moment that a pane shows.
pub fn as_of(seq: u32) -> String {
    format!("as of {}", frame(seq))
}

/// A frame's name, or the request's, which stands before the first.
pub fn frame_or_request(seq: u32) -> String {
    if seq == 0 { "request".to_owned() } else { frame(seq) }
}

/// What a pane's `data-state` says while its content is on its way.
pub fn ready_if(is_here: bool) -> &'static str {
    if is_here { "ready" } else { "loading" }
}

/// A sentence in pieces, of which those between backticks are code. A backtick
/// opens only at the beginning of a word and closes only at its end; one inside
/// a word, as a captured name may have it, stays as it is.
pub fn pieces(text: &str) -> Vec<(bool, &str)> {
    let is_inner = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '`');
    let mut ticks = text.match_indices('`').map(|(at, _)| at).peekable();
    let (mut pieces, mut from) = (Vec::new(), 0);
    while let Some(open) = ticks.next() {
        if is_inner(text[..open].chars().next_back()) {
            continue;
        }
        let closes = |at: &usize| *at > open + 1 && !is_inner(text[at + 1..].chars().next());
        let Some(close) = ticks.clone().find(closes) else { break };
        pieces.push((false, &text[from..open]));
        pieces.push((true, &text[open + 1..close]));
        from = close + 1;
        while ticks.next_if(|at| *at <= close).is_some() {}
    }
    pieces.push((false, &text[from..]));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

/// A long id as it is shown: its beginning; the whole stands in the title.
pub fn short_id(id: &str) -> String {
    if id.chars().count() <= 20 {
        return id.to_owned();
    }
    let cut = id.char_indices().nth(10).map_or(id.len(), |(at, _)| at);
    format!("{}…", &id[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_made_visible_and_keeps_its_length() {
        let text = "a\u{1b}[31m\u{202e}cba\u{0}\n\tü😀";
        let shown = visible(text);
        assert_eq!(shown, "a␛[31m␦cba␀\n\tü😀");
        assert_eq!(shown.encode_utf16().count(), text.encode_utf16().count());
    }

    #[test]
    fn a_message_leads_with_a_capital_and_a_name_stays_as_it_is() {
        assert_eq!(leading("upstream broke off"), "Upstream broke off");
        assert_eq!(leading("RUN_ERROR came late"), "RUN_ERROR came late");
        assert_eq!(leading("toolCallId is missing"), "toolCallId is missing");
        assert_eq!(leading("/a/b is not there"), "/a/b is not there");
        assert_eq!(leading("übrig ist nichts"), "übrig ist nichts");
        assert_eq!(leading("role"), "role");
        assert_eq!(leading(""), "");
    }

    #[test]
    fn names_between_backticks_are_code() {
        assert_eq!(
            pieces("`a` is no `b c`."),
            [(true, "a"), (false, " is no "), (true, "b c"), (false, ".")]
        );
        assert_eq!(pieces("nothing here"), [(false, "nothing here")]);
        assert_eq!(pieces("a `b"), [(false, "a `b")]);
        assert_eq!(pieces(""), []);
        // A captured name with backticks of its own stays whole and legible.
        assert_eq!(pieces("`a`b`c` is no type"), [(true, "a`b`c"), (false, " is no type")]);
        assert_eq!(pieces("it`s `ü`"), [(false, "it`s "), (true, "ü")]);
        assert_eq!(pieces("``"), [(false, "``")]);
        assert_eq!(pieces("<b>`<i>`"), [(false, "<b>"), (true, "<i>")]);
    }

    #[test]
    fn only_long_ids_are_cut() {
        assert_eq!(short_id("thread_91"), "thread_91");
        assert_eq!(short_id("03f26e72-2393-5158-b7e3-ac7f4f81aebf"), "03f26e72-2…");
        assert_eq!(short_id("ü".repeat(30).as_str()), format!("{}…", "ü".repeat(10)));
    }
}
