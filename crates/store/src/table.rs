//! One file a table: its migrations, what it stores, how it is read and written.

pub(crate) mod derivations;
pub(crate) mod exchanges;
pub(crate) mod heads;
pub(crate) mod holes;
pub(crate) mod labels;
pub(crate) mod notes;
pub(crate) mod pages;
pub(crate) mod runs;
pub(crate) mod segments;
pub(crate) mod settings;
pub(crate) mod sources;
pub(crate) mod spools;
pub(crate) mod tallies;
pub(crate) mod texts;

use crate::schema::Migration;

/// Every table's migrations, in the order in which tables are made.
pub(crate) fn migrations() -> impl Iterator<Item = Migration> {
    [
        settings::MIGRATIONS,
        spools::MIGRATIONS,
        sources::MIGRATIONS,
        exchanges::MIGRATIONS,
        heads::MIGRATIONS,
        segments::MIGRATIONS,
        holes::MIGRATIONS,
        labels::MIGRATIONS,
        notes::MIGRATIONS,
        derivations::MIGRATIONS,
        pages::MIGRATIONS,
        runs::MIGRATIONS,
        texts::MIGRATIONS,
        tallies::MIGRATIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// A number as SQLite keeps it. Nothing that is counted here reaches 2⁶³.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as SQLite gives it back.
pub(crate) fn nat(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// As `nat`, for counts that fit 32 bits.
pub(crate) fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}
