//! Group `retry`: the rules of the Python SDK, as the presets of `causeway-resilience` have them.

use causeway_resilience::breaker::{Config, Outcome};
use causeway_resilience::retry::{Failure, Jitter, Policy};
use serde_json::Value;
use std::time::Duration;

use super::case::{Case, Check, same};

pub(crate) fn check(case: &Case<'_>) -> Check {
    let rows = case.list("expect");
    let is_row = |name: &str| case.list("expect").next().is_some_and(|row| row.get(name).is_some());
    let expect = case.at("expect")?;
    if is_row("status") {
        rows.into_iter().try_for_each(|row| status(&row))
    } else if is_row("after_attempt") {
        rows.into_iter().try_for_each(|row| backoff(&row))
    } else if presets().any(|(name, _)| expect.get(name).is_some_and(|row| row.get("limits").is_some())) {
        presets().try_for_each(|(name, policy)| expect.at(name).map_or(Ok(()), |row| limits(name, &policy, &row)))
    } else if expect.get("default").is_some_and(|row| row.get("failure_threshold").is_some()) {
        breakers(&expect)
    } else {
        Err("unknown form of expectation".to_owned())
    }
}

fn presets() -> impl Iterator<Item = (&'static str, Policy)> {
    [("default", Policy::oci_default()), ("federation", Policy::federation()), ("imds", Policy::imds())].into_iter()
}

fn number(row: &Case<'_>, name: &str) -> Result<u64, String> {
    row.get(name).and_then(Value::as_u64).ok_or_else(|| format!("no number {name:?}"))
}

fn failure(status: u64, code: Option<&str>) -> Result<Failure, String> {
    let failure = Failure::status(u16::try_from(status).map_err(|_| "no status")?);
    Ok(code.map_or(failure.clone(), |code| failure.with_code(code)))
}

fn status(row: &Case<'_>) -> Check {
    let failure = failure(number(row, "status")?, row.maybe_text("code"))?;
    for (name, policy) in presets() {
        if let Some(expected) = row.flag(name) {
            same(&format!("{name}, {failure:?}"), &policy.retries(&failure), &expected)?;
        }
    }
    let counted = Config::python_sdk().counted.outcome(&failure) == Outcome::Failed;
    let expected = row.flag("counts_for_circuit_breaker");
    expected.map_or(Ok(()), |expected| same(&format!("counted, {failure:?}"), &counted, &expected))
}

fn backoff(row: &Case<'_>) -> Check {
    let failed = u32::try_from(number(row, "after_attempt")?).map_err(|_| "no attempt")?;
    let backoff = Policy::oci_default().backoff;
    for (random01, bound) in [(0.0, "min_s"), (1.0, "max_s")] {
        same(bound, &backoff.delay(failed, random01), &Duration::from_secs(number(row, bound)?))?;
    }
    Ok(())
}

fn limits(name: &str, policy: &Policy, row: &Case<'_>) -> Check {
    let checks = row.at("limits")?;
    let attempts = number(&checks.at("LimitBasedRetryChecker")?, "max_attempts")?;
    same(&format!("{name}: attempts"), &u64::from(policy.attempts), &attempts)?;
    let total = number(&checks.at("TotalTimeExceededRetryChecker")?, "time_limit_seconds")?;
    same(&format!("{name}: total"), &policy.total.as_secs(), &total)?;
    let any_5xx = (500..600).filter(|status| *status != 501).all(|status| policy.statuses.holds(status, None));
    let expected = checks.at("TimeoutConnectionAndServiceErrorRetryChecker")?.flag("retry_any_5xx");
    same(&format!("{name}: any 5xx"), &Some(any_5xx), &expected)?;
    let backoff = policy.backoff;
    let found = [backoff.base.as_secs(), backoff.growth.into(), backoff.cap.as_secs()];
    same(
        &format!("{name}: backoff"),
        &found,
        &[number(row, "base")?, number(row, "growth")?, number(row, "max_wait")?],
    )?;
    let decorrelated = row.text("kind")? == "ExponentialBackOffWithDecorrelatedJitterRetryStrategy";
    same(&format!("{name}: jitter"), &(backoff.jitter == Jitter::Added(Duration::from_secs(1))), &decorrelated)
}

fn breakers(expect: &Case<'_>) -> Check {
    let default = expect.at("default")?;
    let found = Config::python_sdk();
    breaker("default", &found, &default)?;
    same(
        "open time",
        &(found.open.base_ms, 0.0),
        &(number(&default, "recovery_timeout_s")? * 1000, found.open.jitter),
    )?;
    for (status, codes) in default.members("statuses") {
        let codes = codes.as_array().ok_or("codes are no list")?;
        let status = status.parse::<u64>().map_err(|_| "no status")?;
        let codes: Vec<_> = if codes.is_empty() { vec![None] } else { codes.iter().map(Value::as_str).collect() };
        for code in codes {
            let outcome = found.counted.outcome(&failure(status, code)?);
            same(&format!("outcome of {status} {code:?}"), &outcome, &Outcome::Failed)?;
        }
    }
    let federation = expect.at("federation")?;
    let found = Config::python_sdk_federation();
    breaker("federation", &found, &federation)?;
    let spread = found.open.base_ms as f64 * found.open.jitter;
    let bounds =
        [found.open.base_ms as f64 - spread, found.open.base_ms as f64 + spread].map(|ms| (ms / 1000.0).round());
    let expected = federation.text("recovery_timeout_s")?;
    same("open time", &format!("random integer {}..{}", bounds[0], bounds[1]).as_str(), &expected)
}

fn breaker(name: &str, found: &Config, expected: &Case<'_>) -> Check {
    let threshold = number(expected, "failure_threshold")?;
    same(name, &found.consecutive.map(|rule| u64::from(rule.failures)), &Some(threshold))
}
