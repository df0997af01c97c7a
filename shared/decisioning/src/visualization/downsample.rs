//! Fewer points than a picture has columns of pixels, without losing a peak.

/// A value with its place in the series.
pub(crate) type Point = (usize, f64);

/// The points of a series in runs between gaps; values that are absent or not finite are gaps.
///
/// A series of more than `4 x columns` places is cut into `columns` stretches of equal length; of each stretch its
/// first, lowest, highest and last value stay, in their order, so that the line covers the same pixels.
pub(crate) fn runs(values: &[Option<f64>], columns: usize) -> Vec<Vec<Point>> {
    let columns = columns.max(1);
    let stretch = if values.len() <= 4 * columns { 1 } else { values.len().div_ceil(columns) };
    let mut runs = Vec::new();
    let mut run: Vec<Point> = Vec::new();
    let mut bucket: Vec<Point> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match value.filter(|value| value.is_finite()) {
            Some(value) => bucket.push((index, value)),
            None => {
                run.append(&mut kept(&mut bucket));
                close(&mut runs, &mut run);
            }
        }
        if (index + 1).is_multiple_of(stretch) {
            run.append(&mut kept(&mut bucket));
        }
    }
    run.append(&mut kept(&mut bucket));
    close(&mut runs, &mut run);
    runs
}

fn close(runs: &mut Vec<Vec<Point>>, run: &mut Vec<Point>) {
    if !run.is_empty() {
        runs.push(std::mem::take(run));
    }
}

fn kept(bucket: &mut Vec<Point>) -> Vec<Point> {
    let bucket = std::mem::take(bucket);
    if bucket.len() <= 4 {
        return bucket;
    }
    let by_value = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
    let ends = [bucket.first(), bucket.iter().min_by(by_value), bucket.iter().max_by(by_value), bucket.last()];
    let mut kept: Vec<Point> = ends.into_iter().flatten().copied().collect();
    kept.sort_by_key(|(index, _)| *index);
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_series_stay_whole_and_gaps_part_them() {
        let values = [Some(1.0), None, Some(f64::NAN), Some(2.0), Some(3.0), Some(f64::INFINITY)];
        assert_eq!(runs(&values, 100), [vec![(0, 1.0)], vec![(3, 2.0), (4, 3.0)]]);
        assert!(runs(&[], 10).is_empty() && runs(&[None; 5], 10).is_empty());
    }

    #[test]
    fn a_million_points_keep_ends_and_extremes() {
        let mut values: Vec<Option<f64>> = (0..1_000_000).map(|i| Some(f64::from(i % 1000))).collect();
        values[123_456] = Some(1e6);
        values[700_001] = Some(-1e6);
        let runs = runs(&values, 600);
        let points: Vec<Point> = runs.into_iter().flatten().collect();
        assert!(points.len() <= 4 * 600, "{}", points.len());
        assert!(points.contains(&(123_456, 1e6)) && points.contains(&(700_001, -1e6)));
        assert_eq!((points[0].0, points[points.len() - 1].0), (0, 999_999));
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }
}
