//! One look at everything that is due: look, decide, write the state down, tell, leave the page.
//!
//! Nothing is locked. The state is one document that only who has read it last can replace: of many ticks at once one
//! is counted, and the results of the others come too soon after it to count again. What has to be told is in the state
//! before it is told, so that a later tick finds it wherever this one ends.

mod alone;
mod breakers;
mod calls;
mod leave;
mod store;
mod tell;
mod tenants;
mod vantage;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use causeway_cloud::object_path;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_resilience::Deadline;
use causeway_runtime::{Error, until};
use futures_util::future::{join, join3};
use jiff::{SignedDuration, Timestamp};

pub(crate) use alone::Alone;

use crate::SettingsFrom;
use crate::decide::{Inputs, State, decide};
use crate::handler::HealthChecker;
use crate::judge::Finding;
use crate::probe::Prober;
use crate::reply::Reply;
use crate::settings::{self, Check, Settings};
use crate::target::Guard;
use store::Store;

/// Looks at a tenant's other side in one tick.
const TARGET_LOOKS: usize = 3;
/// Pause between them.
const TARGET_PAUSE: Duration = Duration::from_secs(2);
const LATE: &str = "the store did not answer in time";

impl HealthChecker {
    /// Carries out a tick.
    ///
    /// # Errors
    /// The settings cannot be read and were never read by this process. A state that cannot be kept is no error: people
    /// are told what is found without it. What cannot be looked at is none either: it is unknown.
    pub(crate) async fn tick(&self, is_dry: bool, deadline: Deadline) -> Result<Reply, Error> {
        let began = Instant::now();
        let deadline = deadline.earlier(Deadline::within(began, Some(self.config.stop_after)));
        let (settings, problem) = self.settings_of_now(deadline).await?;
        let store = Store { documents: &self.documents, before: self.first_side.as_ref() };
        let (before, lost) = match until(quarter(deadline), store.look()).await {
            Some(Ok(before)) => (before, None),
            Some(Err(trouble)) => (self.alone.state(), Some(trouble.to_string())),
            None => (self.alone.state(), Some(LATE.to_owned())),
        };
        let mut found = self.inputs(settings, &before, is_dry, deadline).await;
        found.problems.extend(problem);
        if is_dry {
            let mut reply = Reply::of(decide(&found.inputs).report, true);
            (reply.problems, reply.deferred) = (found.problems, found.deferred);
            reply.problems.extend(lost.map(|why| format!("the state cannot be read: {why}")));
            return Ok(reply.finished());
        }
        if let Some(why) = lost {
            return Ok(self.go_alone(found, &why, deadline).await);
        }
        let taken = Mutex::new(found);
        let step = |state: &State| {
            let inputs = &mut taken.lock().unwrap_or_else(PoisonError::into_inner).inputs;
            inputs.state = Some(state.clone());
            decide(inputs)
        };
        let written = until(half(deadline), store.take(step)).await;
        let Found { inputs, mut problems, deferred } = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (outcome, problem) = match written {
            Some(Ok(written)) => written,
            Some(Err(trouble)) => {
                let found = Found { inputs, problems, deferred };
                return Ok(self.go_alone(found, &trouble.to_string(), deadline).await);
            }
            None => return Ok(self.go_alone(Found { inputs, problems, deferred }, LATE, deadline).await),
        };
        self.alone.keep_state(&outcome.state);
        problems.extend(problem);
        let mut reply = Reply::of(outcome.report, false);
        (reply.problems, reply.deferred) = (problems, deferred);
        self.tell(&store, &outcome.state, &mut reply, deadline).await;
        // What a later tick has left is not written over with older readings.
        if outcome.state.decided_at == Some(inputs.now) {
            self.leave(&inputs, &outcome.state, &mut reply, deadline).await;
        }
        Ok(reply.finished())
    }

    /// The settings, or those that this process has read last and a problem.
    async fn settings_of_now(&self, deadline: Deadline) -> Result<(Settings, Option<String>), Error> {
        let late = || Error::upstream("objects", None, "settings_unreadable").with_detail(LATE.to_owned());
        match until(quarter(deadline), self.settings_text()).await.unwrap_or_else(|| Err(late())) {
            // What is there and wrong is an error at once: somebody is at work on it.
            Ok(text) => {
                let settings = self.read_settings(text.as_deref())?;
                self.alone.keep_settings(&settings);
                Ok((settings, None))
            }
            Err(error) => {
                let why = error.log_text();
                let Some(settings) = self.alone.settings() else {
                    self.tell_of_settings(&why, deadline).await;
                    return Err(error);
                };
                Ok((settings, Some(format!("the settings cannot be read, those of before hold: {why}"))))
            }
        }
    }

