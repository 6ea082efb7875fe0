//! Differences that only the wire has: what a frame holds beside what it
//! says, how deltas and chunks are cut, and how items interleave.

use super::{Comparison, Divergence, Moment};
use crate::{
    diff::{
        cells::around,
        item::{Item, NO_SPAN},
        outline::frame_number,
    },
    query::{Failed, clip},
    shelf::Shelf,
};
use scrubjay_protocol::{
    frame::Frame,
    json::{self, Value},
};

/// Frames of an item looked at to find the one that differs.
const FRAMES: usize = 20_000;
/// Bytes of text of them that are kept whole.
const TEXTS_LEN: usize = 32 * 1024 * 1024;
/// Characters of a value.
const CHARS: usize = 200;

/// A frame of an item: its number, what it says as a number, and its event without times.
type ItemFrame = (u32, u64, String);

/// Finds the first frame in which two items differ that say the same.
pub(super) fn parting<S: Shelf + Clone>(
    comparison: &mut Comparison<S>,
    a: &Item,
    b: &Item,
    found: &mut Divergence,
) -> Result<(), Failed<S::Error>> {
    if let Some((_, one, other)) = comparison.interleaved {
        (found.a, found.b) = (one, other);
        found.path = "/order".to_owned();
        return Ok(());
    }
    let one = held(comparison, 0, a)?;
    let other = held(comparison, 1, b)?;
    let differs = one
        .iter()
        .zip(&other)
        .position(|((_, one, _), (_, other, _))| one != other);
    let place = differs.or((one.len() != other.len()).then_some(one.len().min(other.len())));
    let Some(place) = place else {
        found.path = "/chunks".to_owned();
        return Ok(());
    };
    found.path = "/event".to_owned();
    let (one_text, other_text) = beside(one.get(place), other.get(place));
    for (side, item, frames) in [(0, a, &one), (1, b, &other)] {
        let frame = frames.get(place).or(frames.last());
        let moment = comparison.moment(side, item, frame.map_or(item.last_seq, |(seq, ..)| *seq));
        match side {
            0 => (found.a, found.a_value) = (moment, one_text.clone()),
            _ => (found.b, found.b_value) = (moment, other_text.clone()),
        }
    }
    Ok(())
}

/// Two events as text, cut around what differs.
fn beside(one: Option<&ItemFrame>, other: Option<&ItemFrame>) -> (Option<String>, Option<String>) {
    let text = |held: Option<&ItemFrame>| held.map(|(.., text)| text.clone());
    match (text(one), text(other)) {
        (Some(one), Some(other)) => {
            let (one, other) = around(&one, &other, CHARS);
            (Some(one), Some(other))
        }
        (one, other) => (one.map(shortened), other.map(shortened)),
    }
}

fn shortened(text: String) -> String {
    match text.chars().nth(CHARS) {
        None => text,
        Some(_) => text.chars().take(CHARS).chain(['…']).collect(),
    }
}

fn held<S: Shelf + Clone>(
    comparison: &mut Comparison<S>,
    side: usize,
    item: &Item,
) -> Result<Vec<ItemFrame>, Failed<S::Error>> {
    let (open, ids, rules) = (
        &mut comparison.open[side],
        &comparison.outlines[side].ids,
        &comparison.rules,
    );
    let mut frames = Vec::new();
    let mut room = TEXTS_LEN;
    let mut take = |frames: &mut Vec<ItemFrame>, seq: u32, frame: &Frame| {
        let text = match &frame.value {
            Some(Value::Object(event)) => {
                let mut event = event.clone();
                event.remove("timestamp");
                event.remove("rawEvent");
                json::to_json(&Value::Object(event))
            }
            _ => String::from_utf8_lossy(frame.comment.as_ref().unwrap_or(&frame.data)).into_owned(),
        };
        let (text, _) = clip(text, room.max(CHARS * 4));
        room = room.saturating_sub(text.len());
        frames.push((seq, frame_number(frame, rules, ids), text));
        Ok(frames.len() < FRAMES)
    };
    let reader = open.reader(item.part)?;
    if item.span == NO_SPAN {
        let seqs = item.first_seq..item.last_seq.saturating_add(1);
        reader.each_frame(seqs, |_| true, |_, seq, _, frame| take(&mut frames, seq, frame))?;
    } else {
        let span = reader.span(item.span)?;
        reader.each_frame_of(&span, |_, seq, _, frame| take(&mut frames, seq, frame))?;
    }
    Ok(frames)
}

/// The first place at which frames of paired items follow each other in
/// another order: the row, and the frame on each side.
pub(super) fn interleaved<S: Shelf + Clone>(comparison: &Comparison<S>) -> Option<(u32, Moment, Moment)> {
    let mut row_of = [Vec::new(), Vec::new()];
    for (side, rows) in row_of.iter_mut().enumerate() {
        *rows = vec![u32::MAX; comparison.outlines[side].items.len()];
        for (number, row) in (0..).zip(&comparison.rows) {
            if let Some(place) = if side == 0 { row.a } else { row.b } {
                rows[place as usize] = number;
            }
        }
    }
    let frames = |side: usize, thread: Option<u32>| {
        let outline = &comparison.outlines[side];
        let parts = outline.frame_items.iter().zip(&outline.windows).enumerate();
        let parts = parts.filter(move |(part, _)| Some(comparison.open[side].thread_of(*part as u32)) == thread);
        parts.flat_map(move |(part, (items, (first, _)))| {
            (*first..).zip(items).map(move |(seq, item)| (part as u32, seq, *item))
        })
    };
    let row = |side: usize, item: u32| row_of[side].get(item as usize).copied();
    let moment = |side: usize, part: u32, seq: u32| {
        let part = comparison.open[side].parts().get(part as usize);
        Moment {
            exchange: part.map_or(0, |part| part.exchange),
            seq,
        }
    };
    comparison.pairs.iter().find_map(|pair| {
        frames(0, pair.a)
            .zip(frames(1, pair.b))
            .find_map(|((part_a, seq_a, one), (part_b, seq_b, other))| {
                let (one, other) = (row(0, one), row(1, other));
                (one != other).then(|| {
                    let found = one.or(other).unwrap_or(0);
                    (found, moment(0, part_a, seq_a), moment(1, part_b, seq_b))
                })
            })
    })
}
