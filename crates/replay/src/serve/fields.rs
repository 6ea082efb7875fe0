//! Recorded fields, as far as an answer can carry them.
//!
//! A recording may have more fields than the map of the HTTP library holds
//! (24,576), and names or values that HTTP does not allow. What cannot go out is
//! counted, so that the explanation of the answer can say so.

use http::{HeaderMap, HeaderName, HeaderValue};
use scrubjay_session::exchange::Headers;

/// Fields that go out, at most: what the library holds, without the room that
/// fields of the replay itself need.
const MAX_FIELDS: usize = 24_000;

/// Fields to send, and how many recorded ones were left out.
pub(crate) fn sendable(recorded: &Headers) -> (HeaderMap, usize) {
    let mut fields = HeaderMap::new();
    let mut sent = 0;
    for (name, value) in recorded.iter().take(MAX_FIELDS) {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value)) else {
            continue;
        };
        sent += usize::from(fields.try_append(name, value).is_ok());
    }
    (fields, recorded.len() - sent)
}

/// What an answer's explanation says about fields that were left out; empty when
/// there are none. `what` is "field" or "trailer".
pub(crate) fn left_out_note(count: usize, what: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("; 1 {what} was left out: there are too many, or HTTP does not allow it"),
        many => format!("; {many} {what}s were left out: there are too many, or HTTP does not allow them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: usize) -> Headers {
        (0..count).map(|nth| (format!("x-{nth}"), b"v".to_vec())).collect()
    }

    #[test]
    fn as_many_fields_go_out_as_can() {
        for (count, expected) in [(0, 0), (100, 100), (24_576, MAX_FIELDS), (60_000, MAX_FIELDS)] {
            let (mut fields, missing) = sendable(&many(count));
            assert_eq!((fields.len(), missing), (expected, count - expected));
            // There is room for our own.
            for nth in 0..64 {
                let name = HeaderName::try_from(format!("x-ours-{nth}")).unwrap();
                assert!(fields.try_insert(name, HeaderValue::from_static("v")).is_ok());
            }
        }
    }

    #[test]
    fn what_http_does_not_have_is_counted() {
        let odd = vec![
            ("x good".to_owned(), b"v".to_vec()),
            ("x-good".to_owned(), b"a\nb".to_vec()),
            ("x-good".to_owned(), b"v".to_vec()),
        ];
        let (fields, missing) = sendable(&odd);
        assert_eq!((fields.len(), missing), (1, 2));
        assert_eq!(
            left_out_note(missing, "field"),
            "; 2 fields were left out: there are too many, or HTTP does not allow them"
        );
        assert_eq!(left_out_note(0, "field"), "");
    }
}
