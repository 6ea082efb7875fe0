//! The best order-preserving pairing of two short sequences.

/// Cells of a table at most.
pub(super) const CELLS: usize = 1 << 20;

/// Cells that the table of two sequences has.
pub(super) fn cells(one: &[u32], other: &[u32]) -> usize {
    (one.len() + 1).saturating_mul(other.len() + 1)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Both,
    One,
    Other,
}

/// Pairs with the largest sum of scores; what scores 0 is never paired.
pub(super) fn best(one: &[u32], other: &[u32], score: impl Fn(u32, u32) -> f32) -> Vec<(u32, u32)> {
    let width = other.len() + 1;
    let mut from = vec![From::One; (one.len() + 1) * width];
    from[..width].fill(From::Other);
    let mut above = vec![0.0_f32; width];
    for (row, a) in one.iter().enumerate() {
        let mut left_above = 0.0;
        let mut left = 0.0;
        for (column, b) in other.iter().enumerate() {
            let up = above[column + 1];
            let score = score(*a, *b);
            let (mut sum, mut way) = if up >= left {
                (up, From::One)
            } else {
                (left, From::Other)
            };
            if score > 0.0 && left_above + score >= sum {
                (sum, way) = (left_above + score, From::Both);
            }
            from[(row + 1) * width + column + 1] = way;
            above[column] = left;
            left_above = up;
            left = sum;
        }
        above[width - 1] = left;
    }
    let mut pairs = Vec::new();
    let (mut row, mut column) = (one.len(), other.len());
    while row > 0 && column > 0 {
        match from[row * width + column] {
            From::Both => {
                (row, column) = (row - 1, column - 1);
                pairs.push((one[row], other[column]));
            }
            From::One => row -= 1,
            From::Other => column -= 1,
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn likeness_settles_who_belongs_together() {
        let near = |a: u32, b: u32| {
            if a.abs_diff(b) <= 2 {
                4.0 - a.abs_diff(b) as f32
            } else {
                0.0
            }
        };
        assert_eq!(best(&[1, 10, 20], &[10, 21], near), [(10, 10), (20, 21)]);
        assert_eq!(best(&[1, 2], &[50], near), []);
        assert_eq!(best(&[5, 6], &[5, 6], near), [(5, 5), (6, 6)]);
        assert_eq!(best(&[5, 9], &[9, 5], near).len(), 1);
    }
}
