//! `docs/rules.md` and the table of faults in `docs/replay.md` are written from
//! the code: `cargo xtask bless session`.

#![expect(clippy::disallowed_methods, reason = "pages are files")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use scrubjay_protocol::text::capital;
use scrubjay_session::{
    faults,
    fold::rule::{Client, OPEN_ITEMS, Rule, V19},
    judge::rule::registry,
};

const INTRO: &str = "\
<!-- Written from the registry of rules; `cargo xtask bless session` writes it anew. -->

# Rules

What Scrubjay finds in a stream, by rule. `scrubjay check` prints them, `list` counts them, and the window
marks them. A rule has one severity:

- **error**: a client breaks. Most of these end the run in the official TypeScript client (\"stops\" below); the
  others say in their explanation which client breaks, and how.
- **warning**: likely wrong, and no client that we know breaks.
- **note**: worth knowing. Unknown event types are notes.

After the first error the stream is judged on as if the mistake had been meant, so one does not hide the rest;
what only follows from a mistake is not told again.

Ids are stable. To mute a rule: `scrubjay check --mute RULE`, a file with a rule a line (`--mutes FILE`), or the
Problems list of the window, for one exchange or for all. Muted findings stay and do not count.

\"Breaks in\" names the clients that were tried with the rule, or whose project states it. A client that is not
named was not tried, or does not break. The releases of `@ag-ui/client` from 0.0.34 on are tried with every sequence in
our tests: those named give up wherever the rule is broken, others may in some cases. Where that differs by kind (V19),
each finding names the releases of its own.

| id | severity | what | breaks in |
|---|---|---|---|
";

fn page() -> String {
    let mut page = INTRO.to_owned();
    for rule in registry() {
        let id = rule.id;
        writeln!(
            page,
            "| [{id}](#{}) | {} | {} | {} |",
            anchor(id),
            rule.severity.as_str(),
            rule.title,
            clients(rule)
        )
        .unwrap();
    }
    for rule in registry() {
        page.push_str(&chapter(rule));
    }
    page
}

fn anchor(id: &str) -> String {
    id.to_lowercase().replace('.', "")
}

fn clients(rule: &Rule) -> String {
    let names: Vec<String> = rule.fails.iter().copied().map(Client::name).collect();
    if names.is_empty() {
        "–".into()
    } else {
        names.join("; ")
    }
}

fn chapter(rule: &Rule) -> String {
    let stops = if rule.stops { ", stops" } else { "" };
    let clause = match rule.clause.strip_prefix("None: ") {
        Some(why) => format!("none: {why}"),
        None => rule.clause.to_owned(),
    };
    let by_kind = match rule.id == V19.id {
        true => format!(
            "- Releases of `@ag-ui/client` that give up, by what is open: {}.\n",
            open_items()
        ),
        false => String::new(),
    };
    format!(
        "\n## {}\n\n**{}** ({}{stops}). {}\n\n- In the protocol's documentation: {clause}.\n- What a client does: {}\n{by_kind}- How to mend it: {}\n",
        rule.id,
        capital(rule.title),
        rule.severity.as_str(),
        rule.explanation,
        rule.effect,
        rule.fix
    )
}

/// `steps 0.0.34 to 1.0.0, …`
fn open_items() -> String {
    let kinds = OPEN_ITEMS.iter().map(|(kind, versions)| format!("{kind} {versions}"));
    kinds.collect::<Vec<_>>().join(", ")
}

fn path(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page)
}

/// Compares a page with what it should be, or writes it.
fn check(page: &str, wanted: &str) {
    if std::env::var_os("SCRUBJAY_BLESS").is_some() {
        fs::write(path(page), wanted).unwrap();
    }
    let written = fs::read_to_string(path(page)).unwrap_or_default();
    assert!(
        written == wanted,
        "docs/{page} is out of date: run cargo xtask bless session"
    );
}

#[test]
fn the_page_of_rules_is_that_of_the_registry() {
    check("rules.md", &page());
}

#[test]
fn the_table_of_faults_on_the_page_of_replay_is_that_of_the_code() {
    let page = fs::read_to_string(path("replay.md")).unwrap();
    let (head, rest) = page.split_once("writes it anew. -->\n\n").unwrap();
    let (_, rest) = rest.split_once("<!-- End of the table. -->\n").unwrap();
    let table = faults::table();
    check(
        "replay.md",
        &format!("{head}writes it anew. -->\n\n{table}\n<!-- End of the table. -->\n{rest}"),
    );
}
