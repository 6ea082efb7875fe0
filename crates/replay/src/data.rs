//! The data of an SSE frame, and where it stands.

use std::{borrow::Cow, ops::Range};

/// The joined `data` lines of a frame.
pub(crate) struct Data<'a> {
    pub(crate) text: Cow<'a, [u8]>,
    /// Where each line begins: in the text, and in the frame.
    starts: Vec<(usize, usize)>,
}

impl Data<'_> {
    /// Whether the data stands in one line of the frame.
    pub(crate) fn is_one_line(&self) -> bool {
        self.starts.len() == 1
    }

    /// Where a stretch of the text stands in the frame. It lies in one line,
    /// as every token of JSON does.
    pub(crate) fn range(&self, range: &Range<usize>) -> Range<usize> {
        let line = self.starts.partition_point(|(text, _)| *text <= range.start);
        let (text, frame) = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let start = range.start - text + frame;
        start..start + range.len()
    }
}

/// Finds the data of a frame.
pub(crate) fn of(frame: &[u8]) -> Data<'_> {
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut at = if frame.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    while at < frame.len() {
        let len = frame[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let end = len.map_or(frame.len(), |len| at + len);
        let line = &frame[at..end];
        if let Some(value) = line.strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            lines.push(end - value.len()..end);
        }
        at = end + 1;
    }
    let mut starts = Vec::with_capacity(lines.len());
    if let [line] = lines.as_slice() {
        starts.push((0, line.start));
        return Data {
            text: Cow::Borrowed(&frame[line.clone()]),
            starts,
        };
    }
    let mut text = Vec::new();
    for line in lines {
        if !starts.is_empty() {
            text.push(b'\n');
        }
        starts.push((text.len(), line.start));
        text.extend_from_slice(&frame[line]);
    }
    Data {
        text: Cow::Owned(text),
        starts,
    }
}
