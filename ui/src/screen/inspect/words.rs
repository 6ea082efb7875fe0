//! Words of Inspect, and those of every screen.

pub use crate::words::*;
use scrubjay_ipc::{Jump, JumpTo};

/// What stands in place of events when the connection changed its protocol.
pub fn relayed(sent: u64, received: u64) -> String {
    format!(
        "The connection changed to another protocol. {} were sent and {} received in it; they are counted and not kept.",
        bytes(sent),
        bytes(received)
    )
}

/// A speed: `¼×`, `1×`, `8×`.
pub fn speed(speed: f64) -> String {
    if speed <= 0.25 {
        "¼×".to_owned()
    } else if speed < 1.0 {
        "½×".to_owned()
    } else {
        format!("{speed:.0}×")
    }
}

/// The speed one step faster or slower, between ¼ and 32.
pub fn next_speed(speed: f64, faster: bool) -> f64 {
    (if faster { speed * 2.0 } else { speed / 2.0 }).clamp(0.25, 32.0)
}

/// Bytes as a hex dump: offset, sixteen bytes, text. Lines of (offset, hex
/// cells, text); the page marks where a chunk begins.
pub fn hex_lines(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    bytes.chunks(16).enumerate().map(|(n, line)| (n * 16, line)).collect()
}

/// A byte as the text column shows it.
pub fn hex_char(byte: u8) -> char {
    if (0x20..0x7f).contains(&byte) {
        byte as char
    } else {
        '·'
    }
}

/// The remark of a jump that finds nothing.
pub fn nothing_further(ask: &Jump) -> String {
    let what = match ask.to {
        JumpTo::Problem => "problem",
        JumpTo::Tool => "tool call",
        JumpTo::State => "state change",
        JumpTo::Run => "start or end of a run",
        JumpTo::Turn => "turn",
        JumpTo::Gap => "gap of half a second",
        JumpTo::Span => "row",
        JumpTo::Frame => "event",
    };
    let side = if ask.backwards { "before" } else { "after" };
    format!("No {what} {side} #{}", count(u64::from(ask.from)))
}

/// The remark of a jump that went on at the other end.
pub fn went_around(ask: &Jump) -> String {
    let end = if ask.backwards { "the last" } else { "the first" };
    format!("{}; this is {end}", nothing_further(ask))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scrubjay_ipc::Axis;

    #[test]
    fn speeds_double_within_their_bounds() {
        assert_eq!(next_speed(1.0, true), 2.0);
        assert_eq!(next_speed(32.0, true), 32.0);
        assert_eq!(next_speed(0.25, false), 0.25);
        assert_eq!([0.25, 0.5, 1.0, 16.0].map(speed), ["¼×", "½×", "1×", "16×"]);
    }

    #[test]
    fn a_jump_without_a_place_says_from_where_it_looked() {
        let ask = Jump {
            exchange: 1,
            axis: Axis::Clock,
            from: 1_042,
            to: JumpTo::Problem,
            backwards: false,
        };
        assert_eq!(nothing_further(&ask), "No problem after #1,042");
        let back = Jump { backwards: true, ..ask };
        assert_eq!(nothing_further(&back), "No problem before #1,042");
    }
}
