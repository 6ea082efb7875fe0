//! Words of Inspect, and those of every screen.

pub use crate::words::*;
use scrubjay_ipc::{ChatWindow, InputView, Jump, JumpTo};

/// What stands in place of events when the connection changed its protocol.
pub fn relayed(sent: u64, received: u64) -> String {
    format!(
        "The connection changed to another protocol. {} were sent and {} received in it; they are counted and not kept.",
        bytes(sent),
        bytes(received)
    )
}

/// What a request gives a run, on one line.
pub fn run_input(view: &InputView) -> String {
    let messages: u64 = view.messages.iter().map(|(_, n)| u64::from(*n)).sum();
    let mut parts = vec![many(messages, "message")];
    if !view.tools.is_empty() {
        parts.push(many(view.tools.len() as u64, "tool"));
    }
    match view.context {
        0 => {}
        1 => parts.push("1 context entry".to_owned()),
        n => parts.push(format!("{} context entries", count(u64::from(n)))),
    }
    if !view.resume.is_empty() {
        parts.push(format!("resumes {}", many(view.resume.len() as u64, "interrupt")));
    }
    parts.join(", ")
}

/// What stands below the conversation: messages, text that the agent sent up to
/// here, and when its first came.
pub fn conversation(view: &ChatWindow) -> String {
    let mut parts = vec![many(u64::from(view.total), "message")];
    if view.chars > 0 {
        parts.push(format!("{} received", many(view.chars, "character")));
    }
    if let Some(us) = view.ttft_us {
        parts.push(format!("first text after {}", duration(us)));
    }
    parts.join(" · ")
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

/// The remark of a way along a thread that is not there.
pub fn no_link(back: bool) -> &'static str {
    if back {
        "The request answers no known interrupt, and no run here names a known parent"
    } else {
        "No later request of this thread answers an interrupt of this one, and no run names it as its parent"
    }
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
    fn a_request_is_summed_up_on_one_line() {
        let mut view = InputView {
            messages: vec![("user".to_owned(), 1_200), ("assistant".to_owned(), 3)],
            context: 2,
            ..InputView::default()
        };
        assert_eq!(run_input(&view), "1,203 messages, 2 context entries");
        view.tools = vec!["search".to_owned()];
        view.resume = vec![("int-1".to_owned(), "resolved".to_owned())];
        view.context = 0;
        assert_eq!(run_input(&view), "1,203 messages, 1 tool, resumes 1 interrupt");
    }

    #[test]
    fn text_of_the_request_is_not_counted_as_received_and_not_denied() {
        let mut view = ChatWindow {
            as_of: 4,
            first: 0,
            total: 1,
            messages: Vec::new(),
            interrupts: Vec::new(),
            stop: None,
            missing_since: None,
            kept_missing_since: None,
            ttft_us: None,
            chars: 0,
        };
        assert_eq!(conversation(&view), "1 message");
        view.chars = 1_500;
        view.ttft_us = Some(250_000);
        assert_eq!(
            conversation(&view),
            "1 message · 1,500 characters received · first text after 250 ms"
        );
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
