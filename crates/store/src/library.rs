//! The list over everything captured: rows are runs, and exchanges that carry none.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row as SqlRow, ToSql, params_from_iter, types::Value};
pub use scrubjay_session::listing::{Row, RunRow};
use scrubjay_session::verdict::Verdict;

use crate::table::{exchanges, int, labels, nat};

/// Order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]

pub enum Sort {
    #[default]
    NewestFirst,
    OldestFirst,
    LongestFirst,
    ShortestFirst,
    TitleAscending,
    TitleDescending,
    SoonestTextFirst,
    LatestTextFirst,
    MostFramesFirst,
    FewestFramesFirst,
    MostToolsFirst,
    FewestToolsFirst,
    LargestFirst,
    SmallestFirst,
    MostFindingsFirst,
    FewestFindingsFirst,
}

/// What is asked of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that must all occur in ids, path, source, labels or title.
    pub text: String,
    pub source: Option<String>,
    /// Only these verdicts; empty means all.
    pub verdicts: Vec<Verdict>,
    /// Exchanges that are no runs, too.
    pub others: bool,
    pub sort: Sort,
    pub first: u64,
    pub count: u32,
}

/// A window of the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Rows that match.
    pub total: u64,
    /// Rows without any filter: runs, and the others if they were asked for.
    pub total_unfiltered: u64,
    /// Exchanges that are no runs, without any filter and whether asked for or not.
    pub others: u64,
    pub rows: Vec<Row>,
    /// Rows per source, of all in `total_unfiltered`.
    pub by_source: Vec<(String, u64)>,
    /// Rows per verdict, of all in `total_unfiltered`.
    pub by_verdict: Vec<(Verdict, u64)>,
}

const VERDICTS: [Verdict; 10] = [
    Verdict::Live,
    Verdict::Success,
    Verdict::Interrupt,
    Verdict::Cancelled,
    Verdict::Error,
    Verdict::None,
    Verdict::NoRun,
    Verdict::Refused,
    Verdict::Redirected,
    Verdict::Unknown,
];

fn verdict_of_number(number: i64) -> Verdict {
    usize::try_from(number)
        .ok()
        .and_then(|number| VERDICTS.get(number))
        .copied()
        .unwrap_or(Verdict::None)
}

/// One row a run, and one for an exchange without; what goes on is live as
/// long as its exchange is. Of what was not derived, a POST may be a run. What
/// was refused or sent elsewhere may have been meant as one or not.
const ROWS: &str = "
    SELECT *, CASE WHEN known = 0 AND ending <> 0 THEN 5 ELSE known END AS verdict,
      CASE WHEN known IN (7, 8) THEN NOT is_run ELSE known = 6 END AS is_other FROM (
      SELECT e.id, e.source, e.method, e.target, e.status, e.content_type, e.ending, e.started_at_us, e.last_at_us,
        e.body_len, e.chunk_count, e.pinned, e.is_run,
        coalesce(r.run, -1) AS run, coalesce(r.run_id, '') AS run_id, coalesce(r.thread_id, '') AS thread_id,
        coalesce(r.title, '') AS title, r.verdict AS run_verdict, coalesce(r.first_at_us, 0) AS run_first_at_us,
        coalesce(r.last_at_us, 0) AS run_last_at_us, r.ttft_us, coalesce(r.frames, e.frames) AS frames,
        coalesce(r.tools, 0) AS tools, coalesce(r.errors, 0) AS errors, coalesce(r.warnings, 0) AS warnings,
        coalesce(r.notes, 0) AS notes, coalesce(r.first_seq, 0) AS first_seq, coalesce(r.last_seq, 0) AS last_seq,
        coalesce(r.verdict, CASE WHEN r.run >= 0 OR (r.run IS NULL AND e.method = 'POST') THEN 0 ELSE 6 END) AS known
      FROM exchanges e LEFT JOIN runs r ON r.exchange = e.id WHERE e.hidden = 0)";

