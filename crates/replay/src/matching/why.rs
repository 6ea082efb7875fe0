//! Why an answer is given, or none, in words.

use scrubjay_protocol::json::Value;

use super::{
    Difference,
    choose::Turn,
    digest::RequestDigest,
    nearest::Apart,
    request::{Kind, Reading},
};

/// Characters of a text that are quoted.
const QUOTED: usize = 48;

/// Why a recorded exchange answers.
pub(super) fn hit(
    live: &Reading,
    digest: &RequestDigest,
    turn: Turn,
    equals: usize,
    nth: usize,
    soft: &[Difference],
) -> String {
    let mut text = what(live, digest);
    if let Some(thread) = digest.thread_id.as_ref().filter(|_| live.kind == Kind::Run) {
        text.push_str(&format!(
            ": run {} of the recorded thread `{}`",
            digest.place + 1,
            quoted(thread)
        ));
    }
    if equals > 1 {
        text.push_str(&format!(", answer {nth} of {equals} to this"));
    }
    if live.kind == Kind::Run {
        match turn {
            Turn::Again | Turn::Shared => text.push_str(", given once more"),
            Turn::Next | Turn::Passed | Turn::New | Turn::Middle => {}
        }
    }
    if !soft.is_empty() {
        text.push_str(&format!("; differs in {}", members(soft)));
    }
    text
}

/// What a request asks.
pub(super) fn asks(live: &Reading) -> String {
    match live.kind {
        Kind::Run => last(live),
        Kind::Connect => "the history of a thread".to_owned(),
        Kind::Other => {
            let envelope = live.envelope.split(' ').next().unwrap_or_default();
            quoted(if envelope.is_empty() { &live.path } else { envelope })
        }
    }
}

/// Why an exchange answers that the user chose.
pub(super) fn chosen(live: &Reading, differences: &[Difference]) -> String {
    let mut text = format!("chosen by hand for this {} {}", live.method, live.path);
    if !differences.is_empty() {
        text.push_str(&format!("; differs in {}", members(differences)));
    }
    text
}

/// What about a request decides.
fn what(live: &Reading, digest: &RequestDigest) -> String {
    match live.kind {
        Kind::Run => last(live),
        Kind::Connect if digest.is_empty_history => format!("connects to {}: an empty history", live.path),
        Kind::Connect => format!("connects as recorded to {}", live.path),
        Kind::Other => {
            let envelope = live.envelope.split(' ').next().unwrap_or_default();
            let inside = if envelope.is_empty() {
                String::new()
            } else {
                format!(" ({envelope})")
            };
            format!("the same {} {}{inside}", live.method, live.path)
        }
    }
}

fn last(live: &Reading) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(entry) = live.list("resume").first() {
        return format!(
            "resumes `{}` ({})",
            quoted(&text(entry, "interruptId")),
            quoted(&text(entry, "status"))
        );
    }
    let Some(message) = live.messages().last() else {
        return "the same input without messages".into();
    };
    match text(message, "role").as_str() {
        "tool" => format!(
            "the last message is the result of tool call `{}`",
            quoted(&text(message, "toolCallId"))
        ),
        role => format!(
            "the last message is “{}” of the {}",
            quoted(&content(message)),
            quoted(role)
        ),
    }
}

fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.to_str_lossy().into_owned(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        _ => String::new(),
    }
}

/// Why a strict replay answers nothing more.
pub(super) fn given(live: &Reading) -> String {
    let (method, path) = (&live.method, &live.path);
    format!("every recorded answer to this {method} {path} was given already, and the replay is strict")
}

/// Why nothing of another recorded thread, `of`, is given to this one, which follows `followed`.
pub(super) fn foreign(live: &Reading, followed: Option<&str>, of: Option<&str>) -> String {
    let of = quoted(of.unwrap_or_default());
    match (live.kind, followed) {
        (Kind::Run, Some(followed)) => format!(
            "this thread has the answers of the recorded thread `{}`, in which this was not asked; it was in `{of}`",
            quoted(followed)
        ),
        (Kind::Connect, _) => format!("no history was recorded of this thread; the one of `{of}` is another thread's"),
        (_, Some(followed)) => format!(
            "this thread has the answers of the recorded thread `{}`, and this was recorded of `{of}` only",
            quoted(followed)
        ),
        (_, None) => format!("this is about a thread that has not begun here, and was recorded of `{of}` only"),
    }
}

/// Why none answers; `apart` is what keeps the closest one back, and `difference` where it differs.
pub(super) fn miss(live: &Reading, apart: Apart, difference: Option<&Difference>) -> String {
    let target = format!("{} {}", live.method, live.path);
    match (apart, difference) {
        (Apart::Elsewhere, _) => format!("nothing was recorded for {target}"),
        (Apart::Kind, _) if live.kind == Kind::Other => {
            format!("no recorded {target} has this body, which is no run's input")
        }
        (Apart::Kind, _) => format!("what was recorded for {target} is no run"),
        (Apart::Envelope, _) => format!("no recorded {target} asks for this"),
        (Apart::Query, _) => format!("no recorded {target} has this query"),
        (Apart::Unanswered, None) => format!("the agent did not answer this {target} when it was recorded"),
        (_, Some(difference)) if !difference.pointer.is_empty() => format!(
            "no recorded {target} asks this: the closest differs at {}",
            difference.pointer
        ),
        (Apart::Unanswered | Apart::Body, _) => format!("no recorded {target} has this body"),
    }
}

/// The top members that differ, in words.
fn members(differences: &[Difference]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for difference in differences {
        let name = difference.pointer.split('/').nth(1).unwrap_or_default();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

pub(super) fn quoted(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    match clean.char_indices().nth(QUOTED) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}
