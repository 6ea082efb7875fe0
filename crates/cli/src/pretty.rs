//! JSON text for people: indented, otherwise as it stands.

use scrubjay_protocol::json::indented;

use crate::safe::safe;

/// Depth from which on nothing is indented any further.
const MAX_INDENT: usize = 40;

/// The text with a line for each member and item, two spaces of indent inside
/// four, made safe to show. Ends its last line.
pub(crate) fn pretty(json: &str) -> String {
    let lines = indented(json, MAX_INDENT, usize::MAX);
    lines.split('\n').map(|line| format!("  {}\n", safe(line))).collect()
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