    /// Looks at everything that is due; what could not be read and what there was no time for come beside it.
    async fn inputs(&self, settings: Settings, before: &State, is_dry: bool, deadline: Deadline) -> Found {
        let total = Duration::from_secs(settings.tick.total_seconds.into());
        let until = half(deadline).earlier(Deadline::within(Instant::now(), Some(total)));
        let looks = self.looked(&settings, before, until);
        let (looked, (vantage, mut problems), breakers) =
            join3(looks, self.vantages(&settings, until), self.breakers(&settings, !is_dry, until)).await;
        // The other half is for what has to be written and told.
        let tenants = self.tenants(&settings, before, &looked, half(deadline)).await;
        problems.extend(breakers.problems);
        problems.extend(tenants.problems);
        let inputs = Inputs {
            now: self.now(),
            settings,
            findings: looked.findings,
            vantage,
            tenants: tenants.inputs,
            breakers: breakers.reports,
            state: Some(before.clone()),
        };
        Found { inputs, problems, deferred: looked.deferred }
    }

    /// What is checked, and the rules.
    pub(crate) async fn settings(&self) -> Result<Settings, Error> {
        self.read_settings(self.settings_text().await?.as_deref())
    }

    /// The object of the settings; `None` where they are in the configuration.
    async fn settings_text(&self) -> Result<Option<Vec<u8>>, Error> {
        let SettingsFrom::Object(name) = &self.config.settings else { return Ok(None) };
        let failed = |error: &dyn std::fmt::Display| unreadable(name, error);
        let path = object_path(name).map_err(|error| failed(&error))?;
        let found = self.objects.get(&path).await.map_err(|error| failed(&error))?;
        if found.meta.size > settings::MAX_BYTES as u64 {
            return Err(failed(&format!("is longer than {} bytes", settings::MAX_BYTES)));
        }
        found.bytes().await.map(|bytes| Some(bytes.to_vec())).map_err(|error| failed(&error))
    }

    fn read_settings(&self, text: Option<&[u8]>) -> Result<Settings, Error> {
        let (name, text) = match (&self.config.settings, text) {
            (SettingsFrom::Object(name), text) => (name, text.unwrap_or_default()),
            (SettingsFrom::Here(settings), _) => return Ok(Settings::clone(settings)),
        };
        let text = std::str::from_utf8(text).map_err(|error| unreadable(name, &error))?;
        settings::read(text).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            unreadable(name, &all.join("; "))
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.clock.unix_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// What probes work with.
    pub(crate) fn prober(&self, settings: &Settings) -> Prober<'_> {
        Prober {
            guard: Guard::new(&settings.allowed_hosts),
            resolver: self.resolver.as_ref(),
            tls: self.tls.clone(),
            clock: self.clock.as_ref(),
            objects: &self.objects,
            metrics: self.metrics.as_ref().map(AsRef::as_ref).map_err(String::as_str),
            secrets: self.secrets.as_ref().map(AsRef::as_ref).map_err(String::as_str),
        }
    }

    async fn looked(&self, settings: &Settings, before: &State, until: Deadline) -> Looked {
        let now = self.now();
        let due: Vec<&Check> = settings.checks.iter().filter(|check| is_due(check, before, settings, now)).collect();
        let prober = self.prober(settings);
        let targets: BTreeSet<&str> =
            settings.tenants.iter().filter_map(|tenant| tenant.target_check.as_deref()).collect();
        // The other side is looked at whether it is due or not: what is older than a minute says nothing.
        let is_target = |check: &&Check| targets.contains(check.id.as_str());
        let targets: Vec<&Check> = settings.checks.iter().filter(is_target).collect();
        let others: Vec<&Check> = due.into_iter().filter(|check| !is_target(check)).collect();
        let at_once = settings.tick.at_once as usize;
        let of_targets = targets.len().min(at_once.div_ceil(4));
        let (mut findings, of_targets) = join(
            prober.all(&others, at_once - of_targets, until),
            self.again_and_again(&prober, &targets, of_targets, until),
        )
        .await;
        findings.extend(of_targets);
        findings.sort_by(|one, other| (one.at, &one.check).cmp(&(other.at, &other.check)));
        let late = findings.iter().filter(|finding| finding.code.as_deref() == Some("own_deadline"));
        let deferred: BTreeSet<String> = late.map(|finding| finding.check.clone()).collect();
        Looked { findings, deferred: deferred.into_iter().collect() }
    }
}

impl HealthChecker {
    /// Looks at the other side, with pauses between: one packet that is lost is not three.
    async fn again_and_again(
        &self,
        prober: &Prober<'_>,
        targets: &[&Check],
        at_once: usize,
        until: Deadline,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for look in 0..TARGET_LOOKS {
            if targets.is_empty()
                || look > 0 && causeway_runtime::until(until, self.clock.sleep(TARGET_PAUSE)).await.is_none()
            {
                break;
            }
            findings.extend(prober.all(targets, at_once, until).await);
        }
        findings
    }
}

/// What a tick decides on, what could not be read, and what there was no time for.
struct Found {
    inputs: Inputs,
    problems: Vec<String>,
    deferred: Vec<String>,
}

fn unreadable(name: &str, error: &dyn std::fmt::Display) -> Error {
    Error::upstream("objects", None, "settings_unreadable").with_detail(format!("{name}: {error}"))
}

fn half(deadline: Deadline) -> Deadline {
    let now = Instant::now();
    Deadline::within(now, deadline.share(now, 2))
}

pub(crate) fn quarter(deadline: Deadline) -> Deadline {
    let now = Instant::now();
    Deadline::within(now, deadline.share(now, 4))
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
