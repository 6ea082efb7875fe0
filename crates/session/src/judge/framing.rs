//! Heads that say the length of their body in two ways.

use crate::exchange::{Ending, HttpVersion, RequestHead, ResponseHead, field};

/// What a head says of the body's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    /// Values of `Content-Length`.
    lengths: Vec<String>,
    /// Transfer codings.
    codings: Vec<String>,
}

/// What a head says, if it says it in two ways.
pub(super) fn lengths(request: &RequestHead, head: &ResponseHead) -> Option<Lengths> {
    let has_no_body = request.method == "HEAD" || matches!(head.status, 100..200 | 204 | 304);
    if head.version == HttpVersion::Http2 || has_no_body {
        return None;
    }
    let said = Lengths {
        lengths: list(head, "content-length"),
        codings: list(head, "transfer-encoding"),
    };
    let is_chunked_at_most = match said.codings.as_slice() {
        [] => true,
        [only] => only.eq_ignore_ascii_case("chunked"),
        _ => false,
    };
    let is_said_twice = said.lengths.len() > 1 || !said.lengths.is_empty() && !said.codings.is_empty();
    (is_said_twice || !is_chunked_at_most).then_some(said)
}

impl Lengths {
    /// Whether a body of this length is not what both say.
    pub(super) fn part_from(&self, body_len: u64) -> bool {
        let is_coded = match self.codings.as_slice() {
            [] => false,
            [only] => !only.eq_ignore_ascii_case("chunked"),
            _ => true,
        };
        let is_right = |length: &String| length.parse() == Ok(body_len);
        is_coded || !self.lengths.iter().all(is_right)
    }

    pub(super) fn sentence(&self, body_len: u64, ending: Ending) -> String {
        let mut said = Vec::new();
        if !self.lengths.is_empty() {
            said.push(format!("Content-Length {}", self.lengths.join(" and ")));
        }
        if !self.codings.is_empty() {
            said.push(format!("Transfer-Encoding {}", self.codings.join(", ")));
        }
        let said = format!(
            "the head says {}, and the body had {body_len} bytes",
            said.join(" and ")
        );
        match ending {
            Ending::UpstreamReset if self.part_from(body_len) => {
                format!("{said}; the client was given them, and then a broken connection")
            }
            _ => said,
        }
    }
}

/// The members of a field that is a list; the coding that is none is left out.
fn list(head: &ResponseHead, name: &str) -> Vec<String> {
    field(&head.headers, name)
        .split(',')
        .map(|member| member.trim_ascii().to_owned())
        .filter(|member| !member.is_empty() && !member.eq_ignore_ascii_case("identity"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(fields: &[(&str, &str)]) -> Option<Lengths> {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        let head = ResponseHead {
            status: 200,
            headers: fields.iter().map(field).collect(),
            ..ResponseHead::default()
        };
        lengths(&RequestHead::default(), &head)
    }

    #[test]
    fn a_length_that_is_said_once_is_no_finding() {
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[("content-length", "10")]), None);
        assert_eq!(said(&[("transfer-encoding", "chunked")]), None);
        assert_eq!(
            said(&[("transfer-encoding", "identity"), ("content-length", "1")]),
            None
        );
    }

    #[test]
    fn two_lengths_part_unless_the_body_is_what_both_say() {
        let both = said(&[("content-length", "10"), ("transfer-encoding", "chunked")]).unwrap();
        assert!(both.part_from(115) && !both.part_from(10));
        assert_eq!(
            both.sentence(115, Ending::UpstreamReset),
            "the head says Content-Length 10 and Transfer-Encoding chunked, and the body had 115 bytes; \
             the client was given them, and then a broken connection"
        );
        let twice = said(&[("content-length", "10"), ("content-length", "10")]).unwrap();
        assert!(!twice.part_from(10));
        let coded = said(&[("transfer-encoding", "gzip, chunked")]).unwrap();
        assert!(coded.part_from(115));
        assert_eq!(
            coded.sentence(115, Ending::Complete),
            "the head says Transfer-Encoding gzip, chunked, and the body had 115 bytes"
        );
    }
}
