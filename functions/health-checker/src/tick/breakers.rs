//! Circuit breakers of the deployment: they are looked after, and those that nobody calls are probed.

use std::sync::PoisonError;
use std::time::Instant;

use causeway_cloud::breaker::{Breakers, Sharing, Tended, View};
use causeway_resilience::Deadline;
use causeway_resilience::breaker::{Config, Outcome};
use causeway_runtime::until;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use crate::breaker::{BreakerReport, Probed};
use crate::handler::HealthChecker;
use crate::health::Verdict;
use crate::judge::SECOND_SIDE;
use crate::probe::Prober;
use crate::settings::{BreakerFolder, Check, Probe, Settings};

/// Breakers of one report.
pub(crate) const MOST_SHOWN: usize = 500;
/// Breakers that are probed at once.
const PROBED_AT_ONCE: usize = 4;
/// Folder of the breakers that a storage with two sides asks.
const STORAGE: &str = "side2.breakers";
/// Probes of one breaker in one tick.
const MOST_PROBES: u32 = 20;

/// What was found of breakers.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) reports: Vec<BreakerReport>,
    pub(crate) problems: Vec<String>,
}

impl HealthChecker {
    /// Every breaker. Where writing is allowed, changes that time brings about are made and told, and a breaker that waits
    /// for probes gets them from the check that names it.
    pub(crate) async fn breakers(&self, settings: &Settings, may_write: bool, deadline: Deadline) -> Seen {
        let prober = self.prober(settings);
        // Documents that there was no time for are unknown one by one, and those before them are known.
        let now = Instant::now();
        let most = deadline.remaining(now).map_or(deadline, |left| Deadline::within(now, Some(left * 4 / 5)));
        let looks = settings.breakers.iter().map(|folder| async {
            let look = self.folder(folder, settings, &prober, may_write, most);
            let found = until(deadline, look).await.unwrap_or_else(|| Err("there was no time left".to_owned()));
            found.map_err(|why| format!("the circuit breakers in {} could not be looked at: {why}", folder.folder))
        });
        let mut seen = Seen::default();
        for found in join_all(looks).await {
            match found {
                Ok((reports, is_partial)) => {
                    seen.reports.extend(reports);
                    seen.problems
                        .extend(is_partial.then(|| "there are more circuit breakers than were read".to_owned()));
                }
                Err(problem) => seen.problems.push(problem),
            }
        }
        seen.reports.sort_by(|one, other| key(one).cmp(&key(other)));
        if seen.reports.len() > MOST_SHOWN {
            seen.problems.push(format!("only {MOST_SHOWN} of {} circuit breakers are shown", seen.reports.len()));
            seen.reports.truncate(MOST_SHOWN);
        }
        seen
    }

    async fn folder(
        &self,
        folder: &BreakerFolder,
        settings: &Settings,
        prober: &Prober<'_>,
        may_write: bool,
        deadline: Deadline,
    ) -> Result<(Vec<BreakerReport>, bool), String> {
        let (breakers, config) = self.breakers_of(folder)?;
        let found = if may_write { breakers.tend(deadline).await } else { breakers.look(deadline).await };
        let Tended { views, unknown, is_partial } = found.map_err(|error| error.to_string())?;
        let mut reports: Vec<BreakerReport> =
            unknown.iter().map(|(key, why)| BreakerReport::unknown(&folder.folder, key, why)).collect();
        let looks: Vec<_> = views
            .iter()
            .map(|view| async {
                match probe_of(settings, view).filter(|_| may_write) {
                    Some(check) => self.probed(folder, &breakers, &config, (view, check), prober, deadline).await,
                    None => BreakerReport::of(&folder.folder, view, config.half_open.permits),
                }
            })
            .collect();
        reports.extend(stream::iter(looks).buffered(PROBED_AT_ONCE).collect::<Vec<_>>().await);
        Ok((reports, is_partial))
    }

    /// Probes like a caller: the breaker says how often, and stops them at the first failure. Where the storage has two
    /// sides it asks its own breakers, and a ticket of ours would count a look twice.
    async fn probed(
        &self,
        folder: &BreakerFolder,
        breakers: &Breakers,
        config: &Config,
        (view, check): (&View, &Check),
        prober: &Prober<'_>,
        deadline: Deadline,
    ) -> BreakerReport {
        let breaker = breakers.of(&view.dependency);
        let mut probed = Probed { check: check.id.clone(), passed: 0, failed: 0, unknown: 0 };
        let is_object = self.first_side.is_some() && matches!(check.probe, Probe::Object(_));
        let has_own = is_object && folder.folder == STORAGE;
        for _ in 0..config.half_open.permits.min(MOST_PROBES) {
            let ticket = match has_own {
                true => None,
                false => match breaker.enter(deadline).await {
                    Ok(ticket) => Some(ticket),
                    Err(_) => break,
                },
            };
            let finding = prober.one(check, deadline).await;
            let (outcome, count) = match finding.verdict {
                // That the other side stands in says nothing good of this one.
                Verdict::Degraded if finding.code.as_deref() == Some(SECOND_SIDE) => {
                    (Outcome::Ignored, &mut probed.unknown)
                }
                Verdict::Pass | Verdict::Degraded => (Outcome::Passed, &mut probed.passed),
                Verdict::Fail => (Outcome::Failed, &mut probed.failed),
                Verdict::Unknown => (Outcome::Ignored, &mut probed.unknown),
            };
            *count += 1;
            if let Some(ticket) = ticket {
                ticket.report(outcome, deadline).await;
            }
            if outcome != Outcome::Passed {
                break;
            }
        }
        let after = breakers.see(&view.dependency, deadline).await;
        let view = after.as_ref().unwrap_or(view);
        BreakerReport { probed: Some(probed), ..BreakerReport::of(&folder.folder, view, config.half_open.permits) }
    }

    /// Those of a folder; of one process they are the same at every tick, so that changes that were told are remembered.
    pub(crate) fn breakers_of(&self, folder: &BreakerFolder) -> Result<(Breakers, Config), String> {
        let config = folder.config()?;
        let (root, below) = folder.parts().ok_or_else(|| format!("{} is no folder of breakers", folder.folder))?;
        let mut held = self.breakers.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, breakers)) = held.iter().find(|(known, _)| known == folder) {
            return Ok((breakers.clone(), config));
        }
        let documents = self.breakers.folders.get(root).ok_or_else(|| format!("{root} is not connected"))?;
        let documents = if below.is_empty() { documents.clone() } else { documents.below(below) };
        let sharing = Sharing { asks_store_for_time: self.breakers.asks_store_for_time, ..Sharing::default() };
        let shared = Breakers::shared(documents, config.clone(), sharing).map_err(|invalid| invalid.to_string())?;
        let breakers = match &self.alerts {
            Some(alerts) => shared.with_alerts(alerts.clone()),
            None => shared,
        };
        // Settings may change; folders that are gone are not kept for ever.
        held.retain(|(known, _)| known.folder != folder.folder);
        held.push((folder.clone(), breakers.clone()));
        Ok((breakers, config))
    }
}

/// The check that probes this breaker, where it waits for probes.
fn probe_of<'a>(settings: &'a Settings, view: &View) -> Option<&'a Check> {
    let names = |check: &&Check| check.breaker.as_deref() == Some(view.dependency.name());
    settings.checks.iter().find(names).filter(|_| view.is_probe_due)
}

/// What needs a look first.
fn key(report: &BreakerReport) -> (u8, &str, &str, &str) {
    (report.standing as u8, &report.name, &report.tenant, &report.folder)
}
