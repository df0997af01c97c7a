//! Isolation forest (Liu, Ting and Zhou 2008): rows that few random cuts separate from the others.
//!
//! The forest is grown from a fixed seed over the rows in rising order, so that the same rows give the same scores
//! in whatever order they come.

/// Trees.
const TREES: usize = 100;
/// Rows per tree.
const SAMPLE: usize = 256;
/// Euler's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// A score for each row: near 1 for rows apart, below 0.5 for rows like the others.
///
/// Columns are given one after another, all of one length. `None` below two rows, without columns, with columns of
/// different lengths, or with a value that is not finite. Rows that are all equal score 0.5.
#[must_use]
pub fn isolation_scores(columns: &[Vec<f64>], seed: u64) -> Option<Vec<f64>> {
    let n = columns.first()?.len();
    let is_usable = |column: &Vec<f64>| column.len() == n && column.iter().all(|value| value.is_finite());
    if n < 2 || !columns.iter().all(is_usable) {
        return None;
    }
    let mut order: Vec<usize> = (0..n).collect();
    let key = |row: usize| columns.iter().map(move |column| column[row]);
    order.sort_by(|a, b| key(*a).map(Total).cmp(key(*b).map(Total)));
    let mut random = Random(seed);
    let size = SAMPLE.min(n);
    let height = size.ilog2() + u32::from(!size.is_power_of_two());
    let trees: Vec<Node> = (0..TREES)
        .map(|_| {
            let mut rows = sample(&order, size, &mut random);
            grow(columns, &mut rows, height, &mut random)
        })
        .collect();
    let normal = mean_depth(size);
    let score = |row: usize| {
        let depth: f64 = trees.iter().map(|tree| depth(tree, columns, row)).sum();
        (2.0_f64).powf(-depth / TREES as f64 / normal)
    };
    Some((0..n).map(score).collect())
}

/// Numbers in the order of their bits, with -0 below 0.
struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Total {}

/// The generator SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to but not including 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        ((self.share() * end as f64) as usize).min(end.saturating_sub(1))
    }
}

/// `size` different rows.
fn sample(rows: &[usize], size: usize, random: &mut Random) -> Vec<usize> {
    let mut rows = rows.to_vec();
    for place in 0..size {
        let other = place + random.below(rows.len() - place);
        rows.swap(place, other);
    }
    rows.truncate(size);
    rows
}

enum Node {
    Cut {
        column: usize,
        at: f64,
        below: Box<Node>,
        above: Box<Node>,
    },
    /// The rows that end here, as the depth that they would still need.
    Leaf(f64),
}

fn grow(columns: &[Vec<f64>], rows: &mut [usize], height: u32, random: &mut Random) -> Node {
    let leaf = Node::Leaf(mean_depth(rows.len()));
    if height == 0 || rows.len() < 2 {
        return leaf;
    }
    let range = |column: &Vec<f64>| {
        let values = || rows.iter().map(|row| column[*row]);
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    };
    let ranges: Vec<(f64, f64)> = columns.iter().map(range).collect();
    let varying: Vec<usize> = (0..columns.len()).filter(|column| ranges[*column].0 < ranges[*column].1).collect();
    if varying.is_empty() {
        return leaf;
    }
    let column = varying[random.below(varying.len())];
    let (least, most) = ranges[column];
    let share = random.share();
    // Between two neighbouring numbers, and where the range overflows, the cut falls on the largest value.
    let at = least * (1.0 - share) + most * share;
    let at = if at > least && at <= most { at } else { most };
    rows.sort_by(|a, b| columns[column][*a].total_cmp(&columns[column][*b]));
    let middle = rows.partition_point(|row| columns[column][*row] < at);
    let (low, high) = rows.split_at_mut(middle);
    let below = Box::new(grow(columns, low, height - 1, random));
    let above = Box::new(grow(columns, high, height - 1, random));
    Node::Cut { column, at, below, above }
}

fn depth(node: &Node, columns: &[Vec<f64>], row: usize) -> f64 {
    let (mut node, mut steps) = (node, 0.0);
    loop {
        match node {
            Node::Leaf(more) => return steps + more,
            Node::Cut { column, at, below, above } => {
                node = if columns[*column][row] < *at { below } else { above };
                steps += 1.0;
            }
        }
    }
}

/// The mean depth of an unsuccessful search in a binary tree of `n` rows.
fn mean_depth(n: usize) -> f64 {
    match n {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let n = n as f64;
            2.0 * ((n - 1.0).ln() + EULER) - 2.0 * (n - 1.0) / n
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cloud() -> Vec<Vec<f64>> {
        let mut random = Random(7);
        let mut column = || -> Vec<f64> { (0..300).map(|_| random.share() + random.share()).collect() };
        vec![column(), column(), vec![1.0; 300]]
    }

    #[test]
    fn inputs_that_cannot_be_scored() {
        assert_eq!(isolation_scores(&[], 1), None);
        assert_eq!(isolation_scores(&[vec![]], 1), None);
        assert_eq!(isolation_scores(&[vec![1.0]], 1), None);
        assert_eq!(isolation_scores(&[vec![1.0, 2.0], vec![1.0]], 1), None);
        assert_eq!(isolation_scores(&[vec![1.0, f64::NAN]], 1), None);
        let equal = isolation_scores(&[vec![3.0; 40]], 1).unwrap();
        assert!(equal.iter().all(|score| (score - 0.5).abs() < 1e-12), "{equal:?}");
    }

    #[test]
    fn a_row_apart_stands_out() {
        let mut columns = cloud();
        columns[0][120] = 9.0;
        columns[1][120] = -7.0;
        let scores = isolation_scores(&columns, 42).unwrap();
        let (place, highest) = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert!(place == 120 && *highest > 0.7, "{place} {highest}");
        assert_eq!(scores, isolation_scores(&columns, 42).unwrap());
    }

    #[test]
    fn extreme_numbers_are_scored() {
        let column = vec![f64::MIN, f64::MAX, 0.0, 5e-324, 0.0, -0.0];
        assert!(isolation_scores(&[column], 3).unwrap().iter().all(|s| s.is_finite() && (0.0..=1.0).contains(s)));
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(values in proptest::collection::vec((-9_i32..9, -9_i32..9), 2..80)) {
            let columns = |rows: &[(i32, i32)]| -> Vec<Vec<f64>> {
                vec![rows.iter().map(|r| r.0.into()).collect(), rows.iter().map(|r| r.1.into()).collect()]
            };
            let forwards = isolation_scores(&columns(&values), 5).unwrap();
            let turned: Vec<(i32, i32)> = values.iter().rev().copied().collect();
            let backwards = isolation_scores(&columns(&turned), 5).unwrap();
            prop_assert!(forwards.iter().eq(backwards.iter().rev()));
        }
    }
}
