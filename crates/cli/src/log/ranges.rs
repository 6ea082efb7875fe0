//! A set of numbers that is nearly without gaps.

use std::collections::BTreeMap;

/// A set of numbers as ranges: where nearly all are in, it stays small however
/// many they are.
pub(super) struct Ranges {
    /// Last number of each range, by its first.
    ranges: BTreeMap<i64, i64>,
    up_to: i64,
}

impl Ranges {
    /// All numbers up to one.
    pub(super) fn up_to(up_to: i64) -> Self {
        Self {
            ranges: BTreeMap::new(),
            up_to,
        }
    }

    pub(super) fn contains(&self, number: i64) -> bool {
        let range = self.ranges.range(..=number).next_back();
        number <= self.up_to || range.is_some_and(|(_, last)| *last >= number)
    }

    /// Adds a number; false if it was in already.
    pub(super) fn add(&mut self, number: i64) -> bool {
        if self.contains(number) {
            return false;
        }
        let next = self.ranges.remove(&number.saturating_add(1));
        let last = next.unwrap_or(number);
        if number == self.up_to.saturating_add(1) {
            self.up_to = last;
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

    /// All up to here are in, and the next is not.
    pub(super) fn last_without_gap(&self) -> i64 {
        self.up_to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_any_order_make_few_ranges() {
        let mut numbers = Ranges::up_to(10);
        assert!(numbers.contains(10) && numbers.contains(-3) && !numbers.contains(11));
        // A fixed order that is none: 7 has no common divisor with 1000.
        for number in (0..1000).map(|step| 11 + step * 7 % 1000) {
            assert!(numbers.add(number));
            assert!(!numbers.add(number));
        }
        assert!(numbers.ranges.is_empty());
        assert_eq!(numbers.last_without_gap(), 1010);
        assert!(numbers.add(1012));
        assert!(!numbers.contains(1011) && numbers.contains(1012));
        assert_eq!(numbers.last_without_gap(), 1010);
        assert!(numbers.add(1011));
        assert_eq!(numbers.last_without_gap(), 1012);
    }
}
