//! Counting pairs of a sequence without forming them.

/// Pairs i < j with `values[i] > values[j]`, counted by merge sort.
pub(super) fn descents(values: &[f64]) -> u64 {
    let mut from = values.to_vec();
    let mut to = vec![0.0; from.len()];
    let mut count = 0;
    let mut width = 1;
    while width < from.len() {
        for start in (0..from.len()).step_by(2 * width) {
            let middle = (start + width).min(from.len());
            let end = (start + 2 * width).min(from.len());
            count += merge(&from[start..middle], &from[middle..end], &mut to[start..end]);
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    count
}

/// Merges two rising runs; gives the pairs that were the wrong way round.
fn merge(left: &[f64], right: &[f64], to: &mut [f64]) -> u64 {
    let (mut l, mut r, mut count) = (0, 0, 0);
    for place in to {
        if r >= right.len() || (l < left.len() && left[l] <= right[r]) {
            *place = left[l];
            l += 1;
        } else {
            count += (left.len() - l) as u64;
            *place = right[r];
            r += 1;
        }
    }
    count
}

/// Sizes of the groups of equal values.
pub(super) fn ties(values: &[f64]) -> Vec<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|group| group.len() as u64).collect()
}

/// Pairs of `n` things.
pub(super) fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_sequences() {
        let check = |values: &[f64], expected| assert_eq!(descents(values), expected, "{values:?}");
        check(&[], 0);
        check(&[1.0], 0);
        check(&[1.0, 2.0, 2.0], 0);
        check(&[3.0, 2.0, 1.0], 3);
        check(&[2.0, 1.0, 2.0, 0.0], 4);
        assert_eq!(ties(&[2.0, 1.0, 2.0, -0.0, 0.0]), [2, 1, 2]);
    }

    proptest! {
        #[test]
        fn as_many_as_by_comparing_all(values in proptest::collection::vec(-5_i32..5, 0..60)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let later = |i: usize| values[i + 1..].iter().filter(|v| **v < values[i]).count();
            prop_assert_eq!(descents(&values), (0..values.len()).map(later).sum::<usize>() as u64);
        }
    }
}
