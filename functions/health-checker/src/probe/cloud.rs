//! Looks at what the cloud itself says: metrics and objects.

use std::time::Duration;

use causeway_cloud::metrics::{MetricQuery, Statistic};
use causeway_cloud::object_path;
use causeway_cloud::object_store::{Error, GetOptions};
use causeway_resilience::fallback::{Link, ServedBy};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::StreamExt;
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
    pub(crate) async fn metric(&self, probe: &MetricProbe, deadline: Deadline) -> Result<Vec<Objection>, Trouble> {
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

    /// OCI says "not found" too where a right is missing, so only a bucket that can be listed has no such object.
    async fn missing(&self, probe: &ObjectProbe) -> Result<Vec<Objection>, Trouble> {
        let folder = probe.name.rsplit_once('/').map(|(folder, _)| object_path(folder)).transpose();
        let folder = folder.map_err(|error| Trouble::Service(error.to_string()))?;
        match self.objects.list(folder.as_ref()).next().await {
            None | Some(Ok(_)) => Ok(judge::object(probe, None, self.now())),
            Some(Err(error)) => Err(Trouble::Access(format!("the object is not there, or not to be seen: {error}"))),
        }
    }

    pub(super) async fn object(&self, probe: &ObjectProbe) -> Result<Vec<Objection>, Trouble> {
        let failed = |error: &dyn std::fmt::Display| Trouble::Service(error.to_string());
        let path = object_path(&probe.name).map_err(|error| failed(&error))?;
        let head = GetOptions { head: true, ..GetOptions::default() };
        let (meta, elsewhere) = match self.objects.get_opts(&path, head).await {
            Ok(found) => {
                (found.meta, found.extensions.get::<ServedBy>().filter(|by| by.link != Link::Primary).cloned())
            }
            Err(Error::NotFound { .. }) => return self.missing(probe).await,
            Err(other) => return Err(failed(&other)),
        };
        let modified =
            Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).map_err(|error| failed(&error))?;
        let sha256 = match &probe.sha256 {
            Some(_) if meta.size <= MAX_BODY as u64 => {
                // Of the version whose age was looked at: one that is replaced in between is not known.
                let same = GetOptions { if_match: meta.e_tag.clone(), ..GetOptions::default() };
                let found = self.objects.get_opts(&path, same).await.map_err(|error| failed(&error))?;
                if found.meta.size != meta.size {
                    return Err(Trouble::Service("the object was replaced while it was looked at".to_owned()));
                }
                let bytes = found.bytes().await.map_err(|error| failed(&error))?;
                Some(format!("{:x}", Sha256::digest(&bytes)))
            }
            _ => None,
        };
        let mut objections = judge::object(probe, Some(&Found { modified, sha256 }), self.now());
        objections.extend(elsewhere.map(|by| judge::elsewhere(&by.name)));
        Ok(objections)
    }
}
