//! The story of recordings as HTML without a script: how each run came out, what is wrong, what was said.

use std::io::{self, Write};

use scrubjay_answers::Recordings;
use scrubjay_ipc::{
    Ask, Chat, ChatMessage, Open, Opened, Problems, Severity,
    visible::{line, text},
    words,
};

use super::{HeldRecording, escaped};

/// Exchanges of each recording whose story is written.
const EXCHANGES: usize = 200;
/// Messages of an exchange, the last of them.
const MESSAGES: u32 = 100;
/// Problems of an exchange.
const PROBLEMS: usize = 50;
/// Characters of one text.
const CHARS: usize = 20_000;
/// Bytes after which the story of no further exchange is written: the page shows them all.
const ENOUGH: usize = 1 << 20;

/// Writes the story of each recording.
pub(super) fn write(recordings: &[HeldRecording], out: &mut dyn Write) -> io::Result<()> {
    let mut html = String::from(
        "<main id=\"story\">\n<p>This is what a recording of an agent says, as plain text. In a browser with \
         JavaScript and WebAssembly this file is a page that goes through it event by event.</p>\n",
    );
    for recording in recordings {
        tell(recording, &mut html);
    }
    html.push_str("</main>\n");
    out.write_all(html.as_bytes())
}

fn tell(recording: &HeldRecording, html: &mut String) {
    html.push_str(&format!("<h1>{}</h1>\n", escaped(&line(&recording.name))));
    let mut held = Recordings::default();
    let read = match scrubjay_recording::read(&recording.bytes[..]) {
        Ok(read) => read,
        Err(error) => {
            html.push_str(&format!("<p>It cannot be read: {}.</p>\n", escaped(&error.to_string())));
            return;
        }
    };
    let tool = escaped(&line(&read.header.tool));
    html.push_str(&format!(
        "<p>{}, recorded by {tool}.</p>\n",
        words::many(read.exchanges.len() as u64, "exchange")
    ));
    let count = read.exchanges.len();
    for (told, recorded) in read.exchanges.into_iter().enumerate() {
        if html.len() > ENOUGH || told == EXCHANGES {
            let more = words::many((count - told) as u64, "further exchange");
            html.push_str(&format!("<p>Left out here: {more}.</p>\n"));
            return;
        }
        held.put(0, recorded.into_shelf());
        exchange(&mut held, 0, html);
    }
}

/// An answer, where there is one.
fn asked<A: Ask>(held: &mut Recordings, ask: A) -> Option<A::Answer> {
    let bytes = held.answer(&ask.into()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn exchange(held: &mut Recordings, exchange: i64, html: &mut String) {
    let Some(opened) = asked(held, Open { exchange }) else {
        return;
    };
    html.push_str(&format!("<section>\n<h2>{}</h2>\n", escaped(&opened.name)));
    facts(&opened, html);
    problems(held, &opened, html);
    conversation(held, &opened, html);
    html.push_str("</section>\n");
}

fn facts(opened: &Opened, html: &mut String) {
    html.push_str("<dl>\n");
    let mut fact = |name: &str, value: &str| {
        html.push_str(&format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value)));
    };
    for run in &opened.runs {
        fact("Run", &format!("{}: {}", run.run_id, words::verdict(run.verdict)));
    }
    if let Some(verdict) = opened.without_run {
        fact("Outcome", &words::outcome(verdict, opened.status));
    }
    if !opened.thread_id.is_empty() {
        fact("Thread", &opened.thread_id);
    }
    fact("Started", &opened.started_at);
    fact("Lasted", &words::duration(opened.duration_us));
    fact("Ended", words::ending(opened.ending));
    fact("Frames", &words::count(u64::from(opened.frames)));
    html.push_str("</dl>\n");
}

fn problems(held: &mut Recordings, opened: &Opened, html: &mut String) {
    let view = asked(
        held,
        Problems {
            exchange: opened.exchange,
        },
    )
    .unwrap_or_default();
    if view.groups.is_empty() {
        html.push_str("<h3>Problems</h3>\n<p>None were found.</p>\n");
        return;
    }
    html.push_str("<h3>Problems</h3>\n<ul>\n");
    for group in view.groups.iter().take(PROBLEMS) {
        let found = &group.found;
        let severity = match found.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Note => "Note",
        };
        html.push_str(&format!(
            "<li>{severity}, {} ({}), first at #{}: {}</li>\n",
            escaped(&found.rule),
            words::many(u64::from(found.count), "time"),
            found.first_seq,
            escaped(&cut(&text(&group.message)))
        ));
    }
    html.push_str("</ul>\n");
}

fn conversation(held: &mut Recordings, opened: &Opened, html: &mut String) {
    let ask = Chat {
        exchange: opened.exchange,
        at: opened.frames,
        first: None,
        count: MESSAGES,
    };
    let Some(window) = asked(held, ask).filter(|window| window.total > 0) else {
        return;
    };
    html.push_str("<h3>Conversation</h3>\n");
    if window.first > 0 {
        let earlier = words::many(u64::from(window.first), "earlier message");
        html.push_str(&format!("<p>Left out here: {earlier}.</p>\n"));
    }
    for message in &window.messages {
        said(message, html);
    }
    for interrupt in &window.interrupts {
        let asks = cut(&text(&interrupt.message));
        html.push_str(&format!("<p>It waits for a person: {}</p>\n", escaped(&asks)));
    }
}

fn said(message: &ChatMessage, html: &mut String) {
    let who = message.name.as_deref().unwrap_or(&message.role);
    html.push_str(&format!("<article>\n<h4>{}</h4>\n", escaped(&line(who))));
    if !message.text.is_empty() {
        pre(&message.text, html);
    }
    for part in &message.parts {
        pre(part, html);
    }
    for tool in &message.tools {
        pre(&format!("{}({})", tool.name, tool.arguments), html);
        if let Some(result) = &tool.result {
            pre(&format!("→ {result}"), html);
        }
    }
    html.push_str("</article>\n");
}

fn pre(captured: &str, html: &mut String) {
    html.push_str(&format!("<pre>{}</pre>\n", escaped(&text(&cut(captured)))));
}

/// The beginning of a text, and that it is one.
fn cut(captured: &str) -> String {
    match captured.char_indices().nth(CHARS) {
        Some((place, _)) => format!("{} … (the rest is left out here)", &captured[..place]),
        None => captured.to_owned(),
    }
}
