//! Writing frames as the official encoders do.

/// Appends an event: `data: `, the text, LF, LF. Text of several lines takes
/// several `data` fields, which readers join again.
pub fn write_event(body: &mut Vec<u8>, text: &[u8]) {
    write_lines(body, b"data: ", text);
}

/// Appends a comment frame: `: `, the text, LF, LF.
pub fn write_comment(body: &mut Vec<u8>, text: &[u8]) {
    write_lines(body, b": ", text);
}

fn write_lines(body: &mut Vec<u8>, field: &[u8], text: &[u8]) {
    for line in text.split(|byte| *byte == b'\n') {
        body.extend_from_slice(field);
        body.extend_from_slice(line);
        body.push(b'\n');
    }
    body.push(b'\n');
}
