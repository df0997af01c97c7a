//! One look at everything that is due: look, decide, write the state down, tell, leave the page.
//!
//! Nothing is locked. The state is one document that only who has read it last can replace: of many ticks at once one
//! is counted, and the results of the others come too soon after it to count again. What has to be told is in the state
//! before it is told, so that a later tick finds it wherever this one ends.

mod store;
mod tell;
mod tenants;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Instant;

use causeway_cloud::object_path;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Error, until};
use jiff::{SignedDuration, Timestamp};

use crate::SettingsFrom;
use crate::decide::{Inputs, State, decide};
use crate::handler::HealthChecker;
use crate::judge::Finding;
use crate::page;
use crate::probe::Prober;
use crate::reply::Reply;
use crate::settings::{self, Check, Settings};
use crate::target::Guard;
use store::Store;

/// Looks at a tenant's other side in one tick.
const TARGET_LOOKS: usize = 3;

impl HealthChecker {
    /// Carries out a tick.
    ///
    /// # Errors
    /// The settings or the state cannot be read or written. What cannot be looked at is no error: it is unknown.
    pub(crate) async fn tick(&self, is_dry: bool, deadline: Deadline) -> Result<Reply, Error> {
        let began = Instant::now();
        let deadline = deadline.earlier(Deadline::within(began, Some(self.config.stop_after)));
        let settings = self.settings().await?;
        let store = Store { documents: &self.documents };
        let before = store.look().await.map_err(ServiceFailure::from)?;
        let looked = self.looked(&settings, &before, deadline).await;
        let tenants = self.tenants(&settings, &looked, deadline).await;
        let now = self.now();
        let step = |state: &State| {
            decide(&Inputs {
                now,
                settings: settings.clone(),
                findings: looked.findings.clone(),
                vantage: Vec::new(),
                tenants: tenants.inputs.clone(),
                state: Some(state.clone()),
            })
        };
        if is_dry {
            let mut reply = Reply::of(step(&before).report, true);
            reply.problems = tenants.problems;
            reply.deferred = looked.deferred;
            return Ok(reply.finished());
        }
        let (outcome, problem) = store.take(step).await.map_err(ServiceFailure::from)?;
        let mut reply = Reply::of(outcome.report, false);
        reply.problems = tenants.problems;
        reply.problems.extend(problem);
        reply.deferred = looked.deferred;
        self.tell(&store, &outcome.state, &mut reply, deadline).await;
        self.leave(&outcome.state, &mut reply, deadline).await;
        Ok(reply.finished())
    }

    async fn settings(&self) -> Result<Settings, Error> {
        let name = match &self.config.settings {
            SettingsFrom::Here(settings) => return Ok(Settings::clone(settings)),
            SettingsFrom::Object(name) => name,
        };
        let failed = |error: &dyn std::fmt::Display| {
            Error::upstream("objects", None, "settings_unreadable").with_detail(format!("{name}: {error}"))
        };
        let path = object_path(name).map_err(|error| failed(&error))?;
        let found = self.objects.get(&path).await.map_err(|error| failed(&error))?;
        if found.meta.size > settings::MAX_BYTES as u64 {
            return Err(failed(&format!("is longer than {} bytes", settings::MAX_BYTES)));
        }
        let bytes = found.bytes().await.map_err(|error| failed(&error))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| failed(&error))?;
        settings::read(text).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            failed(&all.join("; "))
        })
    }

    fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.clock.unix_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    async fn looked(&self, settings: &Settings, before: &State, deadline: Deadline) -> Looked {
        let now = self.now();
        let due: Vec<&Check> = settings.checks.iter().filter(|check| is_due(check, before, settings, now)).collect();
        let prober = Prober {
            guard: Guard::new(&settings.allowed_hosts),
            resolver: self.resolver.as_ref(),
            tls: self.tls.clone(),
            clock: self.clock.as_ref(),
            objects: &self.objects,
            metrics: self.metrics.as_ref().map(AsRef::as_ref).map_err(String::as_str),
            secrets: self.secrets.as_ref().map(AsRef::as_ref).map_err(String::as_str),
        };
        let total = std::time::Duration::from_secs(settings.tick.total_seconds.into());
        let until = deadline.earlier(Deadline::within(Instant::now(), Some(total)));
        let targets: BTreeSet<&str> =
            settings.tenants.iter().filter_map(|tenant| tenant.target_check.as_deref()).collect();
        // The other side is looked at again whether it is due or not: what is older than a minute says nothing.
        let again = settings.checks.iter().filter(|check| targets.contains(check.id.as_str()));
        let again = again.flat_map(|check| std::iter::repeat_n(check, TARGET_LOOKS - 1));
        let all: Vec<&Check> = due.iter().copied().chain(again).collect();
        let mut findings = prober.all(&all, settings.tick.at_once as usize, until).await;
        findings.sort_by(|one, other| (one.at, &one.check).cmp(&(other.at, &other.check)));
        let late = findings.iter().filter(|finding| finding.code.as_deref() == Some("own_deadline"));
        let deferred: BTreeSet<String> = late.map(|finding| finding.check.clone()).collect();
        Looked { findings, deferred: deferred.into_iter().collect() }
    }

    /// Leaves the page and the report where people and machines find them.
    async fn leave(&self, state: &State, reply: &mut Reply, deadline: Deadline) {
        let html = page::html(&reply.report, state);
        let json = serde_json::to_string_pretty(&reply.report).unwrap_or_default();
        for (name, text) in [("status.html", html), ("report.json", json)] {
            let name = format!("{}/{name}", self.config.page_prefix);
            let written = async {
                let path = object_path(&name).map_err(|error| error.to_string())?;
                self.objects.put(&path, text.into()).await.map_err(|error| error.to_string())
            };
            match until(deadline, written).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => reply.problems.push(format!("{name} was not written: {error}")),
                None => reply.problems.push(format!("{name} was not written: there was no time left")),
            }
        }
    }
}

/// What was looked at.
struct Looked {
    findings: Vec<Finding>,
    deferred: Vec<String>,
}

/// Whether it is time for a look. Ticks do not come to the second, so half a tick early is in time.
fn is_due(check: &Check, state: &State, settings: &Settings, now: Timestamp) -> bool {
    let Some(last) = state.checks.get(&check.id).and_then(|state| state.samples.last()) else { return true };
    let slack = settings.rollback.moving.tick_seconds.min(check.interval_seconds) / 2;
    let after = SignedDuration::from_secs(i64::from(check.interval_seconds - slack));
    // A clock that went back must not stop the looks for ever.
    let passed = now.duration_since(last.at);
    passed >= after || passed < SignedDuration::ZERO
}
