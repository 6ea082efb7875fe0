//! What the sheet of keys lists beside the tables of commands: keys of a pane
//! that has the focus, and what the mouse does.

use super::Screen;

/// Lines under one heading: what is pressed, and what it does.
pub struct Gestures {
    /// Heading on the sheet.
    pub group: &'static str,
    pub lines: &'static [(&'static [&'static str], &'static str)],
}

/// The mouse on lanes, the same on each screen that has them.
const LANES: &[(&[&str], &str)] = &[
    (&["Click"], "Put the playhead there; on a mark, at its event"),
    (&["Drag"], "Scrub"),
    (&["⇧", "Drag"], "Pan; so does a drag with the middle button"),
    (&["Wheel"], "Scroll the lanes"),
    (&["⇧", "Wheel"], "Pan"),
    (&["Ctrl", "Wheel"], "Zoom at the pointer"),
    (&["Double click"], "Zoom in at the playhead"),
];

/// On every screen.
pub const EVERYWHERE: Gestures = Gestures {
    group: "Back",
    lines: &[
        (&["Alt", "←"], "To the screen or run before"),
        (&["Alt", "→"], "Forward again"),
    ],
};

const INSPECT: &[Gestures] = &[
    Gestures {
        group: "In the state (F6 leads there)",
        lines: &[
            (&["↓", "↑"], "Next or previous line"),
            (&["→", "←"], "Open or close a branch"),
            (&["Alt", "→"], "Open all below"),
            (&["Space"], "Open or close a branch"),
            (&["⏎"], "The whole value, and who wrote it"),
            (&["⇧", "⏎"], "Go to the event that set it"),
            (&["⇧", "↑"], "Go to the write before"),
            (&["⇧", "↓"], "Go to the write after"),
        ],
    },
    Gestures {
        group: "In the problems",
        lines: &[
            (&["↓", "↑"], "Next or previous rule"),
            (&["⏎"], "Next event that breaks it"),
            (&["⇧", "⏎"], "The one before"),
        ],
    },
    Gestures {
        group: "Mouse on the lanes",
        lines: LANES,
    },
    Gestures {
        group: "Mouse elsewhere",
        lines: &[
            (
                &["Drag"],
                "On the overview: move what is visible; at its ends: resize it",
            ),
            (
                &["Double click"],
                "On the overview: show everything; on a value: open it whole",
            ),
            (
                &["Click"],
                "On a character of the chat: go to the event that brought it",
            ),
            (&["Click"], "On a rule: its next event; with ⇧ the one before"),
            (&["Drag"], "On a border: resize panes; the arrow keys do it too"),
        ],
    },
];

const LIBRARY: &[Gestures] = &[Gestures {
    group: "Mouse in the Library",
    lines: &[
        (&["Click"], "Choose a run; on its title: open it"),
        (&["Double click"], "Open the run"),
        (&["Ctrl", "Click"], "Select it beside others; so does ⇧"),
        (&["Drop"], "A file on the window: open it"),
    ],
}];

const COMPARE: &[Gestures] = &[Gestures {
    group: "Mouse in Compare",
    lines: &[
        (&["Click"], "On the lanes: put both playheads there"),
        (&["Ctrl", "Wheel"], "Zoom at the pointer"),
        (&["Double click"], "On the lanes: show everything"),
        (&["Drag"], "A side of a pair onto its partner: pair the two by hand"),
    ],
}];

impl Screen {
    /// What the sheet of keys lists for it beside its commands.
    pub fn gestures(self) -> &'static [Gestures] {
        match self {
            Self::Library => LIBRARY,
            Self::Inspect => INSPECT,
            Self::Compare => COMPARE,
            Self::Replay => &[],
        }
    }
}
