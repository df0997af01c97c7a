//! Percentiles of a decaying histogram as the Kubernetes Vertical Pod Autoscaler computes them: target p90, bounds
//! p50 and p95, each with 15 % more, a half-life of a day, and bounds that begin wide and close with the history.
//! It acts outside its bounds, or for 10 % after twelve hours.

use crate::replay::model::{Policy, STEPS_PER_DAY, Seen, Sizes, count};

/// First bucket's width, in OCPUs; each next is 5 % wider.
const FIRST_BUCKET: f64 = 0.01;
const GROWTH: f64 = 1.05;
const BUCKETS: usize = 176;
const MARGIN: f64 = 1.15;
const HALF_LIFE_STEPS: f64 = 288.0;
/// A change of less than this share waits for the bounds.
const WORTHWHILE: f64 = 0.1;

/// Percentiles of the past.
#[derive(Debug, Clone)]
pub struct Vpa {
    sizes: Sizes,
    weights: Vec<f64>,
    samples: usize,
    since_change: usize,
}

impl Vpa {
    /// With these bounds.
    #[must_use]
    pub fn new(sizes: Sizes) -> Self {
        Self { sizes, weights: vec![0.0; BUCKETS], samples: 0, since_change: 0 }
    }

    fn record(&mut self, used: f64) {
        let decay = (-std::f64::consts::LN_2 / HALF_LIFE_STEPS).exp();
        for weight in &mut self.weights {
            *weight *= decay;
        }
        let bucket = self.ends().position(|end| used < end).unwrap_or(BUCKETS - 1);
        self.weights[bucket] += 1.0;
        self.samples += 1;
    }

    /// Upper ends of the buckets, in OCPUs.
    fn ends(&self) -> impl Iterator<Item = f64> {
        let ends = std::iter::successors(Some((FIRST_BUCKET, FIRST_BUCKET)), |(end, width)| {
            let width = width * GROWTH;
            Some((end + width, width))
        });
        ends.map(|(end, _)| end).take(self.weights.len())
    }

    fn percentile(&self, share: f64) -> f64 {
        let wanted = self.weights.iter().sum::<f64>() * share;
        let mut reached = 0.0;
        for (weight, end) in self.weights.iter().zip(self.ends()) {
            reached += weight;
            if reached >= wanted {
                return end * MARGIN;
            }
        }
        f64::INFINITY
    }

    /// Lower and upper bound, in OCPUs.
    fn bounds(&self) -> (f64, f64) {
        let days = count(self.samples) / count(STEPS_PER_DAY);
        let lower = self.percentile(0.5) * (1.0 + 0.001 / days).powi(-2);
        (lower, self.percentile(0.95) * (1.0 + 1.0 / days))
    }
}

impl Policy for Vpa {
    fn next(&mut self, seen: Seen) -> u32 {
        self.since_change += 1;
        let Some(used) = seen.used() else { return seen.size };
        self.record(used);
        let size = f64::from(seen.size);
        let target = self.sizes.covering(self.percentile(0.9));
        let (lower, upper) = self.bounds();
        let outside = size < lower || size > upper;
        let change = (f64::from(target) - size).abs() / size;
        let due = self.since_change >= STEPS_PER_DAY / 2 && change >= WORTHWHILE;
        if target == seen.size || !(outside || due) {
            return seen.size;
        }
        self.since_change = 0;
        target
    }
}
