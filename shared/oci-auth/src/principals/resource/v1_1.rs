//! Version 1.1: the instance that runs the resource fetches the resource's token in its own name.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use causeway_resilience::Deadline;

use super::exchange::Exchange;
use super::input::Whose;
use super::services::{Auth, Owner};
use crate::cache::{Rules, Source};
use crate::endpoint::Endpoints;
use crate::principals::instance::{self, Metadata};
use crate::principals::wire;
use crate::{Effects, Error, Provider, Snapshot};

/// Where the resource's token is when no variable says otherwise.
const RPT_PATH: &str = "/20180711/resourcePrincipalToken/{id}";
/// Longest search for the instance's id.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct OnInstance {
    instance: Arc<dyn Provider>,
    metadata: Metadata,
    owner: Owner,
    /// Path with `{id}`.
    path: String,
    /// What stands there; by default the instance's id, which is asked for once.
    id: OnceLock<String>,
    auth: Auth,
}

impl OnInstance {
    /// From `RPT_ENDPOINT`, `RPST_ENDPOINT`, `RPT_PATH`, `RPT_ID`.
    pub(super) fn find(effects: &Effects, endpoints: &Endpoints, whose: Whose) -> Result<Self, Error> {
        let id = whose.text(effects, "RPT_ID")?.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self {
            instance: instance::with_settings(effects, endpoints.clone(), instance::Settings::default())?,
            metadata: Metadata::from_environment(effects)?,
            owner: Owner::find(effects, whose)?,
            path: whose.text(effects, "RPT_PATH")?.unwrap_or_else(|| RPT_PATH.to_owned()),
            id,
            auth: Auth::find(effects, endpoints, whose)?,
        })
    }

    async fn rpt(&self, effects: &Effects) -> Result<String, Error> {
        let id = match self.id.get() {
            Some(id) => id,
            None => {
                let patience = Deadline::within(wire::now(), Some(PATIENCE));
                let id = self.metadata.text(effects, "/instance/id", patience).await?;
                self.id.get_or_init(|| id)
            }
        };
        self.owner.url(&self.path.replace("{id}", id))
    }
}

/// Name of the provider.
const NAME: &str = "resource_principal_1.1";

#[async_trait]
impl Source for OnInstance {
    fn rules(&self) -> Rules {
        Rules {
            // That of the instance principal, and the exchange.
            limit: Duration::from_secs(60),
            ..Rules::of(NAME)
        }
    }

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let region = self.instance.snapshot().await?.region.clone();
        let (rpt, auth) = (self.rpt(effects).await?, self.auth.base(region.as_deref())?);
        let session = Arc::new(effects.random.session_key().await?);
        let exchange = Exchange { effects, rpt: &rpt, auth: &auth, security_context: None };
        let exchanged = exchange.run_as(&*self.instance, &session).await?;
        Ok(Snapshot { region, ..exchanged.fresh.with(session) })
    }
}
