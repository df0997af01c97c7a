//! A scenario as people write it.

use causeway_runtime::{Document, DocumentProblem, read_document};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::{BurnRules, Divergence, RollbackRules, Tenant, Window};

/// Largest scenario in bytes.
pub const MAX_BYTES: usize = 256 << 10;
/// Longest scenario in minutes: two days.
const MAX_MINUTES: u32 = 2 * 1440;
/// Most calls of a minute.
const MAX_CALLS: u32 = 1_000_000;

/// One tenant and what happens to it. Counts are drawn from a binomial distribution; the same seed draws the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    #[serde(default = "name")]
    pub name: String,
    /// Beginning of the first minute.
    #[serde(default = "start")]
    pub start: Timestamp,
    /// Where the draws begin. Default 1.
    #[serde(default = "seed")]
    pub seed: u64,
    /// Whether counts are rounded instead of drawn. Default false.
    #[serde(default)]
    pub exact: bool,
    /// Minutes by which metrics are late. Default 0.
    #[serde(default)]
    pub lag_minutes: u32,
    /// Whether what the signal says is done: traffic then goes to the other side, and the rest is played there. Default
    /// true.
    #[serde(default = "yes")]
    pub obey: bool,
    /// Minutes from a signal until traffic has moved; one that is withdrawn before moves nothing. As long as the rules say
    /// that DNS takes when absent: 3.
    #[serde(default)]
    pub move_minutes: Option<u32>,
    /// What happens, one after the other.
    pub stretches: Vec<Stretch>,
    /// Usual 95th percentile of the response time in milliseconds.
    #[serde(default)]
    pub baseline_p95_ms: Option<f64>,
    /// What becomes of writes. Default `read_only`.
    #[serde(default = "read_only")]
    pub divergence: Option<Divergence>,
    /// Minutes between the cutover and the start. Default 60.
    #[serde(default = "hour")]
    pub minutes_since_cutover: u32,
    /// The rules.
    #[serde(default)]
    pub rollback: RollbackRules,
    /// The budget for errors.
    #[serde(default)]
    pub burn: BurnRules,
    /// Maintenance windows.
    #[serde(default)]
    pub maintenance: Vec<Window>,
}

/// Minutes that are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// How many.
    pub minutes: u32,
    /// Calls of each minute; none are measured when absent.
    #[serde(default)]
    pub calls: Option<u32>,
    /// Errors in percent of the calls. Default 0.
    #[serde(default)]
    pub error_percent: f64,
    /// 95th percentile of the response time in milliseconds.
    #[serde(default)]
    pub p95_ms: Option<f64>,
    /// Whether the other side works. Default true.
    #[serde(default = "yes")]
    pub target_works: bool,
    /// Errors in percent of the calls on the other side, once traffic is there. Default 0.
    #[serde(default)]
    pub target_error_percent: f64,
}

fn name() -> String {
    "scenario".to_owned()
}

fn start() -> Timestamp {
    Timestamp::constant(1_767_225_600, 0)
}

fn seed() -> u64 {
    1
}

fn yes() -> bool {
    true
}

fn hour() -> u32 {
    60
}

fn read_only() -> Option<Divergence> {
    Some(Divergence::ReadOnly)
}

/// Reads and checks a scenario.
///
/// # Errors
/// Everything that is wrong, each with its place.
pub fn read(text: &str) -> Result<Scenario, Vec<DocumentProblem>> {
    let document: Document<Scenario> = read_document(text, MAX_BYTES).map_err(|problem| vec![problem])?;
    let problems = document.value.check();
    if problems.is_empty() {
        return Ok(document.value);
    }
    Err(problems.into_iter().map(|(path, text)| document.problem(path, text)).collect())
}

impl Scenario {
    /// The tenant that it is about.
    pub(super) fn tenant(&self) -> Tenant {
        Tenant {
            id: "tenant".to_owned(),
            divergence: self.divergence,
            baseline_p95_ms: self.baseline_p95_ms,
            ..Tenant::default()
        }
    }

    /// Minutes from a signal until traffic has moved.
    pub(super) fn moved_after(&self) -> u32 {
        let moving = &self.rollback.moving;
        let seconds = moving.dns_change_seconds + moving.dns_ttl_seconds + moving.dns_tail_seconds;
        self.move_minutes.unwrap_or(seconds.div_ceil(60))
    }

    fn check(&self) -> Vec<(String, String)> {
        // The rules are checked as those of settings are.
        let settings = crate::settings::Settings {
            rollback: self.rollback.clone(),
            burn: self.burn.clone(),
            maintenance: self.maintenance.clone(),
            ..crate::settings::Settings::default()
        };
        let mut problems = settings.check();
        let mut unless = |holds: bool, path: String, text: String| {
            if !holds {
                problems.push((path, text));
            }
        };
        let total = self.stretches.iter().fold(0_u32, |sum, stretch| sum.saturating_add(stretch.minutes));
        let text = format!("must have 1 to {MAX_MINUTES} minutes in all");
        unless((1..=MAX_MINUTES).contains(&total), "stretches".to_owned(), text);
        let days = jiff::SignedDuration::from_hours(72);
        let is_inside = self.start.checked_add(days).is_ok() && self.start.checked_sub(days).is_ok();
        unless(is_inside, "start".to_owned(), "is too near to the end of time".to_owned());
        let is_soon = self.move_minutes.is_none_or(|minutes| minutes <= 60);
        unless(is_soon, "move_minutes".to_owned(), "must be from 0 to 60".to_owned());
        unless(self.lag_minutes <= 60, "lag_minutes".to_owned(), "must be from 0 to 60".to_owned());
        for (index, stretch) in self.stretches.iter().enumerate() {
            let path = |member: &str| format!("stretches[{index}].{member}");
            let is_few = stretch.calls.is_none_or(|calls| calls <= MAX_CALLS);
            unless(is_few, path("calls"), format!("must be up to {MAX_CALLS}"));
            let shares =
                [("error_percent", stretch.error_percent), ("target_error_percent", stretch.target_error_percent)];
            for (member, share) in shares {
                unless((0.0..=100.0).contains(&share), path(member), "must be from 0 to 100".to_owned());
            }
            let is_time = stretch.p95_ms.is_none_or(|ms| ms >= 0.0 && ms.is_finite());
            unless(is_time, path("p95_ms"), "must not be below 0".to_owned());
        }
        problems
    }
}
