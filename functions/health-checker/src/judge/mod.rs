//! From what a probe met to a finding: pass, degraded, fail, or unknown.
//!
//! A failure of the target and one of the checker are different things ([`Trouble`]): what the checker could not
//! measure is unknown, never a failure and never a pass.

mod condition;
mod trouble;

pub use trouble::{Origin, Trouble};

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::health::Verdict;
use crate::settings::{DnsProbe, Expect, MetricProbe, ObjectProbe, TcpProbe, TlsProbe};

/// Most of a body that is read, in bytes.
pub const MAX_BODY: usize = 64 << 10;
/// Code of an object that the second side of the storage gave.
pub(crate) const SECOND_SIDE: &str = "second_side";
/// Longest detail, in characters: it goes into documents and messages.
const MAX_DETAIL: usize = 200;

/// What one look at one thing has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Name of the check.
    pub check: String,
    /// When the look was over.
    pub at: Timestamp,
    /// What it says.
    pub verdict: Verdict,
    /// Why, as a word; absent for a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long the target took, in milliseconds; absent when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_ms: Option<u32>,
}

/// Something that speaks against a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Objection {
    verdict: Verdict,
    code: &'static str,
    detail: String,
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The body, up to [`MAX_BODY`].
    pub body: Vec<u8>,
    /// Whether there was more of it.
    pub is_cut: bool,
    /// Time to the end of the body, in milliseconds.
    pub took_ms: u32,
    /// End of the certificate; absent without one.
    pub certificate_ends: Option<Timestamp>,
}

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// When it was written last.
    pub modified: Timestamp,
    /// SHA-256 of its content in hex, where that was asked for; `None` when the object is too large.
    pub sha256: Option<String>,
}

impl Finding {
    /// Of the worst objection; a pass without any.
    #[must_use]
    pub fn of(check: &str, at: Timestamp, response_ms: Option<u32>, objections: Vec<Objection>) -> Self {
        let worst = objections.into_iter().min_by_key(|objection| objection.verdict.rank());
        let pass = Self { check: check.to_owned(), at, verdict: Verdict::Pass, code: None, detail: None, response_ms };
        match worst {
            None => pass,
            Some(Objection { verdict, code, detail }) => {
                let detail = detail.chars().filter(|letter| !letter.is_control()).take(MAX_DETAIL).collect();
                Self { verdict, code: Some(code.to_owned()), detail: Some(detail), ..pass }
            }
        }
    }

    /// Of a look that came to nothing.
    #[must_use]
    pub fn of_trouble(check: &str, at: Timestamp, trouble: &Trouble) -> Self {
        let objection = Objection::new(trouble.verdict(), trouble.code(), trouble.to_string());
        Self::of(check, at, None, vec![objection])
    }
}

impl Objection {
    fn new(verdict: Verdict, code: &'static str, detail: impl Into<String>) -> Self {
        Self { verdict, code, detail: detail.into() }
    }
}

/// What speaks against an answer.
#[must_use]
pub fn answer(expect: &Expect, answer: &Answer, now: Timestamp) -> Vec<Objection> {
    let mut objections = Vec::new();
    objections.extend(status(expect, answer.status));
    if answer.is_cut {
        let text = format!("the body is longer than {} KiB", MAX_BODY >> 10);
        objections.push(Objection::new(Verdict::Fail, "body_too_large", text));
    }
    objections.extend(took(expect.fail_above_ms, expect.degraded_above_ms, answer.took_ms));
    let limits = (expect.fail_below_certificate_hours, expect.degraded_below_certificate_hours);
    if limits != (None, None) {
        match answer.certificate_ends {
            Some(ends) => objections.extend(certificate_within(limits.0, limits.1, ends, now)),
            None => objections.push(Objection::new(Verdict::Fail, "no_certificate", "the answer came without one")),
        }
    }
    // The rest of a body that was cut may say anything.
    if !expect.json.is_empty() && !answer.is_cut {
        match serde_json::from_slice::<Value>(&answer.body) {
            Ok(body) => objections.extend(expect.json.iter().filter_map(|one| condition::objection(one, &body))),
            Err(_) => objections.push(Objection::new(Verdict::Fail, "not_json", "the body is no JSON")),
        }
    }
    objections
}

fn status(expect: &Expect, status: u16) -> Option<Objection> {
    if expect.status.iter().any(|range| range.has(status)) {
        return None;
    }
    let good = expect.status.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if (300..400).contains(&status) {
        let text = format!(
            "the target redirects (status {status}), which is a failure for OCI Health Checks and fine for Route 53: \
             check its final address, set follow_redirects, or list the status in expect.status"
        );
        return Some(Objection::new(Verdict::Fail, "redirected", text));
    }
    Some(Objection::new(Verdict::Fail, "status", format!("the status is {status}, expected {good}")))
}

fn took(fail: Option<u32>, degraded: Option<u32>, took_ms: u32) -> Option<Objection> {
    let limit = |limit: Option<u32>, verdict| limit.filter(|limit| took_ms > *limit).map(|limit| (limit, verdict));
    let (limit, verdict) = limit(fail, Verdict::Fail).or_else(|| limit(degraded, Verdict::Degraded))?;
    Some(Objection::new(verdict, "slow", format!("it took {took_ms} ms, more than {limit} ms")))
}

