//! Indented JSON text.

use std::{iter::Peekable, str::Chars};

/// JSON text with a member or an item a line, two spaces a level up to
/// `max_levels`; otherwise as it is written. Ends soon after `limit_bytes`.
pub fn indented(json: &str, max_levels: usize, limit_bytes: usize) -> String {
    let mut lines = Lines {
        text: String::new(),
        depth: 0,
        max_levels,
    };
    let mut in_string = false;
    let mut escaped = false;
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next()
        && lines.text.len() <= limit_bytes
    {
        if in_string {
            lines.text.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else {
            in_string = c == '"';
            lines.token(c, &mut chars);
        }
    }
    lines.text
}

/// Text that is written line by line.
struct Lines {
    text: String,
    depth: usize,
    max_levels: usize,
}

impl Lines {
    /// Writes a character outside of strings.
    fn token(&mut self, c: char, rest: &mut Peekable<Chars<'_>>) {
        match c {
            '{' | '[' => {
                self.text.push(c);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = rest.next_if(|next| matches!(next, '}' | ']')) {
                    self.text.push(end);
                } else {
                    self.depth += 1;
                    self.begin_line();
                }
            }
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                self.begin_line();
                self.text.push(c);
            }
            ',' => {
                self.text.push(c);
                self.begin_line();
            }
            ':' => self.text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => self.text.push(c),
        }
    }

    fn begin_line(&mut self) {
        self.text.push('\n');
        self.text
            .extend(std::iter::repeat_n("  ", self.depth.min(self.max_levels)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_and_otherwise_left_alone() {
        assert_eq!(
            indented(r#"{"a":[1.50,{ }, "x,\"{\\"],"b":null}"#, usize::MAX, usize::MAX),
            "{\n  \"a\": [\n    1.50,\n    {},\n    \"x,\\\"{\\\\\"\n  ],\n  \"b\": null\n}"
        );
        assert_eq!(indented("[[1]]", 1, usize::MAX), "[\n  [\n  1\n  ]\n]");
        assert_eq!(indented("[1,2,3]", 1, 6), "[\n  1,\n  ");
    }
}
