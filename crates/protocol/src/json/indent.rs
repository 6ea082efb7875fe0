//! Indented JSON text.

/// JSON text with a member or an item a line, two spaces a level up to
/// `max_levels`; otherwise as it is written. Ends soon after `limit_bytes`.
pub fn indented(json: &str, max_levels: usize, limit_bytes: usize) -> String {
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth.min(max_levels)));
    };
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next()
        && text.len() <= limit_bytes
    {
        if in_string {
            text.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '{' | '[' => {
                text.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => {
                in_string = c == '"';
                text.push(c);
            }
        }
    }
    text
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
