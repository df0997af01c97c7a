//! Looks at things: connections, requests, names, metrics and objects, each within its time.
//!
//! A name is resolved once for each connection, every address is asked of the [`Guard`], and the connection goes to an
//! address that it admitted. So neither a redirect nor a name that leads elsewhere the next time gets past it.

mod cloud;
mod dial;
mod http;
mod number;

#[cfg(test)]
mod tests;

pub(crate) use dial::{Resolve, System, roots};

use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway_cloud::state::Clock;
use causeway_cloud::{Metrics, Objects, Secrets};
use causeway_resilience::Deadline;
use causeway_runtime::until;
use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;
use rustls::ClientConfig;

use crate::judge::{self, Finding, Objection, Trouble};
use crate::settings::{Check, Probe};
use crate::target::Guard;

/// What probes work with.
pub(crate) struct Prober<'a> {
    pub(crate) guard: Guard,
    pub(crate) resolver: &'a dyn Resolve,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) objects: &'a Objects,
    pub(crate) metrics: Result<&'a dyn Metrics, &'a str>,
    pub(crate) secrets: Result<&'a dyn Secrets, &'a str>,
}

/// What a look has met: what speaks against a pass, and the target's time in milliseconds where there is one.
type Met = Result<(Vec<Objection>, Option<u32>), Trouble>;

impl Prober<'_> {
    /// A finding of each, in any order; `at_once` at a time. Those that `deadline` leaves no time for are unknown.
    pub(crate) async fn all(&self, checks: &[&Check], at_once: usize, deadline: Deadline) -> Vec<Finding> {
        let looks: Vec<_> = checks.iter().map(|check| self.one(check, deadline)).collect();
        stream::iter(looks).buffer_unordered(at_once.max(1)).collect().await
    }

    /// One look.
    pub(crate) async fn one(&self, check: &Check, deadline: Deadline) -> Finding {
        let own = Deadline::within(Instant::now(), Some(Duration::from_secs(check.timeout_seconds.into())));
        let is_ours = own.earlier(deadline) == own;
        let met = match until(own.earlier(deadline), self.look(&check.probe, own.earlier(deadline))).await {
            Some(met) => met,
            None if is_ours => Err(late(&check.probe, check.timeout_seconds)),
            None => Err(Trouble::Deadline),
        };
        let at = self.now();
        match met {
            Ok((objections, took_ms)) => Finding::of(&check.id, at, took_ms, objections),
            Err(trouble) => Finding::of_trouble(&check.id, at, &trouble),
        }
    }

    async fn look(&self, probe: &Probe, deadline: Deadline) -> Met {
        let began = Instant::now();
        match probe {
            Probe::Http(probe) => {
                let request = http::Request::of_probe(probe)?;
                let answer = self.exchange(request, probe.follow_redirects, deadline).await?;
                Ok((judge::answer(&probe.expect, &answer, self.now()), Some(answer.took_ms)))
            }
            Probe::Command(call) => {
                let answer = self.exchange(http::Request::of_call(call)?, 0, deadline).await?;
                Ok((judge::answer(&call.expect, &answer, self.now()), Some(answer.took_ms)))
            }
            Probe::Tcp(probe) => {
                self.dial(&probe.host, probe.port, &self.guard, deadline).await?;
                let took = millis(began);
                Ok((judge::tcp(probe, took), Some(took)))
            }
            Probe::TlsExpiry(probe) => {
                let stream = self.dial(&probe.host, probe.port, &self.guard, deadline).await?;
                let ends = self.encrypt(stream, &probe.host).await?.certificate_ends;
                let ends = ends.ok_or_else(|| Trouble::Tls("the server has no certificate".to_owned()))?;
                Ok((judge::certificate(probe, ends, self.now()), Some(millis(began))))
            }
            Probe::Dns(probe) => {
                let addresses = self.addresses(&probe.name, 0, deadline).await?;
                let addresses: Vec<_> = addresses.into_iter().map(|address| address.ip()).collect();
                Ok((judge::dns(probe, &addresses), Some(millis(began))))
            }
            Probe::OciMetric(probe) => Ok((self.metric(probe, deadline).await?, None)),
            Probe::Object(probe) => Ok((self.object(probe).await?, None)),
        }
    }

    fn now(&self) -> Timestamp {
        let millis = i64::try_from(self.clock.unix_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}

/// Who was late. Of what the checker asks of its own cloud nobody knows how it is.
fn late(probe: &Probe, seconds: u32) -> Trouble {
    match probe {
        Probe::OciMetric(_) => Trouble::Service(format!("the metrics did not answer in {seconds} s")),
        Probe::Object(_) => Trouble::Service(format!("the bucket did not answer in {seconds} s")),
        Probe::Http(_) | Probe::Tcp(_) | Probe::TlsExpiry(_) | Probe::Dns(_) | Probe::Command(_) => {
            Trouble::Timeout { seconds }
        }
    }
}

fn millis(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_millis()).unwrap_or(u32::MAX)
}
