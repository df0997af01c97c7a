//! Settings of the autoscaler.

use std::collections::BTreeMap;
use std::time::Duration;

use causeway_cloud::{folder_of_setting, object_path};
use causeway_runtime::{Settings, Vars};

use crate::policy::{Mode, Policy};
use crate::policy_document;
use crate::request::Scope;

/// What a tick still does when the time for work is over belongs to its lease too: calls that are under way, the state, the
/// audit, alerts and figures.
const AFTER_WORK_SECONDS: u64 = 60;

/// Where the rules come from.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyFrom {
    /// The variable, or the default policy.
    Here(Box<Policy>),
    /// An object of the bucket, read at every tick.
    Object(String),
}

/// How ticks are carried out; what is decided in them is in the policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Above the policy's mode.
    pub mode: Option<Mode>,
    /// The rules.
    pub policy: PolicyFrom,
    /// The fleet.
    pub scope: Scope,
    /// Namespace of the machines' metrics.
    pub agent_namespace: String,
    /// Name of the CPU metric, in percent.
    pub cpu_metric: String,
    /// Name of the memory metric, in percent.
    pub memory_metric: String,
    /// Namespace of the metrics that are published; none are without one.
    pub published_namespace: Option<String>,
    /// Folder of the audit objects in the bucket.
    pub audit_prefix: String,
    /// Whether each tick leaves what it decided from too.
    pub records_inputs: bool,
    /// How long a tick belongs to an invocation that gives no sign of life.
    pub lease: Duration,
    /// No work begins later than this after the start.
    pub stop_after: Duration,
    /// Calls of Compute under way at once.
    pub concurrency: usize,
}

impl Settings for Config {
    const PREFIX: &'static str = "FLEX_AUTOSCALER_";

    fn read(vars: &mut Vars) -> Self {
        let mode = mode(vars);
        let policy = policy(vars);
        let (lease, stop_after) = times(vars);
        Self {
            mode,
            policy,
            scope: Scope { compartment_id: None, tags: tags(vars) },
            agent_namespace: vars.text(
                "FLEX_AUTOSCALER_AGENT_NAMESPACE",
                "oci_computeagent",
                "namespace of the machines' metrics",
            ),
            cpu_metric: vars.text("FLEX_AUTOSCALER_CPU_METRIC", "CpuUtilization", "CPU metric, in percent"),
            memory_metric: vars.text("FLEX_AUTOSCALER_MEMORY_METRIC", "MemoryUtilization", "memory metric, in percent"),
            published_namespace: vars.optional_text(
                "FLEX_AUTOSCALER_PUBLISH_NAMESPACE",
                "namespace under which decisions and ticks are published as custom metrics; none are when unset",
            ),
            audit_prefix: prefix(vars),
            records_inputs: records_inputs(vars),
            lease,
            stop_after,
            concurrency: vars.number(
                "FLEX_AUTOSCALER_CONCURRENCY",
                50,
                1..=64,
                "calls of Compute that are under way at once",
            ),
        }
    }
}

fn mode(vars: &mut Vars) -> Option<Mode> {
    let word = vars.choice(
        "FLEX_AUTOSCALER_MODE",
        &["policy", "off", "dry_run", "recommend", "enforce"],
        "policy",
        "off, dry_run (decides, writes nothing), recommend (records and tells), enforce (resizes), or policy: as the \
         policy says, which recommends unless it says otherwise",
    );
    match word {
        "off" => Some(Mode::Off),
        "dry_run" => Some(Mode::DryRun),
        "recommend" => Some(Mode::Recommend),
        "enforce" => Some(Mode::Enforce),
        _ => None,
    }
}

fn policy(vars: &mut Vars) -> PolicyFrom {
    let text = vars.optional_text("FLEX_AUTOSCALER_POLICY", "the policy itself, JSON or YAML");
    let object = vars.optional_text(
        "FLEX_AUTOSCALER_POLICY_OBJECT",
        "object of CAUSEWAY_BUCKET with the policy, JSON or YAML, read at every tick",
    );
    if text.is_some() && object.is_some() {
        vars.reject("FLEX_AUTOSCALER_POLICY and FLEX_AUTOSCALER_POLICY_OBJECT exclude each other");
    }
    if let Some(name) = object {
        if let Err(error) = object_path(&name) {
            vars.reject(format!("FLEX_AUTOSCALER_POLICY_OBJECT: {error}"));
        }
        return PolicyFrom::Object(name);
    }
    let policy = policy_document::read(text.as_deref().unwrap_or_default()).unwrap_or_else(|problems| {
        vars.reject(format!("FLEX_AUTOSCALER_POLICY: {}", policy_document::told(&problems)));
        Policy::default()
    });
    PolicyFrom::Here(Box::new(policy))
}

