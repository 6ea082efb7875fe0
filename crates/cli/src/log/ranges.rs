//! Numbers of exchanges that have been printed.

use std::collections::BTreeMap;

/// A set of numbers, kept as a prefix without gaps and ranges after it, so that
/// it stays small however many numbers are in it.
pub(super) struct Ranges {
    /// The last number of each range after the prefix, by its first.
    ranges: BTreeMap<i64, i64>,
    /// Every number up to this one is in the set.
    prefix_end: i64,
}

impl Ranges {
    /// The set of all numbers up to `prefix_end`.
    pub(super) fn with_prefix(prefix_end: i64) -> Self {
        Self {
            ranges: BTreeMap::new(),
            prefix_end,
        }
    }

    pub(super) fn contains(&self, number: i64) -> bool {
        let range = self.ranges.range(..=number).next_back();
        number <= self.prefix_end || range.is_some_and(|(_, last)| *last >= number)
    }

    /// Adds a number; false if it was in already.
    pub(super) fn add(&mut self, number: i64) -> bool {
        if self.contains(number) {
            return false;
        }
        let next = self.ranges.remove(&number.saturating_add(1));
        let last = next.unwrap_or(number);
        if number == self.prefix_end.saturating_add(1) {
            self.prefix_end = last;
            return true;
        }
        match self.ranges.range_mut(..number).next_back() {
            Some((_, before)) if *before == number - 1 => *before = last,
            _ => {
                self.ranges.insert(number, last);
            }
        }
        true
    }

    /// Every number up to this one is in the set, and the next is not.
    pub(super) fn prefix_end(&self) -> i64 {
        self.prefix_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_any_order_make_few_ranges() {
        let mut numbers = Ranges::with_prefix(10);
        assert!(numbers.contains(10) && numbers.contains(-3) && !numbers.contains(11));
        // A fixed order that is none: 7 has no common divisor with 1000.
        for number in (0..1000).map(|step| 11 + step * 7 % 1000) {
            assert!(numbers.add(number));
            assert!(!numbers.add(number));
        }
        assert!(numbers.ranges.is_empty());
        assert_eq!(numbers.prefix_end(), 1010);
        assert!(numbers.add(1012));
        assert!(!numbers.contains(1011) && numbers.contains(1012));
        assert_eq!(numbers.prefix_end(), 1010);
        assert!(numbers.add(1011));
        assert_eq!(numbers.prefix_end(), 1012);
    }
}
