//! Ids in the form of recorded ones.

/// Characters of a UUID.
const LEN: usize = 36;

/// `fresh` in the form of a recorded id: where a UUID stands in it, what
/// stands around that (`msg-`, `run_`) stays.
pub(super) fn like(recorded: &str, fresh: &str) -> String {
    let place = recorded
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| recorded.get(*at..at + LEN).is_some_and(is_uuid));
    match place {
        Some(at) => format!("{}{fresh}{}", &recorded[..at], &recorded[at + LEN..]),
        None => fresh.to_owned(),
    }
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn what_stands_around_a_uuid_stays() {
        let uuid = "0d1f4a3e-58d5-4a6f-9a53-7a3f0a1b2c3d";
        for (recorded, made) in [
            ("thread-1", "F"),
            (uuid, "F"),
            ("run_0d1f4a3e-58d5-4a6f-9a53-7a3f0a1b2c3d/é", "run_F/é"),
            ("é-0d1f4a3e-58d5-4a6f-9a53-7a3f0a1b2c3", "F"),
            ("", "F"),
        ] {
            assert_eq!(like(recorded, "F"), made, "{recorded}");
        }
    }
}
