//! What other vantage points have found.

use causeway_cloud::vantage::MonitorQuery;
use causeway_resilience::Deadline;
use causeway_runtime::until;
use futures_util::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::handler::HealthChecker;
use crate::health::{VantageReport, Verdict, of_places};
use crate::judge::Finding;
use crate::probe::Prober;
use crate::settings::{Check, MonitorResults, ResultsCall, Settings, VantageFrom, VantageSource};

/// Vantage points that are asked at once.
const AT_ONCE: usize = 8;

/// The answer of a vantage point over HTTP. It may say more.
#[derive(Deserialize)]
struct Told {
    at: Timestamp,
    verdict: Verdict,
}

impl HealthChecker {
    /// What they say, and what could not be had. Who says nothing has no voice in a quorum.
    pub(super) async fn vantages(&self, settings: &Settings, deadline: Deadline) -> (Vec<VantageReport>, Vec<String>) {
        let prober = self.prober(settings);
        let asked = settings.vantages.iter().filter_map(|source| Some((source, settings.find(&source.check)?)));
        let asked: Vec<_> = asked.map(|(source, check)| self.ask(&prober, source, check, deadline)).collect();
        let (mut reports, mut problems) = (Vec::new(), Vec::new());
        for answer in stream::iter(asked).buffered(AT_ONCE).collect::<Vec<_>>().await {
            match answer {
                Ok(report) => reports.extend(report),
                Err(problem) => problems.push(problem),
            }
        }
        (reports, problems)
    }

    async fn ask(
        &self,
        prober: &Prober<'_>,
        source: &VantageSource,
        check: &Check,
        deadline: Deadline,
    ) -> Result<Option<VantageReport>, String> {
        let report = |at: Timestamp, verdict: Verdict| VantageReport {
            check: check.id.clone(),
            vantage: source.vantage.clone(),
            at,
            verdict,
        };
        let work = async {
            match &source.from {
                VantageFrom::OciHealthChecks(results) => self.places(source, results, check, deadline).await,
                VantageFrom::Metric(metric) => {
                    let objections = prober.metric(metric, deadline).await.map_err(|trouble| trouble.to_string())?;
                    let finding = Finding::of(&check.id, self.now(), None, objections);
                    Ok(Some(report(finding.at, finding.verdict)))
                }
                VantageFrom::Results(call) => {
                    let Told { at, verdict } = told(prober, call, deadline).await?;
                    Ok(Some(report(at, verdict)))
                }
            }
        };
        let answer = until(deadline, work).await.unwrap_or_else(|| Err("there was no time left".to_owned()));
        answer.map_err(|why| format!("{} could not be asked about {}: {why}", source.vantage, check.id))
    }

    async fn places(
        &self,
        source: &VantageSource,
        results: &MonitorResults,
        check: &Check,
        deadline: Deadline,
    ) -> Result<Option<VantageReport>, String> {
        let vantage = self.vantage.as_ref()?;
        let question = MonitorQuery {
            monitor: results.monitor.clone(),
            target: results.target.clone(),
            region: results.region.clone(),
            from: self.now() - SignedDuration::from_secs(2 * i64::from(check.interval_seconds)),
        };
        let sightings = vantage.results(&question, deadline).await.map_err(|failure| failure.to_string())?;
        Ok(of_places(&source.vantage, check, &sightings, self.now()))
    }
}

async fn told(prober: &Prober<'_>, call: &ResultsCall, deadline: Deadline) -> Result<Told, String> {
    let answer = prober.fetch(call, deadline).await.map_err(|trouble| trouble.to_string())?;
    if answer.status != 200 || answer.is_cut {
        return Err(format!("the status is {}, or the answer is too long", answer.status));
    }
    serde_json::from_slice(&answer.body).map_err(|_| "the answer has no at and verdict".to_owned())
}
