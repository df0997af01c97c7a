//! The client of all services.

use std::fmt::{self, Write};
use std::sync::Arc;

use causeway_oci_auth::effects::{HttpClient, SystemClock, SystemEnvironment, SystemFiles, SystemRandom};
use causeway_oci_auth::endpoint::{Endpoints, Service};
use causeway_oci_auth::{Effects, Error as AuthError, Provider, home_region};
use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use http::Method;
use tokio::sync::OnceCell;

use crate::Error;
use crate::ask::Ask;
use crate::site::Site;
use crate::transport::Transport;

/// Calls of Oracle Cloud's services in one region, as one principal.
///
/// The region is the principal's unless [`Client::in_region`] names another.
/// Make one per process and keep it: clones share connections, which are used again from invocation to invocation.
/// Connections that were idle for too long, as after a container was frozen, are not used again; one that broke
/// meanwhile is replaced, and what is safe to repeat is repeated.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    /// `None` is the principal's.
    region: Option<Arc<str>>,
    policy: Policy,
    deadline: Deadline,
}

pub(crate) struct Inner {
    pub(crate) effects: Effects,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) transport: Arc<dyn Transport>,
    endpoints: Endpoints,
    /// The namespace of the principal's tenancy: it never changes.
    namespace: OnceCell<String>,
    /// The principal's region, which never changes either.
    home: OnceCell<Arc<str>>,
}

impl Client {
    /// A client for the principal's own region, or for that of `OCI_REGION` and its like where the principal has none;
    /// see [`home_region`]. `effects` are for calls with small bodies, clock and random numbers, `transport` for
    /// large bodies; both should use the same connections.
    #[must_use]
    pub fn new(
        effects: Effects,
        provider: Arc<dyn Provider>,
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
    ) -> Self {
        let (namespace, home) = (OnceCell::new(), OnceCell::new());
        let inner = Inner { effects, provider, transport, endpoints, namespace, home };
        let (policy, deadline) = (Policy::function(), Deadline::NONE);
        Self { inner: Arc::new(inner), region: None, policy, deadline }
    }

    /// A client on this process's network, clock and variables.
    ///
    /// # Errors
    /// [`AuthError::BadVariable`] for an endpoint or a certificate bundle that cannot be used.
    pub fn of_process(provider: Arc<dyn Provider>) -> Result<Self, AuthError> {
        let network = HttpClient::new(&SystemEnvironment, &SystemFiles)?;
        let transport = Arc::new(network.services());
        let effects = Effects {
            environment: Arc::new(SystemEnvironment),
            files: Arc::new(SystemFiles),
            http: Arc::new(network),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        };
        Ok(Self::new(effects.clone(), provider, Endpoints::new(effects)?, transport))
    }

    /// The same client with all calls ending at a deadline: that of the invocation.
    #[must_use]
    pub fn until(&self, deadline: Deadline) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// The same client with other rules of retrying.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        Self { policy, ..self.clone() }
    }

    /// The same client in another region, such as the home region for usage.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: Some(region.into()), ..self.clone() }
    }

    /// Name of the region, such as `us-phoenix-1`, also when it was given as a short code.
    ///
    /// # Errors
    /// As [`causeway_oci_auth::region::Regions::resolve`]; [`AuthError`] of the credentials when the region is theirs
    /// to tell.
    pub async fn region_name(&self) -> Result<String, AuthError> {
        let region = self.region().await?;
        self.inner.endpoints.regions().resolve(&region).map(|region| region.id)
    }

    /// The region as it was given; where none was, that of the principal.
    async fn region(&self) -> Result<Arc<str>, AuthError> {
        match &self.region {
            Some(region) => Ok(Arc::clone(region)),
            None => self.inner.home.get_or_try_init(|| self.inner.find_home()).await.cloned(),
        }
    }

    /// Rules of retrying.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// When all must be over.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The Object Storage namespace of the principal's tenancy. Asked for once.
    ///
    /// # Errors
    /// [`Error`] of `GetNamespace`.
    pub async fn namespace(&self) -> Result<&str, Error> {
        let asked = self.inner.namespace.get_or_try_init(async || {
            let ask = self.ask(Site::Known(Service::ObjectStorage), "GetNamespace", Method::GET);
            ask.path("/n", &[]).send().await?.json::<String>()
        });
        asked.await.map(String::as_str)
    }

    pub(crate) fn ask(&self, site: Site, operation: &'static str, method: Method) -> Ask {
        Ask::new(self.clone(), site, operation, method)
    }

    /// Twice as many hexadecimal digits as bytes; nothing without a source of random numbers.
    pub(crate) fn random_text<const BYTES: usize>(&self) -> Option<String> {
        let mut bytes = [0; BYTES];
        self.inner.effects.random.fill(&mut bytes).ok()?;
        let mut text = String::with_capacity(2 * BYTES);
        bytes.iter().try_for_each(|byte| write!(text, "{byte:02X}")).ok()?;
        Some(text)
    }

    pub(crate) async fn base(&self, site: &Site) -> Result<String, AuthError> {
        site.url(&self.inner.endpoints, &self.region().await?)
    }
}

impl Inner {
    async fn find_home(&self) -> Result<Arc<str>, AuthError> {
        let snapshot = self.provider.snapshot().await?;
        // Without one the endpoints decide: a fixed endpoint needs none, and all others refuse.
        Ok(home_region(&self.endpoints, Some(&snapshot))?.unwrap_or_default().into())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Client");
        shown.field("region", &self.region).field("provider", &self.inner.provider.name()).finish_non_exhaustive()
    }
}
