//! Which names of members stand for ids.

use super::IdKind;

/// The kind of id that stands under a name, if the name speaks of ids.
pub(crate) fn kind(name: &str) -> Option<IdKind> {
    let is_id = name.eq_ignore_ascii_case("id") || name.eq_ignore_ascii_case("ids");
    let ends = ["Id", "Ids", "ID", "IDs", "_id", "_ids", "-id", "-ids"];
    let names_id = is_id || ends.iter().any(|end| name.ends_with(end));
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "thread" | "conversation" | "session" => Some(IdKind::Thread),
        "run" => Some(IdKind::Run),
        _ if !names_id => None,
        _ if lower.contains("thread") || lower.contains("conversation") => Some(IdKind::Thread),
        _ if lower.contains("run") => Some(IdKind::Run),
        _ => Some(IdKind::Other),
    }
}

/// Whether an id could as well be an ordinary word.
pub(super) fn is_plain(id: &str) -> bool {
    id.len() < 8 || !id.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_name() {
        for (name, said) in [
            ("threadId", Some(IdKind::Thread)),
            ("thread_id", Some(IdKind::Thread)),
            ("thread", Some(IdKind::Thread)),
            ("runId", Some(IdKind::Run)),
            ("parentRunId", Some(IdKind::Run)),
            ("id", Some(IdKind::Other)),
            ("pendingToolCallIds", Some(IdKind::Other)),
            ("paid", None),
            ("delta", None),
            ("running", None),
            ("", None),
        ] {
            assert_eq!(kind(name), said, "{name}");
        }
    }

    #[test]
    fn words_are_no_ids() {
        for (id, plain) in [
            ("t", true),
            ("user-1", true),
            ("checkout", true),
            ("thread-1", false),
            ("call_fw2_0018", false),
        ] {
            assert_eq!(is_plain(id), plain, "{id}");
        }
    }
}
