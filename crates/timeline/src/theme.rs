//! The colours of the picture.
//!
//! They come from the page's style sheet, so DOM and canvas have the same.

use egui::Color32;
use scrubjay_ipc::{Form, Kind, LaneId, Severity, Shape};

/// Names of the tokens in the style sheet, in the order of [`Theme::from_tokens`].
pub const TOKENS: [&str; 18] = [
    "--bg", "--bg1", "--bg2", "--line", "--fg", "--dim", "--faint", "--accent", "--run", "--text", "--reason",
    "--tool", "--state", "--act", "--wire", "--err", "--warn", "--note",
];

/// Contrast at which small text can be read.
const READABLE: f32 = 4.5;

/// The colours of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    pub bg: Color32,
    /// Ground of strips.
    pub bg1: Color32,
    /// Ground of raised things.
    pub bg2: Color32,
    /// Hair lines.
    pub line: Color32,
    pub fg: Color32,
    /// Second text.
    pub dim: Color32,
    /// Third text, density.
    pub faint: Color32,
    /// What is chosen.
    pub accent: Color32,
    /// Runs and steps.
    pub run: Color32,
    pub text: Color32,
    pub reason: Color32,
    pub tool: Color32,
    pub state: Color32,
    /// Activities, sub-agents.
    pub act: Color32,
    /// Transport.
    pub wire: Color32,
    pub err: Color32,
    pub warn: Color32,
    pub note: Color32,
}

impl Theme {
    /// From the values of [`TOKENS`].
    pub fn from_tokens(values: [Color32; 18]) -> Self {
        let [
            bg,
            bg1,
            bg2,
            line,
            fg,
            dim,
            faint,
            accent,
            run,
            text,
            reason,
            tool,
            state,
            act,
            wire,
            err,
            warn,
            note,
        ] = values;
        Self {
            bg,
            bg1,
            bg2,
            line,
            fg,
            dim,
            faint,
            accent,
            run,
            text,
            reason,
            tool,
            state,
            act,
            wire,
            err,
            warn,
            note,
        }
    }

    /// The hue of a family.
    pub fn kind(&self, kind: Kind) -> Color32 {
        match kind {
            Kind::Run | Kind::Step => self.run,
            Kind::Text | Kind::Messages => self.text,
            Kind::Reasoning => self.reason,
            Kind::Tool => self.tool,
            Kind::State => self.state,
            Kind::Subagent | Kind::Activity | Kind::Custom => self.act,
            Kind::Raw | Kind::Wait | Kind::Wire | Kind::Unknown => self.wire,
        }
    }

    /// The hue of a shape: that of its severity, if it has one, else of its family.
    pub fn shape(&self, shape: &Shape) -> Color32 {
        match shape.severity {
            Some(severity) if severity >= Severity::Warning => self.severity(severity),
            _ => self.kind(shape.kind),
        }
    }

    /// What a bar of a lane is filled with. A hatched bar has the picture's ground between its lines.
    pub fn fill(&self, lane: LaneId, shape: &Shape) -> Color32 {
        let is_frame = is_frame_of_others(lane);
        match shape.form {
            Form::Bar if is_frame => self.kind(shape.kind).gamma_multiply(0.36),
            Form::Bar => self
                .shape(shape)
                .gamma_multiply(0.3 + 0.7 * f32::from(shape.strength) / 255.0),
            Form::TornBar if is_frame => self.shape(shape).gamma_multiply(0.36),
            Form::TornBar => self.shape(shape).gamma_multiply(0.7),
            Form::Pale => self.shape(shape).gamma_multiply(0.24),
            Form::Bracket => self.shape(shape).gamma_multiply(0.18),
            _ => Color32::TRANSPARENT,
        }
    }

    /// The colour of text on a fill, itself drawn on the picture's ground: the usual one where it
    /// can be read (WCAG 2.1, 1.4.3: a contrast of 4.5), else black or white, one of which always can.
    pub fn ink_on(&self, fill: Color32) -> Color32 {
        let ground = self.bg.blend(fill);
        if contrast(self.fg, ground) >= READABLE {
            return self.fg;
        }
        [Color32::BLACK, Color32::WHITE]
            .into_iter()
            .max_by(|one, other| contrast(*one, ground).total_cmp(&contrast(*other, ground)))
            .unwrap_or(self.fg)
    }

    /// A hue as the colour of text on the picture's ground: itself where it can be read.
    pub fn ink_of(&self, hue: Color32) -> Color32 {
        if contrast(hue, self.bg) >= READABLE {
            hue
        } else {
            self.fg
        }
    }

    /// The colour of a severity.
    pub fn severity(&self, severity: Severity) -> Color32 {
        match severity {
            Severity::Error => self.err,
            Severity::Warning => self.warn,
            Severity::Note => self.note,
        }
    }
}

/// Whether the bars of a lane frame what stands in the lanes below.
pub(crate) fn is_frame_of_others(lane: LaneId) -> bool {
    matches!(lane, LaneId::Runs | LaneId::Subagents)
}

/// How far two opaque colours differ in luminance, from 1 to 21 (WCAG 2.1).
pub fn contrast(one: Color32, other: Color32) -> f32 {
    let luminance = |color: Color32| {
        let [red, green, blue, _] = egui::Rgba::from(color).to_array();
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

/// A colour as a browser computes it: `rgb(1, 2, 3)`, `rgba(1, 2, 3, 0.5)`.
pub fn parse_rgb(text: &str) -> Option<Color32> {
    let inner = text.trim().strip_prefix("rgb")?.trim_start_matches('a');
    let inner = inner.strip_prefix('(')?.strip_suffix(')')?;
    let mut parts = inner
        .split([',', ' ', '/'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse::<f32>().ok());
    let mut byte = || parts.next()?.map(|value| value.clamp(0.0, 255.0).round() as u8);
    let (r, g, b) = (byte()?, byte()?, byte()?);
    let alpha = parts.next().flatten().unwrap_or(1.0).clamp(0.0, 1.0);
    Some(Color32::from_rgba_unmultiplied(r, g, b, (alpha * 255.0).round() as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_colours_are_read() {
        assert_eq!(parse_rgb("rgb(20, 23, 28)"), Some(Color32::from_rgb(20, 23, 28)));
        assert_eq!(parse_rgb("rgba(0, 0, 0, 0)"), Some(Color32::TRANSPARENT));
        assert_eq!(parse_rgb("rgb(1 2 3 / 1)"), Some(Color32::from_rgb(1, 2, 3)));
        assert_eq!(parse_rgb("canvas"), None);
    }
}
