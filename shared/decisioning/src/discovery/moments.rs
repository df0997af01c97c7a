//! Mean, spread, skewness and sum of a stream of numbers in one pass.
//!
//! Central moments are updated value by value (Welford's method extended to the third moment, after
//! Pébay 2008); the sum is compensated (Neumaier 1974), so that it does not depend on the magnitudes met.

/// Running figures over finite numbers; infinities are counted apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moments {
    pub(crate) count: u64,
    pub(crate) zeros: u64,
    pub(crate) negatives: u64,
    pub(crate) infinite: u64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    mean: f64,
    m2: f64,
    m3: f64,
    sum: f64,
    lost: f64,
}

impl Moments {
    pub(crate) fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.infinite += 1;
            return;
        }
        if self.count == 0 || value < self.min {
            self.min = value;
        }
        if self.count == 0 || value > self.max {
            self.max = value;
        }
        self.zeros += u64::from(value == 0.0);
        self.negatives += u64::from(value < 0.0);
        self.add_moments(value);
        self.add_sum(value);
    }

    fn add_moments(&mut self, value: f64) {
        self.count += 1;
        let n = self.count as f64;
        let delta = value - self.mean;
        let step = delta / n;
        let term = delta * step * (n - 1.0);
        self.mean += step;
        self.m3 += term * step * (n - 2.0) - 3.0 * step * self.m2;
        self.m2 += term;
    }

    fn add_sum(&mut self, value: f64) {
        let total = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - total) + value } else { (value - total) + self.sum };
        self.sum = total;
    }

    pub(crate) fn sum(&self) -> f64 {
        self.sum + self.lost
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Sample standard deviation, with n - 1.
    pub(crate) fn deviation(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.m2 / (self.count as f64 - 1.0)).sqrt())
    }

    /// Adjusted Fisher-Pearson skewness (G1), as statistics packages report it.
    pub(crate) fn skewness(&self) -> Option<f64> {
        let n = self.count as f64;
        let spread = self.m2 / n;
        // Rounding alone leaves a tiny spread in a constant column.
        if self.count < 3 || spread <= (1e-12 * self.mean).powi(2) {
            return None;
        }
        Some((self.m3 / n) / spread.powf(1.5) * (n * (n - 1.0)).sqrt() / (n - 2.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|v| moments.add(*v));
        moments
    }

    #[test]
    fn textbook_figures() {
        let m = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((m.mean(), m.sum(), m.min, m.max), (Some(5.0), 40.0, 2.0, 9.0));
        assert!((m.deviation().unwrap() - 2.138_089_935).abs() < 1e-9);
        assert!((m.skewness().unwrap() - 0.818_487_553).abs() < 1e-9);
    }

    #[test]
    fn large_offsets_and_cancelling_sums_do_not_hurt() {
        let m = of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert!((m.deviation().unwrap() - 30.0_f64.sqrt()).abs() < 1e-6);
        assert_eq!(of(&[1.0, 1e100, 1.0, -1e100]).sum(), 2.0);
    }

    #[test]
    fn what_cannot_be_said_is_absent() {
        let m = of(&[f64::INFINITY]);
        assert_eq!((m.mean(), m.deviation(), m.infinite), (None, None, 1));
        assert_eq!(of(&[3.0, 3.0, 3.0]).skewness(), None);
    }
}
