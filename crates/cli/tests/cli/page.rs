//! The page of `scrubjay serve` without a browser: it enters, asks and uploads.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

/// A page that has entered.
pub(crate) struct Page {
    host: String,
    token: String,
}

impl Page {
    /// Enters by a printed address.
    pub(crate) fn enter(url: &str) -> Self {
        let (origin, token) = url.split_once("/?token=").unwrap();
        let mut page = Self {
            host: origin.strip_prefix("http://").unwrap().to_owned(),
            token: token.to_owned(),
        };
        let (status, body) = page.post("/api/enter", b"");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let entered: Value = serde_json::from_slice(&body).unwrap();
        entered["token"].as_str().unwrap().clone_into(&mut page.token);
        page
    }

    /// Posts with the token; gives status and body.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let length = format!("content-length: {}\r\n", body.len());
        let mut stream = self.send("POST", path, &length);
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let body = answer.split_off(end);
        let head = String::from_utf8(answer).unwrap();
        assert!(!head.contains("chunked"), "{head}");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    /// Asks a question; gives the answer, or what was said instead.
    pub(crate) fn ask(&self, question: &Value) -> Result<Vec<u8>, String> {
        let (status, body) = self.post("/api/ask", question.to_string().as_bytes());
        if status == 200 {
            Ok(body)
        } else {
            Err(format!("{question}: {status} {}", String::from_utf8_lossy(&body)))
        }
    }

    /// What the window asks of an exchange when it is opened, and is at its end.
    pub(crate) fn open(&self, exchange: u64) -> Result<Value, String> {
        let opened = self.ask(&json!({"ask": "open", "exchange": exchange}))?;
        let opened: Value = serde_json::from_slice(&opened).unwrap();
        let (last, clock) = (&opened["frames"], &opened["extent"]["clock"]);
        for mut question in [
            json!({"ask": "rows", "view": "spans", "expanded": [], "first": 0, "count": 60}),
            json!({"ask": "rows", "view": "events", "expanded": [], "first": 0, "count": 60}),
            json!({"ask": "lanes", "axis": "clock", "from": 0.0, "to": clock, "width_px": 1200}),
            json!({"ask": "problems"}),
            json!({"ask": "detail", "seq": last}),
            json!({"ask": "state", "at": last, "expanded": [], "changed_only": false, "first": 0, "count": 60}),
            json!({"ask": "chat", "at": last, "first": null, "count": 20}),
        ] {
            question["exchange"] = exchange.into();
            // Of an answer without frames there is none to ask about.
            if question["seq"] != 0 {
                self.ask(&question)?;
            }
        }
        Ok(opened)
    }

    /// Listens to the news, for as long as the answer is read.
    pub(crate) fn news(&self) -> TcpStream {
        self.send("GET", "/api/news", "")
    }

    fn send(&self, method: &str, path: &str, fields: &str) -> TcpStream {
        let Self { host, token } = self;
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nx-scrubjay-token: {token}\r\nconnection: close\r\n{fields}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }
}
