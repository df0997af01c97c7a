//! Looks at what the cloud itself says: metrics and objects.

use std::time::Duration;

use causeway_cloud::metrics::{MetricQuery, Statistic};
use causeway_cloud::object_path;
use causeway_cloud::object_store::{Error, ObjectStoreExt};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::Prober;
use crate::judge::{self, Found, MAX_BODY, Objection, Trouble};
use crate::settings::{MetricProbe, ObjectProbe};

/// What a failure of our own service means for a look.
pub(crate) fn trouble(failure: &ServiceFailure) -> Trouble {
    match failure.kind() {
        Kind::Throttled => Trouble::Throttled(failure.to_string()),
        Kind::Unauthenticated | Kind::Denied | Kind::NotConfigured => Trouble::Access(failure.to_string()),
        _ => Trouble::Service(failure.to_string()),
    }
}

impl Prober<'_> {
    pub(super) async fn metric(&self, probe: &MetricProbe, deadline: Deadline) -> Result<Vec<Objection>, Trouble> {
        let metrics = self.metrics.map_err(|reason| Trouble::Access(reason.to_owned()))?;
        let to = self.now();
        let query = MetricQuery {
            namespace: probe.namespace.clone(),
            metric: probe.metric.clone(),
            statistic: Statistic::Mean,
            interval: Duration::from_secs(60),
            from: to - SignedDuration::from_mins(i64::from(probe.max_age_minutes) + 1),
            to,
            dimensions: probe.dimensions.clone(),
            group_by: Vec::new(),
            compartment: probe.compartment.clone(),
        };
        let series = metrics.query(&query, deadline).await.map_err(|failure| trouble(&failure))?;
        let newest: Vec<(Timestamp, f64)> =
            series.iter().filter_map(|series| series.points.last()).map(|point| (point.at, point.value)).collect();
        Ok(judge::metric(probe, &newest, self.now()))
    }

    pub(super) async fn object(&self, probe: &ObjectProbe) -> Result<Vec<Objection>, Trouble> {
        let failed = |error: &dyn std::fmt::Display| Trouble::Service(error.to_string());
        let path = object_path(&probe.name).map_err(|error| failed(&error))?;
        let meta = match self.objects.head(&path).await {
            Ok(meta) => meta,
            Err(Error::NotFound { .. }) => return Ok(judge::object(probe, None, self.now())),
            Err(other) => return Err(failed(&other)),
        };
        let modified =
            Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).map_err(|error| failed(&error))?;
        let sha256 = match &probe.sha256 {
            Some(_) if meta.size <= MAX_BODY as u64 => {
                let bytes = self.objects.get_range(&path, 0..meta.size).await.map_err(|error| failed(&error))?;
                Some(format!("{:x}", Sha256::digest(&bytes)))
            }
            _ => None,
        };
        Ok(judge::object(probe, Some(&Found { modified, sha256 }), self.now()))
    }
}
