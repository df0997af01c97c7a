//! The world that a replay plays: sizes, prices, and what a policy did to the machine.
//!
//! Demand is the trace's percentage of a machine of [`REFERENCE_OCPUS`]. Memory is not part of it. A resize takes
//! effect with the next sample, and costs [`Prices::reboot_minutes`] of violation each.

use std::ops::AddAssign;

/// Minutes between two samples of a trace.
pub const STEP_MINUTES: u32 = 5;
/// Samples of one day.
pub const STEPS_PER_DAY: usize = 24 * 60 / STEP_MINUTES as usize;
/// 100 % of a trace is the whole of a machine of this many OCPUs.
pub const REFERENCE_OCPUS: f64 = 32.0;
/// Demand above this share of the size is a violation.
pub const VIOLATION_SHARE: f64 = 0.9;
/// Two opposite resizes within this many samples are a flip.
const FLIP_STEPS: usize = 60 / STEP_MINUTES as usize;

/// The sizes that a machine may have, in OCPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Smallest.
    pub min: u32,
    /// Largest.
    pub max: u32,
    /// Between two neighbours.
    pub step: u32,
    /// At the first sample.
    pub start: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { min: 8, max: 64, step: 2, start: 16 }
    }
}

impl Sizes {
    /// All of them, ascending.
    pub fn all(self) -> impl Iterator<Item = u32> {
        (self.min..=self.max).step_by(self.step as usize)
    }

    /// The smallest size of at least `ocpus`, or the largest there is. What is no number gives the largest.
    #[must_use]
    pub fn covering(self, ocpus: f64) -> u32 {
        self.all().find(|&size| f64::from(size) >= ocpus - 1e-9).unwrap_or(self.max)
    }
}

/// What things cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// One OCPU with its memory for an hour, in dollars.
    pub ocpu_hour: f64,
    /// A minute in which the machine was too small or down, in dollars.
    pub violation_minute: f64,
    /// Minutes that the machine is down for a resize; 0 where the cloud resizes live.
    pub reboot_minutes: f64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { ocpu_hour: 0.062, violation_minute: 0.5, reboot_minutes: 5.0 }
    }
}

impl Prices {
    /// Dollars that one resize costs.
    #[must_use]
    pub fn resize(self) -> f64 {
        self.reboot_minutes * self.violation_minute
    }

    /// Dollars that one sample at this size costs; an unknown demand violates nothing.
    #[must_use]
    pub fn step(self, size: u32, demand: Option<f64>) -> f64 {
        let running = f64::from(size) * self.ocpu_hour * hours_per_step();
        let violated = if violates(size, demand) { f64::from(STEP_MINUTES) } else { 0.0 };
        violated.mul_add(self.violation_minute, running)
    }
}

/// Hours of one sample.
#[must_use]
pub fn hours_per_step() -> f64 {
    f64::from(STEP_MINUTES) / 60.0
}

/// Whether the machine is too small for a demand, both in OCPUs.
#[must_use]
pub fn violates(size: u32, demand: Option<f64>) -> bool {
    demand.is_some_and(|demand| demand > VIOLATION_SHARE * f64::from(size) + 1e-9)
}

/// What a policy is told after each sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Start of the sample, seconds since 1970.
    pub at: i64,
    /// Percentage of the machine that was busy, at most 100; `None` where the monitoring has a gap.
    pub busy: Option<f64>,
    /// OCPUs of the machine during the sample.
    pub size: u32,
}

impl Seen {
    /// Busy OCPUs.
    #[must_use]
    pub fn used(self) -> Option<f64> {
        self.busy.map(|busy| busy / 100.0 * f64::from(self.size))
    }
}

/// Chooses sizes for one machine.
pub trait Policy {
    /// The size from the next sample on. What is no legal size counts as the next larger one.
    fn next(&mut self, seen: Seen) -> u32;
}

/// What happened to one or more machines.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Samples played.
    pub steps: usize,
    /// OCPU hours paid for.
    pub ocpu_hours: f64,
    /// Minutes in which the demand was above [`VIOLATION_SHARE`]; those of the resizes come on top.
    pub violation_minutes: f64,
    /// Changes of the size.
    pub resizes: usize,
    /// Resizes against the direction of the one before, within an hour.
    pub flips: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.ocpu_hours += other.ocpu_hours;
        self.violation_minutes += other.violation_minutes;
        self.resizes += other.resizes;
        self.flips += other.flips;
    }
}

impl Tally {
    /// Machines times days.
    #[must_use]
    pub fn days(self) -> f64 {
        count(self.steps) / count(STEPS_PER_DAY)
    }

    /// Dollars of all of it.
    #[must_use]
    pub fn cost(self, prices: Prices) -> f64 {
        let running = self.ocpu_hours * prices.ocpu_hour;
        let violated = self.violation_minutes * prices.violation_minute;
        count(self.resizes).mul_add(prices.resize(), running + violated)
    }
}

/// What `sizes` (one for each sample) did to a machine with this demand.
#[must_use]
pub fn tally(demand: &[Option<f64>], sizes: &[u32]) -> Tally {
    let mut tally = Tally::default();
    let mut last: Option<(usize, bool)> = None;
    for (step, (&demand, &size)) in demand.iter().zip(sizes).enumerate() {
        tally.steps += 1;
        tally.ocpu_hours += f64::from(size) * hours_per_step();
        if violates(size, demand) {
            tally.violation_minutes += f64::from(STEP_MINUTES);
        }
        let before = if step == 0 { size } else { sizes[step - 1] };
        if before != size {
            let up = size > before;
            tally.resizes += 1;
            tally.flips += usize::from(last.is_some_and(|(at, was_up)| was_up != up && step - at <= FLIP_STEPS));
            last = Some((step, up));
        }
    }
    tally
}

/// Sizes that a policy gives a machine, one for each sample. `demand` is what the machine needs, `visible` says
/// for each sample whether the monitoring shows it; the first sample begins at `start` (seconds since 1970).
pub fn play(policy: &mut dyn Policy, sizes: Sizes, start: i64, demand: &[Option<f64>], visible: &[bool]) -> Vec<u32> {
    let mut size = sizes.start;
    let mut played = Vec::with_capacity(demand.len());
    for (step, (&demand, &visible)) in demand.iter().zip(visible).enumerate() {
        played.push(size);
        let at = start + seconds(step);
        let busy = demand.filter(|_| visible).map(|demand| (demand / f64::from(size) * 100.0).min(100.0));
        size = sizes.covering(f64::from(policy.next(Seen { at, busy, size })));
    }
    played
}

/// Seconds from the first sample to this one.
fn seconds(step: usize) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX / 600) * i64::from(STEP_MINUTES) * 60
}

/// A count as a number to calculate with.
#[must_use]
pub fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
