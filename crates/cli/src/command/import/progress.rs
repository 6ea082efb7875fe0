//! How far something has come: a bar on standard error, only where that is a
//! terminal. It goes away when it is dropped.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less than this shows no bar.
const QUICK: Duration = Duration::from_millis(300);
/// Draws a second.
const DRAWS: u8 = 10;
const TEMPLATE: &str = "{msg} [{wide_bar}] {decimal_bytes} of {decimal_total_bytes}, {eta} left";

pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Towards a number of bytes.
    pub(super) fn of_bytes(what: &str, total: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        bar.set_style(
            ProgressStyle::with_template(TEMPLATE)
                .expect("the template is fixed")
                .progress_chars("=> "),
        );
        bar.set_message(what.to_owned());
        Self { bar }
    }

    /// It has come to so many bytes.
    pub(super) fn to(&self, bytes: u64) {
        if self.bar.is_hidden() && self.bar.elapsed() > QUICK {
            // Hidden all the same where standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWS));
        }
        self.bar.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