/// Where the words of a search may stand.
const HAYSTACK: &str = "source || ' ' || method || ' ' || target || ' ' || run_id || ' ' || thread_id || ' ' || title
    || coalesce((SELECT group_concat(' ' || key || '=' || value, '') FROM labels
      WHERE labels.exchange = listed.id), '')";

/// Answers a query in one transaction, so that counts and rows agree.
pub(crate) fn list(conn: &Connection, query: &Query) -> rusqlite::Result<Listing> {
    let tx = conn.unchecked_transaction()?;
    let (filter, mut params) = filter_of(query);
    let groups = groups(&tx)?;
    let counted =
        |is_in: &dyn Fn(&&Group) -> bool| -> u64 { groups.iter().filter(is_in).map(|group| group.count).sum() };
    let is_shown = |group: &&Group| query.others || !group.is_other;
    let total = match query.text.split_whitespace().next() {
        // Only words need a look at every row.
        Some(_) => count(&tx, &filter, &params)?,
        None => counted(&|group| {
            is_shown(group)
                && query.source.as_ref().is_none_or(|source| *source == group.source)
                && (query.verdicts.is_empty() || query.verdicts.contains(&group.verdict))
        }),
    };
    let order = order_of(query.sort);
    params.push(Value::from(i64::from(query.count)));
    params.push(Value::from(int(query.first)));
    let sql = format!("SELECT * FROM ({ROWS}) AS listed {filter} ORDER BY {order} LIMIT ? OFFSET ?");
    let mut rows: Vec<Row> = tx
        .prepare_cached(&sql)?
        .query_map(params_from_iter(params), row_of)?
        .collect::<rusqlite::Result<_>>()?;
    for row in &mut rows {
        row.labels = labels::read(&tx, row.exchange)?;
    }
    let shown = groups.iter().filter(is_shown);
    Ok(Listing {
        total,
        total_unfiltered: counted(&is_shown),
        others: counted(&|group| group.is_other),
        rows,
        by_source: sums(shown.clone().map(|group| (group.source.clone(), group.count))),
        by_verdict: sums(shown.map(|group| (group.verdict, group.count))),
    })
}

/// How many rows there are of a source and a verdict.
struct Group {
    source: String,
    verdict: Verdict,
    /// They are no runs.
    is_other: bool,
    count: u64,
}

/// All rows, counted in one pass.
fn groups(conn: &Connection) -> rusqlite::Result<Vec<Group>> {
    conn.prepare_cached(&format!(
        "SELECT source, verdict, is_other, count(*) FROM ({ROWS}) GROUP BY source, verdict, is_other"
    ))?
    .query_map([], |row| {
        Ok(Group {
            source: row.get(0)?,
            verdict: verdict_of_number(row.get(1)?),
            is_other: row.get(2)?,
            count: nat(row.get(3)?),
        })
    })?
    .collect()
}

/// Counts added up by key, in the order of keys.
fn sums<K: Ord>(counts: impl Iterator<Item = (K, u64)>) -> Vec<(K, u64)> {
    let mut sums = BTreeMap::new();
    for (key, count) in counts {
        *sums.entry(key).or_default() += count;
    }
    sums.into_iter().collect()
}

fn filter_of(query: &Query) -> (String, Vec<Value>) {
    let mut conditions = Vec::new();
    let mut params = Vec::new();
    if !query.others {
        conditions.push("is_other = 0".to_owned());
    }
    for word in query.text.split_whitespace() {
        conditions.push(format!("({HAYSTACK}) LIKE ? ESCAPE '\\'"));
        let literal = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        params.push(Value::from(format!("%{literal}%")));
    }
    if let Some(source) = &query.source {
        conditions.push("source = ?".to_owned());
        params.push(Value::from(source.clone()));
    }
    if !query.verdicts.is_empty() {
        let marks = vec!["?"; query.verdicts.len()].join(", ");
        conditions.push(format!("verdict IN ({marks})"));
        params.extend(query.verdicts.iter().map(|verdict| Value::from(*verdict as i64)));
    }
    if conditions.is_empty() {
        return (String::new(), params);
    }
    (format!("WHERE {}", conditions.join(" AND ")), params)
}

