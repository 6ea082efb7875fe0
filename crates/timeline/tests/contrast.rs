//! Text on the shapes can be read, in both themes of the page.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::{fs, path::Path};

use egui::Color32;
use scrubjay_ipc::{Kind, Severity};
use scrubjay_timeline::{
    Theme,
    theme::{TOKENS, contrast},
};

/// A theme of the page's style sheet: light is the first, dark the second.
fn theme(is_dark: bool) -> Theme {
    let css = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/style/theme.css")).unwrap();
    Theme::from_tokens(TOKENS.map(|token| {
        let (_, both) = css.split_once(&format!("{token}: light-dark(")).unwrap();
        let (light, dark) = both.split_once(", ").unwrap();
        Color32::from_hex(&if is_dark { dark } else { light }[..7]).unwrap()
    }))
}

#[test]
fn labels_can_be_read_on_bars_of_every_hue_and_strength() {
    for theme in [theme(false), theme(true)] {
        let kinds = [
            Kind::Run,
            Kind::Text,
            Kind::Reasoning,
            Kind::Tool,
            Kind::State,
            Kind::Activity,
            Kind::Wire,
        ];
        let severities = [Severity::Error, Severity::Warning].map(|severity| theme.severity(severity));
        for hue in kinds.map(|kind| theme.kind(kind)).into_iter().chain(severities) {
            for strength in 1..=10 {
                let fill = hue.gamma_multiply(strength as f32 / 10.0);
                let seen = contrast(theme.ink_on(fill), theme.bg.blend(fill));
                assert!(seen >= 4.5, "{hue:?} at {strength}/10: {seen:.2}");
            }
        }
    }
}

#[test]
fn the_usual_colour_stays_where_it_can_be_read() {
    let theme = theme(true);
    assert_eq!(theme.ink_on(Color32::TRANSPARENT), theme.fg);
}