/// `team=a,stage=prod`.
fn tags(vars: &mut Vars) -> BTreeMap<String, String> {
    let text = vars.optional_text(
        "FLEX_AUTOSCALER_TAGS",
        "free-form tags of the machines of the fleet, as key=value,key=value; the whole compartment when unset",
    );
    let mut tags = BTreeMap::new();
    for pair in text.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                tags.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            _ => vars.reject(format!("FLEX_AUTOSCALER_TAGS has {pair:?}, expected key=value")),
        }
    }
    tags
}

fn prefix(vars: &mut Vars) -> String {
    const NAME: &str = "FLEX_AUTOSCALER_AUDIT_PREFIX";
    let text = vars.text(
        NAME,
        "flex-autoscaler/audit",
        "folder of CAUSEWAY_BUCKET where each tick leaves an object with its decisions",
    );
    let folder = folder_of_setting(NAME, &text).map(str::to_owned);
    folder.unwrap_or_else(|problem| {
        vars.reject(problem);
        text
    })
}

fn records_inputs(vars: &mut Vars) -> bool {
    let word = vars.choice(
        "FLEX_AUTOSCALER_RECORD",
        &["decisions", "inputs"],
        "decisions",
        "what a tick leaves in the bucket: decisions (the audit), or inputs (beside it, all that was decided from, for \
         flex-autoscaler decide)",
    );
    word == "inputs"
}

fn times(vars: &mut Vars) -> (Duration, Duration) {
    let lease = vars.number(
        "FLEX_AUTOSCALER_LEASE_SECONDS",
        330_u64,
        5..=3600,
        "seconds until another tick may begin when one gives no sign of life; 60 above FLEX_AUTOSCALER_STOP_AFTER_SECONDS at least",
    );
    let stop_after = vars.number(
        "FLEX_AUTOSCALER_STOP_AFTER_SECONDS",
        240_u64,
        1..=3000,
        "seconds after which a tick begins no further work; never more than 80 % of the invocation's time",
    );
    if lease < stop_after.saturating_add(AFTER_WORK_SECONDS) {
        vars.reject(format!(
            "FLEX_AUTOSCALER_LEASE_SECONDS must be FLEX_AUTOSCALER_STOP_AFTER_SECONDS and {AFTER_WORK_SECONDS} at least"
        ));
    }
    (Duration::from_secs(lease), Duration::from_secs(stop_after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Config, Vec<String>) {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut vars = Vars::new(pairs);
        let config = Config::read(&mut vars);
        (config, vars.problems().to_vec())
    }

    #[test]
    fn defaults_recommend() {
        let (config, _) = read(&[]);
        assert_eq!((config.mode, config.lease.as_secs(), config.stop_after.as_secs()), (None, 330, 240));
        assert!(matches!(config.policy, PolicyFrom::Here(policy) if policy.mode == Mode::Recommend));
    }

    #[test]
    fn a_lease_outlasts_what_a_tick_does_when_its_time_is_over() {
        for (lease, is_enough) in [("299", false), ("300", true), ("330", true)] {
            let (_, problems) = read(&[("FLEX_AUTOSCALER_LEASE_SECONDS", lease)]);
            let is_told = problems.iter().any(|problem| problem.contains("STOP_AFTER_SECONDS and 60"));
            assert_eq!(is_told, !is_enough, "{lease}: {problems:?}");
        }
    }

    #[test]
    fn modes_tags_and_policies() {
        let (config, _) = read(&[
            ("FLEX_AUTOSCALER_MODE", "Enforce"),
            ("FLEX_AUTOSCALER_TAGS", " team = a, stage=prod ,"),
            ("FLEX_AUTOSCALER_POLICY", "allow_reboot: true"),
        ]);
        assert_eq!((config.mode, config.scope.tags.len()), (Some(Mode::Enforce), 2));
        assert_eq!(config.scope.tags["team"], "a");
        assert!(matches!(config.policy, PolicyFrom::Here(policy) if policy.allow_reboot));
        let (config, _) = read(&[("FLEX_AUTOSCALER_POLICY_OBJECT", "policies/a.yaml")]);
        assert_eq!(config.policy, PolicyFrom::Object("policies/a.yaml".to_owned()));
    }
}
