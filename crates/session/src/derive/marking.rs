//! Which frames go into which list of marks.

use super::{
    Deriver,
    assemble::Noted,
    frames::FrameEntry,
    kinds::{EventCode, Kind, Severity},
    marks::{GAP_US, List, Mark, StateMark},
};

impl Deriver {
    pub(super) fn mark(&mut self, seq: u32, entry: &FrameEntry, gap_us: u64, noted: &Noted, failed: bool) {
        if noted.text_chars > 0 {
            self.summary.ttft_us.get_or_insert(entry.at_us);
        }
        let mut marks: Vec<(List, u64)> = Vec::new();
        if entry.severity >= Some(Severity::Warning) {
            marks.push((List::Problems, u64::from(Severity::code(entry.severity))));
        }
        if noted.tool_began {
            marks.push((List::Tools, u64::from(noted.span)));
        }
        if entry.event.kind() == Kind::State {
            let what = match (failed, entry.event == EventCode::STATE_SNAPSHOT) {
                (true, _) => StateMark::Failed,
                (false, true) => StateMark::Snapshot,
                (false, false) => StateMark::Delta,
            };
            let lost_since = self.fold.followed().lost.since();
            marks.push((List::States, what.extra(noted.operations, lost_since, seq)));
        }
        if entry.event.kind() == Kind::Run {
            let run = u64::from(self.summary.run_count.saturating_sub(1));
            marks.push((List::Runs, run));
            let turn = self
                .summary
                .runs
                .last()
                .is_some_and(|run| run.turn && run.first_seq == seq);
            if turn {
                marks.push((List::Turns, run));
            }
        }
        if gap_us >= GAP_US {
            marks.push((List::Gaps, gap_us));
        }
        for (list, extra) in marks {
            let mark = Mark {
                seq,
                at_us: entry.at_us,
                extra,
                sum: 0,
            };
            self.tails.mark(list, mark, &mut self.emitted.pages);
        }
    }

    /// Notes what a frame has lost of activities, and what it has mended.
    pub(super) fn mark_activities(&mut self, seq: u32, at_us: u64, lost_before: &[u32]) {
        let lost = self.fold.followed().activities.frames();
        let mended = lost_before.iter().filter(|frame| !lost.contains(frame));
        let is_new = lost.contains(&seq);
        let extras = mended.map(|frame| u64::from(*frame)).chain(is_new.then_some(0));
        for extra in extras {
            let mark = Mark {
                seq,
                at_us,
                extra,
                sum: 0,
            };
            self.tails.mark(List::Activities, mark, &mut self.emitted.pages);
        }
    }
}
