//! Rows of the library: from the store's types to those of questions and answers.

use scrubjay_answers::library::{MOST_ROWS, row};
use scrubjay_ipc::{Library, LibraryPage, LibrarySort};
use scrubjay_store::{Listing, Query, Sort};

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
        count: ask.count.min(MOST_ROWS),
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
