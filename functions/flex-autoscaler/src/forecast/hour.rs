//! One hour of a machine, in eight digits, and the scale that amounts are kept on.

use std::sync::LazyLock;

/// The smallest amount that is told from none.
const LEAST: f64 = 0.01;
/// Ratio of neighbouring steps: amounts are kept within 0.35 %, rounded up.
const STEP: f64 = 1.0035;
/// Steps of two digits.
const STEPS: u16 = 64 * 64;
/// A ratio of one.
const WHOLE: u8 = 63;

/// The five minutes that are kept beside the busiest, by how many of twelve are busier: enough to tell short bursts from
/// noise.
pub(super) const RANKS: [usize; 4] = [1, 2, 4, 6];
/// Share of an hour that is at or above each of them, and the last for half of the time.
const SHARES: [f64; RANKS.len()] = [1.5 / 12.0, 2.5 / 12.0, 4.5 / 12.0, 0.5];

/// Amounts of all steps, since powers are slow to compute.
static AMOUNTS: LazyLock<Vec<f64>> =
    LazyLock::new(|| (0..i32::from(STEPS)).map(|step| LEAST * STEP.powi(step - 1)).collect());

/// What an hour used. Steps of 0 were not measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hour {
    /// Step of the busiest five minutes' OCPUs.
    pub(super) ocpus: u16,
    /// The others of [`RANKS`], in parts of 63 of the busiest.
    pub(super) parts: [u8; RANKS.len()],
    /// Step of the most memory in GB.
    pub(super) memory: u16,
}

impl Hour {
    /// Takes the measured five-minute peaks of the hour in place of what is known of its OCPUs. The highest peak
    /// that was ever known stays.
    pub(super) fn summarize(&mut self, mut slots: Vec<u16>) {
        slots.retain(|step| *step > 0);
        slots.sort_unstable_by(|one, other| other.cmp(one));
        let Some(&busiest) = slots.first() else { return };
        self.ocpus = self.ocpus.max(busiest);
        let peak = amount(self.ocpus).unwrap_or(LEAST);
        // Of fewer than twelve the same shares of what there is.
        let rank = |of_twelve: usize| (of_twelve * slots.len() / 12).max(1);
        let part = |rank: usize| {
            slots.get(rank).or(slots.last()).and_then(|step| amount(*step)).map_or(WHOLE, |used| parts(used / peak))
        };
        self.parts = RANKS.map(|of_twelve| part(rank(of_twelve)));
    }

    /// A late measurement of an hour that is long over.
    pub(super) fn raise(&mut self, ocpus: u16) {
        if ocpus > self.ocpus {
            let was = *self;
            self.ocpus = ocpus;
            let shrink = was.load().map_or(1.0, |load| load.peak) / amount(ocpus).unwrap_or(LEAST);
            let shrunk = |part: u8| parts(f64::from(part) / f64::from(WHOLE) * shrink);
            self.parts = if was.ocpus == 0 { [WHOLE; RANKS.len()] } else { was.parts.map(shrunk) };
        }
    }

    /// The OCPUs that were used; `None` when not measured.
    pub(super) fn load(self) -> Option<Load> {
        let peak = amount(self.ocpus)?;
        let of_peak = |parts: u8| peak * f64::from(parts.min(WHOLE)) / f64::from(WHOLE);
        Some(Load { peak, others: self.parts.map(of_peak) })
    }
}

/// The OCPUs used in an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    /// In the busiest five minutes.
    pub(super) peak: f64,
    /// In those of [`RANKS`].
    pub(super) others: [f64; RANKS.len()],
}

impl Load {
    /// Five minutes that used so much.
    pub(super) fn constant(used: f64) -> Self {
        Self { peak: used, others: [used; RANKS.len()] }
    }

    /// In half of the time.
    pub(super) fn median(&self) -> f64 {
        self.others[RANKS.len() - 1]
    }

    /// Share of an hour like this one that is expected above `ocpus`. It is linear between what is known; a repetition
    /// may exceed the peak by the share `spread`.
    pub(super) fn share_above(&self, ocpus: f64, spread: f64) -> f64 {
        let top = self.peak * (1.0 + spread);
        let [second, third, fifth, median] = self.others;
        let [above_second, above_third, above_fifth, above_median] = SHARES;
        let knots = [
            (top, 0.0),
            (self.peak, 1.0 / 24.0),
            (second, above_second),
            (third, above_third),
            (fifth, above_fifth),
            (median, above_median),
            (0.0, 1.0),
        ];
        if ocpus >= top {
            return 0.0;
        }
        let between = knots.windows(2).find(|pair| ocpus >= pair[1].0);
        between.map_or(1.0, |pair| {
            let ((upper, above_upper), (lower, above_lower)) = (pair[0], pair[1]);
            let part = if upper > lower { (upper - ocpus) / (upper - lower) } else { 1.0 };
            (above_lower - above_upper).mul_add(part, above_upper)
        })
    }
}

/// The step of an amount: the smallest that is not below it. No number is no step.
pub(super) fn step(amount: Option<f64>) -> u16 {
    let Some(amount) = amount.filter(|amount| amount.is_finite() && *amount >= 0.0) else { return 0 };
    let steps = ((amount.max(LEAST) / LEAST).ln() / STEP.ln() - 1e-9).ceil();
    // At most 4095 and not negative: the cast is exact.
    steps.clamp(0.0, f64::from(STEPS - 2)) as u16 + 1
}

/// The amount of a step.
pub(super) fn amount(step: u16) -> Option<f64> {
    (step > 0).then(|| AMOUNTS.get(usize::from(step)).copied()).flatten()
}

/// A ratio in parts of 63, rounded up.
fn parts(ratio: f64) -> u8 {
    // At most 63 and not negative: the cast is exact.
    (ratio * f64::from(WHOLE) - 1e-9).ceil().clamp(0.0, f64::from(WHOLE)) as u8
}
