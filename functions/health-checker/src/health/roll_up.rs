//! From parts to the whole.

use super::Verdict;

/// A part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What is known of it.
    pub status: Verdict,
    /// What it counts for.
    pub weight: u32,
    /// Whether the whole fails when it fails.
    pub is_critical: bool,
}

/// What is known of the whole: it fails with a critical part, or with `fails_at_percent` of the weight. It is unknown
/// when that depends on parts of which nothing is known, and a pass only when every part is one.
pub fn roll_up(parts: impl Iterator<Item = Part>, fails_at_percent: f64) -> Verdict {
    let parts: Vec<Part> = parts.collect();
    let best = whole(&parts, fails_at_percent, Verdict::Pass);
    let worst = whole(&parts, fails_at_percent, Verdict::Fail);
    match (best, worst) {
        _ if parts.is_empty() => Verdict::Unknown,
        (best, worst) if best == worst => best,
        _ => Verdict::Unknown,
    }
}

/// The whole, if what is not known were so.
fn whole(parts: &[Part], fails_at_percent: f64, unknown: Verdict) -> Verdict {
    let status = |part: &Part| if part.status == Verdict::Unknown { unknown } else { part.status };
    let fails = |part: &&Part| status(part) == Verdict::Fail;
    let weight = |parts: &mut dyn Iterator<Item = &Part>| parts.map(|part| f64::from(part.weight)).sum::<f64>();
    let all = weight(&mut parts.iter());
    let failed = weight(&mut parts.iter().filter(fails));
    if parts.iter().filter(fails).any(|part| part.is_critical) || failed * 100.0 >= fails_at_percent * all.max(1.0) {
        return Verdict::Fail;
    }
    if parts.iter().all(|part| status(part) == Verdict::Pass) { Verdict::Pass } else { Verdict::Degraded }
}
