//! HAR 1.2, with the events of a stream where Chrome puts them.

use std::io::{self, Write};

use scrubjay_session::{
    exchange::{Ending, Exchange, Headers, field, path_and_query},
    words::rfc3339,
};
use serde_json::{Value, json};

use super::frames::each_frame;
use crate::{Recorded, facts::base64};

pub(super) fn begin(out: &mut impl Write, tool: &str, version: &str) -> io::Result<()> {
    let creator = json!({"name": tool, "version": version});
    write!(
        out,
        r#"{{"log":{{"version":"1.2","creator":{creator},"pages":[],"entries":["#
    )
}

pub(super) fn entry(out: &mut impl Write, recorded: &Recorded) -> io::Result<()> {
    let exchange = &recorded.exchange;
    let mut messages = Vec::new();
    let (_, body) = each_frame(recorded, &mut |at_us, frame| {
        if !frame.is_record && !frame.data.is_empty() {
            messages.push(json!({
                "time": seconds(exchange.started_at_us, at_us),
                "eventName": frame.event_name.as_deref().map_or("message".into(), String::from_utf8_lossy),
                "eventId": String::from_utf8_lossy(frame.id.as_deref().unwrap_or_default()),
                "data": String::from_utf8_lossy(&frame.data),
            }));
        }
    });
    let head_us = exchange.response_at_us.unwrap_or(exchange.last_at_us);
    let mut entry = json!({
        "startedDateTime": rfc3339(exchange.started_at_us),
        "time": millis(exchange.last_at_us),
        "request": request(recorded),
        "response": response(exchange, &body),
        "cache": {},
        "timings": {
            "send": 0,
            "wait": millis(head_us),
            "receive": millis(exchange.last_at_us.saturating_sub(head_us)),
        },
    });
    if let (false, Some(members)) = (messages.is_empty(), entry.as_object_mut()) {
        members.insert("_eventSourceMessages".to_owned(), messages.into());
    }
    serde_json::to_writer(&mut *out, &entry)?;
    out.write_all(b"\n")
}

fn request(recorded: &Recorded) -> Value {
    let request = &recorded.exchange.request;
    let (_, query) = path_and_query(&request.target);
    let query: Vec<Value> = query
        .trim_start_matches('?')
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({"name": name, "value": value})
        })
        .collect();
    let mut value = json!({
        "method": request.method,
        "url": recorded.exchange.url(),
        "httpVersion": request.version.as_str(),
        "cookies": [],
        "headers": headers(&request.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": recorded.request_body.len(),
    });
    if let (false, Some(members)) = (recorded.request_body.is_empty(), value.as_object_mut()) {
        let mut data = text(&recorded.request_body);
        data["mimeType"] = field(&request.headers, "content-type").into();
        members.insert("postData".to_owned(), data);
    }
    value
}

/// Status 0 stands for no answer, and `_error` is what Chrome says of an ending.
fn response(exchange: &Exchange, body: &[u8]) -> Value {
    let head = exchange.response.as_ref();
    let of_head = |name| head.map(|head| field(&head.headers, name)).unwrap_or_default();
    let mut content = text(body);
    content["size"] = body.len().into();
    content["mimeType"] = of_head("content-type").into();
    let mut value = json!({
        "status": head.map_or(0, |head| head.status),
        "statusText": "",
        "httpVersion": head.map_or("", |head| head.version.as_str()),
        "cookies": [],
        "headers": head.map(|head| headers(&head.headers)).unwrap_or_default(),
        "content": content,
        "redirectURL": of_head("location"),
        "headersSize": -1,
        "bodySize": exchange.body_len,
    });
    if let (Some(error), Some(members)) = (error(exchange.ending), value.as_object_mut()) {
        members.insert("_error".to_owned(), error.into());
    }
    value
}

fn error(ending: Ending) -> Option<&'static str> {
    match ending {
        Ending::Complete | Ending::Open | Ending::RecorderStopped => None,
        Ending::UpstreamReset => Some("net::ERR_CONNECTION_RESET"),
        Ending::UpstreamClosed => Some("net::ERR_INCOMPLETE_CHUNKED_ENCODING"),
        Ending::NoAnswer => Some("net::ERR_EMPTY_RESPONSE"),
        Ending::ClientLeft => Some("net::ERR_ABORTED"),
    }
}

/// A body as text, or in base64 where it is none.
fn text(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) => json!({"text": text}),
        Err(_) => json!({"text": base64(body), "encoding": "base64"}),
    }
}

fn headers(headers: &Headers) -> Vec<Value> {
    headers
        .iter()
        .map(|(name, value)| json!({"name": name, "value": String::from_utf8_lossy(value)}))
        .collect()
}

fn millis(micros: u64) -> Value {
    json!(micros as f64 / 1000.0)
}

/// Wall clock in seconds, exact to the microsecond for the next centuries.
fn seconds(started_at_us: i64, at_us: u64) -> Value {
    json!((i128::from(started_at_us) + i128::from(at_us)) as f64 / 1e6)
}