/// What speaks against a connection.
#[must_use]
pub fn tcp(probe: &TcpProbe, took_ms: u32) -> Vec<Objection> {
    took(None, probe.degraded_above_ms, took_ms).into_iter().collect()
}

/// What speaks against a certificate.
#[must_use]
pub fn certificate(probe: &TlsProbe, ends: Timestamp, now: Timestamp) -> Vec<Objection> {
    let (fail, degraded) = (Some(probe.fail_below_hours), Some(probe.degraded_below_hours));
    certificate_within(fail, degraded, ends, now).into_iter().collect()
}

fn certificate_within(fail: Option<u32>, degraded: Option<u32>, ends: Timestamp, now: Timestamp) -> Option<Objection> {
    let left = ends.duration_since(now);
    let is_below = |hours: &u32| left < SignedDuration::from_hours(i64::from(*hours));
    if left <= SignedDuration::ZERO {
        return Some(Objection::new(Verdict::Fail, "certificate_ended", format!("the certificate ended at {ends}")));
    }
    let hours = left.as_hours();
    let limit = |limit: Option<u32>, verdict| limit.filter(is_below).map(|limit| (limit, verdict));
    let (limit, verdict) = limit(fail, Verdict::Fail).or_else(|| limit(degraded, Verdict::Degraded))?;
    let text = format!("the certificate ends in {hours} h, sooner than {limit} h");
    Some(Objection::new(verdict, "certificate_ends", text))
}

/// What speaks against the addresses of a name.
#[must_use]
pub fn dns(probe: &DnsProbe, addresses: &[IpAddr]) -> Vec<Objection> {
    let mut objections = Vec::new();
    let count = addresses.len();
    if count < probe.min_addresses as usize {
        let text = format!("the name has {count} addresses, expected {} at least", probe.min_addresses);
        objections.push(Objection::new(Verdict::Fail, "too_few_addresses", text));
    }
    if let Some(missing) = probe.includes.iter().find(|address| !addresses.contains(address)) {
        let text = format!("{missing} is not among the {count} addresses");
        objections.push(Objection::new(Verdict::Fail, "address_missing", text));
    }
    objections
}

/// What speaks against the newest values of a metric, each with its moment. None at all is unknown: a metric that
/// nobody measures says nothing of the target.
#[must_use]
pub fn metric(probe: &MetricProbe, newest: &[(Timestamp, f64)], now: Timestamp) -> Vec<Objection> {
    let oldest = SignedDuration::from_mins(i64::from(probe.max_age_minutes));
    let is_fresh = |(at, value): &&(Timestamp, f64)| now.duration_since(*at) <= oldest && value.is_finite();
    let fresh: Vec<f64> = newest.iter().filter(is_fresh).map(|(_, value)| *value).collect();
    if fresh.is_empty() {
        let text = format!("there is no value of the last {} minutes", probe.max_age_minutes);
        return vec![Objection::new(Verdict::Unknown, "no_data", text)];
    }
    let most = fresh.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = fresh.iter().copied().fold(f64::INFINITY, f64::min);
    let above = |limit: Option<f64>, verdict| {
        let text = |limit: f64| format!("the value is {most}, above {limit}");
        limit.filter(|limit| most > *limit).map(|limit| Objection::new(verdict, "out_of_bounds", text(limit)))
    };
    let below = |limit: Option<f64>, verdict| {
        let text = |limit: f64| format!("the value is {least}, below {limit}");
        limit.filter(|limit| least < *limit).map(|limit| Objection::new(verdict, "out_of_bounds", text(limit)))
    };
    let all = [
        above(probe.fail_above, Verdict::Fail),
        below(probe.fail_below, Verdict::Fail),
        above(probe.degraded_above, Verdict::Degraded),
        below(probe.degraded_below, Verdict::Degraded),
    ];
    all.into_iter().flatten().collect()
}

/// What speaks against an object that somebody else gave in place of its own storage.
#[must_use]
pub(crate) fn elsewhere(name: &str) -> Objection {
    Objection::new(Verdict::Degraded, SECOND_SIDE, format!("its storage does not answer, and {name} stands in"))
}

/// What speaks against an object; `None` when there is none.
#[must_use]
pub fn object(probe: &ObjectProbe, found: Option<&Found>, now: Timestamp) -> Vec<Objection> {
    let Some(found) = found else {
        return vec![Objection::new(Verdict::Fail, "object_missing", "there is no such object")];
    };
    let mut objections = Vec::new();
    let minutes = now.duration_since(found.modified).as_mins();
    if let Some(limit) = probe.max_age_minutes.filter(|limit| minutes >= i64::from(*limit)) {
        let text = format!("it was written {minutes} minutes ago, more than {limit}");
        objections.push(Objection::new(Verdict::Fail, "object_old", text));
    }
    if let Some(expected) = &probe.sha256 {
        match &found.sha256 {
            None => {
                objections.push(Objection::new(Verdict::Unknown, "object_too_large", "its digest was not computed"))
            }
            Some(digest) if !digest.eq_ignore_ascii_case(expected) => {
                objections.push(Objection::new(Verdict::Fail, "object_differs", "its digest is another"));
            }
            Some(_) => {}
        }
    }
    objections
}

#[cfg(test)]
mod tests;
