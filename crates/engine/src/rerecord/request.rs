//! The request in the place of a recorded one: what of it is sent again.

use scrubjay_ipc::{Code, Report};
use scrubjay_replay::rerecord::Thread;
use scrubjay_session::exchange::{FINGERPRINT_PREFIX, Headers, field, path_and_query};

use crate::EngineError;

/// Fields that belong to the connection or to the body as it was framed then.
const NOT_SENT: [&str; 14] = [
    "host",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
    "x-scrubjay-label",
];
/// What is sent where a request has no such field.
const DEFAULTS: [(&str, &str); 2] = [("content-type", "application/json"), ("accept", "text/event-stream")];

/// The recorded fields that are no secrets, and the given ones in the place of
/// those of their names. Names of secrets are added to `secrets`.
pub(super) fn fields(thread: &Thread, recorded: &Headers, given: &Headers, secrets: &mut Vec<String>) -> Headers {
    let is_given = |name: &str| given.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let mut fields = Headers::new();
    for (name, value) in recorded {
        if is_given(name) || name.starts_with(':') || NOT_SENT.iter().any(|not| name.eq_ignore_ascii_case(not)) {
            continue;
        }
        match holds_fingerprint(value) {
            true => secrets.push(name.clone()),
            false => fields.push((name.clone(), thread.header(name, value))),
        }
    }
    for (name, value) in DEFAULTS {
        if !is_given(name) && field(&fields, name).is_empty() {
            fields.push((name.to_owned(), value.as_bytes().to_vec()));
        }
    }
    fields.extend(given.iter().filter(|(_, value)| !value.is_empty()).cloned());
    fields
}

/// One endpoint cannot stand for several paths.
pub(super) fn judge_targets(upstream: &str, endpoint: &str, targets: &[String]) -> Result<(), EngineError> {
    let mut paths: Vec<&str> = targets.iter().map(|target| path_and_query(target).0).collect();
    paths.sort_unstable();
    paths.dedup();
    if paths.len() < 2 {
        return Ok(());
    }
    Err(EngineError::Answer {
        report: Report::new(
            Code::BadRequest,
            format!(
                "The baselines asked at {} paths ({}), and --url names one, {endpoint}.",
                paths.len(),
                paths.join(", ")
            ),
            format!("Give the origin alone, and each is asked at its recorded path: --url {upstream}."),
        ),
    })
}

/// A target without the parameters that are fingerprints.
pub(super) fn without_secrets(target: &str, secrets: &mut Vec<String>) -> String {
    let mut kept = |text: &str, between: char| {
        let is_kept = |piece: &&str| {
            let is_secret = holds_fingerprint(piece.replace("%3A", ":").replace("%3a", ":").as_bytes());
            if is_secret {
                secrets.push(piece.split('=').next().unwrap_or_default().to_owned());
            }
            !is_secret
        };
        let pieces: Vec<&str> = text.split(between).filter(is_kept).collect();
        pieces.join(&between.to_string())
    };
    // Parameters may stand in segments of the path, too: `/a;token=…/b`.
    let (path, query) = path_and_query(target);
    let path: Vec<String> = path.split('/').map(|segment| kept(segment, ';')).collect();
    let path = path.join("/");
    match kept(query, '&') {
        query if query.is_empty() => path,
        query => format!("{path}?{query}"),
    }
}

fn holds_fingerprint(value: &[u8]) -> bool {
    let mark = FINGERPRINT_PREFIX.as_bytes();
    value.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_not_sent() {
        let mut secrets = Vec::new();
        let target = without_secrets("/run?a=1&api_key=scrubjay-fp:12ab&b=2", &mut secrets);
        assert_eq!(
            (target.as_str(), secrets.as_slice()),
            ("/run?a=1&b=2", &["api_key".to_owned()][..])
        );
        assert_eq!(
            without_secrets("http://h:1/run?k=scrubjay-fp%3A1", &mut secrets),
            "/run"
        );
        assert_eq!(without_secrets("/run", &mut secrets), "/run");
        assert_eq!(without_secrets("/a;v=1;sid=scrubjay-fp:1/b", &mut secrets), "/a;v=1/b");
    }

    #[test]
    fn one_endpoint_is_for_one_path() {
        let judge = |targets: &[&str]| {
            let targets: Vec<String> = targets.iter().map(|&target| target.to_owned()).collect();
            judge_targets("http://h:1", "/agent", &targets).map_err(|error| error.report().message)
        };
        assert_eq!(judge(&[]), Ok(()));
        assert_eq!(judge(&["/a?x=1", "/a?x=2", "http://h/a"]), Ok(()));
        assert_eq!(
            judge(&["/b", "/a"]),
            Err("The baselines asked at 2 paths (/a, /b), and --url names one, /agent.".to_owned())
        );
    }
}
