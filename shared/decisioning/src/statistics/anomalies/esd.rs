//! The generalised extreme Studentised deviate test (Rosner 1983) for up to a given number of outliers.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::statistics::describe::compensated;

/// What a value's distance is measured from and in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Mean and standard deviation, as Rosner has it.
    Moments,
    /// Median and median absolute deviation, which outliers do not move.
    Robust,
}

/// The steps of the test.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deviates {
    /// Places of the candidates, the most extreme first.
    pub places: Vec<usize>,
    /// The test statistics R of each step.
    pub statistics: Vec<f64>,
    /// The critical values lambda of each step.
    pub critical: Vec<f64>,
    /// Outliers: the largest step whose statistic is above its critical value.
    pub outliers: usize,
}

/// Looks for up to `most` outliers on either side at level `alpha`.
///
/// Equal candidates are taken in order of their places. The search ends early where the rest does not vary or fewer
/// than three values are left. Values that are not finite give no candidates at all. O(n log n).
#[must_use]
pub fn generalised_esd(values: &[f64], most: usize, alpha: f64, scale: Scale) -> Deviates {
    let mut found = Deviates::default();
    let is_level = alpha > 0.0 && alpha < 1.0;
    if !is_level || !values.iter().all(|value| value.is_finite()) {
        return found;
    }
    let mut rest = Rest::new(values);
    for step in 1..=most {
        let Some((centre, width)) = rest.centre_and_width(scale) else { break };
        let Some(lambda) = critical(rest.len(), alpha) else { break };
        let (place, distance) = rest.take_farthest(centre);
        found.places.push(place);
        found.statistics.push(distance / width);
        found.critical.push(lambda);
        if distance / width > lambda {
            found.outliers = step;
        }
    }
    found
}

/// The critical value with `n` values left, the candidate included.
fn critical(n: usize, alpha: f64) -> Option<f64> {
    let n = n as f64;
    let distribution = StudentsT::new(0.0, 1.0, n - 2.0).ok().filter(|_| n > 2.0)?;
    let t = distribution.inverse_cdf(1.0 - alpha / (2.0 * n));
    let lambda = t * (n - 1.0) / ((n - 2.0 + t * t) * n).sqrt();
    lambda.is_finite().then_some(lambda)
}

/// The values that are left, in rising order: what is farthest from any centre is at one of the ends.
struct Rest {
    sorted: Vec<(f64, usize)>,
    /// First and one past the last that is left.
    from: usize,
    to: usize,
    /// A value near the centre, so that squares do not cancel.
    shift: f64,
    sum: f64,
    squares: f64,
}

impl Rest {
    fn new(values: &[f64]) -> Self {
        let mut sorted: Vec<(f64, usize)> = values.iter().copied().zip(0..).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let shift = sorted.get(sorted.len() / 2).map_or(0.0, |(value, _)| *value);
        let sum = compensated(sorted.iter().map(|(value, _)| value - shift));
        let squares = compensated(sorted.iter().map(|(value, _)| (value - shift) * (value - shift)));
        Self { from: 0, to: sorted.len(), sorted, shift, sum, squares }
    }

    fn len(&self) -> usize {
        self.to - self.from
    }

    fn value(&self, rank: usize) -> f64 {
        self.sorted[self.from + rank].0
    }

    /// `None` below three values, or when they do not vary.
    fn centre_and_width(&self, scale: Scale) -> Option<(f64, f64)> {
        if self.len() < 3 {
            return None;
        }
        let (centre, width) = match scale {
            Scale::Moments => self.moments(),
            Scale::Robust => self.robust(),
        };
        (width > 0.0 && width.is_finite() && self.value(0) < self.value(self.len() - 1)).then_some((centre, width))
    }

    fn moments(&self) -> (f64, f64) {
        let n = self.len() as f64;
        let mean = self.sum / n;
        ((mean + self.shift), ((self.squares - n * mean * mean) / (n - 1.0)).max(0.0).sqrt())
    }

    fn robust(&self) -> (f64, f64) {
        let n = self.len();
        let centre = (self.value((n - 1) / 2) + self.value(n / 2)) / 2.0;
        let deviation = (self.distance(centre, (n - 1) / 2) + self.distance(centre, n / 2)) / 2.0;
        (centre, deviation * 1.4826)
    }

