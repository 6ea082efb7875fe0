//! JSON text for people: indented, otherwise as it stands.

use crate::safe::safe;

/// Depth from which on nothing is indented any further.
const MAX_INDENT: usize = 40;

/// The text with a line for each member and item, two spaces of indent inside
/// four, made safe to show. Ends its last line.
pub(crate) fn pretty(json: &str) -> String {
    let mut text = String::from("  ");
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            text.push_str(&safe(c.encode_utf8(&mut [0; 4])));
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                text.push(c);
            }
            '{' | '[' => {
                text.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    new_line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => text.push_str(&safe(c.encode_utf8(&mut [0; 4]))),
        }
    }
    text.push('\n');
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    for _ in 0..=depth.min(MAX_INDENT) {
        text.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_otherwise_left_alone() {
        assert_eq!(
            pretty("{\"a\":[1.50,{}, \"x,\\\"{\\\\\"],\"b\":null}"),
            "  {\n    \"a\": [\n      1.50,\n      {},\n      \"x,\\\"{\\\\\"\n    ],\n    \"b\": null\n  }\n"
        );
        assert_eq!(pretty("[ ]"), "  []\n");
        assert_eq!(pretty("\"\u{202e}\""), "  \"\\u{202e}\"\n");
    }
}
