//! Health Checks.

use async_trait::async_trait;
use causeway_cloud::Vantage;
use causeway_cloud::vantage::{MonitorQuery, Sighting};
use causeway_oci_client::health_checks::{ListResults, ProbeResult};
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::Oci;

const SERVICE: &str = "healthchecks";
/// Results of one question.
const MOST: usize = 1_000;
/// Category of results that speak of the service, and not of the target.
const SYSTEM: &str = "SYSTEM";

#[async_trait]
impl Vantage for Oci {
    async fn results(&self, question: &MonitorQuery, deadline: Deadline) -> Result<Vec<Sighting>, ServiceFailure> {
        let client = self.until(deadline, SERVICE)?;
        // Results are only where the monitor lives.
        let client = match &question.region {
            Some(region) => client.in_region(region),
            None => client,
        };
        let list = ListResults { target: question.target.clone(), from_ms: Some(question.from.as_millisecond()) };
        let found = client.health_checks().results(&question.monitor, &list).take(MOST);
        let found: Vec<ProbeResult> = found.try_collect().await?;
        Ok(found.into_iter().filter_map(sighting).collect())
    }
}

/// A result without a place or a moment cannot be weighed.
fn sighting(result: ProbeResult) -> Option<Sighting> {
    let at = result.start_time_ms.filter(|ms| ms.is_finite())?;
    let is_own_fault = result.error_category.as_deref() == Some(SYSTEM);
    Some(Sighting {
        place: result.vantage_point_name?,
        target: result.target.unwrap_or_default(),
        at: Timestamp::from_millisecond(at as i64).ok()?,
        is_healthy: result.is_healthy.filter(|_| !is_own_fault),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_the_service_could_not_tell_is_not_known() {
        let check = |text: &str, expected: Option<Option<bool>>| {
            let result: ProbeResult = serde_json::from_str(text).unwrap();
            assert_eq!(sighting(result).map(|sighting| sighting.is_healthy), expected, "{text}");
        };
        let with = |rest: &str| format!(r#"{{"vantagePointName": "aws-iad", "startTime": 1773230400000.0{rest}}}"#);
        check(&with(r#", "isHealthy": true, "errorCategory": "NONE""#), Some(Some(true)));
        check(&with(r#", "isHealthy": false, "errorCategory": "TRANSPORT""#), Some(Some(false)));
        check(&with(r#", "isHealthy": false, "errorCategory": "SYSTEM""#), Some(None));
        check(&with(""), Some(None));
        check(r#"{"vantagePointName": "aws-iad", "isHealthy": true}"#, None);
        check(r#"{"startTime": 1773230400000.0, "isHealthy": true}"#, None);
    }
}
