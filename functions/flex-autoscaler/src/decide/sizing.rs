//! From needs to sizes (R5, R10).

use causeway_cloud::fleet::{Shape, Size};

use crate::policy::{Coupling, Limits, Policy};
use crate::size::{ceil_to, larger, smaller, tidy};

use super::signal::Signal;

/// What a larger size must hold: CPU and memory that is hot asks, the rest asks for nothing.
pub(crate) fn up_need(policy: &Policy, current: Size, cpu: &Signal, memory: &Signal) -> Size {
    Size { ocpus: cpu_up(policy, current.ocpus, cpu), memory_gb: memory_up(policy, current.memory_gb, memory) }
}

fn cpu_up(policy: &Policy, current: f64, cpu: &Signal) -> f64 {
    if !is_hot(policy, cpu) {
        return 0.0;
    }
    let need = cpu.peak / policy.up.target_percent * current;
    // At the top the true demand is unknown: it is what the machine could not give.
    if cpu.peak >= policy.up.censored_at_percent { need.max(current * policy.up.censored_factor) } else { need }
}

fn memory_up(policy: &Policy, current: f64, memory: &Signal) -> f64 {
    let need = memory.peak / policy.up.target_percent * current;
    if memory.is_oom {
        need.max(current * policy.up.oom_factor)
    } else if is_hot(policy, memory) {
        need
    } else {
        0.0
    }
}

/// Whether a metric asks for more.
pub(crate) fn is_hot(policy: &Policy, signal: &Signal) -> bool {
    signal.is_oom || (signal.fits_up && (signal.is_emergency || signal.percentile >= policy.up.at_percent))
}

/// What a smaller size must hold. Memory is held below the point where it would grow again.
pub(crate) fn down_need(policy: &Policy, current: Size, cpu: &Signal, memory: &Signal, day_max: f64) -> Size {
    let ocpus = cpu.window_max / policy.down.target_percent * current.ocpus;
    if !policy.down.watch_memory {
        return Size { ocpus, memory_gb: 0.0 };
    }
    let by_day = day_max / policy.down.memory_target_percent;
    let by_now = memory.percentile / policy.up.at_percent * (1.0 + 1e-9);
    Size { ocpus, memory_gb: by_day.max(by_now) * current.memory_gb }
}

/// The smallest size that holds a need: whole quanta, memory coupled or not.
pub(crate) fn holding(limits: &Limits, need: Size) -> Size {
    let ratio = limits.coupled_memory_gb_per_ocpu;
    match limits.coupling {
        Coupling::Coupled => {
            let ocpus = ceil_to(need.ocpus.max(need.memory_gb / ratio), limits.quantum_ocpus);
            Size { ocpus, memory_gb: tidy(ocpus * ratio) }
        }
        Coupling::Independent => Size {
            ocpus: ceil_to(need.ocpus, limits.quantum_ocpus),
            memory_gb: ceil_to(need.memory_gb, limits.quantum_memory_gb),
        },
    }
}

/// A larger size for a need: at most one step, nothing smaller than now.
pub(crate) fn grown(policy: &Policy, current: Size, need: Size) -> Size {
    let factor = policy.up.max_step_factor;
    let most = Size { ocpus: current.ocpus * factor, memory_gb: current.memory_gb * factor };
    larger(smaller(holding(&policy.limits, need), most), current)
}

/// A smaller size for a need: at most one step, nothing larger than now.
pub(crate) fn shrunk(policy: &Policy, current: Size, need: Size) -> Size {
    let factor = policy.down.max_step_factor;
    let least = Size { ocpus: current.ocpus / factor, memory_gb: current.memory_gb / factor };
    let wanted = match policy.limits.coupling {
        Coupling::Coupled => holding(&policy.limits, Size { ocpus: need.ocpus.max(least.ocpus), ..need }),
        Coupling::Independent => holding(&policy.limits, larger(need, least)),
    };
    smaller(larger(wanted, least), current)
}

/// Memory for each OCPU that the shape allows: least and most in GB; 0 and infinite where unknown.
fn ratios(shape: Option<&Shape>) -> (f64, f64) {
    let bound = |value: Option<f64>| value.filter(|value| value.is_finite() && *value > 0.0);
    let least = shape.and_then(|shape| bound(shape.min_memory_per_ocpu_gb)).unwrap_or(0.0);
    let most = shape.and_then(|shape| bound(shape.max_memory_per_ocpu_gb)).unwrap_or(f64::INFINITY);
    (least, most)
}

/// Whether the shape allows this much memory with this many OCPUs.
pub(crate) fn is_legal(shape: Option<&Shape>, size: Size) -> bool {
    let (least, most) = ratios(shape);
    size.memory_gb >= size.ocpus * least - 1e-6 && size.memory_gb <= size.ocpus * most + 1e-6
}

/// A larger size made legal by more of what there is too little of.
pub(crate) fn legalised(limits: &Limits, shape: Option<&Shape>, size: Size) -> Size {
    let (least, most) = ratios(shape);
    if size.memory_gb > size.ocpus * most {
        return Size { ocpus: ceil_to(size.memory_gb / most, limits.quantum_ocpus), ..size };
    }
    if size.memory_gb < size.ocpus * least {
        return Size { memory_gb: ceil_to(size.ocpus * least, limits.quantum_memory_gb), ..size };
    }
    size
}
