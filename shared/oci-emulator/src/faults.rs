//! Faults on demand: delays, refusals, throttling, cut bodies and a wrong clock, by service and operation.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ids;
use crate::services;

/// The longest wait of a rule, in milliseconds.
const MAX_LATENCY_MS: u64 = 600_000;

/// A rule that makes calls fail or wait. Absent selectors fit every call; absent effects do nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Fault {
    /// Service, such as `objectstorage`; `*` stands for every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Operation in Oracle's naming, such as `PutObject`; `*` stands for every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Share of the fitting calls that are hit, 0 to 1; all of them when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// The rule ends after this many hits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Wait before the call is looked at, in milliseconds, at most 600,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Refuse with this HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The code in the refusal's body; OCI's usual one for the status when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The message in the refusal's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The `retry-after` header of a refusal, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Calls a second that get through; the others are refused with 429.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// Break the connection after this many bytes of the response body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_body_after: Option<u64>,
    /// How far the service's clock is ahead when it judges a date, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew_seconds: Option<i64>,
}

impl Fault {
    /// Reads `service=objectstorage,operation=GetObject,status=503,rate=0.1`, the form of a command line. The
    /// names are those of the JSON form, such as `latencyMs`.
    ///
    /// # Errors
    ///
    /// A sentence that names the unknown setting or the value that is no number.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut members = serde_json::Map::new();
        for setting in text.split(',').map(str::trim).filter(|setting| !setting.is_empty()) {
            let (name, value) = setting.split_once('=').ok_or_else(|| format!("{setting} lacks a value"))?;
            let is_text = ["service", "operation", "code", "message"].contains(&name);
            let number = serde_json::from_str(value).ok().filter(serde_json::Value::is_number);
            let value = match number {
                Some(number) if !is_text => number,
                _ => value.into(),
            };
            if members.insert(name.to_owned(), value).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        let fault: Self = serde_json::from_value(members.into()).map_err(|error| error.to_string())?;
        fault.check()?;
        Ok(fault)
    }

    /// Whether every number is within its range, and there is such a service and such an operation.
    ///
    /// # Errors
    ///
    /// A sentence that names the setting.
    pub fn check(&self) -> Result<(), String> {
        let rate = self.rate.is_none_or(|rate| (0.0..=1.0).contains(&rate));
        let status = self.status.is_none_or(|status| (400..=599).contains(&status));
        let throttle = self.per_second.is_none_or(|limit| limit >= 0.0 && limit.is_finite());
        rate.then_some(()).ok_or("rate must be from 0 to 1")?;
        status.then_some(()).ok_or("status must be from 400 to 599")?;
        throttle.then_some(()).ok_or("perSecond must be a number from 0")?;
        if self.latency_ms.is_some_and(|latency| latency > MAX_LATENCY_MS) {
            return Err(format!("latencyMs must be from 0 to {MAX_LATENCY_MS}"));
        }
        self.check_names()
    }

    /// A rule with a misspelt name would never hit, and nobody would know.
    fn check_names(&self) -> Result<(), String> {
        let services: Vec<_> = services::ALL.iter().filter(|service| names(&self.service, service.name)).collect();
        if services.is_empty() {
            let known: Vec<&str> = services::ALL.iter().map(|service| service.name).collect();
            let name = self.service.as_deref().unwrap_or_default();
            return Err(format!("there is no service {name:?}; there are {}", known.join(", ")));
        }
        let operations = || services.iter().flat_map(|service| service.routes).map(|route| route.name);
        if operations().any(|name| names(&self.operation, name)) {
            return Ok(());
        }
        let name = self.operation.as_deref().unwrap_or_default();
        Err(match services.as_slice() {
            [service] => {
                let known: BTreeSet<&str> = operations().collect();
                let known = known.into_iter().collect::<Vec<_>>().join(", ");
                format!("{} has no operation {name:?}; it has {known}", service.name)
            }
            _ => format!("no service has an operation {name:?}; Oracle's names are meant, such as PutObject"),
        })
    }

    fn fits(&self, service: &str, operation: &str) -> bool {
        names(&self.service, service) && names(&self.operation, operation)
    }

    fn refusal(&self) -> Option<Error> {
        let status = self.status?;
        let code = self.code.clone().unwrap_or_else(|| usual_code(status).to_owned());
        let message = self.message.clone().unwrap_or_else(|| "This failure has been asked for.".to_owned());
        Some(self.later(Error::new(status, code, message)))
    }

