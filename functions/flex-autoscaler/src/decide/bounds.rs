//! Policy, shape, windows, quota and budget as bounds of a size (R9, R15). A bound may stop a change, never turn it.

use causeway_cloud::fleet::{Shape, Size};

use crate::policy::{Coupling, Policy};
use crate::record::Clamp;
use crate::size::{ceil_to, floor_to, larger, price_per_hour, same, smaller, tidy};

use super::one::Allowance;

/// A bound and its name.
#[derive(Debug, Clone, Copy)]
struct Bound {
    rule: &'static str,
    code: &'static str,
    ocpus: f64,
    memory_gb: f64,
}

/// All bounds of a machine.
#[derive(Debug)]
pub(crate) struct Bounds<'a> {
    policy: &'a Policy,
    most: Vec<Bound>,
    least: Vec<Bound>,
}

/// A size within bounds.
#[derive(Debug)]
pub(crate) struct Clamped {
    pub size: Size,
    pub clamps: Vec<Clamp>,
}

impl<'a> Bounds<'a> {
    /// Of policy and shape, and of the ceilings of the windows in force.
    pub(crate) fn new(policy: &'a Policy, shape: Option<&Shape>, ceiling: Size) -> Self {
        let limits = &policy.limits;
        let most = |code, ocpus, memory_gb| Bound { rule: "R9", code, ocpus, memory_gb };
        let of = |value: Option<f64>, unknown: f64| value.filter(|value| value.is_finite()).unwrap_or(unknown);
        let mut bounds = Self { policy, most: Vec::new(), least: Vec::new() };
        let infinite = f64::INFINITY;
        bounds.most.push(most("policy_ocpus_max", limits.max_ocpus, infinite));
        bounds.most.push(most("policy_memory_max", infinite, limits.max_memory_gb));
        bounds.most.push(most("shape_ocpus_max", of(shape.and_then(|shape| shape.max_ocpus), infinite), infinite));
        bounds.most.push(most("shape_memory_max", infinite, of(shape.and_then(|shape| shape.max_memory_gb), infinite)));
        bounds.most.push(Bound {
            rule: "R12",
            code: "window_ceiling",
            ocpus: ceiling.ocpus,
            memory_gb: ceiling.memory_gb,
        });
        bounds.least.push(most("policy_min", limits.min_ocpus, limits.min_memory_gb));
        let least =
            (of(shape.and_then(|shape| shape.min_ocpus), 0.0), of(shape.and_then(|shape| shape.min_memory_gb), 0.0));
        bounds.least.push(most("shape_min", least.0, least.1));
        bounds
    }

    /// Adds a floor that nothing shrinks below.
    pub(crate) fn floor(&mut self, rule: &'static str, code: &'static str, floor: Size) {
        self.least.push(Bound { rule, code, ocpus: floor.ocpus, memory_gb: floor.memory_gb });
    }

    /// The least size of policy and shape.
    pub(crate) fn least(&self) -> Size {
        self.least.iter().take(2).fold(Size { ocpus: 0.0, memory_gb: 0.0 }, |least, bound| {
            larger(least, Size { ocpus: bound.ocpus, memory_gb: bound.memory_gb })
        })
    }

    /// Whether no size at all is allowed.
    pub(crate) fn are_empty(&self) -> bool {
        let least = self.least();
        self.most.iter().any(|bound| least.ocpus > bound.ocpus || least.memory_gb > bound.memory_gb)
    }

    /// A larger size, cut to the bounds, never below the present one.
    pub(crate) fn up(&self, current: Size, wanted: Size, allowance: &Allowance, is_emergency: bool) -> Clamped {
        let mut clamped = Clamped { size: wanted, clamps: Vec::new() };
        for bound in &self.most {
            clamped.cut(current, bound, self.lowered(clamped.size, bound));
        }
        let quota = Bound {
            rule: "R9",
            code: "quota",
            ocpus: current.ocpus + allowance.ocpus.max(0.0),
            memory_gb: current.memory_gb + allowance.memory_gb.max(0.0),
        };
        clamped.cut(current, &quota, self.lowered(clamped.size, &quota));
        let money = if is_emergency { allowance.emergency_price_per_hour } else { allowance.price_per_hour };
        let budget = Bound { rule: "R15", code: "budget", ..quota };
        clamped.cut(current, &budget, self.affordable(current, clamped.size, money));
        clamped
    }

