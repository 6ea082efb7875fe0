//! A value in a few words.

use super::{Node, Value, to_json};
use crate::fold::piece::PieceSource;

/// Characters of a preview.
const PREVIEW_CHARS: usize = 200;

/// A leaf as JSON text, a branch in a few words, shortened.
pub(crate) fn preview(value: &Value, pieces: &dyn PieceSource) -> String {
    match value.node() {
        Node::Text(text) if text.len() > PREVIEW_CHARS as u64 => {
            let head = text.head(PREVIEW_CHARS, pieces);
            let mut quoted = String::new();
            scrubjay_protocol::json::write_string(&mut quoted, &head);
            quoted.pop();
            format!("{quoted}…")
        }
        Node::Map(map) if map.is_empty() => "{}".to_owned(),
        Node::Map(map) => {
            let names = map
                .iter()
                .take(12)
                .map(|(name, _)| String::from_utf8_lossy(name).into_owned());
            let names = names.collect::<Vec<_>>().join(", ");
            let shown: String = names.chars().take(80).collect();
            let more = if shown.len() < names.len() || map.len() > 12 {
                ", …"
            } else {
                ""
            };
            format!("{{{shown}{more}}}")
        }
        Node::List(list) if list.is_empty() => "[]".to_owned(),
        Node::List(list) => format!("[{}]", list.len()),
        _ => to_json(value, pieces),
    }
}
