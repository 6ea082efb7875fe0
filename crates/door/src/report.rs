//! The third door: one file of HTML with the page and recordings inside.
//!
//! It is opened from disk and loads nothing. Its content security policy admits
//! the two scripts that stand in it, by their hashes, and no address at all. What was recorded is in it twice: packed, for the page,
//! and as escaped text, for a browser that runs no page.

mod story;

use std::io::{self, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD, write::EncoderWriter};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

use crate::page;

/// A recording that a report holds.
#[derive(Clone, Debug)]
pub struct HeldRecording {
    /// The name under which the page gives it back.
    pub name: String,
    /// The file, not packed.
    pub bytes: Vec<u8>,
}

/// Says before anything is drawn that scripts run, so that the story is shown only where none do.
const SCRIPTED: &str = "document.documentElement.classList.add('scripted');";
/// The sheets of the page, in the order in which its own file names them.
const SHEETS: [&str; 8] = [
    "style/theme.css",
    "style/shell.css",
    "style/library.css",
    "style/inspect.css",
    "style/problems.css",
    "style/compare.css",
    "style/replay.css",
    "report.css",
];

/// Writes a report. `beginning` is the query of the address at which its page begins.
///
/// # Errors
/// When the output refuses, or this program was built without the page.
pub fn write_report(recordings: &[HeldRecording], beginning: &str, out: &mut dyn Write) -> io::Result<()> {
    let style = SHEETS
        .iter()
        .map(|name| text_of(name))
        .collect::<io::Result<String>>()?;
    let script = [text_of("ui.js")?, text_of("report.js")?].concat();
    let names: Vec<&str> = recordings.iter().map(|recording| recording.name.as_str()).collect();
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\" data-beginning=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"dark light\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{} · Scrubjay</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{style}</style>\n\
         <script>{SCRIPTED}</script>\n</head>\n<body>\n",
        escaped(beginning),
        policy(&script),
        escaped(&names.join(" and ")),
    )?;
    story::write(recordings, out)?;
    out.write_all(b"<script type=\"text/plain\" id=\"page\">")?;
    out.write_all(
        STANDARD
            .encode(page::packed("ui_bg.wasm").ok_or_else(not_built)?)
            .as_bytes(),
    )?;
    out.write_all(b"</script>\n")?;
    for recording in recordings {
        write!(
            out,
            "<script type=\"text/plain\" data-recording=\"{}\">",
            escaped(&recording.name)
        )?;
        let mut packer = GzEncoder::new(EncoderWriter::new(&mut *out, &STANDARD), Compression::new(6));
        packer.write_all(&recording.bytes)?;
        packer.finish()?.finish()?;
        out.write_all(b"</script>\n")?;
    }
    write!(out, "<script type=\"module\">{script}</script>\n</body>\n</html>\n")
}

/// Nothing but what stands in the file. Styles may: the page places elements by them, and they can load nothing.
fn policy(script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {} {} 'wasm-unsafe-eval'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(SCRIPTED),
        hash(script)
    )
}

fn text_of(name: &str) -> io::Result<String> {
    let bytes = page::plain(name).ok_or_else(not_built)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn not_built() -> io::Error {
    io::Error::other("this program was built without the page")
}

/// Text as it stands in HTML, in an attribute or outside.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 16);
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_text_in_the_file() {
        let hostile = "<script>alert(1)</script>\" onload='x' &amp;";
        assert_eq!(
            escaped(hostile),
            "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;"
        );
    }

    #[test]
    fn the_policy_names_no_address() {
        let policy = policy("1");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-"),
            "{policy}"
        );
        assert!(!policy.contains("http") && !policy.contains("'self'"), "{policy}");
    }

    #[test]
    fn the_sheets_are_those_of_the_page() {
        let page = include_str!("../../../ui/index.html");
        let named: Vec<&str> = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let sheets: Vec<&str> = named.into_iter().filter(|name| name.ends_with(".css")).collect();
        assert_eq!(sheets, SHEETS[..7]);
    }
}
