//! Why a tab of `scrubjay serve` is not let in, and what its address carries.

/// The parameter of the printed address that carries the token.
const TOKEN_PARAMETER: &str = "token=";

/// Why this tab may ask nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// Its address has no token, and it was not let in before: it may be a second tab.
    NoToken,
    /// The token of its address was used before.
    Spent,
    /// It was let in by a program that has ended since.
    Ended,
    /// No program answers.
    Silent,
}

impl Locked {
    /// The word for the state, for tests and style sheets.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoToken => "no-token",
            Self::Spent => "spent",
            Self::Ended => "ended",
            Self::Silent => "silent",
        }
    }

    /// What is the matter.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoToken => "This tab has not been let in.",
            Self::Spent => "The address of this tab was used before.",
            Self::Ended => "This tab was let in by a scrubjay serve that has ended.",
            Self::Silent => "Scrubjay does not answer.",
        }
    }

    /// What to do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::NoToken | Self::Spent => {
                "Copy the address that scrubjay serve printed last into this tab. Each address lets one tab in; when it was used, the terminal shows another."
            }
            Self::Ended => "Copy the address that was printed when it was started again into this tab.",
            Self::Silent => "Is the program still running? If so, load this tab again.",
        }
    }
}

/// The token in the query of an address, and the query without it.
pub fn take_token(search: &str) -> (Option<String>, String) {
    let query = search.strip_prefix('?').unwrap_or(search);
    let is_token = |pair: &&str| pair.starts_with(TOKEN_PARAMETER);
    let token = query
        .split('&')
        .find(is_token)
        .and_then(|pair| pair.strip_prefix(TOKEN_PARAMETER))
        .map(str::to_owned);
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_token(pair))
        .collect();
    let rest = match rest.is_empty() {
        true => String::new(),
        false => format!("?{}", rest.join("&")),
    };
    (token, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_taken_out_of_the_address() {
        let check = |search: &str, token: Option<&str>, rest: &str| {
            let (found, left) = take_token(search);
            assert_eq!((found.as_deref(), left.as_str()), (token, rest), "{search}");
        };
        check("", None, "");
        check("?token=ab12", Some("ab12"), "");
        check("?exchange=7&token=ab12&seq=4", Some("ab12"), "?exchange=7&seq=4");
        check("?screen=replay", None, "?screen=replay");
    }

    #[test]
    fn each_state_says_what_to_do() {
        for state in [Locked::NoToken, Locked::Spent, Locked::Ended, Locked::Silent] {
            assert!(state.sentence().ends_with('.') && state.hint().ends_with('.'));
            assert!(!state.word().is_empty());
        }
    }
}
