//! What is wrong with settings, all of it at once.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json_path::JsonPath;

use super::{Call, Check, Condition, DnsProbe, Expect, HttpProbe, MetricProbe, ObjectProbe, Probe, Settings};
use crate::target::Url;

/// Checks, components and tenants: a state has something of each.
const MAX_ENTRIES: usize = 500;
/// Most redirects.
const MAX_REDIRECTS: u8 = 5;
/// Headers that nobody but a vault should know.
const SECRETS: [&str; 6] = ["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"];

/// Collects problems: path and text.
#[derive(Default)]
pub(super) struct Findings(pub(super) Vec<(String, String)>);

impl Findings {
    pub(super) fn say(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.0.push((path.into(), text.into()));
    }

    pub(super) fn unless(&mut self, holds: bool, path: impl Into<String>, text: impl Into<String>) {
        if !holds {
            self.say(path, text);
        }
    }

    /// Numbers that must lie in a range.
    fn within(&mut self, low: f64, high: f64, members: &[(&str, f64)]) {
        for (path, value) in members {
            self.unless((low..=high).contains(value), *path, format!("must be from {low} to {high}"));
        }
    }
}

impl Settings {
    /// Everything that is wrong, as path and text; empty when they can be used.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        let mut findings = Findings::default();
        names(self, &mut findings);
        for (index, check) in self.checks.iter().enumerate() {
            one(&format!("checks[{index}]"), check, &mut findings);
        }
        self.check_windows(&mut findings);
        self.check_health(&mut findings);
        self.check_rollback(&mut findings);
        self.check_burn(&mut findings);
        self.check_sources(&mut findings);
        findings.within(1.0, 64.0, &[("tick.at_once", self.tick.at_once.into())]);
        findings.within(1.0, 240.0, &[("tick.total_seconds", self.tick.total_seconds.into())]);
        findings.0
    }

    fn check_windows(&self, findings: &mut Findings) {
        for (index, window) in self.maintenance.iter().enumerate() {
            let path = |member: &str| format!("maintenance[{index}].{member}");
            findings.unless(TimeZone::get(&window.zone).is_ok(), path("zone"), "is not the IANA name of a time zone");
            findings.unless((1..=1440).contains(&window.minutes), path("minutes"), "must be from 1 to 1440");
            for name in &window.covers {
                findings.unless(self.has(name), path("covers"), format!("{name:?} is no component and no tenant"));
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.checks.iter().any(|check| check.component() == name)
            || self.components.iter().any(|component| component.id == name)
            || self.tenants.iter().any(|tenant| tenant.id == name)
    }

    fn check_health(&self, findings: &mut Findings) {
        let health = &self.health;
        findings.within(
            1.0,
            100.0,
            &[
                ("health.unhealthy_after", health.unhealthy_after.into()),
                ("health.healthy_after", health.healthy_after.into()),
                ("health.fail_rate_percent", health.fail_rate_percent),
                ("health.fail_rate_min_results", health.fail_rate_min_results.into()),
                ("health.degraded_factor", health.degraded_factor),
                ("health.degraded_min_results", health.degraded_min_results.into()),
                ("health.blind_after", health.blind_after.into()),
                ("health.component_fails_at_percent", health.component_fails_at_percent),
                ("health.suspect.at_percent", health.suspect.at_percent),
            ],
        );
        findings.within(1.0, 60.0, &[("health.fail_rate_minutes", health.fail_rate_minutes.into())]);
        findings.within(2.0, 500.0, &[("health.suspect.min_components", health.suspect.min_components.into())]);
    }

    fn check_rollback(&self, findings: &mut Findings) {
        let (errors, latency) = (&self.rollback.errors, &self.rollback.latency);
        let (cliff, moving) = (&self.rollback.cliff, &self.rollback.moving);
        findings.within(
            0.0,
            100.0,
            &[
                ("rollback.errors.above_percent", errors.above_percent),
                ("rollback.errors.tolerated_percent", errors.tolerated_percent),
                ("rollback.errors.noise_quantile", errors.noise_quantile),
                ("rollback.errors.onset_quantile", errors.onset_quantile),
                ("rollback.errors.early_quantile", errors.early_quantile),
                ("rollback.errors.lower_bound_quantile", errors.lower_bound_quantile),
                ("rollback.cliff.at_percent", cliff.at_percent),
            ],
        );
        findings.within(
            1.0,
            60.0,
            &[
                ("rollback.errors.minutes", errors.minutes.into()),
                ("rollback.errors.span_minutes", errors.span_minutes.into()),
                ("rollback.errors.minutes_when_certain", errors.minutes_when_certain.into()),
                ("rollback.latency.minutes", latency.minutes.into()),
                ("rollback.latency.span_minutes", latency.span_minutes.into()),
                ("rollback.moving.probes_needed", moving.probes_needed.into()),
                ("rollback.moving.probes_of", moving.probes_of.into()),
                ("rollback.moving.clear_minutes", moving.clear_minutes.into()),
                ("rollback.moving.cluster_ticks", moving.cluster_ticks.into()),
                ("rollback.moving.no_data_minutes", moving.no_data_minutes.into()),
                ("rollback.moving.no_data_page_minutes", moving.no_data_page_minutes.into()),
            ],
        );
        findings.within(1.0, 3600.0, &[("rollback.moving.tick_seconds", moving.tick_seconds.into())]);
        findings.within(
            1.0,
            1e6,
            &[
                ("rollback.errors.min_calls", errors.min_calls.into()),
                ("rollback.errors.min_errors", errors.min_errors.into()),
                ("rollback.latency.min_calls", latency.min_calls.into()),
                ("rollback.latency.factor", latency.factor),
                ("rollback.latency.floor_ms", latency.floor_ms),
                ("rollback.cliff.min_calls", cliff.min_calls.into()),
                ("rollback.latency.baseline_hours", latency.baseline_hours.into()),
                ("rollback.latency.baseline_min_calls", latency.baseline_min_calls.into()),
                ("rollback.moving.probe_max_age_seconds", moving.probe_max_age_seconds.into()),
            ],
        );
        findings.within(
            0.0,
            1440.0,
            &[
                ("rollback.errors.usual_minutes", errors.usual_minutes.into()),
                ("rollback.errors.usual_skip_minutes", errors.usual_skip_minutes.into()),
                ("rollback.moving.cooldown_minutes", moving.cooldown_minutes.into()),
                ("rollback.moving.metric_lag_minutes", moving.metric_lag_minutes.into()),
                ("rollback.moving.escalation_minutes", moving.escalation_minutes.into()),
            ],
        );
        findings.within(
            0.0,
            86_400.0,
            &[
                ("rollback.moving.dns_change_seconds", moving.dns_change_seconds.into()),
                ("rollback.moving.dns_ttl_seconds", moving.dns_ttl_seconds.into()),
                ("rollback.moving.dns_tail_seconds", moving.dns_tail_seconds.into()),
            ],
        );
        let ordered = |findings: &mut Findings, is_so: bool, low: &str, high: &str| {
            findings.unless(is_so, format!("rollback.{low}"), format!("must not be above rollback.{high}"));
        };
        ordered(findings, errors.minutes <= errors.span_minutes, "errors.minutes", "errors.span_minutes");
        let certain = errors.minutes_when_certain <= errors.minutes;
        ordered(findings, certain, "errors.minutes_when_certain", "errors.minutes");
        let tolerated = errors.tolerated_percent <= errors.above_percent;
        ordered(findings, tolerated, "errors.tolerated_percent", "errors.above_percent");
        ordered(findings, latency.minutes <= latency.span_minutes, "latency.minutes", "latency.span_minutes");
        ordered(findings, moving.probes_needed <= moving.probes_of, "moving.probes_needed", "moving.probes_of");
    }

    fn check_burn(&self, findings: &mut Findings) {
        findings.within(50.0, 99.9999, &[("burn.objective_percent", self.burn.objective_percent)]);
        findings.within(1.0, 100.0, &[("burn.min_measured_percent", self.burn.min_measured_percent)]);
        findings.within(1.0, 1e9, &[("burn.min_calls_per_hour", self.burn.min_calls_per_hour)]);
        for (index, pair) in self.burn.objectives.iter().enumerate() {
            let is_pair = 1 <= pair.short_minutes && pair.short_minutes < pair.long_minutes && pair.long_minutes <= 360;
            let path = format!("burn.objectives[{index}]");
            findings.unless(is_pair, &path, "needs 1 <= short_minutes < long_minutes <= 360");
            findings.unless(pair.factor > 0.0 && pair.factor.is_finite(), path + ".factor", "must be above 0");
        }
    }
}

/// Names are unique, short and plain: they become keys of alerts and parts of pages.
fn names(settings: &Settings, findings: &mut Findings) {
    let mut all = |list: &str, names: Vec<&str>| {
        findings.unless(names.len() <= MAX_ENTRIES, list, format!("must not be more than {MAX_ENTRIES}"));
        let mut known = BTreeSet::new();
        for (index, name) in names.into_iter().enumerate() {
            let path = format!("{list}[{index}].id");
            findings.unless(is_name(name), &path, "must be 1 to 64 letters, digits, '-', '_' or '.'");
            findings.unless(known.insert(name), path, format!("{name:?} is there already"));
        }
    };
    all("checks", settings.checks.iter().map(|check| check.id.as_str()).collect());
    all("components", settings.components.iter().map(|component| component.id.as_str()).collect());
    all("tenants", settings.tenants.iter().map(|tenant| tenant.id.as_str()).collect());
    all("maintenance", settings.maintenance.iter().map(|window| window.id.as_str()).collect());
    let used: BTreeSet<&str> = settings.checks.iter().map(Check::component).collect();
    for (index, component) in settings.components.iter().enumerate() {
        let path = format!("components[{index}].id");
        findings.unless(used.contains(component.id.as_str()), path, format!("no check is about {:?}", component.id));
    }
    for (index, tenant) in settings.tenants.iter().enumerate() {
        let is_known = tenant.component.as_deref().is_none_or(|component| used.contains(component));
        findings.unless(is_known, format!("tenants[{index}].component"), "no check is about it");
        let is_check = tenant.target_check.as_deref().is_none_or(|check| settings.find(check).is_some());
        findings.unless(is_check, format!("tenants[{index}].target_check"), "there is no such check");
    }
}

pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn one(path: &str, check: &Check, findings: &mut Findings) {
    if let Some(component) = &check.component {
        findings.unless(is_name(component), format!("{path}.component"), "must be a name like an id");
    }
    let interval = check.interval_seconds;
    findings.unless((10..=86_400).contains(&interval), format!("{path}.interval_seconds"), "must be from 10 to 86400");
    let is_short = check.timeout_seconds >= 1 && check.timeout_seconds <= interval / 2;
    let text = "must be from 1 to half of interval_seconds";
    findings.unless(is_short, format!("{path}.timeout_seconds"), text);
    findings.unless((1..=1000).contains(&check.weight), format!("{path}.weight"), "must be from 1 to 1000");
    if let Some(quorum) = &check.quorum {
        let points = quorum.vantages.len() + 1;
        let needed = quorum.needed as usize;
        // Half of them would agree to both.
        let is_agreement = (2..=points).contains(&needed) && needed * 2 > points;
        let text = format!("must be at least 2, and more than half of the {points} vantage points with this checker");
        findings.unless(is_agreement, format!("{path}.quorum.needed"), text);
        let distinct: BTreeSet<&String> = quorum.vantages.iter().collect();
        let is_list = distinct.len() == quorum.vantages.len() && quorum.vantages.iter().all(|name| is_name(name));
        findings.unless(is_list, format!("{path}.quorum.vantages"), "must be names, each once");
    }
    probe(&format!("{path}.probe"), &check.probe, findings);
}

fn probe(path: &str, probe: &Probe, findings: &mut Findings) {
    match probe {
        Probe::Http(http) => check_http(&format!("{path}.http"), http, findings),
        Probe::Command(call) => command(&format!("{path}.command"), call, findings),
        Probe::Tcp(tcp) => host(&format!("{path}.tcp"), &tcp.host, tcp.port, findings),
        Probe::TlsExpiry(tls) => host(&format!("{path}.tls_expiry"), &tls.host, tls.port, findings),
        Probe::Dns(dns) => check_dns(&format!("{path}.dns"), dns, findings),
        Probe::OciMetric(metric) => check_metric(&format!("{path}.oci_metric"), metric, findings),
        Probe::Object(object) => check_object(&format!("{path}.object"), object, findings),
    }
}

fn check_http(path: &str, http: &HttpProbe, findings: &mut Findings) {
    findings.unless(http.follow_redirects <= MAX_REDIRECTS, format!("{path}.follow_redirects"), "must be from 0 to 5");
    request(path, &http.url, http.headers.keys(), http.secret_headers.keys(), findings);
    expect(&format!("{path}.expect"), &http.expect, findings);
}

pub(super) fn command(path: &str, call: &Call, findings: &mut Findings) {
    request(path, &call.url, call.headers.keys(), call.secret_headers.keys(), findings);
    expect(&format!("{path}.expect"), &call.expect, findings);
}

pub(super) fn request<'a>(
    path: &str,
    url: &str,
    headers: impl Iterator<Item = &'a String>,
    secret: impl Iterator<Item = &'a String>,
    findings: &mut Findings,
) {
    match Url::parse(url) {
        Err(problem) => findings.say(format!("{path}.url"), problem),
        Ok(url) => {
            let is_sent_safely = url.is_https() || secret.count() == 0;
            let text = "must begin with https:// where a secret is sent";
            findings.unless(is_sent_safely, format!("{path}.url"), text);
        }
    }
    for name in headers {
        let is_secret = SECRETS.contains(&name.to_ascii_lowercase().as_str());
        let text = "is a secret: name it in secret_headers, with its name in the vault";
        findings.unless(!is_secret, format!("{path}.headers.{name}"), text);
    }
}

