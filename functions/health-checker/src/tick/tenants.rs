//! What is read of tenants: their calls, clusters, what operators ask for, and looks at the other side.

use causeway_cloud::object_path;
use causeway_cloud::object_store::{Error as StoreError, ObjectStoreExt};
use causeway_resilience::Deadline;
use causeway_runtime::until;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::Looked;
use crate::decide::State;
use crate::handler::HealthChecker;
use crate::health::Verdict;
use crate::probe::Prober;
use crate::rollback::{
    ClusterReading, Escalation, Hour, Minute, Target, TargetProbe, TenantInput, Usual, end_of_past, words,
};
use crate::settings::{Calls, ClusterSource, EscalationSource, Settings, Tenant};

/// Tenants that are read at once.
const AT_ONCE: usize = 8;

/// What was read.
pub(super) struct Read {
    pub(super) inputs: Vec<TenantInput>,
    pub(super) problems: Vec<String>,
}

/// What is read of one tenant, and what could not be.
struct Reading<'a> {
    checker: &'a HealthChecker,
    prober: &'a Prober<'a>,
    tenant: &'a Tenant,
    lag_minutes: u32,
    deadline: Deadline,
}

impl HealthChecker {
    pub(super) async fn tenants(
        &self,
        settings: &Settings,
        before: &State,
        looked: &Looked,
        deadline: Deadline,
    ) -> Read {
        let prober = self.prober(settings);
        let lag_minutes = settings.rollback.moving.metric_lag_minutes;
        let reads: Vec<_> = settings
            .tenants
            .iter()
            .map(|tenant| {
                let usual = before.tenants.get(&tenant.id).map(|state| state.usual.clone()).unwrap_or_default();
                let reading = Reading { checker: self, prober: &prober, tenant, lag_minutes, deadline };
                async move { reading.input(&usual, looked).await }
            })
            .collect();
        let mut all = Read { inputs: Vec::new(), problems: Vec::new() };
        for (input, problems) in stream::iter(reads).buffered(AT_ONCE).collect::<Vec<_>>().await {
            all.inputs.push(input);
            all.problems.extend(problems);
        }
        all
    }
}

impl Reading<'_> {
    async fn input(&self, usual: &Usual, looked: &Looked) -> (TenantInput, Vec<String>) {
        let mut problems = Vec::new();
        let tenant = self.tenant;
        let oci = self.calls(tenant.calls.as_ref(), &mut problems).await;
        let aws = self.calls(tenant.aws_calls.as_ref(), &mut problems).await;
        let past = self.past(usual, &mut problems).await;
        let clusters = self.clusters(&mut problems).await;
        let lag = self.lag(&mut problems).await;
        let escalations = self.escalations(&mut problems).await;
        let input = TenantInput {
            serving: tenant.serving,
            oci: oci.unwrap_or_default(),
            aws,
            past,
            clusters,
            escalations,
            replication_lag_seconds: lag,
            target: Target {
                probes: target_probes(tenant, looked),
                cutover_at: tenant.cutover_at,
                retained_until: tenant.retained_until,
                is_removed: tenant.target_removed,
            },
            ..TenantInput::nothing(&tenant.id)
        };
        (input, problems)
    }

    /// `None` where it could not be had in time; that is noted.
    async fn noted<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, String>>,
        problems: &mut Vec<String>,
    ) -> Option<T> {
        let read = until(self.deadline, work).await.unwrap_or_else(|| Err("there was no time left".to_owned()));
        read.map_err(|why| problems.push(format!("{what} of {} could not be read: {why}", self.tenant.id))).ok()
    }

    async fn calls(&self, calls: Option<&Calls>, problems: &mut Vec<String>) -> Option<Vec<Minute>> {
        self.noted("the calls", self.checker.minutes(calls?, self.lag_minutes, self.deadline), problems).await
    }

    async fn past(&self, usual: &Usual, problems: &mut Vec<String>) -> Option<Vec<Hour>> {
        let calls = self.tenant.aws_calls.as_ref()?;
        let (cutover, now) = (self.tenant.cutover_at, self.checker.now());
        // What people have set comes first, and nothing is asked for that is known.
        if self.tenant.baseline_p95_ms.is_some() || !usual.is_due(cutover, now) {
            return None;
        }
        let hours = self.checker.hours(calls, end_of_past(cutover, now), self.deadline);
        self.noted("the past", hours, problems).await
    }

    async fn clusters(&self, problems: &mut Vec<String>) -> Vec<ClusterReading> {
        let looks = self.tenant.clusters.iter().map(|cluster| async move {
            let mut problems = Vec::new();
            let number = self.prober.number(&cluster.running, self.deadline);
            let running = self.noted(&format!("the nodes of {}", cluster.id), number, &mut problems).await;
            (reading(cluster, running, self.checker.now()), problems)
        });
        let mut readings = Vec::new();
        for (reading, problem) in join_all(looks).await {
            readings.push(reading);
            problems.extend(problem);
        }
        readings
    }

    async fn lag(&self, problems: &mut Vec<String>) -> Option<u32> {
        let source = self.tenant.replication_lag_seconds.as_ref()?;
        let lag = self.noted("the replication lag", self.prober.number(source, self.deadline), problems).await?;
        whole(lag.ceil())
    }

    async fn escalations(&self, problems: &mut Vec<String>) -> Option<Vec<Escalation>> {
        let source = self.tenant.escalations.as_ref()?;
        self.noted("what operators ask for", self.words(source), problems).await
    }

    async fn words(&self, source: &EscalationSource) -> Result<Vec<Escalation>, String> {
        let path = object_path(&source.object).map_err(|error| error.to_string())?;
        let found = match self.checker.objects.get(&path).await {
            Err(StoreError::NotFound { .. }) => return Ok(Vec::new()),
            found => found.map_err(|error| error.to_string())?,
        };
        if found.meta.size > words::MAX_BYTES {
            return Err(format!("{} is longer than {} bytes", source.object, words::MAX_BYTES));
        }
        let list = found.bytes().await.map_err(|error| error.to_string())?;
        let vault = self.checker.secrets.as_ref()?;
        let key = vault.secret(&source.secret, self.deadline).await.map_err(|failure| failure.to_string())?;
        words::read(&list, key.expose(), &self.tenant.id).map_err(|why| format!("{} {why}", source.object))
    }
}

fn reading(cluster: &ClusterSource, running: Option<f64>, at: Timestamp) -> ClusterReading {
    let running = running.and_then(|count| whole(count.floor()));
    ClusterReading { id: cluster.id.clone(), at, running, quorum: cluster.quorum }
}

/// A count; what is below 0 or beyond all counts is none.
fn whole(number: f64) -> Option<u32> {
    (0.0..=f64::from(u32::MAX)).contains(&number).then_some(number as u32)
}

fn target_probes(tenant: &Tenant, looked: &Looked) -> Vec<TargetProbe> {
    let target = tenant.target_check.as_deref();
    let looks = looked.findings.iter().filter(|finding| target == Some(finding.check.as_str()));
    // What the checker could not see says nothing about the other side.
    let known = looks.filter(|finding| finding.verdict != Verdict::Unknown);
    known.map(|finding| TargetProbe { at: finding.at, is_ok: finding.verdict != Verdict::Fail }).collect()
}
