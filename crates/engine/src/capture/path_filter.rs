//! Which exchanges of a source are recorded, by the path of the request.
//! Everything is forwarded all the same.

use crate::EngineError;
use scrubjay_session::exchange::path_and_query;

/// Paths to record, and paths to leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathFilter {
    only: Vec<Pattern>,
    skip: Vec<Pattern>,
}

/// A path, which stands for everything below it too, or with `*` a whole path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    text: String,
}

impl PathFilter {
    /// Records what is under one of `only` (everything, if that is empty) and
    /// under none of `skip`. `/api` stands for `/api` and all below it; with
    /// `*`, which stands for any text, the whole path has to fit.
    ///
    /// # Errors
    /// When one is no path.
    pub fn new(only: &[String], skip: &[String]) -> Result<Self, EngineError> {
        let all = |texts: &[String]| -> Result<Vec<Pattern>, EngineError> {
            texts.iter().map(|text| Pattern::new(text)).collect()
        };
        Ok(Self {
            only: all(only)?,
            skip: all(skip)?,
        })
    }

    /// Whether everything is recorded.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }

    /// Whether a request for this target is recorded. The query does not count.
    pub(crate) fn records(&self, target: &str) -> bool {
        let (path, _) = path_and_query(target);
        let fits = |pattern: &Pattern| pattern.fits(path);
        (self.only.is_empty() || self.only.iter().any(fits)) && !self.skip.iter().any(fits)
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Self, EngineError> {
        let text = text.trim();
        if !text.starts_with(['/', '*']) || text.contains(['?', '#']) {
            return Err(EngineError::BadPath { path: text.to_owned() });
        }
        Ok(Self { text: text.to_owned() })
    }

    fn fits(&self, path: &str) -> bool {
        if self.text.contains('*') {
            return fits_glob(&self.text, path);
        }
        let prefix = self.text.trim_end_matches('/');
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Whether the pattern, in which `*` stands for any text, is the whole path.
fn fits_glob(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    // The last part stands at the end; between them each takes its first place.
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(only: &[&str], skip: &[&str]) -> PathFilter {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        PathFilter::new(&owned(only), &owned(skip)).unwrap()
    }

    #[test]
    fn a_path_stands_for_what_is_below_it() {
        let api = filter(&["/api"], &[]);
        for (target, expected) in [
            ("/api", true),
            ("/api/", true),
            ("/api/run?x=/other", true),
            ("http://host:1/api/run", true),
            ("/apis", false),
            ("/", false),
            ("/other?x=/api", false),
            ("http://host:1", false),
        ] {
            assert_eq!(api.records(target), expected, "{target}");
        }
        assert!(filter(&["/"], &[]).records("/anything"));
        assert!(filter(&["/api/"], &[]).records("/api"));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, path, expected) in [
            ("*.js", "/a/b.js", true),
            ("*.js", "/a/b.json", false),
            ("/_next/*", "/_next/x/y", true),
            ("/_next/*", "/_next", false),
            ("/agents/*/run", "/agents/a/b/run", true),
            ("/agents/*/run", "/agents/run", false),
            ("/a*a", "/a", false),
            ("*", "/", true),
            ("*mid*", "/x/mid/y", true),
            ("/*x*y", "/axby", true),
            ("/*x*y", "/aybx", false),
        ] {
            assert_eq!(filter(&[pattern], &[]).records(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn skip_wins() {
        let both = filter(&["/api"], &["/api/health", "*.map"]);
        assert!(both.records("/api/run"));
        assert!(!both.records("/api/health?deep=1"));
        assert!(!both.records("/api/x.map"));
        assert!(filter(&[], &["/x"]).records("/y"));
        assert!(filter(&[], &[]).is_everything());
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "api", "http://h/x", "/a?b", " "] {
            let refused = PathFilter::new(&[text.to_owned()], &[]);
            assert!(matches!(refused, Err(EngineError::BadPath { .. })), "{text:?}");
        }
    }
}