fn expect(path: &str, expect: &Expect, findings: &mut Findings) {
    findings.unless(!expect.status.is_empty(), format!("{path}.status"), "must not be empty");
    for (index, condition) in expect.json.iter().enumerate() {
        let path = format!("{path}.json[{index}]");
        if let Err(error) = JsonPath::parse(&condition.path) {
            let text = error.to_string().lines().next().unwrap_or_default().to_owned();
            findings.say(format!("{path}.path"), format!("is no JSONPath: {text}"));
        }
        findings.unless(demands(condition), path, "needs equals, differs, at_least, at_most or exists");
    }
}

fn demands(condition: &Condition) -> bool {
    let Condition { path: _, equals, differs, at_least, at_most, exists, otherwise: _ } = condition;
    equals.is_some() || differs.is_some() || at_least.is_some() || at_most.is_some() || exists.is_some()
}

fn host(path: &str, host: &str, port: u16, findings: &mut Findings) {
    findings.unless(crate::target::is_host(host), format!("{path}.host"), "is neither a name nor an address");
    findings.unless(port > 0, format!("{path}.port"), "must be above 0");
}

fn check_dns(path: &str, dns: &DnsProbe, findings: &mut Findings) {
    findings.unless(crate::target::is_host(&dns.name), format!("{path}.name"), "is no name");
    findings.unless(dns.min_addresses >= 1, format!("{path}.min_addresses"), "must be above 0");
}

pub(super) fn check_metric(path: &str, metric: &MetricProbe, findings: &mut Findings) {
    let bounds = [metric.fail_above, metric.fail_below, metric.degraded_above, metric.degraded_below];
    findings.unless(bounds.iter().any(Option::is_some), path, "needs a bound such as fail_above");
    let is_age = (1..=120).contains(&metric.max_age_minutes);
    findings.unless(is_age, format!("{path}.max_age_minutes"), "must be from 1 to 120");
}

pub(super) fn is_object(name: &str) -> bool {
    !name.is_empty() && name.len() <= 1024 && !name.chars().any(char::is_control)
}

fn check_object(path: &str, object: &ObjectProbe, findings: &mut Findings) {
    findings.unless(is_object(&object.name), format!("{path}.name"), "must be the name of an object");
    if let Some(digest) = &object.sha256 {
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        findings.unless(is_digest, format!("{path}.sha256"), "must be 64 hexadecimal digits");
    }
}
