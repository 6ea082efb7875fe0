//! How much stands in how little room.
//!
//! The style sheet has the same heights (`theme.css`); a list's arithmetic and
//! its rows must agree.

/// How close rows stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Density {
    /// Room to read.
    #[default]
    Comfortable,
    /// More rows at once.
    Compact,
}

impl Density {
    /// Its name in the style sheet and in what is remembered.
    pub fn word(self) -> &'static str {
        match self {
            Self::Comfortable => "comfortable",
            Self::Compact => "compact",
        }
    }

    /// By its name.
    pub fn named(word: &str) -> Self {
        match word {
            "compact" => Self::Compact,
            _ => Self::Comfortable,
        }
    }

    /// Height of a row of an exchange.
    pub fn row_px(self) -> f64 {
        match self {
            Self::Comfortable => 26.0,
            Self::Compact => 22.0,
        }
    }

    /// Height of a row of the library.
    pub fn library_px(self) -> f64 {
        match self {
            Self::Comfortable => 44.0,
            Self::Compact => 36.0,
        }
    }

    /// Height of a line of the state.
    pub fn line_px(self) -> f64 {
        match self {
            Self::Comfortable => 22.0,
            Self::Compact => 19.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_those_of_the_style_sheet() {
        let css = include_str!("../../style/theme.css");
        let (comfortable, compact) = css.split_once("[data-density=\"compact\"]").unwrap();
        for (css, density) in [(comfortable, Density::Comfortable), (compact, Density::Compact)] {
            assert_eq!(Density::named(density.word()), density);
            for (token, px) in [
                ("--row", density.row_px()),
                ("--lib-row", density.library_px()),
                ("--line-row", density.line_px()),
            ] {
                assert!(css.contains(&format!("{token}: {px}px;")), "{density:?} {token}");
            }
        }
    }
}
