//! A report on credentials for people and health checks: who signs, until when, and whether the clock is right.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Method, Request, header};
use serde::Serialize;
use tokio::time::Instant;

use crate::chain::{Chain, Link};
use crate::effects::{Exchange, Route};
use crate::endpoint::{Endpoints, Service};
use crate::region::Region;
use crate::{Effects, Error, Provider, Snapshot};

/// Longest report; a function's own check of five seconds has room for it.
pub const REPORT_LIMIT: Duration = Duration::from_secs(4);
/// Longest look at another clock.
const CLOCK_LIMIT: Duration = Duration::from_secs(2);
/// What credentials leave of the report's time for that look.
const CLOCK_SHARE: Duration = Duration::from_secs(1);
/// Largest answer to that look; it should have no body.
const MAX_ANSWER: usize = 64 << 10;
/// Services refuse a date that is further from their own.
const MAX_SKEW: i64 = 300;

/// Who signs, until when, and whether the clock is right. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuthReport {
    /// Whether there are credentials.
    pub ok: bool,
    /// Name of the provider that serves; `null` when none was chosen.
    pub provider: Option<&'static str>,
    /// Region of the principal, or else of `OCI_REGION`.
    pub region: Option<String>,
    /// Tenancy OCID, when the principal says it.
    pub tenancy: Option<String>,
    /// Compartment OCID, when the principal says it.
    pub compartment: Option<String>,
    /// Seconds until the token runs out; `null` for keys that do not.
    pub seconds_to_expiry: Option<u64>,
    /// Seconds that the local clock is ahead of Object Storage's; negative when it is behind; `null` when that could
    /// not be found out. Exact to a second or two.
    pub clock_skew_seconds: Option<i64>,
    /// Why the skew is not known, or what it means.
    pub clock_skew_note: Option<String>,
    /// Why there are no credentials.
    pub error: Option<String>,
    /// What was looked at and what became of it.
    pub chain: Vec<Link>,
    /// Region metadata that was left out of account, and why.
    pub notes: Vec<String>,
}

/// Asks for credentials and compares the clock with that of the region's Object Storage, by an unsigned `HEAD`. Takes
/// no longer than `limit`, usually [`REPORT_LIMIT`]; its last second is kept for the clock. Both happen at once where
/// variables already say a region or an endpoint.
///
/// `endpoints` should be those of [`Chain::with_endpoints`]: then they know the region that an instance is in.
pub async fn report(effects: &Effects, chain: &Chain, endpoints: &Endpoints, limit: Duration) -> AuthReport {
    let end = Instant::now() + limit;
    let early = early_region(endpoints);
    let (snapshot, early_clock) = tokio::join!(credentials(chain, limit), async {
        match &early {
            Some(region) => Some(skew(effects, endpoints, region, end).await),
            None => None,
        }
    });
    let now = effects.clock.now();
    let credentials = snapshot.as_ref().ok();
    let region = home_region(endpoints, credentials.map(AsRef::as_ref));
    let clock = match (early_clock, &region) {
        (Some(clock), _) => clock,
        (None, Ok(region)) => skew(effects, endpoints, region.as_deref().unwrap_or_default(), end).await,
        (None, Err(error)) => Err(error.to_string()),
    };
    let links = chain.links();
    AuthReport {
        ok: credentials.is_some(),
        provider: Some(chain.name()).filter(|name| *name != "chain"),
        region: region.ok().flatten(),
        tenancy: credentials.and_then(|one| one.tenancy.clone()),
        compartment: credentials.and_then(|one| one.compartment.clone()),
        seconds_to_expiry: credentials.and_then(|one| one.left(now)).map(|left| left.as_secs()),
        clock_skew_seconds: clock.as_ref().ok().copied(),
        clock_skew_note: note(clock),
        error: snapshot.as_ref().err().map(ToString::to_string),
        chain: links,
        notes: endpoints.regions().notes(),
    }
}

/// What the chain gives in time. The time that is kept for the clock also lets this error be told.
async fn credentials(chain: &Chain, limit: Duration) -> Result<Arc<Snapshot>, Error> {
    let limit = limit.saturating_sub(CLOCK_SHARE).max(limit / 2);
    let asked = tokio::time::timeout(limit, chain.snapshot()).await;
    asked.unwrap_or_else(|_| Err(Error::TooSlow { provider: chain.name(), limit }))
}

/// Where the clock can be looked at before there are credentials. The domain of a region that is not known is a guess,
/// which the credentials may mend.
fn early_region(endpoints: &Endpoints) -> Option<String> {
    if endpoints.is_overridden(Service::ObjectStorage) {
        return Some(String::new());
    }
    let region = of_variables(endpoints).ok()??;
    region.known.then_some(region.id)
}

fn note(clock: Result<i64, String>) -> Option<String> {
    match clock {
        Ok(skew) if skew.abs() > MAX_SKEW => {
            Some(format!("the clock is wrong by more than {MAX_SKEW} s: services answer 401"))
        }
        Ok(_) => None,
        Err(reason) => Some(reason),
    }
}

/// The region that calls go to when nobody names one: the principal's, or else the one that is set for everything by
/// `OCI_REGION`, `OCI_CLI_REGION` or `OCI_RESOURCE_PRINCIPAL_REGION`.
///
/// # Errors
/// [`Error::BadVariable`] for a variable that names no region.
pub fn home_region(endpoints: &Endpoints, snapshot: Option<&Snapshot>) -> Result<Option<String>, Error> {
    if let Some(region) = snapshot.and_then(|snapshot| snapshot.region.clone()) {
        return Ok(Some(region));
    }
    Ok(of_variables(endpoints)?.map(|region| region.id))
}

fn of_variables(endpoints: &Endpoints) -> Result<Option<Region>, Error> {
    for name in ["OCI_REGION", "OCI_CLI_REGION", "OCI_RESOURCE_PRINCIPAL_REGION"] {
        if let Some(region) = endpoints.regions().of_variable(name)? {
            return Ok(Some(region));
        }
    }
    Ok(None)
}

/// How far the local clock is ahead, in seconds.
async fn skew(effects: &Effects, endpoints: &Endpoints, region: &str, end: Instant) -> Result<i64, String> {
    let url = endpoints.url(Service::ObjectStorage, region).map_err(|error| error.to_string())?;
    let timeout = end.saturating_duration_since(Instant::now()).min(CLOCK_LIMIT);
    if timeout.is_zero() {
        return Err("no time was left to look at another clock".to_owned());
    }
    let request = Request::builder().method(Method::HEAD).uri(format!("{url}/")).body(Bytes::new());
    let request = request.map_err(|error| error.to_string())?;
    let how = Exchange { timeout, max_bytes: MAX_ANSWER, route: Route::Service };
    let before = effects.clock.now();
    let sent = tokio::time::timeout_at(end, effects.http.send(request, &how)).await;
    let answer = sent.map_err(|_| "no answer in time".to_owned())?.map_err(|error| error.to_string())?;
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let theirs = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let theirs = theirs.ok_or_else(|| "the answer has no date".to_owned())?;
    Ok(ahead(between(before, effects.clock.now()), theirs))
}

/// The answer was dated somewhere between the two.
fn between(before: SystemTime, after: SystemTime) -> SystemTime {
    before + after.duration_since(before).unwrap_or_default() / 2
}

fn ahead(ours: SystemTime, theirs: SystemTime) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match ours.duration_since(theirs) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}