    /// The distance from the centre with this rank, in O(log n): the nearest `rank + 1` values are neighbours.
    fn distance(&self, centre: f64, rank: usize) -> f64 {
        let (mut low, mut high) = (0, self.len() - rank - 1);
        while low < high {
            let first = usize::midpoint(low, high);
            let (left, right) = (centre - self.value(first), self.value(first + rank + 1) - centre);
            if left > right { low = first + 1 } else { high = first }
        }
        (centre - self.value(low)).abs().max((self.value(low + rank) - centre).abs())
    }

    fn take_farthest(&mut self, centre: f64) -> (usize, f64) {
        let (lowest, highest) = (self.sorted[self.from], self.first_of_highest());
        let (below, above) = (centre - lowest.0, highest.0 - centre);
        let is_below = below > above || (below == above && lowest.1 < highest.1);
        let (value, place) = if is_below { lowest } else { highest };
        if is_below {
            self.from += 1
        } else {
            self.to -= 1
        }
        self.sum -= value - self.shift;
        self.squares -= (value - self.shift) * (value - self.shift);
        (place, below.max(above))
    }

    /// Of several highest values that with the first place, which is put at the end.
    fn first_of_highest(&mut self) -> (f64, usize) {
        let last = self.to - 1;
        let highest = self.sorted[last].0;
        let first = self.sorted[self.from..self.to].partition_point(|(value, _)| *value < highest) + self.from;
        self.sorted[first..self.to].rotate_left(1);
        self.sorted[last]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The 54 values of Rosner (1983), as the NIST/SEMATECH handbook of statistical methods has them.
    const ROSNER: [f64; 54] = [
        -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70,
        1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40,
        2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01,
    ];

    #[test]
    fn the_table_of_rosner() {
        let found = generalised_esd(&ROSNER, 10, 0.05, Scale::Moments);
        let near = |found: &[f64], expected: &[f64]| found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 6e-7);
        assert!(near(&found.statistics, &[3.118_906, 2.942_973, 3.179_424]), "{:?}", found.statistics);
        assert!(near(&found.critical, &[3.158_794, 3.151_430, 3.143_890]), "{:?}", found.critical);
        let outliers: Vec<f64> = found.places[..found.outliers].iter().map(|place| ROSNER[*place]).collect();
        assert_eq!(outliers, [6.01, 5.42, 5.34]);
    }

    #[test]
    fn inputs_without_outliers() {
        for values in [&[][..], &[1.0], &[1.0, 2.0], &[3.0; 30], &[1.0, f64::NAN, 9.0, 2.0]] {
            for scale in [Scale::Moments, Scale::Robust] {
                assert_eq!(generalised_esd(values, 5, 0.05, scale).outliers, 0, "{values:?}");
            }
        }
        assert_eq!(generalised_esd(&ROSNER, 5, f64::NAN, Scale::Moments), Deviates::default());
    }

    #[test]
    fn equal_values_are_taken_in_order() {
        let found = generalised_esd(&[9.0, 1.0, 2.0, 1.0, 9.0, 2.0, 9.0, 1.0, 1.0, 2.0], 3, 0.05, Scale::Moments);
        assert_eq!(found.places, [0, 4, 6]);
    }

    proptest! {
        #[test]
        fn the_fast_deviation_is_the_median_of_distances(values in proptest::collection::vec(-50_i32..50, 3..40)) {
            let values: Vec<f64> = values.into_iter().map(|v| f64::from(v) / 4.0).collect();
            let expected = crate::statistics::describe::median_absolute_deviation(&values).unwrap();
            prop_assert!((Rest::new(&values).robust().1 - expected).abs() < 1e-9);
        }

        #[test]
        fn shuffled_values_have_the_same_outliers(mut values in proptest::collection::vec(-1e3_f64..1e3, 3..60)) {
            let of = |values: &[f64]| {
                let found = generalised_esd(values, 5, 0.05, Scale::Robust);
                (found.outliers, found.statistics)
            };
            let before = of(&values);
            values.reverse();
            prop_assert_eq!(of(&values), before);
        }
    }
}
