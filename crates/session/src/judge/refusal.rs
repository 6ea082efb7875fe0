//! Requests that did not get what they asked for: refused with an error status, or sent elsewhere.

use super::{
    request::RunRequest,
    rule::{BAD_STATUS, REDIRECTED, REFUSED},
    secrets,
    transport::Head,
};
use crate::{exchange, fold::Violation, recognise::Asks};

/// Bytes of an answer that are looked at for its words.
const ANSWER_LEN: usize = 4096;
/// Characters of an answer, or of an address, in a finding.
const QUOTED_CHARS: usize = 300;

/// The beginning of an answer that refuses, without its content encoding.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer(pub(super) Vec<u8>);

impl Answer {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let room = ANSWER_LEN.saturating_sub(self.0.len());
        self.0.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// What there is to say of an answer that refuses or redirects; nothing of other answers,
/// nor of requests that have nothing to do with runs.
pub(super) fn judge(head: &Head, request: &RunRequest, answer: &[u8]) -> Option<Violation> {
    let subject = subject(request)?;
    let status = head.status?;
    if let Some(location) = head.redirect() {
        let location = cut(location);
        let lost = match exchange::changes_to_get(status) && request.is_posted {
            true => "; fetch follows with GET and without the body",
            false => "",
        };
        let message = format!("{subject} was redirected with status {status} to {location}{lost}");
        return Some(Violation::new(&REDIRECTED, message));
    }
    if exchange::is_redirect(status) && head.has_headers {
        let message =
            format!("{subject} was answered with status {status} and without a Location, so that fetch cannot follow");
        return Some(Violation::new(&REDIRECTED, message));
    }
    if !head.is_refusal() {
        return None;
    }
    let said = words(answer, &head.content_type).map_or_else(String::new, |words| format!(": {words}"));
    let rule = if request.is_input { &BAD_STATUS } else { &REFUSED };
    Some(Violation::new(
        rule,
        format!("{subject} was refused with status {status}{said}"),
    ))
}

fn subject(request: &RunRequest) -> Option<String> {
    Some(match request.asks {
        Asks::Run => "the run".to_owned(),
        Asks::Connect => "the connect".to_owned(),
        Asks::Info => "the request for info".to_owned(),
        Asks::Attempt => "a request with a part of a RunAgentInput".to_owned(),
        Asks::Other if request.endpoint_method.is_empty() => return None,
        Asks::Other => format!("the request '{}'", request.endpoint_method),
    })
}

/// The words of an answer on one line: those of a page are its title. Credentials are not repeated whole.
fn words(answer: &[u8], content_type: &str) -> Option<String> {
    let text = match std::str::from_utf8(answer) {
        Ok(text) => text,
        // What was kept may end inside a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&answer[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let text = match content_type.to_ascii_lowercase().contains("html") {
        true => title(text)?,
        false => text,
    };
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for find in secrets::finds(text.as_bytes()) {
        words = words.replace(&*String::from_utf8_lossy(find.bytes), &find.shown);
    }
    (!words.is_empty()).then(|| cut(&words))
}

fn title(page: &str) -> Option<&str> {
    let small = page.to_ascii_lowercase();
    let begins = small.find("<title")?;
    let begins = begins + small[begins..].find('>')? + 1;
    let ends = begins + small[begins..].find("</title")?;
    Some(&page[begins..ends])
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_answer_stand_on_one_line() {
        let check = |answer: &str, content_type: &str, wanted: Option<&str>| {
            assert_eq!(words(answer.as_bytes(), content_type).as_deref(), wanted, "{answer}");
        };
        check(
            "{\"detail\":\n  \"no key\"}",
            "application/json",
            Some("{\"detail\": \"no key\"}"),
        );
        check("No.\r\n", "text/plain", Some("No."));
        check("", "application/json", None);
        check(
            "<html><head><TITLE>502 Bad Gateway</TITLE></head><body>x</body>",
            "text/html; charset=utf-8",
            Some("502 Bad Gateway"),
        );
        check("<html><body>x</body>", "text/html", None);
        let token = format!("sk-ant-{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6");
        let said = words(format!("bad key {token}").as_bytes(), "").unwrap();
        assert!(said.starts_with("bad key ") && !said.contains(&token), "{said}");
        assert_eq!(words(b"\xff\xfe\x00", ""), None);
        assert_eq!(
            words("é".repeat(400).as_bytes(), "").unwrap().chars().count(),
            QUOTED_CHARS + 1
        );
        assert_eq!(words(&"é".as_bytes()[..1], ""), None);
    }
}
