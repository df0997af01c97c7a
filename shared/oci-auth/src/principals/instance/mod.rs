//! Instance principals: a virtual machine proves who it is with the certificate that its metadata service gives it,
//! and gets a token for a key pair of its own.
//!
//! Each refresh makes a fresh session key (by [`crate::effects::Random::session_key`]: tests give a known one), reads
//! certificate, key and intermediate certificate again, and signs the federation request with the certificate's key
//! and the date of [`crate::effects::Clock::now`].

mod federation;
mod metadata;
mod settings;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use causeway_resilience::Deadline;

use self::federation::Federation;
pub(crate) use self::metadata::Metadata;
pub use self::metadata::is_there;
pub use self::settings::{Fingerprint, Settings};
use crate::cache::{Cache, Rules, Source};
use crate::endpoint::{Endpoints, Service};
use crate::principals::wire::now;
use crate::{Certificate, Effects, Error, Provider, Snapshot};

/// Longest federation, tries and pauses included.
const FEDERATION: Duration = Duration::from_secs(20);

/// The principal of this machine, with default settings. Nothing is sent before credentials are asked for.
///
/// # Errors
/// [`Error::BadVariable`].
pub fn from_environment(effects: &Effects) -> Result<Arc<dyn Provider>, Error> {
    with_settings(effects, Endpoints::new(effects.clone())?, Settings::default())
}

/// The principal of this machine. `endpoints` learns the domain of a region that is not built in.
///
/// # Errors
/// [`Error::BadVariable`] for `OCI_METADATA_BASE_URL`.
pub fn with_settings(effects: &Effects, endpoints: Endpoints, settings: Settings) -> Result<Arc<dyn Provider>, Error> {
    let metadata = Metadata::from_environment(effects)?;
    Ok(Arc::new(Cache::new(Instance { metadata, endpoints, settings }, effects.clone())))
}

struct Instance {
    metadata: Metadata,
    endpoints: Endpoints,
    settings: Settings,
}

/// Name of the provider.
const NAME: &str = "instance_principal";

#[async_trait]
impl Source for Instance {
    fn rules(&self) -> Rules {
        Rules {
            // Room for the patience with the metadata service that a setting may ask for.
            limit: Duration::from_secs(60),
            ..Rules::of(NAME)
        }
    }

    async fn load(&self, effects: &Effects, old: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let patience = Deadline::within(now(), Some(self.settings.metadata_patience));
        let identity = self.metadata.identity(effects, patience).await?;
        let region = self.region(effects, old, patience).await?;
        let tenancy = tenancy(&identity.leaf, old)?;
        let base = self.endpoints.url(Service::Auth, &region)?;
        let session = Arc::new(effects.random.session_key().await?);
        let deadline = Deadline::within(now(), Some(FEDERATION));
        let federation = Federation { effects, settings: &self.settings, base: &base, deadline };
        let token = federation.token(identity, &tenancy, &session).await?;
        Ok(Snapshot { tenancy: Some(tenancy), region: Some(region), ..token.with(session) })
    }
}

impl Instance {
    /// An instance stays in its region, so it is asked for once.
    async fn region(
        &self,
        effects: &Effects,
        old: Option<&Arc<Snapshot>>,
        patience: Deadline,
    ) -> Result<String, Error> {
        if let Some(region) = old.and_then(|old| old.region.clone()) {
            return Ok(region);
        }
        let text = match &self.settings.region {
            Some(region) => region.clone(),
            None => self.metadata.text(effects, "/instance/region", patience).await?,
        };
        let regions = self.endpoints.regions();
        let region = regions.resolve(&text)?;
        if region.known {
            return Ok(region.id);
        }
        // Without this description the region would be looked for in the commercial realm.
        if let Some(found) = self.metadata.region_info(effects, patience).await {
            regions.learn(found);
        }
        Ok(regions.resolve(&text)?.id)
    }
}

/// The certificate's tenancy, which must stay the same: a token for another tenancy would act on other people's
/// resources.
fn tenancy(leaf: &Certificate, old: Option<&Arc<Snapshot>>) -> Result<String, Error> {
    let missing = || Error::BadAnswer {
        service: metadata::SERVICE,
        reason: "/identity/cert.pem: the subject names no tenancy".to_owned(),
    };
    let after = leaf.tenancy().ok_or_else(missing)?;
    match old.and_then(|old| old.tenancy.clone()) {
        Some(before) if before != after => Err(Error::TenancyChanged { before, after }),
        _ => Ok(after),
    }
}
