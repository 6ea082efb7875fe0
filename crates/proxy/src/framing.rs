//! Answers whose head contradicts itself about where the body ends.
//!
//! RFC 9112, 6.3: of `Content-Length` and `Transfer-Encoding` the second is
//! followed, and such an answer ought to be an error. It is passed on in
//! chunks, without the length, and breaks off at its end, unless the length
//! was right after all. The same goes for a transfer coding that was not
//! asked for: its bytes are not the body's.

use http::{HeaderMap, Version, header, response::Parts};

/// The length that an answer gives beside the framing that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contradiction {
    /// The length that would settle it.
    declared_len: Option<u64>,
}

/// The client's view of it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer's head contradicts itself about the length of its body")]
pub(crate) struct Contradicted;

impl Contradiction {
    /// Whether the head of an answer contradicts itself.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        if parts.version >= Version::HTTP_2 || !parts.headers.contains_key(header::TRANSFER_ENCODING) {
            return None;
        }
        let codings = list(&parts.headers, &header::TRANSFER_ENCODING);
        let mut codings = codings.iter().filter(|coding| !coding.eq_ignore_ascii_case("identity"));
        let is_chunked_at_most = codings.next().is_none_or(|first| first.eq_ignore_ascii_case("chunked"));
        if !is_chunked_at_most || codings.next().is_some() {
            return Some(Self { declared_len: None });
        }
        parts.headers.contains_key(header::CONTENT_LENGTH).then(|| Self {
            declared_len: length(&parts.headers),
        })
    }

    /// Whether the body was as long as it should be in either way.
    pub(crate) fn is_settled_by(self, len: u64) -> bool {
        self.declared_len == Some(len)
    }
}

/// The one length that `Content-Length` gives, however often.
pub(crate) fn length(headers: &HeaderMap) -> Option<u64> {
    let values = list(headers, &header::CONTENT_LENGTH);
    let first = values.first()?;
    let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
    let len = first.parse().ok().filter(|_| is_number);
    len.filter(|_| values.iter().all(|value| value == first))
}

/// The members of a field that is a list.
fn list(headers: &HeaderMap, name: &header::HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let members = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    members
        .map(|member| String::from_utf8_lossy(member.trim_ascii()).into_owned())
        .filter(|member| !member.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;

    fn contradiction(fields: &[(&str, &str)]) -> Option<Contradiction> {
        let response = fields.iter().fold(Response::builder(), |response, (name, value)| {
            response.header(*name, *value)
        });
        Contradiction::of(&response.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_length_beside_chunks_contradicts_unless_it_is_right() {
        let chunked = ("transfer-encoding", "chunked");
        assert_eq!(contradiction(&[chunked]), None);
        assert_eq!(contradiction(&[("content-length", "10")]), None);
        for fields in [
            &[chunked, ("content-length", "10")][..],
            &[("content-length", "10"), chunked],
            &[("content-length", "10, 10"), ("transfer-encoding", "identity, Chunked")],
        ] {
            let found = contradiction(fields).unwrap();
            assert!(found.is_settled_by(10) && !found.is_settled_by(115), "{fields:?}");
        }
        let never = contradiction(&[chunked, ("content-length", "10"), ("content-length", "11")]).unwrap();
        assert!(!never.is_settled_by(10) && !never.is_settled_by(11));
    }

    #[test]
    fn a_coding_that_was_not_asked_for_contradicts() {
        for coding in ["gzip, chunked", "gzip", "chunked, chunked", "x"] {
            let found = contradiction(&[("transfer-encoding", coding)]).unwrap();
            assert!(!found.is_settled_by(0), "{coding}");
        }
        assert_eq!(contradiction(&[("transfer-encoding", "identity")]), None);
    }

    #[test]
    fn a_length_is_digits_and_one() {
        let length = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_LENGTH, value.parse().unwrap());
            }
            length(&headers)
        };
        assert_eq!(length(&["10"]), Some(10));
        assert_eq!(length(&["10", "10"]), Some(10));
        assert_eq!(length(&["10, 10"]), Some(10));
        assert_eq!(length(&["10", "11"]), None);
        assert_eq!(length(&["+10"]), None);
        assert_eq!(length(&["99999999999999999999"]), None);
        assert_eq!(length(&[]), None);
    }
}
