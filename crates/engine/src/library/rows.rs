//! Rows of the library: from the store's types to those of questions and answers.

use scrubjay_ipc::{Library, LibraryPage, LibraryRow, LibrarySort};
use scrubjay_session::words;
use scrubjay_store::{Listing, Query, Row, Sort};

/// Rows in an answer at most.
const MAX_ROWS: u32 = 500;

/// What to ask of the store.
pub(crate) fn query(ask: &Library) -> Query {
    Query {
        text: ask.text.clone(),
        source: ask.source.clone(),
        verdicts: ask.verdicts.clone(),
        others: ask.others,
        sort: match ask.sort {
            LibrarySort::NewestFirst => Sort::NewestFirst,
            LibrarySort::OldestFirst => Sort::OldestFirst,
            LibrarySort::LongestFirst => Sort::LongestFirst,
            LibrarySort::ShortestFirst => Sort::ShortestFirst,
            LibrarySort::TitleAscending => Sort::TitleAscending,
            LibrarySort::TitleDescending => Sort::TitleDescending,
            LibrarySort::SoonestTextFirst => Sort::SoonestTextFirst,
            LibrarySort::LatestTextFirst => Sort::LatestTextFirst,
            LibrarySort::MostFramesFirst => Sort::MostFramesFirst,
            LibrarySort::FewestFramesFirst => Sort::FewestFramesFirst,
            LibrarySort::MostToolsFirst => Sort::MostToolsFirst,
            LibrarySort::FewestToolsFirst => Sort::FewestToolsFirst,
            LibrarySort::LargestFirst => Sort::LargestFirst,
            LibrarySort::SmallestFirst => Sort::SmallestFirst,
            LibrarySort::MostFindingsFirst => Sort::MostFindingsFirst,
            LibrarySort::FewestFindingsFirst => Sort::FewestFindingsFirst,
        },
        first: ask.first,
        count: ask.count.min(MAX_ROWS),
    }
}

/// What the page gets.
pub(crate) fn page(first: u64, listing: Listing) -> LibraryPage {
    LibraryPage {
        first,
        total: listing.total,
        total_unfiltered: listing.total_unfiltered,
        others: listing.others,
        rows: listing.rows.into_iter().map(row).collect(),
        by_source: listing.by_source,
        by_verdict: listing.by_verdict,
    }
}

fn row(row: Row) -> LibraryRow {
    let run = row.run;
    // A run that is one of several lasts from its own first frame to its last.
    let duration_us = match run.run {
        Some(0) | None => row.duration_us,
        Some(_) => run.last_at_us.saturating_sub(run.first_at_us),
    };
    let started_at_us = match run.run {
        Some(0) | None => row.started_at_us,
        Some(_) => row.started_at_us.saturating_add_unsigned(run.first_at_us),
    };
    LibraryRow {
        exchange: row.exchange,
        run: run.run,
        source: row.source,
        title: if run.title.is_empty() {
            format!("{} {}", row.method, row.target)
        } else {
            run.title
        },
        method: row.method,
        target: row.target,
        status: row.status,
        content_type: row.content_type,
        run_id: run.run_id,
        thread_id: run.thread_id,
        verdict: row.verdict,
        ending: row.ending,
        started_at: words::rfc3339(started_at_us),
        started_at_millis: started_at_us.div_euclid(1000),
        duration_us,
        ttft_us: run.ttft_us,
        frames: run.frames,
        bytes: row.bytes,
        tools: run.tools,
        errors: run.errors,
        warnings: run.warnings,
        notes: run.notes,
        labels: row.labels,
        first_seq: run.first_seq,
        last_seq: run.last_seq,
    }
}