    /// A smaller size, raised to the bounds, never above the present one.
    pub(crate) fn down(&self, current: Size, wanted: Size) -> Clamped {
        let mut clamped = Clamped { size: wanted, clamps: Vec::new() };
        for bound in &self.least {
            let raised = smaller(self.raised(clamped.size, bound), current);
            clamped.note(bound, raised);
        }
        clamped
    }

    /// A size below an upper bound. Coupled memory takes its OCPUs with it.
    fn lowered(&self, size: Size, bound: &Bound) -> Size {
        let limits = &self.policy.limits;
        if size.ocpus <= bound.ocpus + 1e-6 && size.memory_gb <= bound.memory_gb + 1e-6 {
            return size;
        }
        let ratio = limits.coupled_memory_gb_per_ocpu;
        let memory = size.memory_gb.min(floor_to(bound.memory_gb.min(1e9), limits.quantum_memory_gb));
        match limits.coupling {
            Coupling::Independent => {
                Size { ocpus: size.ocpus.min(floor_to(bound.ocpus.min(1e9), limits.quantum_ocpus)), memory_gb: memory }
            }
            Coupling::Coupled => {
                let most = bound.ocpus.min(bound.memory_gb / ratio).min(1e9);
                let ocpus = size.ocpus.min(floor_to(most, limits.quantum_ocpus));
                Size { ocpus, memory_gb: memory.min(tidy(ocpus * ratio)) }
            }
        }
    }

    /// A size above a lower bound.
    fn raised(&self, size: Size, bound: &Bound) -> Size {
        let limits = &self.policy.limits;
        if size.ocpus >= bound.ocpus - 1e-6 && size.memory_gb >= bound.memory_gb - 1e-6 {
            return size;
        }
        let ocpus = size.ocpus.max(ceil_to(bound.ocpus, limits.quantum_ocpus));
        let memory_gb = size.memory_gb.max(ceil_to(bound.memory_gb, limits.quantum_memory_gb));
        match limits.coupling {
            Coupling::Independent => Size { ocpus, memory_gb },
            Coupling::Coupled => {
                let ocpus = ocpus.max(ceil_to(memory_gb / limits.coupled_memory_gb_per_ocpu, limits.quantum_ocpus));
                Size { ocpus, memory_gb: memory_gb.max(tidy(ocpus * limits.coupled_memory_gb_per_ocpu)) }
            }
        }
    }

    /// The largest size on the way to the wanted one that this money pays for.
    fn affordable(&self, current: Size, wanted: Size, money: f64) -> Size {
        const PARTS: u32 = 4096;
        let prices = &self.policy.prices;
        let is_paid = |size: Size| price_per_hour(size, prices) - price_per_hour(current, prices) <= money + 1e-9;
        if is_paid(wanted) {
            return wanted;
        }
        let (mut paid, mut unpaid) = (0, PARTS);
        while unpaid - paid > 1 {
            let middle = paid.midpoint(unpaid);
            if is_paid(self.part(current, wanted, f64::from(middle) / f64::from(PARTS))) {
                paid = middle;
            } else {
                unpaid = middle;
            }
        }
        self.part(current, wanted, f64::from(paid) / f64::from(PARTS))
    }

    /// A part of the way from one size to a larger one, in whole quanta.
    pub(crate) fn part(&self, current: Size, wanted: Size, share: f64) -> Size {
        let limits = &self.policy.limits;
        let way = |from: f64, to: f64, quantum| floor_to(from + share * (to - from), quantum).clamp(from, to);
        let ocpus = way(current.ocpus, wanted.ocpus, limits.quantum_ocpus);
        let memory_gb = match limits.coupling {
            Coupling::Coupled => {
                tidy(ocpus * limits.coupled_memory_gb_per_ocpu).clamp(current.memory_gb, wanted.memory_gb)
            }
            Coupling::Independent => way(current.memory_gb, wanted.memory_gb, limits.quantum_memory_gb),
        };
        Size { ocpus, memory_gb }
    }
}

impl Clamped {
    fn cut(&mut self, current: Size, bound: &Bound, cut: Size) {
        self.note(bound, larger(cut, current));
    }

    fn note(&mut self, bound: &Bound, size: Size) {
        if !same(size, self.size) {
            self.clamps.push(Clamp { rule: bound.rule, code: bound.code, from: self.size, to: size });
            self.size = size;
        }
    }
}
