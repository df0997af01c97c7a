//! What is retried, how often and how long.

use std::time::Duration;

use super::{Backoff, Failure, Jitter};
use crate::Invalid;
use crate::status::Table;

/// The rules of retrying, as data. Take a preset and change what differs.
///
/// ```
/// use causeway_resilience::retry::Policy;
///
/// let policy = Policy { attempts: 3, ..Policy::oci_default() };
/// assert!(policy.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Tries in all, the first included; 0 counts as 1.
    pub attempts: u32,
    /// The waits between them.
    pub backoff: Backoff,
    /// Time for everything, tries and waits.
    pub total: Duration,
    /// Most time for one try.
    pub per_try: Duration,
    /// How many tries must fit into the time left: with 2, a first try that hangs gets only half of it, so that a
    /// second one can follow. 1 gives each try all that is left.
    pub room_for: u32,
    /// Which answers are retried.
    pub statuses: Table,
    /// Whether a request that a circuit breaker kept back is tried again.
    pub circuit_open: bool,
}

/// OCI SDK for Python: base one second, factor two, up to a second added, cap thirty seconds.
const OCI_BACKOFF: Backoff = Backoff {
    base: Duration::from_secs(1),
    growth: 2,
    cap: Duration::from_secs(30),
    jitter: Jitter::Added(Duration::from_secs(1)),
};

impl Policy {
    /// One try.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::oci_default() }
    }

    /// `DEFAULT_RETRY_STRATEGY` of the OCI SDK for Python: 8 tries in 600 s. A try may last 60 s, as in the SDK
    /// for Go.
    #[must_use]
    pub fn oci_default() -> Self {
        Self {
            attempts: 8,
            backoff: OCI_BACKOFF,
            total: Duration::from_secs(600),
            per_try: Duration::from_secs(60),
            room_for: 1,
            statuses: Table::OCI_RETRIED,
            circuit_open: true,
        }
    }

    /// `DEFAULT_FEDERATION_CLIENT_RETRY_STRATEGY` of the same SDK, for the endpoint that turns certificates into
    /// tokens: 3 tries in 100 s, answers from 500 on except 501. The answer is quick or does not come, so a try that
    /// hangs leaves room for another.
    #[must_use]
    pub fn federation() -> Self {
        Self {
            attempts: 3,
            total: Duration::from_secs(100),
            room_for: 2,
            statuses: Table::SERVER_ERRORS,
            ..Self::oci_default()
        }
    }

    /// How the same SDK reads the instance metadata service: 8 tries in 600 s, 404 included. A try may last 10 s,
    /// which is the SDK's time for a connection; the service is on the same host.
    #[must_use]
    pub fn imds() -> Self {
        Self { per_try: Duration::from_secs(10), room_for: 2, statuses: Table::OCI_METADATA, ..Self::oci_default() }
    }

    /// For calls out of a function that somebody waits for: 4 tries in 30 s, the default time limit of an OCI
    /// function, with full jitter from 200 ms up to 5 s. An open breaker is an answer here: the fallback comes next.
    #[must_use]
    pub fn function() -> Self {
        let cap = Duration::from_secs(5);
        Self {
            attempts: 4,
            backoff: Backoff { base: Duration::from_millis(200), growth: 2, cap, jitter: Jitter::Full },
            total: Duration::from_secs(30),
            per_try: Duration::from_secs(10),
            room_for: 2,
            statuses: Table::OCI_RETRIED,
            circuit_open: false,
        }
    }

    /// Whether this failure is worth another try at all.
    #[must_use]
    pub fn retries(&self, failure: &Failure) -> bool {
        match failure {
            Failure::NeverSent | Failure::Timeout { .. } | Failure::Broken => true,
            Failure::Status { status, code, .. } => self.statuses.holds(*status, code.as_deref()),
            Failure::CircuitOpen { .. } => self.circuit_open,
        }
    }

    /// Whether the settings make sense: for values that come from a configuration.
    ///
    /// # Errors
    ///
    /// The first setting that does not, by name. Decisions made with such a policy are still bounded.
    pub fn check(&self) -> Result<(), Invalid> {
        Invalid::unless(self.attempts > 0, "attempts", "must be at least 1")?;
        Invalid::unless(self.backoff.growth > 0, "backoff.growth", "must be at least 1")?;
        Invalid::unless(self.backoff.base <= self.backoff.cap, "backoff.base", "is longer than the cap")?;
        Invalid::unless(!self.total.is_zero(), "total", "leaves no time")?;
        Invalid::unless(!self.per_try.is_zero(), "per_try", "leaves no time")?;
        Invalid::unless(self.room_for > 0, "room_for", "must be at least 1")
    }
}
