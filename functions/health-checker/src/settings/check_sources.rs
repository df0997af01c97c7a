//! What is wrong with sources.

use std::collections::BTreeSet;

use serde_json_path::JsonPath;

use super::check::{Findings, check_metric, command, is_name, is_object, request};
use super::{Number, Settings, Tenant, VantageFrom, VantageSource};

/// Clusters of one tenant.
const MAX_CLUSTERS: usize = 20;
/// Other vantage points, and folders of breakers.
const MAX_SOURCES: usize = 200;
const MAX_FOLDERS: usize = 20;

impl Settings {
    pub(super) fn check_sources(&self, findings: &mut Findings) {
        for (index, tenant) in self.tenants.iter().enumerate() {
            of_tenant(&format!("tenants[{index}]"), tenant, findings);
        }
        findings.unless(self.vantages.len() <= MAX_SOURCES, "vantages", "must not be more than 200");
        let mut known = BTreeSet::new();
        for (index, source) in self.vantages.iter().enumerate() {
            let path = format!("vantages[{index}]");
            findings.unless(known.insert((&source.vantage, &source.check)), &path, "is there already");
            self.of_vantage(&path, source, findings);
        }
        self.of_breakers(findings);
    }

    fn of_vantage(&self, path: &str, source: &VantageSource, findings: &mut Findings) {
        let asks = |check: &super::Check| {
            let quorum = check.quorum.as_ref();
            quorum.is_some_and(|quorum| quorum.vantages.contains(&source.vantage))
        };
        match self.find(&source.check) {
            None => findings.say(format!("{path}.check"), "there is no such check"),
            Some(check) => {
                findings.unless(asks(check), format!("{path}.vantage"), "is not in the quorum of the check");
            }
        }
        let path = format!("{path}.from");
        match &source.from {
            VantageFrom::OciHealthChecks(results) => {
                let path = format!("{path}.oci_health_checks.monitor");
                findings.unless(results.monitor.starts_with("ocid1."), path, "must be an OCID");
            }
            VantageFrom::Metric(metric) => {
                let path = format!("{path}.metric");
                check_metric(&path, metric, findings);
                let interval = self.find(&source.check).map_or(u32::MAX, |check| check.interval_seconds);
                let is_fresh = metric.max_age_minutes.saturating_mul(60) <= interval.saturating_mul(2);
                let text = "must be two intervals of the check at most: what is older has no voice";
                findings.unless(is_fresh, format!("{path}.max_age_minutes"), text);
            }
            VantageFrom::Results(call) => {
                let (headers, secrets) = (call.headers.keys(), call.secret_headers.keys());
                request(&format!("{path}.results"), &call.url, headers, secrets, findings);
            }
        }
    }

    fn of_breakers(&self, findings: &mut Findings) {
        findings.unless(self.breakers.len() <= MAX_FOLDERS, "breakers", "must not be more than 20");
        let mut known = BTreeSet::new();
        for (index, folder) in self.breakers.iter().enumerate() {
            let path = format!("breakers[{index}]");
            let text = "must be breakers, chat-breakers, side2.breakers or a folder below one of them";
            findings.unless(folder.parts().is_some(), format!("{path}.folder"), text);
            findings.unless(known.insert(&folder.folder), format!("{path}.folder"), "is there already");
            if let Err(text) = folder.config() {
                findings.say(format!("{path}.rules"), text);
            }
        }
        for (index, check) in self.checks.iter().enumerate() {
            let is_named = check.breaker.as_ref().is_none_or(|name| !name.trim().is_empty() && name.len() <= 200);
            findings.unless(is_named, format!("checks[{index}].breaker"), "must have 1 to 200 bytes");
        }
    }
}

fn of_tenant(path: &str, tenant: &Tenant, findings: &mut Findings) {
    let many = tenant.clusters.len() <= MAX_CLUSTERS;
    findings.unless(many, format!("{path}.clusters"), format!("must not be more than {MAX_CLUSTERS}"));
    let mut known = BTreeSet::new();
    for (index, cluster) in tenant.clusters.iter().enumerate() {
        let path = format!("{path}.clusters[{index}]");
        let is_new = is_name(&cluster.id) && known.insert(&cluster.id);
        findings.unless(is_new, format!("{path}.id"), "must be a name like an id, and unique");
        findings.unless(cluster.quorum >= 1, format!("{path}.quorum"), "must be above 0");
        number(&format!("{path}.running"), &cluster.running, findings);
    }
    if let Some(lag) = &tenant.replication_lag_seconds {
        number(&format!("{path}.replication_lag_seconds"), lag, findings);
    }
    if let Some(source) = &tenant.escalations {
        let text = "must be the name of an object";
        findings.unless(is_object(&source.object), format!("{path}.escalations.object"), text);
        findings.unless(!source.secret.is_empty(), format!("{path}.escalations.secret"), "must not be empty");
    }
}

fn number(path: &str, number: &Number, findings: &mut Findings) {
    match number {
        Number::OciMetric(metric) => {
            let is_age = (1..=120).contains(&metric.max_age_minutes);
            findings.unless(is_age, format!("{path}.oci_metric.max_age_minutes"), "must be from 1 to 120");
            let is_count = metric.series.is_none_or(|count| (1..=10_000).contains(&count));
            findings.unless(is_count, format!("{path}.oci_metric.series"), "must be from 1 to 10000");
        }
        Number::Command(source) => {
            command(&format!("{path}.command.call"), &source.call, findings);
            if JsonPath::parse(&source.path).is_err() {
                findings.say(format!("{path}.command.path"), "is no JSONPath");
            }
        }
    }
}