    fn later(&self, refusal: Error) -> Error {
        match self.retry_after {
            Some(seconds) => refusal.with_header("retry-after", seconds.to_string()),
            None => refusal,
        }
    }
}

/// Whether a selector takes this name.
fn names(wanted: &Option<String>, name: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == "*" || wanted.eq_ignore_ascii_case(name))
}

/// The code that OCI usually sends with a status (Oracle's page "API Errors").
fn usual_code(status: u16) -> &'static str {
    match status {
        400 => "InvalidParameter",
        401 => "NotAuthenticated",
        403 => "NotAuthorized",
        404 => "NotAuthorizedOrNotFound",
        405 => "MethodNotAllowed",
        409 => "IncorrectState",
        412 => "NoEtagMatch",
        413 => "PayloadTooLarge",
        429 => "TooManyRequests",
        501 => "MethodNotImplemented",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "InternalServerError",
    }
}

/// What the rules do to one call.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) latency: Duration,
    pub(crate) refusal: Option<Error>,
    pub(crate) cut_body_after: Option<u64>,
    pub(crate) skew_seconds: i64,
}

struct Rule {
    id: u64,
    fault: Fault,
    hits: AtomicU64,
    calls: AtomicU64,
    /// Tokens left and when they were counted.
    bucket: Mutex<(f64, Instant)>,
}

/// The rules in force.
pub(crate) struct Faults {
    seed: u64,
    next: AtomicU64,
    rules: RwLock<Vec<Rule>>,
}

/// A rule with its number and how often it has hit, as it is reported.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    pub(crate) id: u64,
    pub(crate) hits: u64,
    #[serde(flatten)]
    pub(crate) fault: Fault,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1), rules: RwLock::default() }
    }

    /// Puts a rule in force and gives its number.
    pub(crate) fn add(&self, fault: Fault) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let tokens = fault.per_second.unwrap_or(0.0).max(1.0);
        let zero = || AtomicU64::new(0);
        let rule = Rule { id, fault, hits: zero(), calls: zero(), bucket: Mutex::new((tokens, Instant::now())) };
        self.rules.write().unwrap_or_else(PoisonError::into_inner).push(rule);
        id
    }

    /// Ends one rule, or all; how many there were.
    pub(crate) fn remove(&self, id: Option<u64>) -> usize {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let before = rules.len();
        rules.retain(|rule| id.is_some_and(|id| rule.id != id));
        before - rules.len()
    }

    pub(crate) fn list(&self) -> Vec<Listed> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let listed = |rule: &Rule| {
            let hits = rule.hits.load(Ordering::Relaxed);
            Listed { id: rule.id, hits, fault: rule.fault.clone() }
        };
        rules.iter().map(listed).collect()
    }

    /// What happens to this call.
    pub(crate) fn effects(&self, service: &str, operation: &str) -> Effects {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        let mut effects = Effects::default();
        for rule in rules.iter().filter(|rule| rule.fault.fits(service, operation)) {
            if rule.hits(self.seed) {
                rule.add_to(&mut effects);
            }
        }
        effects
    }
}

