//! Keys whose form says whose they are.
//!
//! The forms are facts from the vendors' own pages on their keys and on secret
//! scanning; `docs/sharing.md` names them. Each row is a text that such a key
//! cannot do without, and the whole of it.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{Find, begins_a_word, is_example, pattern};

/// Whose key, what it cannot do without, and its form.
const FORMS: [(&str, &str, &str); 62] = [
    ("Anthropic", "sk-ant-", r"sk-ant-[A-Za-z0-9_-]{16,}"),
    (
        "OpenAI and alike",
        "sk-",
        r"sk-(?:[a-z0-9]{1,12}-){0,2}[A-Za-z0-9_-]{20,}",
    ),
    ("Stripe", "_live_", r"[srp]k_live_[A-Za-z0-9]{16,}"),
    ("Stripe", "_test_", r"[sr]k_test_[A-Za-z0-9]{16,}"),
    ("webhook secrets", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("AWS", "AKIA", r"AKIA[A-Z0-9]{16}"),
    ("AWS", "ASIA", r"ASIA[A-Z0-9]{16}"),
    ("AWS", "ABSK", r"ABSK[A-Za-z0-9+/]{100,}={0,2}"),
    ("GitHub", "gh", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    ("GitHub", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,}"),
    (
        "GitLab",
        "gl",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[A-Za-z0-9_.-]{20,}",
    ),
    ("Google", "AIza", r"AIza[A-Za-z0-9_-]{35}"),
    ("Google", "ya29.", r"ya29\.[A-Za-z0-9_-]{20,}"),
    ("Google", "GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{28}"),
    ("Slack", "xox", r"xox[abeprso]-[A-Za-z0-9-]{10,}"),
    ("Slack", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,}"),
    (
        "Slack",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{30,}",
    ),
    (
        "Discord",
        "discord",
        r"discord(?:app)?\.com/api/webhooks/\d{15,}/[A-Za-z0-9_-]{40,}",
    ),
    ("Twilio", "AC", r"AC[0-9a-f]{32}"),
    ("Twilio", "SK", r"SK[0-9a-f]{32}"),
    ("SendGrid", "SG.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}"),
    ("Mailgun", "key-", r"key-[0-9a-f]{32}"),
    ("Mailchimp", "-us", r"[0-9a-f]{32}-us\d{1,2}"),
    ("npm", "npm_", r"npm_[A-Za-z0-9]{36}"),
    ("PyPI", "pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    ("crates.io", "cio", r"cio[A-Za-z0-9]{32}"),
    ("RubyGems", "rubygems_", r"rubygems_[0-9a-f]{48}"),
    ("Docker", "dckr_", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}"),
    ("Hugging Face", "hf_", r"(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("Replicate", "r8_", r"r8_[A-Za-z0-9]{36,}"),
    ("Groq", "gsk_", r"gsk_[A-Za-z0-9]{48,}"),
    ("xAI", "xai-", r"xai-[A-Za-z0-9]{60,}"),
    ("Perplexity", "pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    ("Tavily", "tvly-", r"tvly-[A-Za-z0-9-]{20,}"),
    ("Firecrawl", "fc-", r"fc-[0-9a-f]{32}"),
    ("E2B", "e2b_", r"e2b_[0-9a-f]{40}"),
    ("Pinecone", "pcsk_", r"pcsk_[A-Za-z0-9_]{40,}"),
    ("LangSmith", "lsv2_", r"lsv2_[a-z]{2}_[0-9a-f]{32}(?:_[0-9a-f]{10})?"),
    ("Langfuse", "-lf-", r"[sp]k-lf-[0-9a-f-]{36}"),
    ("Supabase", "sb", r"sb(?:p_[0-9a-f]{40}|_secret_[A-Za-z0-9_-]{20,})"),
    ("DigitalOcean", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    ("Linear", "lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}"),
    ("Notion", "ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    ("Figma", "figd_", r"figd_[A-Za-z0-9_-]{40,}"),
    ("Airtable", "pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("Shopify", "shp", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("Square", "sq0", r"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}"),
    ("Telegram", ":A", r"\d{8,10}:A[A-Za-z0-9_-]{34}"),
    ("Databricks", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?"),
    ("Grafana", "glsa_", r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    ("Grafana", "glc_", r"glc_[A-Za-z0-9+/]{32,}={0,2}"),
    ("New Relic", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    ("Sentry", "sntry", r"sntry[su]_[A-Za-z0-9+/=_-]{40,}"),
    ("PostHog", "phx_", r"phx_[A-Za-z0-9]{40,}"),
    (
        "Doppler",
        "dp.",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,}",
    ),
    ("Vault", "hv", r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    (
        "Terraform",
        ".atlasv1.",
        r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}",
    ),
    ("Postman", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("age", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    ("Azure Storage", "AccountKey=", r"AccountKey=[A-Za-z0-9+/]{86}=="),
    ("Atlassian", "ATATT3", r"ATATT3[A-Za-z0-9_=-]{100,}"),
    ("1Password", "ops_eyJ", r"ops_eyJ[A-Za-z0-9+/=]{200,}"),
];

const JWT: (&str, &str) = ("eyJ", r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}");
/// Up to its end, or as far as it is there; line breaks may be written as `\n`.
const PRIVATE_KEY: (&str, &str) = (
    "PRIVATE KEY",
    concat!(
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        r"(?:[A-Za-z0-9+/=\s\\:,.()-]*?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        r"|[A-Za-z0-9+/=\s\\]*)"
    ),
);

struct Forms {
    needles: AhoCorasick,
    patterns: Vec<LazyLock<Regex, Box<dyn FnOnce() -> Regex + Send>>>,
}

static ALL: LazyLock<Forms> = LazyLock::new(|| {
    let vendors = FORMS.iter().map(|(_, needle, form)| (*needle, *form));
    let all: Vec<(&str, &str)> = vendors.chain([JWT, PRIVATE_KEY]).collect();
    Forms {
        needles: AhoCorasick::new(all.iter().map(|(needle, _)| needle)).expect("the needles are constants"),
        patterns: all
            .into_iter()
            .map(|(_, form)| LazyLock::new(Box::new(move || pattern(form)) as Box<dyn FnOnce() -> Regex + Send>))
            .collect(),
    }
});

pub(super) fn find(text: &str, finds: &mut Vec<Find>) {
    let mut needed = [false; FORMS.len() + 2];
    for needle in ALL.needles.find_overlapping_iter(text) {
        needed[needle.pattern().as_usize()] = true;
    }
    for (form, _) in needed.iter().enumerate().filter(|(_, is_needed)| **is_needed) {
        for found in ALL.patterns[form].find_iter(text) {
            let rule = match form.checked_sub(FORMS.len()) {
                None => "key",
                Some(0) => "jwt",
                Some(_) => "private_key",
            };
            let value = found.as_str();
            let is_key = rule != "key" || (has_chance(value) && !is_example(value));
            if is_key && begins_a_word(text, found.start()) {
                finds.push(Find {
                    range: found.range(),
                    rule,
                });
            }
        }
    }
}

/// Words put together with hyphens have no digits; what a person fills in has few different characters.
fn has_chance(value: &str) -> bool {
    let mut kinds: Vec<u8> = value.bytes().collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.len() >= 9 && value.bytes().filter(u8::is_ascii_digit).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        let mut finds = Vec::new();
        find(text, &mut finds);
        finds.into_iter().map(|find| find.rule).collect()
    }

    #[test]
    fn keys_are_found_and_words_are_not() {
        // Put together here, so that no scanner takes this file for a leak.
        let tail = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";
        for (text, rule) in [
            (format!("{{\"k\":\"sk-ant-api03-{tail}\"}}"), "key"),
            (format!("AKIA{}", "Q3ZX7LMN2PTR5VWY"), "key"),
            (format!("\\nglpat-{}", &tail[..20]), "key"),
            (format!("hooks.slack.com/services/T0123/B0456/{}", &tail[..24]), "key"),
            (format!("eyJ{tail}.eyJ{tail}.{tail}"), "jwt"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----".to_owned(),
                "private_key",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMIIEcut".to_owned(), "private_key"),
        ] {
            assert!(rules(&text).contains(&rule), "{text}");
        }
        for text in [
            "sk-learn is a library",
            "risk-averse-people-write-long-hyphenated-words-all-the-time-really",
            "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AKIAIOSFODNN7EXAMPLE",
            "-----BEGIN PUBLIC KEY-----",
        ] {
            assert_eq!(rules(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn every_form_is_found_by_its_needle() {
        let forms = FORMS.iter().map(|(_, needle, form)| (needle, form));
        for (needle, form) in forms {
            let plain = form.replace('\\', "");
            let is_there = plain.contains(needle) || needle.ends_with('_') || needle.len() <= 3;
            assert!(is_there, "{form} does without {needle}");
        }
    }
}
