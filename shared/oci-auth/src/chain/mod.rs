//! The choice of credentials: explicit where somebody chose, by a fixed order where nobody did, and reported.

mod backoff;
mod choice;
mod link;
mod look;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;

use backoff::Backoff;
pub use choice::Choice;
pub use link::{Link, Outcome};

use crate::endpoint::Endpoints;
use crate::principals::exchange::SubjectToken;
use crate::{Effects, Error, Provider, Snapshot};

/// Finds out which kind of credentials is configured and stays with it.
///
/// With [`Choice::Auto`] the first of these that is configured is chosen:
///
/// 1. the resource principal, when `OCI_RESOURCE_PRINCIPAL_VERSION` is set;
/// 2. token exchange, when `CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL` is set;
/// 3. the API key of `OCI_CLI_USER`, `OCI_CLI_TENANCY`, `OCI_CLI_FINGERPRINT` and `OCI_CLI_KEY_CONTENT` or
///    `OCI_CLI_KEY_FILE`;
/// 4. the profile `OCI_CLI_PROFILE` of the configuration file;
/// 5. the instance principal, when `CAUSEWAY_OCI_IMDS` is `true` and the metadata service answers within a second.
///    Without the switch the service is never asked: elsewhere than on a machine of Oracle's cloud its address is a
///    black hole, or somebody else's service.
///
/// What is configured and does not work is an error. It never gives way to the next one, because a function that
/// silently acts as somebody else is worse than one that stops. In a pod with workload identity, whose variables look
/// like half a resource principal, say `CAUSEWAY_OCI_AUTH=oke`.
///
/// Half a configuration counts as one: a token without its version, a key without its user, a profile without its file
/// are errors that name what is missing.
///
/// The look happens when credentials are first asked for; once something is chosen it stays. A look that found nothing
/// answers all who waited for it, and for a second more, growing to 30, nobody looks again.
pub struct Chain {
    effects: Effects,
    choice: Choice,
    subject: Option<Arc<dyn SubjectToken>>,
    endpoints: Option<Endpoints>,
    chosen: OnceLock<Arc<dyn Provider>>,
    /// Held by whoever looks.
    looking: tokio::sync::Mutex<Backoff>,
    links: Mutex<Vec<Link>>,
}

impl Chain {
    /// Credentials of the given kind, described by the environment.
    #[must_use]
    pub fn new(effects: Effects, choice: Choice) -> Self {
        Self {
            effects,
            choice,
            subject: None,
            endpoints: None,
            chosen: OnceLock::new(),
            looking: tokio::sync::Mutex::default(),
            links: Mutex::default(),
        }
    }

    /// Credentials of the kind that `CAUSEWAY_OCI_AUTH` or `OCI_CLI_AUTH` names, or else the first that is
    /// configured.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`] for a kind that is not known.
    pub fn from_environment(effects: Effects) -> Result<Self, Error> {
        let choice = Choice::from_environment(&effects)?;
        Ok(Self::new(effects, choice))
    }

    /// A chain of one provider, which the program made itself.
    #[must_use]
    pub fn of(provider: Arc<dyn Provider>) -> Self {
        let links = vec![Link::new(provider.name(), Outcome::Chosen)];
        let chain = Self::new(Effects::default(), Choice::Auto);
        Self { chosen: OnceLock::from(provider), links: Mutex::new(links), ..chain }
    }

    /// Subject tokens for token exchange come from here instead of from variables.
    #[must_use]
    pub fn with_subject_token(mut self, subject: Arc<dyn SubjectToken>) -> Self {
        self.subject = Some(subject);
        self
    }

    /// What an instance principal finds out about its region goes to these endpoints, and so to all their clones.
    #[must_use]
    pub fn with_endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = Some(endpoints);
        self
    }

    /// What was looked at and what became of it; empty before credentials were asked for.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        self.all_links().clone()
    }

    async fn chosen(&self) -> Result<&Arc<dyn Provider>, Error> {
        if let Some(chosen) = self.chosen.get() {
            return Ok(chosen);
        }
        let mut backoff = self.looking.lock().await;
        if let Some(chosen) = self.chosen.get() {
            return Ok(chosen);
        }
        if let Some(error) = backoff.failure(self.effects.clock.now()) {
            return Err(error);
        }
        let (found, links) = self.look().await;
        *self.all_links() = links;
        match found {
            Ok(provider) => {
                tracing::info!(provider = provider.name(), "credentials are configured");
                Ok(self.chosen.get_or_init(|| provider))
            }
            Err(error) => {
                backoff.note(self.effects.clock.now(), error.clone());
                Err(error)
            }
        }
    }

    /// Notes how the chosen one did.
    fn note(&self, outcome: Outcome) {
        let is_chosen = |link: &&mut Link| !matches!(link.outcome, Outcome::NotConfigured(_) | Outcome::NotReached);
        if let Some(link) = self.all_links().iter_mut().find(is_chosen) {
            link.outcome = outcome;
        }
    }

    fn all_links(&self) -> MutexGuard<'_, Vec<Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Provider for Chain {
    /// The chosen one's name; `chain` before there is one.
    fn name(&self) -> &'static str {
        self.chosen.get().map_or("chain", |chosen| chosen.name())
    }

    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.chosen().await?.snapshot().await;
        self.note(match &snapshot {
            Ok(_) => Outcome::Served,
            Err(error) => Outcome::Failed(error.to_string()),
        });
        snapshot
    }

    async fn renew(&self, used: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error> {
        self.chosen().await?.renew(used).await
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Chain").field("choice", &self.choice).field("links", &self.links()).finish()
    }
}