impl Rule {
    fn hits(&self, seed: u64) -> bool {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let drawn = (ids::mix(seed ^ self.id << 48 ^ call) >> 11) as f64 / (1u64 << 53) as f64;
        if self.fault.rate.is_some_and(|rate| drawn >= rate) {
            return false;
        }
        let most = self.fault.times.unwrap_or(u64::MAX);
        self.hits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |hits| (hits < most).then_some(hits + 1)).is_ok()
    }

    fn add_to(&self, effects: &mut Effects) {
        effects.latency += Duration::from_millis(self.fault.latency_ms.unwrap_or(0));
        effects.skew_seconds = effects.skew_seconds.saturating_add(self.fault.skew_seconds.unwrap_or(0));
        effects.cut_body_after = effects.cut_body_after.or(self.fault.cut_body_after);
        let refusal = self.fault.refusal().or_else(|| self.throttled());
        effects.refusal = effects.refusal.take().or(refusal);
    }

    fn throttled(&self) -> Option<Error> {
        let limit = self.fault.per_second?;
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let refilled = bucket.0 + now.duration_since(bucket.1).as_secs_f64() * limit;
        *bucket = (refilled.min(limit.max(1.0)), now);
        if bucket.0 >= 1.0 && limit > 0.0 {
            bucket.0 -= 1.0;
            return None;
        }
        let message = self.fault.message.clone().unwrap_or_else(|| "Too many requests for the tenant.".to_owned());
        let code = self.fault.code.clone().unwrap_or_else(|| "TooManyRequests".to_owned());
        Some(self.fault.later(Error::new(429, code, message)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_the_command_line() {
        let fault = Fault::parse("service=objectstorage,operation=GetObject,status=503,rate=0.1,code=Busy").unwrap();
        assert_eq!((fault.status, fault.rate, fault.code.as_deref()), (Some(503), Some(0.1), Some("Busy")));
        for bad in ["status", "status=x", "status=200", "rate=2", "speed=1", "rate=1,rate=1", "perSecond=-1"] {
            assert!(Fault::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_nothing_has_are_refused() {
        let check = |text: &str, expected: Option<&str>| {
            let told = Fault::parse(text).err();
            let right = match expected {
                Some(words) => told.as_deref().is_some_and(|told| told.contains(words)),
                None => told.is_none(),
            };
            assert!(right, "{text}: {told:?}");
        };
        check("service=objectstorage,status=503", None);
        check("service=ObjectStorage,operation=getobject,status=503", None);
        check("service=*,operation=*,status=503", None);
        check("operation=GetObject,status=503", None);
        check("service=imds,latencyMs=600000", None);
        check("service=objectstore,status=503", Some("no service \"objectstore\"; there are objectstorage, compute,"));
        check("service=,status=503", Some("no service \"\""));
        check("service=compute,operation=GetObject", Some("compute has no operation \"GetObject\"; it has "));
        check("service=compute,operation=GetObject", Some("ListInstances"));
        check("operation=FetchObject,status=503", Some("no service has an operation \"FetchObject\""));
        check("latencyMs=600001", Some("latencyMs must be from 0 to 600000"));
        check("latencyMs=18446744073709551615", Some("latencyMs must be"));
    }

    #[test]
    fn rules_select_by_service_and_operation() {
        let faults = Faults::new(1);
        faults.add(Fault::parse("service=compute,operation=GetInstance,status=500").unwrap());
        assert!(faults.effects("compute", "GetInstance").refusal.is_some());
        assert!(faults.effects("compute", "ListInstances").refusal.is_none());
        assert!(faults.effects("usage", "GetInstance").refusal.is_none());
    }

    #[test]
    fn a_refusal_says_when_to_come_back_if_it_is_told() {
        let header = |text: &str| {
            let faults = Faults::new(1);
            faults.add(Fault::parse(text).unwrap());
            (0..9).find_map(|_| faults.effects("x", "y").refusal).unwrap().header
        };
        assert_eq!(header("status=503,retryAfter=7"), Some(("retry-after", "7".to_owned())));
        assert_eq!(header("perSecond=1,retryAfter=2"), Some(("retry-after", "2".to_owned())));
        assert_eq!(header("status=429"), None);
    }

    #[test]
    fn a_rule_ends_after_its_number_of_hits() {
        let faults = Faults::new(1);
        let id = faults.add(Fault::parse("status=503,times=2").unwrap());
        let hits = (0..5).filter(|_| faults.effects("x", "y").refusal.is_some()).count();
        assert_eq!(hits, 2);
        assert_eq!((faults.list()[0].hits, faults.remove(Some(id)), faults.list().len()), (2, 1, 0));
    }

    #[test]
    fn a_rate_hits_its_share_and_the_same_calls_in_every_run() {
        let run = || {
            let faults = Faults::new(42);
            faults.add(Fault::parse("status=503,rate=0.25").unwrap());
            (0..4000).map(|_| faults.effects("x", "y").refusal.is_some()).collect::<Vec<_>>()
        };
        let hits = run().iter().filter(|hit| **hit).count();
        assert!((800..1200).contains(&hits), "{hits}");
        assert_eq!(run(), run());
    }

    #[test]
    fn throttling_lets_a_first_burst_through_and_no_more() {
        let faults = Faults::new(1);
        faults.add(Fault { per_second: Some(3.0), ..Fault::default() });
        let passed = (0..100).filter(|_| faults.effects("x", "y").refusal.is_none()).count();
        assert!((3..20).contains(&passed), "{passed}");
    }
}
