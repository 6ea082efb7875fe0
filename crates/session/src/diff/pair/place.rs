//! The frame that brought a value: of an item's document to a moment of its
//! stream.

use std::ops::Range;

use scrubjay_protocol::json;

use super::{Step, text_of};
use crate::{
    diff::{
        item::{Item, ItemKind},
        side::OpenSide,
    },
    fold::value::Value,
    query::Failed,
    shelf::Shelf,
};

/// A value on one side.
pub(in crate::diff) struct SideValue<'a> {
    pub(in crate::diff) item: &'a Item,
    pub(in crate::diff) path: &'a [Step],
    pub(in crate::diff) value: Option<&'a Value>,
    /// Bytes that both sides' texts have in common before they part.
    pub(in crate::diff) common: usize,
}

/// The frame that brought it; for what is not there the frame that could have.
pub(in crate::diff) fn place_of<S: Shelf + Clone>(
    open: &mut OpenSide<S>,
    place: &SideValue<'_>,
) -> Result<u32, Failed<S::Error>> {
    let item = place.item;
    let member = place.path.first().map(Step::token).unwrap_or_default();
    match (item.kind, member.as_slice()) {
        (ItemKind::State | ItemKind::FinalState, _) => match place.value {
            Some(value) => Ok(value.by()),
            // A missing value has no frame; the last state event stands for it.
            None => open.reader(item.part)?.last_state_seq(item.last_seq),
        },
        (ItemKind::Tool, b"args") | (ItemKind::Text | ItemKind::Reasoning, _) => delta_at(open, item, place),
        (ItemKind::Tool, b"result") => {
            let span = open.reader(item.part)?.span(item.span)?;
            Ok(span.result.map_or(item.last_seq, |(_, seq)| seq))
        }
        (ItemKind::Subagent, b"outcome" | b"result" | b"code" | b"message") | (ItemKind::Activity, b"patches") => {
            Ok(item.last_seq)
        }
        _ => Ok(item.first_seq),
    }
}

/// The frame whose delta holds the byte at which a value differs.
fn delta_at<S: Shelf + Clone>(
    open: &mut OpenSide<S>,
    item: &Item,
    place: &SideValue<'_>,
) -> Result<u32, Failed<S::Error>> {
    let wanted = match item.kind {
        ItemKind::Tool => {
            let draft = super::draft_of(open, item)?;
            let text = draft.text.as_bytes();
            let range = range_of(text, &place.path[1..]);
            range.start + place.common.min(range.len().saturating_sub(1))
        }
        _ => place
            .common
            .min(text_of(open, item)?.map_or(0, |text| text.len()).saturating_sub(1)),
    };
    let reader = open.reader(item.part)?;
    let span = reader.span(item.span)?;
    let (mut len, mut found, mut last) = (0, None, item.first_seq);
    reader.each_frame_of(&span, |_, seq, _, frame| {
        let delta = frame.value.as_ref().and_then(|event| event.get("delta"));
        if let Some(delta) = delta.and_then(json::Value::as_wtf8).filter(|delta| !delta.is_empty()) {
            last = seq;
            len += delta.len();
            if len > wanted {
                found = Some(seq);
            }
        }
        Ok(found.is_none())
    })?;
    Ok(found.unwrap_or(last))
}

/// Where a value stands in a JSON text; of what is not there, the end of the
/// branch that could have held it.
fn range_of(text: &[u8], path: &[Step]) -> Range<usize> {
    let Ok(mut here) = json::skip_value(text, 0) else {
        return 0..text.len();
    };
    for step in path {
        let slice = &text[here.clone()];
        let token = step.token();
        let inside = match slice.first() {
            Some(b'{') => json::members(slice).ok().and_then(|members| {
                let member = members
                    .into_iter()
                    .rev()
                    .find(|member| member.name.as_bytes() == token)?;
                Some(member.value_range)
            }),
            Some(b'[') => json::elements(slice).ok().and_then(|elements| {
                let place: usize = std::str::from_utf8(&token).ok()?.parse().ok()?;
                elements.into_iter().nth(place)
            }),
            // What stands in a text of JSON is where the text is.
            Some(b'"') => return here,
            _ => None,
        };
        match inside {
            Some(inside) => here = here.start + inside.start..here.start + inside.end,
            None => return here.end.saturating_sub(1)..here.end,
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_their_text() {
        let text = br#" {"a": [1, {"b": "x"}], "c": 3} "#;
        let check = |path: &[Step], expected: &str| {
            let range = range_of(text, path);
            assert_eq!(std::str::from_utf8(&text[range]).unwrap(), expected);
        };
        let name = |name: &str| Step::Name(name.as_bytes().into());
        check(&[name("c")], "3");
        check(&[name("a"), Step::Index(1), name("b")], "\"x\"");
        check(&[name("a"), Step::Index(7)], "]");
        check(&[name("none")], "}");
    }
}
