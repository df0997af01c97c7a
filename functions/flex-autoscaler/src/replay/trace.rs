//! A recorded load.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use super::model::{REFERENCE_OCPUS, STEP_MINUTES};

/// Length of an artificial gap.
const GAP_MINUTES: u32 = 15;

/// The load of one machine, a sample every five minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The name of its file, without the ending.
    pub name: String,
    /// The first sample, in seconds since 1970.
    pub start: i64,
    /// Busy share of a machine of [`REFERENCE_OCPUS`], in percent; `None` where nothing was recorded.
    pub percent: Vec<Option<f64>>,
}

impl Trace {
    /// OCPUs that are needed.
    #[must_use]
    pub fn demand(&self) -> Vec<Option<f64>> {
        self.percent.iter().map(|percent| percent.map(|percent| percent / 100.0 * REFERENCE_OCPUS)).collect()
    }

    /// For each sample whether the monitoring shows it, when `percent` of the time are in gaps of fifteen minutes.
    /// The seed and the name decide where.
    #[must_use]
    pub fn visible(&self, percent: f64, seed: u64) -> Vec<bool> {
        let mut random = SmallRng::from_seed(fingerprint(seed, &self.name));
        let each = GAP_MINUTES / STEP_MINUTES;
        // A gap is asked for only where none is: with the chance c it takes 3 c of 3 c + (1 - c) samples.
        let (share, each_share) = (percent / 100.0, f64::from(each));
        let chance = (share / (each_share - (each_share - 1.0) * share)).clamp(0.0, 1.0);
        let mut left = 0;
        let sees = |_: &Option<f64>| {
            if left == 0 && random.random_bool(chance) {
                left = each;
            }
            let visible = left == 0;
            left = left.saturating_sub(1);
            visible
        };
        self.percent.iter().map(sees).collect()
    }
}

/// Traces of one half: a seed and the names decide, so that a trace keeps its half whatever its directory is called.
/// The first half, the smaller one of an odd number, is for tuning.
#[must_use]
pub fn halves(mut traces: Vec<Trace>, seed: u64) -> (Vec<Trace>, Vec<Trace>) {
    traces.sort_by_cached_key(|trace| fingerprint(seed, &trace.name));
    let held_out = traces.split_off(traces.len() / 2);
    let by_name = |mut traces: Vec<Trace>| {
        traces.sort_by(|one, other| one.name.cmp(&other.name));
        traces
    };
    (by_name(traces), by_name(held_out))
}

/// What a seed makes of a name.
pub(super) fn fingerprint(seed: u64, name: &str) -> [u8; 32] {
    Sha256::digest(format!("{seed}:{name}")).into()
}