/// Equal rows stand newest first, in every order.
fn order_of(sort: Sort) -> String {
    /// A later run of an exchange lasts from its own first frame to its last.
    const LENGTH: &str = "CASE WHEN run > 0 THEN run_last_at_us - run_first_at_us ELSE last_at_us END";
    /// What a row without a title of its own is called.
    const TITLE: &str = "CASE WHEN title = '' THEN method || ' ' || target ELSE title END COLLATE NOCASE";
    let by = match sort {
        Sort::NewestFirst => return "started_at_us DESC, id DESC, run DESC".to_owned(),
        Sort::OldestFirst => return "started_at_us, id, run".to_owned(),
        Sort::LongestFirst => return format!("{LENGTH} DESC, id DESC, run DESC"),
        Sort::ShortestFirst => LENGTH,
        Sort::TitleAscending => TITLE,
        Sort::TitleDescending => return format!("{TITLE} DESC, id DESC, run DESC"),
        Sort::SoonestTextFirst => "ttft_us IS NULL, ttft_us",
        Sort::LatestTextFirst => "ttft_us IS NULL, ttft_us DESC",
        Sort::MostFramesFirst => "frames DESC",
        Sort::FewestFramesFirst => "frames",
        Sort::MostToolsFirst => "tools DESC",
        Sort::FewestToolsFirst => "tools",
        Sort::LargestFirst => "body_len DESC",
        Sort::SmallestFirst => "body_len",
        Sort::MostFindingsFirst => "errors DESC, warnings DESC, notes DESC",
        Sort::FewestFindingsFirst => "errors, warnings, notes",
    };
    format!("{by}, id DESC, run DESC")
}

fn count(conn: &Connection, filter: &str, params: &[Value]) -> rusqlite::Result<u64> {
    conn.prepare_cached(&format!("SELECT count(*) FROM ({ROWS}) AS listed {filter}"))?
        .query_row(
            params_from_iter(params.iter().map(|param| param as &dyn ToSql)),
            |row| row.get(0).map(nat),
        )
}

fn row_of(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        exchange: row.get("id")?,
        source: row.get("source")?,
        method: row.get("method")?,
        target: row.get("target")?,
        status: row.get("status")?,
        content_type: row.get("content_type")?,
        ending: exchanges::ending_of(row.get("ending")?),
        started_at_us: row.get("started_at_us")?,
        duration_us: nat(row.get("last_at_us")?),
        bytes: nat(row.get("body_len")?),
        chunks: nat(row.get("chunk_count")?),
        labels: Vec::new(),
        pinned: row.get("pinned")?,
        verdict: verdict_of_number(row.get("verdict")?),
        run: run_of(row)?,
    })
}

fn run_of(row: &SqlRow<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        run: u32::try_from(row.get::<_, i64>("run")?).ok(),
        run_id: row.get("run_id")?,
        thread_id: row.get("thread_id")?,
        title: row.get("title")?,
        verdict: row.get::<_, Option<i64>>("run_verdict")?.map(verdict_of_number),
        first_at_us: nat(row.get("run_first_at_us")?),
        last_at_us: nat(row.get("run_last_at_us")?),
        ttft_us: row.get::<_, Option<i64>>("ttft_us")?.map(nat),
        frames: nat(row.get("frames")?),
        tools: row.get("tools")?,
        errors: row.get("errors")?,
        warnings: row.get("warnings")?,
        notes: row.get("notes")?,
        first_seq: row.get("first_seq")?,
        last_seq: row.get("last_seq")?,
    })
}
