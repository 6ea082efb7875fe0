//! Commands that ask again.

use std::io::{self, Write};

use crate::{Recorded, facts::base64};

/// Longest body that stands on the command line: systems allow some 128 KB for an argument.
const INLINE_LEN: usize = 100_000;
/// Header fields that curl or the connection sets.
const OF_CURL: [&str; 8] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "accept-encoding",
    "keep-alive",
    "upgrade",
    "te",
];

pub(super) fn command(out: &mut impl Write, recorded: &Recorded) -> io::Result<()> {
    let exchange = &recorded.exchange;
    writeln!(out, "\n# Exchange {}", exchange.index)?;
    let body = &recorded.request_body;
    let inline = std::str::from_utf8(body)
        .ok()
        .filter(|text| text.len() <= INLINE_LEN && !text.contains('\0'));
    if inline.is_none() {
        write!(out, "base64 -d <<'END' | ")?;
    }
    write!(
        out,
        "curl -N -X {} {}",
        quoted(&exchange.request.method),
        quoted(&exchange.url())
    )?;
    for (name, value) in &exchange.request.headers {
        let is_of_curl = OF_CURL.iter().any(|own| name.eq_ignore_ascii_case(own)) || name.starts_with(':');
        if !is_of_curl {
            // A field without a value is written with a semicolon; with a colon curl would leave it out.
            let value = String::from_utf8_lossy(value);
            let field = if value.is_empty() {
                format!("{name};")
            } else {
                format!("{name}: {value}")
            };
            write!(out, " \\\n  -H {}", quoted(&field))?;
        }
    }
    match inline {
        Some("") => writeln!(out),
        // With @ in front curl would read a file.
        Some(text) => writeln!(out, " \\\n  --data-raw {}", quoted(text)),
        None => {
            writeln!(out, " \\\n  --data-binary @-")?;
            let encoded = base64(body);
            let mut rest = encoded.as_str();
            while !rest.is_empty() {
                let (line, after) = rest.split_at(rest.len().min(76));
                writeln!(out, "{line}")?;
                rest = after;
            }
            writeln!(out, "END")
        }
    }
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_of_the_shell_is_quoted() {
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
