//! Secrets of twenty shapes, one of each in each place where a secret may stand.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use scrubjay_session::exchange::Chunk;
use serde_json::{Value, json};

use crate::files::{Captured, made_up};

/// A row of numbers that looks like chance and is always the same.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    fn of(&mut self, alphabet: &str, len: usize) -> String {
        let chars: Vec<char> = alphabet.chars().collect();
        (0..len).map(|_| chars[self.next(chars.len())]).collect()
    }

    /// Letters and digits, with two digits in any case.
    fn token(&mut self, len: usize) -> String {
        format!(
            "{}{}",
            self.of("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", len - 2),
            self.of(DIGITS, 2)
        )
    }
}

const DIGITS: &str = "0123456789";
const HEX: &str = "0123456789abcdef";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A secret as it is written, and the part of it that may not be found.
struct Secret {
    written: String,
    value: String,
    /// The name of the member under which it stands in JSON.
    name: &'static str,
}

const SHAPES: usize = 20;

fn secret(shape: usize, chance: &mut Chance) -> Secret {
    let plain = |value: String| Secret {
        written: value.clone(),
        value,
        name: "note",
    };
    match shape {
        0 => plain(format!("sk-proj-{}", chance.token(44))),
        1 => plain(format!("sk-ant-api03-{}", chance.token(60))),
        2 => plain(format!("ghp_{}", chance.token(36))),
        3 => plain(format!("AKIA{}22", chance.of(CAPITALS, 14))),
        4 => plain(format!("AIza{}", chance.token(35))),
        5 => plain(format!("xoxb-{}-{}", chance.of(DIGITS, 12), chance.token(24))),
        6 => plain(format!("sk_live_{}", chance.token(24))),
        7 => plain(format!("npm_{}", chance.token(36))),
        8 => plain(format!("hf_{}", chance.token(34))),
        9 => plain(format!("glpat-{}", chance.token(20))),
        10 => {
            let part = |chance: &mut Chance| chance.token(30);
            plain(format!("eyJ{}.eyJ{}.{}", part(chance), part(chance), part(chance)))
        }
        11 => {
            let value = chance.token(64);
            let written = format!("-----BEGIN PRIVATE KEY-----\n{value}\n-----END PRIVATE KEY-----");
            Secret {
                written,
                value,
                name: "note",
            }
        }
        12 => {
            let value = format!("{}:{}", chance.of("abcdefgh", 6), chance.token(12));
            Secret {
                written: format!("postgres://{value}@db.internal/app"),
                value,
                name: "note",
            }
        }
        13 => plain(format!(
            "{}.{}@mail-{}.org",
            chance.of("abcdefgh", 6),
            chance.of("klmnop", 7),
            chance.of(HEX, 6)
        )),
        14 => plain(format!(
            "+49 30 {} {}",
            chance.of("23456789", 4),
            chance.of("23456789", 4)
        )),
        15 => plain(card(chance)),
        16 => plain(account(chance)),
        17 => plain(chance.token(32)),
        18 => {
            let value = chance.token(14);
            Secret {
                written: format!("password: {value}"),
                value,
                name: "password",
            }
        }
        _ => {
            let value = chance.token(40);
            Secret {
                written: format!("Authorization: Bearer {value}"),
                value,
                name: "note",
            }
        }
    }
}

fn card(chance: &mut Chance) -> String {
    let head = format!("4{}", chance.of(DIGITS, 14));
    let doubled = |(place, char): (usize, char)| {
        let digit = char.to_digit(10).unwrap_or_default();
        if place % 2 == 0 {
            digit * 2 % 10 + digit * 2 / 10
        } else {
            digit
        }
    };
    let sum: u32 = head.chars().rev().enumerate().map(doubled).sum();
    let all = format!("{head}{}", (10 - sum % 10) % 10);
    [&all[..4], &all[4..8], &all[8..12], &all[12..]].join(" ")
}

