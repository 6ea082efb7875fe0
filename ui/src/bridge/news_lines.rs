//! News as they come over HTTP: server-sent events, each of one `data` line.
//!
//! The browser's own reader of them sends no fields of ours, so it cannot carry
//! the token.

/// What has come of a line.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    line: Vec<u8>,
}

impl Feed {
    /// Takes bytes in and gives the data of the lines that are whole now.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut whole = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                whole.extend(line.strip_prefix("data:").map(|data| data.trim().to_owned()));
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = "data: {\"news\":\"ü\"}\n\n: still here\n\ndata:{\"a\":1}\n\n".as_bytes();
        for cut in 1..text.len() {
            let mut feed = Feed::default();
            let heard: Vec<String> = text.chunks(cut).flat_map(|piece| feed.push(piece)).collect();
            assert_eq!(heard, ["{\"news\":\"ü\"}", "{\"a\":1}"], "cut every {cut} bytes");
        }
    }

    #[test]
    fn a_line_that_is_not_whole_waits() {
        let mut feed = Feed::default();
        assert!(feed.push(b"data: {\"a\"").is_empty());
        assert_eq!(feed.push(b":1}\n"), ["{\"a\":1}"]);
    }
}
