//! The rules of this autoscaler: the very code that a tick runs, for one machine.
//!
//! A sample of five minutes becomes five points of one minute with the same value. A trace says nothing of memory,
//! so its points are absent and the policy is told not to watch it. The machine may be restarted where a resize takes
//! minutes; where it takes none it changes live. It has its new size at once: the downtime is in the price of a resize. The guards over a fleet are not asked.

use causeway_cloud::fleet::{MachineState, Shape, Size};
use causeway_cloud::metrics::Point;
use jiff::Timestamp;

use crate::decide::{Allowance, Case, one};
use crate::input::Instance;
use crate::policy::{Coupling, Mode, Policy as Rules};
use crate::replay::model::{Policy, Prices, STEP_MINUTES, Seen, Sizes};
use crate::state::Entry;

/// Points that a tick reads: three hours.
const POINTS: usize = 180;
/// Memory that comes with an OCPU, in GB.
const MEMORY_PER_OCPU_GB: f64 = 16.0;
const SHAPE: &str = "VM.Standard.E5.Flex";

/// One machine under the rules.
#[derive(Debug)]
pub struct Ours {
    rules: Rules,
    config_hash: String,
    shape: Shape,
    instance: Instance,
    entry: Option<Entry>,
}

impl Ours {
    /// With the default policy at these bounds and prices.
    #[must_use]
    pub fn new(sizes: Sizes, prices: Prices) -> Self {
        Self::with(played(&Rules::default(), sizes, prices))
    }

    /// With a policy.
    #[must_use]
    pub fn with(rules: Rules) -> Self {
        let config_hash = rules.hash();
        Self { rules, config_hash, shape: shape(), instance: instance(), entry: None }
    }

    /// Points of the sample; none where the monitoring has a gap.
    fn measure(&mut self, seen: Seen) {
        let Some(busy) = seen.busy else { return };
        let cpu = &mut self.instance.cpu;
        let surplus = (cpu.len() + STEP_MINUTES as usize).saturating_sub(POINTS);
        cpu.drain(..surplus);
        let minutes = (0..i64::from(STEP_MINUTES)).map(|minute| seen.at + minute * 60);
        cpu.extend(minutes.filter_map(|at| Some(Point { at: Timestamp::from_second(at).ok()?, value: busy })));
    }
}

impl Policy for Ours {
    fn next(&mut self, seen: Seen) -> u32 {
        self.measure(seen);
        let Ok(now) = Timestamp::from_second(seen.at + i64::from(STEP_MINUTES) * 60) else { return seen.size };
        self.instance.size = Some(size(seen.size));
        let entry = self.entry.get_or_insert_with(|| Entry::new(now));
        let case = Case {
            now,
            epoch: 1,
            policy: &self.rules,
            config_hash: &self.config_hash,
            shape: Some(&self.shape),
            instance: &self.instance,
            allowance: Allowance::UNLIMITED,
            no_room: None,
        };
        let verdict = one(&case, entry);
        let Some(wanted) = verdict.resize() else { return seen.size };
        entry.command(&case, &verdict);
        // The machine is seen at its new size before anything is measured there.
        let resized = Instance { size: Some(wanted), ..self.instance.clone() };
        let _seen = one(&Case { instance: &resized, ..case }, entry);
        ocpus(wanted).unwrap_or(seen.size)
    }
}

/// A policy in the world of the replay: with its sizes and prices, restarts allowed where a resize is one, memory not
/// watched. There is one
/// machine without tags or a compartment, so what the policy says for others is not asked.
#[must_use]
pub fn played(base: &Rules, sizes: Sizes, prices: Prices) -> Rules {
    let mut rules =
        Rules { mode: Mode::Enforce, allow_reboot: prices.reboot_minutes > 0.0, overrides: Vec::new(), ..base.clone() };
    rules.limits.coupling = Coupling::Coupled;
    rules.limits.min_ocpus = f64::from(sizes.min);
    rules.limits.max_ocpus = f64::from(sizes.max);
    rules.limits.min_memory_gb = f64::from(sizes.min) * MEMORY_PER_OCPU_GB;
    rules.limits.max_memory_gb = f64::from(sizes.max) * MEMORY_PER_OCPU_GB;
    rules.limits.quantum_ocpus = f64::from(sizes.step);
    rules.limits.coupled_memory_gb_per_ocpu = MEMORY_PER_OCPU_GB;
    rules.down.watch_memory = false;
    rules.prices.memory_gb_price_per_hour = 0.0;
    rules.prices.ocpu_price_per_hour = prices.ocpu_hour;
    rules.prices.violation_price_per_minute = prices.violation_minute;
    rules.prices.resize_downtime_minutes = prices.reboot_minutes;
    rules
}

fn size(ocpus: u32) -> Size {
    Size { ocpus: f64::from(ocpus), memory_gb: f64::from(ocpus) * MEMORY_PER_OCPU_GB }
}

/// Whole OCPUs of a size.
fn ocpus(size: Size) -> Option<u32> {
    // Not negative and small: the cast is exact.
    (size.ocpus.is_finite() && (0.0..=1e6).contains(&size.ocpus)).then(|| size.ocpus.round() as u32)
}

/// A shape without limits of its own that the replay's sizes would meet.
fn shape() -> Shape {
    Shape {
        name: SHAPE.to_owned(),
        availability_domain: None,
        is_flexible: Some(true),
        min_ocpus: Some(1.0),
        max_ocpus: Some(94.0),
        min_memory_gb: Some(1.0),
        max_memory_gb: Some(1504.0),
        min_memory_per_ocpu_gb: Some(1.0),
        max_memory_per_ocpu_gb: Some(64.0),
        max_memory_per_numa_node_gb: None,
        resizes_to: Vec::new(),
    }
}

fn instance() -> Instance {
    Instance {
        baseline: Some("BASELINE_1_1".to_owned()),
        on_dedicated_host: Some(false),
        preemptible: Some(false),
        cpu: Vec::with_capacity(POINTS),
        ..Instance::unknown("replayed", MachineState::Running, SHAPE)
    }
}
