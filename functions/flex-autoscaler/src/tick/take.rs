//! The lease of a tick, and what is told where somebody else has it.

use causeway_cloud::state::lease::{Acquired, Lease, acquire};
use causeway_runtime::Error;

use super::{Tick, notices, of_state, tell};
use crate::reply::{Busy, Reply, Status};

const LEASE: &str = "lease";

impl Tick<'_> {
    /// The lease, or who has it.
    pub(super) async fn take(&self, owner: &str) -> Result<Result<Lease, Busy>, Error> {
        // Two processes may have the same request, when it is delivered twice.
        let owner = format!("{owner}/{:016x}", ((self.owner.random)() * 2_f64.powi(53)) as u64);
        let acquired = acquire(&self.owner.documents, LEASE, &owner, self.owner.config.lease).await;
        Ok(match acquired.map_err(of_state)? {
            Acquired::Held(lease) => Ok(lease),
            Acquired::Busy { owner, expires_unix_ms } => Err(Busy { owner, until_unix_ms: expires_unix_ms }),
        })
    }

    /// The reply of a tick that finds another one at work. No lease is ahead of now by more than it lasts: one that is was
    /// taken by a wrong clock, and nothing is done until it is over. People are told, once.
    pub(super) async fn busy(&self, busy: Busy) -> Reply {
        let now = self.owner.clock.unix_millis();
        let most = u64::try_from(self.owner.config.lease.as_millis()).unwrap_or(u64::MAX).saturating_mul(2);
        let ahead = busy.until_unix_ms.saturating_sub(now);
        let mut reply = Reply::nothing(Status::Busy);
        if ahead > most {
            let alert = notices::lease_ahead(&busy, ahead / 60_000);
            reply.warnings.push(alert.body.clone());
            let untold = tell::tell(self.owner.alerts.as_ref(), &[alert], self.afterwards()).await;
            reply.warnings.extend(tell::untold(&untold));
        }
        Reply { busy: Some(busy), ..reply }
    }
}