fn account(chance: &mut Chance) -> String {
    let number = chance.of("123456789", 18);
    // ISO 13616: the number, the country as digits, and the check number, modulo 97.
    let digits = format!("{number}131400");
    let rest = digits
        .bytes()
        .fold(0_u32, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{number}", 98 - rest)
}

/// What was planted.
#[derive(Default)]
pub(super) struct Planted {
    pub(super) secrets: Vec<Value>,
    /// Values as they are, to look for in what the program says.
    pub(super) values: Vec<String>,
    events: Vec<Value>,
    messages: Vec<Value>,
    tools: Vec<Value>,
    context: Vec<Value>,
    forwarded: serde_json::Map<String, Value>,
    headers: Vec<(String, Vec<u8>)>,
    query: String,
    labels: Vec<(String, String)>,
    comments: Vec<String>,
    gzip: Vec<Value>,
    records: Vec<u8>,
}

/// The places, by name.
const PLACES: [&str; 24] = [
    "text over two deltas",
    "text over ten deltas",
    "arguments over ten deltas",
    "reasoning over two deltas",
    "a tool's result",
    "state and its patch",
    "a name of a member",
    "JSON in a string",
    "base64",
    "percent-encoding",
    "RAW",
    "RAW in pieces",
    "CUSTOM",
    "a message of the request",
    "a tool's schema",
    "context",
    "forwarded props",
    "a header",
    "the query",
    "a label",
    "a comment",
    "gzip",
    "a record",
    "a run's error and snapshot",
];

pub(super) fn planted() -> (Vec<Captured>, Planted) {
    let mut planted = Planted::default();
    let mut chance = Chance::new(7);
    for (number, place) in PLACES.iter().enumerate() {
        for shape in 0..SHAPES {
            let secret = secret(shape, &mut chance);
            planted
                .secrets
                .push(json!({ "value": secret.value, "place": format!("{place}, shape {shape}") }));
            planted.values.push(secret.value.clone());
            planted.plant(number, shape, &secret);
        }
    }
    (planted.exchanges(), planted)
}

fn pieces(text: &str, count: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    chars
        .chunks(chars.len().div_ceil(count).max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}

impl Planted {
    fn plant(&mut self, place: usize, shape: usize, secret: &Secret) {
        let id = format!("p{place}-{shape}");
        let said = format!("Then use {} for it.", secret.written);
        let member =
            json!({ "a": { secret.name: if secret.name == "password" { &secret.value } else { &secret.written } } });
        match place {
            0 | 1 => self.text("TEXT_MESSAGE", &id, &pieces(&said, [2, 10][place])),
            2 => self.arguments(&id, &pieces(&member.to_string(), 10)),
            3 => self.text("REASONING_MESSAGE", &id, &pieces(&said, 2)),
            4 => self
                .events
                .push(json!({"type":"TOOL_CALL_RESULT","messageId":id,"toolCallId":id,"content":said})),
            5 => self.state(&id, secret, &member),
            6 => self
                .events
                .push(json!({"type":"CUSTOM","name":"keys","value":{ said: 1 }})),
            7 => self
                .events
                .push(json!({"type":"CUSTOM","name":"inner","value": json!({"x": member.to_string()}).to_string()})),
            8 => self
                .events
                .push(json!({"type":"RAW","event":{"data": STANDARD.encode(&said)}})),
            9 => self
                .events
                .push(json!({"type":"CUSTOM","name":"url","value": format!("https://a.b/?x={}", encoded(&said))})),
            10 => self.events.push(json!({"type":"RAW","event": member})),
            11 => {
                for piece in pieces(&format!("{said}\n\n"), 10) {
                    self.events
                        .push(json!({"type":"RAW","event":{"chunk":{"content": piece}}}));
                }
            }
            12 => self.events.push(json!({"type":"CUSTOM","name":"c","value": member})),
            13 => self.messages.push(json!({"id": id, "role": "user", "content": said})),
            14 => self
                .tools
                .push(json!({"name": id, "description": said, "parameters": {"type":"object"}})),
            15 => self.context.push(json!({"description": "c", "value": said})),
            16 => drop(self.forwarded.insert(id, member)),
            17 => self
                .headers
                .push((format!("x-note-{shape}"), said.replace('\n', " ").into_bytes())),
            18 => self
                .query
                .push_str(&format!("&token{shape}={}", encoded(&secret.written))),
            19 => self.labels.push((id, said)),
            20 => self.comments.push(said.replace('\n', " ")),
            21 => self.gzip.push(json!({"type":"CUSTOM","name":"z","value": member})),
            22 => self.record(&id, &pieces(&said, 2)),
            _ => self.snapshot(&id, &said),
        }
    }

    fn text(&mut self, family: &str, id: &str, pieces: &[String]) {
        let role = if family == "TEXT_MESSAGE" {
            "assistant"
        } else {
            "reasoning"
        };
        self.events
            .push(json!({"type": format!("{family}_START"), "messageId": id, "role": role}));
        for piece in pieces {
            self.events
                .push(json!({"type": format!("{family}_CONTENT"), "messageId": id, "delta": piece}));
        }
        self.events
            .push(json!({"type": format!("{family}_END"), "messageId": id}));
    }

    fn arguments(&mut self, id: &str, pieces: &[String]) {
        self.events
            .push(json!({"type":"TOOL_CALL_START","toolCallId":id,"toolCallName":"t"}));
        for piece in pieces {
            self.events
                .push(json!({"type":"TOOL_CALL_ARGS","toolCallId":id,"delta":piece}));
        }
        self.events.push(json!({"type":"TOOL_CALL_END","toolCallId":id}));
    }

    fn state(&mut self, id: &str, secret: &Secret, member: &Value) {
        let path = format!("/a/{}", secret.name);
        let value = &member["a"][secret.name];
        self.events.push(json!({"type":"STATE_SNAPSHOT","snapshot": member}));
        self.events.push(json!({"type":"STATE_DELTA","delta":[
            {"op":"test","path":path,"value":value},
            {"op":"add","path":format!("/{id}"),"value":member},
            {"value":value,"op":"replace","path":path},
        ]}));
    }

    fn snapshot(&mut self, id: &str, said: &str) {
        self.events
            .push(json!({"type":"MESSAGES_SNAPSHOT","messages":[{"id":id,"role":"assistant","content":said}]}));
        self.events
            .push(json!({"type":"CUSTOM","name":"error","value":[{"name":"detail","value":said}]}));
    }

    /// A text message in records of the protobuf transport.
    fn record(&mut self, id: &str, pieces: &[String]) {
        let field = |number: u8, bytes: &[u8]| {
            let mut field = vec![number << 3 | 2];
            let mut len = bytes.len();
            while len > 127 {
                field.push((len & 127) as u8 | 128);
                len >>= 7;
            }
            field.push(len as u8);
            field.extend_from_slice(bytes);
            field
        };
        let mut put = |number: u8, kind: u8, fields: &[(u8, &str)]| {
            let mut event = field(1, &[8, kind]);
            for (number, text) in fields {
                event.extend(field(*number, text.as_bytes()));
            }
            let message = field(number, &event);
            self.records.extend((message.len() as u32).to_be_bytes());
            self.records.extend(message);
        };
        put(1, 0, &[(2, id), (3, "assistant")]);
        for piece in pieces {
            put(2, 1, &[(2, id), (3, piece)]);
        }
        put(3, 2, &[(2, id)]);
    }

    fn exchanges(&self) -> Vec<Captured> {
        let mut events = vec![json!({"type":"RUN_STARTED","threadId":"t","runId":"r"})];
        events.extend(self.events.iter().cloned());
        events.push(json!({"type":"RUN_FINISHED","threadId":"t","runId":"r"}));
        let mut body = stream(&events);
        for comment in &self.comments {
            body.extend_from_slice(format!(": {comment}\n\n").as_bytes());
        }
        let mut first = made_up(&body);
        // Borders of chunks anywhere, also in a secret.
        let len = body.len() as u64;
        first.chunks = (0..len.div_ceil(37))
            .map(|number| Chunk {
                offset: number * 37,
                len: 37.min(len - number * 37),
                at_us: number,
            })
            .collect();
        first.exchange.chunk_count = first.chunks.len() as u64;
        let input = json!({"threadId":"t","runId":"r","state":{},"messages":self.messages,"tools":self.tools,
            "context":self.context,"forwardedProps":self.forwarded});
        first.request_body = input.to_string().into_bytes();
        first.exchange.request_len = first.request_body.len() as u64;
        first.exchange.request.target = format!("/agent?x=1{}", self.query);
        first.exchange.request.headers = self.headers.clone();
        first.exchange.labels = self.labels.clone();
        vec![first, self.packed(), self.binary()]
    }

    fn packed(&self) -> Captured {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&stream(&self.gzip)).expect("memory takes all");
        let mut packed = made_up(&encoder.finish().expect("memory takes all"));
        if let Some(response) = &mut packed.exchange.response {
            response.headers.push(("content-encoding".into(), b"gzip".to_vec()));
        }
        packed
    }

    fn binary(&self) -> Captured {
        let mut binary = made_up(&self.records);
        if let Some(response) = &mut binary.exchange.response {
            response.headers = vec![("content-type".into(), b"application/vnd.ag-ui.event+proto".to_vec())];
        }
        binary
    }
}

fn stream(events: &[Value]) -> Vec<u8> {
    let frames = events.iter().map(|event| format!("data: {event}\n\n"));
    frames.collect::<String>().into_bytes()
}

fn encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}
