//! Heads, labels, and where an exchange came from.

use scrubjay_protocol::secret::{cover, cover_field};
use scrubjay_session::exchange::{Exchange, FINGERPRINT_PREFIX, Headers};

use crate::{Profile, node::Node, place::Place, placeholder::is_placeholder, plan::Rule, redactor::Redactor};

/// Fields that a bug report needs and that hold nothing of a person, by name or by how the name begins.
const KNOWN_FIELDS: [&str; 40] = [
    "accept",
    "access-control-",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "connection",
    "content-",
    "date",
    "etag",
    "expect",
    "expires",
    "host",
    "keep-alive",
    "last-event-id",
    "last-modified",
    "location",
    "origin",
    "pragma",
    "priority",
    "proxy-connection",
    "range",
    "referer",
    "request-id",
    "retry-after",
    "sec-",
    "server",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-accel-buffering",
    "x-request-id",
    "x-scrubjay-label",
];
/// Labels that this program writes.
const OUR_LABELS: [&str; 2] = ["bytes", "sample"];

impl Redactor {
    pub(crate) fn head(&mut self, exchange: &mut Exchange) {
        exchange.request.target = self.target("request target", &exchange.request.target);
        self.fields("request header", &mut exchange.request.headers);
        if let Some(headers) = &mut exchange.request.delivered_headers {
            self.fields("request header", headers);
        }
        if let Some(response) = &mut exchange.response {
            self.fields("response header", &mut response.headers);
            if let Some(headers) = &mut response.delivered_headers {
                self.fields("response header", headers);
            }
        }
        self.fields("trailer", &mut exchange.trailers);
        exchange.upstream = self.target("upstream", &exchange.upstream);
        for (name, value) in &mut exchange.labels {
            if !OUR_LABELS.contains(&name.as_str()) {
                let mut place = Place::new("label", Node::Data);
                let new = place.at(name, false, None, |place| self.text(place, value));
                *value = new.unwrap_or_else(|| std::mem::take(value));
            }
        }
        if let Some(source) = self.text(&mut Place::new("source", Node::Id), &exchange.source) {
            exchange.source = source;
        }
    }

    fn fields(&mut self, what: &str, headers: &mut Headers) {
        for (name, value) in headers {
            if let Some(new) = self.field(what, name, value) {
                *value = new;
            }
        }
    }

    fn field(&mut self, what: &str, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        if value.starts_with(FINGERPRINT_PREFIX.as_bytes()) {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        let at = format!("{what} {lower}");
        let is_off = self.plan.is_off("header", || at.clone());
        let covered = match is_off {
            true => value.to_vec(),
            false => cover_field(name, value, &mut |secret| self.secret(&at, "header", secret)).into_owned(),
        };
        let mut place = Place::new(&at, Node::Id);
        let text = String::from_utf8_lossy(&covered).into_owned();
        let mut new = self.text(&mut place, &text).unwrap_or(text);
        let is_known = KNOWN_FIELDS
            .iter()
            .any(|known| lower == *known || ((known.ends_with('-') || *known == "accept") && lower.starts_with(known)));
        if !is_known
            && new.as_bytes() == value
            && !is_off
            && !self.is_looking()
            && !self.plan.is_off("header.other", || at.clone())
        {
            new = self.secret(&at, "header.other", value);
        }
        (new.as_bytes() != value).then(|| new.into_bytes())
    }

    /// A URL, or the part of one that is asked for.
    fn target(&mut self, at: &str, target: &str) -> String {
        let covered = match self.plan.is_off("url.parameter", || at.to_owned()) {
            true => target.as_bytes().to_vec(),
            false => cover(target.as_bytes(), &mut |secret| {
                self.secret(at, "url.parameter", secret)
            })
            .into_owned(),
        };
        let covered = String::from_utf8_lossy(&covered).into_owned();
        let mut place = Place::new(at, Node::Id);
        let new = self.text(&mut place, &covered).unwrap_or(covered);
        match new.split_once('?') {
            Some((path, query)) if self.plan.profile == Profile::Structure && !self.is_looking() => {
                format!("{path}?{}", self.parameters(at, query))
            }
            _ => new,
        }
    }

    /// A query with all values replaced.
    fn parameters(&mut self, at: &str, query: &str) -> String {
        let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
            Some((name, value)) if !value.is_empty() => {
                format!("{name}={}", self.secret(at, "structure", value.as_bytes()))
            }
            _ => parameter.to_owned(),
        });
        parameters.collect::<Vec<_>>().join("&")
    }

    /// What stands in the place of a value; fingerprints and placeholders stay.
    fn secret(&mut self, at: &str, rule: &'static str, secret: &[u8]) -> String {
        let secret = String::from_utf8_lossy(secret).into_owned();
        if secret.starts_with(FINGERPRINT_PREFIX) || is_placeholder(&secret) {
            return secret;
        }
        let rule = Rule::Borrowed(rule);
        if self.is_looking() {
            self.note(&secret, &rule);
            // Each cookie may be repeated alone.
            for (_, value) in secret.split("; ").filter_map(|cookie| cookie.split_once('=')) {
                self.values.note(value, &rule);
            }
            return secret;
        }
        let new = self.key.placeholder(&secret);
        self.counts.note(&rule, at, &secret, &new, 0..secret.len());
        new
    }
}
